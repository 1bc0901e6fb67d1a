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
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Processes that share a list, at most: beyond that, sending results back is what takes the time.
MOST = 8


def shared_out(
    work: Callable[[Sequence[T]], list[R]], items: Sequence[T], *, least: int
) -> list[R]:
    """``work(items)``, by as many processes as there are processors for.

    Args:
        work: a pure function whose result is one value an item, in order.
        least: items that make one more process worth its start.

    Raises:
        whatever ``work`` raises.
    """
    n = min(MOST, processors(), len(items) // max(1, least))
    if n < 2 or not _may_fork():
        return work(items)
    borders = [len(items) * i // n for i in range(n + 1)]
    parts = [items[start:end] for start, end in pairwise(borders)]
    others = [_Copy(work, part) for part in parts[1:]]
    try:
        results = list(work(parts[0]))
        for copy in others:
            results += copy.results()
    finally:
        for copy in others:
            copy.end()
    return results


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _may_fork() -> bool:
    """Whether a copy of this process would work: on Linux, while no other thread can hold a lock
    that the copy would wait for in vain."""
    return sys.platform == "linux" and threading.active_count() == 1


class _Copy(Generic[T, R]):
    """A copy of this process at work on one part."""

    def __init__(self, work: Callable[[Sequence[T]], list[R]], part: Sequence[T]) -> None:
        self._work = work
        self._part = part
        self._read, write = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _answer(write, work, part)
        os.close(write)

    def results(self) -> list[R]:
        """What it found. A copy that died is replaced by doing its part here."""
        with os.fdopen(self._read, "rb", closefd=False) as pipe:
            answer = pipe.read()
        try:
            found: list[R] = pickle.loads(answer)
        except (EOFError, pickle.UnpicklingError):
            return self._work(self._part)
        return found

    def end(self) -> None:
        """Make sure that it is gone: by now it has answered, or nobody wants its results."""
        os.close(self._read)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _answer(write: int, work: Callable[[Sequence[T]], list[R]], part: Sequence[T]) -> None:
    """Do the work in the copy, send the results, and leave without the parent's clean-up. An error
    sends nothing: the parent does the part itself and meets the same error there."""
    try:
        data = pickle.dumps(work(part), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(write, "wb") as pipe:
            pipe.write(data)
    finally:
        os._exit(0)
