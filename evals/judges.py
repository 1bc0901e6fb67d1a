"""A model that merges by a rule known beforehand and fails as often as it is told to: what the
books must survive is not how a model judges, but how it fails."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage, canonical_json
from pipeline.catalog import ModelSpec
from pipeline.compare.relations import relate
from pipeline.outcomes import Relation
from pipeline.stories import Locator, Source, Span, Story, normalise

#: How a call can fail: the last three are replies by the schema that must not be believed.
FAULTS = (
    "error", "refusal", "length", "empty", "silent", "broken", "unknown", "repeated", "forgets",
)  # fmt: skip

_HANDLE = re.compile(r"^([A-Z]\d+) \(", re.MULTILINE)
_CLUSTER = re.compile(r"^Cluster \d+$", re.MULTILINE)
_FIELD = re.compile(r"^  (title|role|goal|benefit): (.*(?:\n      .*)*)", re.MULTILINE)
_PART = re.compile(r"^  ([A-Z]\d+\.[cb]\d+): ", re.MULTILINE)
_TOGETHER = (Relation.SAME, Relation.OVERLAP)
#: Where a reply names the stories of an edit, or of a story written again.
_NAMING = ("handles", "same", "overlap", "conflict")
_LINE = re.compile(r"^1\. (.*)$", re.MULTILINE)


class Judge:
    """Merges neighbours whose goals begin with the same words, and leaves everything else.

    Args:
        count: tokens of a request, and of a text.
        failing: share of the calls that fail.
        faults: how they fail, drawn at random by ``seed``.
        words: goals that share so many first words are one need.
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
        self.revision = "judge"
        self.asked: list[Request] = []
        self.failed: list[str] = []
        self._count = count
        self._failing = failing
        self._faults = tuple(faults)
        self._random = random.Random(seed)
        self._words = words

    def count(self, request: Request) -> TokenCount:
        """By the counter given."""
        return self._count(" ".join(message.content for message in request.messages))

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer at once, or fail."""
        for request in requests:
            self.asked.append(request)
            text, finish = self.answer(request), "stop"
            if self._random.random() < self._failing:
                fault = self._random.choice(self._faults)
                self.failed.append(fault)
                if fault == "silent":
                    continue
                text, finish = _spoilt(text, fault)
            yield Reply(
                request.key,
                text,
                _FINISH[finish],
                Usage(self.count(request).n, self._count(text).n if text else 0),
                0.0,
                detail="" if finish == "stop" else f"planted: {finish}",
            )

    def answer(self, request: Request) -> str:
        """What it says when nothing fails, in JSON without blanks."""
        shown = request.messages[-1].content
        if request.purpose == "story":
            found = _LINE.search(shown)
            return found[1] if found else ""
        if request.purpose == "edits":
            clusters = [_told(text) for text in _CLUSTER.split(shown)[1:]]
            groups = [group for told in clusters for group in self._groups(told) if len(group) > 1]
            edit = self._full_edit if request.prompt == "merge-edits.v1" else self._edit
            return canonical_json({"edits": [edit(group) for group in groups]})
        return canonical_json({"stories": [_story(group) for group in self._groups(_told(shown))]})

    def relation(self, group: Sequence[Mapping[str, object]]) -> str:
        """What it says of stories that it puts together, where the schema lets it."""
        return "overlap"

    def changes(self, group: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
        """What it rewrites of an overlap, beside moving it by reference: nothing."""
        return []

    def _edit(self, group: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """The first story leads an overlap; the one that says most stands for all."""
        if self.relation(group) == "overlap":
            return {"overlap": _handles(group), "rewrite": self.changes(group)}
        fullest = sorted(group, key=lambda story: -sum(len(str(text)) for text in story.values()))
        return {"same": _handles(fullest)}

    def _full_edit(self, group: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """The same with every field, as the first released prompt asks for it."""
        relation, text = self.relation(group), _story(group)
        del text["handles"]
        if relation != "overlap":
            text = {name: type(value)() for name, value in text.items()}
        return {
            "relation": relation, "handles": _handles(group), "keep": "", "text": text,
            "attribute": "", "values": [], "reason": "goals that begin alike",
        }  # fmt: skip

    def _groups(self, told: Sequence[Mapping[str, object]]) -> list[list[Mapping[str, object]]]:
        groups: dict[str, list[Mapping[str, object]]] = {}
        for story in told:
            words = normalise(str(story.get("goal", ""))).split()[: self._words]
            groups.setdefault(" ".join(words) or str(story["handle"]), []).append(story)
        return list(groups.values())

    def describe(self) -> Mapping[str, str]:
        """What answers."""
        return {"model": "judge", "failing": str(self._failing)}

    def close(self) -> None:
        """Nothing to let go of."""


class CodeJudge(Judge):
    """Puts together what code finds the same or overlapping; never fails."""

    def _groups(self, told: Sequence[Mapping[str, object]]) -> list[list[Mapping[str, object]]]:
        groups: list[list[Mapping[str, object]]] = []
        shown: list[Story] = []
        for fields in told:
            story = as_told(fields)
            near = next(
                (i for i, first in enumerate(shown) if relate(first, story).relation in _TOGETHER),
                None,
            )
            if near is None:
                groups.append([fields])
                shown.append(story)
            else:
                groups[near].append(fields)
        return groups

    def relation(self, group: Sequence[Mapping[str, object]]) -> str:
        first, *others = [as_told(fields) for fields in group]
        same = all(relate(first, other).relation is Relation.SAME for other in others)
        parts = any(fields["parts"] for fields in group)
        return "same" if same and not parts else "overlap"


def as_told(fields: Mapping[str, object]) -> Story:
    """A story as a prompt shows it: its place matters to nobody here."""
    role, goal, benefit, title = (
        str(fields.get(name, "")) for name in ("role", "goal", "benefit", "title")
    )
    text = " ".join((role, goal, benefit, title))
    source = Source("", "", Locator(), (Span(0, 1),))
    return Story(str(fields["handle"]), "agile", source, text, role, goal, benefit, title=title)


_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop", "error": "error", "refusal": "refusal", "length": "length",
}  # fmt: skip


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


def _handles(group: Sequence[Mapping[str, object]]) -> list[object]:
    return [story["handle"] for story in group]


def _story(group: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The first of a group's stories with the parts of all of them, moved by reference."""
    parts = [part for story in group for part in _parts(story)]
    return {
        "handles": _handles(group),
        **{name: group[0].get(name, "") for name in ("title", "role", "goal", "benefit")},
        "criteria": [part for part in parts if ".c" in part],
        "body": [part for part in parts if ".b" in part],
    }


def _parts(story: Mapping[str, object]) -> list[str]:
    parts = story["parts"]
    return [str(part) for part in parts] if isinstance(parts, list) else []


def _spoilt(text: str, fault: str) -> tuple[str, str]:
    """A good reply made a bad one: its text, and why it ended."""
    if fault in ("error", "refusal"):
        return "", fault
    if fault == "length":
        return text[: len(text) // 2], "length"
    if fault == "empty":
        return " \n", "stop"
    try:
        value = json.loads(text)
        name = next(iter(value))
        listed = value[name]
    except (ValueError, StopIteration):
        return "Sorry, I cannot do that.", "stop"  # free text: no story is in it
    if fault == "broken" or not listed:
        return text[:-1], "stop"
    if fault == "unknown":
        last = listed[-1]
        last[next(name for name in _NAMING if name in last)].append("S9999")
    elif fault == "repeated":
        listed.append(listed[0])
    else:
        listed.pop()
    return json.dumps(value), "stop"
