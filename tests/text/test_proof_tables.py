"""Proof against two tables written by hand before there was any: what it must refuse, each
harmless rule's dangerous neighbour, and what it must accept."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.extract import patterns
from pipeline.extract.readers import reader_registry as readers
from pipeline.judge.proof import Proof, prove, prove_need, prove_text
from pipeline.stories import Story
from pipeline.text.rules import RULES

HERE = Path(__file__).parent


class Pair(NamedTuple):
    """A line of a table; ``field`` is "story" or "need" for a text that is extracted first, as a
    Markdown file or as what follows a point ("story.html")."""

    field: str
    language: str
    one: str
    other: str
    why: str


def read(name: str) -> list[Pair]:
    header, *lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    assert tuple(header.split("\t")) == Pair._fields
    return [Pair(*map(unescape, line.split("\t"))) for line in lines]


def unescape(text: str) -> str:
    return re.sub(r"\\(?:n|u([0-9a-f]{4}))", lambda m: chr(int(m[1], 16)) if m[1] else "\n", text)


REFUSED, ACCEPTED = read("proof_refuse.tsv"), read("proof_accept.tsv")


def extracted(text: str, ending: str) -> Story:
    (story,) = patterns.find_stories(readers.read_bytes(text.encode(), (f"a.{ending}",))).stories
    return story


def proof(pair: Pair, *, swapped: bool = False) -> Proof | None:
    one, other = (pair.other, pair.one) if swapped else (pair.one, pair.other)
    field, _, ending = pair.field.partition(".")
    ending = ending or "md"
    if field == "story":
        return prove(extracted(one, ending), extracted(other, ending))
    if field == "need":
        return prove_need(extracted(one, ending), extracted(other, ending))
    return prove_text(pair.field, one, pair.language, other, pair.language)


def test_the_tables_are_long_enough_and_every_rule_is_in_them_three_times():
    assert len(set(REFUSED)) == len(REFUSED) >= 60 and len(set(ACCEPTED)) == len(ACCEPTED) >= 60
    shown = Counter(pair.why for pair in ACCEPTED)
    assert not {rule: shown[rule] for rule in RULES if shown[rule] < 3}
    assert shown.keys() <= RULES.keys()


@pytest.mark.parametrize("pair", REFUSED, ids=lambda p: f"{p.one} | {p.other}"[:80])
def test_what_proof_must_refuse(pair: Pair) -> None:
    assert proof(pair) is None and proof(pair, swapped=True) is None


@pytest.mark.parametrize("pair", ACCEPTED, ids=lambda p: f"{p.one} | {p.other}"[:80])
def test_what_proof_must_accept(pair: Pair) -> None:
    found = proof(pair)
    assert found is not None and found == proof(pair, swapped=True)
    assert pair.why in found.rules
