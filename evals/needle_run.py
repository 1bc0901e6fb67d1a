"""A needle grid as a run: cells measured before are reused, new ones are stored as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals.needle import Cell, grid
from evals.recorded import recorded
from evals.statistics import wilson
from pipeline.catalog import ModelSpec
from pipeline.errors import SovereigntyError
from pipeline.models.base import ModelOptions
from pipeline.models.opening import open_model
from pipeline.store import reports
from pipeline.store.record import Store


def run_needles(
    spec: ModelSpec,
    options: ModelOptions,
    store: Store,
    prompts: Path,
    *,
    lengths: Sequence[int],
    depths: Sequence[float],
    seeds: int = 1,
    task: str = "single",
    allow_cloud: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure a grid on one model.

    Args:
        lengths: prompt tokens, template included.
        depths: where the needle stands, in percent of the haystack.
        seeds: haystacks for each cell.

    Returns:
        What ``eval needle --json`` prints: run, model, task, mean with its 95 % Wilson interval
        and n, how many cells were reused, and every cell.

    Raises:
        SovereigntyError: the model is not on this machine and was not allowed by name.
        InputError: an unknown task, or a length that is no prompt.
    """
    if spec.leaves_machine and not allow_cloud:
        raise SovereigntyError(
            f"{spec.name} would receive the haystacks off this machine.",
            next="Add --allow-cloud to allow it.",
        )
    model = open_model(spec, options)
    try:
        with recorded(
            store,
            kind="needle",
            model=spec.name,
            strategy=task,
            revision=model.revision,
            parameters={
                "lengths": list(lengths),
                "depths": list(depths),
                "seeds": seeds,
                "task": task,
            },
        ) as run:
            known = reports.cells_by_key(store)
            cells: list[dict[str, Any]] = []
            reused: list[str] = []
            total = len(lengths) * len(depths) * seeds
            for cell in grid(
                spec,
                model,
                prompts,
                task=task,
                lengths=lengths,
                depths=depths,
                seeds=range(seeds),
                known=known.__contains__,
            ):
                if isinstance(cell, str):
                    reused.append(cell)
                    found = known[cell]
                else:
                    store.save_cell(run, cell)
                    found = _as_row(cell)
                cells.append(found)
                say(
                    f"cell {len(cells)} of {total}: {found['target_tokens']} tokens, depth "
                    f"{found['depth_target']:g} %: {found['status']}, score {found['score']}"
                    + (" (measured before)" if isinstance(cell, str) else "")
                )
            store.reuse_cells(run, reused)
            store.update_run(run, describe=dict(model.describe()))
    finally:
        model.close()
    scores = [float(c["score"] or 0) for c in cells if c["status"] != "skipped"]
    hits = sum(score >= 1 for score in scores)
    return {
        "run": run,
        "model": spec.name,
        "task": task,
        "n": len(scores),
        "mean": sum(scores) / len(scores) if scores else 0.0,
        "interval": wilson(hits, len(scores)),
        "reused": len(reused),
        "cells": cells,
    }


def _as_row(cell: Cell) -> dict[str, Any]:
    row = asdict(cell)
    row.pop("request", None)
    return row
