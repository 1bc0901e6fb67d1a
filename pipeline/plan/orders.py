"""When a pair is asked about in both orders: a judge may say of (A, B) what it denies of (B, A).

The smaller likelihood of the two counts, so that only an answer just above its threshold can still
fall below it: below, the other order changes nothing, and far above, it hardly ever does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.calls import canonical_json

#: What 0.9 - 0.7 may be above 0.2.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Orders:
    """Which first answers are asked again in the other order.

    Args:
        thresholds: (word of the question's schema, from which likelihood on it counts), by a
            judge's record.
        margin: how far above its threshold an answer is asked again.
        share: of the pairs, how many are likely asked again; for the price.

    Raises:
        ValueError: a threshold, margin or share that is not from 0 to 1.
    """

    thresholds: tuple[tuple[str, float], ...]
    margin: float = 0.1
    share: float = 0.05

    def __post_init__(self) -> None:
        numbers = [self.margin, self.share, *(value for _, value in self.thresholds)]
        if not all(0.0 <= value <= 1.0 for value in numbers):
            raise ValueError(f"{numbers} are not all from 0 to 1")

    def asks_again(self, likelihoods: Mapping[str, float] | None) -> bool:
        """Whether an answer is near enough to a threshold; never where no likelihood is known."""
        if likelihoods is None:
            return False
        return any(
            0 <= likelihoods.get(word, 0.0) - threshold <= self.margin + _ROUNDING
            for word, threshold in self.thresholds
        )

    @property
    def told(self) -> str:
        """As a parameter of a plan: part of its hash, as the thresholds decide what is asked."""
        return canonical_json([self.thresholds, self.margin])


def smaller(
    first: Mapping[str, float] | None, second: Mapping[str, float] | None
) -> dict[str, float] | None:
    """What both orders say at least of each answer; they need not add up to 1. None where one of
    them says nothing."""
    if first is None or second is None:
        return None
    return {word: min(value, second.get(word, 0.0)) for word, value in first.items()}


def orders_told(told: str) -> Orders | None:
    """The orders of a plan by its parameter; None of none."""
    if not told:
        return None
    thresholds, margin = json.loads(told)
    return Orders(tuple((word, value) for word, value in thresholds), margin)
