"""What people see of the evals of what a text still tells; ``--json`` has all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.amounts import counted
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


def roundtrip_summary(result: Mapping[str, Any]) -> None:
    """Every round, and slow loss and catastrophes apart."""
    table(
        ("round", "kept", "altered", "lost", "made up", "in order", "words", "stories"),
        (
            (
                one["number"],
                *(f"{one[name]:.3f}" for name in ("kept", "altered", "lost", "invented")),
                None if one["order"] is None else f"{one['order']:.2f}",
                f"{one['words']:.2f}",
                one["stories"],
            )
            for one in result["rounds"]
        ),
        title=f"{counted(result['stories'], 'story', 'stories')} cut by {result['by']}, merged "
        f"by {result['model']} "
        f"({result['strategy']})",
    )
    kept, loss = result["scores"]["kept"], result["loss"]
    plain(
        f"after {counted(len(result['rounds']) - 1, 'round')} {kept['mean']:.3f} of n = "
        f"{counted(kept['n'], 'sentence')} "
        f"are kept [{kept['low']:.3f}, {kept['high']:.3f}], in "
        f"{result['scores']['words']['mean']:.2f} of the words"
    )
    if loss is not None:
        plain(
            f"a usual round loses {loss['mean']:.4f} [{loss['low']:.4f}, {loss['high']:.4f}] of "
            f"them, n = {counted(loss['n'], 'round')}"
        )
    rounds = ", ".join(map(str, result["catastrophes"])) or "none"
    plain(f"rounds that lost a tenth or more at once: {rounds}")
