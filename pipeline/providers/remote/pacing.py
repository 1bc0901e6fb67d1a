"""As much a minute as an account may send, so that a run does not fill its time with refusals.

Providers count requests, prompt tokens and reply tokens a minute, and refuse what is above. What
they count, and in which sixty seconds, they do not tell exactly, so the side that is surely allowed
is kept: a request counts here from before it is sent until a minute after its answer, its reply
with all that was asked for until it is known what came. In no sixty seconds, wherever they begin,
does more reach the provider than the account may send; a bucket that is refilled steadily is never
overdrawn either. Other processes of the same account are not seen: their share comes back as a
refusal, which :mod:`~pipeline.providers.remote.retries` waits out.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.models import ModelSpec, RateLimits

MINUTE = 60.0
#: Seconds after which whoever waits looks again: replies that came shorten the wait.
_LOOK = 0.25


class Load(NamedTuple):
    """What one request takes of a minute's allowance."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(eq=False, slots=True)
class Turn:
    """A request that was let through; ``until`` is None while it is not answered."""

    load: Load
    until: float | None = None


class Pace:
    """The allowance of one account and model, shared by the threads that use it. First come, first
    served: a long prompt is not overtaken for ever by short ones.

    Args:
        limits: None for as much as one likes.
        clock: monotonic seconds.
    """

    def __init__(
        self, limits: RateLimits | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._most = (limits.requests, limits.input_tokens, limits.output_tokens) if limits else ()
        self._clock = clock
        self._lock = threading.Lock()
        self._queue: deque[Turn] = deque()
        self._counted: list[Turn] = []

    def take(
        self, load: Load, wait_until: Callable[[float], object], stopped: threading.Event
    ) -> Turn:
        """Wait until a request may be sent. A load above the whole allowance goes alone: whether
        it may be sent at all, only the provider knows.

        Args:
            wait_until: sleeps until that moment of the clock.
            stopped: when set, nobody waits for the answer any more.

        Raises:
            CancelledError: stopped while it had to wait.
        """
        turn = Turn(load)
        if self.limits is None:
            return turn
        with self._lock:
            self._queue.append(turn)
        while True:
            with self._lock:
                now = self._clock()
                if self._queue[0] is turn and self._fits(load, now):
                    self._counted.append(self._queue.popleft())
                    return turn
                if stopped.is_set():
                    self._queue.remove(turn)
                    raise CancelledError
            wait_until(now + _LOOK)

    def settle(self, turn: Turn, load: Load) -> None:
        """What a request took, now that it is answered."""
        with self._lock:
            turn.load, turn.until = load, self._clock() + MINUTE

    def _fits(self, load: Load, now: float) -> bool:
        counted = [turn for turn in self._counted if turn.until is None or turn.until > now]
        self._counted = counted
        taken = [sum(column) for column in zip(*(turn.load for turn in counted), strict=True)]
        return not counted or all(
            most is None or before + more <= most
            for before, more, most in zip(taken, load, self._most, strict=True)
        )


class Paces:
    """One :class:`Pace` for each model and address, whoever opens it how often.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paces: dict[tuple[str, str], Pace] = {}

    def of(self, spec: ModelSpec, address: str) -> Pace:
        """The pace of a model at an address."""
        with self._lock:
            name = (spec.name, address)
            if name not in self._paces:
                self._paces[name] = Pace(spec.rates, self._clock)
            return self._paces[name]
