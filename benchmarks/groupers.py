"""Judges of windows whose score is known before they are asked: what an exam has to find of them.

oracle          puts together what the labels call one need, and nothing else
everything      puts all of a window into one group
nothing         groups nothing
forgetful-N     the oracle on the first N lines of a window; of the rest it says nothing
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pipeline.calls import Reply, Request, TokenCount, Usage
from pipeline.entries import Answer
from pipeline.exam.exam_windows import Scene
from pipeline.models import ModelSpec
from pipeline.plan.rendering import pair_text

#: Of the lines of a window, in their order, those that belong together, by place.
Groups = Callable[[Sequence[str]], list[list[int]]]

_LINE = re.compile(r"(?m)^(S\d+): (.*)$")


class Grouper:
    """A model that answers windows by a rule.

    Args:
        count: tokens of a text.
    """

    def __init__(self, spec: ModelSpec, count: Callable[[str], TokenCount], groups: Groups) -> None:
        self.spec = spec
        self.revision = spec.name
        self.asked: list[Request] = []
        self._count = count
        self._groups = groups

    def count(self, request: Request) -> TokenCount:
        """By the counter given."""
        return self._count(" ".join(message.content for message in request.messages))

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer at once."""
        for request in requests:
            self.asked.append(request)
            text = self.answer(request)
            usage = Usage(self.count(request).n, self._count(text).n)
            yield Reply(request.key, text, "stop", usage, 0.0)

    def answer(self, request: Request) -> str:
        """The reply to a window."""
        lines = _LINE.findall(request.messages[-1].content)
        groups = self._groups([text for _, text in lines])
        told = [
            {"handles": [lines[place][0] for place in group], "relation": "same"}
            for group in groups
            if len(group) > 1
        ]
        return json.dumps({"groups": told}, separators=(",", ":"))

    def describe(self) -> Mapping[str, str]:
        """What answers."""
        return {"model": self.spec.name}

    def close(self) -> None:
        """Nothing to let go of."""


def oracle(scenes: Iterable[Scene]) -> Groups:
    """What the labels of some scenes call one need, whatever links it."""
    need: dict[str, str] = {}
    for scene in scenes:
        text = {story.id: pair_text(story) for story in scene.tellings}
        for pair, answer in scene.labels.items():
            if answer is Answer.ONE_NEED:
                one, other = (_root(need, text[name]) for name in pair)
                need[one] = other

    def groups(lines: Sequence[str]) -> list[list[int]]:
        found: dict[str, list[int]] = {}
        for place, line in enumerate(lines):
            found.setdefault(_root(need, line), []).append(place)
        return list(found.values())

    return groups


def _root(need: dict[str, str], text: str) -> str:
    while need.setdefault(text, text) != text:
        text = need[text]
    return text


def everything(lines: Sequence[str]) -> list[list[int]]:
    """All of them are one."""
    return [list(range(len(lines)))]


def nothing(lines: Sequence[str]) -> list[list[int]]:
    """None belongs to another."""
    return []


def forgetful(knows: Groups, n: int) -> Groups:
    """Somebody who has forgotten all lines but the first."""
    return lambda lines: knows(lines[:n])


def grouper(name: str, scenes: Sequence[Scene]) -> Groups | None:
    """A judge by its name; None where it is none of these."""
    if name == "oracle":
        return oracle(scenes)
    if name in ("everything", "nothing"):
        return everything if name == "everything" else nothing
    start, _, n = name.partition("-")
    return forgetful(oracle(scenes), int(n)) if start == "forgetful" and n.isdecimal() else None
