"""Replies as edits: what is not beyond doubt makes the call fail, with a reason."""

from __future__ import annotations

import json

import pytest

from pipeline.calls import Call, Reply, Request, TokenCount, Usage
from pipeline.merge.edits import CallFailed, parse_edits
from pipeline.outcomes import Relation, StoryText


@pytest.fixture
def stories(kit):
    found = [
        kit.story("a", "rate a book", benefit="others find it", criteria=("five stars", "no text")),
        kit.story("b", "rate a book", criteria=("once a day",), body=("see the form",)),
        kit.story("c", "print a list"),
    ]
    return {s.id: s for s in found}


@pytest.fixture
def call(stories):
    handles = (("S1", "a"), ("S2", "b"), ("S3", "c"))
    request = Request("local/judge", "r1", "edits", "p", "h", (), 100)
    count = TokenCount(1, "words", True, 1, 1)
    return Call("edit-0001", "edit", request, handles, (("S1", "S2"), ("S3",)), count, (0, 1, 9))


def reply(text: str, finish: str = "stop", detail: str = "") -> Reply:
    return Reply("k", text, finish, Usage(1, 7), 0.0, detail=detail)


def test_each_relation_is_resolved(kit, call: Call, stories):
    text = kit.edits(
        {"relation": "same", "handles": ["S1", "S2"], "keep": "S2", "reason": "twice"},
        {"relation": "distinct", "handles": ["S3"]},
    )
    same, distinct = parse_edits(reply(text), call, stories)
    assert (same.relation, same.stories, same.keep) == (Relation.SAME, ("a", "b"), "b")
    assert distinct.stories == ("c",)
    text = kit.edits({"relation": "conflict", "handles": ["S1", "S3"], "attribute": "number",
                      "values": ["3", "4"]})  # fmt: skip
    (conflict,) = parse_edits(reply(text), call, stories)
    assert (conflict.attribute, conflict.values) == ("number", ("3", "4"))


def test_parts_are_moved_by_reference(kit, call: Call, stories):
    text = kit.edits(
        {
            "relation": "overlap",
            "handles": ["S1", "S2"],
            "text": {"role": "reader", "goal": "rate a book", "criteria": ["S2.c1", "S1.c2", "new"],
                     "body": ["S2.b1"]},
        }
    )  # fmt: skip
    (edit,) = parse_edits(reply(f"```json\n{text}\n```"), call, stories)
    assert edit.text == StoryText(
        role="reader",
        goal="rate a book",
        criteria=("once a day", "no text", "new"),
        body=("see the form",),
    )


OVERLAP = {"relation": "overlap", "handles": ["S1", "S2"]}
BAD = [
    ([{"relation": "same", "handles": ["S1", "S9"]}], "unknown handle"),
    ([{"relation": "same", "handles": ["S1", "S1"]}], "two edits"),
    (
        [
            {"relation": "same", "handles": ["S1", "S2"]},
            {"relation": "distinct", "handles": ["S1"]},
        ],
        "two edits",
    ),
    ([{"relation": "same", "handles": ["S1"]}], "two handles"),
    ([{"relation": "same", "handles": ["S1", "S2"], "keep": "S3"}], "keeps"),
    ([OVERLAP], "empty"),
    ([{**OVERLAP, "text": {"goal": "x", "criteria": ["S1.c3"]}}], "unknown part"),
    ([{**OVERLAP, "text": {"goal": "x", "criteria": ["S1.c1", "S1.c1"]}}], "named twice"),
    ([{**OVERLAP, "text": {"goal": "x", "criteria": ["S3.c1"]}}], "no story"),
]


@pytest.mark.parametrize(("operations", "reason"), BAD)
def test_doubtful_operations_fail_the_call(kit, call: Call, stories, operations, reason):
    with pytest.raises(CallFailed, match=reason):
        parse_edits(reply(kit.edits(*operations)), call, stories)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (reply("", "length"), "cut off at its limit"),
        (reply("", "refusal", "policy"), "refused: policy"),
        (reply("", "error", "HTTP 529"), "HTTP 529"),
        (reply("  \n"), "empty"),
        (reply("Sure! Here are the edits."), "not JSON"),
        (reply('{"edits": ['), "not JSON"),
        (reply("[" * 100_000), "not JSON"),
        (reply('{"edits": [{"relation": "same"}]}'), "breaks the schema"),
        (reply(json.dumps({"edits": [], "note": "hi"})), "breaks the schema"),
        (reply('{"edits": [{"relation": "merge"}]}'), "breaks the schema"),
    ],
)
def test_replies_that_are_not_whole_fail_the_call(call: Call, stories, bad: Reply, reason: str):
    with pytest.raises(CallFailed, match=reason):
        parse_edits(bad, call, stories)


def test_a_written_story_becomes_an_overlap_of_its_cluster(kit, call: Call, stories):
    written = kit.replace(
        call,
        request=kit.replace(call.request, purpose="story"),
        handles=call.handles[:2],
        clusters=(("S1", "S2"),),
    )
    text = "As a reader, I want to rate a book, so that others find it."
    (edit,) = parse_edits(reply(text), written, stories)
    assert edit.stories == ("a", "b") and edit.relation is Relation.OVERLAP
    assert edit.text is not None
    assert (edit.text.role, edit.text.goal) == ("reader", "rate a book")
    assert edit.text.benefit.rstrip(".") == "others find it"
    with pytest.raises(CallFailed, match="no user story"):
        parse_edits(reply("Yes."), written, stories)
