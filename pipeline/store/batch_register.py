"""Batches at a provider, written down before they are sent: a killed run finds them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from pipeline.calls import Batch, Request
from pipeline.store.connection.database import Database
from pipeline.store.tables import BatchRequestRow, BatchRow, ChargeRow, table_of

if TYPE_CHECKING:
    from pipeline.store.record import Store

_BATCH = table_of(BatchRow)
_ENTRY = table_of(BatchRequestRow)
_CHARGE = table_of(ChargeRow)


class StoreBatches:
    """The batches that one run may take up.

    Args:
        run: the run that submits them.
    """

    def __init__(self, store: Store, run: str) -> None:
        self._database: Database = store.database
        self._now: Callable[[], datetime] = store.now
        self._token: Callable[[], str] = store.token
        self.run = run

    def pending(self, keys: Sequence[str]) -> list[Batch]:
        """Batches of any run that hold some of these requests and are not closed. One without a
        provider's id may not have reached it. No other process is sending it at this moment: each
        claims its requests first, and keeps them until they are answered."""
        found: dict[str, Batch] = {}
        with self._database.read() as connection:
            for some in _parts(keys):
                held = select(_ENTRY.c.batch).where(
                    _ENTRY.c.request.in_(some), _ENTRY.c.taken.is_(False)
                )
                query = select(_BATCH).where(_BATCH.c.id.in_(held), _BATCH.c.closed.is_(None))
                for row in connection.execute(query.order_by(_BATCH.c.created, _BATCH.c.id)):
                    found.setdefault(row.id, _batch(connection, row))
        return list(found.values())

    def unfinished(self) -> bool:
        """Whether this run has handed over a batch that is not closed."""
        query = select(_BATCH.c.id).where(_BATCH.c.run == self.run, _BATCH.c.closed.is_(None))
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def open(self, model: str, requests: Sequence[Request]) -> Batch:
        """Write down that these requests are about to be handed over."""
        now = self._now()
        batch = Batch(
            f"batch-{now:%Y%m%d-%H%M%S}-{self._token()}{self._token()}",
            "",
            tuple(request.key for request in requests),
            now,
        )
        with self._database.write(durable=True) as connection:
            connection.execute(
                insert(_BATCH).values(
                    id=batch.id,
                    run=self.run,
                    model=model,
                    provider_id="",
                    n_requests=len(requests),
                    outcome="",
                    created=now,
                )
            )
            entries = [{"batch": batch.id, "request": key, "taken": False} for key in batch.keys]
            connection.execute(insert(_ENTRY), entries)
        return batch

    def submitted(self, batch: Batch, provider_id: str) -> Batch:
        """Store the id that the provider gave; the first thing after it has."""
        values = {"provider_id": provider_id, "submitted": self._now()}
        with self._database.write(durable=True) as connection:
            connection.execute(update(_BATCH).where(_BATCH.c.id == batch.id).values(**values))
        return replace(batch, provider_id=provider_id)

    def close(self, batch: Batch, outcome: str, keys: Sequence[str] | None = None) -> None:
        """These requests (all when None) have their answer in the journal, or will have none;
        ``outcome`` says how. A batch of another run stays open for what that run still wants."""
        entry = _ENTRY.c.batch == batch.id
        with self._database.write(durable=True) as connection:
            for some in [()] if keys is None else _parts(keys):
                those = entry if keys is None else entry & _ENTRY.c.request.in_(some)
                connection.execute(update(_ENTRY).where(those).values(taken=True))
            left = select(_ENTRY.c.request).where(entry, _ENTRY.c.taken.is_(False))
            ours = _BATCH.c.id == batch.id
            if connection.execute(left).first() is not None:
                ours &= _BATCH.c.run == self.run
            connection.execute(
                update(_BATCH).where(ours).values(outcome=outcome, closed=self._now())
            )

    def known(self) -> frozenset[str]:
        """Every provider id that was ever stored here."""
        with self._database.read() as connection:
            query = select(_BATCH.c.provider_id).where(_BATCH.c.provider_id != "")
            return frozenset(connection.execute(query).scalars())

    def in_flight(self, keys: Sequence[str]) -> frozenset[str]:
        """Which of these requests this run has paid a reservation for and handed over: they are
        not to be reserved again."""
        found: set[str] = set()
        with self._database.read() as connection:
            for some in _parts(keys):
                query = (
                    select(_ENTRY.c.request)
                    .join(_BATCH, _BATCH.c.id == _ENTRY.c.batch)
                    .join(_CHARGE, _charged(self.run))
                    .where(
                        _ENTRY.c.request.in_(some),
                        _ENTRY.c.taken.is_(False),
                        _BATCH.c.closed.is_(None),
                    )
                )
                found.update(connection.execute(query).scalars())
        return frozenset(found)


def _charged(run: str) -> ColumnElement[bool]:
    """An open reservation of a run for the request of a batch."""
    return (
        (_CHARGE.c.request == _ENTRY.c.request)
        & (_CHARGE.c.run == run)
        & _CHARGE.c.settled_micro_usd.is_(None)
    )


def _batch(connection: Connection, row: Row[tuple[object, ...]]) -> Batch:
    query = select(_ENTRY.c.request).where(_ENTRY.c.batch == row.id, _ENTRY.c.taken.is_(False))
    keys = tuple(connection.execute(query).scalars())
    return Batch(row.id, row.provider_id, keys, row.created)


def _parts(keys: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    """Databases take so many parameters a statement and no more."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]
