"""Past runs correct what is likely, narrow the band as far as they agree, and move no limit."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Usage
from pipeline.columns import kinds_of
from pipeline.cost.bill import Asked
from pipeline.cost.past_runs import (
    INPUT,
    JUDGING,
    NOTHING_LEARNED,
    PRIOR_RUNS,
    SECONDS,
    WRITING,
    Calibration,
    Pair,
    Past,
    Prior,
    Ratio,
    calibrate,
    learn,
)
from pipeline.estimates import Learned

FACTORS = st.floats(0.4, 2.5)
REQUEST = Asked(Usage(90, 10), Usage(100, 50), Usage(120, 200))


def test_without_runs_nothing_changes():
    assert calibrate([], size=100) == NOTHING_LEARNED
    assert calibrate([Past(0, 5, 0, 5), Past(5, 0, 5, 0)], size=100) == NOTHING_LEARNED
    assert NOTHING_LEARNED.learned == Learned()
    assert NOTHING_LEARNED.applied_to(kinds_of([REQUEST]), exact=False) == kinds_of([REQUEST])
    assert NOTHING_LEARNED.said(exact=False) == ""


@given(FACTORS, st.integers(200, 20_000), st.integers(3, 20))
def test_three_runs_bring_the_likely_value_within_ten_percent(factor, planned, n):
    """Whatever the true ratio between 0.4 and 2.5, for runs of a few calls or of many."""
    runs = [
        Past(planned, planned, planned, round(planned * factor * noise))
        for noise in ([0.96, 1.0, 1.04] * n)[:n]
    ]
    learned = calibrate(runs, size=planned)
    assert learned.output.n == n
    assert learned.output.likely == pytest.approx(factor, rel=0.10)
    assert learned.output.low <= factor <= learned.output.high


@given(st.lists(st.tuples(FACTORS, st.floats(1, 1e6)), min_size=1, max_size=30), st.floats(1, 1e6))
def test_the_band_holds_the_likely_value_and_the_sign_of_what_was_seen(runs, size):
    pairs = [Pair(100.0, 100.0 * ratio, weight) for ratio, weight in runs]
    for prior in (INPUT, WRITING, JUDGING, SECONDS):
        found = learn(pairs, prior, size=size)
        assert 0 < found.low <= found.likely <= found.high
        ratios = [ratio for ratio, _ in runs]
        assert min(1.0, *ratios) - 1e-9 <= found.likely <= max(1.0, *ratios) + 1e-9


@given(FACTORS, st.integers(1, 10))
def test_more_agreeing_runs_draw_nearer_and_narrow_the_band(factor, n):
    few = learn([Pair(1_000, 1_000 * factor, 1_000)] * n, WRITING, size=1_000)
    more = learn([Pair(1_000, 1_000 * factor, 1_000)] * (n + 3), WRITING, size=1_000)
    assert abs(math.log(more.likely / factor)) <= abs(math.log(few.likely / factor)) + 1e-12
    assert more.high / more.low < few.high / few.low


def test_runs_that_scatter_widen_the_band():
    agreeing = [Pair(1_000, 900, 1_000)] * 6
    scattered = [Pair(1_000, n, 1_000) for n in (500, 900, 1_600) * 2]
    narrow, wide = (learn(pairs, WRITING, size=1_000) for pairs in (agreeing, scattered))
    assert wide.high / wide.low > 2 * narrow.high / narrow.low


def test_a_small_plan_is_less_certain_than_a_large_one():
    runs = [Pair(1_000, 900, 1_000)] * 6
    small, large = (learn(runs, WRITING, size=size) for size in (50, 50_000))
    assert small.likely == large.likely
    assert small.high / small.low > large.high / large.low


def test_nine_of_ten_next_runs_lie_in_the_band():
    """The coverage that the formulas promise, where their assumptions hold: 400 models whose
    ratios and runs scatter as the prior says, 1 to 12 runs known of each. (A binomial of 400 at
    0.9 is below 0.86 once in 250.)"""
    source = random.Random(4)
    prior = Prior(scatter=0.05, doubt=(0.05 / 0.35) ** 2, half=1_000)
    inside = 0
    for model in range(400):
        truth = source.gauss(0, 0.35)

        def run(truth: float = truth) -> Pair:
            size = source.choice([100, 500, 5_000])
            spread = prior.scatter * math.sqrt((size + prior.half) / size)
            return Pair(1_000, 1_000 * math.exp(source.gauss(truth, spread)), size)

        after = run()
        found = learn([run() for _ in range(1 + model % 12)], prior, size=after.size)
        inside += found.low <= after.actual / after.planned <= found.high
    assert inside / 400 >= 0.86


def test_a_correction_does_not_chase_itself():
    """Ratios are to what the plan said by itself: once the truth is found, it stays found."""
    runs: list[Past] = []
    factors = []
    for _ in range(30):
        factors.append(calibrate(runs, size=2_000).output.likely)
        runs.append(Past(2_000, 2_000, 2_000, 1_400))
    assert factors[0] == 1.0
    assert factors[-1] == pytest.approx(0.7, rel=0.01)
    assert all(b <= a for a, b in pairwise(factors))


@given(
    st.builds(
        lambda low, mid, high: Ratio(low, low * mid, low * mid * high, 3),
        st.floats(0.01, 100), st.floats(1, 10), st.floats(1, 10),
    )
)  # fmt: skip
def test_a_corrected_reply_stays_between_its_limits(ratio):
    (found,) = Calibration(output=ratio).applied_to(kinds_of([REQUEST]), exact=True)
    assert 10 <= found.low.output <= found.likely.output <= found.high.output <= 200
    assert [usage.input for usage in found] == [90, 100, 120]


def test_a_tokenizer_that_is_not_here_is_corrected_by_what_it_counted():
    cached = Asked(
        Usage(60, 10, cache_read=30), Usage(70, 50, cache_read=30), Usage(80, 200, cache_write=40)
    )
    learned = Calibration(input=Ratio(1.2, 1.3, 1.4, 5))
    (found,) = learned.applied_to(kinds_of([cached]), exact=False)
    assert [usage.prompt for usage in found] == [120, 130, 140]
    assert found.likely.cache_read == 39 and found.high.cache_write == round(40 * 140 / 120)
    assert [usage.output for usage in found] == [10, 50, 200]
    assert learned.applied_to(kinds_of([cached]), exact=True) == kinds_of([cached])


def test_what_was_learned_is_said_with_its_number_of_runs():
    learned = calibrate([Past(100, 103, 1_000, 900, 10.0, 13.0)] * 3, size=500)
    assert learned.learned.runs == learned.learned.timed_runs == 3
    assert learned.said(exact=True).startswith("output from 3 past runs of this model (×0.9")
    assert "time from 3 past runs on this machine (×1.2" in learned.said(exact=True)
    assert learned.said(exact=False).startswith("input from 3 past runs of this model (×1.0")
    assert "1 past run of" in calibrate([Past(9, 9, 9, 9)], size=9).said(exact=True)


def test_time_of_other_machines_and_interrupted_runs_teaches_nothing():
    learned = calibrate([Past(100, 100, 1_000, 900)] * 4, size=500)
    assert learned.output.n == 4 and learned.seconds == Ratio()
    assert PRIOR_RUNS > 0
