"""What an account may send a minute, as a provider keeps it: more is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass
class Allowance:
    """Requests, prompt tokens and reply tokens in any sixty seconds.

    Args:
        clock: seconds, to tell the minutes by.
    """

    requests: int
    input_tokens: int
    output_tokens: int
    clock: Callable[[], float] = time.monotonic
    #: When an answer was given, and what it took.
    given: list[tuple[float, int, int]] = field(init=False, default_factory=list)
    refused: int = field(init=False, default=0)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def take(self, n_prompt: int, n_reply: int) -> bool:
        """Whether an answer of this size may still be given; if so, it is counted."""
        with self._lock:
            now = self.clock()
            recent = [taken for taken in self.given if now - taken[0] < MINUTE]
            fits = (
                len(recent) < self.requests
                and n_prompt + sum(n for _, n, _ in recent) <= self.input_tokens
                and n_reply + sum(n for _, _, n in recent) <= self.output_tokens
            )
            if fits:
                self.given.append((now, n_prompt, n_reply))
            else:
                self.refused += 1
            return fits
