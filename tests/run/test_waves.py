"""A run's waves: journalled before used, never asked twice, within the budget, whatever fails."""

from __future__ import annotations

import json
from contextlib import nullcontext
from decimal import Decimal

import pytest

from pipeline.calls import Reply, Usage
from pipeline.errors import BudgetError, ModelError, SovereigntyError
from pipeline.replies.halves import halves
from pipeline.replies.parsing import CallFailed, check, read_answer
from pipeline.run.dispatch.budget import Budget
from pipeline.run.dispatch.waves import run_wave, waves


def send(kit, plan, stories, model, journal, **more):
    """Every wave of a plan, and its replies."""
    replies = {}
    budget = more.pop("budget", None) or Budget(journal, more.pop("max_usd", None))
    for wave in waves(plan.calls, more.pop("wave", 32)):
        replies.update(run_wave(wave, model, journal, stories=stories, budget=budget, **more))
    return replies


def test_a_second_run_asks_nothing(kit, backlog):
    plan, journal = kit.plan_for(list(backlog.values())), kit.MemoryJournal()
    assert len(plan.calls) > 3
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))
    first = send(kit, plan, backlog, model, journal)
    assert len(model.asked) == len(plan.calls)
    silent = kit.FakeModel(kit.specs["local"], lambda r: kit.said("different"))
    assert send(kit, plan, backlog, silent, journal) == first
    assert not silent.asked
    assert run_wave(plan.calls, None, journal, stories=backlog)


def test_whatever_fails_is_stored_with_a_reason_and_what_came_is_not_paid_again(kit, backlog):
    """A refusal, half a reply, no JSON, an empty one: each came, and asked again would be paid
    again. Where nothing came, the next run asks."""
    plan = kit.plan_for(list(backlog.values()))
    bad = came = 0
    for seed in range(40):
        journal = kit.MemoryJournal()
        model = kit.FakeModel(
            kit.specs["local"], lambda r: kit.said("overlap"), failing=0.2, seed=seed
        )
        replies = send(kit, plan, backlog, model, journal)
        assert set(replies) == {call.request.key for call in plan.calls}
        assert len(journal.good) + len(journal.bad) == len(plan.calls)
        assert all(why for _, why in journal.bad)
        sound = kit.FakeModel(kit.specs["local"], lambda r: kit.said("overlap"))
        later = send(kit, plan, backlog, sound, journal)
        nothing = {key for key, _ in journal.bad if not replies[key].came}
        assert {r.key for r in sound.asked} == nothing
        for call in plan.calls:
            key = call.request.key
            assert check(later[key], call) == ("" if key in nothing else check(replies[key], call))
        bad, came = bad + len(nothing), came + len(journal.bad) - len(nothing)
    assert bad > 5 and came > 20


@pytest.mark.parametrize(
    ("text", "finish", "why"),
    [
        ("", "stop", "empty"),
        ("same, I think", "stop", "not JSON"),
        ('{"answer":"equal"}', "stop", "schema"),
        ('{"answer":"same","why":"x"}', "stop", "schema"),
        ('["same"]', "stop", "schema"),
        ('{"answer":"same"}', "length", "cut off"),
        ('{"answer":"same"}', "refusal", "refused"),
        ('{"answer":"same"}', "error", "failed"),
    ],
)
def test_what_is_not_one_of_the_four_words_is_no_answer(kit, backlog, text, finish, why):
    call = kit.plan_for(list(backlog.values())).calls[0]
    reply = Reply(call.request.key, text, finish, Usage(), 0.0)
    assert why in check(reply, call)
    with pytest.raises(CallFailed):
        read_answer(reply)


def test_a_bare_word_is_an_answer_where_a_server_keeps_no_schema(kit, backlog):
    call = kit.plan_for(list(backlog.values())).calls[0]
    for text in ("conflict", ' "Conflict" ', "Conflict.", '```json\n{"answer":"conflict"}\n```'):
        reply = Reply(call.request.key, text, "stop", Usage(), 0.0)
        assert check(reply, call) == "" and read_answer(reply) == "contradicting"


def test_a_failed_rewriting_is_tried_once_as_two_halves(kit, backlog):
    plan = kit.plan_for(list(backlog.values()), strategy="tree", window=2_000)
    (call,) = plan.calls
    parts = halves(call, backlog)
    assert [c for p in parts for c in p.clusters] == list(call.clusters)

    def answer(request):
        if request.key == call.request.key:
            return "nonsense"
        held = next(p for p in parts if p.request.key == request.key)
        text = dict.fromkeys(("title", "role", "benefit"), "") | {"criteria": [], "body": []}
        listed = [{"handles": [h], "goal": "read", **text} for h, _ in held.handles]
        return json.dumps({"stories": listed})

    model, journal = kit.FakeModel(kit.specs["local"], answer), kit.MemoryJournal()
    send(kit, plan, backlog, model, journal)
    assert [r.key for r in model.asked] == [call.request.key, *(p.request.key for p in parts)]
    assert len(journal.bad) == 1 and len(journal.good) == 2
    model.asked.clear()
    send(kit, plan, backlog, model, journal)
    assert not model.asked, "resumed: the halves stand for the whole"


def test_a_question_about_a_pair_is_never_cut(kit, backlog):
    plan = kit.plan_for(list(backlog.values()))
    assert all(halves(call, backlog) == () for call in plan.calls)


def test_nothing_leaves_the_machine_unless_allowed(kit, backlog):
    plan = kit.plan_for(list(backlog.values()), "cloud")
    model = kit.FakeModel(kit.specs["cloud"], lambda r: kit.said("same"))
    with pytest.raises(SovereigntyError):
        send(kit, plan, backlog, model, kit.MemoryJournal())
    assert not model.asked
    send(kit, plan, backlog, model, kit.MemoryJournal(), allow_cloud=("all",))
    assert model.asked


def by_tokens(request, usage):
    return Decimal(usage.prompt + usage.output)


def worst_of(call) -> Decimal:
    return Decimal(call.input.high + call.request.max_tokens)


def test_a_budget_is_kept_and_what_was_answered_is_stored(kit, backlog):
    plan = kit.plan_for(list(backlog.values()))
    worst = worst_of(plan.calls[0])
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))
    journal = kit.MemoryJournal()
    with pytest.raises(BudgetError):
        send(kit, plan, backlog, model, journal, usd=by_tokens, max_usd=worst, wave=1)
    assert 0 < len(model.asked) < len(plan.calls)
    assert sum(journal.charged.values()) <= worst
    with pytest.raises(BudgetError):
        send(kit, plan, backlog, model, kit.MemoryJournal(Decimal(1)), usd=by_tokens)
    with pytest.raises(BudgetError, match="unknown"):
        send(kit, plan, backlog, model, kit.MemoryJournal(), usd=lambda r, u: None,
             max_usd=Decimal(1))  # fmt: skip


def test_a_budget_that_ends_the_asking_leaves_what_was_answered(kit, backlog):
    plan = kit.plan_for(list(backlog.values()))
    worst = worst_of(plan.calls[0])
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))
    journal = kit.MemoryJournal()
    budget = Budget(journal, worst, goes_on=True)
    replies = send(kit, plan, backlog, model, journal, usd=by_tokens, budget=budget, wave=1)
    assert budget.is_empty and 0 < len(model.asked) == len(replies) < len(plan.calls)
    assert sum(journal.charged.values()) <= worst
    asked = len(model.asked)
    assert send(kit, plan, backlog, model, journal, usd=by_tokens, budget=budget, wave=1) == replies
    assert len(model.asked) == asked, "an empty purse asks nothing"
    with pytest.raises(BudgetError, match="unknown"):
        send(kit, plan, backlog, model, kit.MemoryJournal(), usd=lambda r, u: None,
             budget=Budget(kit.MemoryJournal(), worst, goes_on=True))  # fmt: skip


def test_money_is_set_aside_call_by_call_and_what_is_left_over_serves_the_next(kit, backlog):
    """A budget of what the run takes in the end, and one call at its worst, is enough."""
    plan = kit.plan_for(list(backlog.values()))
    worst = max(map(worst_of, plan.calls))
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))
    free = kit.MemoryJournal()
    send(kit, plan, backlog, model, free, usd=by_tokens)
    takes = sum(free.charged.values())
    assert takes + worst < len(plan.calls) * worst, "less than all of them at their worst"
    journal = kit.MemoryJournal(takes + worst)
    send(kit, plan, backlog, model, journal, usd=by_tokens, max_usd=takes + worst)
    assert sum(journal.charged.values()) == takes


def test_what_is_in_flight_makes_room_when_it_is_answered(kit, backlog):
    """A model that takes all calls before it answers one: a second round after the first."""
    plan = kit.plan_for(list(backlog.values()))
    rounds = []

    class Greedy(kit.FakeModel):
        def complete(self, requests, progress=None):
            taken = list(requests)
            rounds.append(len(taken))
            return super().complete(taken, progress)

    model = Greedy(kit.specs["local"], lambda r: kit.said("same"))
    journal = kit.MemoryJournal(sum(map(worst_of, plan.calls)) - 1)
    send(kit, plan, backlog, model, journal, usd=by_tokens)
    assert rounds == [len(plan.calls) - 1, 1] and not journal.bad


def test_a_model_that_stays_silent_or_answers_twice(kit, backlog):
    plan = kit.plan_for(list(backlog.values()))

    class Silent(kit.FakeModel):
        def complete(self, requests, progress=None):
            return iter(())

    journal = kit.MemoryJournal()
    send(kit, plan, backlog, Silent(kit.specs["local"], lambda r: ""), journal)
    assert {why for _, why in journal.bad} == {"no reply came"}

    class Twice(kit.FakeModel):
        def complete(self, requests, progress=None):
            for request in requests:
                yield from [Reply(request.key, "x", "stop", Usage(), 0.0)] * 2

    with pytest.raises(ModelError):
        send(kit, plan, backlog, Twice(kit.specs["local"], lambda r: ""), kit.MemoryJournal())


def test_waves_are_bounded_and_whole(kit, backlog):
    plan = kit.plan_for(list(backlog.values()))
    cut = waves(plan.calls, 2)
    assert [c for wave in cut for c in wave] == list(plan.calls)
    assert all(len(wave) <= 2 for wave in cut)


def test_what_is_not_asked_in_time_has_no_reply_and_what_was_sent_has(kit, backlog):
    plan, journal = kit.plan_for(list(backlog.values())), kit.MemoryJournal()
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))
    replies = send(kit, plan, backlog, model, journal, in_time=lambda: len(model.asked) < 2)
    assert len(model.asked) == 2 == len(replies) < len(plan.calls)
    assert list(replies) == [call.request.key for call in plan.calls[:2]], "the most promising"
    silent = kit.FakeModel(kit.specs["local"], lambda r: kit.said("different"))
    again = send(kit, plan, backlog, silent, journal, in_time=lambda: False)
    assert again == replies and not silent.asked


def test_a_run_whose_time_is_up_does_not_wait_for_what_another_asks(kit, backlog):
    plan, journal = kit.plan_for(list(backlog.values())), kit.MemoryJournal()
    model = kit.FakeModel(kit.specs["local"], lambda r: kit.said("same"))

    class Theirs:
        """Another process has every request, and never answers."""

        def asking(self):
            return nullcontext()

        def claim(self, key):
            looks.append(key)
            return "theirs"

        def release(self, key): ...

        def askers(self, keys):
            raise AssertionError("waited")

    looks: list[str] = []
    replies = send(
        kit, plan, backlog, model, journal, claims=Theirs(), in_time=lambda: len(looks) < 1
    )
    assert replies == {} and len(looks) == 1 and not model.asked


class _Account:
    """A journal that writes down what is set aside and settled."""

    def __init__(self):
        self.told = []

    def reserve(self, key, usd):
        self.told.append(("reserve", key, usd))

    def settle(self, key, usd):
        self.told.append(("settle", key, usd))


def test_what_costs_nothing_is_in_no_account_and_what_costs_all_the_same_is():
    account = _Account()
    budget = Budget(account, Decimal(1))
    for key in ("free", "billed"):
        budget.reserve(key, Decimal(0), "local/x")
    budget.reserve("dear", Decimal("0.4"), "cloud/x")
    assert account.told == [("reserve", "dear", Decimal("0.4"))]
    budget.settle("free", Decimal(0))
    budget.settle("dear", Decimal("0.3"))
    # Its price was none before it was sent, and the provider tells another.
    budget.settle("billed", Decimal("0.2"))
    assert account.told[1:] == [
        ("settle", "dear", Decimal("0.3")),
        ("reserve", "billed", Decimal("0.2")),
        ("settle", "billed", Decimal("0.2")),
    ]
    assert budget.held == Decimal("0.5")
    with pytest.raises(BudgetError):
        budget.reserve("next", Decimal("0.6"), "cloud/x")
