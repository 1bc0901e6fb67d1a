"""A reply parsed once into a typed value; what is not beyond doubt makes the call fail.

A reply cut off at its limit, a refusal, an empty reply, broken JSON, a handle that was not given or
is named twice: each is a reason that is told. A failed call changes no story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema

from pipeline.calls import Call, Reply
from pipeline.entries import Answer
from pipeline.outcomes import STORIES_SCHEMA, StoryText
from pipeline.plan.groups import GROUPS_SCHEMA, RELATIONS
from pipeline.plan.pairs import PAIR_SCHEMA, WORDS

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(?P<inside>.*?)\n?```\s*\Z", re.DOTALL)
_HANDLE = re.compile(r"[A-Z]\d{0,6}")
#: A part that is named instead of repeated: "S2.c1", "S1.b3".
_PART = re.compile(r"(?P<handle>[A-Z]\d+)\.(?P<kind>[cb])(?P<number>\d+)")
_WORD_OF = {answer: word for word, answer in WORDS.items()}
_SCHEMAS = {"pair": PAIR_SCHEMA, "groups": GROUPS_SCHEMA, "stories": STORIES_SCHEMA}


class CallFailed(Exception):
    """A reply that cannot be used, and why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Group:
    """Handles that a reply puts together, in its order, and what it says of them."""

    handles: tuple[str, ...]
    relation: Answer


@dataclass(frozen=True, slots=True)
class Written:
    """A story as a reply wrote it again, and the handles that it stands for."""

    handles: tuple[str, ...]
    text: StoryText


def check(reply: Reply, call: Call) -> str:
    """Why a reply cannot be used, "" where it can."""
    try:
        if call.request.purpose == "pair":
            read_answer(reply)
        elif call.request.purpose == "groups":
            read_groups(reply, call)
        elif call.request.purpose == "stories":
            read_stories(reply, call)
        else:
            check_finish(reply)
    except CallFailed as failed:
        return failed.reason
    return ""


def read_answer(reply: Reply) -> Answer:
    """What a judge says of a pair.

    Raises:
        CallFailed: the reply cannot be used.
    """
    check_finish(reply)
    word = reply.text.strip().strip('".').lower()
    if word in WORDS:  # a server that keeps no schema and writes the bare word
        return WORDS[word]
    return WORDS[_read_json(reply.text, "pair")["answer"]]


def likelihood_of(reply: Reply, answer: Answer) -> float | None:
    """How likely an answer is by a reply, 0 to 1; None where whoever answered gave no number."""
    return reply.likelihoods.get(_WORD_OF[answer]) if reply.likelihoods is not None else None


def read_groups(reply: Reply, call: Call) -> list[Group]:
    """Which tellings of a window belong together. A handle that stands in no group is different
    from all others.

    Raises:
        CallFailed: the reply cannot be used.
    """
    check_finish(reply)
    given = {handle for handle, _ in call.handles}
    used: set[str] = set()
    found = []
    for group in _read_json(reply.text, "groups")["groups"]:
        handles = tuple(handle.strip() for handle in group["handles"])
        if len(handles) < 2:
            raise CallFailed("a group names fewer than two handles")
        _take(handles, given, used)
        found.append(Group(handles, RELATIONS[group["relation"]]))
    return found


def _take(handles: Iterable[str], given: Collection[str], used: set[str]) -> None:
    """Count handles as used.

    Raises:
        CallFailed: one was not given, or is used already.
    """
    for handle in handles:
        if handle not in given:
            shown = repr(handle) if _HANDLE.fullmatch(handle) else ""
            raise CallFailed(f"unknown handle {shown}".rstrip())
        if handle in used:
            raise CallFailed(f"handle {handle} is named twice")
        used.add(handle)


def read_stories(reply: Reply, call: Call) -> list[Written]:
    """Stories written again. A handle that the reply leaves out is in none of them.

    Raises:
        CallFailed: the reply cannot be used.
    """
    check_finish(reply)
    given = {handle for handle, _ in call.handles}
    used: set[str] = set()
    found = []
    for story in _read_json(reply.text, "stories")["stories"]:
        handles = tuple(handle.strip() for handle in story["handles"])
        if not handles:
            raise CallFailed("a written story names no handle")
        _take(handles, given, used)
        text = StoryText(
            role=story["role"].strip(),
            goal=story["goal"].strip(),
            benefit=story["benefit"].strip(),
            criteria=tuple(c.strip() for c in story["criteria"] if c.strip()),
            title=story["title"].strip(),
            body=tuple(b.strip() for b in story["body"] if b.strip()),
        )
        if not (text.goal or text.title or text.body or text.criteria):
            raise CallFailed(f"the text of {list(handles)} is empty")
        found.append(Written(handles, text))
    return found


def named_part(text: str) -> tuple[str, str, int] | None:
    """The (handle, "c" or "b", number) that a written criterion or paragraph names instead of
    repeating it; None where it is a text of its own."""
    found = _PART.fullmatch(text.strip())
    return (found["handle"], found["kind"], int(found["number"])) if found else None


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


def _read_json(text: str, schema: str) -> Mapping[str, Any]:
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced["inside"] if fenced else text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise CallFailed(f"the reply is not JSON: {exc}") from exc
    error = next(iter(_validator(schema).iter_errors(value)), None)
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path) or "the top"
        raise CallFailed(f"the reply breaks the schema at {place}: {error.validator}")
    parsed: Mapping[str, Any] = value
    return parsed


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_SCHEMAS[schema])
