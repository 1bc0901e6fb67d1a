"""What a run tells while it works, as lines of its log."""

from __future__ import annotations

import time
from collections.abc import Callable

from prefect import get_run_logger

from pipeline.console import listen
from pipeline.progress import Pace, Progress

#: Seconds between two lines on how far one piece of work is: of the first minute, and later.
_OFTEN, _NOW_AND_THEN, _A_WHILE = 10.0, 60.0, 60.0


class Told:
    """Lines of a log: what happens, at once, and how far the work is, now and then.

    Args:
        say: takes a line.
        clock: seconds that only go forward.
    """

    def __init__(
        self, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._work = ("", "")
        self._done = 0
        self._pace = Pace(clock)
        self._last = 0.0

    def __call__(self, line: str) -> None:
        """Say a line."""
        self._say(line)

    def show(self, now: Progress) -> None:
        """Say how far the work is: when it begins, when it ends, and now and then between."""
        begins = (now.what, now.unit) != self._work or now.done < self._done
        if begins:
            self._work, self._pace = (now.what, now.unit), Pace(self._clock)
        every = _OFTEN if self._pace.seconds < _A_WHILE else _NOW_AND_THEN
        due = begins or now.ended or self._clock() - self._last >= every
        ended_before = now.ended and now.done == self._done and not begins
        self._done = now.done
        if due and not ended_before:
            self._last = self._clock()
            self._say(f"{now.what}: {', '.join(self._pace.words(now))}")

    def clear(self) -> None:
        """A log has nothing to be taken away."""


def telling() -> Told:
    """The log of the run that is running; what the models have to say goes there, too."""
    told = Told(get_run_logger().info)
    listen(told)
    return told
