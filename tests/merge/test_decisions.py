"""A person's word: kept by fingerprint, an input of the plan, applied before any call, and in the
ledger as the person's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.merge.questions import decide, decisions_for, questions
from pipeline.merge.run import run_plan
from pipeline.models.extractive import ExtractiveModel
from pipeline.outcomes import Decision, Outcome, Relation, StoryText
from pipeline.plan.decisions import settle
from pipeline.plan.similarity import unique

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def decided(relation: Relation, *stories, at: int = 0, **more) -> Decision:
    prints = tuple(sorted(story.fingerprint for story in stories))
    return Decision(prints, relation, by="ann", at=NOON + timedelta(minutes=at), **more)


def find(backlog, words: str):
    return [story for story in backlog.values() if words in story.text]


def merge(kit, backlog, *decisions, ability="union", answer=None):
    """The plan with these decisions, and what it comes to."""
    plan = kit.plan_for(list(backlog.values()), ability, decisions=decisions)
    if ability == "union":
        model = ExtractiveModel(kit.specs["union"])
    else:
        model = kit.FakeModel(kit.specs[ability], answer)
    outcomes = run_plan(plan, backlog, model, kit.MemoryJournal(), decisions=decisions)
    held = Counter(s for m in outcomes.merged for s in m.sources)
    assert held == Counter(list(backlog)), "every story stands in the document once"
    return plan, outcomes, {row.story: row for row in outcomes.ledger}


def asked(backlog, outcomes, *decisions, **more):
    rows = {row.story: row for row in outcomes.ledger}
    return questions(backlog, outcomes.merged, outcomes.conflicts, rows, decisions, **more)


def test_conflicts_merges_and_look_alikes_are_asked_about_in_this_order(kit, backlog):
    _, outcomes, _ = merge(kit, backlog)
    found = asked(backlog, outcomes)
    kinds = [question.kind for question in found]
    assert kinds == sorted(kinds, key=["conflict", "merge", "look-alike"].index)
    assert set(kinds) == {"conflict", "merge", "look-alike"}
    conflict = found[0]
    assert {story.goal for story in conflict.stories} == {
        "keep a book for 14 days",
        "keep a book for 28 days",
    }
    assert "14 days" in conflict.differs[0] and "28 days" in conflict.differs[0]
    lists = next(q for q in found if q.kind == "look-alike")
    assert {s.goal for s in lists.stories} == {
        "print a list of overdue books",
        "print a list of damaged books",
    }
    assert all(len({s.fingerprint for s in q.stories}) == len(q.stories) for q in found)


def test_keeping_one_ends_a_conflict_without_a_call(kit, backlog):
    before, outcomes, _ = merge(kit, backlog)
    conflict = asked(backlog, outcomes)[0]
    number = next(n for n, s in enumerate(conflict.stories, 1) if "14 days" in s.text)
    decision = replace(decide(conflict, "keep", number=number, by="ann"), at=NOON)
    after, outcomes, rows = merge(kit, backlog, decision)
    assert after.sha256 != before.sha256 and after.parameters["decisions"]
    assert not outcomes.conflicts
    (short,), (long,) = find(backlog, "14 days"), find(backlog, "28 days")
    row = rows[long.id]
    assert (row.outcome, row.other, row.decided_by) == (Outcome.DUPLICATE_OF, short.id, "person")
    assert "ann on 2026-11-21" in row.reason and "28 days" in row.reason, "what is lost is said"
    (merged,) = (m for m in outcomes.merged if long.id in m.sources)
    assert "28" not in str(merged.text) and set(merged.sources) == {short.id, long.id}
    assert asked(backlog, outcomes, decision)[0].kind != "conflict"
    assert decision.fingerprints in {
        tuple(sorted(s.fingerprint for s in q.stories))
        for q in asked(backlog, outcomes, decision, again=True)
    }


@pytest.mark.parametrize("ability", ["union", "edits"])
def test_what_must_never_be_merged_is_not_even_when_a_model_says_so(kit, backlog, ability):
    rooms = find(backlog, "reading room")
    decision = decided(Relation.DISTINCT, *rooms)

    def everything_is_one(request):
        import re

        shown = re.findall(r"^(S\d+) \(", request.messages[-1].content, re.MULTILINE)
        return kit.edits({"same": shown})

    plan, outcomes, rows = merge(kit, backlog, decision, ability=ability, answer=everything_is_one)
    ids = {story.id for story in rooms}
    for call in plan.calls:
        for handles in call.clusters:
            assert len(ids & {dict(call.handles)[h] for h in handles}) < 2
    assert all(len(ids & set(m.sources)) < 2 for m in outcomes.merged)
    if ability == "union":
        assert all(rows[i].outcome is Outcome.KEPT for i in ids)
        assert all(rows[i].decided_by == "person" and "ann" in rows[i].reason for i in ids)


def test_an_accepted_merge_stands_without_a_call(kit, backlog):
    plan, outcomes, _ = merge(kit, backlog)
    found = asked(backlog, outcomes)
    accepted = [replace(decide(q, "accept", by="ann"), at=NOON) for q in found if q.kind == "merge"]
    again, later, rows = merge(kit, backlog, *accepted)
    assert plan.calls and not again.calls
    assert {frozenset(m.sources): m.text for m in later.merged} == {
        frozenset(m.sources): m.text for m in outcomes.merged
    }
    merged = {s for m in later.merged if m.text in [q.text for q in found] for s in m.sources}
    assert all(rows[s].decided_by == "person" for s in merged if rows[s].outcome != "kept")
    assert not [q for q in asked(backlog, later, *accepted) if q.kind == "merge"]


def test_an_accepted_text_passes_the_gate_like_a_models(kit, backlog):
    rooms = find(backlog, "reading room")
    forged = StoryText(role="reader", goal="book a reading room for 99 people")
    _, outcomes, _ = merge(kit, backlog, decided(Relation.OVERLAP, *rooms, text=forged))
    (merged,) = (m for m in outcomes.merged if rooms[0].id in m.sources)
    assert merged.fallback and "99" not in str(merged.text)


def test_look_alikes_can_be_merged_or_accepted(kit, backlog):
    _, outcomes, _ = merge(kit, backlog)
    question = next(q for q in asked(backlog, outcomes) if q.kind == "look-alike")
    ids = {story.id for story in question.stories}
    united = replace(decide(question, "merge"), at=NOON)
    _, outcomes, rows = merge(kit, backlog, united)
    assert any(ids <= set(m.sources) for m in outcomes.merged)
    assert all(rows[i].decided_by == "person" for i in ids)
    apart = replace(decide(question, "accept"), at=NOON)
    assert apart.relation is Relation.DISTINCT
    _, outcomes, _ = merge(kit, backlog, apart)
    assert question.id not in {q.id for q in asked(backlog, outcomes, apart)}


def test_an_edited_story_is_asked_about_anew(kit, backlog):
    rooms = find(backlog, "reading room")
    decision = decided(Relation.DISTINCT, *rooms)
    edited = {
        name: replace(story, benefit="nobody disturbs me") if story is rooms[0] else story
        for name, story in backlog.items()
    }
    plan, _, rows = merge(kit, edited, decision)
    assert "decisions" not in plan.parameters
    assert plan.sha256 == merge(kit, edited)[0].sha256
    assert all(row.decided_by == "code" for row in rows.values())


def test_a_copy_follows_the_story_it_copies(kit, backlog):
    copies = [s for s in backlog.values() if "reserve a book" in s.text]
    assert len(copies) == 2 and copies[0].fingerprint == copies[1].fingerprint
    (rating, *_) = find(backlog, "rate a book")
    keep = decided(Relation.SAME, copies[0], rating, keep=rating.fingerprint)
    _, outcomes, rows = merge(kit, backlog, keep)
    (merged,) = (m for m in outcomes.merged if rating.id in m.sources)
    assert {copies[0].id, copies[1].id} <= set(merged.sources)
    assert all(rows[c.id].outcome is Outcome.DUPLICATE_OF for c in copies)


def test_the_newer_of_two_contradicting_decisions_holds(backlog):
    a, b, c, *_ = unique(list(backlog.values()))
    stories = list(backlog.values())
    old = decided(Relation.OVERLAP, a, b)
    assert settle([old, decided(Relation.DISTINCT, a, b, at=1)], stories).out == frozenset()
    apart = decided(Relation.DISTINCT, a, b, at=-1)
    both = settle([old, apart], stories)
    assert both.out == {a.id, b.id} and not both.apart
    newer = decided(Relation.SAME, b, c, keep=b.fingerprint, at=1)
    assert settle([old, newer], stories).links.keys() == {c.id}
    assert len(settle([old, newer], stories).groups) == 1
    round_trip = [
        decided(Relation.SAME, a, b, keep=a.fingerprint),
        decided(Relation.SAME, a, c, keep=c.fingerprint, at=1),
        decided(Relation.SAME, b, c, keep=b.fingerprint, at=2),
    ]
    assert len(settle(round_trip, stories).links) == 2, "no story is kept for itself"


def test_who_decided_changes_no_plan(kit, backlog):
    rooms = find(backlog, "reading room")
    one = decided(Relation.DISTINCT, *rooms)
    other = replace(one, by="bob", at=NOON + timedelta(days=9), note="after the meeting")
    plan = merge(kit, backlog, one)[0]
    assert plan.sha256 == merge(kit, backlog, other)[0].sha256


def test_splitting_one_off_leaves_the_rest_in_question(kit, backlog):
    _, outcomes, _ = merge(kit, backlog)
    pair = next(q for q in asked(backlog, outcomes) if q.kind == "merge")
    three = replace(pair, stories=(*pair.stories, find(backlog, "rate a book")[0]))
    off = decisions_for(three, "split", number=3)
    third = three.stories[2].fingerprint
    assert len(off) == 2 and all(third in d.fingerprints for d in off)
    assert all(d.relation is Relation.DISTINCT for d in off)


@pytest.mark.parametrize(
    ("answer", "number"),
    [("keep", None), ("keep", 3), ("keep", 0), ("obey", None), ("merge", None)],
)
def test_an_answer_that_means_nothing_is_refused(kit, backlog, answer, number):
    _, outcomes, _ = merge(kit, backlog)
    question = next(q for q in asked(backlog, outcomes) if q.kind == "merge")
    with pytest.raises(InputError):
        decide(question, answer, number=number)


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_persons_decide_the_books_balance(kit, backlog, data):
    distinct = unique(list(backlog.values()))
    decisions = []
    for at in range(data.draw(st.integers(0, 6))):
        group = data.draw(
            st.lists(st.sampled_from(distinct), min_size=2, max_size=4, unique_by=lambda s: s.id)
        )
        relation = data.draw(st.sampled_from(list(Relation)))
        keep = data.draw(st.sampled_from(group)).fingerprint if relation == "same" else ""
        decisions.append(decided(relation, *group, at=at, keep=keep))
    plan, outcomes, rows = merge(kit, backlog, *decisions)  # balances, or it raises
    settled = settle(decisions, distinct)
    in_calls = {story for call in plan.calls for _, story in call.handles}
    assert not in_calls & settled.out
    for merged in outcomes.merged:
        asked_for = set(merged.sources) - set(settled.links)
        for pair in combinations(sorted(asked_for), 2):
            assert frozenset(pair) not in settled.apart
    assert all(rows[story].decided_by == "person" for story in settled.out)
