"""What a run is foreseen to take: the values that prices, tables and the store share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from pipeline.calls import Band, TokenCount


class Learned(NamedTuple):
    """By what past runs corrected an estimate: factors on what the plan and the formulas say by
    themselves, and how many runs each comes from. Without runs nothing is corrected."""

    input: float = 1.0
    output: float = 1.0
    seconds: float = 1.0
    runs: int = 0
    timed_runs: int = 0


_NOTHING_LEARNED = Learned()


class Saved(NamedTuple):
    """What the stories left out by ``--about`` would likely have cost more; None is unknown."""

    usd: Decimal | None = None
    seconds: float | None = None


_NOTHING_SAVED = Saved()


@dataclass(frozen=True)
class Estimate:
    """A plan's price, time and memory on one model. ``None`` is "unknown", never zero.

    Args:
        usd: low, likely and high dollars at ``price_date``; "0" locally.
        price_dated: the price is known to be that of ``price_date``.
        bits: of a local model's weights.
        longest_window: prompt and reply that fit this device and that the model can use.
        eager_bytes: one layer's score matrix of the longest call without a fused kernel.
        limit_share: share of the device's speed limit that ``seconds`` reaches, by its peak
            operations and bandwidth.
        usd_worst: what the budget reserves: every reply at its limit.
        seconds: likely wall time of the calls; ``seconds_band`` low and high.
        learned: what of it past runs corrected.
        saved: by leaving stories out.
    """

    model: str
    strategy: str
    feasible: bool
    reason: str
    plan_sha256: str
    calls: int
    journalled_calls: int
    input_tokens: TokenCount
    output_tokens: Band
    usd: tuple[Decimal, Decimal, Decimal] | None
    usd_batch: Decimal | None
    usd_worst: Decimal | None
    price_date: str
    price_source: str = ""
    notes: tuple[str, ...] = ()
    seconds: float | None = None
    seconds_band: tuple[float, float] | None = None
    peak_memory_bytes: int | None = None
    kwh: float | None = None
    usd_energy: Decimal | None = None
    usd_rent: Decimal | None = None
    learned: Learned = _NOTHING_LEARNED
    price_dated: bool = True
    bits: int | None = None
    longest_window: int | None = None
    eager_bytes: int | None = None
    limit_share: float | None = None
    saved: Saved = _NOTHING_SAVED
