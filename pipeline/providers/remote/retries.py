"""Retries in one place: which failures are worth another attempt, and how long to wait before it.

The SDKs' own retries are switched off: one of them ignores ``retry-after``, and two layers of
retries multiply. Back-off is exponential with jitter and a cap (AWS Architecture Blog,
"Exponential Backoff And Jitter"); a wait that the server asks for holds back every thread, because
a rate limit belongs to the key and not to the request that happened to meet it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from pipeline.amounts import duration
from pipeline.errors import ModelError

T = TypeVar("T")

#: 408 timed out, 409 conflict, 425 too early, 429 rate limit; 5xx (529 is "overloaded") come too.
_TRY_AGAIN = frozenset({408, 409, 425, 429})
_LONGEST_MESSAGE = 300
#: Seconds between two lines on what is tried again.
_SAY_EVERY = 10.0


class RequestError(ModelError):
    """This request cannot be answered (too long, malformed); the others of its wave can."""


class UnreachableError(ModelError):
    """Nobody listens at the address. Retried, then raised: the next request would fail too."""

    def __init__(self, message: str, *, where: str, next: str) -> None:
        super().__init__(message, where=where, next=next, retryable=True)


class UnreadableError(RequestError):
    """A reply came and is not what its protocol promises. It may have been paid for, so that it is
    kept as it came and not asked for again.

    Args:
        body: as it came.
    """

    def __init__(self, message: str, *, where: str, body: str) -> None:
        super().__init__(message, where=where)
        self.body = body


class BrokenError(ModelError):
    """The connection broke after the request was sent: it may have been answered, and billed."""


class UnfinishedError(BrokenError):
    """A body that ends in the middle, or a page in place of one, where another was asked for than a
    reply: asking again costs nothing. Of a reply it is an :class:`UnreadableError`."""


class SilentError(ModelError):
    """No answer in time. Tried once more and no further: every try takes minutes."""

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(message, where=where, retryable=True)


class Retries:
    """The policy of one model, shared by its threads.

    Args:
        attempts: how often a request is sent at most.
        first_wait, longest_wait: seconds; the back-off doubles from the one to the other.
        patience: seconds; when a server asks to wait longer than this, we give up at once.
        clock: monotonic seconds.
        sleep: waits that many seconds; None for a wait that a stopped wave cuts short.
        random: uniform in [0, 1).
        say: told that a request is tried again, and why, in our own words: a server's may repeat
            the prompt.
    """

    def __init__(
        self,
        attempts: int = 5,
        *,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
        patience: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        random: Callable[[], float] = random.random,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.attempts = max(1, attempts)
        self.first_wait = first_wait
        self.longest_wait = longest_wait
        self.patience = patience
        self.clock = clock
        self._sleep = sleep
        self._random = random
        self._say = say
        self._said: float | None = None
        self._lock = threading.Lock()
        self._resume_at = clock()

    def call(self, ask: Callable[[], T], stopped: threading.Event | None = None) -> T:
        """Call ``ask`` until it answers, fails for good, or the attempts are used up.

        Args:
            stopped: when set, nothing is tried again.

        Raises:
            ModelError: the last failure of ``ask``.
        """
        stopped = stopped or threading.Event()
        not_before = self.clock()
        failure: ModelError | None = None
        for attempt in range(1, self.attempts + 1):
            self.wait_until(not_before, stopped)
            if failure is not None and stopped.is_set():
                raise failure
            try:
                return ask()
            except ModelError as error:
                wait = self.wait_after(attempt, error.retry_after)
                if not error.retryable or wait is None:
                    raise
                if error.retry_after is not None:
                    self._hold_back(self.clock() + error.retry_after)
                if attempt >= (
                    min(2, self.attempts) if isinstance(error, SilentError) else self.attempts
                ):
                    raise
                failure = error
                not_before = self.clock() + wait
                self._tell(error, max(not_before, self._resume_at) - self.clock(), attempt)
        raise AssertionError("unreachable: the loop returns or raises")

    def wait_after(self, attempt: int, retry_after: float | None) -> float | None:
        """Seconds to wait after the ``attempt``-th failure (from 1); None when it is not worth it.

        Never shorter than the server asked for, and spread so that threads do not come back at
        the same instant.
        """
        backoff = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        if retry_after is None:
            return backoff * (0.5 + 0.5 * self._random())
        if retry_after > self.patience:
            return None
        return retry_after + min(backoff, 1.0) * 0.25 * self._random()

    def _tell(self, error: ModelError, wait: float, attempt: int) -> None:
        """Say what is waited for; of many threads that wait for the same, the first."""
        with self._lock:
            now = self.clock()
            if self._said is not None and now - self._said < _SAY_EVERY:
                return
            self._said = now
        what = f"the server answered {error.status}" if error.status else error.message.rstrip(".")
        self._say(
            f"{error.where or 'the model'}: {what}; trying again in {duration(max(0.0, wait))} "
            f"({attempt + 1} of {self.attempts})"
        )

    def _hold_back(self, moment: float) -> None:
        with self._lock:
            self._resume_at = max(self._resume_at, moment)

    def wait_until(self, moment: float, stopped: threading.Event) -> None:
        """Wait until that moment of the clock, and until the server may be asked again."""
        while not stopped.is_set():
            seconds = max(moment, self._resume_at) - self.clock()
            if seconds <= 0:
                return
            if self._sleep is None:
                stopped.wait(seconds)
            else:
                self._sleep(seconds)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds a server asks to wait, by its ``retry-after`` header (RFC 9110 §10.2.3: seconds or a
    date) or ``retry-after-ms``; None when it does not say or says it unreadably.

    Args:
        headers: of the response; names in lower case, or a mapping that ignores case.
        now: aware, to take a date's distance from where the server does not tell its own time.
    """
    milliseconds = headers.get("retry-after-ms", "")
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(milliseconds) / 1000) if milliseconds else max(0.0, float(value))
    except ValueError:
        pass
    moment = _parsed(value)
    if moment is None:
        return None
    return max(0.0, (moment - server_time(headers, now)).total_seconds())


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """The time by the server's clock, as it stands in a response's ``date``; ours may be wrong."""
    return _parsed(headers.get("date", "")) or now


def _parsed(date: str) -> datetime | None:
    """A date of HTTP, None where it is none."""
    from email.utils import parsedate_to_datetime  # slow to import, and `--help` reads no date

    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def status_error(
    status: int,
    message: str,
    *,
    where: str,
    variable: str,
    wait: float | None = None,
) -> ModelError:
    """What an HTTP status means for us.

    401, 402, 403 and 404 make every further request pointless; other 4xx concern one request;
    the rest may pass.

    Args:
        where: the model's name.
        variable: the environment variable that holds the key.
        wait: seconds the server asked for.
    """
    error = _status_error(status, message, where, variable, wait)
    error.status = status
    return error


def broken_off(error: ModelError) -> BrokenError:
    """A failure that ended a reply which had begun: what came of it may be billed."""
    broken = BrokenError(
        error.message,
        where=error.where,
        next=error.next,
        retryable=error.retryable,
        retry_after=error.retry_after,
    )
    broken.status = error.status
    return broken


def _status_error(
    status: int, message: str, where: str, variable: str, wait: float | None
) -> ModelError:
    said = f"the server answered {status}: {shorten(message)}"
    if status in (401, 403):
        return ModelError(
            said, where=where, next=f"Check that {variable} holds a key that may use this model."
        )
    if status == 402:
        return ModelError(said, where=where, next="Check the billing of the account.")
    if status == 404:
        return ModelError(said, where=where, next="Check the model's name and the address.")
    if status in _TRY_AGAIN or status >= 500:
        return ModelError(said, where=where, retryable=True, retry_after=wait)
    return RequestError(said, where=where)


def shorten(message: str) -> str:
    """A server's message on one line, at most 300 characters."""
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 1]}…"
