"""The evals as Prefect flows. No logic here; the docstrings are what Prefect's forms show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from prefect import flow

from evals.benchmark.benchmark_job import benchmark
from evals.benchmark.benchmark_values import measured
from evals.eval_options import (
    BenchmarkOptions,
    CanaryOptions,
    GridOptions,
    MergingOptions,
    NeedleOptions,
    RoundTripOptions,
    aggregation_grid,
    needle_grid,
)
from evals.grids.grids import PROFILES, Grid
from evals.grids.needle_run import Kind, run_needles
from evals.tasks.canary_run import run_canaries
from evals.tasks.eval_results import hold_all
from evals.tasks.merging_run import run_merging
from evals.tasks.roundtrip_run import merge_of_a_round, run_round_trips
from pipeline.amounts import counted
from pipeline.config.options import EvalOptions, MergeOptions
from pipeline.flows import artifacts, run_states
from pipeline.flows import parameters as p
from pipeline.flows.concurrency import turn
from pipeline.flows.run_states import named
from pipeline.flows.tasks import as_task, open_runtime
from pipeline.flows.telling import telling
from pipeline.models import ModelSpec
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.run.sovereignty import copies_of
from pipeline.runtime import Runtime, now


@flow(name="needles", flow_run_name=named("needles in {model}"), persist_result=False)
@p.parameters
def needles(chosen: NeedleOptions, where: p.Where, model: p.Name = DEFAULT_LOCAL) -> dict[str, Any]:
    """Needle-in-a-haystack grid; cells measured before are not measured again.

    Args:
        model: As `storytransformer models` lists them.
    """

    def measure() -> dict[str, Any]:
        runtime = open_runtime(where.db, where.allow_egress)
        return _grid_of(runtime, "needle", model, lambda spec: needle_grid(chosen), chosen)

    return run_states.ended(measure, _found)


@flow(name="aggregations", flow_run_name=named("aggregations in {model}"), persist_result=False)
@p.parameters
def aggregations(
    paths: p.Documents, chosen: GridOptions, where: p.Where, model: p.Name = DEFAULT_LOCAL
) -> dict[str, Any]:
    """Questions that only several stories together answer, among the stories of documents.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: As `storytransformer models` lists them.
    """

    def measure() -> dict[str, Any]:
        runtime = open_runtime(where.db, where.allow_egress)
        return _grid_of(
            runtime,
            "aggregation",
            model,
            lambda spec: aggregation_grid(spec.window, paths, chosen),
            chosen,
        )

    return run_states.ended(measure, _found)


def _grid_of(
    runtime: Runtime,
    kind: Kind,
    model: str,
    grid: Callable[[ModelSpec], Grid],
    chosen: GridOptions,
) -> dict[str, Any]:
    """Measure a grid in the model's turn, and leave its heat map."""
    told, spec = telling(), runtime.find(model)
    with runtime.store() as store, turn(spec, told):
        result: dict[str, Any] = as_task(
            f"{kind} grid",
            lambda: run_needles(
                spec,
                runtime.options(spec),
                store,
                runtime.settings.prompts,
                grid=grid(spec),
                kind=kind,
                as_of=now().date(),
                max_usd=chosen.max_cost,
                with_likelihood=chosen.likelihood,
                ask_again=chosen.ask_again,
                allow_cloud=chosen.allow_cloud,
                local_only=runtime.settings.local_only,
                say=told,
                show=told.show,
            ),
        )
    artifacts.heatmap(f"{kind}s", f"{kind.capitalize()}s found by {model}", result["cells"])
    return result


def _found(result: dict[str, Any]) -> str:
    low, high = result["interval"]
    return (
        f"{result['mean']:.0%} of {result['n']} found (95 % interval {low:.0%} to "
        f"{high:.0%}); {counted(result['reused'], 'cell')} measured before."
    )


@flow(name="benchmark", flow_run_name=named("benchmark of {model}"), persist_result=False)
@p.parameters
def benchmark_model(
    paths: p.Documents,
    chosen: BenchmarkOptions,
    where: p.Where,
    model: p.Name = DEFAULT_LOCAL,
) -> dict[str, Any]:
    """A local model on this machine: doctor, kernels, memory, exam, merge, needles, aggregation,
    training; every estimate beside its actual. Run it again to go on.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: As `storytransformer models` lists them; one that runs here.
    """

    def measure() -> dict[str, Any]:
        runtime, told = open_runtime(where.db, where.allow_egress), telling()
        asked = measured(paths, model, chosen)
        with runtime.store() as store, turn(runtime.find(model), told):
            result = benchmark(runtime, store, asked, hours=chosen.hours, say=told, step=as_task)
        artifacts.report(result["out"]["markdown"])
        return result

    return run_states.ended(measure, lambda r: f"{_steps(r)}; the report: {r['out']['markdown']}.")


def _steps(result: dict[str, Any]) -> str:
    states = [row["state"] for row in result["steps"]]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))


@flow(name="canaries", flow_run_name="canaries", persist_result=False)
@p.parameters
def canaries(paths: p.Documents, chosen: CanaryOptions, where: p.Where) -> dict[str, Any]:
    """Canary stories planted in a copy of the documents and looked for in the merged one.

    Args:
        paths: Files, folders or globs, as the worker sees them.
    """

    def look() -> dict[str, Any]:
        runtime, told = open_runtime(where.db, where.allow_egress), telling()
        with runtime.store() as store:
            result: dict[str, Any] = as_task(
                "canaries",
                lambda: run_canaries(
                    paths,
                    lambda copies, out: runtime.merge_job(
                        copies,
                        EXTRACTIVE,
                        MergeOptions(out=str(out)),
                        store=store,
                        say=told,
                        show=told.show,
                    ),
                    store,
                    n=chosen.n,
                    depths=chosen.depths,
                    seed=chosen.seed,
                    say=told,
                ),
            )
        artifacts.counts("canaries", "Places of canaries lost", result["lost"])
        return result

    return run_states.ended(look, _sighted)


def _sighted(result: dict[str, Any]) -> str:
    whole = result["n"] - sum(result["lost"].values())
    return f"{whole} of {result['n']} places came through whole."


@flow(name="mergings", flow_run_name="merge quality", persist_result=False)
@p.parameters
def mergings(
    paths: p.Documents, chosen: MergingOptions, where: p.Where, model: p.Name = EXTRACTIVE
) -> dict[str, Any]:
    """Merge quality against a truth, or against copies planted among the stories.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: Who is asked about pairs; as `storytransformer models` lists them.
    """

    def judge() -> dict[str, Any]:
        runtime, told = open_runtime(where.db, where.allow_egress), telling()
        asked = model if chosen.propose else EXTRACTIVE
        spec = runtime.find(asked)
        with runtime.store() as store, turn(spec, told):
            result: dict[str, Any] = as_task(
                "merge quality",
                lambda: run_merging(
                    paths,
                    spec,
                    lambda laid, out, ask: runtime.merge_job(
                        laid,
                        asked if ask else EXTRACTIVE,
                        MergeOptions(
                            out=str(out),
                            allow_cloud=tuple(copies_of(chosen.allow_cloud)),
                            propose=ask,
                            pairs=chosen.pairs,
                        ),
                        store=store,
                    ),
                    store,
                    truth=None if chosen.truth is None else Path(chosen.truth),
                    propose=chosen.propose,
                    most=chosen.most,
                    again=chosen.again,
                    max_usd=chosen.max_cost,
                    allow_cloud=chosen.allow_cloud,
                    local_only=runtime.settings.local_only,
                    say=told,
                ),
            )
        return result

    return run_states.ended(judge, _measured)


def _measured(result: dict[str, Any]) -> str:
    return f"measured; `storytransformer eval show {result['run']}` shows it."


@flow(name="round-trips", flow_run_name=named("round trips with {model}"), persist_result=False)
@p.parameters
def round_trips(
    paths: p.Documents, chosen: RoundTripOptions, where: p.Where, model: p.Name = EXTRACTIVE
) -> dict[str, Any]:
    """Documents cut, the parts merged and read again, round after round: what is left of them.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: As `storytransformer models` lists them.
    """

    def measure() -> dict[str, Any]:
        runtime, told = open_runtime(where.db, where.allow_egress), telling()
        spec = runtime.find(model)
        with runtime.store() as store, turn(spec, told):
            result: dict[str, Any] = as_task(
                "round trips",
                lambda: run_round_trips(
                    paths,
                    lambda read, out: runtime.merge_job(
                        read, model, merge_of_a_round(chosen, str(out)), store=store
                    ),
                    store,
                    by=chosen.by,
                    parts=chosen.parts,
                    rounds=chosen.rounds,
                    seed=chosen.seed,
                    max_usd=chosen.max_cost,
                    allow_cloud=chosen.allow_cloud,
                    say=told,
                ),
            )
        return result

    return run_states.ended(measure, _kept)


def _kept(result: dict[str, Any]) -> str:
    kept, rounds = result["scores"]["kept"], len(result["rounds"]) - 1
    return (
        f"after {counted(rounds, 'round')} {kept['mean']:.1%} of {kept['n']} sentences are kept "
        "(95 % "
        f"interval {kept['low']:.1%} to {kept['high']:.1%}); "
        f"`storytransformer eval show {result['run']}` shows it."
    )


@flow(name="nightly-evals", flow_run_name=named("nightly evals of {model}"), persist_result=False)
@p.parameters
def nightly_evals(
    paths: p.Documents,
    spending: EvalOptions,
    where: p.Where,
    truth: Annotated[str | None, p.titled("Truth")] = None,
    model: p.Name = DEFAULT_LOCAL,
    profile: Annotated[str | None, p.titled("Needle grid", choice=[*PROFILES])] = "nightly",
    gates: Annotated[dict[str, dict[str, list[str]]] | None, p.titled("Gates")] = None,
    report: Annotated[str | None, p.titled("Report")] = None,
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
    """

    def measure() -> dict[str, Any]:
        runtime, here = open_runtime(where.db, where.allow_egress), where.given()
        common = here | spending.given() | {"model": model}
        runs = {
            "canaries": canaries(paths, **here)["run"],
            "mergings": mergings(paths, truth=truth, **here)["run"],
        }
        if profile is not None:
            runs["needles"] = needles(profile=profile, **common)["run"]
        if report is not None:
            as_task("report", _write, runtime, Path(report), list(runs.values()))
            artifacts.report(report)
        with runtime.store() as store:
            as_task("gates", hold_all, store, runs, gates or {})
        return runs

    return run_states.ended(measure, lambda runs: f"measured {', '.join(runs)}; every gate is met.")


def _write(runtime: Runtime, file: Path, runs: Sequence[str]) -> None:
    """A report of these runs."""
    from evals.dashboard.report_page import write_report
    from evals.dashboard.serve import drawn_from

    settings = runtime.settings
    opened = drawn_from(settings.database, runtime.store, models_toml=settings.models_toml)
    with opened as served:
        write_report(served, file, runs, now=now())
