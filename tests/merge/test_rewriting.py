"""``tree`` and ``fold``: every level accounts for every story, whatever the replies are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.judges import FAULTS, Judge
from pipeline.calls import Reply, Usage
from pipeline.errors import InputError
from pipeline.merge.course import Course
from pipeline.merge.halves import halves, without
from pipeline.merge.run import run_plan
from pipeline.outcomes import Outcome

REWRITING = ("tree", "fold")
WINDOW = {"tree": 700, "fold": 900}


@pytest.fixture(scope="module")
def halls(kit, backlog):
    """The backlog five times over, each in a hall of its own."""
    names = ("north", "south", "east", "west", "upper")
    return {
        f"{name}-{hall}": replace(
            story,
            id=f"{name}-{hall}",
            goal=f"{story.goal} in the {hall} hall",
            text=f"{story.text} in the {hall} hall",
        )
        for hall in names
        for name, story in backlog.items()
    }


def judge(kit, **how) -> Judge:
    return Judge(kit.specs["edits"], kit.counter.count_text, **how)


def ran(kit, stories, strategy, model=None, journal=None, ability="edits", **more):
    plan = kit.plan_for(list(stories.values()), ability, strategy=strategy, window=WINDOW[strategy])
    assert plan.later
    journal = journal or kit.MemoryJournal()
    model = model or judge(kit)
    outcomes = run_plan(plan, stories, model, journal, desk=kit.desk_for(plan, ability), **more)
    accounted(outcomes, stories)
    return plan, outcomes


def accounted(outcomes, stories) -> None:
    """One row a story, each in one merged story, and every word of it there or said elsewhere."""
    assert Counter(row.story for row in outcomes.ledger) == Counter(list(stories))
    assert Counter(s for m in outcomes.merged for s in m.sources) == Counter(list(stories))
    for merged in outcomes.merged:
        assert all(v.grounded for v in merged.verdicts if v.stage == "final")
        for verdict in merged.verdicts:
            assert all(place.story in merged.sources for place in verdict.sources)
        if len(merged.sources) == 1:
            story = stories[merged.sources[0]]
            assert (merged.text.goal, merged.text.criteria) == (story.goal, story.criteria)


@pytest.mark.parametrize("strategy", REWRITING)
def test_every_level_is_run_and_every_story_accounted_for(kit, halls, strategy):
    model = judge(kit, words=40)
    plan, outcomes = ran(kit, halls, strategy, model)
    stages = {request.prompt for request in model.asked}
    assert ("merge-fold.v1" in stages) == (strategy == "fold")
    assert len(model.asked) > len(plan.calls)
    assert not outcomes.failed_calls and not outcomes.lost
    if strategy == "tree":
        assert {later.stage for later in plan.later} == {"tree, level 2"}


@pytest.mark.parametrize("strategy", REWRITING)
def test_sources_of_sources_are_resolved_to_original_stories(kit, halls, strategy):
    """Everything that begins alike is put together, over all levels: merges of merges."""
    _plan, outcomes = ran(kit, halls, strategy, judge(kit, words=4))
    ratings = [m for m in outcomes.merged if m.text.goal.startswith("rate a book")]
    assert max(len(m.sources) for m in ratings) > 2
    widest = max(outcomes.merged, key=lambda m: len(m.sources))
    assert all(source in halls for source in widest.sources)
    cited = {place.story for v in widest.verdicts for place in v.sources}
    assert cited <= set(widest.sources) and len(cited) > 1
    assert all(edit.stories and set(edit.stories) <= set(halls) for edit in outcomes.edits)


@pytest.mark.parametrize("strategy", REWRITING)
def test_a_story_the_model_leaves_out_is_found_kept_and_reported(kit, halls, strategy):
    victim = next(iter(halls))
    goal = halls[victim].goal

    class Forgetful(Judge):
        def answer(self, request):
            value = json.loads(super().answer(request))
            value["stories"] = [s for s in value["stories"] if s["goal"] != goal]
            return json.dumps(value)

    model = Forgetful(kit.specs["edits"], kit.counter.count_text, words=40)
    _plan, outcomes = ran(kit, halls, strategy, model)
    assert victim in outcomes.lost
    row = next(row for row in outcomes.ledger if row.story == victim)
    assert row.outcome is Outcome.KEPT and "left it out" in row.reason
    assert row.decided_by == "code"
    merged = next(m for m in outcomes.merged if victim in m.sources)
    assert merged.text.goal == goal and "left it out" in merged.fallback


@pytest.mark.parametrize("strategy", REWRITING)
def test_a_reply_that_invents_reaches_no_later_level(kit, halls, strategy):
    class Inventive(Judge):
        def answer(self, request):
            value = json.loads(super().answer(request))
            for written in value["stories"]:
                if len(written["handles"]) > 1:
                    written["goal"] = "fly 40 planes over Alaska"
            return json.dumps(value)

    model = Inventive(kit.specs["edits"], kit.counter.count_text, words=4)
    _plan, outcomes = ran(kit, halls, strategy, model)
    assert not any("Alaska" in message.content for r in model.asked for message in r.messages)
    assert "Alaska" not in json.dumps([m.text.goal for m in outcomes.merged])
    replaced = [m for m in outcomes.merged if m.fallback]
    assert "union" in {m.origin for m in replaced} and "model" not in {m.origin for m in replaced}


@pytest.mark.parametrize("strategy", REWRITING)
def test_contradictions_are_never_written_into_one_story(kit, halls, strategy):
    """14 and 28 days: the judge puts them together, code keeps them apart and says so."""
    _, outcomes = ran(kit, halls, strategy, judge(kit, words=4))
    assert outcomes.conflicts
    target = {row.story: row.target for row in outcomes.ledger}
    outcome = {row.story: row.outcome for row in outcomes.ledger}
    for conflict in outcomes.conflicts:
        one, other = conflict.stories
        assert target[one] != target[other]
        assert outcome[one] is outcome[other] is Outcome.CONFLICT_WITH
        assert conflict.attribute and len(conflict.values) == 2


@pytest.mark.parametrize("strategy", REWRITING)
def test_a_second_run_asks_nothing(kit, halls, strategy):
    journal, first = kit.MemoryJournal(), judge(kit, words=40)
    _, outcomes = ran(kit, halls, strategy, first, journal)
    silent = judge(kit)
    _, again = ran(kit, halls, strategy, silent, journal)
    assert again == outcomes and not silent.asked
    assert len({request.key for request in first.asked}) == len(first.asked)


@pytest.mark.parametrize("strategy", REWRITING)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_way_to_fail_is_survived_at_every_level(kit, halls, strategy, fault):
    model = judge(kit, failing=1.0, faults=(fault,))
    plan, outcomes = ran(kit, halls, strategy, model)
    if fault == "forgets":
        assert outcomes.lost and not outcomes.failed_calls
        return
    assert outcomes.failed_calls
    assert {m.origin for m in outcomes.merged} == {"kept"}
    held = {name for call in plan.calls for _, name in call.handles}
    told = {row.story for row in outcomes.ledger if "failed" in row.reason}
    conflicting = {row.story for row in outcomes.ledger if row.other}
    assert held <= told | conflicting


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.05, 0.3]))
@settings(max_examples=6)
@pytest.mark.parametrize("strategy", REWRITING)
def test_calls_failing_at_random_lose_no_story(kit, backlog, strategy, seed, share):
    stories = {f"{n}{i}": replace(s, id=f"{n}{i}", goal=f"{s.goal} {i}")
               for i in range(3) for n, s in backlog.items()}  # fmt: skip
    ran(kit, stories, strategy, judge(kit, failing=share, seed=seed, words=4))


@pytest.mark.parametrize("strategy", REWRITING)
def test_a_model_that_cannot_judge_joins_only_what_code_finds_alike(kit, halls, strategy):
    """``story``: same and conflicting clusters are settled by code; the rest is written by the
    model, and put together only where code agrees."""

    class Reckless(Judge):
        def _groups(self, told):
            return [list(told[i : i + 2]) for i in range(0, len(told), 2)]

    spec = kit.specs["story"]
    model = Reckless(spec, kit.counter.count_text)
    plan, outcomes = ran(kit, halls, strategy, model, ability="story")
    assert plan.decided and {c.relation for c in plan.decided} <= {"same", "conflict"}
    assert not plan.judged
    refused = [row for row in outcomes.ledger if "kept apart" in row.reason]
    assert refused
    for merged in outcomes.merged:
        verbs = {halls[source].goal.split()[0] for source in merged.sources}
        assert len(verbs) == 1 or verbs == {"delete", "remove"}


def test_a_fold_that_outgrows_its_call_begins_another_document(kit, halls):
    plan = kit.plan_for(list(halls.values()), "edits", strategy="fold", window=600)
    assert "closed and begun again" in plan.remark
    model = judge(kit, words=40)
    outcomes = run_plan(plan, halls, model, kit.MemoryJournal(), desk=kit.desk_for(plan))
    accounted(outcomes, halls)
    assert [r.prompt for r in model.asked].count("merge-window.v1") > 1


@pytest.mark.parametrize("strategy", REWRITING)
def test_no_prompt_and_no_reply_is_longer_than_its_limit(kit, halls, strategy):
    plan = kit.plan_for(list(halls.values()), "edits", strategy=strategy, window=WINDOW[strategy])
    course = Course(plan, halls, kit.desk_for(plan))
    model, replies = judge(kit, words=4), {}
    while course.calls:
        for call in course.calls:
            assert call.input.high <= plan.limits.input_tokens
            assert call.request.max_tokens <= plan.limits.output_tokens
            handles = [handle for handle, _ in call.handles]
            assert len(set(handles)) == len(handles)
        replies.update({r.key: r for r in model.complete([c.request for c in course.calls])})
        course.follow(replies)
    made = course.plan
    assert not made.later and len(made.calls) == len(model.asked)
    high = sum(call.output.high for call in (*plan.calls, *plan.later))
    assert sum(call.output.likely for call in made.calls) <= high


def test_halves_of_a_call_that_brings_lists_together_do_so_too(kit, halls):
    plan = kit.plan_for(list(halls.values()), "edits", strategy="fold", window=WINDOW["fold"])
    course = Course(plan, halls, kit.desk_for(plan))
    model = judge(kit, words=40)
    course.follow({r.key: r for r in model.complete([c.request for c in course.calls])})
    (call,) = course.calls
    parts = halves(call, course.known)
    assert parts
    left = without(call, parts)
    held = [pair for part in (*parts, *([left] if left else [])) for pair in part.handles]
    assert sorted(held) == sorted(call.handles)
    for part in parts:
        letters = {handle[0] for handle, _ in part.handles}
        assert letters == {"D", "S"}
        shown = part.request.messages[-1].content
        for handle, _ in call.handles:
            assert (f"{handle} (" in shown) == (handle in dict(part.handles))


def test_later_calls_need_a_desk(kit, halls):
    plan = kit.plan_for(list(halls.values()), "edits", strategy="tree", window=WINDOW["tree"])
    with pytest.raises(InputError, match="desk"):
        run_plan(plan, halls, judge(kit), kit.MemoryJournal())


def test_a_failed_first_window_is_kept_and_the_rest_goes_on(kit, halls):
    plan = kit.plan_for(list(halls.values()), "edits", strategy="tree", window=WINDOW["tree"])
    first = plan.calls[0]
    broken = {first.request.key, *(part.request.key for part in halves(first, halls))}

    class Once(Judge):
        def complete(self, requests, progress=None):
            for request in requests:
                if request.key in broken:
                    yield Reply(request.key, "", "error", Usage(), 0.0, detail="planted")
                else:
                    yield from super().complete([request], progress)

    model = Once(kit.specs["edits"], kit.counter.count_text, words=40)
    outcomes = run_plan(plan, halls, model, kit.MemoryJournal(), desk=kit.desk_for(plan))
    accounted(outcomes, halls)
    assert set(outcomes.failed_calls) == {f"{first.id}.1", f"{first.id}.2"}
    told = {row.story for row in outcomes.ledger if "failed: planted" in row.reason}
    assert told and told <= {name for _, name in first.handles}
