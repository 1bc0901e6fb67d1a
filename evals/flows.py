"""The evals as Prefect flows. No logic here; the docstrings are what Prefect's forms show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger
from pydantic import Field

from evals.canary_run import run_canaries
from evals.gates import hold_all
from evals.grids import PROFILES, Grid, aggregation_grid, find_grid
from evals.merging_run import run_merging
from evals.needle_run import Kind, run_needles
from pipeline.catalog import ModelSpec
from pipeline.edge import Edge, now
from pipeline.merge.sovereignty import copies_of
from pipeline.orchestration import artifacts, endings
from pipeline.orchestration import parameters as p
from pipeline.orchestration.parameters import named
from pipeline.orchestration.slots import turn
from pipeline.orchestration.steps import as_task, open_edge

#: The model of a merge that asks none.
WITHOUT_MODEL = "extractive"

Percent = Annotated[float, Field(ge=0, le=100)]


@flow(name="needles", flow_run_name=named("needles in {model}"), persist_result=False)
def needles(
    model: p.Name = "local/smollm2-135m",
    profile: Annotated[str | None, p.titled("Grid", choice=[*PROFILES])] = None,
    tasks: Annotated[Sequence[str] | None, p.titled("Tasks")] = None,
    lengths: Annotated[Sequence[int] | None, p.titled("Prompt lengths in tokens")] = None,
    depths: Annotated[Sequence[Percent] | None, p.titled("Depths in percent")] = None,
    seeds: Annotated[int | None, p.titled("Haystacks a cell", ge=1)] = None,
    style: Annotated[str | None, p.titled("Dress of the prompt")] = None,
    haystack: Annotated[str | None, p.titled("Haystack")] = None,
    likelihood: Annotated[bool, p.titled("Read the right answer too")] = True,
    max_cost: p.Budget = None,
    allow_cloud: p.AllowCloud = (),
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Needle-in-a-haystack grid; cells measured before are not measured again.

    Args:
        model: As `storytransformer models` lists them.
        profile: A named grid; what else is given replaces its values.
        tasks: Which needles; single if empty.
        lengths: Of the whole prompt, template included.
        depths: Where the needle stands.
        seeds: How often each cell is drawn.
        style: How the prompt is dressed; chat if empty.
        haystack: Stories, noise, or a folder of prose.
        likelihood: How likely the right answer was to the model; local models only.
        max_cost: What the run may spend; without a limit if empty.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """

    def grid(spec: ModelSpec) -> Grid:
        return find_grid(
            profile,
            tasks=tasks,
            lengths=lengths,
            depths=depths,
            seeds=seeds,
            style=style,
            haystack=haystack,
        )

    def measure() -> dict[str, Any]:
        edge = open_edge(db, allow_egress)
        return _grid_of(edge, "needle", model, grid, likelihood, max_cost, allow_cloud)

    return endings.ended(measure, _found)


@flow(name="aggregations", flow_run_name=named("aggregations in {model}"), persist_result=False)
def aggregations(
    paths: p.Documents,
    model: p.Name = "local/smollm2-135m",
    tasks: Annotated[Sequence[str] | None, p.titled("Tasks")] = None,
    lengths: Annotated[Sequence[int] | None, p.titled("Prompt lengths in tokens")] = None,
    depths: Annotated[Sequence[Percent] | None, p.titled("Depths in percent")] = None,
    seeds: Annotated[int | None, p.titled("Haystacks a cell", ge=1)] = None,
    style: Annotated[str | None, p.titled("Dress of the prompt")] = None,
    likelihood: Annotated[bool, p.titled("Read the right answer too")] = True,
    max_cost: p.Budget = None,
    allow_cloud: p.AllowCloud = (),
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Questions that only several stories together answer, among the stories of documents.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: As `storytransformer models` lists them.
        tasks: Counts, last versions, contradictions, differences; all of them if empty.
        lengths: Of the whole prompt; from 1,024 tokens to the model's window if empty.
        depths: Where the first of the stories asked about stands.
        seeds: How often each cell is drawn.
        style: How the prompt is dressed; chat if empty.
        likelihood: How likely the right answer was to the model; local models only.
        max_cost: What the run may spend; without a limit if empty.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """

    def grid(spec: ModelSpec) -> Grid:
        return aggregation_grid(
            spec.window,
            paths,
            tasks=tasks,
            lengths=lengths,
            depths=depths,
            seeds=seeds,
            style=style,
        )

    def measure() -> dict[str, Any]:
        edge = open_edge(db, allow_egress)
        return _grid_of(edge, "aggregation", model, grid, likelihood, max_cost, allow_cloud)

    return endings.ended(measure, _found)


def _grid_of(
    edge: Edge,
    kind: Kind,
    model: str,
    grid: Callable[[ModelSpec], Grid],
    likelihood: bool,
    max_cost: Decimal | None,
    allow_cloud: Sequence[str],
) -> dict[str, Any]:
    """Measure a grid in the model's turn, and leave its heat map."""
    logger, spec = get_run_logger(), edge.find(model)
    with edge.store() as store, turn(spec, logger.info):
        result: dict[str, Any] = as_task(
            f"{kind} grid",
            lambda: run_needles(
                spec,
                edge.options(spec),
                store,
                edge.settings.prompts,
                grid=grid(spec),
                kind=kind,
                as_of=now().date(),
                max_usd=max_cost,
                with_likelihood=likelihood,
                allow_cloud=allow_cloud,
                say=logger.info,
            ),
        )
    artifacts.heatmap(f"{kind}s", f"{kind.capitalize()}s found by {model}", result["cells"])
    return result


def _found(result: dict[str, Any]) -> str:
    low, high = result["interval"]
    return (
        f"{result['mean']:.0%} of {result['n']} found (95 % interval {low:.0%} to "
        f"{high:.0%}); {result['reused']} cells measured before."
    )


@flow(name="canaries", flow_run_name="canaries", persist_result=False)
def canaries(
    paths: p.Documents,
    n: Annotated[int, p.titled("Canaries", ge=1)] = 24,
    depths: Annotated[Sequence[Percent] | None, p.titled("Depths in percent")] = None,
    seed: Annotated[int, p.titled("Seed")] = 0,
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Canary stories planted in a copy of the documents and looked for in the merged one.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        n: Every second one has a twin with another benefit.
        depths: Where they stand in their documents.
        seed: Draws the canaries and their places.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """

    def look() -> dict[str, Any]:
        edge, logger = open_edge(db, allow_egress), get_run_logger()
        with edge.store() as store:
            result: dict[str, Any] = as_task(
                "canaries",
                lambda: run_canaries(
                    paths,
                    lambda copies, out: edge.merge_job(
                        copies, WITHOUT_MODEL, store=store, out=str(out), say=logger.info
                    ),
                    store,
                    n=n,
                    depths=depths or [0, 50, 100],
                    seed=seed,
                    say=logger.info,
                ),
            )
        artifacts.counts("canaries", "Places of canaries lost", result["lost"])
        return result

    return endings.ended(look, _sighted)


def _sighted(result: dict[str, Any]) -> str:
    whole = result["n"] - sum(result["lost"].values())
    return f"{whole} of {result['n']} places came through whole."


@flow(name="mergings", flow_run_name="merge quality", persist_result=False)
def mergings(
    paths: p.Documents,
    truth: Annotated[str | None, p.titled("Truth")] = None,
    model: p.Name = WITHOUT_MODEL,
    propose: p.Propose = False,
    pairs: p.MostPairs = None,
    most: Annotated[int, p.titled("Stories to plant copies of", ge=1)] = 200,
    again: Annotated[bool, p.titled("Merge in other orders, too")] = True,
    max_cost: p.Budget = None,
    allow_cloud: p.AllowCloud = (),
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Merge quality against a truth, or against copies planted among the stories.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        truth: A truth file of these documents; without one copies are planted.
        model: Who is asked about pairs; as `storytransformer models` lists them.
        propose: Ask the model, and tell what its answers are worth.
        pairs: The most promising first.
        most: At most.
        again: Shuffled and in other parts.
        max_cost: What the run may spend; without a limit if empty.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """

    def judge() -> dict[str, Any]:
        edge, logger = open_edge(db, allow_egress), get_run_logger()
        asked = model if propose else WITHOUT_MODEL
        spec = edge.find(asked)
        with edge.store() as store, turn(spec, logger.info):
            result: dict[str, Any] = as_task(
                "merge quality",
                lambda: run_merging(
                    paths,
                    spec,
                    lambda laid, out, ask: edge.merge_job(
                        laid,
                        asked if ask else WITHOUT_MODEL,
                        store=store,
                        out=str(out),
                        allow_cloud=copies_of(allow_cloud),
                        propose=ask,
                        pairs=pairs,
                    ),
                    store,
                    truth=None if truth is None else Path(truth),
                    propose=propose,
                    most=most,
                    again=again,
                    max_usd=max_cost,
                    allow_cloud=allow_cloud,
                    local_only=edge.settings.local_only,
                    say=logger.info,
                ),
            )
        return result

    return endings.ended(judge, _measured)


def _measured(result: dict[str, Any]) -> str:
    return f"measured; `storytransformer eval show {result['run']}` shows it."


@flow(name="nightly-evals", flow_run_name=named("nightly evals of {model}"), persist_result=False)
def nightly_evals(
    paths: p.Documents,
    truth: Annotated[str | None, p.titled("Truth")] = None,
    model: p.Name = "local/smollm2-135m",
    profile: Annotated[str | None, p.titled("Needle grid", choice=[*PROFILES])] = "nightly",
    gates: Annotated[dict[str, dict[str, list[str]]] | None, p.titled("Gates")] = None,
    report: Annotated[str | None, p.titled("Report")] = None,
    max_cost: p.Budget = None,
    allow_cloud: p.AllowCloud = (),
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Canaries and merge quality on documents, needles on the model, then the gates.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        truth: A truth file of these documents; without one copies are planted.
        model: As `storytransformer models` lists them.
        profile: None for no needles.
        gates: For canaries, mergings or needles the bounds "min" and "max", each as
            NAME=BOUND; one that is not met fails this run when everything is measured.
        report: An HTML file with all their figures, written also where a gate is not met.
        max_cost: What any one of them may spend; without a limit if empty.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """

    def measure() -> dict[str, Any]:
        edge = open_edge(db, allow_egress)
        here: dict[str, Any] = {"db": db, "allow_egress": allow_egress}
        common = here | {"model": model, "allow_cloud": allow_cloud, "max_cost": max_cost}
        runs = {
            "canaries": canaries(paths, **here)["run"],
            "mergings": mergings(paths, truth=truth, **here)["run"],
        }
        if profile is not None:
            runs["needles"] = needles(profile=profile, **common)["run"]
        if report is not None:
            as_task("report", _write, edge, Path(report), list(runs.values()))
            artifacts.report(report)
        with edge.store() as store:
            as_task("gates", hold_all, store, runs, gates or {})
        return runs

    return endings.ended(measure, lambda runs: f"measured {', '.join(runs)}; every gate is met.")


def _write(edge: Edge, file: Path, runs: Sequence[str]) -> None:
    """A report of these runs."""
    from evals.dashboard.report import write_report
    from evals.dashboard.serve import drawn_from

    settings = edge.settings
    opened = drawn_from(settings.database, edge.store, models_toml=settings.models_toml)
    with opened as served:
        write_report(served, file, runs, now=now())
