"""Amounts as a person reads them: dollars, times, sizes, shares; "–" or "unknown" is never 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def dollars(value: str | None) -> str:
    """ "$0.0123", "$0.20", "$3.53", "$1,235": at most four figures. "unknown" for None, which is
    never $0; what is nearly nothing is "<$0.0001"."""
    if value is None:
        return "unknown"
    amount = float(value)
    if amount < 0:
        return f"-{dollars(value.removeprefix('-'))}"
    if amount < 0.99995:
        if 0 < amount < 0.00005:
            return "<$0.0001"
        text = f"{amount:.4f}"
        return f"${text[:4]}{text[4:].rstrip('0')}"
    return f"${amount:,.2f}" if amount < 99.995 else f"${float(f'{amount:.4g}'):,.0f}"


def duration(seconds: float | None) -> str:
    """ "42 s", "3.5 min", "2.1 h"; "–" where nobody knows, or nothing took any time."""
    if not seconds:
        return "–"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def gigabytes(n_bytes: int | None) -> str | None:
    """ "1.25 GB", "17.7 GB", "412 GB" (1e9 bytes)."""
    if n_bytes is None:
        return None
    size = n_bytes / 1e9
    return f"{size:,.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} GB"


def percent(share: float | None) -> str | None:
    """ "23 %"."""
    return None if share is None else f"{share:.0%}".replace("%", " %")


def dollars_band(low: object, likely: object, high: object) -> str:
    """ "$0.0033 – $0.0408 – $0.0713": the least, the likely and the most."""
    return " – ".join(dollars(str(one)) for one in (low, likely, high))


def amount(n: float | None) -> str:
    """Tokens or calls, "–" when not known."""
    return "–" if n is None else f"{n:,.0f}"


def counted(n: int, one: str, many: str = "") -> str:
    """ "1 story", "1,382 stories": a number and its noun, ``many`` where it is not the singular
    with an "s"."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def outcomes(ledger: Mapping[str, int]) -> str:
    """ "114 kept, 3 duplicate of": what became of stories, as far as it became of any."""
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in ledger.items() if n)


def short(n: float | None) -> str:
    """ "812", "51.8k", "1.2M": where there is little room."""
    if n is None:
        return "–"
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if n >= size * 0.9995:
            scaled = n / size
            return f"{scaled:.0f}{unit}" if scaled >= 99.95 else f"{scaled:.1f}{unit}"
    return f"{n:.0f}"


def both(estimated: Any, actual: Any, shown: Callable[[Any], str | None]) -> str:
    """Both sides of one quantity: "1,200 → 1,187"; "–" for what is not known."""
    return " → ".join((side is not None and shown(side)) or "–" for side in (estimated, actual))


def band(low: Any, likely: Any, high: Any, shown: Callable[[Any], str]) -> str:
    """ "214 (99 – 546)"; one amount where all three are written alike."""
    a, b, c = shown(low), shown(likely), shown(high)
    return b if a == b == c else f"{b} ({a} – {c})"


def told_length(at_least: float | None, below: float | None) -> str:
    """How long a prompt may be, as far as it is known, in tokens: "at least 2,048 tokens" where
    nothing longer was tried, "below 512 tokens" where nothing shorter was, "between 2,048 and
    4,096 tokens" where that much works and that much does not, "any length" where nothing is
    known."""
    if at_least is None:
        return "any length" if below is None else f"below {below:,.0f} tokens"
    if below is None:
        return f"at least {at_least:,.0f} tokens"
    return f"between {at_least:,.0f} and {below:,.0f} tokens"
