"""The first released prompt of edits stays usable: whoever compares prompts asks with it again."""

from __future__ import annotations

import json

import pytest
from jsonschema import validate

from evals.judges import Judge
from evals.versions import find_version, only_version
from pipeline.calls import Call, Reply, Request, TokenCount, Usage, canonical_json
from pipeline.merge.edits import parse_edits
from pipeline.merge.operations import CallFailed
from pipeline.merge.run import run_plan
from pipeline.outcomes import FULL_EDITS_SCHEMA, Outcome, Relation, StoryText

FULL = canonical_json(FULL_EDITS_SCHEMA)
NOTHING = {"title": "", "role": "", "goal": "", "benefit": "", "criteria": [], "body": []}


@pytest.fixture
def stories(kit):
    found = [
        kit.story("a", "rate a book", benefit="others find it", criteria=("five stars", "no text")),
        kit.story("b", "rate a book", criteria=("once a day",), body=("see the form",)),
        kit.story("c", "print a list"),
    ]
    return {s.id: s for s in found}


def read(stories, *operations: dict):
    handles = (("S1", "a"), ("S2", "b"), ("S3", "c"))
    request = Request("local/judge", "r1", "edits", "merge-edits.v1", "h", (), 100)
    count = TokenCount(1, "words", True, 1, 1)
    call = Call("edit-0001", "edit", request, handles, (("S1", "S2"), ("S3",)), count, (0, 1, 9))
    edits = [
        {"keep": "", "attribute": "", "values": [], "reason": "", **operation}
        | {"text": {**NOTHING, **operation.get("text", {})}}
        for operation in operations
    ]
    text = json.dumps({"edits": edits})
    return parse_edits(Reply("k", text, "stop", Usage(1, 7), 0.0), call, stories)


def test_every_relation_is_read(stories):
    same, distinct = read(
        stories,
        {"relation": "same", "handles": ["S1", "S2"], "keep": "S2", "reason": "twice"},
        {"relation": "distinct", "handles": ["S3"]},
    )
    assert (same.relation, same.keep, same.reason) == (Relation.SAME, "b", "twice")
    assert distinct.stories == ("c",)
    (fullest,) = read(
        stories,
        {"relation": "same", "handles": ["S1", "S2"]},
    )
    assert fullest.keep == "a"
    disputed = {"relation": "conflict", "handles": ["S1", "S3"], "attribute": "number"}
    (conflict,) = read(stories, disputed | {"values": ["no text", "list"]})
    assert (conflict.attribute, conflict.values) == ("number", ("no text", "list"))


def test_an_overlap_names_parts_or_writes_them(stories):
    parts = {"criteria": ["S2.c1", "S1.c2", "new"], "body": ["S2.b1"]}
    text = {"role": "reader", "goal": "rate a book", **parts}
    (edit,) = read(stories, {"relation": "overlap", "handles": ["S1", "S2"], "text": text})
    assert edit.text == StoryText(
        role="reader",
        goal="rate a book",
        criteria=("once a day", "no text", "new"),
        body=("see the form",),
    )


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"relation": "same", "handles": ["S1"]}, "two handles"),
        ({"relation": "same", "handles": ["S1", "S2"], "keep": "S3"}, "keeps"),
        ({"relation": "overlap", "handles": ["S1", "S2"]}, "empty"),
        ({"same": ["S1", "S2"], "relation": "same", "handles": ["S1", "S2"]}, "breaks the schema"),
    ],
)
def test_what_is_in_doubt_fails_the_call(stories, operation: dict, reason: str):
    with pytest.raises(CallFailed, match=reason):
        read(stories, operation)


def test_a_merge_by_the_first_prompt_ends_as_one_by_the_newest(kit, backlog, tmp_path):
    """The judge answers in the form that it was asked for; what becomes of the stories is alike."""
    ledgers = []
    for label in ("merge-edits.v1", "merge-edits.v2"):
        prompts = only_version(find_version(label, kit.prompts), kit.prompts, tmp_path / label)
        plan = kit.plan_for(list(backlog.values()), "edits", prompts=prompts)
        judge = Judge(kit.specs["edits"], kit.counter.count_text)
        outcomes = run_plan(plan, backlog, judge, kit.MemoryJournal())
        assert not outcomes.failed_calls
        ledgers.append([(row.story, row.outcome, row.target) for row in outcomes.ledger])
        assert {call.request.prompt for call in plan.calls} == {label}
        if label == "merge-edits.v1":
            assert {call.request.schema for call in plan.calls} == {FULL}
            for request in judge.asked:
                validate(json.loads(judge.answer(request)), FULL_EDITS_SCHEMA)
    assert ledgers[0] == ledgers[1]
    assert any(outcome is Outcome.MERGED_INTO for _, outcome, _ in ledgers[0])
