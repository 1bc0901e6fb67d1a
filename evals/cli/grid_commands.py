"""The ``eval`` commands that measure a grid of prompts by length and depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evals.cli import eval_screen
from evals.eval_options import GridOptions, NeedleOptions, aggregation_grid, needle_grid
from pipeline.cli.command_options import DryRun, Here, Model, PathsOrNone, Prefect, command
from pipeline.config.processes import away_from_documents
from pipeline.console import Telling, emit
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.runtime import Runtime, now

if TYPE_CHECKING:
    from evals.grids.grids import Grid
    from evals.grids.needle_run import Kind
    from pipeline.models import ModelSpec

#: Whose stories an aggregation is asked over when nobody names any.
SAMPLE = "data/sample"


@command
def needle(
    chosen: NeedleOptions,
    here: Here,
    model: Model = DEFAULT_LOCAL,
    dry_run: DryRun = False,
    prefect: Prefect = False,
) -> None:
    """Needle in a haystack: what a model finds, by length and depth."""
    grid = needle_grid(chosen)
    runtime = here.runtime()
    spec = runtime.find(model)
    if dry_run:
        result = _priced(runtime, spec, grid, chosen, here.line)
    elif prefect:
        where = here.for_a_flow()
        with away_from_documents():
            from evals.eval_flows import needles
            from pipeline.flows.tasks import call

        result = call(needles, {"eval", spec.provider.name}, model=model, **chosen.given(), **where)
    else:
        result = _measured(runtime, spec, grid, "needle", chosen, here.line)
    _show(result, dry_run, here)


@command
def aggregation(
    chosen: GridOptions,
    here: Here,
    paths: PathsOrNone = None,
    model: Model = DEFAULT_LOCAL,
    dry_run: DryRun = False,
    prefect: Prefect = False,
) -> None:
    """What only several stories together tell, among your stories: counts, last versions,
    contradictions, differences; by length and depth."""
    runtime = here.runtime()
    spec = runtime.find(model)
    documents = paths or [SAMPLE]
    grid = aggregation_grid(spec.window, documents, chosen)
    if dry_run:
        result = _priced(runtime, spec, grid, chosen, here.line)
    elif prefect:
        where = here.for_a_flow()
        with away_from_documents():
            from evals.eval_flows import aggregations
            from pipeline.flows.tasks import call

        result = call(
            aggregations,
            {"eval", spec.provider.name},
            paths=documents,
            model=model,
            **chosen.given(),
            **where,
        )
    else:
        result = _measured(runtime, spec, grid, "aggregation", chosen, here.line)
    _show(result, dry_run, here)


def _priced(
    runtime: Runtime, spec: ModelSpec, grid: Grid, chosen: GridOptions, line: Telling
) -> dict[str, Any]:
    from evals.grids.needle_price import price_needles
    from pipeline.store.reading.reports import cells_by_key

    store = runtime.store_if_possible(line)
    return price_needles(
        spec,
        runtime.settings.cache,
        runtime.settings.prompts,
        grid=grid,
        hardware=runtime.hardware(),
        as_of=now().date(),
        known=(cells_by_key(store, unusable=not chosen.ask_again) if store else {}).__contains__,
    )


def _measured(
    runtime: Runtime, spec: ModelSpec, grid: Grid, kind: Kind, chosen: GridOptions, line: Telling
) -> dict[str, Any]:
    from evals.grids.needle_run import run_needles

    with runtime.store() as store:
        return run_needles(
            spec,
            runtime.options(spec),
            store,
            runtime.settings.prompts,
            grid=grid,
            kind=kind,
            as_of=now().date(),
            max_usd=chosen.max_cost,
            with_likelihood=chosen.likelihood,
            ask_again=chosen.ask_again,
            allow_cloud=chosen.allow_cloud,
            local_only=runtime.settings.local_only,
            say=line,
            show=line.show,
        )


def _show(result: Mapping[str, Any], priced: bool, here: Here) -> None:
    if here.json:
        emit(result)
    elif priced:
        eval_screen.needle_price(result)
        eval_screen.show_next(result, here.db, here.config)
    else:
        eval_screen.needle_summary(result)
        eval_screen.show_next(result, here.db, here.config)
