"""One engine a process: how it connects, how it transacts, and what its failures mean.

SQLite runs in WAL mode, so readers (the dashboard) never block the writer; every write starts
with BEGIN IMMEDIATE, so two writers queue up instead of failing half way.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from pipeline.config.extras import how_to_install
from pipeline.errors import InputError, StoreError
from pipeline.store.connection.column_types import DamagedCell
from pipeline.store.connection.interrupts import interrupts_held
from pipeline.store.connection.store_errors import failure, located

_BEGIN = "storytransformer_begin"
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"
#: Seconds to wait for another writer of a SQLite file: longer than any writer of ours takes.
PATIENCE = 60.0
#: Any number: whoever holds it on a PostgreSQL server is migrating.
_MIGRATING = 5_707_926
#: Rows of one statement.
_SOME = 2000


class Database:
    """An open database.

    Args:
        url: SQLAlchemy URL; ``postgres://`` and ``postgresql://`` mean psycopg 3.
        create: make the SQLite file (and its folder) when it is missing.
        patience: seconds to wait for another writer of a SQLite file.

    Raises:
        InputError: a URL that names no database we speak, or a file that is not there.
        StoreError: the folder of the file cannot be made.
    """

    def __init__(self, url: str, *, create: bool = True, patience: float = PATIENCE) -> None:
        self.url = _parse(url)
        if self.is_sqlite:
            _prepare_file(Path(str(self.url.database)), create=create)
        try:
            self.engine = create_engine(
                self.url, pool_pre_ping=not self.is_sqlite, hide_parameters=True
            )
        except ModuleNotFoundError as exc:
            raise InputError(
                f"the driver for {self.url.drivername} is not installed.",
                where=self.name,
                next=f"Run: {how_to_install('postgres')}",
            ) from exc
        if self.is_sqlite:
            _speak_sqlite(self.engine, patience)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file, not a server."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """For people: the file, or the URL without its password."""
        if self.is_sqlite:
            return str(self.url.database)
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that happens as a whole or not at all.

        Args:
            durable: once it has happened it stands on the disk, also when the power fails at once:
                for what carries money. (Others may be lost with the power, never damaged; a server
                database decides for itself.)
        """
        with self._transaction("BEGIN IMMEDIATE", durable=durable) as connection:
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """A write transaction for migrations, one at a time across processes.

        On SQLite foreign keys are off in it: a migration may rebuild a table, and dropping the old
        one would delete its children. Check them before the end.
        """
        with self._transaction("BEGIN IMMEDIATE", foreign_keys=False) as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATING})
            yield connection

    @contextmanager
    def _transaction(
        self, begin: str, *, foreign_keys: bool = True, durable: bool = False
    ) -> Iterator[Connection]:
        try:
            with interrupts_held(), self.engine.connect() as connection:
                connection.execution_options(**{_BEGIN: begin})
                if not foreign_keys and self.is_sqlite:  # only works outside a transaction
                    _foreign_keys(connection, "OFF")
                if durable and self.is_sqlite:  # outside a transaction, too
                    _pragma(connection, "synchronous = FULL")
                try:
                    with connection.begin():
                        yield connection
                finally:
                    if not foreign_keys and self.is_sqlite:
                        _foreign_keys(connection, "ON")
                    if durable and self.is_sqlite:
                        _pragma(connection, "synchronous = NORMAL")
        except DBAPIError as exc:
            raise failure(exc, self.name) from exc
        except DamagedCell as exc:
            raise self._located(exc) from exc

    def _located(self, cell: DamagedCell) -> StoreError:
        try:
            with self.engine.connect() as connection:
                return located(cell, connection, self.name)
        except DBAPIError as exc:
            return failure(exc, self.name)

    def shrink(self) -> None:
        """Rewrite the database without what was deleted, the write-ahead log included.

        Raises:
            StoreError: another program keeps a SQLite file open.
        """
        busy = 0
        try:
            with self.engine.connect() as connection:
                if not self.is_sqlite:
                    connection.execution_options(isolation_level="AUTOCOMMIT")
                    connection.exec_driver_sql("VACUUM FULL")
                    return
                # past SQLAlchemy, which would begin a transaction: VACUUM works outside one only
                raw = cast(sqlite3.Connection, connection.connection.driver_connection)
                for statement in (_TRUNCATE, "VACUUM", _TRUNCATE):
                    busy = (raw.execute(statement).fetchone() or (0,))[0]
        except (DBAPIError, sqlite3.OperationalError) as exc:
            if isinstance(exc, DBAPIError):
                raise failure(exc, self.name) from exc
            busy = 1
        if busy:
            raise StoreError(
                "the text is deleted, but its bytes are still in the file, because another "
                "program has it open.",
                where=self.name,
                next="Close the dashboard and other runs, and run the same purge again.",
            )

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _foreign_keys(connection: Connection, state: str) -> None:
    _pragma(connection, f"foreign_keys = {state}")


def _pragma(connection: Connection, pragma: str) -> None:
    """Past SQLAlchemy, which would begin a transaction."""
    raw = cast(sqlite3.Connection, connection.connection.driver_connection)
    raw.execute(f"PRAGMA {pragma}")


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert what is not there yet; rows with a known key are left as they are.

    They go in by key, so that two processes inserting the same rows wait for each other in one
    order and never in a circle.
    """
    if rows:
        keys = [column.name for column in table.primary_key]
        ordered = sorted(rows, key=lambda row: tuple(row[name] for name in keys))
        insert_all(connection, _insert(connection, table).on_conflict_do_nothing(), ordered)


def insert_all(
    connection: Connection, statement: Insert, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert any number of rows, some at a time: the driver copies what it is given twice."""
    left = iter(rows)
    while some := list(islice(left, _SOME)):
        connection.execute(statement, some)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those with a known primary key replace what was there."""
    if not rows:
        return
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    fresh = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh), list(rows))


def upsert_where(
    connection: Connection, table: Table, row: Mapping[str, Any], replaced: ColumnElement[bool]
) -> None:
    """Insert a row; one with its primary key that is there already is replaced where ``replaced``
    holds of it, and left as it is elsewhere."""
    statement = _insert(connection, table).values(**row)
    keys = [column.name for column in table.primary_key]
    fresh = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=fresh, where=replaced)
    )


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _parse(url: str) -> URL:
    scheme, _, rest = url.partition("://")
    if scheme in ("sqlite", "sqlite+pysqlite"):
        # Everything after the third slash is the file's name as it is: "?" and "#" may be in it.
        if rest in ("", "/", "/:memory:") or not rest.startswith("/"):
            raise InputError(
                "a SQLite database has to be a file.", where="--db", next="Write sqlite:///FILE."
            )
        return URL.create("sqlite", database=rest[1:])
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise InputError(
            "this is not a database URL.",
            where="--db",
            next="Write a file name, sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ) from exc
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    raise InputError(
        f"{parsed.drivername!r} is not a database we speak.",
        where="--db",
        next="Use SQLite (a file name) or PostgreSQL (postgresql://USER@HOST/NAME).",
    )


def _prepare_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise InputError("this is a folder, not a database.", where=str(path))
    if not create:
        if not path.exists():
            raise InputError(
                "there is no database here yet.",
                where=str(path),
                next="`storytransformer merge PATHS…` makes one.",
            )
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Its owner's only, as the log beside it will be: SQLite gives that the file's own rights.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as exc:
        raise StoreError(
            f"it cannot be made ({exc.strerror}).",
            where=str(path),
            next="Choose another file with --db.",
        ) from exc


def _speak_sqlite(engine: Engine, patience: float) -> None:
    """Pragmas for every connection, and transactions that start when and as we say: the driver
    on its own starts them late, and not at all before a CREATE TABLE."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {int(patience * 1000)}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
