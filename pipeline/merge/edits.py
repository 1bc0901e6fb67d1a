"""A reply as edits: parsed, checked against the schema, its handles resolved to stories.

Everything that is not beyond doubt makes the call fail, with a reason that the ledger repeats: a
reply cut off at its limit, a refusal, an empty reply, broken JSON, a handle that was not given or
stands in two edits. A failed call changes no story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema

from pipeline.calls import Call, Reply
from pipeline.compare.union import parts
from pipeline.merge.operations import CallFailed, FullOperations, Operations
from pipeline.outcomes import (
    CONFLICTS_SCHEMA,
    EDITS_SCHEMA,
    FULL_EDITS_SCHEMA,
    STORIES_SCHEMA,
    Edit,
    Relation,
)
from pipeline.stories import Story

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(?P<inside>.*?)\n?```\s*\Z", re.DOTALL)
_SCHEMAS = {
    "edits": EDITS_SCHEMA,
    "full edits": FULL_EDITS_SCHEMA,
    "stories": STORIES_SCHEMA,
    "conflicts": CONFLICTS_SCHEMA,
}
#: The prompt whose edits have every field.
_FULL = "merge-edits.v1"


def parse_edits(reply: Reply, call: Call, stories: Mapping[str, Story]) -> list[Edit]:
    """The edits a reply asks for, with story ids in place of handles.

    Raises:
        CallFailed: the reply cannot be used.
    """
    check_finish(reply)
    if call.request.purpose == "story":
        return [_merged_story(reply.text, call, stories)]
    if call.request.purpose == "stories":
        return Operations(call, stories).read_stories(_listed(reply.text, "stories", "stories"))
    if call.request.purpose == "conflicts":
        found = _listed(reply.text, "conflicts", "conflicts")
        return Operations(call, stories).read_conflicts(found)
    if call.request.prompt == _FULL:
        return FullOperations(call, stories).read_edits(_listed(reply.text, "edits", "full edits"))
    return Operations(call, stories).read_edits(_listed(reply.text, "edits", "edits"))


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


def _listed(text: str, name: str, schema: str) -> list[dict[str, Any]]:
    """The list that a reply holds under ``name``."""
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced["inside"] if fenced else text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise CallFailed(f"the reply is not JSON: {exc}") from exc
    error = next(iter(_validator(schema).iter_errors(value)), None)
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path) or "the top"
        raise CallFailed(f"the reply breaks the schema at {place}: {error.validator}")
    listed: list[dict[str, Any]] = value[name]
    return listed


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_SCHEMAS[schema])
