"""Similar stories: found without comparing all, gathered into stars, never chained."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls import Cluster
from pipeline.compare.measures import likeness, stem_weights
from pipeline.plan.near import similarity
from pipeline.plan.near.pair_index import Index
from pipeline.plan.near.similarity import (
    LIMIT,
    THRESHOLD,
    Pair,
    cluster,
    nearest,
    similar_pairs,
    unique,
)
from pipeline.stories import Story
from tests.support.stories import story as any_story

story = partial(any_story, role="reader")


WORDS = st.sampled_from(
    ["open", "gate", "card", "list", "user", "print", "room", "book", "plan", "map", "5", "7 days"]
)
GOALS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
CORPORA = st.lists(st.tuples(GOALS, GOALS), max_size=14).map(
    lambda found: [story(f"s{i}", goal, benefit=b) for i, (goal, b) in enumerate(found)]
)


@given(CORPORA)
def test_small_corpora_are_searched_completely(stories: list[Story]):
    weights = stem_weights(stories)
    found = {(p.a, p.b) for p in similar_pairs(stories, weights=weights)}
    ones = unique(stories)
    for i, a in enumerate(ones):
        for b in ones[i + 1 :]:
            alike = likeness(a, b, weights) >= THRESHOLD
            assert ((a.id, b.id) in found) == alike, (a, b)


@given(CORPORA)
def test_clusters_are_a_partition_of_similar_stories(stories: list[Story]):
    pairs = similar_pairs(stories, weights=stem_weights(stories))
    clusters = cluster(stories, pairs)
    members = [m for c in clusters for m in c.members]
    assert len(members) == len(set(members))
    assert set(members) <= {s.id for s in unique(stories)}
    measured = {frozenset((p.a, p.b)) for p in pairs}
    for found in clusters:
        assert 2 <= len(found.members) <= LIMIT
        # A star: somebody was measured against every other member.
        assert any(
            all(frozenset((c, m)) in measured for m in found.members if m != c)
            for c in found.members
        )


@given(CORPORA, st.integers(1, 4))
def test_the_nearest_of_each_story_are_asked_about_and_no_pair_that_both_have_enough_of(stories, k):
    pairs = list(similar_pairs(stories, weights=stem_weights(stories)))
    asked = list(nearest(pairs, k))
    assert asked == [p for p in pairs if p in set(asked)], "in their order"
    for story in {s for p in pairs for s in (p.a, p.b)}:
        mine = [p for p in pairs if story in (p.a, p.b)]
        assert set(mine[:k]) <= set(asked)
    assert len(asked) <= k * len({s for p in pairs for s in (p.a, p.b)})


@given(CORPORA, st.integers(1, 4), st.randoms(use_true_random=False))
def test_pairs_held_as_numbers_have_the_same_nearest_and_closed_ones_take_no_place(stories, k, rng):
    held = similar_pairs(stories, weights=stem_weights(stories))
    pairs = list(held)
    closed = {p for p in pairs if rng.random() < 0.3}

    def is_open(a: str, b: str) -> bool:
        return not any({a, b} == {p.a, p.b} for p in closed)

    expected = list(nearest([p for p in pairs if p not in closed], k))
    assert list(nearest(pairs, k, is_open)) == list(nearest(held, k, is_open)) == expected
    assert list(nearest(held, k)) == list(nearest(pairs, k))


@settings(max_examples=50)
@given(CORPORA, st.randoms())
def test_the_order_of_the_corpus_does_not_matter(stories: list[Story], rng: random.Random):
    ones = unique(stories)
    shuffled = ones[:]
    rng.shuffle(shuffled)

    def gathered(corpus: list[Story]) -> set[frozenset[str]]:
        weights = stem_weights(corpus)
        pairs = similar_pairs(corpus, weights=weights)
        return {frozenset(c.members) for c in cluster(corpus, pairs)}

    assert gathered(ones) == gathered(shuffled)


def test_copies_are_compared_once():
    stories = [story("a", "print a map"), story("b", "print  a map"), story("c", "print my map")]
    assert [s.id for s in unique(stories)] == ["a", "c"]
    assert {(p.a, p.b) for p in similar_pairs(stories)} == {("a", "c")}


def test_likeness_is_never_chained():
    chain = [
        story("a", "print a coloured map of the village"),
        story("b", "print a coloured map of roads"),
        story("c", "print a plan of roads for hikers"),
    ]
    weights = stem_weights(chain)
    pairs = similar_pairs(chain, weights=weights, threshold=0.3)
    assert {(p.a, p.b) for p in pairs} >= {("a", "b")}
    clusters = cluster(chain, [p for p in pairs if {p.a, p.b} != {"a", "c"}])
    for found in clusters:
        assert "b" in found.members or set(found.members) != {"a", "c"}


def corpus_of(n: int, rng: random.Random) -> list[Story]:
    verbs = [f"verb{i}" for i in range(40)]
    things = [f"thing{i}" for i in range(n // 3 + 5)]
    stories = []
    for i in range(n):
        goal = f"{rng.choice(verbs)} the {rng.choice(things)} of {rng.choice(things)}"
        stories.append(story(f"s{i}", goal, benefit=f"my {rng.choice(things)} grows"))
        if i % 10 == 0:
            copy = replace(stories[-1], id=f"s{i}x", goal=goal.replace(" the ", " a "),
                           benefit=f"the {rng.choice(things)} grows")  # fmt: skip
            stories.append(copy)
    return stories


def test_ten_times_the_stories_take_at_most_thirteen_times_the_work():
    small, large = corpus_of(500, random.Random(1)), corpus_of(5000, random.Random(1))
    few = len(Index(unique(small), stem_weights(small)).candidates())
    weights = stem_weights(large)
    many = Index(unique(large), weights).candidates()
    assert len(many) <= 13 * few
    assert len(similar_pairs(large, weights=weights)) <= 0.005 * len(large) ** 2 / 2


def stars_one_by_one(stories: list[Story], pairs: list[Pair], limit: int) -> list[Cluster]:
    """What :func:`cluster` says it does, a pair at a time."""
    words = {each.id: each.fingerprint for each in stories}
    stars: list[tuple[list[str], str, float]] = []  # members, centre, likeness
    for a, b, score in sorted(pairs, key=lambda p: (-p.score, *sorted((words[p.a], words[p.b])))):
        of = {name: i for i, (members, _, _) in enumerate(stars) for name in members}
        if a not in of and b not in of:
            stars.append(([a, b], "", score))
        for held, free in ((a, b), (b, a)):
            if held in of and free not in of:
                members, centre, _ = stars[of[held]]
                if centre in ("", held) and len(members) < limit:
                    stars[of[held]] = ([*members, free], held, score)
    place = {each.id: i for i, each in enumerate(stories)}
    found = [Cluster(tuple(sorted(m, key=place.__getitem__)), score) for m, _, score in stars]
    return sorted(found, key=lambda star: place[star.members[0]])


@given(CORPORA, st.integers(1, 5), st.integers(2, 4))
def test_passing_over_pairs_by_thousands_changes_nothing(
    stories: list[Story], at_once: int, limit: int
):
    pairs = similar_pairs(stories)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_AT_ONCE", at_once)
        stars = cluster(stories, pairs, limit=limit)
        near = list(nearest(pairs, 2))
    assert stars == stars_one_by_one(stories, list(pairs), limit)
    assert stars == cluster(stories, list(pairs), limit=limit)
    assert near == list(nearest(list(pairs), 2))
