"""What evals show to people: tables as values, and the figures that several of them show alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.amounts import counted, dollars_band


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; a cell of None is shown as "–"."""

    heads: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str = ""


def rate(found: Mapping[str, Any] | None) -> str | None:
    """A figure with its interval and n; None of nothing."""
    if found is None or not found["n"]:
        return None
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}] n={found['n']:,}"


def merge_price(priced: Mapping[str, Any]) -> Iterator[Table | str]:
    """What the merges of an eval would cost."""
    out, usd = priced["output_tokens"], priced["usd"]
    told = "unknown" if usd is None else dollars_band(usd["low"], usd["likely"], usd["high"])
    yield (
        f"{counted(priced['merges'], 'merge')} by {priced['model']}: "
        f"{counted(priced['calls'], 'call')} that the "
        f"journal does not answer, {priced['input_tokens']:,} tokens in"
        f"{'' if priced['exact'] else ' (±)'}, {out['low']:,} – {out['likely']:,} – "
        f"{out['high']:,} out, dollars {told}"
    )
