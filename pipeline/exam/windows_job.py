"""The exam of ``groups`` as a run: whole scenes in windows of several sizes, asked about as a merge
asks; what was put together at each size is the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, groupby
from typing import ClassVar

from pipeline.amounts import counted
from pipeline.calls import Call, Plan, WindowLimits
from pipeline.errors import InputError
from pipeline.exam.exam_job import ExamJob
from pipeline.exam.exam_windows import (
    Group,
    Scene,
    Window,
    scenes_of,
    sizes_for,
    together,
    windows_of,
    without_scene,
)
from pipeline.judge.judge_records import Record
from pipeline.judge.window_figures import WindowFigures
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.groups import GROUPS_PROMPT, groups_call, most_named
from pipeline.providers.opening import revision_of
from pipeline.replies.parsing import CallFailed, read_groups
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.judge_record import judge_of
from pipeline.stories import Story
from pipeline.tokens.token_counters import counter_for


@dataclass
class WindowsExamJob(ExamJob):
    """The exam of one model with windows; its options are those of :class:`ExamJob`."""

    strategy: ClassVar[str] = "groups"
    question: ClassVar[str] = "window"

    #: Each window that was asked about, with what its reply puts together; None where none can be
    #: used.
    grouped: list[tuple[Window, Sequence[Group] | None]] = field(init=False, default_factory=list)

    def read(self) -> None:
        """Read the labelled pairs as scenes; leave out what may not leave the machine.

        Raises:
            SovereigntyError: a model elsewhere that is not allowed, or nothing that may leave.
            InputError: labels or documents that cannot be used, or none that names a scene.
        """
        super().read()
        if not self.scenes:
            raise self._nothing_may_leave()
        if n := without_scene(self.exam):
            self.say(f"{counted(n, 'pair')} without a scene: in no window")

    @cached_property
    def scenes(self) -> list[Scene]:
        """The scenes that may be shown."""
        return scenes_of(self.exam, self.terms.staying)

    def _told(self) -> str:
        stories = sum(len(scene.tellings) for scene in self.scenes)
        return f"windows of {counted(len(self.scenes), 'scene')}, {stories:,} tellings"

    def _planned(
        self, corpus: Corpus, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
    ) -> Plan:
        return plan_windows(self.scenes, self.exam.hash, spec, terms, limits)

    @property
    def known(self) -> dict[str, Story]:
        """What the handles of the calls point to."""
        return {story.id: story for scene in self.scenes for story in scene.tellings}

    def follow(self) -> bool:
        """Nothing follows: what a window groups is what is examined."""
        return False

    @property
    def _left_out(self) -> int:
        return len(self.exam.questions) - self._n_pairs

    @property
    def _n_pairs(self) -> int:
        """Labelled pairs of the windows of one size."""
        return sum(len(scene.labels) for scene in self.scenes)

    def _take_replies(self) -> list[str]:
        failures: list[str] = []
        # The sizes that do not fit into a call are the last, so that calls run out before windows.
        windows = chain.from_iterable(windows_of(self.scenes, n) for n in sizes_for(self.scenes))
        for window, call in zip(windows, self.plan.calls, strict=False):
            try:
                self.grouped.append((window, self._groups(call)))
            except CallFailed as failure:
                self.grouped.append((window, None))
                failures.append(failure.reason)
        return failures

    def _groups(self, call: Call) -> list[Group]:
        reply = self.replies.get(call.request.key)
        if reply is None:
            raise CallFailed("no reply came")
        ids = dict(call.handles)
        return [
            (group.relation, tuple(ids[handle] for handle in group.handles))
            for group in read_groups(reply, call)
        ]

    def _found(self) -> Record:
        terms = self.terms
        judge = judge_of(
            self.spec, terms.cache, terms.prompts, self.exam.hash, prompt=GROUPS_PROMPT
        )
        return Record(
            judge=judge,
            reads="word",
            answers=(),
            n=self._n_pairs,
            failed=sum(found is None for _, found in self.grouped),
            labels=self.exam.names,
            sovereignty=self._mark,
            windows=figures(self.grouped),
        )


#: The exam of each way of asking.
JOBS: Mapping[str, type[ExamJob]] = {one.strategy: one for one in (ExamJob, WindowsExamJob)}


def job_for(strategy: str) -> type[ExamJob]:
    """The exam of a way of asking.

    Raises:
        InputError: there is none.
    """
    if strategy not in JOBS:
        raise InputError(
            f"nobody is examined for {strategy!r}.",
            where="--strategy",
            next=f"There are: {', '.join(JOBS)}.",
        )
    return JOBS[strategy]


def figures(
    grouped: Sequence[tuple[Window, Sequence[Group] | None]],
) -> tuple[WindowFigures, ...]:
    """What of the windows of each size was put together. One without a reply that can be used puts
    nothing together: a merge asks such a window again as two halves, which is another size."""
    found = []
    for size, some in groupby(grouped, key=lambda one: one[0].size):
        every = list(some)
        halves = [
            [(window, told or ()) for window, told in every if window.half == half]
            for half in ("threshold", "report")
        ]
        found.append(
            WindowFigures(
                stories=size,
                windows=len(every),
                failed=sum(told is None for _, told in every),
                setting=together(halves[0]),
                report=together(halves[1]),
            )
        )
    return tuple(found)


def plan_windows(
    scenes: Sequence[Scene], exam: str, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
) -> Plan:
    """A call a window, made as those of a merge are, of every size that fits; a call that fails is
    not asked again as two.

    Raises:
        InputError: not even the smallest size fits.
    """
    counter = counter_for(spec, cache=terms.cache)
    revision = revision_of(spec, terms.cache)
    factory = CallFactory(spec, limits, counter, terms.prompts, revision, stage="groups")
    calls: list[Call] = []
    sizes = sizes_for(scenes)
    for size in sizes:
        made = [_call(factory, window, n) for n, window in enumerate(windows_of(scenes, size), 1)]
        if any(
            call.input.high > limits.input_tokens or len(call.handles) > most_named(factory)
            for call in made
        ):
            break
        calls += made
    if not calls:
        raise InputError(
            f"a window of {sizes[0]} stories does not fit: {limits.reason}.",
            where=spec.name,
            next="Examine a model with a longer window, or ask this one about pairs.",
        )
    return Plan(
        strategy="groups",
        model=spec.name,
        limits=limits,
        calls=tuple(calls),
        skipped=(),
        n_stories=sum(len(scene.tellings) for scene in scenes),
        n_clusters=0,
        parameters={"exam": exam},
    )


def _call(factory: CallFactory, window: Window, number: int) -> Call:
    call = groups_call(factory, window.stories, number)
    # What has no clusters is never asked again as two halves.
    return replace(call, id=f"groups-{window.size:04d}-{number:04d}", clusters=())
