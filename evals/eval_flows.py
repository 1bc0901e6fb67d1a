"""The evals as Prefect flows: one for each that is declared with a deployment, the benchmark, and
the evals of a night. No logic here; the docstrings are what Prefect's forms show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from prefect import Flow, flow

from evals.benchmark.benchmark_job import benchmark
from evals.benchmark.benchmark_options import BenchmarkOptions
from evals.benchmark.benchmark_values import measured
from evals.declared import Argument, Asked, Deployment, Eval, Result, taking
from evals.eval_registry import evals_by_name
from evals.eval_results import hold_all
from evals.grids.grids import PROFILES
from pipeline.config.options import EvalOptions
from pipeline.flows import artifacts, run_states
from pipeline.flows import parameters as p
from pipeline.flows.concurrency import turn
from pipeline.flows.run_states import named
from pipeline.flows.tasks import as_task, open_runtime
from pipeline.flows.telling import telling
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.runtime import Runtime, now


def flow_of(task: Eval, deployed: Deployment) -> Flow[..., Any]:
    """The flow of an eval: measured in its model's turn, with a picture of what was found."""

    def measure(chosen: Any, where: p.Where, model: str = "", **given: Any) -> Result:
        def run() -> Result:
            runtime, told = open_runtime(where.db, where.allow_egress), telling()
            asked = Asked(
                task=task,
                runtime=runtime,
                given=given,
                chosen=chosen,
                model=model,
                say=told,
                show=told.show,
            )
            with asked, turn(runtime.find(model or EXTRACTIVE), told):
                result: Result = as_task(task.name, task.run, asked)
            if (drawn := deployed.artifact) is not None:
                draw = getattr(artifacts, drawn.kind)
                draw(deployed.name, drawn.title.format(**result), result[drawn.of])
            return result

        return run_states.ended(run, task.told)

    measure.__name__ = measure.__qualname__ = deployed.function
    about = [(one.name, f"{one.help[:-1]}, as the worker sees them.") for one in task.arguments]
    taken = [_argument(one) for one in task.arguments]
    if task.model:
        about.append(("model", "As `storytransformer models` lists them."))
        taken.append(("model", p.Name, task.model))
    measure.__doc__ = "\n".join(
        [task.help, "", "Args:", *(f"    {name}: {what}" for name, what in about)]
    )
    taken += [("chosen", task.options, ...), ("where", p.Where, ...)]
    made = p.parameters(taking(measure, taken))
    return flow(name=deployed.name, flow_run_name=named(deployed.run), persist_result=False)(made)


def _argument(one: Argument) -> tuple[str, Any, Any]:
    taken: Any = list[str] if one.several else str
    if one.needed:
        return one.name, Annotated[taken, p.titled(one.title, min_length=1)], ...
    return one.name, Annotated[taken | None, p.titled(one.title)], None


#: By the names of the evals.
FLOWS: Mapping[str, Flow[..., Any]] = {
    task.name: flow_of(task, task.deployment)
    for task in evals_by_name().values()
    if task.deployment is not None
}
# Where prefect.yaml looks for them.
globals().update({one.fn.__name__: one for one in FLOWS.values()})


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
            "canaries": FLOWS["canary"](paths, **here)["run"],
            "mergings": FLOWS["merging"](paths, truth=truth, **here)["run"],
        }
        if profile is not None:
            runs["needles"] = FLOWS["needle"](profile=profile, **common)["run"]
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
