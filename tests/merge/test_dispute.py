"""Contradictions that a model names among all stories: rows like any other, in nobody's words but
those of the stories."""

from __future__ import annotations

import json

import pytest

from pipeline.merge.dispute import dispute
from pipeline.merge.edits import parse_edits
from pipeline.merge.operations import CallFailed
from pipeline.merge.run import run_plan
from pipeline.outcomes import Decision, Outcome, Relation
from pipeline.plan.conflicts import CONFLICTS_PROMPT


@pytest.fixture
def pair(kit):
    return [
        kit.story("a", "borrow a drill", criteria=("A guest card is valid for 14 days.",)),
        kit.story("b", "see my fines", criteria=("Guest cards end after 4 weeks.",)),
    ]


def test_what_a_model_says_of_it_stands_where_a_story_says_it(pair):
    edit = dispute(pair, "guest card", ["14  days", "4 weeks"])
    assert (edit.relation, edit.attribute) == (Relation.CONFLICT, "guest card")
    assert edit.values == ("14 days", "4 weeks") and edit.reason == "they disagree on guest card"
    assert dispute(pair, "Number", []).attribute == "Number"


def test_what_no_story_says_is_left_out(pair):
    edit = dispute(pair, "see https://evil.example/?q=", ["14 days", "5 weeks"])
    assert edit.attribute == "" and edit.values == ("14 days", "")
    assert edit.reason == "they contradict each other"
    assert dispute(pair, "guest card", ["4 days", "weeks of 4"]).values == ()
    assert dispute(pair, "guest card", ["14 days"]).values == ()


def reply(kit, *conflicts: dict) -> str:
    return json.dumps({"conflicts": list(conflicts)})


def conflict(*handles: str, on: str = "", values: tuple[str, ...] = ()) -> dict:
    return {"handles": list(handles), "on": on, "values": list(values)}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (json.dumps({"conflicts": [conflict("S1", "S99")]}), "unknown handle"),
        (json.dumps({"conflicts": [conflict("S1", "S1")]}), "two handles"),
        (json.dumps({"conflicts": [{"handles": ["S1", "S2"]}]}), "breaks the schema"),
        (json.dumps({"edits": []}), "breaks the schema"),
    ],
)
def test_doubtful_replies_fail_the_call(kit, backlog, said: str, reason: str):
    plan = kit.plan_for(list(backlog.values()), conflicts=True)
    (call,) = plan.looking
    answered = next(kit.FakeModel(kit.specs["edits"], lambda _: said).complete([call.request]))
    with pytest.raises(CallFailed, match=reason):
        parse_edits(answered, call, backlog)


def merged(kit, backlog, names, said, *, decisions=(), strategy: str = "edit"):
    """A merge whose model finds this contradiction and else nothing (or everything alone)."""
    plan = kit.plan_for(
        list(backlog.values()), strategy=strategy, conflicts=True, decisions=decisions
    )
    handles = {story: handle for call in plan.looking for handle, story in call.handles}

    def answer(request):
        if request.prompt.startswith(CONFLICTS_PROMPT):
            return said([handles[name] for name in names])
        if request.purpose == "edits":
            return kit.edits()
        return json.dumps({"stories": []})

    model = kit.FakeModel(kit.specs["edits"], answer)
    journal = kit.MemoryJournal()
    outcomes = run_plan(
        plan, backlog, model, journal, desk=kit.desk_for(plan), decisions=decisions
    )  # fmt: skip
    return outcomes, {row.story: row for row in outcomes.ledger}, journal


def far_apart(backlog):
    """Two stories that no rule relates."""
    first = next(s for s in backlog.values() if "rate a book" in s.goal)
    return [first.id, next(s for s in backlog.values() if "account" in s.goal).id]


@pytest.mark.parametrize("strategy", ["edit", "tree", "fold"])
def test_a_contradiction_is_a_row_like_any_other(kit, backlog, strategy: str):
    names = far_apart(backlog)
    outcomes, rows, _ = merged(
        kit, backlog, names, strategy=strategy,
        said=lambda h: reply(kit, conflict(*h, on="book", values=("stars", "reader's account"))),
    )  # fmt: skip
    found = next(c for c in outcomes.conflicts if set(c.stories) == set(names))
    assert (found.attribute, found.values) == ("book", ("stars", "reader's account"))
    for one, other in (names, names[::-1]):
        assert (rows[one].outcome, rows[one].other) == (Outcome.CONFLICT_WITH, other)
        assert rows[one].decided_by == "local/judge" and rows[one].target


def test_copies_of_a_story_that_disagrees_do_so_too(kit, backlog):
    copies = [s.id for s in backlog.values() if "reserve a book" in s.goal]
    names = [copies[0], far_apart(backlog)[1]]
    _, rows, _ = merged(kit, backlog, names, lambda h: reply(kit, conflict(*h)))
    assert {rows[name].outcome for name in (*copies, names[1])} == {Outcome.CONFLICT_WITH}
    assert rows[copies[1]].target == rows[copies[0]].target


def test_what_a_person_keeps_apart_is_no_longer_disputed(kit, backlog):
    names = far_apart(backlog)
    prints = tuple(sorted(backlog[name].fingerprint for name in names))
    outcomes, rows, _ = merged(
        kit, backlog, names, lambda h: reply(kit, conflict(*h)),
        decisions=(Decision(prints, Relation.DISTINCT),),
    )  # fmt: skip
    assert not any(set(c.stories) == set(names) for c in outcomes.conflicts)
    assert all(rows[name].outcome is Outcome.KEPT for name in names)


def test_a_failed_look_is_tried_in_halves_and_changes_no_story(kit, backlog):
    outcomes, rows, journal = merged(
        kit, backlog, far_apart(backlog), lambda h: reply(kit, conflict("S1", "S99"))
    )
    assert sum("unknown handle" in why for _, why in journal.bad) == 3
    assert [name for name in outcomes.failed_calls if name.startswith("conflicts")] == [
        "conflicts-0001.1", "conflicts-0001.2",
    ]  # fmt: skip
    assert len(rows) == len(backlog)
