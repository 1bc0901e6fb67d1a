"""Work shared among processes: copies of this one, each with a part of a list.

A copy (``fork``) starts in some milliseconds, knows all that this process knows, and sends its
results back. Where a copy is not safe (other threads are running, or the system makes none) or not
worth it, the work is done here. The results are the same, in the order of the list.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Processes that share a list, at most: beyond that, sending results back is what takes the time.
MOST = 8
#: Items that can be taken in turns: a ticket is one byte.
_TICKETS = 256


def shared_out(
    work: Callable[[Sequence[T]], list[R]], items: Sequence[T], *, least: int
) -> list[R]:
    """``work(items)``, by as many processes as there are processors for: many small items, in
    parts of one length.

    Args:
        work: a pure function whose result is one value an item, in order.
        least: items that make one more process worth its start.

    Raises:
        whatever ``work`` raises.
    """
    n = min(MOST, processors(), len(items) // max(1, least))
    if n < 2 or not may_fork():
        return work(items)
    borders = [len(items) * i // n for i in range(n + 1)]
    parts = [items[start:end] for start, end in pairwise(borders)]
    others = [_Copy(partial(work, part)) for part in parts[1:]]
    try:
        results = list(work(parts[0]))
        for copy, part in zip(others, parts[1:], strict=True):
            found = copy.results()
            results += work(part) if found is None else found
    finally:
        for copy in others:
            copy.end()
    return results


def in_turns(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``[work(item) for item in items]``: few large items, the next one done by whichever process
    is free. Give the longest first.

    Args:
        work: a pure function.

    Raises:
        whatever ``work`` raises.
    """
    n = min(MOST, processors(), len(items))
    if n < 2 or len(items) > _TICKETS or not may_fork():
        return [work(item) for item in items]
    tickets, write = os.pipe()
    os.write(write, bytes(range(len(items))))
    os.close(write)  # who finds no ticket left is at the end of the pipe

    def take() -> list[tuple[int, R]]:
        return [
            (ticket[0], work(items[ticket[0]])) for ticket in iter(lambda: os.read(tickets, 1), b"")
        ]

    others = [_Copy(take) for _ in range(n - 1)]
    try:
        done = dict(take())
        for copy in others:
            done.update(copy.results() or ())
    finally:
        os.close(tickets)
        for copy in others:
            copy.end()
    return [done[i] if i in done else work(item) for i, item in enumerate(items)]


def beside(work: Callable[[], object]) -> Callable[[], None] | None:
    """Begin work whose results lie on the disk in a copy of this process, while this one goes on.

    Returns:
        what waits for its end, to be called once: work that failed is done again, with its error,
        by whoever needs it. None where nothing was begun: there is no processor for it, or a copy
        is not safe.
    """
    if processors() < 2 or not may_fork():
        return None

    def done() -> list[object]:
        work()
        return []

    copy = _Copy(done)

    def wait() -> None:
        copy.results()
        copy.end()

    return wait


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def may_fork() -> bool:
    """Whether a copy of this process would work: on Linux, while no other thread can hold a lock
    that the copy would wait for in vain; and in no copy, for all processors have work then."""
    return sys.platform == "linux" and threading.active_count() == 1 and not _Copy.is_one


class _Copy(Generic[R]):
    """A copy of this process at work."""

    #: Whether this process is a copy itself.
    is_one = False

    def __init__(self, work: Callable[[], list[R]]) -> None:
        self._read, write = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _Copy.is_one = True
            _answer(write, work)
        os.close(write)

    def results(self) -> list[R] | None:
        """What it found, or None of a copy that died."""
        with os.fdopen(self._read, "rb", closefd=False) as pipe:
            answer = pipe.read()
        try:
            found: list[R] = pickle.loads(answer)
        except (EOFError, pickle.UnpicklingError):
            return None
        return found

    def end(self) -> None:
        """Make sure that it is gone: by now it has answered, or nobody wants its results."""
        os.close(self._read)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _answer(write: int, work: Callable[[], object]) -> None:
    """Do the work in the copy, send the results, and leave without the parent's clean-up. An error
    sends nothing: the parent does the work itself and meets the same error there."""
    try:
        data = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(write, "wb") as pipe:
            pipe.write(data)
    finally:
        os._exit(0)
