"""The index measures in bulk what the room of comparing measures pair by pair."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compare.measures import core, likeness, named, stem_weights
from pipeline.extract.extraction import extract
from pipeline.plan.near.pair_index import LONGEST_LIST, RAREST, Index
from pipeline.plan.near.similarity import THRESHOLD, unique
from pipeline.stories import Story

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
#: Words with families (success, succeed), of two groups, with numbers, and a stop word.
WORDS = [
    "success", "succeed", "successive", "export", "exports", "download", "loan", "loans",
    "member", "list", "of", "3", "5", "days", "minutes", "alert", "notify", "notification",
    "calendar", "branch", "shelf", "drill", "20", "borrowed", "borrower",
]  # fmt: skip


def plain_candidates(stories: list[Story], weights: dict[str, float]) -> set[tuple[int, int]]:
    """What the index is said to find, by its definition."""
    lists: dict[tuple[str, ...], list[int]] = {}
    for place, story in enumerate(stories):
        stems = sorted(core(story) | named(story), key=lambda s: (-weights.get(s, 1.0), s))
        for key in [*((stem,) for stem in stems), *combinations(sorted(stems[:RAREST]), 2)]:
            lists.setdefault(key, []).append(place)
    return {
        pair
        for holders in lists.values()
        if len(holders) <= LONGEST_LIST
        for pair in combinations(holders, 2)
    }


def check(stories: list[Story]) -> None:
    stories = unique(stories)
    weights = stem_weights(stories)
    index = Index(stories, weights)
    pairs = index.candidates()
    assert {(i, j) for i, j in pairs.tolist()} == plain_candidates(stories, weights)
    for (i, j), score in zip(pairs.tolist(), index.likeness(pairs, THRESHOLD), strict=True):
        plainly = likeness(stories[i], stories[j], weights)
        assert score == plainly or (score <= plainly < THRESHOLD)


def some_story(number: int, goal: str, benefit: str) -> Story:
    base = next(s for e in extract([SAMPLE / "volunteers.txt"]) for s in e.stories)
    return replace(base, id=str(number), goal=goal, benefit=benefit)


phrases = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@settings(max_examples=60)
@given(st.lists(st.tuples(phrases, phrases), max_size=12))
def test_bulk_figures_are_those_of_pairs(texts: list[tuple[str, str]]):
    check([some_story(n, goal, benefit) for n, (goal, benefit) in enumerate(texts)])


def test_the_sample_is_measured_alike_in_bulk():
    check([story for e in extract([SAMPLE]) for story in e.stories])


def test_a_corpus_of_several_blocks_and_long_lists_is_measured_alike(monkeypatch):
    monkeypatch.setattr("pipeline.plan.near.pair_index._CELLS", 200)
    source = random.Random(7)
    words = [*WORDS, *(f"thing{n}" for n in range(30))]
    goals = [" ".join(source.choices(words, k=5)) for _ in range(150)]
    check([some_story(n, goal, source.choice(words)) for n, goal in enumerate(goals)])


def test_sums_of_weights_do_not_depend_on_their_order():
    weights = list(stem_weights(s for e in extract([SAMPLE]) for s in e.stories).values())
    assert sum(weights) == sum(reversed(weights)) == sum(sorted(weights))
