"""What people see of the evals of what a text still tells; ``--json`` has all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.console import plain, table

#: Insights shown, the least told first.
_MOST_SHOWN = 20
#: Missing stems shown of an insight.
_MISSING = 5


def coverage_summary(result: Mapping[str, Any]) -> None:
    """The insights that are told least, and the mean of all."""
    insights = sorted(result["insights"], key=lambda one: float(one["share"]))
    table(
        ("share", "insight", "words that its best bullet lacks"),
        (
            (f"{one['share']:.2f}", one["insight"], " ".join(one["missing"][:_MISSING]) or None)
            for one in insights[:_MOST_SHOWN]
        ),
        title="least told first",
    )
    if len(insights) > _MOST_SHOWN:
        plain(f"and {len(insights) - _MOST_SHOWN:,} more: --json")
    whole = result["scores"]["coverage"]
    plain(
        f"coverage {whole['mean']:.3f} [{whole['low']:.3f}, {whole['high']:.3f}] of "
        f"n = {whole['n']} insights in {result['bullets']:,} bullets; words by rarity, so that a "
        "contradiction in the same words counts as told"
    )
