"""A figure of an eval, as the store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """One measured figure.

    Args:
        name: what was measured ("survival").
        item: what it is the figure of; "" for the whole run.
        value: None when nothing could be measured.
        low, high: the 95 % interval, None where there is none.
        n: samples behind it.
        detail: whatever a reader needs to find the place again.
    """

    name: str
    item: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)


def score_row(run: str, score: Score) -> dict[str, Any]:
    """The row of a figure."""
    return {
        "run": run,
        "name": score.name,
        "item": score.item,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "detail": dict(score.detail),
    }
