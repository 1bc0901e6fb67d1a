"""How far a long piece of work is, as a value and in words.

Whoever works says what is done (:class:`Progress`); how fast that is and how long the rest will
take is told from two such values and the time between them (:class:`Pace`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from pipeline.amounts import dollars, duration, short


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is.

    Args:
        what: it is, such as "merge".
        unit: of what is counted, in the plural: "calls", "documents", "tokens".
        done: of them, those answered from memory included.
        total: of them, None where nobody knows.
        fresh: those of ``done`` that took work now: what the pace is told from.
        tokens: in and out so far, 0 where none are counted.
        usd: so far; None where nothing costs anything, or nobody knows.
        max_usd: budget, None for none.
        seconds: foreseen for all of it, None where nobody knows.
    """

    what: str
    unit: str
    done: int
    total: int | None = None
    fresh: int = 0
    tokens: int = 0
    usd: Decimal | None = None
    max_usd: Decimal | None = None
    seconds: float | None = None

    @property
    def ended(self) -> bool:
        """Whether all of it is done."""
        return self.total is not None and self.done >= self.total


#: Seconds before which a pace means nothing.
_SOON = 0.5

Show = Callable[[Progress], None]


def show_nothing(progress: Progress) -> None:
    """Where nobody looks."""


class Pace:
    """The pace of one piece of work.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return self._clock() - self._started

    def rate(self, now: Progress) -> float | None:
        """Units a second; None as long as there are none, or hardly any time has passed."""
        seconds = self.seconds
        return now.fresh / seconds if now.fresh and seconds >= _SOON else None

    def seconds_left(self, now: Progress) -> float | None:
        """By the pace so far; before there is one, by what was foreseen; None where neither is."""
        if now.total is None:
            return None
        rate = self.rate(now)
        if rate is not None:
            return max(0, now.total - now.done) / rate
        return None if now.seconds is None else max(0.0, now.seconds - self.seconds)

    def words(self, now: Progress) -> list[str]:
        """What there is to say of it, the most important first."""
        of = f" of {now.total:,}" if now.total is not None else ""
        said = [f"{now.done:,}{of} {now.unit}"]
        left, rate = self.seconds_left(now), self.rate(now)
        if left is not None and not now.ended:
            said.append(f"{duration(left)} left")
        if now.usd is not None and (now.usd or now.max_usd is not None):
            budget = "" if now.max_usd is None else f" of {dollars(str(now.max_usd))}"
            said.append(dollars(str(now.usd)) + budget)
        if now.tokens:
            said.append(f"{short(now.tokens)} tokens")
        if rate is not None:
            said.append(f"{rate:.1f}/s" if rate >= 0.95 else f"{60 * rate:.1f}/min")
        return said
