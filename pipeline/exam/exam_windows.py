"""The labelled pairs of an exam as windows of whole scenes, and what of a window's pairs is true.

A scene's tellings are of a few needs that lie close together; those of two scenes are of different
needs. So a window of several scenes has a known answer: a scene's labelled pairs have their label,
pairs of two scenes are different, and a scene's other pairs are not counted, as nobody has said
what they are.

Every size shows all scenes, so that the sizes differ in nothing but how much stands around a pair.
Which scenes share a window, and the order of the stories in it, is dealt by hashes. A window holds
scenes of one half.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.exam.exam_questions import Exam, Question
from pipeline.judge.intervals import Rate
from pipeline.judge.labels import Half
from pipeline.judge.window_figures import Together
from pipeline.plan.groups import pairs_of
from pipeline.stories import Story

#: Stories of the smallest windows; each further size holds twice as many.
SMALLEST = 8
_NO_SCENES = (
    'Write "scene" beside "id": which tellings are of the same few needs. Tellings of two scenes '
    "count as different."
)

Pair = frozenset[str]
#: What a reply puts together: the relation, and the ids of the stories.
Group = tuple[Answer, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scene:
    """The tellings of a few needs that lie close together.

    Args:
        tellings: each once, however many pairs it stands in.
        labels: what pairs of them are, by the ids of the two.
    """

    name: str
    half: Half
    tellings: tuple[Story, ...]
    labels: Mapping[Pair, Answer]


@dataclass(frozen=True, slots=True)
class Window:
    """Whole scenes of one half.

    Args:
        size: stories that it may hold. stories: in the order in which they are shown.
    """

    size: int
    half: Half
    scenes: tuple[Scene, ...]
    stories: tuple[Story, ...]


def scenes_of(exam: Exam, staying: Collection[str] = ()) -> list[Scene]:
    """The scenes of an exam's pairs. Pairs without a scene make none.

    Args:
        staying: ids of stories that may not be shown; a telling that is one of them in one pair is
            shown in none.

    Raises:
        InputError: a scene in both halves, a pair with two answers, or no scene at all.
    """
    named: defaultdict[str, list[Question]] = defaultdict(list)
    for one in exam.questions:
        if one.label.scene:
            named[one.label.scene].append(one)
    if not named:
        raise InputError(
            "no pair of these labels names its scene, so there is nothing to fill windows with.",
            where=str(exam.files[0].path),
            next=_NO_SCENES,
        )
    found = (_scene(name, questions, staying) for name, questions in named.items())
    return [scene for scene in found if len(scene.tellings) > 1]


def without_scene(exam: Exam) -> int:
    """Pairs that windows leave out, as no scene is named."""
    return sum(not one.label.scene for one in exam.questions)


def _scene(name: str, questions: Sequence[Question], staying: Collection[str]) -> Scene:
    half = questions[0].label.half
    # A telling stands in several pairs, each time as a story of its own.
    first: dict[tuple[str, tuple[tuple[str, str], ...]], Story] = {}
    secret = set()
    labels: dict[Pair, Answer] = {}
    for one in questions:
        if one.label.half != half:
            raise InputError(
                f"the scene {name!r} stands in both halves.",
                where=one.label.where,
                next="Deal whole scenes, or leave `half` out.",
            )
        ids = []
        for story in (one.a, one.b):
            told = first.setdefault((story.kind, story.fields), story)
            ids.append(told.id)
            if story.id in staying:
                secret.add(told.id)
        pair = frozenset(ids)
        if labels.setdefault(pair, one.label.answer) is not one.label.answer:
            raise InputError(
                "these two tellings have another answer in an earlier line.",
                where=one.label.where,
                next="Give every two tellings one answer.",
            )
    shown = tuple(story for story in first.values() if story.id not in secret)
    return Scene(name, half, shown, {p: a for p, a in labels.items() if not p & secret})


def sizes_for(scenes: Sequence[Scene]) -> list[int]:
    """Sizes of windows, each twice the one before: from the first that holds every scene to the
    last that a half's stories fill."""
    halves: defaultdict[Half, int] = defaultdict(int)
    for scene in scenes:
        halves[scene.half] += len(scene.tellings)
    size, largest = SMALLEST, max(len(scene.tellings) for scene in scenes)
    while size < largest:
        size *= 2
    found = [size]
    while 2 * found[-1] <= min(halves.values()):
        found.append(2 * found[-1])
    return found


def windows_of(scenes: Iterable[Scene], size: int) -> list[Window]:
    """All scenes in windows of a size, those of the half ``threshold`` first."""
    order = sorted(scenes, key=lambda scene: (scene.half != "threshold", _lot(scene.name)))
    found: list[list[Scene]] = []
    for scene in order:
        here = found[-1] if found and found[-1][0].half == scene.half else []
        if here and sum(len(one.tellings) for one in [*here, scene]) <= size:
            here.append(scene)
        else:
            found.append([scene])
    return [Window(size, some[0].half, tuple(some), _shuffled(some, size)) for some in found]


def _shuffled(scenes: Sequence[Scene], size: int) -> tuple[Story, ...]:
    """The stories of some scenes in an order that says nothing of them."""
    stories = [story for scene in scenes for story in scene.tellings]
    return tuple(sorted(stories, key=lambda one: (_lot(f"{size}|{one.fingerprint}"), one.id)))


def _lot(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def together(grouped: Iterable[tuple[Window, Sequence[Group]]]) -> Together:
    """What of some windows was put together as one need, and what a merge would ask about."""
    recall: list[bool] = []
    within: list[bool] = []
    across: list[bool] = []
    asked: list[bool] = []
    for window, groups in grouped:
        same = {
            frozenset(pair)
            for relation, members in groups
            if relation is Answer.ONE_NEED
            for pair in combinations(members, 2)
        }
        questions = {frozenset(pair) for pair in pairs_of(groups)}
        for pair, truth in truths(window):
            if truth is None:
                across.append(pair in same)
            elif truth is Answer.ONE_NEED:
                recall.append(pair in same)
                asked.append(pair in questions)
            else:
                within.append(pair in same)
    return Together(*(Rate(sum(hits), len(hits)) for hits in (recall, within, across, asked)))


def truths(window: Window) -> Iterator[tuple[Pair, Answer | None]]:
    """Every pair of a window that has an answer, with its label; None for pairs of two scenes,
    which are different. Two scenes that hold the same telling say nothing of it."""
    for scene in window.scenes:
        yield from scene.labels.items()
    for one, other in combinations(window.scenes, 2):
        for a in one.tellings:
            for b in other.tellings:
                if a.fingerprint != b.fingerprint:
                    yield frozenset((a.id, b.id)), None
