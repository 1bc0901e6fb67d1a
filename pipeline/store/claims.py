"""Who asks which request at this moment, so that two processes never pay for one reply twice.

A request is claimed before it is sent and given free when its reply is in the journal. A claim is
as good as the process behind it: one that is gone (asked of this machine) loses its claims at once,
one that cannot be asked or stands still when its heartbeat has not moved for :data:`LEASE` seconds
by the watch of whoever waits, so that clocks need not agree. What another run has handed to its
provider as a batch is being asked until that has answered, whether the run's process lives or not.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from pipeline.errors import StoreError
from pipeline.store.connection.database import Database, insert_new, upsert_where
from pipeline.store.journal import spent
from pipeline.store.tables import (
    AskerRow,
    BatchRequestRow,
    BatchRow,
    ClaimRow,
    ReplyRow,
    table_of,
)

if TYPE_CHECKING:
    from pipeline.store.record import Store

#: Seconds between two heartbeats, and without one until an asker counts as dead.
BEAT, LEASE = 10.0, 60.0
#: After which the row of an asker on another host is in nobody's way any more.
_LONG = timedelta(days=7)
#: After which a batch that nobody fetched has been given up by every provider, which take a day.
_EXPIRED = timedelta(days=2)
#: Seconds that a heartbeat in the making is waited for.
_PARTING = 1.0
_SOME = 500

_ASKER = table_of(AskerRow)
_CLAIM = table_of(ClaimRow)
_REPLY = table_of(ReplyRow)
_BATCH = table_of(BatchRow)
_ENTRY = table_of(BatchRequestRow)


class StoreClaims:
    """The claims of one asker: a run in one process.

    Args:
        run: whose calls are sent one by one; what another run's batch holds is not asked beside
            it. None for one that takes up any batch itself.
        again_before: as :class:`~pipeline.store.journal.StoreJournal` has it.
        beat, lease: seconds, see :data:`BEAT` and :data:`LEASE`.
        watch: seconds that only ever go forward.
    """

    def __init__(
        self,
        store: Store,
        *,
        run: str | None = None,
        again_before: datetime | None = None,
        beat: float = BEAT,
        lease: float = LEASE,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database: Database = store.database
        self._now: Callable[[], datetime] = store.now
        self._run = run
        self._again_before = again_before
        self._beat, self._lease, self._watch = beat, lease, watch
        self._id = ""
        #: Heartbeats of others, and when each was first seen to stand there.
        self._seen: dict[str, tuple[int, float]] = {}

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Claims can be made within, are kept alive, and end with it."""
        self._id = f"{this_process()}:{secrets.token_hex(4)}"
        with suppress(StoreError), self._database.write() as connection:
            _forget_the_dead(connection, self._now())
        with self._database.write() as connection:
            connection.execute(insert(_ASKER).values(**self._row()))
        ended = threading.Event()
        heart = threading.Thread(target=self._live, args=(ended,), name="claims", daemon=True)
        heart.start()
        try:
            yield
        finally:
            ended.set()
            heart.join(_PARTING)  # a process with one thread may make copies of itself
            # What ended the run is what to tell; of one that has ended the claims are free anyway.
            with suppress(StoreError), self._database.write() as connection:
                _remove(connection, self._id)

    def claim(self, key: str) -> Literal["ours", "theirs", "answered"]:
        """Take a request, unless another that lives has it, or a reply that is used, or was paid
        for in vain, is there by now."""
        with self._database.write() as connection:
            # It is gone where others took this process for dead, which stood still for long.
            insert_new(connection, _ASKER, [self._row()])
            if not self._take(connection, key):
                return "theirs"
            # Looked for only after the claim: who had it until now has stored the reply before.
            there = or_(_REPLY.c.good, spent(self._again_before))
            replies = select(_REPLY.c.id).where(_REPLY.c.request == key, there)
            answered = connection.execute(replies).first() is not None
            if not answered and not self._batched(connection, [key]):
                return "ours"
            connection.execute(delete(_CLAIM).where(self._ours(key)))
            return "answered" if answered else "theirs"

    def release(self, key: str) -> None:
        """A request is answered, or will not be sent."""
        with self._database.write() as connection:
            connection.execute(delete(_CLAIM).where(self._ours(key)))

    def askers(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Who of the others that live has which of these requests, for people."""
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for start in range(0, len(keys), _SOME):
                held = (
                    select(_CLAIM.c.request, _ASKER.c.id, _ASKER.c.owner, _ASKER.c.beat)
                    .join(_ASKER, _ASKER.c.id == _CLAIM.c.asker)
                    .where(_CLAIM.c.request.in_(keys[start : start + _SOME]))
                )
                for key, asker, owner, beat in connection.execute(held):
                    if asker != self._id and not self._is_dead(asker, owner, beat):
                        found[key] = shown(owner)
        return found

    def batched(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Which of these requests are in another run's batch, which its provider has or may have:
        that run and since when, for people."""
        with self._database.read() as connection:
            return self._batched(connection, keys)

    def _batched(self, connection: Connection, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(keys) if self._run is not None else 0, _SOME):
            held = (
                select(_ENTRY.c.request, _BATCH.c.run, _BATCH.c.created)
                .join(_BATCH, _BATCH.c.id == _ENTRY.c.batch)
                .where(
                    _ENTRY.c.request.in_(keys[start : start + _SOME]),
                    _ENTRY.c.taken.is_(False),
                    _BATCH.c.closed.is_(None),
                    _BATCH.c.run != self._run,
                    _BATCH.c.created > self._now() - _EXPIRED,
                )
            )
            for key, run, since in connection.execute(held):
                found[key] = f"run {run}, since {since:%Y-%m-%d %H:%M} UTC"
        return found

    def _take(self, connection: Connection, key: str) -> bool:
        """Whether a request is ours now."""
        row = {"request": key, "asker": self._id}
        free = _CLAIM.c.asker.not_in(select(_ASKER.c.id))
        for _ in range(3):
            upsert_where(connection, _CLAIM, row, free)
            holder = connection.execute(
                select(_CLAIM.c.asker, _ASKER.c.owner, _ASKER.c.beat)
                .outerjoin(_ASKER, _ASKER.c.id == _CLAIM.c.asker)
                .where(_CLAIM.c.request == key)
            ).first()
            if holder is not None and holder.asker == self._id:
                return True
            if holder is None or holder.owner is None:
                continue  # let go of in between
            if not self._is_dead(holder.asker, holder.owner, holder.beat):
                return False
            # One claim at a time: who locked several could wait for another that does the same.
            free = _CLAIM.c.asker == holder.asker
        return False

    def _is_dead(self, asker: str, owner: str, beat: int) -> bool:
        if is_gone(owner):
            return True
        now = self._watch()
        known, since = self._seen.get(asker, (beat - 1, now))
        if known != beat:
            self._seen[asker] = beat, now
            return False
        return now - since > self._lease

    def _live(self, ended: threading.Event) -> None:
        """Beat until the end. A beat that fails is made up for by the next: at worst others take
        this process for dead and ask what it asks."""
        while not ended.wait(self._beat):
            with suppress(StoreError), self._database.write() as connection:
                mine = update(_ASKER).where(_ASKER.c.id == self._id)
                connection.execute(mine.values(beat=_ASKER.c.beat + 1))

    def _row(self) -> dict[str, object]:
        return {"id": self._id, "owner": this_process(), "beat": 0, "created": self._now()}

    def _ours(self, key: str) -> ColumnElement[bool]:
        return (_CLAIM.c.request == key) & (_CLAIM.c.asker == self._id)


def _forget_the_dead(connection: Connection, now: datetime) -> None:
    """Rows of processes that were killed."""
    askers = connection.execute(select(_ASKER.c.id, _ASKER.c.owner, _ASKER.c.created)).all()
    for asker, owner, created in askers:
        gone = is_gone(owner)
        if now - created > _LONG if gone is None else gone:
            _remove(connection, asker)


def _remove(connection: Connection, asker: str) -> None:
    """An asker with all its claims."""
    connection.execute(delete(_CLAIM).where(_CLAIM.c.asker == asker))
    connection.execute(delete(_ASKER).where(_ASKER.c.id == asker))


def this_process() -> str:
    """Host, id, and when it began, as ids are used again: "host:123:4567"."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> str:
    """One that lives as long as this answer is kept: itself."""
    return f"{socket.gethostname()}:{pid}:{_began(pid)}"


def is_gone(owner: str) -> bool | None:
    """Whether a process that called itself so is gone; None for one on another host, which cannot
    be asked."""
    host, _, process = owner.partition(":")
    pid, _, began = process.partition(":")
    if host != socket.gethostname():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, and is somebody else's
        pass
    return _began(int(pid)) != began


def shown(owner: str) -> str:
    """A process as a person is told of it."""
    host, _, process = owner.partition(":")
    here = "" if host == socket.gethostname() else f" on {host}"
    return f"process {process.partition(':')[0]}{here}"


def _began(pid: int) -> str:
    """When a process began, in clock ticks since the machine did; "" where /proc is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
