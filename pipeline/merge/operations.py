"""The operations of one reply, handle by handle: nothing is used that was not given, or twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.calls import Call
from pipeline.compare.union import by_fullness, same_words
from pipeline.merge.dispute import dispute
from pipeline.outcomes import Edit, Relation, StoryText
from pipeline.stories import Story

#: A place of a story, wherever a reply's text names it: "S1.goal", "S2.c1", "S2.b3".
_PLACE = re.compile(
    r"(?<![\w.])(?P<handle>[A-Z]\d+)\."
    r"(?P<kind>title|role|goal|benefit|[cb](?=\d))(?P<number>(?<=\.[cb])\d+)?(?!\w)"
)
_HANDLE = re.compile(r"[A-Z]\d{1,6}")
_SINGLE = ("title", "role", "goal", "benefit")


class CallFailed(Exception):
    """A reply that cannot be used, and why. Internal to the merge: it becomes a ledger reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Operations:
    """Reads the operations of one reply; every handle and part may be used once."""

    def __init__(self, call: Call, stories: Mapping[str, Story]) -> None:
        self._stories = {handle: stories[story] for handle, story in call.handles}
        self._writes = call.request.purpose != "union"
        self._used: set[str] = set()

    def read_edits(self, operations: Iterable[Mapping[str, Any]]) -> list[Edit]:
        """What to do with stories that belong together; the reasons are code's."""
        return [self._edit(operation) for operation in operations]

    def read_stories(self, written: Iterable[Mapping[str, Any]]) -> list[Edit]:
        """Stories written again: one of several handles is their merge; one of a single handle
        says nothing new, so its source stands word for word."""
        return [self._written(story) for story in written]

    def read_conflicts(self, found: Iterable[Mapping[str, Any]]) -> list[Edit]:
        """Contradictions, of which one story may have several."""
        edits = []
        for conflict in found:
            handles = list(dict.fromkeys(self._known(conflict["handles"])))
            if len(handles) < 2:
                raise CallFailed(f"a contradiction needs two handles or more, got {handles}")
            edits.append(dispute(self._told(handles), conflict["on"], conflict["values"]))
        return edits

    def _edit(self, operation: Mapping[str, Any]) -> Edit:
        relation = next(r for r in Relation if r in operation)
        handles = self._take(operation[relation])
        if len(handles) < 2:
            raise CallFailed(f"{relation} needs two handles or more, got {handles}")
        ids = self._ids(handles)
        if relation is Relation.SAME:
            return Edit(relation, ids, keep=ids[0])
        if relation is Relation.OVERLAP:
            text = self._rewritten(handles, operation["rewrite"]) if self._writes else None
            return Edit(relation, ids, text=text)
        return dispute(self._told(handles), operation["on"], operation["values"])

    def _written(self, story: Mapping[str, Any]) -> Edit:
        handles = self._take(story["handles"])
        if not handles:
            raise CallFailed("a written story names no handle")
        ids = self._ids(handles)
        if len(ids) == 1:
            return Edit(Relation.DISTINCT, ids, reason="a need of its own")
        return Edit(Relation.OVERLAP, ids, text=self._text(story, handles), reason="one need")

    def _text(self, written: Mapping[str, Any], handles: Sequence[str]) -> StoryText:
        """A text with every field, whose parts may be named instead of repeated."""
        places = _Places({handle: self._stories[handle] for handle in handles})
        text = StoryText(
            role=written["role"].strip(),
            goal=written["goal"].strip(),
            benefit=written["benefit"].strip(),
            criteria=places.listed(written["criteria"]),
            title=written["title"].strip(),
            body=places.listed(written["body"]),
        )
        return _not_empty(text, handles)

    def _ids(self, handles: Iterable[str]) -> tuple[str, ...]:
        return tuple(story.id for story in self._told(handles))

    def _take(self, named: Iterable[str]) -> list[str]:
        handles = self._known(named)
        for handle in handles:
            if handle in self._used:
                raise CallFailed(f"handle {handle} stands in two edits")
            self._used.add(handle)
        return handles

    def _known(self, named: Iterable[str]) -> list[str]:
        handles = [handle.strip() for handle in named]
        for handle in handles:
            if handle not in self._stories:
                raise CallFailed(f"unknown handle {_shown(handle)}".rstrip())
        return handles

    def _told(self, handles: Iterable[str]) -> list[Story]:
        return [self._stories[handle] for handle in handles]

    def _rewritten(self, handles: Sequence[str], changes: Iterable[Mapping[str, str]]) -> StoryText:
        """The first story's sentence with the parts of all, but for what the changes say."""
        places = _Places({handle: self._stories[handle] for handle in handles})
        for change in changes:
            places.rewrite(change["at"].strip(), change["text"])
        merged = StoryText(
            role=places.sentence("role"),
            goal=places.sentence("goal"),
            benefit=places.sentence("benefit"),
            criteria=_once(places.parts("c")),
            title=places.sentence("title"),
            body=_once(places.parts("b")),
        )
        return _not_empty(merged, handles)


class FullOperations(Operations):
    """The same where every edit has every field, as ``merge-edits.v1`` asked for it."""

    def _edit(self, operation: Mapping[str, Any]) -> Edit:
        handles = self._take(operation["handles"])
        relation = Relation(operation["relation"])
        if relation is not Relation.DISTINCT and len(handles) < 2:
            raise CallFailed(f"{relation} needs two handles or more, got {handles}")
        if relation is Relation.CONFLICT:
            return dispute(
                self._told(handles),
                operation["attribute"],
                operation["values"],
                operation["reason"],
            )
        return Edit(
            relation,
            self._ids(handles),
            keep=self._keep(operation["keep"].strip(), handles)
            if relation is Relation.SAME
            else "",
            text=self._text(operation["text"], handles) if relation is Relation.OVERLAP else None,
            reason=operation["reason"],
        )

    def _keep(self, keep: str, handles: Sequence[str]) -> str:
        if not keep:
            return by_fullness([self._stories[handle] for handle in handles])[0].id
        if keep not in handles:
            raise CallFailed(f"keeps a story {_shown(keep)} that is none of {list(handles)}")
        return self._stories[keep].id


class _Places:
    """The fields and parts of some stories, the first of which leads, with what a reply puts
    there; a text may name places instead of repeating what stands there."""

    def __init__(self, stories: Mapping[str, Story]) -> None:
        self._stories = stories
        self._moved: set[str] = set()
        self._written: dict[str, str] = {}

    def rewrite(self, at: str, text: str) -> None:
        """Another text for a field of the first story or a part of any; "" leaves it out."""
        part = _PLACE.fullmatch(at)
        if part and part["kind"] in "cb":
            at, _ = self._found(part)
        elif part and part["handle"] == next(iter(self._stories)):
            at = part["kind"]
        elif at not in _SINGLE:
            raise CallFailed(f"rewrites {at[:40]!r}, which is no part of {list(self._stories)}")
        if at in self._written:
            raise CallFailed(f"part {at} is written twice")
        self._written[at] = _PLACE.sub(self._move, text).strip()

    def listed(self, items: Iterable[str]) -> tuple[str, ...]:
        """Parts of which each is a place or a text of its own, empty ones left out."""
        return tuple(
            self._move(place) if (place := _PLACE.fullmatch(item.strip())) else item.strip()
            for item in items
            if item.strip()
        )

    def sentence(self, field: str) -> str:
        """What is written for a field, else the first story's that was not moved away."""
        return self._written[field] if field in self._written else next(self.parts(field), "")

    def parts(self, kind: str) -> Iterator[str]:
        """What stands at the places of a kind ("c", "b" or a field), in the order of the
        stories."""
        for handle, story in self._stories.items():
            for number, text in enumerate(_at(story, kind), 1):
                name = _name(handle, kind, number)
                if name in self._written:
                    yield self._written[name]
                elif text and name not in self._moved:
                    yield text

    def _move(self, place: re.Match[str]) -> str:
        name, text = self._found(place)
        if name in self._moved:
            raise CallFailed(f"part {name} is named twice")
        self._moved.add(name)
        return text

    def _found(self, place: re.Match[str]) -> tuple[str, str]:
        """A place's one name, and what stands there."""
        handle, kind, number = place["handle"], place["kind"], int(place["number"] or 1)
        story = self._stories.get(handle)
        if story is None:
            raise CallFailed(f"part {place[0]} is of no story of {list(self._stories)}")
        texts = _at(story, kind)
        if not 1 <= number <= len(texts) or not texts[number - 1]:
            raise CallFailed(f"unknown part {place[0]}")
        return _name(handle, kind, number), texts[number - 1]


def _name(handle: str, kind: str, number: int) -> str:
    return f"{handle}.{kind}{number}" if kind in "cb" else f"{handle}.{kind}"


def _at(story: Story, kind: str) -> tuple[str, ...]:
    if kind in "cb":
        return story.criteria if kind == "c" else story.body
    text: str = getattr(story, kind)
    return (text,)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, the first of those that say the same word for word; none is empty."""
    known: dict[str, str] = {}
    for text in filter(None, texts):
        known.setdefault(same_words(text), text)
    return tuple(known.values())


def _not_empty(text: StoryText, handles: Sequence[str]) -> StoryText:
    if not (text.goal or text.title or text.body or text.criteria):
        raise CallFailed(f"the merged text of {list(handles)} is empty")
    return text


def _shown(handle: str) -> str:
    """A handle to be told of; "" of what has not the form of one, for it may be anything."""
    return repr(handle) if _HANDLE.fullmatch(handle) else ""
