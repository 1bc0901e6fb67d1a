"""The exam of ``groups`` side by side: what `benchmarks/exam.py --strategy groups` asks and prints.

Judges are models, and those of `benchmarks/groupers.py`, whose score is known before. ``--part N``
shows N scenes of each half, drawn by the seed; ``--largest N`` asks about no larger windows. Of
each size, of the half ``report``: how many pairs
of one need, of a scene's others and of two scenes are put into one group as "same", with n and the
exact interval of Clopper and Pearson (pairs of a scene share tellings: read it as too narrow); how
many questions about pairs a merge would ask after these windows, and how many pairs of one need
would be among them; and, of the half ``threshold``, what the size of a merge's windows is chosen
by.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.groupers import Grouper, grouper
from pipeline.calls import Plan, WindowLimits
from pipeline.config.options import ExamOptions
from pipeline.errors import StoryTransformerError
from pipeline.exam.exam_windows import Scene, scenes_of, sizes_for, windows_of
from pipeline.exam.windows_job import WindowsExamJob, figures
from pipeline.judge.intervals import Rate
from pipeline.judge.window_figures import Together, most_stories
from pipeline.models import ModelSpec
from pipeline.plan.groups import pairs_of
from pipeline.providers.base import ModelOptions
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.job import run
from pipeline.runtime import Runtime
from pipeline.tokens.token_counters import counter_for

#: Asked where no model is named.
KNOWN = ("oracle", "everything", "nothing", "forgetful-32")


@dataclass
class PartJob(WindowsExamJob):
    """An exam of some of the scenes.

    Args:
        n: of each half; None for all. seed: they are drawn by. largest: size that is asked about.
    """

    n: int | None = None
    seed: int = 0
    largest: int | None = None

    def _planned(
        self, corpus: Corpus, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
    ) -> Plan:
        plan = super()._planned(corpus, spec, terms, limits)
        if self.largest is None:
            return plan
        # Smaller sizes come first, as an exam that stops at a window's end takes it.
        n = sum(
            len(windows_of(self.scenes, size))
            for size in sizes_for(self.scenes)
            if size <= self.largest
        )
        return replace(plan, calls=plan.calls[:n])

    @cached_property
    def scenes(self) -> list[Scene]:
        """Those that are drawn; more of them show the same and more."""
        found = scenes_of(self.exam, self.terms.staying)
        if self.n is None:
            return found
        drawn: list[Scene] = []
        for half in ("threshold", "report"):
            some = sorted((s for s in found if s.half == half), key=lambda scene: scene.name)
            random.Random(self.seed).shuffle(some)
            drawn += some[: self.n]
        return drawn


def examined(name: str, runtime: Runtime, files: list[Path], options: argparse.Namespace) -> (
    dict[str, Any]
):  # fmt: skip
    """The row of a judge. Where every window fails there is no record, and the row says so.

    Raises:
        StoryTransformerError: it cannot be asked.
    """
    known = grouper(name, ()) is not None

    def opener(spec: ModelSpec, _: ModelOptions) -> Grouper:
        groups = grouper(name, job.scenes)
        assert groups is not None
        return Grouper(spec, counter_for(spec, cache=runtime.settings.cache).count_text, groups)

    say = lambda line: print(line, file=sys.stderr)  # noqa: E731
    with replace(runtime, settings=replace(runtime.settings, database=options.db)).store() as store:
        made = runtime.exam_job(
            f"openai/{name}@http://127.0.0.1:9/v1" if known else name,
            ExamOptions(strategy="groups"),
            store=store,
            labels=files,
            say=say,
            **({"opener": opener} if known else {}),
        )
        fields = ("paths", "spec", "options", "store", "out", "terms", "labels", "chosen", "say",
                  "opener")  # fmt: skip
        job = PartJob(
            **{one: getattr(made, one) for one in fields},
            n=options.part,
            seed=options.seed,
            largest=options.largest,
        )
        try:
            run(job)
            why = ""
        except StoryTransformerError as error:
            if not job.grouped:
                raise
            why = error.message
        sizes = figures(job.grouped)
        questions: Counter[int] = Counter()
        for window, groups in job.grouped:
            questions[window.size] += len(pairs_of(groups or ())) * (window.half == "report")
        return {
            "judge": name,
            "strategy": "groups",
            "scenes": len(job.scenes),
            "tellings": len(job.known),
            "why": why,
            "seconds": None
            if known or job._reused
            else round(job._resource_usage.model_seconds, 1),
            "most_stories": None if why else most_stories(sizes),
            "sizes": [
                {
                    "stories": one.stories,
                    "windows": one.windows,
                    "failed": one.failed,
                    "report": _rates(one.report),
                    "setting": _rates(one.setting),
                    "questions": questions[one.stories],
                }
                for one in sizes
            ],
        }


def _rates(found: Together) -> dict[str, list[float]]:
    return {name: _rate(getattr(found, name)) for name in ("recall", "within", "across", "asked")}


def _rate(found: Rate) -> list[float]:
    low, high = found.interval
    return [found.hits, found.n, round(low, 4), round(high, 4)]


def show(row: Mapping[str, Any]) -> None:
    """A row as a person reads it."""
    most = row["most_stories"]
    told = f"windows of up to {most} stories" if most else f"no record: {row['why']}"
    print(f"\n{row['judge']}: {row['scenes']} scenes, {row['tellings']} tellings; {told}")
    print(
        f"{'stories':>7} {'windows':>7} {'failed':>6} {'one need found':>26} "
        f"{'others of a scene':>26} {'of two scenes':>28} {'asked after':>11} "
        f"{'of one need':>26} {'the other half':>26}"
    )
    for one in row["sizes"]:
        cells = [one["report"][name] for name in ("recall", "within", "across")]
        print(
            f"{one['stories']:>7} {one['windows']:>7} {one['failed']:>6} {told_rate(cells[0]):>26} "
            f"{told_rate(cells[1]):>26} {told_rate(cells[2]):>28} {one['questions']:>11,} "
            f"{told_rate(one['report']['asked']):>26} {told_rate(one['setting']['recall']):>26}"
        )


def told_rate(found: Sequence[float]) -> str:
    """ "3/170 [0.4%, 5.1%]"."""
    hits, n, low, high = found
    return f"{hits}/{n} [{low:.1%}, {high:.1%}]" if n else "–"
