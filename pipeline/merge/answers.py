"""What each call came to: its edits, those of its halves, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.calls import Call, Reply
from pipeline.merge.edits import parse_edits
from pipeline.merge.halves import halves, without
from pipeline.merge.operations import CallFailed
from pipeline.outcomes import Edit
from pipeline.stories import Story


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call came to: its edits, or the reason why there are none, and who decided."""

    call: Call
    edits: tuple[Edit, ...]
    failure: str = ""


def answers(call: Call, stories: Mapping[str, Story], replies: Mapping[str, Reply]) -> list[Answer]:
    """What a call came to, or what each of the smaller calls came to that took its place."""
    reply = replies.get(call.request.key)
    try:
        if reply is None:
            raise CallFailed("no reply came")
        return [Answer(call, tuple(parse_edits(reply, call, stories)))]
    except CallFailed as failed:
        smaller = halves(call, stories)
        if not any(part.request.key in replies for part in smaller):
            return [Answer(call, (), failed.reason)]
        found = [answer for part in smaller for answer in answers(part, stories, replies)]
        rest = without(call, smaller)
        return found if rest is None else [*found, Answer(rest, (), failed.reason)]


def failures(
    calls: Iterable[Call], stories: Mapping[str, Story], replies: Mapping[str, Reply]
) -> list[Call]:
    """The calls whose reply is missing or cannot be used."""
    return [
        call for call in calls if any(answer.failure for answer in answers(call, stories, replies))
    ]
