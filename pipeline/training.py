"""The command ``train judge``: a judge made of a base model and your stories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.command_options import Here, command
from pipeline.console import emit, plain
from pipeline.errors import InputError
from pipeline.help import Group
from pipeline.options import TrainOptions

if TYPE_CHECKING:
    from pipeline.engine.learning import Learned
    from pipeline.store.record import Store
    from pipeline.train.job import Prepared

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
    from pipeline.parts import require

    require("local")
    if not dry_run:
        require("train")
    from pipeline.extract.corpus import extract
    from pipeline.train.job import prepare, refuse_where_too_large
    from pipeline.train.job import train as train_it

    if chosen.answers not in (2, 4):
        raise InputError(
            f"{chosen.answers} answers are not known.", where="--answers", next="Say 2 or 4."
        )
    edge, line = here.edge(), here.line
    hardware = edge.hardware(gpu if dry_run else None)
    known = edge.store_if_possible(line)
    order = edge.train_order(chosen, dict(map(_setting, chosen.settings)), known)
    paths = [path for name in stories for path in _documents(name, known)]
    prepared = prepare(extract(paths, cache=known), order, hardware)
    told = _told(prepared, str(hardware))
    if dry_run:
        _show(told, json=here.json)
        return
    refuse_where_too_large(prepared, hardware)
    for text in _lines(told):
        line(text)
    learned = train_it(
        prepared, lambda step, steps, loss: line(f"step {step} of {steps}: loss {loss:.4f}")
    )
    if not learned.leads:
        return
    told |= _measured(learned, order.out)
    with edge.store() as store:
        edge.keep_training(prepared, learned, store)
    _show(told, json=here.json)


def _documents(name: str, store: Store | None) -> list[str]:
    """The paths of a run, or the path itself.

    Raises:
        InputError: a run that read no documents.
    """
    from pipeline.store.reports import run_report

    run = None if store is None or Path(name).exists() else run_report(store, name)
    if run is None:
        return [name]
    paths = run["parameters"].get("paths")
    if not paths:
        raise InputError(f"run {name} read no documents.", where="--from", next="Name a merge.")
    return [str(path) for path in paths]


def _setting(text: str) -> tuple[str, Any]:
    """``learning_rate=2e-4`` as a name and a value of the kind that it looks like."""
    name, given, value = text.partition("=")
    if not given or not name:
        raise InputError(f"{text!r} sets nothing.", where="--set", next="Write it as NAME=VALUE.")
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    if "," in value:
        return name, [_setting(f"x={part}")[1] for part in value.split(",")]
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def _told(prepared: Prepared, machine: str) -> dict[str, Any]:
    """What is known before."""
    dealt = prepared.data.dealt
    return {
        "base": prepared.order.spec.name,
        "base_sha256": prepared.base_sha256,
        "data_sha256": prepared.data.sha256,
        "train_pairs": len(prepared.train),
        "dev_pairs": len(prepared.dev),
        "too_long": prepared.too_long,
        "dropped": dict(prepared.data.dropped),
        "sources": {"train": len(dealt.train), "dev": len(dealt.dev), "exam": dealt.n_exam},
        "stories_of_the_exam": dealt.left_out,
        "decided": sum(pair.kind == "decided" for pair in prepared.data.train),
        "tokens": prepared.n_tokens,
        "machine": machine,
        "memory_bytes": prepared.needs.total,
        "fits": prepared.fits,
        "seconds": prepared.seconds,
        "usd": None if prepared.usd is None else str(round(prepared.usd, 2)),
    }


def _measured(learned: Learned, out: Path) -> dict[str, Any]:
    """What is known after."""
    return {
        "out": str(out),
        "took_seconds": round(learned.seconds),
        "peak_bytes": learned.peak_bytes,
        "best_step": learned.best_step,
        "trained_pairs": learned.n_trained,
        "stopped": learned.stopped,
        "dev_losses": learned.dev_losses,
    }


def _show(told: dict[str, Any], *, json: bool) -> None:
    if json:
        emit(told)
        return
    for text in _lines(told):
        plain(text)


def _lines(told: dict[str, Any]) -> list[str]:
    sources = told["sources"]
    lines = [
        f"{told['train_pairs']:,} pairs of {sources['train']} sources to train with, "
        f"{told['dev_pairs']:,} of {sources['dev']} to stop by",
    ]
    if told["decided"]:
        lines.append(f"{told['decided']:,} of them are decisions of a person")
    if told["too_long"]:
        lines.append(f"{told['too_long']:,} pairs are longer than --most-tokens and dropped")
    if sources["exam"] or told["stories_of_the_exam"]:
        lines.append(
            f"{sources['exam']} sources are the exam's and train nothing; "
            f"{told['stories_of_the_exam']} stories elsewhere say what they say and are left out"
        )
    time = "time not known" if told["seconds"] is None else _span(told["seconds"])
    price = "" if told["usd"] in (None, "0", "0.00") else f", ${told['usd']}"
    lines.append(
        f"{told['machine']}: about {told['memory_bytes'] / 2**30:.1f} GiB"
        f"{'' if told['fits'] else ', which do not fit'}, {time}{price}"
    )
    if "out" in told:
        lines += [
            f"took {_span(told['took_seconds'])} and {told['peak_bytes'] / 2**30:.1f} GiB; best at "
            f"step {told['best_step']}; ended: {told['stopped']}",
            f"next: storytransformer exam --model {told['base']}@lora={told['out']}",
        ]
    return lines


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
