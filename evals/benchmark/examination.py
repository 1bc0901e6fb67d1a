"""The exam of a model as a step: told by its plan, given as ``exam`` gives it."""

from __future__ import annotations

from evals.benchmark.values import Context, Done, Told
from pipeline.catalog import ModelSpec
from pipeline.exam.price import price_exam
from pipeline.exam.questions import gather_exam, label_files
from pipeline.merge.job import run
from pipeline.options import ExamOptions
from pipeline.store.spending import time_spent


def examination(ctx: Context, spec: ModelSpec) -> Told:
    """What the exam of a model takes."""
    files = label_files(ctx.options.labels, None, ctx.edge.settings.exams)
    exam = gather_exam(files, None, cache=ctx.store)
    line = price_exam(exam, spec, ctx.edge.terms(strategy="pairs"), ctx.store)
    return Told(
        f"{len(exam.questions):,} labelled pairs",
        line.seconds,
        line.peak_memory_bytes,
        "" if line.feasible else line.reason,
    )


def examined(ctx: Context, model: str) -> Done:
    """The exam of a model, as ``exam`` gives it."""
    files = label_files(ctx.options.labels, None, ctx.edge.settings.exams)
    job = ctx.edge.exam_job(
        model, ExamOptions(), store=ctx.store, labels=files, say=ctx.say, show=ctx.show
    )
    told = run(job)
    rows = [row for row in told["records"] if row["kind"] == "all"]
    lines = [f"record {told['record']}: {told['pairs']} pairs, {told['failed_calls']} failed"]
    lines += [
        f"{row['answer']}: {row['false_positives']} of {row['n']} others taken for it (at most "
        f"{row['false_positive_upper']:.1%}), "
        f"{'–' if row['recall'] is None else format(row['recall'], '.0%')} of "
        f"{row['positives']} found"
        for row in rows
    ]
    _, seconds, _ = time_spent(ctx.store, told["run"])
    return Done(tuple(lines), {"records": told["records"]}, (told["run"],), seconds)
