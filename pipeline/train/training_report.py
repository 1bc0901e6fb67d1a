"""What is said of a training before it starts and after it, on a terminal and in Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.amounts import counted, dollars, gigabytes
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.engine.training.learning import Learned
    from pipeline.store.record import Store
    from pipeline.train.training_job import Prepared


def documents_of(name: str, store: Store | None) -> list[str]:
    """The paths of a run, or the path itself.

    Raises:
        InputError: a run that read no documents.
    """
    from pipeline.store.reading.reports import run_report

    run = None if store is None or Path(name).exists() else run_report(store, name)
    if run is None:
        return [name]
    paths = run["parameters"].get("paths")
    if not paths:
        raise InputError(f"run {name} read no documents.", where="--from", next="Name a merge.")
    return [str(path) for path in paths]


def setting(text: str) -> tuple[str, Any]:
    """``learning_rate=2e-4`` as a name and a value of the kind that it looks like."""
    name, given, value = text.partition("=")
    if not given or not name:
        raise InputError(f"{text!r} sets nothing.", where="--set", next="Write it as NAME=VALUE.")
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    if "," in value:
        return name, [setting(f"x={part}")[1] for part in value.split(",")]
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def told(prepared: Prepared, machine: str) -> dict[str, Any]:
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


def measured(learned: Learned, out: Path) -> dict[str, Any]:
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


def _others(sources: int) -> str:
    """Of which sources the pairs are by which a training is stopped."""
    return counted(sources, "other") if sources else "the same"


def lines(told: dict[str, Any]) -> list[str]:
    sources = told["sources"]
    lines = [
        f"{counted(told['train_pairs'], 'pair')} of {counted(sources['train'], 'source')} to train "
        f"with, {told['dev_pairs']:,} of {_others(sources['dev'])} to stop by",
    ]
    if told["decided"]:
        lines.append(f"{told['decided']:,} of them are decisions of a person")
    if told["too_long"]:
        lines.append(
            f"{counted(told['too_long'], 'pair')} are longer than --most-tokens and dropped"
        )
    if sources["exam"] or told["stories_of_the_exam"]:
        lines.append(
            f"left out, being the exam's: {counted(sources['exam'], 'source')}, and "
            f"{counted(told['stories_of_the_exam'], 'story', 'stories')} elsewhere like them"
        )
    time = "time not known" if told["seconds"] is None else _span(told["seconds"])
    price = "" if told["usd"] in (None, "0", "0.00") else f", {dollars(told['usd'])}"
    lines.append(
        f"{told['machine']}: about {gigabytes(told['memory_bytes'])}"
        f"{'' if told['fits'] else ', which do not fit'}, {time}{price}"
    )
    if "out" in told:
        lines += [
            f"took {_span(told['took_seconds'])} and {gigabytes(told['peak_bytes'])}; best at "
            f"step {told['best_step']}; ended: {told['stopped']}",
            f"next: storytransformer exam --model {told['base']}@lora={told['out']}",
        ]
    return lines


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
