"""An account's limits are kept, whatever the sizes and times of its requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import RateLimits
from pipeline.providers.base import ModelOptions
from pipeline.providers.remote.pacing import MINUTE, Load, Pace, Paces
from pipeline.providers.remote.retries import Retries
from tests.support.allowance import Allowance
from tests.support.providers import Provider

GOING = threading.Event()
LIMITS = RateLimits(10, 1000, 500, "test")


def until(clock: Any) -> Callable[[float], None]:
    return lambda moment: clock.sleep(max(0.0, moment - clock.now))


requests = st.lists(
    st.tuples(
        st.integers(1, 600),  # prompt tokens, sometimes
        st.integers(1, 300),  # reply tokens asked for
        st.floats(0, 1),  # share of them that comes
        st.floats(0, 200),  # seconds until the answer
        st.floats(0, 1),  # when in them the provider counts
    ),
    max_size=40,
)


@given(requests)
def test_no_sixty_seconds_hold_more_than_the_account_may_send(
    given_requests: list[tuple[int, int, float, float, float]],
) -> None:
    """One after the other; wherever between sending and answer the provider counts."""
    now = [0.0]
    pace = Pace(LIMITS, lambda: now[0])
    counted: list[tuple[float, Load]] = []
    for n_input, n_output, share, seconds, place in given_requests:
        asked = Load(1, n_input, n_output)
        turn = pace.take(asked, lambda moment: now.__setitem__(0, moment), GOING)
        took = Load(1, n_input, int(n_output * share))
        counted.append((now[0] + seconds * place, took))
        now[0] += seconds
        pace.settle(turn, took)
    for start, _ in counted:
        inside = [load for moment, load in counted if start <= moment < start + MINUTE]
        requests, n_input, n_output = (sum(column) for column in zip(*inside, strict=True))
        assert (requests, n_input, n_output) <= (10, 1000, 500) or len(inside) == 1
        assert len(inside) == 1 or (requests <= 10 and n_input <= 1000 and n_output <= 500)


def test_there_is_no_wait_while_there_is_room(clock: Any) -> None:
    pace = Pace(LIMITS, clock)
    turns = [pace.take(Load(1, 100, 50), until(clock), GOING) for _ in range(10)]
    assert clock.now == 0
    for turn in turns:
        pace.settle(turn, Load(1, 100, 50))
    pace.take(Load(1, 1, 1), until(clock), GOING)
    assert clock.now == pytest.approx(MINUTE, abs=0.3)


def test_what_was_asked_for_and_did_not_come_makes_room(clock: Any) -> None:
    pace = Pace(LIMITS, clock)
    turn = pace.take(Load(1, 10, 500), until(clock), GOING)
    pace.settle(turn, Load(1, 10, 20))
    pace.take(Load(1, 10, 480), until(clock), GOING)
    assert clock.now == 0


def test_a_request_above_the_allowance_goes_alone(clock: Any) -> None:
    pace = Pace(LIMITS, clock)
    pace.settle(pace.take(Load(1, 5, 5), until(clock), GOING), Load(1, 5, 5))
    pace.take(Load(1, 5000, 5), until(clock), GOING)
    assert clock.now == pytest.approx(MINUTE, abs=0.3)


def test_without_limits_nothing_is_kept() -> None:
    pace = Pace(None)
    for _ in range(3):
        pace.take(Load(10**9, 10**9, 10**9), pytest.fail, GOING)


def test_a_stopped_wave_waits_for_no_turn(clock: Any) -> None:
    pace, stopped = Pace(LIMITS, clock), threading.Event()
    pace.take(Load(1, 1000, 1), until(clock), GOING)
    stopped.set()
    with pytest.raises(CancelledError):
        pace.take(Load(1, 1, 1), until(clock), stopped)
    assert clock.now == 0


def test_a_long_prompt_is_not_overtaken() -> None:
    """It waits for the whole allowance; a short one that would fit comes after it."""
    now, came, lock = [0.0], [], threading.Lock()
    pace = Pace(LIMITS, lambda: now[0])
    first = pace.take(Load(1, 100, 1), pytest.fail, GOING)

    def ask(name: str, load: Load) -> None:
        pace.take(load, lambda _: time.sleep(0.001), GOING)
        with lock:
            came.append(name)

    long = threading.Thread(target=ask, args=("long", Load(1, 950, 1)))
    long.start()
    while not pace._queue:
        time.sleep(0.001)
    short = threading.Thread(target=ask, args=("short", Load(1, 50, 1)))
    short.start()
    time.sleep(0.02)
    assert not came
    pace.settle(first, Load(1, 100, 1))
    now[0] = MINUTE
    long.join()
    short.join()
    assert came == ["long", "short"]


def test_models_of_one_account_share_their_pace(open_border: Any) -> None:
    spec = replace(open_border("claude", "http://127.0.0.1:9/").spec, rates=LIMITS)
    paces = Paces()
    assert paces.of(spec, "a") is paces.of(spec, "a")
    assert paces.of(spec, "a") is not paces.of(spec, "b")
    assert paces.of(replace(spec, name="claude/other"), "a") is not paces.of(spec, "a")


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("name", "tight"), [("claude", "requests"), ("gemini", "input"), ("openai", "output")]
)
def test_a_server_that_keeps_a_limit_refuses_nothing(
    name: str, tight: str, vocabularies: Any, open_border: Any, ask_for: Any
) -> None:
    """Two models of one account, four requests in flight each. Without pacing, the same requests
    in one minute are refused."""

    def fast() -> float:  # a minute lasts 0.1 s
        return 600 * time.monotonic()

    most = {
        "requests": (8, 10**6, 10**6),
        "input": (10**6, 900, 10**6),
        "output": (999, 10**6, 160),
    }

    def refused(rates: RateLimits | None) -> int:
        allowance = Allowance(*most[tight], clock=fast if rates else lambda: 0.0)
        with Provider(answer=lambda prompt: "merged " * 8, allowance=allowance) as provider:
            border = open_border(name, f"{provider.url}/")
            spec = replace(border.spec, rates=rates)
            base = "" if name == "openai" else provider.url
            options = ModelOptions(vocabularies, key="k", base_url=base, paces=Paces(fast))
            waits = {"clock": fast, "sleep": lambda seconds: time.sleep(seconds / 600)}
            kind = type(border.open())
            models = [kind(spec, options, retries=Retries(9, **waits)) for _ in range(2)]
            asked = [
                [
                    ask_for(f"Story {i} of {j}. " + "so it is " * 30, max_tokens=40)
                    for i in range(16)
                ]
                for j in range(2)
            ]
            replies: list[Any] = []
            threads = [
                threading.Thread(target=lambda m=m, r=r: replies.extend(m.complete(r)))
                for m, r in zip(models, asked, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for model in models:
                model.close()
            if rates:
                assert [r.finish for r in replies] == ["stop"] * 32
        return allowance.refused

    assert refused(None) > 0
    assert refused(RateLimits(*most[tight], "test")) == 0
