"""The ``eval`` commands that measure a grid of prompts by length and depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals import screen
from pipeline.console import Telling, emit, say
from pipeline.edge import Edge, now, parse_usd
from pipeline.errors import InputError
from pipeline.options import (
    AllowCloud,
    AsJson,
    Config,
    Db,
    Debug,
    MaxCost,
    Model,
    PathsOrNone,
    Prefect,
    Quiet,
    for_a_flow,
)
from pipeline.settings import away_from_documents

if TYPE_CHECKING:
    from evals.grids import Grid
    from evals.needle_run import Kind
    from pipeline.catalog import ModelSpec

#: Whose stories an aggregation is asked over when nobody names any.
SAMPLE = "data/sample"

Lengths = Annotated[
    str | None, typer.Option(help="Prompt tokens, comma separated [512,1024,2048].")
]
ToTheWindow = Annotated[
    str | None,
    typer.Option(help="Prompt tokens, comma separated [from 1024 to the window, each twice]."),
]
Depths = Annotated[str | None, typer.Option(help="Percent, comma separated [0,50,100].")]
Seeds = Annotated[int | None, typer.Option(help="Haystacks a cell [1].")]
Style = Annotated[str | None, typer.Option(help="chat, plain, prefix or raw [chat].")]
Likelihood = Annotated[bool, typer.Option(help="Read the right answer too (local models).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Price the grid, ask nothing.")]


def needle(
    model: Model = "local/smollm2-135m",
    profile: Annotated[str | None, typer.Option(help="A named grid: ci, nightly, gpu.")] = None,
    lengths: Lengths = None,
    depths: Depths = None,
    seeds: Seeds = None,
    task: Annotated[
        str | None, typer.Option(help="Which needles, comma separated [single].")
    ] = None,
    style: Style = None,
    haystack: Annotated[
        str | None,
        typer.Option(help="stories, noise, stories:PATHS, or a folder of prose [stories]."),
    ] = None,
    likelihood: Likelihood = True,
    dry_run: DryRun = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Needle in a haystack: what a model finds, by length and depth."""
    from evals.grids import find_grid

    grid = find_grid(
        profile,
        tasks=names(task),
        lengths=integers(lengths, "--lengths"),
        depths=integers(depths, "--depths"),
        seeds=seeds,
        style=style,
        haystack=haystack,
    )
    edge, line = Edge.read(db, config=config), say(quiet)
    spec = edge.find(model)
    if dry_run:
        result = _priced(edge, spec, grid, line)
    elif prefect:
        for_a_flow(config)
        with away_from_documents():
            from evals.flows import needles
            from pipeline.orchestration.steps import call

        result = call(
            needles,
            {"eval", spec.provider},
            model=model,
            **_asked(grid),
            haystack=grid.haystack,
            likelihood=likelihood,
            max_cost=parse_usd(max_cost, where="--max-cost"),
            allow_cloud=allow_cloud or (),
            db=db,
        )
    else:
        result = _measured(edge, spec, grid, "needle", line, likelihood, max_cost, allow_cloud)
    _show(result, dry_run, json, db, config)


def aggregation(
    paths: PathsOrNone = None,
    model: Model = "local/smollm2-135m",
    lengths: ToTheWindow = None,
    depths: Depths = None,
    seeds: Seeds = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="count, version, contradiction, difference, same-but-one, comma separated [all]."
        ),
    ] = None,
    style: Style = None,
    likelihood: Likelihood = True,
    dry_run: DryRun = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What only several stories together tell, among your stories: counts, last versions,
    contradictions, differences; by length and depth."""
    from evals.grids import aggregation_grid

    edge, line = Edge.read(db, config=config), say(quiet)
    spec = edge.find(model)
    documents = paths or [SAMPLE]
    grid = aggregation_grid(
        spec.window,
        documents,
        tasks=names(task),
        lengths=integers(lengths, "--lengths"),
        depths=integers(depths, "--depths"),
        seeds=seeds,
        style=style,
    )
    if dry_run:
        result = _priced(edge, spec, grid, line)
    elif prefect:
        for_a_flow(config)
        with away_from_documents():
            from evals.flows import aggregations
            from pipeline.orchestration.steps import call

        result = call(
            aggregations,
            {"eval", spec.provider},
            paths=documents,
            model=model,
            **_asked(grid),
            likelihood=likelihood,
            max_cost=parse_usd(max_cost, where="--max-cost"),
            allow_cloud=allow_cloud or (),
            db=db,
        )
    else:
        result = _measured(edge, spec, grid, "aggregation", line, likelihood, max_cost, allow_cloud)
    _show(result, dry_run, json, db, config)


def _asked(grid: Grid) -> dict[str, Any]:
    """What a flow is given of a grid."""
    return {
        "tasks": list(grid.tasks),
        "lengths": list(grid.lengths),
        "depths": list(grid.depths),
        "seeds": grid.seeds,
        "style": grid.style,
    }


def _priced(edge: Edge, spec: ModelSpec, grid: Grid, line: Telling) -> dict[str, Any]:
    from evals.needle_price import price_needles
    from pipeline.store.reports import cells_by_key

    store = edge.store_if_possible(line)
    return price_needles(
        spec,
        edge.settings.cache,
        edge.settings.prompts,
        grid=grid,
        hardware=edge.hardware(),
        as_of=now().date(),
        known=(cells_by_key(store) if store else {}).__contains__,
    )


def _measured(
    edge: Edge,
    spec: ModelSpec,
    grid: Grid,
    kind: Kind,
    line: Telling,
    likelihood: bool,
    max_cost: str | None,
    allow_cloud: list[str] | None,
) -> dict[str, Any]:
    from evals.needle_run import run_needles

    with edge.store() as store:
        return run_needles(
            spec,
            edge.options(spec),
            store,
            edge.settings.prompts,
            grid=grid,
            kind=kind,
            as_of=now().date(),
            max_usd=parse_usd(max_cost, where="--max-cost"),
            with_likelihood=likelihood,
            allow_cloud=allow_cloud or (),
            say=line,
            show=line.show,
        )


def _show(
    result: Mapping[str, Any], priced: bool, json: bool, db: str | None, config: str | None
) -> None:
    if json:
        emit(result)
    elif priced:
        screen.needle_price(result)
    else:
        screen.needle_summary(result)
        screen.show_next(result, db, config)


def names(text: str | None) -> list[str] | None:
    """The parts of a list with commas; None of nothing."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def integers(text: str | None, where: str) -> list[int] | None:
    """The whole numbers of a list with commas; None of nothing.

    Raises:
        InputError: one of them is none.
    """
    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError as exc:
        raise InputError(
            f"{text!r} is no list of whole numbers.", where=where, next="Write it as 512,1024,2048."
        ) from exc
