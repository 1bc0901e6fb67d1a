"""Shares with what is known of them: exact binomial intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

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
        return _lower(self.hits, self.n, alpha)

    def upper(self, alpha: float = ONE_SIDED) -> float:
        """The upper bound; 1 of nothing."""
        if self.hits == self.n:
            return 1.0
        return _upper(self.hits, self.n, alpha)

    @property
    def interval(self) -> tuple[float, float]:
        """Both bounds at 95 %."""
        return self.lower(TWO_SIDED), self.upper(TWO_SIDED)

    def without(self, other: Rate) -> Rate:
        """The rate of what is not in ``other``, a part of this one."""
        return Rate(self.hits - other.hits, self.n - other.n)


@lru_cache(maxsize=1 << 14)
def _lower(hits: int, n: int, alpha: float) -> float:
    return _where(lambda p: 1 - _at_most(hits - 1, n, p) < alpha)


@lru_cache(maxsize=1 << 14)
def _upper(hits: int, n: int, alpha: float) -> float:
    return _where(lambda p: _at_most(hits, n, p) > alpha)


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
    """The chance of k hits or fewer, k < n, in n tries of chance p: the regularised incomplete beta
    function I of 1 - p at (n - k, k + 1)."""
    if p <= 0 or p >= 1:
        return float(p <= 0)
    a, b, x = n - k, k + 1, 1 - p
    log_front = (
        math.lgamma(n + 1) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(p)
    )
    front = math.exp(log_front)
    # The fraction converges fast below the mean of the distribution; above it by symmetry.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, p) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by the
    modified method of Lentz."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    found = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            c = 1 + term / c
            d = 1 / (d if abs(d) > tiny else tiny)
            c = c if abs(c) > tiny else tiny
            found *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return found
