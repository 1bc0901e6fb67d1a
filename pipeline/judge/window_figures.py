"""What an exam found of windows that hold many stories, size by size, and how large a window is
let be after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.judge.intervals import Rate


@dataclass(frozen=True, slots=True)
class Together:
    """Which pairs of windows of one size were put into one group as "same".

    Args:
        recall: of the pairs that are one need.
        within: of the other labelled pairs of a scene: another detail, another bound.
        across: of the pairs of two scenes, which are of different needs.
        asked: of the pairs that are one need those that a merge would ask about after these
            windows, whatever relation is told: of a large group only its first with each other.
    """

    recall: Rate
    within: Rate
    across: Rate
    asked: Rate


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What was found of windows of one size; every size shows the same stories.

    Args:
        stories: of a window, at most.
        windows: asked; failed: of them without a reply that can be used, which groups nothing.
        setting: of the half ``threshold``, by which the largest size is chosen.
        report: of the half ``report``, which no choice is made by.
    """

    stories: int
    windows: int
    failed: int
    setting: Together
    report: Together


def most_stories(sizes: Sequence[WindowFigures]) -> int | None:
    """How many stories a window may hold: from the smallest size on, the largest before the first
    at which clearly fewer pairs of one need are put together, or clearly fewer would be asked
    about, than at a smaller one. None of no sizes.

    Clearly fewer: the upper bound of the share lies below the lower bound of a smaller size's, each
    the exact bound that holds in 95 of 100 cases. What is not clearly less is not shown to be as
    much: with few pairs in an exam a size is let be too large rather than too small.
    """
    largest: int | None = None
    floors = [0.0, 0.0]
    for one in sorted(sizes, key=lambda size: size.stories):
        shares = (one.setting.recall, one.setting.asked)
        if any(share.upper() < floor for share, floor in zip(shares, floors, strict=True)):
            break
        largest = one.stories
        floors = [max(floor, share.lower()) for share, floor in zip(shares, floors, strict=True)]
    return largest


def tells_apart(one: WindowFigures) -> bool:
    """Whether pairs of one need were put together clearly more often than other pairs of a scene,
    by the half ``threshold``; a judge that puts together whatever it is shown does not."""
    return one.setting.recall.lower() > one.setting.within.upper()


def figures_from(told: Sequence[Mapping[str, Any]]) -> tuple[WindowFigures, ...]:
    """The sizes of a record, of plain values.

    Raises:
        ValueError, KeyError, TypeError: they are none.
    """
    found = tuple(
        WindowFigures(
            int(one["stories"]),
            int(one["windows"]),
            int(one["failed"]),
            _together(one["setting"]),
            _together(one["report"]),
        )
        for one in told
    )
    sizes = [one.stories for one in found]
    if sizes != sorted(set(sizes)) or any(size < 2 for size in sizes):
        raise ValueError(f"windows of {sizes} stories")
    if any(not 0 <= one.failed <= one.windows for one in found):
        raise ValueError("more windows failed than were asked")
    return found


def _together(told: Mapping[str, Any]) -> Together:
    return Together(
        *(
            Rate(int(told[name]["hits"]), int(told[name]["n"]))
            for name in ("recall", "within", "across", "asked")
        )
    )
