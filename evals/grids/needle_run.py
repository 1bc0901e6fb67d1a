"""A needle grid as a run: cells measured before are reused, new ones are stored as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from evals.corpora.haystack import paths_of, prose_files
from evals.grids.grids import Grid
from evals.grids.likelihood import NAME, answer_losses, likelihood, overall
from evals.grids.needle_price import worst_usage
from evals.grids.needle_trials import Cell, Claim, measure
from evals.grids.trials import Trial
from evals.metrics.statistics import (
    EffectiveLengths,
    Interval,
    effective_bands,
    effective_lengths,
    known_of_length,
    next_longer,
    share,
)
from evals.recorded import figure, recorded
from pipeline.cost.prices import price
from pipeline.errors import SovereigntyError
from pipeline.extract.extraction import extract
from pipeline.extract.readers.reader_registry import read_document
from pipeline.models import ModelSpec
from pipeline.progress import Progress, Show, show_nothing
from pipeline.providers.base import Model, ModelOptions
from pipeline.providers.local.local_model import LocalModel
from pipeline.providers.opening import open_model
from pipeline.run.dispatch.budget import Budget
from pipeline.run.dispatch.concurrent_requests import ConcurrentRequests
from pipeline.run.sovereignty import check_allowed, why_not
from pipeline.store.claims import StoreClaims
from pipeline.store.reading import reports
from pipeline.store.record import Store, StoreJournal
from pipeline.store.rows.eval_rows import Score
from pipeline.stories import Document

_EFFECTIVE = "effective_"


def _check_haystack(
    spec: ModelSpec, haystack: str, allow_cloud: Sequence[str], local_only: Sequence[str]
) -> None:
    """Refuse to send a haystack off the machine that was not allowed to leave it.

    Raises:
        SovereigntyError: nothing was, or a file of its folder may not.
    """
    check_allowed(allow_cloud)
    if not allow_cloud:
        raise SovereigntyError(
            f"{spec.name} would receive the haystacks off this machine.",
            next="Add --allow-cloud all, or the folder of your prose, to allow it.",
        )
    for document in _documents(haystack):
        if why := why_not(document, allow_cloud, local_only):
            raise SovereigntyError(
                f"{why}, and {spec.name} is not on this machine.",
                where=document.path,
                next="Leave the file out of the haystack or use a local/… model.",
            )


def _documents(haystack: str) -> Iterator[Document]:
    """The documents that a haystack is made of, none where it is made up."""
    if paths := paths_of(haystack):
        yield from (found.document for found in extract(paths))
    elif (folder := Path(haystack)).is_dir():
        yield from map(read_document, prose_files(folder))


def run_needles(
    spec: ModelSpec,
    options: ModelOptions,
    store: Store,
    prompts: Path,
    *,
    grid: Grid,
    as_of: date,
    max_usd: Decimal | None = None,
    with_likelihood: bool = True,
    ask_again: bool = False,
    kind: str = "needle",
    allow_cloud: Sequence[str] = (),
    local_only: Sequence[str] = (),
    opened: Model | None = None,
    say: Callable[[str], None] = lambda line: None,
    show: Show = show_nothing,
) -> dict[str, Any]:
    """Measure a grid on one model.

    Args:
        as_of: the date of the prices.
        max_usd: what this run may spend; None for no limit.
        with_likelihood: read the right answer too, where the model is a local one.
        ask_again: measure again where a reply came before that cannot be used, and pay again.
        kind: what the run is called: what aggregations find of lengths is kept apart from what
            needles do.
        local_only: patterns of documents that leave for no haystack.
        opened: the model, when it is open already (it is closed all the same).

    Returns:
        What ``eval needle --json`` prints: run, model, task, mean with its 95 % Wilson interval
        and n, the same by task, effective lengths, how many cells were reused, and every cell.

    Raises:
        SovereigntyError: the model is not on this machine and was not allowed by name.
        BudgetError: the next cell might cost more than is left; what was measured is stored.
        InputError: an unknown task, or a length that is not a prompt.
    """
    if spec.leaves_machine:
        _check_haystack(spec, grid.haystack, allow_cloud, local_only)
    if with_likelihood:  # both would not fit a card, and this is ours to tell
        options = replace(options, vllm="off: the right answer's likelihood is read too")
    model = opened or open_model(spec, options)
    cells_by_key = partial(reports.cells_by_key, store, unusable=not ask_again)
    concurrent = ConcurrentRequests(cells_by_key, StoreClaims(store), say)
    try:
        with (
            concurrent.asking(),
            recorded(
                store,
                kind=kind,
                model=spec.name,
                strategy=",".join(grid.tasks),
                revision=model.revision,
                parameters=asdict(grid)
                | {
                    "max_usd": None if max_usd is None else str(max_usd),
                    "likelihood": with_likelihood,
                    "allow_cloud": list(allow_cloud),
                },
            ) as run,
        ):
            budget = Budget(StoreJournal(store, run, max_usd=max_usd), max_usd)
            known = cells_by_key()
            read_before = reports.newest_scores(store, NAME) if with_likelihood else {}
            cells: list[dict[str, Any]] = []
            read: list[Score] = []
            reused = tokens = 0

            def afford(trial: Trial) -> None:
                worst = price(spec, worst_usage(spec, trial), as_of=as_of)
                usd = None if worst is None else worst.usd
                budget.reserve(trial.request.key, usd, f"cell {len(cells) + 1} of {grid.n_cells}")

            def claim(trial: Trial) -> Claim:
                if concurrent.claimed(trial.key) is None:
                    return "theirs"
                # Looked for only after the claim: who had it until now has stored the cell before.
                if not (stored := cells_by_key([trial.key])):
                    return "ours"
                known.update(stored)
                concurrent.released(trial.key)
                return "known"

            def wait(trial: Trial) -> None:
                known.update(concurrent.wait([trial.key]))

            for found in measure(
                spec,
                model,
                grid.trials(spec, model.revision, model.count, prompts),
                known=known.__contains__,
                afford=afford,
                claim=claim,
                wait=wait,
            ):
                if isinstance(found, Trial):
                    store.reuse_cells(run, [found.key])
                    row = known[found.key]
                    reused += 1
                else:
                    store.save_cell(run, found)
                    concurrent.released(found.key)
                    if found.usage is not None:
                        paid = price(spec, found.usage, as_of=as_of)
                        budget.settle(found.request.key, None if paid is None else paid.usd)
                    row = _as_row(found)
                cells.append(row)
                if with_likelihood and isinstance(model, LocalModel) and row["score"] is not None:
                    one = _likelihood(model, found, read_before)
                    store.save_scores(run, [one])
                    read.append(one)
                say(
                    f"cell {len(cells)} of {grid.n_cells}: {row['task']}, {row['target_tokens']} "
                    f"tokens, depth {row['depth_target']:g} %: {row['status']}, "
                    f"score {row['score']}"
                    + (" (measured before)" if isinstance(found, Trial) else "")
                )
                usage = None if isinstance(found, Trial) else found.usage
                tokens += 0 if usage is None else usage.prompt + usage.output
                show(
                    Progress(
                        "needles",
                        "cells",
                        done=len(cells),
                        total=grid.n_cells,
                        fresh=len(cells) - reused,
                        tokens=tokens,
                        usd=budget.held,
                        max_usd=max_usd,
                    )
                )
            figures = effective_figures(cells)
            likely = overall(read)
            if likely is not None:
                figures.append(figure(NAME, likely))
            store.save_scores(run, figures)
            store.update_run(run, describe=dict(model.describe()))
    finally:
        model.close()
    whole = _share(cells)
    return {
        "run": run,
        "model": spec.name,
        "task": ",".join(grid.tasks),
        "n": whole.n,
        "mean": whole.mean,
        "interval": (whole.low, whole.high),
        "tasks": {
            task: _share([c for c in cells if c["task"] == task])._asdict() for task in grid.tasks
        },
        "likelihood": None if likely is None else likely._asdict(),
        "effective": {f.name.removeprefix(_EFFECTIVE): told_of(f) for f in figures if _whole(f)},
        "usd": str(budget.held),
        "reused": reused,
        "cells": cells,
    }


def effective_figures(cells: Sequence[Mapping[str, Any]]) -> list[Score]:
    """The three effective lengths in tokens, over all tasks (item "") and by task.

    A cell that failed says something of the server, not of the length, and is left out. The
    detail says which lengths were tried, and the first of them that did worse: one without it may
    be longer still.
    """
    measured = [c for c in cells if c["score"] is not None and c["status"] != "error"]
    found = []
    for item in ("", *dict.fromkeys(c["task"] for c in measured)):
        scores = [
            (c["target_tokens"], c["depth_target"], c["score"])
            for c in measured
            if item in ("", c["task"])
        ]
        if not scores:
            continue
        lengths, bands = effective_lengths(scores), effective_bands(scores, seed=0)
        tried = sorted({length for length, _, _ in scores})
        for name in EffectiveLengths._fields:
            value, (low, high) = getattr(lengths, name), bands[name]
            found.append(
                Score(
                    f"{_EFFECTIVE}{name}",
                    item,
                    None if value is None else float(value),
                    float(low),
                    float(high),
                    n=len(scores),
                    detail={"lengths": tried, "below": next_longer(tried, value)},
                )
            )
    return found


def _whole(score: Score) -> bool:
    return score.name.startswith(_EFFECTIVE) and not score.item


def told_of(score: Score) -> dict[str, Any]:
    """An effective length with what is known of it (:func:`known_of_length`), and its n."""
    tried = score.detail["lengths"]
    return known_of_length(score.value, score.low, score.high, tried) | {"n": score.n}


def _likelihood(
    model: LocalModel, found: Cell | Trial, before: Mapping[str, Mapping[str, Any]]
) -> Score:
    """Of a cell measured now or before; read again only where it was never read."""
    if (row := before.get(found.key)) is not None:
        return Score(NAME, found.key, row["value"], n=row["n"], detail=row["detail"])
    losses = answer_losses(model.engine(), found.request, found.answer)
    return likelihood(found.key, losses)


def _share(cells: Sequence[Mapping[str, Any]]) -> Interval:
    return share([float(c["score"] or 0) for c in cells if c["status"] != "skipped"])


def _as_row(cell: Cell) -> dict[str, Any]:
    row = asdict(cell)
    for name in ("request", "usage"):
        row.pop(name)
    return row
