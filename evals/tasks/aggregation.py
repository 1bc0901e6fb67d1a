"""What only several stories together tell, asked among the stories of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evals.corpora.haystack import paths_of
from evals.declared import PATHS, Argument, Artifact, Asked, Deployment, Eval
from evals.grids.grid_eval import price_grid, priced, run_grid, shown, told
from evals.grids.grids import Grid, GridOptions, aggregation_grid
from pipeline.providers.local import DEFAULT_LOCAL

#: Whose stories are asked about when nobody names any.
SAMPLE = "data/sample"


def _grid(asked: Asked) -> Grid:
    return aggregation_grid(asked.spec.window, asked.given["paths"] or [SAMPLE], asked.chosen)


def _run(asked: Asked) -> dict[str, Any]:
    return run_grid(asked, _grid(asked))


def _price(asked: Asked) -> dict[str, Any]:
    return price_grid(asked, _grid(asked))


def _again(kept: Mapping[str, Any], arguments: Sequence[Argument]) -> list[str] | None:
    """The documents stand in the haystack's name."""
    return [*paths_of(str(kept.get("haystack", "")))] if kept.get("lengths") else None


EVAL = Eval(
    name="aggregation",
    help="What only several stories together tell, among your stories: counts, last versions, "
    "contradictions, differences; by length and depth.",
    place=20,
    arguments=(replace(PATHS, needed=False),),
    options=GridOptions,
    model=DEFAULT_LOCAL,
    run=_run,
    shown=shown,
    price=_price,
    priced=priced,
    told=told,
    deployment=Deployment(
        "aggregations",
        "What only several stories together tell, asked of the small local model.",
        "aggregations in {model}",
        {"paths": ["data/sample"], "model": DEFAULT_LOCAL, "lengths": [1024, 2048],
         "depths": [0, 50, 100]},
        Artifact("heatmap", "Aggregations found by {model}", "cells"),
    ),
    page="needles",
    chooser="run",
    unit="cells",
    over="several stories together",
    goes_on=True,
    again=_again,
)  # fmt: skip
