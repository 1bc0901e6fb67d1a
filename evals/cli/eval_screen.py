"""What a person sees of runs that are read again, out of the same values that ``--json`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.amounts import counted
from pipeline.console import plain, table

if TYPE_CHECKING:
    from evals.metrics.golden import GoldenCheck
    from evals.metrics.statistics import Interval


def figures_page(found: Mapping[str, Any], figures: Mapping[str, Interval]) -> None:
    """The figures of a run, each with its interval and n."""
    table(
        ["figure", "value", "95 % interval", "n"],
        ([name, f"{i.mean:.4g}", _within(i), i.n] for name, i in figures.items()),
        title=f"{found['kind']} {found['run']}: {found['model']}, {found['state']}",
    )
    items = [row for row in found["scores"] if row["item"]]
    if items:
        plain(
            f"and {counted(len(items), 'figure')} of single items, "
            f"{counted(len(found['cells']), 'cell')}: --json"
        )


def _within(figure: Interval) -> str:
    """The interval of a figure; "–" where it is a count, such as catastrophes, and has none."""
    return "–" if figure.low is None else f"{figure.low:.4g} to {figure.high:.4g}"


def differences_table(found: Mapping[str, Any]) -> None:
    """Paired differences of two runs; an interval without 0 is a difference that shows."""
    table(
        ["figure", "b - a", "95 % interval", "n", "paired", "shows"],
        (
            [
                name,
                f"{d['mean']:+.4g}",
                f"{d['low']:+.4g} to {d['high']:+.4g}",
                d["n"],
                "yes" if d["paired"] else "no",
                "yes" if d["low"] > 0 or d["high"] < 0 else "no",
            ]
            for name, d in found["differences"].items()
        ),
        title=f"a = {found['a']}, b = {found['b']}",
    )
    plain(f"{len(found['changed'])} values differ")


def golden_table(checks: Sequence[GoldenCheck]) -> None:
    """Our figures beside the published ones, and what we disagree on."""
    table(
        ["source", "figure", "ours (%)", "published (%)", "n"],
        ([c.source, c.metric, f"{c.ours:.2f}", f"{c.published:.2f}", c.n] for c in checks),
    )
    for check in checks:
        for reply in check.differing:
            plain(f"{check.source}: {' '.join(reply.split())[:160]}")
