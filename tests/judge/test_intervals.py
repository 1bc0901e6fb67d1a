"""Exact intervals against published ones and against what they are defined by."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.intervals import ONE_SIDED, TWO_SIDED, Rate


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # As R's binom.test has them.
    [(0, 10, 0.0, 0.3084971), (1, 10, 0.002528579, 0.4450161), (5, 10, 0.187086, 0.812914),
     (10, 10, 0.6915029, 1.0), (35, 35, 0.8999676, 1.0)],
)  # fmt: skip
def test_the_interval_is_that_of_clopper_and_pearson(hits, n, low, high):
    found = Rate(hits, n).interval
    assert found == pytest.approx((low, high), abs=1e-6)


def test_fifty_nine_right_ones_show_ninety_five_in_a_hundred_and_fifty_eight_do_not():
    assert Rate(59, 59).lower() > 0.95 > Rate(58, 58).lower()
    assert Rate(59, 59).lower() == pytest.approx(0.05 ** (1 / 59))


def test_nothing_is_known_of_nothing():
    nothing = Rate(0, 0)
    assert nothing.share is None and nothing.interval == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_more_hits_than_tries_are_refused(hits, n):
    with pytest.raises(ValueError):
        Rate(hits, n)


@given(st.integers(1, 3000), st.data())
def test_a_bound_is_where_the_tail_has_the_chance_that_it_is_named_by(n, data):
    hits = data.draw(st.integers(0, n))
    rate = Rate(hits, n)

    def tail(p, counted):
        if p in (0.0, 1.0):
            return 1.0
        return math.fsum(
            math.exp(math.log(math.comb(n, i)) + i * math.log(p) + (n - i) * math.log1p(-p))
            for i in counted
        )

    for alpha in (ONE_SIDED, TWO_SIDED):
        low, high = rate.lower(alpha), rate.upper(alpha)
        assert low <= hits / n <= high
        if hits:
            assert tail(low, range(hits, n + 1)) == pytest.approx(alpha, rel=1e-6)
        if hits < n:
            assert tail(high, range(hits + 1)) == pytest.approx(alpha, rel=1e-6)
