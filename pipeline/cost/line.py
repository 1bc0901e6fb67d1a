"""An estimate as the line that ``estimate --json`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipeline.estimates import Estimate


def as_line(line: Estimate) -> dict[str, Any]:
    """One line of ``estimate --json``: money as decimal strings, unknown as null; so is the date
    of a price that is not known to be that of the day asked for."""
    unplanned = not line.plan_sha256 and not line.calls
    return {
        "model": line.model,
        "strategy": line.strategy,
        "feasible": line.feasible,
        "reason": line.reason,
        "calls": None if unplanned else line.calls,
        "journalled_calls": line.journalled_calls,
        "input_tokens": None if unplanned else line.input_tokens.n,
        "input_band": {"low": line.input_tokens.low, "high": line.input_tokens.high},
        "exact": line.input_tokens.exact,
        "counter": line.input_tokens.counter,
        "output_tokens": line.output_tokens._asdict(),
        "usd": None
        if line.usd is None
        else dict(zip(("low", "likely", "high"), map(money, line.usd), strict=True)),
        "usd_batch": money(line.usd_batch),
        "usd_worst": money(line.usd_worst),
        "usd_energy": money(line.usd_energy),
        "usd_rent": money(line.usd_rent),
        "usd_saved": money(line.saved.usd),
        "seconds_saved": line.saved.seconds,
        "seconds": line.seconds,
        "seconds_band": line.seconds_band
        and dict(zip(("low", "high"), line.seconds_band, strict=True)),
        "peak_memory_bytes": line.peak_memory_bytes,
        "kwh": line.kwh,
        "bits": line.bits,
        "longest_window": line.longest_window,
        "eager_bytes": line.eager_bytes,
        "limit_share": line.limit_share,
        "price_date": line.price_date if line.price_dated else None,
        "price_source": line.price_source,
        "plan": line.plan_sha256,
        "notes": list(line.notes),
    }


def as_lines(lines: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Several lines, the cheapest that can run marked (``cheapest``)."""
    best = cheapest_feasible(lines)
    return [as_line(line) | {"cheapest": line is best} for line in lines]


def cheapest_feasible(lines: Sequence[Estimate]) -> Estimate | None:
    """The line that can run for the fewest likely dollars, electricity included; the faster of
    two as cheap, a price that is known before one that is not. None when none can run."""

    def cost(line: Estimate) -> tuple[Decimal, float]:
        assert line.usd is not None
        return line.usd[1] + (line.usd_energy or 0), line.seconds or 0.0

    priced = [line for line in lines if line.feasible and line.usd is not None]
    return min(priced, key=cost, default=None)


def money(usd: Decimal | None) -> str | None:
    """A decimal string without an exponent or trailing zeros: "0", "13.2"; None stays None."""
    if usd is None:
        return None
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
