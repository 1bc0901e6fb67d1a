"""The command ``benchmark``: a model on this machine, from the doctor to the merged document."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.amounts import duration, gigabytes
from pipeline.console import emit, plain, say, table
from pipeline.edge import Edge
from pipeline.errors import InputError
from pipeline.options import (
    AsJson,
    Config,
    Db,
    Debug,
    Model,
    MostPairs,
    Paths,
    Prefect,
    Quiet,
    for_a_flow,
)
from pipeline.settings import away_from_documents

app = typer.Typer(rich_markup_mode=None)


@app.command()
def benchmark(
    paths: Paths,
    model: Model = "local/smollm2-135m",
    hours: Annotated[
        float | None, typer.Option(help="Begin nothing that does not fit into so many hours.")
    ] = None,
    lengths: Annotated[
        str | None,
        typer.Option(help="Prompt tokens, comma separated [from 1024 to the window or 32768]."),
    ] = None,
    depths: Annotated[str, typer.Option(help="Percent, comma separated.")] = "0,50,100",
    labels: Annotated[
        str | None, typer.Option(help="Labelled pairs of your own, JSON Lines [built-in exam].")
    ] = None,
    pairs: MostPairs = None,
    train: Annotated[
        bool | None,
        typer.Option("--train/--no-train", help="Train a judge, too [where the extra is there]."),
    ] = None,
    train_pairs: Annotated[int, typer.Option(help="Pairs to train with.", min=8)] = 6400,
    out: Annotated[str, typer.Option("--out", help="Folder of the report.")] = "benchmark",
    gpu: Annotated[str | None, typer.Option(help="Tell it for this card (--dry-run).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell time and memory of every step; run nothing.")
    ] = False,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """One local model on this machine in one sitting: doctor, kernels, memory, exam, merge,
    needles, aggregation, training; every estimate beside its actual. Given again, it goes on."""
    from evals.benchmark.job import benchmark as run_it
    from evals.benchmark.values import Options

    if gpu is not None and not dry_run:
        raise InputError(
            "a card that is not here can only be told of.", where="--gpu", next="Add --dry-run."
        )
    options = Options(
        paths=tuple(paths),
        model=model,
        out=out,
        lengths=None if lengths is None else tuple(map(int, _numbers(lengths, "--lengths"))),
        depths=tuple(_numbers(depths, "--depths")),
        labels=labels,
        pairs=pairs,
        train=train,
        train_pairs=train_pairs,
    )
    if prefect and not dry_run:
        for_a_flow(config)
        with away_from_documents():
            from evals.flows import benchmark_model
            from pipeline.orchestration.steps import call

        result = call(
            benchmark_model,
            {"benchmark", "local"},
            paths=paths,
            hours=hours,
            lengths=None if options.lengths is None else list(options.lengths),
            depths=list(options.depths),
            model=model,
            out=out,
            labels=labels,
            pairs=pairs,
            train=train,
            train_pairs=train_pairs,
            db=db,
        )
    else:
        edge, line = Edge.read(db, None, config), say(quiet)
        with edge.store() as store:
            result = run_it(
                edge, store, options, hours=hours, gpu=gpu, dry_run=dry_run, say=line,
                show=line.show,
            )  # fmt: skip
    if json:
        emit(result)
    else:
        _page(result)


def _numbers(text: str, where: str) -> list[float]:
    """The numbers of a list with commas.

    Raises:
        InputError: one of them is none.
    """
    try:
        found = [float(part) for part in text.split(",") if part.strip()]
    except ValueError as exc:
        raise InputError(
            f"{text!r} is no list of numbers.", where=where, next="Write it as 1024,2048."
        ) from exc
    if not found:
        raise InputError("the list is empty.", where=where)
    return found


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
