"""Where two processes ask the same: what one has in flight the other waits for, and takes from
where it was stored."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, Literal, Protocol, TypeVar

from pipeline.errors import ModelError

#: What is stored of an answer: a reply, a measured cell.
A = TypeVar("A")

#: Seconds between two looks at what another process does: doubling from the first to the longest.
_FIRST, _LONGEST = 0.05, 2.0
#: Seconds after which what is waited for is said again.
_AGAIN = 30.0
#: Seconds that a run without a batch waits for another run's, which may take its provider a day.
BATCH_PATIENCE = 600.0


class Claims(Protocol):
    """Which process asks what at this moment."""

    def asking(self) -> AbstractContextManager[None]:
        """Claims can be made within, are kept alive, and end with it."""
        ...

    def claim(self, key: str) -> Literal["ours", "theirs", "answered"]:
        """Take a request, unless another that lives has it, or its reply is there by now, be it one
        that was paid for in vain."""
        ...

    def release(self, key: str) -> None:
        """A request is answered, or will not be sent."""
        ...

    def askers(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Who of the others that live has which of these requests, for people."""
        ...

    def batched(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Which of these requests another run's batch holds, for a run that asks one by one: that
        run and since when, for people."""
        ...


class ConcurrentRequests(Generic[A]):
    """What one wave knows of the processes that ask the same.

    Args:
        find: what is stored for some keys.
        claims: None where nobody else asks.
        say: told what is waited for.
        progress: called at every look, so that what a person sees goes on.
        sleep: waits that many seconds; a Ctrl-C ends it.
        patience: seconds, see :data:`BATCH_PATIENCE`.
    """

    def __init__(
        self,
        find: Callable[[Sequence[str]], Mapping[str, A]],
        claims: Claims | None,
        say: Callable[[str], None],
        progress: Callable[[int], None] | None = None,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        patience: float | None = None,
    ) -> None:
        self._patience = BATCH_PATIENCE if patience is None else patience
        self._find = find
        self._claims = claims
        self._say = say
        self._progress = progress
        self._sleep = sleep or threading.Event().wait
        self._clock = clock

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around a wave."""
        if self._claims is None:
            yield
            return
        with self._claims.asking():
            yield

    def claimed(self, key: str) -> Mapping[str, A] | None:
        """Nothing where the request is ours to send now, its answer where one is there by now, None
        where another process asks it."""
        if self._claims is None:
            return self._find([key])
        state = self._claims.claim(key)
        if state == "theirs":
            return None
        return self._find([key]) if state == "answered" else {}

    def released(self, key: str) -> None:
        """A request is answered, or will not be sent."""
        if self._claims is not None:
            self._claims.release(key)

    def wait(self, keys: Sequence[str]) -> dict[str, A]:
        """The answers to what others ask; returns as soon as one of these requests is in nobody's
        hands any more (its asker died, or got no good reply).

        Raises:
            ModelError: what is left is in another run's batch, which takes longer than is waited.
        """
        replies: dict[str, A] = {}
        if self._claims is None:
            return replies
        seconds, told, said = _FIRST, -1, self._clock()
        since = said
        while True:
            # In this order: who lets go of a request has stored its reply before.
            open_keys = [key for key in keys if key not in replies]
            batched = self._claims.batched(open_keys)
            askers = {**self._claims.askers(open_keys), **batched}
            replies.update(self._find([key for key in keys if key not in replies]))
            left = [key for key in keys if key not in replies]
            if not left or any(key not in askers for key in left):
                return replies
            if told < 0 or (told != len(left) and self._clock() - said > _AGAIN):
                self._say(_waits(left, askers, batched, self._patience))
                told, said = len(left), self._clock()
            if not batched.keys() >= set(left):
                since = self._clock()
            elif self._clock() - since > self._patience:
                raise _too_long(left, batched, self._patience)
            if self._progress is not None:
                self._progress(0)
            self._sleep(seconds)
            seconds = min(_LONGEST, 2 * seconds)


def _waits(
    keys: Sequence[str], askers: Mapping[str, str], batched: Mapping[str, str], patience: float
) -> str:
    ((who, _), *others) = Counter(askers[key] for key in keys).most_common()
    more = f" and {len(others)} more" if others else ""
    calls = "1 call is" if len(keys) == 1 else f"{len(keys)} calls are"
    if batched.keys() >= set(keys):
        minutes = f"for {patience / 60:g} minutes at most"
        return (
            f"{calls} in a batch of {who}{more}: waiting for the replies {minutes} (Ctrl-C ends it)"
        )
    return f"{calls} asked by {who}{more} already: waiting for the replies (Ctrl-C ends it)"


def _too_long(keys: Sequence[str], batched: Mapping[str, str], patience: float) -> ModelError:
    ((who, _), *_) = Counter(batched[key] for key in keys).most_common()
    calls = "1 call is" if len(keys) == 1 else f"{len(keys)} calls are"
    return ModelError(
        f"{calls} in a batch that its provider has not answered for {patience / 60:g} minutes; "
        "they are not asked, and paid for, a second time.",
        where=f"batch of {who}",
        next="Run it again when that run has ended, or now with --batch, which takes the batch up; "
        "every other reply is kept.",
        retryable=True,
    )
