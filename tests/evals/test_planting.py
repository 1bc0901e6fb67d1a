"""The planted corpus: every copy is what its truth says."""

from __future__ import annotations

import json
import random
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from evals.corpora.contradicting import KINDS, contradicted
from evals.corpora.planting import Planted, plant, sentence, write_corpus
from evals.corpora.rewording import synonym_groups, wording
from pipeline.compare.features import features
from pipeline.entries import Answer
from pipeline.outcomes import StoryText

SHARES: Any = {
    "exact": 0.1,
    "light": 0.3,
    "medium": 0.3,
    "heavy": 0.2,
    "split": 0.2,
    "contradiction": 0.15,
    "harmless": 0.1,
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
        assert (entry.text == source.text) is (entry.change == "exact")
        together = entry.relation in (Answer.ONE_NEED, Answer.OVERLAPPING)
        assert (entry.cluster == source.cluster) is together


def test_same_copies_keep_every_number(planted: list[Planted]) -> None:
    def numbers(text: StoryText) -> list[str]:
        return sorted(re.findall(r"\d+", " ".join((text.goal, text.benefit, *text.criteria))))

    sources = {entry.id: entry.text for entry in planted}
    same = [e for e in planted if e.of and e.relation is Answer.ONE_NEED]
    assert {e.change for e in same} == {"exact", "light", "medium", "heavy"}
    for entry in same:
        assert numbers(entry.text) == numbers(sources[entry.of])


def test_contradictions_take_turns_and_stand_alone(planted: list[Planted]) -> None:
    contradictions = [e for e in planted if e.change == "contradiction"]
    assert {e.detail for e in contradictions} == set(KINDS)
    ruled = [e.of for e in planted if e.change in ("contradiction", "harmless")]
    others = [e.of for e in planted if e.of and e.change not in ("contradiction", "harmless")]
    assert len(ruled) == len(set(ruled)) and not set(ruled) & set(others)


def of_one_word(one: str, two: str) -> set[str]:
    """Words of the first that the second has, too, or has a noun of: no other word is told."""
    heads = {word[:3] for word in two.lower().split()}
    return {word for word in one.lower().split() if word[:3] in heads}


def test_the_planter_does_not_repeat_the_matchers_tables() -> None:
    for group in synonym_groups():
        for one, two in combinations(group, 2):
            told_in_both = features(" ".join(of_one_word(one, two))).topics
            assert not (features(one).topics & features(two).topics) - told_in_both, (one, two)


def test_the_halves_share_no_word_pair() -> None:
    tuning, reported = wording("tuning"), wording("reported")
    for table in ("roles", "frames", "asides", "remarks", "rebuilt", "expected"):
        one, two = getattr(tuning, table), getattr(reported, table)
        assert one and two and not set(one) & set(two)
    told = [
        {
            phrase
            for rows in (half.verbs, half.heads, half.phrases)
            for row in rows
            for pair in row
            for phrase in (pair.words, *filter(None, pair.others))
        }
        for half in (tuning, reported)
    ]
    assert not told[0] & told[1]
    for kind in KINDS:
        text = StoryText(role="user", goal="rest")
        rules = [
            {contradicted(text, kind, half, random.Random(i))[0].criteria[0] for i in range(40)}
            for half in ("tuning", "reported")
        ]
        plain = [{re.sub(r"\d+", "n", rule) for rule in found} for found in rules]
        assert not plain[0] & plain[1]


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
    found = plant(plain, seed=1, shares={"heavy": 1.0, "split": 1.0, "lookalike": 1.0})
    assert [entry.change for entry in found] == ["original"]


def test_the_truth_names_document_and_line(planted: list[Planted], tmp_path: Path) -> None:
    truth = json.loads(write_corpus(planted, tmp_path, per_document=30).read_text())
    assert len(truth) == len(planted)
    texts = {entry.id: entry.text for entry in planted}
    for row in truth:
        line = (tmp_path / row["document"]).read_text().splitlines()[row["line"] - 1]
        assert line == sentence(texts[row["id"]])


def test_what_can_be_met_by_more_is_no_contradiction() -> None:
    text = StoryText(role="user", goal="keep at least 3 pages")
    for seed in range(20):
        one, two = contradicted(text, "number", "reported", random.Random(seed))
        assert one.goal == two.goal == text.goal and one.criteria != two.criteria
        assert not re.search("at least|more than", " ".join(two.criteria))
