"""Shares with what is known of them: exact binomial intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

#: Chance of error on one side: a bound that holds in 95 of 100 cases. An interval of both sides at
#: this chance each holds in 90 of 100; at half of it in 95.
ONE_SIDED = 0.05
TWO_SIDED = 0.025
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``n``, with the exact interval of Clopper and Pearson.

    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case
    of the binomial", Biometrika 26 (1934), 404-413: the lower bound is the share p at which so
    many hits or more have the chance ``alpha``, the upper one that at which so many or fewer have.
    """

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n}")

    @property
    def share(self) -> float | None:
        """The share, None of nothing."""
        return self.hits / self.n if self.n else None

    def lower(self, alpha: float = ONE_SIDED) -> float:
        """The lower bound; 0 of nothing."""
        if self.hits == 0:
            return 0.0
        return _where(lambda p: 1 - _at_most(self.hits - 1, self.n, p) < alpha)

    def upper(self, alpha: float = ONE_SIDED) -> float:
        """The upper bound; 1 of nothing."""
        if self.hits == self.n:
            return 1.0
        return _where(lambda p: _at_most(self.hits, self.n, p) > alpha)

    @property
    def interval(self) -> tuple[float, float]:
        """Both bounds at 95 %."""
        return self.lower(TWO_SIDED), self.upper(TWO_SIDED)

    def without(self, other: Rate) -> Rate:
        """The rate of what is not in ``other``, a part of this one."""
        return Rate(self.hits - other.hits, self.n - other.n)


def _where(before: Callable[[float], bool]) -> float:
    """Where in [0, 1] a condition that holds up to some share ceases to."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if before(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(k: int, n: int, p: float) -> float:
    """The chance of k hits or fewer in n tries of chance p."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 1.0 if k >= n else 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    whole = math.lgamma(n + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(
                whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q
            )
            for i in range(k + 1)
        ),
    )
