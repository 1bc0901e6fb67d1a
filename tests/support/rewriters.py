"""Models of the tests' own that write every story of a prompt again, by a rule known beforehand:
neighbours whose goals begin with the same words become one, everything else stands."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence

from pipeline.calls import Request, TokenCount, canonical_json
from pipeline.models import ModelSpec
from pipeline.stories import normalise
from tests.support.judges import Planted

#: How a call can fail; the last three are replies by the schema that must not be believed.
FAULTS = (
    "error", "refusal", "length", "empty", "silent", "broken", "unknown", "repeated", "forgets",
)  # fmt: skip

Shown = Mapping[str, object]

_HANDLE = re.compile(r"^([A-Z]\d+) \(", re.MULTILINE)
_FIELD = re.compile(r"^  (title|role|goal|benefit): (.*(?:\n      .*)*)", re.MULTILINE)
_PART = re.compile(r"^  ([A-Z]\d+\.[cb]\d+): ", re.MULTILINE)


class Rewriter(Planted):
    """A model that writes stories again, and fails as often as it is told to.

    Args:
        count: tokens of a text.
        failing: share of the calls that fail.
        faults: how they fail, drawn at random by ``seed``.
        words: goals that share so many first words are one story.
    """

    def __init__(
        self,
        spec: ModelSpec,
        count: Callable[[str], TokenCount],
        *,
        failing: float = 0.0,
        faults: Sequence[str] = FAULTS,
        seed: int = 0,
        words: int = 3,
    ) -> None:
        self.spec = spec
        self.revision = "rewriter"
        self.asked = []
        self.failed = []
        self._count = count
        self._failing = failing
        self._faults = tuple(faults)
        self._random = random.Random(seed)
        self._words = words

    def answer(self, request: Request) -> str:
        """What it says when nothing fails."""
        return rewritten(request.messages[-1].content, self._words)

    def spoilt(self, text: str, fault: str) -> tuple[str, str]:
        """A good reply made a bad one: its text, and why it ended."""
        if fault in ("error", "refusal"):
            return "", fault
        if fault == "length":
            return text[: len(text) // 2], "length"
        if fault == "empty":
            return " \n", "stop"
        value = json.loads(text)
        listed = value["stories"]
        if fault == "broken" or not listed:
            return text[:-1], "stop"
        if fault == "unknown":
            listed[-1]["handles"].append("S9999")
        elif fault == "repeated":
            listed.append(listed[0])
        else:
            listed.pop()
        return json.dumps(value), "stop"

    def describe(self) -> Mapping[str, str]:
        """What answers."""
        return {"model": "rewriter", "failing": str(self._failing)}

    def close(self) -> None:
        """Nothing to let go of."""


def rewritten(prompt: str, words: int = 3) -> str:
    """The stories of a prompt, those whose goals begin alike as one, in JSON without blanks."""
    groups: dict[str, list[Shown]] = {}
    for story in _told(prompt):
        first = normalise(str(story.get("goal", ""))).split()[:words]
        groups.setdefault(" ".join(first) or str(story["handle"]), []).append(story)
    return canonical_json({"stories": [_story(group) for group in groups.values()]})


def _told(shown: str) -> list[dict[str, object]]:
    """The stories of a prompt as they are rendered: handle, fields, handles of their parts."""
    starts = [*_HANDLE.finditer(shown)]
    ends = [*(found.start() for found in starts[1:]), len(shown)]
    told = []
    for found, end in zip(starts, ends, strict=True):
        text = shown[found.start() : end]
        fields = {name: " ".join(value.split()) for name, value in _FIELD.findall(text)}
        told.append({"handle": found[1], "parts": _PART.findall(text), **fields})
    return told


def _story(group: Sequence[Shown]) -> dict[str, object]:
    """The first of a group's stories with the parts of all of them, moved by reference."""
    parts = [part for story in group for part in _parts(story)]
    return {
        "handles": [story["handle"] for story in group],
        **{name: group[0].get(name, "") for name in ("title", "role", "goal", "benefit")},
        "criteria": [part for part in parts if ".c" in part],
        "body": [part for part in parts if ".b" in part],
    }


def _parts(story: Shown) -> list[str]:
    parts = story["parts"]
    return [str(part) for part in parts] if isinstance(parts, list) else []
