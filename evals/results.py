"""The ``eval`` commands that read runs again; no model is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evals import screen
from pipeline.console import emit, plain
from pipeline.edge import Edge
from pipeline.errors import InputError
from pipeline.options import AsJson, Config, Db, Debug, Paths, Quiet

Run = Annotated[str, typer.Argument(help="As `storytransformer runs` lists it.")]


def show(
    run: Run,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What an eval measured: its figures with interval and n, and its cells."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.show(store, run)
    if json:
        emit(found)
    else:
        screen.figures_page(found, reading.figures(found))


def diff(
    a: Run,
    b: Run,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Two runs of one eval: paired differences with their intervals."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.compare(store, a, b)
    if json:
        emit(found)
    else:
        screen.differences_table(found)


def gate(
    run: Run,
    least: Annotated[
        list[str] | None, typer.Option("--min", help="NAME=BOUND, or TASK@TOKENS=BOUND.")
    ] = None,
    most: Annotated[list[str] | None, typer.Option("--max", help="The same, from above.")] = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Hold a run's figures against bounds; exit code 8 when one is not met."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.gate(store, run, least=least or (), most=most or ())
    if json:
        emit(found)
    else:
        for held in found["held"]:
            plain(f"met  {held['condition']}  (is {held['figure']['mean']:.4g})")


def score(
    run: Run,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score the stored replies of a needle run again; no model is asked."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.rescore(store, run)
    if json:
        emit(found)
    else:
        plain(f"{found['n']} replies scored again: mean {found['mean']:.3f}")
        plain(f"{len(found['changed'])} differ from what was stored")


def reconstruct(
    cell: Annotated[str, typer.Argument(help="A cell's key, or its beginning.")],
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """The exact prompt of a cell, its hash checked, with the reply."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.reconstruct(store, cell)
    if json:
        emit(found)
    else:
        for message in found["messages"]:
            plain(f"── {message['role']}\n{message['content']}\n")
        plain(f"── reply ({found['status']}, score {found['score']})\n{found['reply']}")


def export(
    run: Run,
    form: Annotated[str, typer.Option("--form", help="jsonl or csv.")] = "jsonl",
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """A run's cells, or its figures, on stdout."""
    from evals import reading

    with Edge.read(db, config=config).store() as store:
        found = reading.show(store, run)
    if json:
        emit(found)
    else:
        sys.stdout.write(reading.export(found, form))


def import_(
    source: Annotated[str, typer.Argument(help="kamradt or infinitebench.")],
    paths: Paths,
    json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Check our scorers on published replies whose verdicts are known."""
    from dataclasses import asdict

    from evals.golden import check_infinitebench, check_kamradt

    checks = {"kamradt": check_kamradt, "infinitebench": check_infinitebench}
    if source not in checks:
        raise InputError(
            f"unknown source {source!r}.", where="eval import", next=f"One of {', '.join(checks)}."
        )
    found = [checks[source](Path(path)) for path in paths]
    if json:
        emit({"checks": [asdict(check) for check in found]})
    else:
        screen.golden_table(found)
