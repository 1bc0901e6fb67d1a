"""A reply as edits: parsed, checked against the schema, its handles resolved to stories.

Everything that is not beyond doubt makes the call fail, with a reason that the ledger repeats: a
reply cut off at its limit, a refusal, an empty reply, broken JSON, a handle that was not given or
stands in two edits. A failed call changes no story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jsonschema

from pipeline.calls import Call, Reply
from pipeline.compare.union import by_fullness, parts
from pipeline.outcomes import EDITS_SCHEMA, STORIES_SCHEMA, Edit, Relation, StoryText
from pipeline.stories import Story

_PART = re.compile(r"\s*(?P<handle>[A-Z]\d+)\.(?P<kind>[cb])(?P<number>\d+)\s*")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(?P<inside>.*?)\n?```\s*\Z", re.DOTALL)
#: The schema of a reply by the name of the list it holds.
_SCHEMAS = {"edits": EDITS_SCHEMA, "stories": STORIES_SCHEMA}


class CallFailed(Exception):
    """A reply that cannot be used, and why. Internal to the merge: it becomes a ledger reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_edits(reply: Reply, call: Call, stories: Mapping[str, Story]) -> list[Edit]:
    """The edits a reply asks for, with story ids in place of handles.

    Raises:
        CallFailed: the reply cannot be used.
    """
    check_finish(reply)
    if call.request.purpose == "story":
        return [_merged_story(reply.text, call, stories)]
    operations = _Operations(call, stories)
    if call.request.purpose == "stories":
        return operations.read_stories(_listed(reply.text, "stories"))
    return operations.read(_listed(reply.text, "edits"))


def check_finish(reply: Reply) -> None:
    """Refuse a reply that is not whole.

    Raises:
        CallFailed: it was cut off, refused, failed, or is empty.
    """
    if reply.finish == "length":
        raise CallFailed(f"the reply was cut off at its limit ({reply.usage.output} tokens)")
    if reply.finish == "refusal":
        raise CallFailed(f"the model refused: {reply.detail or 'no reason given'}")
    if reply.finish == "error":
        raise CallFailed(reply.detail or "the call failed")
    if not reply.text.strip():
        raise CallFailed("the reply is empty")


def _merged_story(text: str, call: Call, stories: Mapping[str, Story]) -> Edit:
    """The sentence a model wrote for one cluster; the parts it was not shown are carried over."""
    # Imported here: reading a story's words belongs to the extraction.
    from pipeline.extract.patterns import parse_story_text

    if len(call.clusters) != 1:
        raise CallFailed(f"a story call holds one cluster, this one {len(call.clusters)}")
    ids = dict(call.handles)
    members = tuple(ids[handle] for handle in call.clusters[0])
    written = parse_story_text(text)
    if not written.goal:
        raise CallFailed("the reply holds no user story")
    criteria, body = parts([stories[member] for member in members])
    return Edit(
        Relation.OVERLAP,
        members,
        text=replace(
            written,
            criteria=tuple(dict.fromkeys((*written.criteria, *criteria))),
            body=tuple(dict.fromkeys((*written.body, *body))),
        ),
        reason="one need, each with details of its own",
    )


def _listed(text: str, name: str) -> list[dict[str, Any]]:
    """The list that a reply of some schema holds under ``name``."""
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced["inside"] if fenced else text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise CallFailed(f"the reply is not JSON: {exc}") from exc
    error = next(iter(_validator(name).iter_errors(value)), None)
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path) or "the top"
        raise CallFailed(f"the reply breaks the schema at {place}: {error.message[:200]}")
    listed: list[dict[str, Any]] = value[name]
    return listed


@lru_cache(maxsize=2)
def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_SCHEMAS[name])


class _Operations:
    """Reads the operations of one reply; every handle and part may be used once."""

    def __init__(self, call: Call, stories: Mapping[str, Story]) -> None:
        self._stories = {handle: stories[story] for handle, story in call.handles}
        self._used: set[str] = set()

    def read(self, operations: Sequence[Mapping[str, Any]]) -> list[Edit]:
        return [self._edit(operation) for operation in operations]

    def read_stories(self, written: Sequence[Mapping[str, Any]]) -> list[Edit]:
        """Stories written again: one of several handles is their merge; one of a single handle
        says nothing new, so its source stands word for word."""
        return [self._written(story) for story in written]

    def _written(self, story: Mapping[str, Any]) -> Edit:
        handles = self._take(story["handles"])
        if not handles:
            raise CallFailed("a written story names no handle")
        ids = tuple(self._stories[handle].id for handle in handles)
        if len(ids) == 1:
            return Edit(Relation.DISTINCT, ids, reason="a need of its own")
        return Edit(Relation.OVERLAP, ids, text=self._text(story, handles), reason="one need")

    def _take(self, named: Sequence[str]) -> list[str]:
        handles = [handle.strip() for handle in named]
        for handle in handles:
            if handle not in self._stories:
                raise CallFailed(f"unknown handle {handle!r}")
            if handle in self._used:
                raise CallFailed(f"handle {handle} stands in two edits")
            self._used.add(handle)
        return handles

    def _edit(self, operation: Mapping[str, Any]) -> Edit:
        handles = self._take(operation["handles"])
        relation = Relation(operation["relation"])
        if relation is not Relation.DISTINCT and len(handles) < 2:
            raise CallFailed(f"{relation} needs two handles or more, got {handles}")
        ids = tuple(self._stories[handle].id for handle in handles)
        values = tuple(operation["values"])
        return Edit(
            relation,
            ids,
            keep=self._keep(operation["keep"].strip(), handles) if relation == "same" else "",
            text=self._text(operation["text"], handles) if relation == "overlap" else None,
            attribute=operation["attribute"] if relation == "conflict" else "",
            values=values if relation == "conflict" and len(values) == len(ids) else (),
            reason=operation["reason"],
        )

    def _keep(self, keep: str, handles: Sequence[str]) -> str:
        if not keep:
            return by_fullness([self._stories[handle] for handle in handles])[0].id
        if keep not in handles:
            raise CallFailed(f"keeps {keep!r}, which is none of {list(handles)}")
        return self._stories[keep].id

    def _text(self, text: Mapping[str, Any], handles: Sequence[str]) -> StoryText:
        used: set[str] = set()
        written = StoryText(
            role=text["role"].strip(),
            goal=text["goal"].strip(),
            benefit=text["benefit"].strip(),
            criteria=self._parts(text["criteria"], handles, used),
            title=text["title"].strip(),
            body=self._parts(text["body"], handles, used),
        )
        if not (written.goal or written.title or written.body or written.criteria):
            raise CallFailed(f"the merged text of {list(handles)} is empty")
        return written

    def _parts(
        self, items: Sequence[str], handles: Sequence[str], used: set[str]
    ) -> tuple[str, ...]:
        return tuple(self._part(item, handles, used) for item in items if item.strip())

    def _part(self, item: str, handles: Sequence[str], used: set[str]) -> str:
        """The text a part's handle stands for, moved by reference; other text as it is."""
        named = _PART.fullmatch(item)
        if named is None:
            return item.strip()
        part = item.strip()
        if named["handle"] not in handles:
            raise CallFailed(f"part {part} is of no story of {list(handles)}")
        if part in used:
            raise CallFailed(f"part {part} is named twice")
        used.add(part)
        story = self._stories[named["handle"]]
        texts = story.criteria if named["kind"] == "c" else story.body
        number = int(named["number"])
        if not 1 <= number <= len(texts):
            raise CallFailed(f"unknown part {part}")
        return texts[number - 1]
