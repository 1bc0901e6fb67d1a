"""Intervals against brute force and published values."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics.statistics import (
    Z95,
    EffectiveLengths,
    bootstrap,
    cluster_bootstrap,
    effective_lengths,
    paired_difference,
    share,
    unpaired_difference,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_solves_its_equation_and_is_symmetric(pair: tuple[int, int]) -> None:
    hits, n = pair
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    for bound in {low, high} - {0.0, 1.0}:
        assert (hits / n - bound) ** 2 == pytest.approx(Z95**2 * bound * (1 - bound) / n, abs=1e-9)
    mirrored = wilson(n - hits, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_nothing_measured_is_complete_doubt() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError):
        wilson(3, 2)


def test_the_bootstrap_is_repeatable_and_near_the_normal_interval() -> None:
    draw = random.Random(5)
    values = [draw.gauss(10, 2) for _ in range(400)]
    found = bootstrap(values, seed=1)
    assert found == bootstrap(values, seed=1) and found.n == 400
    half = Z95 * 2 / math.sqrt(400)
    assert found.mean - found.low == pytest.approx(half, rel=0.15)
    assert found.high - found.mean == pytest.approx(half, rel=0.15)
    with pytest.raises(ValueError):
        bootstrap([], seed=1)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = random.Random(11)
    covered = 0
    for trial in range(200):
        sample = [float(draw.random() < 0.7) for _ in range(60)]
        found = bootstrap(sample, seed=trial, rounds=300)
        covered += found.low <= 0.7 <= found.high
    low, high = wilson(covered, 200)
    assert low <= 0.95 <= high or covered / 200 > 0.9


def test_groups_that_hang_together_widen_the_interval() -> None:
    groups = [[1.0] * 10, [0.0] * 10] * 5
    alone = bootstrap([v for g in groups for v in g], seed=2)
    together = cluster_bootstrap(groups, seed=2)
    assert together.mean == alone.mean == 0.5 and together.n == 10
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_pairing_finds_a_difference_that_the_spread_would_hide() -> None:
    draw = random.Random(3)
    a = {str(i): draw.random() for i in range(50)}
    b = {key: value + 0.02 for key, value in a.items()} | {"only here": 9.0}
    found = paired_difference(a, b, seed=1)
    assert found.n == 50 and found.low == pytest.approx(0.02) == found.high
    with pytest.raises(ValueError):
        paired_difference({"x": 1}, {"y": 1}, seed=1)


def test_the_three_effective_lengths_differ_where_they_should() -> None:
    def cells(length: int, *scores: float) -> list[tuple[int, float, float]]:
        return [(length, 10.0 * i, score) for i, score in enumerate(scores)]

    grid = [
        *cells(512, 1, 1, 1, 1),
        *cells(1024, 1, 1, 1, 1),
        *cells(2048, 1, 1, 1, 0.6),
        *cells(4096, 1, 1, 1, 0.4),
        *cells(8192, 1, 1, 0, 0),
        *cells(16384, 1, 1, 1, 1),
    ]
    assert effective_lengths(grid) == EffectiveLengths(2048, 4096, 1024)
    weak = [*cells(512, 0.6, 0.6), *cells(1024, 0.52, 0.52), *cells(2048, 0.5, 0.5)]
    assert effective_lengths(weak) == EffectiveLengths(None, 1024, None)
    assert effective_lengths([]) == EffectiveLengths(None, None, None)
    assert effective_lengths(cells(512, 0, 0)) == EffectiveLengths(None, None, None)


def test_an_unpaired_difference_is_newcombes() -> None:
    """His example (a): 56 of 70 beside 48 of 80."""
    b, a = share([True] * 56 + [False] * 14), share([True] * 48 + [False] * 32)
    found = unpaired_difference(a, b)
    assert found.mean == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert found.n == 70
