"""The training of a judge as steps of a benchmark: told always, done where it was asked for or
where the extra is there, and examined after."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from evals.benchmark.benchmark_values import Context, Done, Step, Told
from pipeline.amounts import counted, gigabytes
from pipeline.config.extras import how_to_install
from pipeline.config.load_options import Setup
from pipeline.config.options import ExamOptions
from pipeline.engine.weights.adapters import CARD, adapter_sha256
from pipeline.exam.exam_price import price_exam
from pipeline.exam.exam_questions import gather_exam, label_files
from pipeline.extract.extraction import extract
from pipeline.models import ModelSpec
from pipeline.run.job import run
from pipeline.store.reading.spending import time_spent
from pipeline.train.training_job import (
    Order,
    Prepared,
    card_of,
    prepare,
    refuse_where_too_large,
    train,
)


def examination(ctx: Context, spec: ModelSpec) -> Told:
    """What the exam of a model takes."""
    files = label_files(ctx.options.labels, None, ctx.runtime.settings.exams)
    exam = gather_exam(files, None, cache=ctx.store)
    line = price_exam(exam, spec, ctx.runtime.terms(strategy="pairs"), ctx.store)
    return Told(
        f"{len(exam.questions):,} labelled pairs",
        line.seconds,
        line.peak_memory_bytes,
        "" if line.feasible else line.reason,
    )


def examined(ctx: Context, model: str) -> Done:
    """The exam of a model, as ``exam`` gives it."""
    files = label_files(ctx.options.labels, None, ctx.runtime.settings.exams)
    job = ctx.runtime.exam_job(
        model, ExamOptions(), store=ctx.store, labels=files, say=ctx.say, show=ctx.show
    )
    told = run(job)
    rows = [row for row in told["records"] if row["kind"] == "all"]
    lines = [
        f"record {told['record']}: {counted(told['pairs'], 'pair')}, {told['failed_calls']} failed"
    ]
    lines += [
        f"{row['answer']}: {row['false_positives']} of {row['n']} others taken for it (at most "
        f"{row['false_positive_upper']:.1%}), "
        f"{'–' if row['recall'] is None else format(row['recall'], '.0%')} of "
        f"{row['positives']} found"
        for row in rows
    ]
    _, seconds, _ = time_spent(ctx.store, told["run"])
    return Done(tuple(lines), {"records": told["records"]}, (told["run"],), seconds)


#: What the extra installs.
_EXTRA = ("trl", "peft", "datasets")


def _folder(ctx: Context) -> Path:
    return ctx.out / "judge"


def _prepared(ctx: Context) -> Prepared:
    settings = ctx.runtime.settings
    order = Order(
        spec=ctx.spec,
        out=_folder(ctx),
        tables=settings.training,
        exams=settings.exams,
        prompts=settings.prompts,
        cache=settings.cache,
        n_train=ctx.options.train_pairs,
        n_dev=max(4, ctx.options.train_pairs // 32),
        threads=settings.threads,
    )
    return prepare(extract(ctx.options.paths, cache=ctx.store), order, ctx.hardware)


def _why_not(ctx: Context) -> str:
    """Why nothing is trained, "" where it is."""
    if ctx.options.train is False:
        return "told only: --no-train"
    if ctx.spec.setup != Setup():
        return f"{ctx.spec.name} is held in another way than a base is trained in"
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        return f"told only: {', '.join(missing)} not installed ({how_to_install('train')})"
    return ""


def _tell(ctx: Context) -> Told:
    if ctx.spec.setup != Setup():
        return Told("a judge of the model's own", why_not=_why_not(ctx))
    prepared = _prepared(ctx)
    return Told(
        f"{counted(len(prepared.train), 'pair')} of {counted(prepared.n_tokens, 'token')} to "
        "train an adapter with",
        prepared.seconds,
        prepared.needs.total,
        _why_not(ctx) or ("" if prepared.fits else "it does not fit this machine"),
    )


def _work(ctx: Context) -> Done:
    prepared = _prepared(ctx)
    refuse_where_too_large(prepared, ctx.hardware)
    learned = train(
        prepared, lambda step, of, loss: ctx.say(f"step {step} of {of}: loss {loss:.4f}")
    )
    out = _folder(ctx)
    if learned.leads:
        adapter = adapter_sha256(str(out), ctx.runtime.settings.cache)
        ctx.store.save_training(adapter, str(out.resolve()), card_of(prepared, learned))
    lines = (
        f"{counted(learned.n_trained, 'pair')}, best at step {learned.best_step}; ended: "
        f"{learned.stopped}",
        f"peak {gigabytes(learned.peak_bytes)} of {gigabytes(prepared.needs.total)} told",
    )
    figures = {"dev_losses": learned.dev_losses, "adapter": str(out)}
    return Done(lines, figures, (), learned.seconds, learned.peak_bytes)


def _tell_exam(ctx: Context) -> Told:
    if why := _why_not(ctx):
        return Told("the exam of the adapter", why_not=f"there is no adapter: {why}")
    # An adapter adds a hundredth of the work; before it is trained, its base's exam is told.
    return replace(examination(ctx, ctx.spec), why_not="")


def _exam(ctx: Context) -> Done:
    if not (_folder(ctx) / CARD).is_file():
        return Done(left="there is no adapter yet")
    return examined(ctx, f"{ctx.spec.name}@lora={_folder(ctx)}")


TRAIN = Step("training", "Training", _tell, _work)
TRAINED = Step("trained exam", "Exam of the adapter", _tell_exam, _exam)
