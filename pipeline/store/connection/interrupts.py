"""Ctrl-C while the database is at work: it waits for the end of the transaction.

Python raises ``KeyboardInterrupt`` between any two steps, those that give a connection back among
them. A connection lost there keeps the file locked, and the run could not even be closed as
interrupted. Transactions take milliseconds, so nobody waits for long. The signal by which Prefect
cancels a run raises likewise, and is held likewise.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_beside: list[AbstractContextManager[object]] = []


def hold_beside(lock: AbstractContextManager[object]) -> None:
    """Take a lock, too, whenever signals are held: for whoever looks at their handlers from another
    thread and must find its own."""
    if lock not in _beside:
        _beside.append(lock)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold a Ctrl-C back to the end of the block; a second one goes through at once.

    Signals reach the main thread only, and what is ignored or kills stays so: elsewhere and then
    this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {n: found for n in _SIGNALS if callable(found := signal.getsignal(n))}
    held: list[tuple[int, FrameType | None]] = []
    over = False

    def hold(number: int, frame: FrameType | None) -> None:
        if held or over:
            handlers[signal.Signals(number)](number, frame)
        held.append((number, frame))

    try:
        for number in handlers:
            signal.signal(number, hold)
        # Taken and let go of while signals are held: one that raises in between would keep them.
        with ExitStack() as stack:
            for lock in _beside:
                stack.enter_context(lock)
            yield
    finally:
        over = True  # a second signal may come before its handler is back
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if held:
            handlers[signal.Signals(held[0][0])](*held[0])
