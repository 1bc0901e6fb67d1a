"""The command ``train judge``: a judge made of a base model and your stories."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.cli import screen
from pipeline.cli.command_options import Here, command
from pipeline.cli.help_layout import Group
from pipeline.config.extras import LOCAL, require
from pipeline.config.options import TrainOptions
from pipeline.console import emit, plain
from pipeline.train import training_report
from pipeline.train.training_report import documents_of, setting

app = typer.Typer(cls=Group, rich_markup_mode=None, help="Train models of your own.")


@app.callback()
def train() -> None:
    """Train models of your own."""


@app.command()
@command
def judge(
    stories: Annotated[
        list[str],
        typer.Option("--from", help="Files or folders of stories, or a run: its documents."),
    ],
    chosen: TrainOptions,
    here: Here,
    gpu: Annotated[str | None, typer.Option(help="Price it for this card (--dry-run).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell memory, hours and price; train nothing.")
    ] = False,
) -> None:
    """Train a judge with pairs made of your stories, and with what was decided on them by review.
    Given again, it goes on where it was."""
    require(LOCAL)
    if not dry_run:
        require("train")
    from pipeline.extract.extraction import extract
    from pipeline.train.training_job import prepare, refuse_where_too_large
    from pipeline.train.training_job import train as train_it

    runtime, line = here.runtime(), here.line
    hardware = runtime.hardware(gpu if dry_run else None)
    known = runtime.store_if_possible(line)
    order = runtime.train_order(chosen, dict(map(setting, chosen.settings)), known)
    paths = [path for name in stories for path in documents_of(name, known)]
    prepared = prepare(extract(paths, cache=known), order, hardware)
    told = training_report.told(prepared, str(hardware))
    if dry_run:
        _show(told, json=here.json)
        if not here.json:
            screen.next_for_good()
        return
    refuse_where_too_large(prepared, hardware)
    for text in training_report.lines(told):
        line(text)
    learned = train_it(
        prepared, lambda step, steps, loss: line(f"step {step} of {steps}: loss {loss:.4f}")
    )
    if not learned.leads:
        return
    told |= training_report.measured(learned, order.out)
    with runtime.store() as store:
        runtime.keep_training(prepared, learned, store)
    _show(told, json=here.json)
    if not here.json:
        judge = f"{chosen.base}@lora={order.out}"
        screen.next_step("exam", "--model", judge, **here.for_next)


def _show(told: dict[str, Any], *, json: bool) -> None:
    if json:
        emit(told)
        return
    for text in training_report.lines(told):
        plain(text)
