"""Values of a card's rows in words, as the pages write them (``static/core.js``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.amounts import duration, gigabytes

NOTHING = "–"


def _usd(value: float) -> str:
    """ "$12.40", "$0.20", "$0.0022": below a dollar two decimals, or up to four that say
    something."""
    size, sign = abs(value), "-" if value < 0 else ""
    if 0 < size < 0.00005:
        return f"under {sign}$0.0001"
    if size >= 0.99995:
        return f"{sign}${size:,.2f}"
    whole, _, decimals = f"{size:.4f}".partition(".")
    return f"{sign}${whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def _bytes(value: float) -> str:
    return gigabytes(round(value)) or NOTHING


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3f}"


_UNITS = {"USD": _usd, "seconds": duration, "bytes": _bytes}

#: How a number is written, by the name that ``as`` of a column has.
FORMATS: Mapping[str, Callable[[float], str]] = {
    "integer": lambda value: f"{value:,.0f}",
    "usd": _usd,
    "seconds": duration,
    "ratio": lambda value: f"{value:.2f}",
    "share": lambda value: f"{100 * value:.1f} %",
    "percent": lambda value: f"{value:.1f} %",
    "bytes": _bytes,
    "number": _number,
    "signed": lambda value: ("+" if value > 0 else "") + _number(value),
    "small": lambda value: f"{value:.3g}",
}


def told(value: Any, kind: str, row: Mapping[str, Any]) -> str:
    """A value of a row in words; "–" for none.

    Args:
        kind: a name in :data:`FORMATS`, ``amount`` (by the row's ``unit``), or any other for the
            value itself.
    """
    if value is None or value == "":
        return NOTHING
    if not isinstance(value, int | float):
        return str(value)
    if kind == "amount":
        unit = _UNITS.get(row.get("unit", ""))
        return unit(value) if unit else f"{value:,.0f}"
    return FORMATS[kind](value) if kind in FORMATS else str(value)


def is_number(kind: str) -> bool:
    """Whether a column of this kind is written flush right."""
    return kind in FORMATS or kind == "amount"
