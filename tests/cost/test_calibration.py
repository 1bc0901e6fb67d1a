"""Past runs correct what is likely and never move a limit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Band, Estimate, TokenCount, Usage
from pipeline.cost.bill import Asked
from pipeline.cost.calibration import NOTHING_LEARNED, Calibration, Past, calibrate

LINE = Estimate(
    "m", "edit", True, "", "", 1, 0, TokenCount(1, "t", True, 1, 1), Band(1, 1, 1),
    (Decimal(0),) * 3, None, None, "2026-11-21",
    seconds=10.0, seconds_band=(5.0, 30.0), kwh=1.0,
)  # fmt: skip


def test_without_runs_nothing_changes():
    assert calibrate([]) == NOTHING_LEARNED
    assert calibrate([Past(0, 5), Past(5, 0)]) == NOTHING_LEARNED
    assert NOTHING_LEARNED.timed(LINE) is LINE


@given(st.floats(0.3, 3.0), st.integers(3, 20))
def test_three_runs_bring_the_likely_value_within_ten_percent(factor, n):
    """Whatever the true ratio within a factor of two, give or take noise of three percent."""
    runs = [
        Past(10_000, round(10_000 * factor * noise), 100.0, 100.0 * factor * noise)
        for noise in ([0.97, 1.0, 1.03] * n)[:n]
    ]
    learned = calibrate(runs)
    assert learned.n == n
    assert learned.output == pytest.approx(factor, rel=0.20)
    if 0.5 <= factor <= 2.0:
        assert learned.output == pytest.approx(factor, rel=0.13)
    assert learned.seconds == pytest.approx(learned.output, rel=0.01)


def test_one_odd_run_does_not_decide():
    runs = [Past(1_000, 1_000)] * 4 + [Past(1_000, 9_000)]
    assert calibrate(runs).output == 1.0


@given(st.floats(0.01, 100))
def test_a_corrected_reply_stays_inside_its_band(factor):
    request = Asked(Usage(9, 10), Usage(9, 50), Usage(9, 200))
    (corrected,) = Calibration(output=factor, n=1).applied_to([request])
    assert corrected.low == request.low and corrected.high == request.high
    assert 10 <= corrected.likely.output <= 200
    assert corrected.likely.input == 9


def test_corrected_time_widens_its_band():
    slow = Calibration(seconds=5.0, n=3).timed(LINE)
    assert slow.seconds == 50.0 and slow.seconds_band == (5.0, 50.0) and slow.kwh == 5.0
    assert "3 runs" in slow.notes[0]
    unknown = replace(LINE, seconds=None, seconds_band=None)
    assert Calibration(seconds=5.0, n=3).timed(unknown) is unknown
