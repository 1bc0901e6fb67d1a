"""The planted corpus: every copy is what its truth says."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from evals.planting import Planted, plant, sentence, write_corpus
from pipeline.outcomes import Relation, StoryText

SHARES: Any = {
    "light": 0.3,
    "medium": 0.3,
    "heavy": 0.2,
    "split": 0.2,
    "contradiction": 0.3,
    "lookalike": 0.2,
}


@pytest.fixture
def originals() -> list[StoryText]:
    draw = random.Random(7)
    verbs = ["see", "delete", "change", "create", "find", "upload", "approve"]
    things = ["the order", "a report", "the customer list", "an invoice", "a file", "the page"]
    return [
        StoryText(
            role=draw.choice(["shopper", "clerk", "auditor"]),
            goal=f"{draw.choice(verbs)} {draw.choice(things)} number {i}",
            benefit=f"I get the information quickly in case {i}",
            criteria=tuple(
                f"The page must show at most {draw.randint(2, 99)} rows of kind {i}-{j}."
                for j in range(draw.randint(0, 3))
            ),
        )
        for i in range(80)
    ]


@pytest.fixture
def planted(originals: list[StoryText]) -> list[Planted]:
    return plant(originals, seed=3, shares=SHARES)


def test_the_same_seed_plants_the_same_corpus(originals: list[StoryText]) -> None:
    one, two = (plant(originals, seed=3, shares=SHARES) for _ in range(2))
    assert one == two != plant(originals, seed=4, shares=SHARES)


def test_every_original_is_there_and_the_shares_are_met(
    originals: list[StoryText], planted: list[Planted]
) -> None:
    by_change: dict[str, set[str]] = {}
    for entry in planted:
        by_change.setdefault(entry.change, set()).add(entry.of or entry.id)
    assert by_change["original"] == {str(i) for i in range(80)}
    for change, share in SHARES.items():
        assert len(by_change[change]) == pytest.approx(share * 80, abs=4), change
    assert len({entry.id for entry in planted}) == len(planted)


def test_copies_differ_and_belong_where_they_say(planted: list[Planted]) -> None:
    sources = {entry.id: entry for entry in planted}
    for entry in planted:
        if entry.change == "original":
            continue
        source = sources[entry.of]
        assert entry.text != source.text
        together = entry.relation in (Relation.SAME, Relation.OVERLAP)
        assert (entry.cluster == source.cluster) is together


def test_same_copies_keep_every_number_and_contradictions_do_not(planted: list[Planted]) -> None:
    def numbers(text: StoryText) -> list[str]:
        return sorted(re.findall(r"\d+", " ".join((text.goal, text.benefit, *text.criteria))))

    sources = {entry.id: entry.text for entry in planted}
    for entry in planted:
        if entry.relation is Relation.SAME and entry.of:
            assert numbers(entry.text) == numbers(sources[entry.of])
        if entry.change == "contradiction":
            assert numbers(entry.text) != numbers(sources[entry.of])


def test_a_split_story_loses_nothing(planted: list[Planted]) -> None:
    sources = {entry.id: entry.text for entry in planted}
    parts: dict[str, list[StoryText]] = {}
    for entry in planted:
        if entry.change == "split":
            parts.setdefault(entry.of, []).append(entry.text)
    assert parts
    for of, texts in parts.items():
        together = [c for text in texts for c in text.criteria]
        assert len(texts) == 2 and sorted(together) == sorted(sources[of].criteria)


def test_what_cannot_be_contradicted_or_split_is_left_out() -> None:
    plain = [StoryText(role="user", goal="rest", benefit="I feel well")]
    found = plant(plain, seed=1, shares={"contradiction": 1.0, "split": 1.0, "lookalike": 1.0})
    assert [entry.change for entry in found] == ["original"]


def test_the_truth_names_document_and_line(planted: list[Planted], tmp_path: Path) -> None:
    truth = json.loads(write_corpus(planted, tmp_path, per_document=30).read_text())
    assert len(truth) == len(planted)
    texts = {entry.id: entry.text for entry in planted}
    for row in truth:
        line = (tmp_path / row["document"]).read_text().splitlines()[row["line"] - 1]
        assert line == sentence(texts[row["id"]])
