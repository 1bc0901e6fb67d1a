"""What counts of a provider change in a plan, and what they never change."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Band, Call, Message, Plan, Request, TokenCount, WindowLimits
from pipeline.errors import ModelError
from pipeline.models import ModelSpec
from pipeline.providers.provider_registry import providers
from pipeline.run.online_counts import LEAST, SAMPLE, ask, drawn, with_counts

SPEC = ModelSpec("claude/x", providers()["claude"], "x", 100_000, 8192)


def plan_of(sizes: Sequence[int], journalled: int = 0) -> Plan:
    """A plan of prompts that we count as so long; the first ``journalled`` are answered."""
    calls = tuple(
        Call(
            f"pairs-{place:04}",
            "pairs",
            Request("claude/x", "x", "pair", "p", "0", (Message("user", str(place)),), 9),
            (),
            (),
            TokenCount(n, "ours", False, n // 2, 2 * n),
            Band(0, 1, 2),
        )
        for place, n in enumerate(sizes)
    )
    known = frozenset(call.request.key for call in calls[:journalled])
    limits = WindowLimits(1000, 1000, "")
    return Plan("pairs", "claude/x", limits, calls, (), len(calls), len(calls), {}, known)


def counts(calls: Sequence[Call], factor: float) -> dict[str, TokenCount]:
    made = {}
    for call in calls:
        n = max(1, round(call.input.n * factor))
        made[call.request.key] = TokenCount(n, "theirs", False, n, n)
    return made


sizes = st.lists(st.integers(50, 5000), min_size=1, max_size=120)


@given(sizes, st.floats(0.5, 2.0), st.integers(0, 5))
def test_counted_prompts_are_as_counted_the_others_in_the_band_seen(
    given_sizes: list[int], factor: float, journalled: int
) -> None:
    plan = plan_of(given_sizes, journalled)
    calls = drawn(plan)
    assert len(calls) == min(SAMPLE, len(plan.to_send)) and drawn(plan) == calls
    if not calls:
        return
    made = counts(calls, factor)
    counted = with_counts(plan, SPEC, made)
    assert counted.plan.sha256 == plan.sha256 and counted.n == len(calls)
    assert counted.plan.calls[:journalled] == plan.calls[:journalled], "paid for already"
    for before, after in zip(plan.to_send, counted.plan.to_send, strict=True):
        found = made.get(before.request.key)
        assert after.input.low <= after.input.n <= after.input.high
        if found is not None:
            assert after.input[0] == after.input.low == after.input.high == found.n
        else:
            assert not after.input.exact
            assert after.input.n == pytest.approx(before.input.n * factor, rel=0.02, abs=1)
    assert f"{len(calls)} of {len(plan.to_send)}" in counted.note


def test_too_few_counts_leave_the_plan_as_it_was_and_say_why() -> None:
    plan = plan_of([100] * 30)
    few = counts(plan.calls[: LEAST - 1], 3.0)
    left = with_counts(plan, SPEC, few, ModelError("busy"))
    assert left.plan is plan and left.n == 0 and "busy" in left.note
    enough = with_counts(plan, SPEC, counts(plan.calls[:LEAST], 3.0), ModelError("busy"))
    assert enough.n == LEAST and "busy" in enough.note
    assert {call.input.n for call in enough.plan.calls} == {300}


def test_after_a_failure_nothing_more_is_sent() -> None:
    asked: list[str] = []
    lock = threading.Lock()

    def count(request: Request) -> TokenCount:
        with lock:
            asked.append(request.key)
        raise ModelError("no such endpoint")

    found, failure = ask(plan_of([100] * 40).calls, count)
    assert not found and failure is not None and len(asked) < 40


def test_a_count_of_nothing_is_a_failure() -> None:
    found, failure = ask(plan_of([100]).calls, lambda _: TokenCount(0, "theirs", False, 0, 0))
    assert not found and "0 tokens" in str(failure)
