"""The command ``benchmark``: a model on this machine, from the doctor to the merged document."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from evals.benchmark.benchmark_options import BenchmarkOptions
from pipeline.amounts import duration, gigabytes
from pipeline.cli import screen
from pipeline.cli.command_options import Here, Model, Paths, Prefect, command
from pipeline.config.processes import away_from_documents
from pipeline.console import emit, plain, table
from pipeline.errors import InputError
from pipeline.providers.local import DEFAULT_LOCAL, PROVIDER

app = typer.Typer(rich_markup_mode=None)


@app.command()
@command
def benchmark(
    paths: Paths,
    chosen: BenchmarkOptions,
    here: Here,
    model: Model = DEFAULT_LOCAL,
    gpu: Annotated[str | None, typer.Option(help="Tell it for this card (--dry-run).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell time and memory of every step; run nothing.")
    ] = False,
    prefect: Prefect = False,
) -> None:
    """One local model on this machine in one sitting: doctor, kernels, memory, exam, merge,
    needles, aggregation, training; every estimate beside its actual. Given again, it goes on."""
    from evals.benchmark.benchmark_job import benchmark as run_it
    from evals.benchmark.benchmark_values import measured

    if gpu is not None and not dry_run:
        raise InputError(
            "a card that is not here can only be told of.", where="--gpu", next="Add --dry-run."
        )
    if prefect and not dry_run:
        where = here.for_a_flow()
        with away_from_documents():
            from evals.eval_flows import benchmark_model
            from pipeline.flows.tasks import call

        result = call(
            benchmark_model,
            {"benchmark", PROVIDER.name},
            paths=paths,
            model=model,
            **chosen.given(),
            **where,
        )
    else:
        line, runtime = here.line, here.runtime()
        with runtime.store() as store:
            result = run_it(
                runtime,
                store,
                measured(paths, model, chosen),
                hours=chosen.hours,
                gpu=gpu,
                dry_run=dry_run,
                say=line,
                show=line.show,
            )
    if here.json:
        emit(result)
    else:
        _page(result)
        if result["run"]:
            screen.next_step("runs", result["run"], **here.for_next)
        else:
            screen.next_for_good()


def _page(result: dict[str, Any]) -> None:
    """The table of steps, and where the report lies."""
    table(
        ["step", "", "time told", "taken", "memory told", "taken", "why"],
        [
            [row["title"], row["state"], duration(row["told"]["seconds"]),
             duration(row["seconds"]), gigabytes(row["told"]["memory_bytes"]),
             gigabytes(row["memory_bytes"]), row["why"] or None]
            for row in result["steps"]
        ],
        title=f"{result['model']} on {result['machine']}; price $0",
        optional=["why"],
    )  # fmt: skip
    plain(
        f"told {duration(result['told_seconds'])} for what can be run"
        + (f", taken {duration(result['seconds'])}" if result["run"] else "")
    )
    if out := result.get("out"):
        plain(f"report     {out['markdown']}, {out['json']}")
