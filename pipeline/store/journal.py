"""The journal of a run: replies that are never asked for twice, and a budget that holds.

A reply is stored under the key of its request before anybody uses it. Money is set aside before
a call and settled after it; what was in flight when a process died stays set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, update

from pipeline.amounts import dollars as told
from pipeline.calls import Reply, Request
from pipeline.errors import BudgetError, StoreError
from pipeline.store.connection.database import Database, insert_new
from pipeline.store.rows import dollars
from pipeline.store.rows.call_rows import reply_from_row, reply_row, request_row
from pipeline.store.tables import ChargeRow, ReplyRow, RequestRow, RunRow, table_of

if TYPE_CHECKING:
    from pipeline.store.record import Store

_REPLY: Table = table_of(ReplyRow)
_CHARGE: Table = table_of(ChargeRow)
_RUN: Table = table_of(RunRow)

_SUPERSEDED = "another process journalled a good reply to this request first"


class StoreJournal:
    """Replies and budget of one run.

    Args:
        run: the run that asks; "" for one that only looks replies up.
        max_usd: budget of the run over all its processes and attempts; None for no limit.
        again_before: replies that came before and cannot be used are asked for again; None for
            none of them.
    """

    def __init__(
        self,
        store: Store,
        run: str,
        max_usd: Decimal | None = None,
        *,
        again_before: datetime | None = None,
    ) -> None:
        self._database: Database = store.database
        self._now: Callable[[], datetime] = store.now
        self.run = run
        self.max_usd = max_usd
        self._again_before = again_before

    def find(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The good replies there are, whichever run they were made in."""
        found: dict[str, Reply] = {}
        good = select(_REPLY.c.id).where(_REPLY.c.good).limit(1)
        with self._database.read() as connection:
            if connection.execute(good).first() is None:
                return found  # thousands of keys need not even be made
            wanted = list(dict.fromkeys(keys))
            for start in range(0, len(wanted), 500):
                those = _REPLY.c.request.in_(wanted[start : start + 500])
                for row in connection.execute(select(_REPLY).where(those, _REPLY.c.good)):
                    found[row.request] = reply_from_row(dict(row._mapping))
        return found

    def unusable(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The newest reply to each request for which some came, whichever run they were made in,
        and none can be used: asked again, it would be paid again. Each is a failure (``finish`` is
        "error") whose detail is why."""
        found: dict[str, Reply] = {}
        with self._database.read() as connection:
            if connection.execute(select(_REPLY.c.id).limit(1)).first() is None:
                return found
            wanted = list(dict.fromkeys(keys))
            for start in range(0, len(wanted), 500):
                those = _REPLY.c.request.in_(wanted[start : start + 500])
                query = select(_REPLY).where(those, or_(_REPLY.c.good, spent(self._again_before)))
                used = set()
                for row in connection.execute(query.order_by(_REPLY.c.created, _REPLY.c.id)):
                    if row.good:
                        used.add(row.request)
                        continue
                    reply = reply_from_row(dict(row._mapping))
                    found[row.request] = replace(reply, finish="error", detail=row.why)
                for key in used:
                    found.pop(key, None)
        return found

    def put(self, request: Request, reply: Reply, *, good: bool, why: str = "") -> None:
        """Store a reply, good or bad. Putting the same reply twice stores it once.

        A second good reply to one request (two processes had it in flight) is kept beside the
        first and not used: whoever reads the journal gets the same reply always.
        """
        if reply.key != request.key:
            raise ValueError(f"reply {reply.key} does not answer request {request.key}")
        now = self._now()
        with self._database.write(durable=reply.usd != 0) as connection:
            insert_new(connection, table_of(RequestRow), [request_row(request)])
            row = reply_row(reply, run=self.run or None, good=good, why=why, created=now)
            if good and self._answered(connection, request.key, other_than=row["id"]):
                row = reply_row(
                    reply, run=self.run or None, good=False, why=_SUPERSEDED, created=now
                )
            insert_new(connection, _REPLY, [row])
            if self.run:
                connection.execute(update(_RUN).where(_RUN.c.id == self.run).values(updated=now))

    def reserve(self, key: str, usd: Decimal) -> None:
        """Set the worst-case price of a call aside, rounded up to a micro-dollar.

        Atomic across processes: what is reserved and what is spent never exceeds ``max_usd``. A
        call that is reserved again (its first try never came back) is charged again.

        Raises:
            BudgetError: it does not fit; nothing is reserved.
        """
        amount = _ceiling(usd)
        with self._database.write(durable=True) as connection:
            self._lock_run(connection)
            charged = self._charged(connection)
            if self.max_usd is not None and charged + amount > _floor(self.max_usd):
                raise BudgetError(
                    f"the next call may cost {told(str(usd))} and {told(str(dollars(charged)))} of "
                    f"{told(str(self.max_usd))} is spent or set aside.",
                    where=f"run {self.run}",
                    next="Raise --max-cost and run the same command again: "
                    "what is answered is not paid again.",
                )
            attempts = connection.execute(
                select(func.count()).select_from(_CHARGE).where(*self._of(key))
            ).scalar_one()
            connection.execute(
                _CHARGE.insert().values(
                    run=self.run,
                    request=key,
                    attempt=attempts + 1,
                    reserved_micro_usd=amount,
                    created=self._now(),
                )
            )

    def settle(self, key: str, usd: Decimal) -> None:
        """Replace the newest open reservation of a call by its real price.

        Raises:
            StoreError: nothing is reserved for it.
        """
        with self._database.write(durable=True) as connection:
            attempt = connection.execute(
                select(func.max(_CHARGE.c.attempt)).where(
                    *self._of(key), _CHARGE.c.settled_micro_usd.is_(None)
                )
            ).scalar()
            if attempt is None:
                raise StoreError(
                    f"no price is set aside for request {key[:12]}.",
                    where=f"run {self.run}",
                )
            connection.execute(
                update(_CHARGE)
                .where(*self._of(key), _CHARGE.c.attempt == attempt)
                .values(settled_micro_usd=_ceiling(usd))
            )

    def charged(self) -> Decimal:
        """Dollars spent or set aside by this run so far."""
        with self._database.read() as connection:
            return Decimal(self._charged(connection)) / 1_000_000

    def _answered(self, connection: Connection, key: str, *, other_than: str) -> bool:
        if not self._database.is_sqlite:
            # Two servers' transactions would not see each other's reply; the request's row is
            # what they queue up at. (On SQLite a write transaction is alone anyway.)
            request = table_of(RequestRow)
            connection.execute(
                select(request.c.key).where(request.c.key == key).with_for_update(key_share=True)
            )
        query = select(_REPLY.c.id).where(
            _REPLY.c.request == key, _REPLY.c.good, _REPLY.c.id != other_than
        )
        return connection.execute(query).first() is not None

    def _lock_run(self, connection: Connection) -> None:
        # PostgreSQL: FOR NO KEY UPDATE, which lets rows that refer to the run in meanwhile. (A
        # write transaction on SQLite is alone anyway.)
        query = select(_RUN.c.id).where(_RUN.c.id == self.run).with_for_update(key_share=True)
        if connection.execute(query).first() is None:
            raise StoreError(f"there is no run {self.run!r} to charge.")

    def _charged(self, connection: Connection) -> int:
        total = func.sum(func.coalesce(_CHARGE.c.settled_micro_usd, _CHARGE.c.reserved_micro_usd))
        query = select(func.coalesce(total, 0)).where(_CHARGE.c.run == self.run)
        return int(connection.execute(query).scalar_one())

    def _of(self, key: str) -> tuple[Any, Any]:
        return (_CHARGE.c.run == self.run, _CHARGE.c.request == key)


def spent(again_before: datetime | None) -> ColumnElement[bool]:
    """Of the replies that cannot be used those that came (:attr:`Reply.came`), so that they may
    have been paid; ``again_before`` as :class:`StoreJournal` has it."""
    came = ~_REPLY.c.good & or_(_REPLY.c.finish != "error", _REPLY.c.text != "")
    return came if again_before is None else came & (_REPLY.c.created >= again_before)


def _ceiling(usd: Decimal) -> int:
    return int((usd * 1_000_000).to_integral_value(rounding=ROUND_CEILING))


def _floor(usd: Decimal) -> int:
    return int(usd * 1_000_000)
