"""What finished runs teach the next estimate: how long prompts, replies and minutes really are.

Pure functions over what past runs planned and what came. All ratios are actual ÷ uncorrected: what
a plan and the formulas say by themselves, never an estimate that was corrected already, so that a
correction does not chase itself.

The method. The logarithm of a run's ratio r is taken to be normal about that of its model. A run
of ``size`` weighs w = size / (size + half): the chance of single replies averages out in a large
one, what a corpus or a busy machine does to all of its replies does not. A normal-inverse-gamma
prior says that the uncorrected value is right, which weighs ``doubt``, and how far runs scatter,
which weighs ``PRIOR_RUNS``. Over n runs (Gelman et al., Bayesian Data Analysis, 3rd ed., §3.3, with
known relative weights):

    κ = doubt + Σw        μ = Σ w·ln r / κ        ν = PRIOR_RUNS + n
    ν·s² = PRIOR_RUNS·scatter² + Σ w·(ln r)² − κ·μ²

The likely value is multiplied by exp(μ): drawn towards 1 by κ while there are few or small runs.
The next run of weight w lies, nine times in ten, within exp(μ ± t·s·√(1/w + 1/κ)), t being
Student's with ν degrees of freedom: the band is narrowed by agreement, widened by scatter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.calls import Usage
from pipeline.columns import Kinds
from pipeline.cost.bill import Asked
from pipeline.estimates import Learned

#: As many imagined runs say how far runs scatter.
PRIOR_RUNS = 3
#: The normal deviate that one value in twenty is above: a band holds nine in ten.
_Z = 1.6448536


class Prior(NamedTuple):
    """What is believed of a ratio before any run.

    Args:
        scatter: standard deviation of the logarithm of the ratios of large runs of one model.
        doubt: how many large runs weigh as much as the uncorrected value: the square of
            ``scatter`` over how far whole models are off.
        half: size of a run that weighs half as much as a very large one; 0 when size is nothing.
    """

    scatter: float
    doubt: float
    half: float


# Scatter and half: from `benchmarks/reconcile.py`. How far whole models are off is taken for a
# twentieth (counting), a third (writing) and a factor of two (judging, time).
INPUT = Prior(scatter=0.02, doubt=0.15, half=500)
#: Replies that are one merged story each.
WRITING = Prior(scatter=0.05, doubt=0.03, half=1_000)
#: Replies that are one of four words as JSON, 5 or 6 tokens in the vocabularies measured: however a
#: model judges, runs and replies scatter by at most half of ln 6/5, so few replies tell its length.
JUDGING = Prior(scatter=0.1, doubt=0.02, half=10)
#: By the clock: how busy the machine is matters more than how fast.
SECONDS = Prior(scatter=0.35, doubt=0.25, half=0)


class Ratio(NamedTuple):
    """Actual ÷ uncorrected, expected of the next run: nine in ten lie from low to high.

    ``n`` runs taught it; without any, nothing is known and nothing corrected.
    """

    low: float = 1.0
    likely: float = 1.0
    high: float = 1.0
    n: int = 0


_UNKNOWN = Ratio()


class Pair(NamedTuple):
    """What was said and what came, in one run of a size."""

    planned: float
    actual: float
    size: float = 1.0


def learn(pairs: Iterable[Pair], prior: Prior, *, size: float = 1.0) -> Ratio:
    """The ratio that past runs let expect of a run of ``size``. Pairs with nothing on one side
    say nothing."""
    known = [pair for pair in pairs if pair.planned > 0 and pair.actual > 0]
    if not known:
        return _UNKNOWN
    logs = [math.log(pair.actual / pair.planned) for pair in known]
    weights = [_weight(pair.size, prior) for pair in known]
    kappa = prior.doubt + sum(weights)
    mean = sum(w * x for w, x in zip(weights, logs, strict=True)) / kappa
    degrees = PRIOR_RUNS + len(known)
    squares = sum(w * x * x for w, x in zip(weights, logs, strict=True)) - kappa * mean * mean
    variance = (PRIOR_RUNS * prior.scatter**2 + max(0.0, squares)) / degrees
    reach = _student(degrees) * math.sqrt(variance * (1 / _weight(size, prior) + 1 / kappa))
    return Ratio(math.exp(mean - reach), math.exp(mean), math.exp(mean + reach), len(known))


@dataclass(frozen=True, slots=True)
class Past:
    """One completed run: what its plan and the formulas had said for the calls that the model was
    asked, and what came. Replies from the journal count in neither.

    Args:
        planned_input, actual_input: prompt tokens of the first tries.
        planned_output: likely tokens of their replies.
        actual_output: tokens of all replies, second tries included.
        formula_seconds: by the formulas, for the tokens that really came; None when they do not
            know the machine, when it was another one, or when the run was interrupted.
    """

    planned_input: int
    actual_input: int
    planned_output: int
    actual_output: int
    formula_seconds: float | None = None
    actual_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What past runs of one model, strategy and prompt taught."""

    input: Ratio = _UNKNOWN
    output: Ratio = _UNKNOWN
    seconds: Ratio = _UNKNOWN

    @property
    def learned(self) -> Learned:
        """The factors, as an estimate carries them."""
        return Learned(
            input=self.input.likely,
            output=self.output.likely,
            seconds=self.seconds.likely,
            runs=max(self.output.n, self.input.n),
            timed_runs=self.seconds.n,
        )

    def applied_to(self, requests: Kinds[Asked], *, exact: bool) -> Kinds[Asked]:
        """The requests with prompts and replies corrected. A reply stays between its limits, which
        are promises and not guesses.

        Args:
            exact: the prompts were counted by the model's own tokenizer, so there is nothing to
                correct in them.
        """
        read = _UNKNOWN if exact else self.input
        if not read.n and not self.output.n:
            return requests
        corrected = [
            Asked(*(_corrected(request, end, read, self.output) for end in _ENDS))
            for request in requests.each
        ]
        return Kinds(corrected, requests.of)

    def said(self, *, exact: bool) -> str:
        """What was corrected and by what, for people; "" when nothing was."""
        told = []
        for name, ratio, of in (
            ("input", _UNKNOWN if exact else self.input, "of this model"),
            ("output", self.output, "of this model"),
            ("time", self.seconds, "on this machine"),
        ):
            if ratio.n:
                runs = f"{ratio.n} past run{'s' * (ratio.n > 1)}"
                told.append(f"{name} from {runs} {of} (×{ratio.likely:.2f})")
        return ", ".join(told)


NOTHING_LEARNED = Calibration()
_ENDS = ("low", "likely", "high")


def calibrate(runs: Sequence[Past], *, size: float, writing: Prior = WRITING) -> Calibration:
    """What past runs of one model, strategy and prompt teach.

    Args:
        size: likely output tokens of the plan that is to be estimated, before any correction.
        writing: what is believed of the model's replies before any run.
    """
    return Calibration(
        input=learn(
            (Pair(run.planned_input, run.actual_input, run.planned_output) for run in runs),
            INPUT,
            size=size,
        ),
        output=learn(
            (Pair(run.planned_output, run.actual_output, run.planned_output) for run in runs),
            writing,
            size=size,
        ),
        seconds=learn(
            (Pair(run.formula_seconds or 0, run.actual_seconds or 0) for run in runs), SECONDS
        ),
    )


def _corrected(request: Asked, end: str, read: Ratio, written: Ratio) -> Usage:
    """One end of a request's band, out of its likely value."""
    usage: Usage = getattr(request, end)
    if read.n and usage.prompt:
        # Scaled as a whole, so that what is cached of it at this end stays the same share.
        factor = getattr(read, end) * request.likely.prompt / usage.prompt
        usage = replace(
            usage,
            input=round(usage.input * factor),
            cache_read=round(usage.cache_read * factor),
            cache_write=round(usage.cache_write * factor),
        )
    if written.n:
        output = round(request.likely.output * getattr(written, end))
        least, most = request.low.output, request.high.output
        usage = replace(usage, output=min(max(output, least), most))
    return usage


def _weight(size: float, prior: Prior) -> float:
    """What a run of a size weighs beside a very large one, above 0 and at most 1."""
    return max(size, 1.0) / (max(size, 1.0) + prior.half)


def _student(degrees: int) -> float:
    """Student's t that one value in twenty is above (Abramowitz & Stegun 26.7.5; within 1 % from
    four degrees of freedom on)."""
    z, v = _Z, float(degrees)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3
