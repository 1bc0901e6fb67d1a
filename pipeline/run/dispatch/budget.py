"""The journal that replies are stored in, and the budget they are charged to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from pipeline.amounts import dollars
from pipeline.calls import Reply, Request, Usage
from pipeline.errors import BudgetError

#: Dollars of a request's usage; None when the price is unknown.
Pricer = Callable[[Request, Usage], Decimal | None]


class Journal(Protocol):
    """Where replies are stored, and the budget they are charged to."""

    def find(self, keys: Iterable[str]) -> Mapping[str, Reply]:
        """The good replies among these request keys."""
        ...

    def unusable(self, keys: Iterable[str]) -> Mapping[str, Reply]:
        """The replies to these requests that came and cannot be used, each a failure that says
        why: they may have been paid, so that the same is not asked again."""
        ...

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        """Store a reply. A bad one is never found among the good ones."""
        ...

    def reserve(self, key: str, usd: Decimal) -> None:
        """Charge a request's worst case before it is sent.

        Raises:
            BudgetError: it does not fit.
        """
        ...

    def settle(self, key: str, usd: Decimal) -> None:
        """Replace a reservation by what the request really cost."""
        ...


class UnpricedError(BudgetError):
    """Nobody knows what a request costs, so that no budget can be kept."""


def unpriced(name: str) -> UnpricedError:
    """What refuses a budget for a model whose price is unknown."""
    return UnpricedError(
        "the price is unknown, so a budget cannot be kept.",
        where=name,
        next="Leave out --max-cost, or use a model whose price is known.",
    )


def check_first(usd: Decimal | None, max_usd: Decimal | None, name: str) -> None:
    """Refuse a budget that does not pay for a single question, before anything is asked.

    Args:
        usd: the first question's worst case.

    Raises:
        BudgetError: so it is, or the price is unknown.
    """
    if max_usd is None:
        return
    if usd is None:
        raise unpriced(name)
    if usd > max_usd:
        raise BudgetError(
            f"one question may cost {dollars(str(usd))}, more than the {dollars(str(max_usd))} of "
            "--max-cost.",
            where=name,
            next="Raise --max-cost, or leave it out.",
        )


class Budget:
    """What this process reserved and spent, beside the journal's own account.

    Args:
        goes_on: a limit that is reached ends the asking, and what was answered counts; else it
            ends the run.
    """

    def __init__(
        self, journal: Journal, max_usd: Decimal | None = None, *, goes_on: bool = False
    ) -> None:
        self.journal = journal
        self.max_usd = max_usd
        self._goes_on = goes_on
        self._held: dict[str, Decimal] = {}
        #: Requests that cost nothing at worst: the journal keeps no account of them.
        self._free: set[str] = set()
        #: Whether the limit was reached, so that nothing more is asked.
        self.is_empty = False
        #: Dollars of attempts whose connection broke: they may have been billed.
        self.possible = Decimal(0)

    @property
    def held(self) -> Decimal:
        """Dollars spent or reserved."""
        return sum(self._held.values(), Decimal(0))

    @property
    def reached(self) -> Decimal | None:
        """The limit that ended the asking, None where none did."""
        return self.max_usd if self.is_empty else None

    def end(self, refusal: BudgetError) -> None:
        """The next request does not fit, with nothing more on its way that might make room.

        Raises:
            BudgetError: that ends the run.
        """
        if not self._goes_on or isinstance(refusal, UnpricedError):
            raise refusal
        self.is_empty = True

    def reserve(self, key: str, usd: Decimal | None, name: str) -> None:
        """Hold the worst case of a request.

        Raises:
            BudgetError: it does not fit, or its price is unknown and there is a limit.
        """
        if usd is None:
            if self.max_usd is None:
                return
            raise unpriced(name)
        if self.max_usd is not None and self.held + usd > self.max_usd:
            raise BudgetError(
                f"the next call may cost {dollars(str(usd))}, {dollars(str(self.held))} of "
                f"{dollars(str(self.max_usd))} are spent or reserved.",
                where=name,
                next="Raise --max-cost; replies so far are stored and not asked for again.",
            )
        if usd:
            self.journal.reserve(key, usd)
        else:
            self._free.add(key)
        self._held[key] = usd

    def reserve_possible(self, key: str, usd: Decimal | None) -> None:
        """Hold what an attempt may have cost whose connection broke; it is never settled.

        Raises:
            BudgetError: it does not fit.
        """
        if not usd:
            return
        self.journal.reserve(key, usd)
        # Under a name of its own, which no reply settles; the journal settles the newest of a
        # request's reservations, of which all have the same price.
        self._held[f"{key} broken {len(self._held)}"] = usd
        self.possible += usd

    def take_over(self, key: str) -> None:
        """A request that an earlier process reserved and handed over: nothing is charged again."""
        self._held.setdefault(key, Decimal(0))

    def settle(self, key: str, usd: Decimal | None) -> None:
        """What the request really cost; unknown leaves the reservation."""
        if usd is None or key not in self._held:
            return
        if key in self._free:
            if not usd:
                return
            self.journal.reserve(key, usd)
        self.journal.settle(key, usd)
        self._held[key] = usd
