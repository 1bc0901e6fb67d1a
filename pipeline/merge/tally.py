"""What a run asks of its model, counted as it is journalled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from pipeline.calls import Reply, Request
from pipeline.cost.usage import is_doubted
from pipeline.merge.budget import Journal
from pipeline.merge.failing import kind_of
from pipeline.progress import Progress


class Tally:
    """A journal that also counts what was asked of the model through it.

    ``usd`` is None as soon as one reply's price is unknown.

    Args:
        told: called when something was counted.
    """

    def __init__(self, journal: Journal, told: Callable[[], None] = lambda: None) -> None:
        self._journal = journal
        self._told = told
        self.find = journal.find
        self.reserve = journal.reserve
        self.settle = journal.settle
        #: Keys of the requests that were asked.
        self.asked: set[str] = set()
        self.calls = self.input_tokens = self.output_tokens = 0
        #: Keys of the requests that an earlier run paid for in vain.
        self.unusable_before: set[str] = set()
        #: Tokens of replies that are being written.
        self.writing = 0
        self.usd: Decimal | None = Decimal(0)
        #: Calls whose reply could not be used, by the kind of failure.
        self.failed: Counter[str] = Counter()
        #: What replies reported that cannot be.
        self.doubts: list[str] = []

    def unusable(self, keys: Iterable[str]) -> Mapping[str, Reply]:
        """What came before and cannot be used; counted where it was not asked for here."""
        found = self._journal.unusable(keys)
        self.unusable_before |= found.keys() - self.asked
        return found

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        """Store a reply and count it."""
        self._journal.put(request, reply, good=good, why=why)
        self.asked.add(request.key)
        self.calls += 1
        if not good:
            self.failed[kind_of(reply, why)] += 1
        self.input_tokens += reply.usage.prompt
        self.output_tokens += reply.usage.output
        if is_doubted(reply):
            self.doubts.append(reply.detail)
        if self.usd is not None:
            self.usd = None if reply.usd is None else self.usd + reply.usd
        self.writing = max(0, self.writing - reply.usage.output)
        self._told()

    def written(self, n: int) -> None:
        """Count tokens of replies that are not whole yet."""
        self.writing += n
        self._told()

    def progress(
        self, before: int, total: int, max_usd: Decimal | None, seconds: float | None
    ) -> Progress:
        """How far the calls are.

        Args:
            before: calls that are done without having been counted here.
            seconds: that the calls will likely take.
        """
        return Progress(
            "merge",
            "calls",
            done=min(total, before + self.calls),
            total=total,
            fresh=self.calls,
            tokens=self.input_tokens + self.output_tokens + self.writing,
            usd=self.usd,
            max_usd=max_usd,
            seconds=seconds,
        )
