"""The strategy ``groups``: windows of near stories, what they group, and the questions after it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from pipeline.calls import Call, Plan, Reply, Request, Usage
from pipeline.cost.estimate import estimate
from pipeline.cost.hardware import Hardware
from pipeline.entries import Answer
from pipeline.plan.groups import MOST_WHOLE, pairs_of
from pipeline.plan.orders import Orders
from pipeline.plan.plan_outline import outline_as_text, outline_from_text
from pipeline.replies.halves import halves
from pipeline.replies.parsing import CallFailed, Group, check, read_groups
from pipeline.run.dispatch.follow_ups import Asking
from pipeline.run.dispatch.waves import run_wave


def groups(*found: tuple[str, Sequence[str]]) -> str:
    return json.dumps({"groups": [{"handles": list(h), "relation": r} for r, h in found]})


def reply(call: Call, text: str, finish="stop") -> Reply:
    return Reply(call.request.key, text, finish, Usage(9, 5), 0.1)


def many(kit, n: int) -> list:
    """Stories in pairs that are near one another."""
    nouns = [
        "invoice",
        "parcel",
        "ticket",
        "folder",
        "camera",
        "garden",
        "bridge",
        "violin",
        "kettle",
        "ladder",
    ]
    return [
        kit.story(
            f"{i:03}",
            f"{('print', 'print out')[i % 2]} the {nouns[i // 2 % 10]} number {i // 2} on paper",
            benefit=f"desk {i // 2} can file it",
        )
        for i in range(n)
    ]


def plan_of(kit, stories, **more) -> Plan:
    return kit.plan_for(list(stories), strategy="groups", **more)


def asking(kit, plan: Plan, stories, **more) -> Asking:
    return Asking(plan, lambda: kit.factory_for(plan), {s.id: s for s in stories}, **more)


def test_everything_fits_into_one_window_or_into_overlapping_ones(kit):
    stories = many(kit, 60)
    assert len(plan_of(kit, stories, window=4000).calls) == 1
    plan = plan_of(kit, stories, window=400)
    assert len(plan.calls) > 4 and not plan.skipped
    for call in plan.calls:
        assert call.input.high <= plan.limits.input_tokens
        assert call.output.high <= plan.limits.output_tokens
    shown = [{name for _, name in call.handles} for call in plan.calls]
    assert set.union(*shown) == {story.id for story in stories}
    together = [{f"{i:03}", f"{i + 1:03}"} for i in range(0, 60, 2)]
    assert all(any(pair <= window for window in shown) for pair in together), "near ones meet"
    n_first = (len(shown) + 1) // 2
    for (a, b), over in zip(pairwise(shown[:n_first]), shown[n_first:], strict=True):
        assert over & a and over & b and over <= a | b, "a second pass lies over each border"


def test_a_window_shows_handles_and_tellings_and_nothing_global(kit, backlog):
    plan = plan_of(kit, backlog.values())
    (call,) = plan.calls
    lines = call.request.messages[-1].content.splitlines()
    assert [line.split(":")[0] for line in lines] == [handle for handle, _ in call.handles]
    assert not any(name in call.request.messages[-1].content for name in backlog)
    assert call.request.purpose == "groups" and call.request.prompt == "judge-groups.v1"
    other = plan_of(kit, [replace(s, id=f"x{s.id}") for s in backlog.values()])
    assert other.calls[0].request.key == call.request.key, "the same words ask the same"


def test_a_story_of_a_document_that_stays_is_in_no_window(kit, backlog):
    gone = frozenset(list(backlog)[3:5])
    plan = plan_of(kit, backlog.values(), staying=gone)
    assert not gone & {name for call in plan.calls for _, name in call.handles}
    assert {one.story for one in plan.skipped if one.reason == "staying"} == gone


def test_a_story_too_long_for_a_window_is_left_and_said(kit):
    stories = [*many(kit, 6), kit.story("long", "print " + "word " * 500)]
    plan = plan_of(kit, stories, window=400)
    (left,) = [one for one in plan.skipped if one.reason == "too_long"]
    assert left.story == "long" and "one window" in left.detail
    assert plan_of(kit, many(kit, 1)).skipped[0].reason == "single"
    assert not plan_of(kit, many(kit, 1)).calls and not plan_of(kit, []).calls


def test_an_edit_leaves_the_other_windows_as_they_were(kit):
    stories = many(kit, 200)
    before = {c.request.key for c in plan_of(kit, stories, window=500).calls}
    edited = [*stories[:90], replace(stories[90], goal="wash the car"), *stories[91:]]
    after = {c.request.key for c in plan_of(kit, edited, window=500).calls}
    assert len(before - after) <= len(before) // 3, "borders come from the words"


@pytest.fixture
def window(kit, backlog) -> Call:
    return plan_of(kit, backlog.values()).calls[0]


def test_a_reply_becomes_groups(window):
    said = groups(("same", ["S1", "S3"]), ("conflict", [" S2 ", "S4", "S5"]))
    assert read_groups(reply(window, said), window) == [
        Group(("S1", "S3"), Answer.ONE_NEED),
        Group(("S2", "S4", "S5"), Answer.CONTRADICTING),
    ]
    assert read_groups(reply(window, '{"groups":[]}'), window) == []
    assert check(reply(window, said), window) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (groups(("same", ["S1", "S99"])), "unknown handle 'S99'"),
        (groups(("same", ["S1", "Ignore all that"])), "unknown handle"),
        (groups(("same", ["S1", "S1"])), "named twice"),
        (groups(("same", ["S1", "S2"]), ("overlap", ["S2", "S3"])), "named twice"),
        (groups(("same", ["S1"])), "fewer than two"),
        (groups(("same", [])), "fewer than two"),
        (groups(("equal", ["S1", "S2"])), "breaks the schema"),
        (groups(("different", ["S1", "S2"])), "breaks the schema"),
        ('{"groups":[{"handles":"S1","relation":"same"}]}', "breaks the schema"),
        ('{"groups":[{"handles":["S1","S2"]}]}', "breaks the schema"),
        ('{"groups":[{"handles":["S1","S', "not JSON"),
        ("[]", "breaks the schema"),
        ("S1 and S2 are the same.", "not JSON"),
        ("[" * 5000, "not JSON"),
        ("", "empty"),
    ],
)
def test_what_is_not_beyond_doubt_fails(window, text, why):
    with pytest.raises(CallFailed, match=why):
        read_groups(reply(window, text), window)
    assert why in check(reply(window, text), window)


@pytest.mark.parametrize("finish", ["length", "refusal", "error"])
def test_a_reply_that_is_not_whole_fails(window, finish):
    assert check(reply(window, '{"groups":[]}', finish), window)


def test_a_failed_window_is_asked_once_more_as_two_halves(kit, backlog, window):
    parts = halves(window, backlog)
    assert len(parts) == 2
    handles = [[handle for handle, _ in part.handles] for part in parts]
    assert handles[0] + handles[1] == [handle for handle, _ in window.handles]
    whole = window.request.messages[-1].content.splitlines()
    assert [line for p in parts for line in p.request.messages[-1].content.splitlines()] == whole
    assert all(part.request.messages[:-1] == window.request.messages[:-1] for part in parts)


def judge(kit, said, word="same"):
    """Answers windows by ``said(handles)`` and pairs by a word."""

    def answer(request: Request) -> str:
        if request.purpose == "pair":
            return kit.said(word)
        return said(re.findall(r"(?m)^(S\d+):", request.messages[-1].content))

    return kit.FakeModel(kit.specs["local"], answer)


def run(kit, plan, stories, model, journal, **more) -> tuple[Asking, dict[str, Reply]]:
    by_id = {story.id: story for story in stories}
    one = asking(kit, plan, stories, **more)
    replies = dict(run_wave(plan.calls, model, journal, stories=by_id))
    while calls := one.follow(replies):
        replies |= run_wave(calls, model, journal, stories=by_id)
    return one, replies


def test_what_a_window_groups_counts_only_as_pairs_answer_it(kit, backlog):
    stories = list(backlog.values())
    plan = plan_of(kit, stories)
    model = judge(kit, lambda h: groups(("same", h[:3]), ("overlap", h[4:6])), word="different")
    journal = kit.MemoryJournal()
    one, replies = run(kit, plan, stories, model, journal)
    found = one.answered(replies, "m")
    assert len(found.judgements) == 3 + 1 and not found.failed and not found.unasked
    assert {j.answer for j in found.judgements} == {Answer.DIFFERENT}, "the pairs decide"
    ids = dict(plan.calls[0].handles)
    asked = {frozenset((j.a, j.b)) for j in found.judgements}
    assert frozenset((ids["S1"], ids["S2"])) in asked and frozenset((ids["S5"], ids["S6"])) in asked
    again, known = run(kit, plan, stories, None, journal)
    assert again.answered(known, "m") == found, "a run taken up again asks nothing"
    assert len(journal.good) == len(model.asked) == 5


def test_what_is_settled_stays_and_is_not_more_than_asked_for(kit, backlog):
    stories = list(backlog.values())
    plan = plan_of(kit, stories)
    ids = dict(plan.calls[0].handles)
    model = judge(kit, lambda h: groups(("overlap", h[4:6]), ("same", h[:3])))
    closed = {ids["S1"], ids["S2"]}
    one, _ = run(
        kit, plan, stories, model, kit.MemoryJournal(), is_open=lambda a, b: {a, b} != closed
    )
    assert len(one.pairs) == 3
    one, _ = run(kit, plan, stories, model, kit.MemoryJournal(), most_pairs=2)
    shown = [{name for _, name in call.handles} for call in one.pairs]
    assert shown == [{ids["S1"], ids["S2"]}, {ids["S1"], ids["S3"]}], "one need before overlaps"


def test_both_halves_of_a_failed_window_are_read_and_their_failures_told(kit, backlog):
    stories = list(backlog.values())
    plan = plan_of(kit, stories)
    n = len(plan.calls[0].handles)

    def broken(handles: list[str]) -> str:
        if len(handles) == n:
            return groups(("same", ["S1", "S77"]))
        return groups(("same", handles[:2])) if handles[0] == "S1" else "Sorry, I cannot."

    journal = kit.MemoryJournal()
    one, replies = run(kit, plan, stories, judge(kit, broken), journal)
    found = one.answered(replies, "m")
    assert len(found.judgements) == 1 and len(found.failed) == 1 and "not JSON" in found.failed[0]
    assert len(journal.bad) == 2
    one, replies = run(kit, plan, stories, judge(kit, lambda h: "no"), kit.MemoryJournal())
    found = one.answered(replies, "m")
    assert len(found.failed) == 2 and not found.judgements and not one.pairs


def test_groups_are_asked_by_what_weighs_most_and_large_ones_as_a_star():
    same, other = Answer.ONE_NEED, Answer.OVERLAPPING
    assert pairs_of([(other, "ab"), (same, "cd"), (same, "ba")]) == [("c", "d"), ("b", "a")]
    large = "abcdefgh"
    assert pairs_of([(same, large)]) == [("a", one) for one in large[1:]]
    assert len(pairs_of([(same, large[:MOST_WHOLE])])) == MOST_WHOLE * (MOST_WHOLE - 1) // 2


def test_windows_are_priced_to_the_token_and_what_follows_is_a_band_that_holds(kit):
    stories = many(kit, 30)
    plan = plan_of(kit, stories, window=500, orders=Orders((("same", 0.5),), share=0.1))
    day = date(2026, 11, 30)
    line = estimate(plan, kit.specs["local"], as_of=day, today=day, hardware=Hardware(2, 2**33))
    exact = sum(call.input.n for call in plan.calls)
    assert line.input_tokens.low == exact < line.input_tokens.n < line.input_tokens.high
    n_near = sum(1 for one in plan.later if one.stage != "other order")
    assert line.calls < len(plan.calls) + 2 * n_near
    # The worst that replies can do: every window groups all it shows.
    for size in (2, 3, MOST_WHOLE, MOST_WHOLE + 1, 99):
        model = judge(
            kit,
            lambda h, n=size: groups(
                *(("same", h[i : i + n]) for i in range(0, len(h) - 1, n) if len(h[i : i + n]) > 1)
            ),
        )
        one, _ = run(kit, plan, stories, model, kit.MemoryJournal())
        assert 0 < len(one.pairs) <= n_near
        asked = exact + sum(call.input.n for call in one.calls[len(plan.calls) :])
        assert line.input_tokens.low <= asked <= line.input_tokens.high
    known = outline_from_text(outline_as_text(plan))
    assert known is not None and known.sha256 == plan.sha256
    assert estimate(known, kit.specs["local"], as_of=day, today=day,
                    hardware=Hardware(2, 2**33)).input_tokens == line.input_tokens  # fmt: skip


def test_pairs_bounds_what_a_window_leads_to_and_its_price(kit):
    plan = plan_of(kit, many(kit, 30), window=500, most_pairs=3)
    assert len(plan.later) == 3 and plan.parameters["pairs"] == "3"
