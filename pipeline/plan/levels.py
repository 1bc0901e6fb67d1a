"""The calls that are made of replies: each level of a tree, each step of a fold.

The plan said how many there will be and about how long; here they are written, of the stories
that the level before left standing. The same stories make the same requests, so a journalled
reply is found again by a run that was killed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import Protocol

from pipeline.calls import Band, Call, Plan
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.rendering import story_text
from pipeline.plan.tree_and_fold import (
    FOLD_PROMPT,
    LEAST_KEPT,
    MOST_PARTS,
    STORY_FRAME,
    WINDOW_PROMPT,
    Room,
    sizes_of,
    stage_of,
    stories_call,
)
from pipeline.stories import Story

#: The letters that handles of a fold begin with: the document so far, and further stories.
_DOCUMENT, _FURTHER = "D", "S"


class Levels(Protocol):
    """What follows on the replies of a level."""

    def follow(self, standing: Sequence[Sequence[Story]]) -> list[Call]:
        """The calls of the next level, none when the document is done.

        Args:
            standing: for each call of the level before, the stories that stand for those of its
                prompt now.
        """
        ...


class TreeLevels:
    """Neighbouring replies merged while they fit into one call, as deep as was planned."""

    def __init__(self, plan: Plan, factory: CallFactory) -> None:
        self._factory = factory
        self._room = Room.of(factory, WINDOW_PROMPT)
        self._deepest = 1 + len({later.stage for later in plan.later})
        self._level = 1
        self._parts: list[list[Story]] = [[] for _ in plan.calls]
        self._asked = list(range(len(plan.calls)))

    def follow(self, standing: Sequence[Sequence[Story]]) -> list[Call]:
        for index, stories in zip(self._asked, standing, strict=True):
            self._parts[index] = list(stories)
        self._level += 1
        if self._level > self._deepest:
            return []
        factory = replace(self._factory, stage=f"tree{self._level}")
        groups: list[list[list[Story]]] = []
        for part in self._parts:
            if groups and self._call(factory, [*groups[-1], part], 0) is not None:
                groups[-1].append(part)
            else:
                groups.append([part])
        calls: list[Call] = []
        self._asked = []
        for index, group in enumerate(groups):
            if len(group) > 1:
                call = self._call(factory, group, len(calls) + 1)
                assert call is not None
                calls.append(replace(call, stage=stage_of(self._level)))
                self._asked.append(index)
        self._parts = [[story for part in group for story in part] for group in groups]
        return calls

    def _call(
        self, factory: CallFactory, parts: Sequence[Sequence[Story]], number: int
    ) -> Call | None:
        """One call of several parts; None when it cannot carry them."""
        if len(parts) > MOST_PARTS:
            return None
        output = _reply(factory, self._room, [story for part in parts for story in part])
        if output is None:
            return None
        pairs, texts = _shown(zip(ascii_uppercase, parts, strict=False))
        call = stories_call(
            factory,
            WINDOW_PROMPT,
            {"stories": "\n\n".join(texts)},
            pairs,
            [(handle,) for handle, _ in pairs],
            output,
            number,
        )
        return call if call.input.high <= factory.limits.input_tokens else None


class FoldLevels:
    """The running document with the next window, one call a level; a document that a call can no
    longer carry is closed, and the window begins another."""

    def __init__(self, plan: Plan, factory: CallFactory, stories: Mapping[str, Story]) -> None:
        self._factory = factory
        self._rooms = {name: Room.of(factory, name) for name in (FOLD_PROMPT, WINDOW_PROMPT)}
        self._stories = stories
        self._windows = [later.clusters for later in plan.later]
        self._number = 1

    def follow(self, standing: Sequence[Sequence[Story]]) -> list[Call]:
        if not self._windows:
            return []
        self._number += 1
        window = self._windows.pop(0)
        document = [story for stories in standing for story in stories]
        call = self._call(document, window) or self._call([], window)
        assert call is not None
        return [call]

    def _call(self, document: Sequence[Story], window: Sequence[Sequence[str]]) -> Call | None:
        further = [self._stories[name] for members in window for name in members]
        prompt = FOLD_PROMPT if document else WINDOW_PROMPT
        output = _reply(self._factory, self._rooms[prompt], [*document, *further])
        if output is None and document:
            return None
        known, texts = _shown([(_DOCUMENT, document)])
        pairs, more = _shown([(_FURTHER, further)])
        handles = iter(handle for handle, _ in pairs)
        groups = [tuple(next(handles) for _ in members) for members in window]
        values = {"stories": "\n\n".join(more)}
        call = stories_call(
            self._factory,
            prompt,
            values | {"document": "\n\n".join(texts)} if document else values,
            [*known, *pairs],
            [*((handle,) for handle, _ in known), *groups],
            output or Band(0, self._rooms[prompt].reply, self._rooms[prompt].reply),
            self._number,
        )
        if document and call.input.high > self._factory.limits.input_tokens:
            return None
        return call


def levels_of(plan: Plan, factory: CallFactory, stories: Mapping[str, Story]) -> Levels:
    """What follows on the windows of a plan."""
    if plan.strategy == "fold":
        return FoldLevels(plan, factory, stories)
    return TreeLevels(plan, factory)


def _reply(factory: CallFactory, room: Room, stories: Sequence[Story]) -> Band | None:
    """Tokens of a reply that writes the stories again; None when one call cannot carry them."""
    sizes = sizes_of(stories, factory)
    likely = sum(sizes[story.id][0] + STORY_FRAME for story in stories)
    most = sum(sizes[story.id][1] + STORY_FRAME for story in stories)
    if most - STORY_FRAME * len(stories) > room.prompt or most > room.reply:
        return None
    return Band(round(LEAST_KEPT * likely), likely, max(likely, most))


def _shown(
    sections: Iterable[tuple[str, Sequence[Story]]],
) -> tuple[list[tuple[str, str]], list[str]]:
    """Handles with their stories, and how the prompt shows them: a letter for each section."""
    pairs, texts = [], []
    for letter, stories in sections:
        for number, story in enumerate(stories, 1):
            handle = f"{letter}{number}"
            pairs.append((handle, story.id))
            texts.append(story_text(story, handle))
    return pairs, texts
