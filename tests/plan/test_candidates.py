"""Two lists of near pairs, united: exact where it can be, stable, and each pair's lists known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plan.near.candidates import StoryVectors, unite
from pipeline.plan.near.passage_vectors import Floats, embedded_text, nearest_by_vectors
from pipeline.plan.near.similarity import Pair
from pipeline.stories import Story
from tests.support.stories import story


def unit(rows: np.ndarray) -> Floats:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def drawn(seed: int, n: int, *, most: int = 3, width: int = 8) -> list[Floats]:
    source = np.random.default_rng(seed)
    return [unit(source.normal(size=(source.integers(1, most + 1), width))) for _ in range(n)]


def by_hand(vectors: list[Floats], k: int) -> dict[tuple[int, int], float]:
    """Every two stories by their nearest passages; of each story the k nearest."""
    n = len(vectors)
    near = np.array([[float((a @ b.T).max()) for b in vectors] for a in vectors])
    found = {}
    for one in range(n):
        others = sorted((two for two in range(n) if two != one), key=lambda two: -near[one, two])
        for two in others[:k]:
            found[min(one, two), max(one, two)] = near[one, two]
    return found


@given(st.integers(0, 10**6), st.integers(2, 25), st.integers(1, 6))
def test_a_small_corpus_is_searched_completely(seed: int, n: int, k: int):
    vectors = drawn(seed, n)
    places, cosines = nearest_by_vectors(vectors, k)
    wanted = by_hand(vectors, k)
    assert {tuple(pair) for pair in places.tolist()} == set(wanted)
    assert list(cosines) == sorted(cosines, reverse=True)
    for pair, cosine in zip(places.tolist(), cosines, strict=True):
        assert cosine == pytest.approx(wanted[tuple(pair)], abs=1e-5)


@pytest.mark.parametrize("vectors", [[], drawn(1, 1)])
def test_fewer_than_two_stories_have_no_pair(vectors: list[Floats]):
    places, cosines = nearest_by_vectors(vectors, 10)
    assert places.shape == (0, 2) and len(cosines) == 0


def test_equal_vectors_are_no_trouble():
    places, cosines = nearest_by_vectors([unit(np.ones((1, 4)))] * 30, 2)
    assert cosines == pytest.approx(np.ones(len(places)))
    assert set(places.ravel().tolist()) == set(range(30))


def grouped(n: int) -> list[Floats]:
    """Stories in groups of six that say nearly the same; some are long."""
    source = np.random.default_rng(7)
    subjects = source.normal(size=(n // 6, 64))
    return [
        unit(subjects[at // 6] + source.normal(size=(1 + at % 7 // 6, 64)) * 0.4) for at in range(n)
    ]


def test_cells_miss_few_neighbours_and_find_none_that_is_not_there():
    vectors = grouped(6000)
    places, _ = nearest_by_vectors(vectors, 5)
    some, cosines = nearest_by_vectors(vectors, 5, exact=0)
    exact = {tuple(pair) for pair in places.tolist()}
    found = {tuple(pair) for pair in some.tolist()}
    assert len(found & exact) > 0.97 * len(exact)
    again, same = nearest_by_vectors(vectors, 5, exact=0)
    assert np.array_equal(again, some) and np.array_equal(same, cosines), "the same every time"
    for (one, two), cosine in zip(some[:200].tolist(), cosines[:200], strict=True):
        assert cosine == pytest.approx(float((vectors[one] @ vectors[two].T).max()), abs=1e-5)


WORDS = [Pair("a", "b", 0.9), Pair("b", "c", 0.6), Pair("a", "c", 0.5)]
MEANING = [Pair("c", "d", 0.8), Pair("a", "b", 0.7)]


def test_a_pair_on_both_lists_comes_first_and_each_knows_its_lists():
    found = unite(WORDS, MEANING, 3)
    assert found.pairs[0][:2] == ("a", "b")
    assert found.found_by == {
        ("a", "b"): ("index", "vectors"),
        ("b", "c"): ("index",),
        ("a", "c"): ("index",),
        ("c", "d"): ("vectors",),
    }
    assert {p.score for p in found.pairs} == {0.9, 0.6, 0.5, 0.8}, "the likeness, else the cosine"


def test_one_list_stays_in_its_order():
    assert list(unite(WORDS, (), 3).pairs) == WORDS
    assert list(unite((), MEANING, 3).pairs) == MEANING


def test_what_is_settled_takes_nobodys_place():
    pairs = [Pair("a", "b", 0.9), Pair("a", "c", 0.8), Pair("a", "d", 0.7)]
    found = unite(pairs, pairs, 1, lambda a, b: (a, b) != ("a", "b"))
    assert [(p.a, p.b) for p in found.pairs] == [("a", "c"), ("a", "d")]


def test_what_is_embedded_is_all_but_the_role():
    told = story("s", "pay by card", role="shopper", benefit="it is quick", criteria=("a PIN",))
    assert embedded_text(told) == "pay by card it is quick a PIN"
    bare = Story("s", "narrative", told.source, "only text")
    assert embedded_text(bare) == "only text"


def test_stories_without_vectors_and_copies_are_in_no_pair_by_vectors():
    stories = [story(f"s{n}", goal) for n, goal in enumerate(("a b", "a b", "c d", "e f", "g h"))]
    known = {s.fingerprint: passages for s, passages in zip(stories[1:4], drawn(2, 3), strict=True)}
    vectors = StoryVectors("one", known, 4)
    assert vectors.n_missing == 1
    assert {name for p in vectors.pairs(stories, 10) for name in (p.a, p.b)} == {"s0", "s2", "s3"}


def test_vectors_are_told_apart_by_all_that_decides_what_they_find():
    known = {"x": drawn(1, 1)[0]}
    told = {
        repr(StoryVectors(*of))
        for of in (("one", known, 4), ("two", known, 4), ("one", known, 5), ("one", {}, 4))
    }
    assert len(told) == 4
    assert repr(StoryVectors("one", known, 4)) in told
