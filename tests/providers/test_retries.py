"""The retry policy by itself: what is tried again, when, and when not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.providers.remote.retries import (
    RequestError,
    Retries,
    SilentError,
    retry_after,
    shorten,
    status_error,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def failing(*errors: ModelError) -> Any:
    """A call that raises these errors one after the other, then answers with its count."""
    queue = list(errors)
    calls = [0]

    def ask() -> int:
        calls[0] += 1
        if queue:
            raise queue.pop(0)
        return calls[0]

    return ask, calls


def passing(wait: float | None = None) -> ModelError:
    return ModelError("busy", retryable=True, retry_after=wait)


def test_the_last_failure_is_raised_after_the_last_attempt(clock: Any) -> None:
    ask, calls = failing(*[passing() for _ in range(9)])
    policy = Retries(4, clock=clock, sleep=clock.sleep, random=lambda: 0.999999)
    with pytest.raises(ModelError, match="busy"):
        policy.call(ask)
    assert calls == [4]
    assert clock.slept == pytest.approx([1, 2, 4], rel=1e-3)


def test_a_wait_is_told_at_once_and_by_one_of_many_without_a_servers_words(clock: Any) -> None:
    lines: list[str] = []
    policy = Retries(4, clock=clock, sleep=clock.sleep, random=lambda: 0.0, say=lines.append)
    error = status_error(529, "your story said quokka", where="claude/x", variable="KEY")
    for _ in range(3):
        ask, _ = failing(error)
        policy.call(ask)
    assert lines == ["claude/x: the server answered 529; trying again in 0.5 s (2 of 4)"]
    clock.sleep(60)
    ask, _ = failing(ModelError("nothing answers at its address.", retryable=True))
    policy.call(ask)
    assert lines[1:] == [
        "the model: nothing answers at its address; trying again in 0.5 s (2 of 4)"
    ]


def test_what_cannot_pass_is_not_tried_again(clock: Any) -> None:
    ask, calls = failing(ModelError("wrong key"))
    with pytest.raises(ModelError, match="wrong key"):
        Retries(4, clock=clock, sleep=clock.sleep).call(ask)
    assert calls == [1] and not clock.slept


def test_a_server_that_asks_for_too_long_a_wait_is_given_up(clock: Any) -> None:
    ask, calls = failing(passing(3600.0))
    with pytest.raises(ModelError, match="busy"):
        Retries(4, clock=clock, sleep=clock.sleep, patience=600).call(ask)
    assert calls == [1] and not clock.slept


def test_a_wait_the_server_asked_for_holds_back_the_other_requests_too(clock: Any) -> None:
    policy = Retries(1, clock=clock, sleep=clock.sleep, random=lambda: 0.0)
    limited, _ = failing(passing(30.0))
    with pytest.raises(ModelError):
        policy.call(limited)
    assert policy.call(lambda: clock.now) == 30.0


def test_a_stopped_wave_tries_nothing_again_and_does_not_wait(clock: Any) -> None:
    stopped = threading.Event()
    stopped.set()
    ask, calls = failing(passing(5.0))
    with pytest.raises(ModelError):
        Retries(4, clock=clock, sleep=clock.sleep).call(ask, stopped)
    assert calls == [1] and not clock.slept


def test_a_real_wait_is_cut_short_when_the_wave_stops() -> None:
    stopped = threading.Event()
    ask, calls = failing(passing(60.0), passing(60.0))
    threading.Timer(0.05, stopped.set).start()
    with pytest.raises(ModelError):
        Retries(4).call(ask, stopped)
    assert calls == [1]


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_the_back_off_stays_between_half_and_all_of_its_capped_power(
    attempt: int, chance: float
) -> None:
    policy = Retries(random=lambda: chance, first_wait=1.0, longest_wait=60.0)
    wait = policy.wait_after(attempt, None)
    top = min(60.0, 2.0 ** (attempt - 1))
    assert wait is not None and top / 2 <= wait <= top


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True), st.floats(0, 600))
def test_we_never_come_back_before_the_server_asked(
    attempt: int, chance: float, asked: float
) -> None:
    wait = Retries(random=lambda: chance).wait_after(attempt, asked)
    assert wait is not None and asked <= wait <= asked + 0.25


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:20 GMT"}, 20.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_all_its_shapes(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "retryable", "alone"),
    [
        (400, False, True),
        (401, False, False),
        (402, False, False),
        (403, False, False),
        (404, False, False),
        (408, True, False),
        (413, False, True),
        (422, False, True),
        (429, True, False),
        (500, True, False),
        (529, True, False),
    ],
)
def test_what_a_status_means(status: int, retryable: bool, alone: bool) -> None:
    error = status_error(status, "words", where="claude/x", variable="ANTHROPIC_API_KEY")
    assert error.retryable is retryable
    assert isinstance(error, RequestError) is alone
    assert str(status) in str(error) and "claude/x" in str(error)


def test_a_long_message_becomes_one_short_line() -> None:
    assert shorten("a\n  b\tc") == "a b c"
    assert len(shorten("x" * 5000)) == 300


@pytest.mark.parametrize("behind", [timedelta(days=-2), timedelta(0), timedelta(hours=9)])
def test_a_date_is_read_by_the_servers_own_clock(behind: timedelta) -> None:
    headers = {
        "retry-after": format_datetime(NOW + timedelta(seconds=8)),
        "date": format_datetime(NOW),
    }
    assert retry_after(headers, NOW - behind) == 8.0


def test_a_silent_server_is_tried_once_more_and_no_further(clock: Any) -> None:
    ask, calls = failing(*[SilentError("timed out.", where="m") for _ in range(5)])
    with pytest.raises(ModelError, match="timed out"):
        Retries(5, clock=clock, sleep=clock.sleep).call(ask)
    assert calls == [2]
