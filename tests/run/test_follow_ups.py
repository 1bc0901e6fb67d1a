"""Questions in the other order: which are asked, what both orders come to, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from pipeline.calls import Plan, Reply, Usage
from pipeline.cost.bill import asked, n_likely
from pipeline.cost.estimate import estimate
from pipeline.cost.hardware import Hardware
from pipeline.entries import Answer
from pipeline.plan.orders import Orders
from pipeline.plan.plan_outline import outline_as_text, outline_from_text
from pipeline.replies.parsing import CallFailed
from pipeline.run.dispatch.follow_ups import Asking, read_both
from pipeline.run.dispatch.waves import run_wave
from pipeline.run.steps import with_journal

ORDERS = Orders((("same", 0.7),), margin=0.2, share=0.25)


def reply(key: str, sure: Mapping[str, float] | None, word: str = "", **more) -> Reply:
    word = word or max(sure or {"same": 1.0}, key=lambda one: (sure or {"same": 1.0})[one])
    text = json.dumps({"answer": word})
    return replace(Reply(key, text, "stop", Usage(9, 5), 0.1, likelihoods=sure), **more)


def sure(same: float, **others: float) -> dict[str, float]:
    found = {"same": same, "overlap": 0.0, "conflict": 0.0, "different": 0.0} | others
    return found | {"different": 1 - sum(found.values())} if "different" not in others else found


def asking(kit, plan: Plan, backlog, orders: Orders | None = ORDERS) -> Asking:
    return Asking(plan, lambda: kit.factory_for(plan), backlog, orders)


@pytest.fixture
def plan(kit, backlog) -> Plan:
    return kit.plan_for(list(backlog.values()), orders=ORDERS)


def test_only_what_is_near_is_asked_the_other_way_round(kit, backlog, plan):
    levels = [0.69, 0.7, 0.9, 0.91]
    replies = {
        call.request.key: reply(call.request.key, sure(levels[i % 4]))
        for i, call in enumerate(plan.calls)
    }
    followed = asking(kit, plan, backlog).follow(replies)
    near = [call for i, call in enumerate(plan.calls) if i % 4 in (1, 2)]
    assert [call.handles for call in followed] == [
        (("A", b), ("B", a)) for call in near for ((_, a), (_, b)) in [call.handles]
    ]
    firsts = {call.request.key for call in plan.calls}
    assert firsts.isdisjoint(call.request.key for call in followed), "a row of its own each"
    for turned, call in zip(followed, near, strict=True):
        lines, other = (c.request.messages[-1].content.splitlines() for c in (turned, call))
        assert lines == [f"A: {other[1][3:]}", f"B: {other[0][3:]}"]


@pytest.mark.parametrize("orders", [None, ORDERS])
def test_without_a_threshold_or_a_likelihood_each_is_asked_once(kit, backlog, plan, orders):
    given = None if orders else sure(0.8)
    replies = {c.request.key: reply(c.request.key, given) for c in plan.calls}
    one = asking(kit, plan, backlog, orders)
    assert one.follow(replies) == []
    assert len(one.answered(replies, "m").judgements) == len(plan.calls)


def test_the_smaller_counts_and_who_was_named_first_does_not():
    first, second = reply("1", sure(0.85)), reply("2", sure(0.3, overlap=0.6))
    assert read_both([first]) == (Answer.ONE_NEED, 0.85)
    assert read_both([first, second]) == read_both([second, first]) == (Answer.ONE_NEED, 0.3)
    third = reply("3", sure(0.1, overlap=0.8))
    fourth = reply("4", sure(0.75, overlap=0.2))
    assert read_both([third, fourth]) == read_both([fourth, third]) == (Answer.OVERLAPPING, 0.2)


def test_without_likelihoods_both_orders_must_say_the_same():
    one, same, other = (
        reply(k, None, w) for k, w in (("1", "same"), ("2", "same"), ("3", "conflict"))
    )
    assert read_both([one, same]) == (Answer.ONE_NEED, None)
    assert read_both([one, other]) == read_both([other, one]) == (Answer.DIFFERENT, None)
    assert read_both([reply("4", sure(0.8)), one]) == (Answer.ONE_NEED, None), "one says nothing"


def test_half_an_answer_is_none(kit, backlog, plan):
    """The other order failed, or was not asked any more: no judgement is left of the pair."""
    one = asking(kit, plan, backlog)
    replies = {c.request.key: reply(c.request.key, sure(0.8)) for c in plan.calls}
    turned = one.follow(replies)
    assert len(turned) == len(plan.calls)
    for call in turned:
        replies[call.request.key] = reply(call.request.key, sure(0.75))
    whole = one.answered(replies, "m")
    assert {j.likelihood for j in whole.judgements} == {0.75} and not whole.unasked
    broken, gone = turned[0].request.key, turned[1].request.key
    replies[broken] = replace(replies[broken], finish="refusal")
    del replies[gone]
    found = one.answered(replies, "m")
    assert len(found.judgements) == len(plan.calls) - 2
    assert len(found.failed) == 1 and "refused" in found.failed[0] and found.unasked == 1
    with pytest.raises(CallFailed):
        read_both([replies[plan.calls[0].request.key], replies[broken]])


def price(plan: Plan, kit):
    day = date(2026, 11, 30)
    return estimate(plan, kit.specs["local"], as_of=day, today=day, hardware=Hardware(2, 2**33))


def test_first_orders_are_priced_to_the_token_and_second_ones_as_a_band(kit, backlog, plan):
    alone = kit.plan_for(list(backlog.values()))
    first, both = price(alone, kit), price(plan, kit)
    n = len(plan.calls)
    exact = first.input_tokens.n
    assert first.input_tokens.exact and both.input_tokens.low == exact
    assert both.input_tokens.high == 2 * exact
    assert both.input_tokens.n == exact + sum(round(c.input.n / 4) for c in plan.calls)
    assert both.calls == n + round(n / 4) == n_likely(plan)
    assert both.output_tokens.low == first.output_tokens.low
    assert both.output_tokens.high == 2 * first.output_tokens.high
    assert plan.sha256 != alone.sha256, "thresholds decide what is asked"
    other = kit.plan_for(
        list(backlog.values()), orders=replace(ORDERS, thresholds=(("same", 0.6),))
    )
    assert other.sha256 != plan.sha256


def test_a_cloud_that_caches_is_not_charged_for_a_prefix_of_what_is_not_asked(kit, backlog):
    spec = replace(kit.specs["cloud"], min_cacheable=10)
    plan = kit.plan_for(list(backlog.values()), "cloud", orders=ORDERS)
    for one in list(asked(spec, plan))[len(plan.calls) :]:
        assert one.low == Usage()
        assert one.high.prompt >= one.likely.prompt * 3
        assert one.likely.cache_read == round(plan.calls[0].shared_tokens / 4)


def test_what_is_journalled_is_priced_as_it_was_answered(kit, backlog, plan):
    """A pair answered far from the threshold is asked no more; a near one may be."""
    journal = kit.MemoryJournal()
    for i, call in enumerate(plan.calls):
        key = call.request.key
        journal.put(call.request, reply(key, sure(0.8 if i == 0 else 0.1)), good=True, why="")
    for one in (plan, outline_from_text(outline_as_text(plan))):
        known = with_journal(one, journal)
        assert not known.to_send and len(known.to_follow) == 1
        assert known.sha256 == plan.sha256
        assert price(known, kit).input_tokens.high == plan.calls[0].input.n


def test_a_wave_of_the_other_order_is_journalled_row_by_row(kit, backlog, plan):
    journal = kit.MemoryJournal()

    class Sure(kit.FakeModel):
        def complete(self, requests, progress=None):
            for one in super().complete(requests, progress):
                yield replace(one, likelihoods=sure(0.75))

    model = Sure(kit.specs["local"], lambda request: kit.said("same"))
    one = asking(kit, plan, backlog)
    replies = dict(run_wave(plan.calls, model, journal, stories=backlog))
    turned = one.follow(replies)
    replies |= run_wave(turned, model, journal, stories=backlog)
    assert len(journal.good) == 2 * len(plan.calls) == len(model.asked)
    again = asking(kit, plan, backlog)
    known = dict(run_wave(plan.calls, None, journal, stories=backlog))
    known |= run_wave(again.follow(known), None, journal, stories=backlog)
    assert known == replies and again.answered(known, "m") == one.answered(replies, "m")
    assert again.follow(known) == []
    assert Decimal(0) == sum(journal.charged.values())
