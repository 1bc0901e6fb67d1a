"""Ctrl-C while the database is at work: it waits for the end of the transaction.

Python raises ``KeyboardInterrupt`` between any two steps, those that give a connection back among
them. A connection lost there keeps the file locked, and the run could not even be closed as
interrupted. Transactions take milliseconds, so nobody waits for long.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold a Ctrl-C back to the end of the block; a second one goes through at once.

    Signals reach the main thread only, and what is ignored or kills stays so: elsewhere and then
    this does nothing.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        if held:
            handler(number, frame)
        held.append((number, frame))

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if held:
            handler(*held[0])
