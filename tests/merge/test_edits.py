"""Replies as edits: what is not beyond doubt makes the call fail, with a reason."""

from __future__ import annotations

import json

import pytest

from pipeline.calls import Call, Reply, Request, TokenCount, Usage
from pipeline.merge.edits import parse_edits
from pipeline.merge.operations import CallFailed
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
    (same,) = parse_edits(reply(kit.edits({"same": ["S2", "S1"]})), call, stories)
    assert (same.relation, same.stories, same.keep) == (Relation.SAME, ("b", "a"), "b")
    text = kit.edits({"conflict": ["S1", "S3"], "on": "number", "values": ["no text", "list"]})
    (conflict,) = parse_edits(reply(text), call, stories)
    assert (conflict.attribute, conflict.values) == ("number", ("no text", "list"))
    assert conflict.reason == "they disagree on number"
    text = kit.edits({"conflict": ["S1", "S3"], "on": "", "values": ["no text"]})
    (conflict,) = parse_edits(reply(text), call, stories)
    assert conflict.values == () and conflict.reason


def overlap(kit, call: Call, stories, *handles: str, **texts: str) -> StoryText:
    changes = {place.replace("_", "."): text for place, text in texts.items()}
    text = kit.edits({"overlap": list(handles), "rewrite": changes})
    (edit,) = parse_edits(reply(f"```json\n{text}\n```"), call, stories)
    assert edit.relation is Relation.OVERLAP and edit.text is not None
    return edit.text


def test_what_a_reply_does_not_touch_is_moved_by_reference(kit, call: Call, stories):
    assert overlap(kit, call, stories, "S2", "S1") == StoryText(
        role="reader",
        goal="rate a book",
        benefit="others find it",
        criteria=("once a day", "five stars", "no text"),
        body=("see the form",),
    )
    assert overlap(kit, call, stories, "S3", "S1").goal == "print a list", "the first one leads"


def test_other_texts_stand_in_their_places_and_move_what_they_name(kit, call: Call, stories):
    text = overlap(
        kit, call, stories, "S1", "S2",
        goal="S2.goal", benefit="S1.benefit, once", S1_c1="S1.c1 and S2.c1", S1_c2="",
    )  # fmt: skip
    assert text == StoryText(
        role="reader",
        goal="rate a book",
        benefit="others find it, once",
        criteria=("five stars and once a day",),
        body=("see the form",),
    )
    named_by_the_story = {"S1.benefit": "S2.b1"}
    text = overlap(kit, call, stories, "S1", "S2", **named_by_the_story)
    assert text.benefit == "see the form" and text.body == ()


def test_parts_that_say_the_same_word_for_word_stand_once(kit, call: Call, stories):
    twice = {**stories, "b": kit.replace(stories["b"], criteria=("Five stars.", "once a day"))}
    text = overlap(kit, call, twice, "S1", "S2")
    assert text.criteria == ("five stars", "no text", "once a day")


def test_a_union_is_left_to_code(kit, call: Call, stories):
    asked = kit.replace(call, request=kit.replace(call.request, purpose="union"))
    (edit,) = parse_edits(reply(kit.edits({"overlap": ["S1", "S2"]})), asked, stories)
    assert edit.text is None and edit.stories == ("a", "b")


OVERLAP = {"overlap": ["S1", "S2"]}
BAD = [
    ([{"same": ["S1", "S9"]}], "unknown handle"),
    ([{"same": ["S1", "S1"]}], "two edits"),
    ([{"same": ["S1", "S2"]}, {"conflict": ["S1", "S3"], "on": "", "values": []}], "two edits"),
    ([{"same": ["S1"]}], "two handles"),
    ([{"same": []}], "two handles"),
    ([{**OVERLAP, "rewrite": {"S1.c3": "x"}}], "unknown part"),
    ([{**OVERLAP, "rewrite": {"goal": "x S1.c0"}}], "unknown part"),
    ([{**OVERLAP, "rewrite": {"goal": "S2.benefit"}}], "unknown part"),
    ([{**OVERLAP, "rewrite": {"goal": "S1.c1, S1.c1"}}], "named twice"),
    ([{**OVERLAP, "rewrite": {"goal": "S1.c1", "benefit": "S1.c01"}}], "named twice"),
    ([{**OVERLAP, "rewrite": {"goal": "S3.goal"}}], "no story"),
    ([{**OVERLAP, "rewrite": {"S3.c1": "x"}}], "no story"),
    ([{**OVERLAP, "rewrite": {"goal": "x", "S1.goal": "y"}}], "written twice"),
    ([{**OVERLAP, "rewrite": {"S1.c1": "x", "S1.c01": "y"}}], "written twice"),
    ([{**OVERLAP, "rewrite": {"S2.goal": "x"}}], "no part"),
    ([{**OVERLAP, "rewrite": {"criteria": "x"}}], "no part"),
    ([{"overlap": ["S1", "S3"], "rewrite": {"goal": "", "S1.c1": "", "S1.c2": ""}}], "empty"),
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
        (reply('{"edits": [{"overlap": ["S1", "S2"]}]}'), "breaks the schema"),
        (reply('{"edits": [{"same": ["S1", "S2"], "keep": "S1"}]}'), "breaks the schema"),
        (reply('{"edits": [{"distinct": ["S1", "S2"]}]}'), "breaks the schema"),
        (reply(json.dumps({"edits": [], "note": "hi"})), "breaks the schema"),
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
