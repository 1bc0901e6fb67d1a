"""The records of judges side by side, on the built-in exam.

    python benchmarks/exam.py [CORPORA] [--model M]… [--part N] [--half report] [--seed 16]
        [--language en] [--db FILE] [--out FILE]
    python benchmarks/exam.py --strategy groups [--model M]… [--part N] [--largest N]
        [--seed 16] [--db FILE] [--out FILE]

Without CORPORA the 1,368 written pairs, with it the drawn ones too, whose documents lie under that
folder; the two are examined apart. Judges: those of code (`code`, `likeness`, `embeddings`), and
every ``--model``, in the prompt that a merge asks with. ``--half`` and ``--language`` (of the
written pairs) ask those alone; ``--part N`` asks a model N pairs of each set, drawn at random by
the seed, and a larger N asks the same and more; with ``--setting-part M`` N of the half ``report``
and M of the half ``threshold``, as ``--half`` draws them. Answers are journalled in ``--db``: what
is interrupted goes on where it was.

Every figure is of the half ``report``; every threshold of the half ``threshold``, whose pairs the
figures are of where ``--half threshold`` asks no others: those are no report. Printed of each
judge: n; the area under the curve of "one need" (0.5 is chance) with a 95 % interval by bootstrap
over scenes, the drawn pairs by pair; how far its record folds by itself; seconds a hundred pairs.
Then, at two thresholds, how many of the truly one need are found and how many others are called so,
with the exact interval of Clopper and Pearson, by kind: at that of the record (99 % expected
precision where 1 % is true) and at the one that parts the threshold half best (the largest recall
less false positives; Youden 1950). A judge that was asked no pair of the threshold half is read by
its word in place of the second. A veto silences "one need", as in a merge. ``--out`` appends a JSON
line a judge and set.

``--strategy groups`` asks about windows of whole scenes of the written pairs, in several sizes
(`benchmarks/exam_windows.py`): ``--model`` may also name a judge of `benchmarks/groupers.py`, which
are asked where none is named.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import exam_windows
from pipeline.calls import Plan, WindowLimits
from pipeline.config.options import ExamOptions
from pipeline.config.settings import read_settings
from pipeline.entries import Answer
from pipeline.exam.by_code import JUDGES, answers_of, judges_here
from pipeline.exam.exam_job import ExamJob, examined, plan_exam
from pipeline.exam.exam_questions import Exam, Question, gather_exam
from pipeline.judge.belief import Belief
from pipeline.judge.calibration import Examined, Said, examine, reads_of, score, threshold_of
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import Judge, Reads
from pipeline.judge.labels import Half
from pipeline.judge.vetoes import VERSION
from pipeline.models import ModelSpec
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.job import run
from pipeline.run.judge_record import DRAWN, WRITTEN
from pipeline.runtime import Runtime, now

ONE = Answer.ONE_NEED
ROUNDS = 2000

Asked = Sequence[tuple[Question, Examined]]


@dataclass
class PartJob(ExamJob):
    """An exam of some of the pairs.

    Args:
        wanted: which.
    """

    wanted: Callable[[Sequence[Question]], list[Question]] = list

    def _planned(
        self, corpus: Corpus, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
    ) -> Plan:
        return plan_exam(self.wanted(self._asked_of), self.exam.hash, spec, terms, limits)


def among(questions: Sequence[Question], half: Half | None, language: str) -> list[Question]:
    """The pairs of a half and a language."""
    return [
        one
        for one in questions
        if half in (None, one.label.half) and one.label.id.startswith(language)
    ]


def part(questions: Sequence[Question], n: int | None, seed: int) -> list[Question]:
    """The first ``n`` of the pairs in an order drawn by the seed; all of them, as they are, where
    no number is given."""
    if n is None:
        return list(questions)
    some = sorted(questions, key=lambda one: one.label.id)
    random.Random(seed).shuffle(some)
    return some[:n]


def area(scores: Iterable[tuple[float, bool]]) -> float | None:
    """The chance that a pair of one need scores above another, ties counting half: the area under
    the curve, by the rank sum of Mann and Whitney; None where one of the two kinds is missing."""
    ranked = sorted(scores)
    n_true = sum(true for _, true in ranked)
    n_false = len(ranked) - n_true
    if not n_true or not n_false:
        return None
    total, below = 0.0, 0
    start = 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end][0] == ranked[start][0]:
            end += 1
        here = sum(true for _, true in ranked[start:end])
        others = end - start - here
        total += here * (below + others / 2)
        below += others
        start = end
    return total / (n_true * n_false)


def area_interval(asked: Asked, reads: Reads, seed: int) -> tuple[float, float] | None:
    """A 95 % percentile interval of :func:`area`, whole scenes drawn again; rounds in which one
    of the two kinds is missing are left out."""
    scenes: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for question, one in asked:
        scene = question.label.id.partition("/")[0]
        scenes[scene].append((score(one.said, ONE, reads), one.true is ONE))
    groups, draw = list(scenes.values()), random.Random(seed)
    found = []
    for _ in range(ROUNDS):
        drawn = draw.choices(groups, k=len(groups))
        value = area(pair for group in drawn for pair in group)
        if value is not None:
            found.append(value)
    found.sort()
    if not found:
        return None
    return found[int(0.025 * len(found))], found[math.ceil(0.975 * len(found)) - 1]


def parting(pairs: Sequence[Examined], reads: Reads) -> float | None:
    """The threshold that parts these pairs best: the largest recall less false positives; None
    without pairs of both kinds."""
    scored = [(score(one.said, ONE, reads), one.true is ONE) for one in pairs if not one.veto]
    n_true = sum(one.true is ONE for one in pairs)
    n_false = len(pairs) - n_true
    if not n_true or not n_false:
        return None
    best, where = -1.0, None
    for threshold in sorted({sure for sure, _ in scored if sure > 0}, reverse=True):
        right = sum(true and sure >= threshold for sure, true in scored)
        wrong = sum(not true and sure >= threshold for sure, true in scored)
        if right / n_true - wrong / n_false > best:
            best, where = right / n_true - wrong / n_false, threshold
    return where


def by_kind(report: Sequence[Examined], called: Sequence[bool]) -> dict[str, dict[str, Any]]:
    """Of the pairs of each kind, and of all of them, those called one need, as (hits, n, low,
    high); apart by whether they are."""
    hits: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for one, hit in zip(report, called, strict=True):
        sort = "found" if one.true is ONE else "wrong"
        for kind in ("all", one.kind):
            hits[kind, sort].append(hit)
    rows: dict[str, dict[str, Any]] = {}
    for (kind, sort), found in sorted(hits.items()):
        rate = Rate(sum(found), len(found))
        low, high = rate.interval
        rows.setdefault(kind, {})[sort] = [rate.hits, rate.n, round(low, 4), round(high, 4)]
    return rows


def figures(asked: Asked, judge: Judge, seed: int) -> dict[str, Any]:
    """All figures of one judge on one set."""
    every = [one for _, one in asked]
    reads = reads_of(one.said for one in every)
    setting = [one for one in every if one.half == "threshold"]
    of = "report" if any(one.half == "report" for one in every) else "threshold"
    report = [one for one in every if one.half == of]
    reported = [(question, one) for question, one in asked if one.half == of]
    record = examine(judge, every)
    folding = threshold_of(setting, ONE, reads)
    best = parting(setting, reads)

    def called(threshold: float | None) -> list[bool]:
        if threshold is None:
            return [False] * len(report)
        return [not one.veto and score(one.said, ONE, reads) >= threshold for one in report]

    by_word = [not one.veto and one.said.answer is ONE for one in report]
    value = area((score(one.said, ONE, reads), one.true is ONE) for one in report)
    return {
        "n": len(every),
        "n_threshold": len(setting),
        "n_report": len(report) if of == "report" else 0,
        "figures_of": of,
        "failed": sum(one.said.answer is None for one in every),
        "reads": reads,
        "auc": None if value is None else round(value, 4),
        "auc_interval": [round(x, 4) for x in area_interval(reported, reads, seed) or ()],
        "folds": Belief(record).because or "nowhere",
        "threshold": folding,
        "at_record": by_kind(report, called(folding)),
        "parting": best,
        "at_parting": by_kind(report, called(best)) if best is not None else None,
        "by_word": by_kind(report, by_word),
    }


def ask(
    runtime: Runtime, name: str, files: list[Path], corpora: Path | None, wanted: Any, db: str
) -> tuple[ExamJob, float, int]:
    """A model's exam: the job, seconds of asking and how many pairs were asked for the first time.

    Raises:
        StoryTransformerError: it cannot be asked.
    """
    say = lambda line: print(line, file=sys.stderr)  # noqa: E731
    with replace(runtime, settings=replace(runtime.settings, database=db)).store() as store:
        made = runtime.exam_job(
            name, ExamOptions(corpora=corpora), store=store, labels=files, say=say
        )
        fields = {f: getattr(made, f) for f in ("paths", "spec", "options", "store", "out", "terms",
                                                "labels", "corpora", "say")}  # fmt: skip
        job = PartJob(**fields, wanted=wanted)
        told = run(job)
        return job, job.record.seconds or 0.0, told["pairs"] - told["reused_replies"]


def examined_by(
    name: str, runtime: Runtime, exam: Exam, files: list[Path], options: argparse.Namespace
) -> dict[str, Any]:
    """The row of a judge on one set of pairs."""
    if name in JUDGES:
        questions = among(exam.questions, options.half, options.language)
        started = time.perf_counter()
        said: Mapping[tuple[str, str], Said] = answers_of(name, questions)
        seconds, fresh = time.perf_counter() - started, len(questions)
        judge = Judge(name, "", "", "", "", "", exam.hash, "")
    else:

        def wanted(some: Sequence[Question]) -> list[Question]:
            some = among(some, options.half, options.language)
            if options.setting_part is None:
                return part(some, options.part, options.seed)
            report, setting = (among(some, half, "") for half in ("report", "threshold"))
            setting = part(setting, options.setting_part, options.seed)
            return [*part(report, options.part, options.seed), *setting]

        job, seconds, fresh = ask(runtime, name, files, options.corpora, wanted, options.db)
        said, judge, questions = job.said, job.record.judge, wanted(job.exam.questions)
    asked = list(zip(questions, examined(questions, dict(said)), strict=True))
    speed = round(100 * seconds / fresh, 2) if fresh else None
    row = {"judge": name, "read_otherwise": len(exam.read_otherwise), "asked_now": fresh,
           "seconds_per_hundred": speed}  # fmt: skip
    return row | figures(asked, judge, options.seed)


def show(row: Mapping[str, Any]) -> None:
    """A row as a person reads it."""
    interval = " – ".join(f"{x:.3f}" for x in row["auc_interval"])
    auc = "–" if row["auc"] is None else f"{row['auc']:.3f} [{interval}]"
    speed = row["seconds_per_hundred"]
    print(
        f"\n{row['judge']} on {row['set']}: {row['n']:,} pairs ({row['n_report']:,} reported, "
        f"figures of the half {row['figures_of']}, "
        f"{row['failed']} without an answer), AUC {auc}, "
        f"{'–' if speed is None else speed} s a hundred pairs; folds by itself: {row['folds']}"
    )
    second, title = row["at_parting"], f"parting at {row['parting']}"
    if second is None:
        second, title = row["by_word"], "by its word"
    print(f"{'':18} {'record, threshold ' + str(row['threshold']):^50} {title:^50}")
    print(f"{'kind':18} " + f"{'found':>24} {'called wrongly':>25} " * 2)
    for kind in sorted(second, key=lambda kind: (kind != "all", kind)):
        cells = [rate(table.get(kind, {}).get(sort)) for table in (row["at_record"], second)
                 for sort in ("found", "wrong")]  # fmt: skip
        print(f"{kind:18} " + " ".join(f"{cell:>24}" for cell in cells))


def rate(found: Sequence[float] | None) -> str:
    if not found:
        return "–"
    hits, n, low, high = found
    return f"{hits}/{n} [{low:.1%}, {high:.1%}]"


def machine() -> str:
    """This machine in words, without its name."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo")
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    import os

    return f"{len(os.sched_getaffinity(0))} cores of {model}, shared with other work"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpora", nargs="?", type=Path)
    parser.add_argument("--strategy", choices=("pairs", "groups"), default="pairs")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--set", choices=("both", "pairs", "corpora"), default="both")
    parser.add_argument("--part", type=int)
    parser.add_argument("--largest", type=int, help="stories of a window, with --strategy groups")
    parser.add_argument("--setting-part", type=int, metavar="M")
    parser.add_argument("--half", choices=("threshold", "report"))
    parser.add_argument("--language", default="", help="en, de, fr or es")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--db", help="where answers are journalled [a temporary file]")
    parser.add_argument("--no-code", action="store_true", help="only the models")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    runtime = Runtime(read_settings())
    if options.db and "://" not in options.db:
        options.db = f"sqlite:///{Path(options.db).resolve()}"
    exams = runtime.settings.exams
    with tempfile.TemporaryDirectory() as scratch:
        options.db = options.db or f"sqlite:///{scratch}/exam.sqlite"
        if options.strategy == "groups":
            for name in options.model or exam_windows.KNOWN:
                row = exam_windows.examined(name, runtime, [exams / WRITTEN], options)
                exam_windows.show(row)
                asked = {"part": options.part, "seed": options.seed, "largest": options.largest}
                keep(row | asked, options.out)
            return 0
        sets = [("pairs", [exams / WRITTEN])]
        if options.corpora is not None:
            sets.append(("corpora", [exams / DRAWN]))
        names = [*([] if options.no_code else judges_here()), *options.model]
        for kind, files in sets:
            if options.set not in ("both", kind):
                continue
            exam = gather_exam(files, options.corpora)
            for name in names:
                row = {"set": kind, "part": options.part if name not in JUDGES else None,
                       "setting_part": options.setting_part if name not in JUDGES else None,
                       "language": options.language, "seed": options.seed,
                       "vetoes": VERSION}  # fmt: skip
                row |= examined_by(name, runtime, exam, files, options)
                show(row)
                keep(row, options.out)
    return 0


def keep(row: Mapping[str, Any], out: Path | None) -> None:
    """Append a row to a file of results."""
    if out is None:
        return
    told = {"benchmark": "exam", "date": str(now().date()), "machine": machine(), **row}
    with out.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    sys.exit(main())
