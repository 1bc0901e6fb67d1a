"""Needles in a haystack: what a model finds in a long prompt, by length and depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.declared import Argument, Artifact, Asked, Deployment, Eval
from evals.grids.grid_eval import price_grid, priced, run_grid, shown, told
from evals.grids.grids import NeedleOptions, needle_grid
from pipeline.providers.local import DEFAULT_LOCAL


def _run(asked: Asked) -> dict[str, Any]:
    return run_grid(asked, needle_grid(asked.chosen))


def _price(asked: Asked) -> dict[str, Any]:
    return price_grid(asked, needle_grid(asked.chosen))


def _again(kept: Mapping[str, Any], arguments: Sequence[Argument]) -> list[str] | None:
    return [] if kept.get("lengths") else None


EVAL = Eval(
    name="needle",
    help="Needle in a haystack: what a model finds, by length and depth.",
    place=10,
    options=NeedleOptions,
    model=DEFAULT_LOCAL,
    run=_run,
    shown=shown,
    price=_price,
    priced=priced,
    told=told,
    deployment=Deployment(
        "needles",
        "What the small local model finds in a long prompt, by length and depth.",
        "needles in {model}",
        {"model": DEFAULT_LOCAL, "lengths": [512, 1024, 2048], "depths": [0, 50, 100]},
        Artifact("heatmap", "Needles found by {model}", "cells"),
    ),
    page="needles",
    chooser="run",
    unit="cells",
    over="one story",
    goes_on=True,
    again=_again,
)
