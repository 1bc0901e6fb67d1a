"""What finished runs teach the next estimate: how long replies and minutes really are.

Pure functions over pairs of estimate and actual. The likely value is corrected by the median
ratio, drawn towards 1 while there are few runs; the limits of a band are never moved, because a
reply's limit is a promise and not a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from pipeline.calls import Estimate
from pipeline.cost.bill import Asked

#: As many imagined runs whose estimate was right stand beside the real ones.
PRIOR_RUNS = 0.5


@dataclass(frozen=True, slots=True)
class Past:
    """One finished run: what was said and what came. Calls from the journal count in neither."""

    estimated_output: int
    actual_output: int
    estimated_seconds: float | None = None
    actual_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Factors for the likely output and time of a model and strategy, and from how many runs."""

    output: float = 1.0
    seconds: float = 1.0
    n: int = 0

    def applied_to(self, requests: Sequence[Asked]) -> list[Asked]:
        """The requests with their likely reply corrected, inside its band."""
        if self.output == 1.0:
            return list(requests)
        return [self._corrected(request) for request in requests]

    def timed(self, line: Estimate) -> Estimate:
        """The line with its likely time corrected; the band is widened to hold it."""
        if line.seconds is None or line.seconds_band is None or self.seconds == 1.0:
            return line
        seconds = line.seconds * self.seconds
        low, high = line.seconds_band
        factor = Decimal(repr(self.seconds))
        return replace(
            line,
            seconds=seconds,
            seconds_band=(min(low, seconds), max(high, seconds)),
            kwh=None if line.kwh is None else line.kwh * self.seconds,
            usd_energy=None if line.usd_energy is None else line.usd_energy * factor,
            usd_rent=None if line.usd_rent is None else line.usd_rent * factor,
            notes=(*line.notes, f"{line.model}: time and output corrected by {self.n} runs"),
        )

    def _corrected(self, request: Asked) -> Asked:
        output = round(request.likely.output * self.output)
        output = min(max(output, request.low.output), request.high.output)
        return request._replace(likely=replace(request.likely, output=output))


NOTHING_LEARNED = Calibration()


def calibrate(runs: Sequence[Past]) -> Calibration:
    """The factors that past runs of one model and strategy suggest.

    Runs that estimated or produced nothing say nothing.
    """
    outputs = [
        run.actual_output / run.estimated_output
        for run in runs
        if run.estimated_output > 0 and run.actual_output > 0
    ]
    seconds = [
        run.actual_seconds / run.estimated_seconds
        for run in runs
        if run.estimated_seconds and run.actual_seconds
    ]
    return Calibration(
        output=_drawn_to_one(outputs), seconds=_drawn_to_one(seconds), n=len(outputs)
    )


def _drawn_to_one(ratios: Sequence[float]) -> float:
    """The geometric mean of the median ratio and 1, weighted by real and imagined runs."""
    if not ratios:
        return 1.0
    return float(median(ratios) ** (len(ratios) / (len(ratios) + PRIOR_RUNS)))
