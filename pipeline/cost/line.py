"""An estimate as the line that ``estimate --json`` prints."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pipeline.calls import Estimate


def as_line(line: Estimate) -> dict[str, Any]:
    """One line of ``estimate --json``: money as decimal strings, unknown as null."""
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
        "seconds": line.seconds,
        "seconds_band": line.seconds_band
        and dict(zip(("low", "high"), line.seconds_band, strict=True)),
        "peak_memory_bytes": line.peak_memory_bytes,
        "kwh": line.kwh,
        "price_date": line.price_date,
        "price_source": line.price_source,
        "plan": line.plan_sha256,
        "notes": list(line.notes),
    }


def money(usd: Decimal | None) -> str | None:
    """A decimal string without an exponent or trailing zeros: "0", "13.2"; None stays None."""
    if usd is None:
        return None
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
