"""The command ``exam``: how far a judge may be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.amounts import counted, percent
from pipeline.cli import screen
from pipeline.cli.command_options import Here, Models, command
from pipeline.config.options import ExamOptions
from pipeline.console import Telling, emit, plain, table
from pipeline.runtime import Runtime

if TYPE_CHECKING:
    from pipeline.judge.judge_records import Record

app = typer.Typer(rich_markup_mode=None)


@app.command()
@command
def exam(
    chosen: ExamOptions,
    here: Here,
    model: Models = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the exam, ask nothing.")
    ] = False,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the record as a line of the catalogue.")
    ] = False,
) -> None:
    """How far a judge may be believed. Without a model: proof, likeness and embeddings."""
    from pipeline.exam.by_code import JUDGES, examinees
    from pipeline.exam.exam_questions import label_files
    from pipeline.exam.windows_job import job_for

    runtime, line = here.runtime(), here.line
    job_for(chosen.strategy)
    names = examinees(model or (), chosen.strategy)
    files = label_files(chosen.labels, chosen.corpora, runtime.settings.exams)
    folder = None if chosen.corpora is None else Path(chosen.corpora)
    for name in names:
        if name not in JUDGES:
            runtime.catalog.find(name)
    if dry_run:
        _price(runtime, names, files, folder, chosen, line, json=here.json)
        if not here.json:
            screen.next_for_good()
        return
    records: list[Record] = []
    runs: list[dict[str, Any]] = []
    with runtime.store() as store:
        for name in names:
            if name in JUDGES:
                from pipeline.exam.by_code import examined_by_code

                record = examined_by_code(name, files, folder, store, runtime.settings.cache, line)
                runs.append({"run": None, "model": name, "record": record.id, "pairs": record.n})
                records.append(record)
                continue
            from pipeline.run.job import run

            job = runtime.exam_job(
                name, chosen, store=store, labels=files, say=line, show=line.show
            )
            told = run(job)
            told.pop("records")
            runs.append(told)
            records.append(job.record)
    _show(records, runs, here, toml=toml, exams=runtime.settings.exams)


def _show(
    records: Sequence[Record],
    runs: Sequence[Mapping[str, Any]],
    here: Here,
    *,
    toml: bool,
    exams: Path,
) -> None:
    from pipeline.judge.catalog_records import as_toml
    from pipeline.judge.judge_records import rows

    if here.json:
        emit({"records": [row for one in records for row in rows(one)], "runs": list(runs)})
    elif toml:
        for one in records:
            # Where the built-in exam lies on this machine is of no use elsewhere.
            labels = tuple(name for name in one.labels if exams.resolve() not in Path(name).parents)
            plain(as_toml(replace(one, labels=labels), "storytransformer exam"))
    else:
        for one in records:
            _page(one)
        asked = [one for one in runs if one["run"]]
        judge = ["--judge", asked[-1]["model"]] if asked else []
        screen.next_step("merge", "PATHS", *judge, **here.for_next)


def _page(record: Record) -> None:
    """A record as a person reads it."""
    if record.windows:
        _windows_page(record)
        return
    from pipeline.entries import Answer
    from pipeline.judge.belief import Belief
    from pipeline.judge.calibration import calibration_error
    from pipeline.judge.judge_records import rows

    shown = [row for row in rows(record) if row["kind"] == "all" or row["recall"] or row["n"]]
    table(
        ["answer", "on", "others", "of them wrong", "at most", "true", "found",
         "threshold"],
        [
            [row["answer"].replace("_", " "),
             ", ".join(filter(None, (row["kind"], row["language"]))),
             f"{row['n']:,}", f"{row['false_positives']:,}",
             f"{100 * row['false_positive_upper']:.2f} %", f"{row['positives']:,}",
             _percent(row["recall"]),
             "never" if row["threshold"] is None else f"{row['threshold']:.3f}"]
            for row in shown
        ],
        title=f"{record.judge.model}, record {record.id}: {counted(record.n, 'pair')}, "
        f"{record.failed:,} without a usable answer, read by its {record.reads}",
        optional=["at most"],
    )  # fmt: skip
    one = record.of(Answer.ONE_NEED)
    if one is None:
        return
    error = calibration_error(one.calibration)
    plain(
        f"Vetoed of the truly one need: {_percent(one.vetoed.share)}."
        + ("" if error is None else f" Calibration error of one need: {error:.3f}.")
    )
    because = Belief(record).because
    plain(
        f"Folds by itself, where one candidate in a hundred is true: {because or 'nowhere'}."
        + ("" if because else " A person who reads 59 of its would-be folds can allow it.")
    )


def _windows_page(record: Record) -> None:
    """The same of windows, a row a size."""
    from pipeline.judge.window_figures import most_stories, tells_apart

    sizes = record.windows
    table(
        ["stories", "windows", "no answer", "one need", "found", "95 %", "asked about",
         "others of a scene", "called so", "of two scenes", "called so", "found of the other half"],
        [
            [f"{one.stories:,}", f"{one.windows:,}", f"{one.failed:,}",
             f"{one.report.recall.n:,}", _percent(one.report.recall.share),
             " – ".join(str(_percent(bound)) for bound in one.report.recall.interval),
             _percent(one.report.asked.share),
             f"{one.report.within.n:,}", _percent(one.report.within.share),
             f"{one.report.across.n:,}", _percent(one.report.across.share),
             _percent(one.setting.recall.share)]
            for one in sizes
        ],
        title=f"{record.judge.model}, record {record.id}: {counted(record.n, 'labelled pair')} in "
        "windows of each size, put into one group as “same”",
        optional=["95 %", "found of the other half"],
    )  # fmt: skip
    most = most_stories(sizes)
    largest = next(one for one in sizes if one.stories == most)
    plain(
        f"A merge's windows hold at most {most:,} stories: in larger ones clearly fewer are found "
        "or asked about, or none was asked."
    )
    if not tells_apart(largest):
        plain("Pairs of one need are put together not clearly more often than others of a scene.")


def _percent(share: float | None) -> str | None:
    return percent(share)


def _price(
    runtime: Runtime,
    names: Sequence[str],
    files: Sequence[Path],
    folder: Path | None,
    chosen: ExamOptions,
    line: Telling,
    *,
    json: bool,
) -> None:
    """What the exam would cost with each model; code costs nothing."""
    from pipeline.cost.estimate import as_lines
    from pipeline.exam.by_code import JUDGES
    from pipeline.exam.exam_price import price_exam, told
    from pipeline.exam.exam_questions import gather_exam
    from pipeline.exam.exam_windows import scenes_of

    store = runtime.store_if_possible(line)
    read = gather_exam(files, folder, cache=store)
    terms = runtime.terms(strategy=chosen.strategy, allow_cloud=chosen.allow_cloud)
    priced = [
        price_exam(read, runtime.catalog.find(name), terms, store, chosen.strategy)
        for name in names
        if name not in JUDGES
    ]
    if json:
        lines = [found | {"strategy": "exam"} for found in as_lines(priced)]
        emit({"exam": read.hash, "pairs": len(read.questions), "lines": lines})
        return
    if chosen.strategy == "groups":
        scenes = scenes_of(read)
        stories = sum(len(scene.tellings) for scene in scenes)
        plain(f"{counted(len(scenes), 'scene')}, {counted(stories, 'telling')}, at each size.")
    else:
        plain(f"{counted(len(read.questions), 'labelled pair')}; judges by code cost nothing.")
    if read.remark:
        plain(read.remark)
    for found in priced:
        plain(f"{found.model}: {told(found)}")
