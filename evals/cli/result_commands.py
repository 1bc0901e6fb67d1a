"""The ``eval`` commands that read runs again; no model is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evals.cli import eval_screen
from pipeline.cli.command_options import Here, Paths, command
from pipeline.cli.screen import next_step
from pipeline.console import emit, plain
from pipeline.errors import InputError

Run = Annotated[str, typer.Argument(help="As `storytransformer runs` lists it.")]


@command
def show(
    run: Run,
    here: Here,
) -> None:
    """What an eval measured: its figures with interval and n, and its cells."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.show(store, run)
        before = eval_results.run_before(store, found)
    if here.json:
        emit(found)
        return
    eval_screen.figures_page(found, eval_results.figures(found))
    if before:
        next_step("eval", "diff", before, run, **here.for_next)
    else:
        next_step("dashboard", **here.for_next)


@command
def diff(
    a: Run,
    b: Run,
    here: Here,
) -> None:
    """Two runs of one eval: paired differences with their intervals."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.compare(store, a, b)
    if here.json:
        emit(found)
    else:
        eval_screen.differences_table(found)
        next_step("eval", "show", b, **here.for_next)


@command
def gate(
    run: Run,
    here: Here,
    least: Annotated[
        list[str] | None, typer.Option("--min", help="NAME=BOUND, or TASK@TOKENS=BOUND.")
    ] = None,
    most: Annotated[list[str] | None, typer.Option("--max", help="The same, from above.")] = None,
) -> None:
    """Hold a run's figures against bounds; exit code 8 when one is not met."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.gate(store, run, least=least or (), most=most or ())
    if here.json:
        emit(found)
    else:
        for held in found["held"]:
            plain(f"met  {held['condition']}  (is {held['figure']['mean']:.4g})")
        next_step("eval", "show", run, **here.for_next)


@command
def score(
    run: Run,
    here: Here,
) -> None:
    """Score the stored replies of a needle run again; no model is asked."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.rescore(store, run)
    if here.json:
        emit(found)
    else:
        plain(f"{found['n']} replies scored again: mean {found['mean']:.3f}")
        plain(f"{len(found['changed'])} differ from what was stored")
        next_step("eval", "show", run, **here.for_next)


@command
def reconstruct(
    cell: Annotated[str, typer.Argument(help="A cell's key, or its beginning.")],
    here: Here,
) -> None:
    """The exact prompt of a cell, its hash checked, with the reply."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.reconstruct(store, cell)
    if here.json:
        emit(found)
    else:
        for message in found["messages"]:
            plain(f"── {message['role']}\n{message['content']}\n")
        plain(f"── reply ({found['status']}, score {found['score']})\n{found['reply']}")


@command
def export(
    run: Run,
    here: Here,
    form: Annotated[str, typer.Option("--form", help="jsonl or csv.")] = "jsonl",
) -> None:
    """A run's cells, or its figures, on stdout."""
    from evals import eval_results

    with here.runtime().store() as store:
        found = eval_results.show(store, run)
    if here.json:
        emit(found)
    else:
        sys.stdout.write(eval_results.export(found, form))


@command
def import_(
    source: Annotated[str, typer.Argument(help="kamradt or infinitebench.")],
    paths: Paths,
    here: Here,
) -> None:
    """Check our scorers on published replies whose verdicts are known."""
    from dataclasses import asdict

    from evals.metrics.golden import check_infinitebench, check_kamradt

    checks = {"kamradt": check_kamradt, "infinitebench": check_infinitebench}
    if source not in checks:
        raise InputError(
            f"unknown source {source!r}.", where="eval import", next=f"One of {', '.join(checks)}."
        )
    found = [checks[source](Path(path)) for path in paths]
    if here.json:
        emit({"checks": [asdict(check) for check in found]})
    else:
        eval_screen.golden_table(found)
