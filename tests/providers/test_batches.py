"""Batches through the real SDKs: handed over once, found again, half failed, expired."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.calls import Batch, Request
from pipeline.errors import InputError, ModelError
from pipeline.providers.base import ModelOptions
from pipeline.providers.opening import open_batched
from pipeline.providers.remote.batches import BatchedModel, BatchLimits, Pace
from tests.support.providers import Provider

pytestmark = pytest.mark.enable_socket


class Register:
    """What the store keeps, in memory. It outlives the models that write into it."""

    def __init__(self, name: str = "batch") -> None:
        self.name = name
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.batches: list[Batch] = []
        self.closed: dict[str, str] = {}
        self.events: list[str] = []

    def pending(self, keys: Sequence[str]) -> list[Batch]:
        return [b for b in self.batches if b.id not in self.closed and set(b.keys) & set(keys)]

    def open(self, model: str, requests: Sequence[Request]) -> Batch:
        batch = Batch(
            f"{self.name}-{len(self.batches)}",
            "",
            tuple(r.key for r in requests),
            self.now(),
        )
        self.batches.append(batch)
        self.events.append("open")
        return batch

    def submitted(self, batch: Batch, provider_id: str) -> Batch:
        self.events.append("submitted")
        place = [b.id for b in self.batches].index(batch.id)
        self.batches[place] = replace(batch, provider_id=provider_id)
        return self.batches[place]

    def close(self, batch: Batch, outcome: str, keys: Sequence[str] | None = None) -> None:
        self.events.append("closed")
        self.closed[batch.id] = outcome

    def known(self) -> frozenset[str]:
        return frozenset(b.provider_id for b in self.batches if b.provider_id)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(answer=lambda prompt: f"merged {prompt}", looks=2) as running:
        yield running


@pytest.fixture(params=["claude", "gemini"])
def opened(request: pytest.FixtureRequest, open_border: Any, provider: Provider) -> Any:
    """Opens a batched model on a register; ``waits`` are its sleeps, ``said`` its progress."""
    border = open_border(request.param, f"{provider.url}/")

    def build(register: Register, **how: Any) -> Any:
        waits: list[float] = []
        said: list[str] = []
        cloud = border.open(**how)
        model: Any = BatchedModel(
            cloud, register, say=said.append, pace=Pace(1, 4), sleep=waits.append
        )
        model.cloud, model.waits, model.said = cloud, waits, said
        return model

    return build


def test_a_batch_is_handed_over_once_and_waited_for(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.looks = 4
    register = Register()
    model = opened(register)
    requests = [ask_for(f"story {i}") for i in range(5)]
    told: list[int] = []
    replies = {r.key: r for r in model.complete(requests, told.append)}
    assert [replies[r.key].text for r in requests] == [f"merged story {i}" for i in range(5)]
    assert all(r.finish == "stop" and r.usage.prompt and r.usage.output for r in replies.values())
    assert sum(told) == sum(r.usage.output for r in replies.values())
    assert len(provider.batches) == 1 and not provider.asked
    assert model.waits == [1, 2, 4], "it looks less and less often"
    assert register.events == ["open", "submitted", "closed"]
    assert register.closed["batch-0"] == "5 answered, 0 failed"
    assert provider.batches[0].id in model.describe()["batches"]
    assert provider.batches[0].id in model.said[0] and "ended: 5 answered" in model.said[-1]


def test_a_batch_of_a_killed_run_is_found_by_its_id(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    register, requests = Register(), [ask_for("one"), ask_for("two")]
    killed = opened(register).complete(requests)
    next(killed)
    killed.close()  # one reply was journalled, then nothing more was
    assert not register.closed
    again = opened(register)
    (reply,) = again.complete(requests[1:])
    assert reply.key == requests[1].key and reply.text == "merged two"
    assert len(provider.batches) == 1 and "found again" in again.said[0]
    assert register.closed


def test_a_submission_whose_answer_is_lost_is_not_repeated(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.lose_submission = True
    replies = list(opened(Register()).complete([ask_for("one"), ask_for("two")]))
    assert {r.text for r in replies} == {"merged one", "merged two"}
    assert len(provider.batches) == 1


def test_a_run_killed_while_submitting_finds_the_batch_at_the_provider(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.lose_submission = True
    register, requests = Register(), [ask_for("one"), ask_for("two")]
    with pytest.raises(ModelError):
        list(opened(register, attempts=1).complete(requests))
    assert register.events == ["open"], "whether it arrived is not known"
    replies = list(opened(register).complete(requests))
    assert len(replies) == 2 and len(provider.batches) == 1


def test_a_batch_that_never_arrived_is_handed_over_anew(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    register, requests = Register(), [ask_for("one")]
    register.open("test", requests)
    (reply,) = opened(register).complete(requests)
    assert reply.text == "merged one" and len(provider.batches) == 1
    assert register.closed["batch-0"] == "it never reached the provider"


def test_another_batch_of_the_account_is_not_taken_for_ours(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    stranger, register = Register("theirs"), Register()
    list(opened(stranger).complete([ask_for("theirs")]))
    register.open("test", [ask_for("ours")])
    (reply,) = opened(register).complete([ask_for("ours")])
    assert reply.text == "merged ours" and len(provider.batches) == 2


def test_a_partly_failed_batch_fails_those_calls_alone(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.entry = lambda prompt: {"a": "errored", "b": "expired"}.get(prompt, "")
    register = Register()
    requests = [ask_for("a"), ask_for("b"), ask_for("c")]
    replies = {r.key: r for r in opened(register).complete(requests)}
    a, b, c = (replies[r.key] for r in requests)
    assert (a.finish, b.finish, c.finish) == ("error", "error", "stop")
    assert "this entry failed" in a.detail and "batch" in b.detail
    assert a.usage.prompt == a.usage.output == 0, "a failed entry is not billed"
    assert register.closed["batch-0"] == "1 answered, 2 failed"


def test_an_expired_batch_fails_every_call(opened: Any, provider: Provider, ask_for: Any) -> None:
    provider.entry = lambda prompt: "expired"
    replies = list(opened(Register()).complete([ask_for("a"), ask_for("b")]))
    assert [r.finish for r in replies] == ["error", "error"]
    assert all("expired" in r.detail for r in replies)


def test_results_that_lack_an_entry_fail_that_call(
    opened: Any, provider: Provider, ask_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = provider.hold
    monkeypatch.setattr(provider, "hold", lambda name, e, kind: hold(name, e[:1], kind))
    replies = list(opened(Register()).complete([ask_for("a"), ask_for("b")]))
    assert [r.finish for r in replies] == ["stop", "error"]
    assert "no result" in replies[1].detail


def test_a_wave_is_cut_into_batches_that_the_provider_takes(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    model = opened(Register())
    model.cloud.batch_limits = BatchLimits(2, 10_000_000)
    assert len(list(model.complete([ask_for(str(i)) for i in range(5)]))) == 5
    assert [len(b.entries) for b in provider.batches] == [2, 2, 1]
    model.cloud.batch_limits = BatchLimits(100, 3_000)
    assert len(list(model.complete([ask_for(f"more {i}") for i in range(4)]))) == 4
    assert [len(b.entries) for b in provider.batches[3:]] == [2, 2]


def test_servers_without_batches_say_so(vocabularies: Any, open_border: Any) -> None:
    spec = open_border("openai", "http://127.0.0.1:9/").spec
    assert not spec.provider.batches
    with pytest.raises(InputError, match="no batch API") as refused:
        open_batched(spec, ModelOptions(vocabularies), Register(), print)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("wrong", [timedelta(hours=-7), timedelta(days=3)])
def test_a_lost_submission_is_found_whatever_our_clock_says(
    opened: Any, provider: Provider, ask_for: Any, wrong: timedelta
) -> None:
    provider.lose_submission, provider.looks = True, 3
    register, requests = Register(), [ask_for("one"), ask_for("two")]
    register.now = lambda: datetime.now(UTC) + wrong
    with pytest.raises(ModelError):
        list(opened(register, attempts=1, now=register.now).complete(requests))
    replies = list(opened(register, now=register.now).complete(requests))
    assert len(replies) == 2 and len(provider.batches) == 1, "still being worked on"


def test_a_lost_submission_that_has_ended_is_found_though_the_clock_jumped(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.lose_submission, provider.looks = True, 0
    register, requests = Register(), [ask_for("one"), ask_for("two")]
    register.now = lambda: datetime.now(UTC) - timedelta(days=40)
    with pytest.raises(ModelError):
        list(opened(register, attempts=1).complete(requests))
    replies = list(opened(register).complete(requests))
    assert len(replies) == 2 and len(provider.batches) == 1


def test_which_of_two_open_batches_is_ours_is_waited_for(
    open_border: Any, provider: Provider, ask_for: Any
) -> None:
    """Two of one size, made at one time, and no name: what is sent again would be paid twice."""
    border = open_border("claude", f"{provider.url}/")
    provider.lose_submission, provider.looks = True, 3
    register, requests = Register(), [ask_for("one"), ask_for("two")]

    def opened(**how: Any) -> Any:
        return BatchedModel(border.open(**how), register, say=said.append, sleep=lambda _: None)

    said: list[str] = []
    with pytest.raises(ModelError):
        list(opened(attempts=1).complete(requests))
    body = provider.batches[0].entries[0][2]
    for n in range(2):  # of another program with the same key
        entries = [(f"theirs-{n}-{k}", "theirs", body) for k in range(2)]
        provider.hold("", entries, "msgbatch_")
    replies = {reply.key: reply.text for reply in opened().complete(requests)}
    assert [replies[r.key] for r in requests] == ["merged one", "merged two"]
    assert len(provider.batches) == 3, "nothing was handed over again"
    assert any("when it has ended" in line for line in said)


def test_a_batch_is_found_behind_many_others(
    open_border: Any, provider: Provider, ask_for: Any
) -> None:
    border = open_border("claude", f"{provider.url}/")
    provider.lose_submission, provider.looks = True, 0
    register, requests = Register(), [ask_for("one")]
    with pytest.raises(ModelError):
        list(BatchedModel(border.open(attempts=1), register).complete(requests))
    body = provider.batches[0].entries[0][2]
    for n in range(250):
        provider.hold("", [(f"theirs-{n}", "a", body), (f"more-{n}", "b", body)], "msgbatch_")
    (reply,) = BatchedModel(border.open(), register, sleep=lambda _: None).complete(requests)
    assert reply.text == "merged one" and len(provider.batches) == 251


def test_a_batch_that_arrived_while_its_answer_was_garbled_is_not_sent_again(
    opened: Any, provider: Provider, ask_for: Any
) -> None:
    provider.garble_submission = True
    replies = list(opened(Register()).complete([ask_for("one"), ask_for("two")]))
    assert {r.text for r in replies} == {"merged one", "merged two"}
    assert len(provider.batches) == 1


@pytest.mark.parametrize("status", [403, 404, 405])
def test_a_provider_that_lists_no_batches_is_said_to_have_been_paid_perhaps(
    opened: Any, provider: Provider, ask_for: Any, status: int
) -> None:
    provider.lose_submission, provider.lists = True, status
    register, requests = Register(), [ask_for("one")]
    with pytest.raises(ModelError):
        list(opened(register).complete(requests))
    assert not register.closed, "it may be there, and no second attempt is made in one breath"
    again = opened(register)
    (reply,) = again.complete(requests)
    assert reply.text == "merged one" and len(provider.batches) == 2
    assert register.closed["batch-0"] == "it may have reached the provider"
    assert any("cannot be asked" in line and "set aside" in line for line in again.said)
