"""What the merges of an eval would cost, before any of them is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipeline.cost.line import money
from pipeline.estimates import Estimate
from pipeline.run.job import MergeJob


def estimate_of(job: MergeJob) -> Estimate:
    """The estimate of a merge that is ready to run; no model is opened, nothing is sent."""
    job.read()
    job.make_plan()
    return job.estimate


def total(estimates: Sequence[Estimate]) -> dict[str, Any]:
    """What ``--dry-run --json`` prints of some merges: calls that the journal does not answer,
    tokens, and dollars low, likely and high; None where a price is unknown. A call that two of
    them share is answered once and priced twice."""
    usd = [estimate.usd for estimate in estimates]
    known = [bounds for bounds in usd if bounds is not None]
    names = ("low", "likely", "high")
    return {
        "merges": len(estimates),
        "calls": sum(e.calls for e in estimates),
        "input_tokens": sum(e.input_tokens.n for e in estimates),
        "exact": all(e.input_tokens.exact for e in estimates),
        "output_tokens": {
            name: sum(getattr(e.output_tokens, name) for e in estimates) for name in names
        },
        "usd": None
        if len(known) < len(usd)
        else {
            name: money(sum((bounds[i] for bounds in known), Decimal(0)))
            for i, name in enumerate(names)
        },
    }
