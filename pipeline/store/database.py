"""One engine a process: how it connects, how it transacts, and what its failures mean.

SQLite runs in WAL mode, so readers (the dashboard) never block the writer; every write starts
with BEGIN IMMEDIATE, so two writers queue up instead of failing half way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from pipeline.errors import InputError, StoreError

_BUSY_MS = 30_000
_BEGIN = "storytransformer_begin"


class Database:
    """An open database.

    Args:
        url: SQLAlchemy URL; ``postgres://`` and ``postgresql://`` mean psycopg 3.
        create: make the SQLite file (and its folder) when it is missing.

    Raises:
        InputError: a URL that names no database we speak, or a file that is not there.
        StoreError: the folder of the file cannot be made.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
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
                next="Install storytransformer[postgres].",
            ) from exc
        if self.is_sqlite:
            _speak_sqlite(self.engine)

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
    def write(self) -> Iterator[Connection]:
        """A transaction that happens as a whole or not at all."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                connection.execution_options(**{_BEGIN: begin})
                with connection.begin():
                    yield connection
        except DBAPIError as exc:
            raise failure(exc, self.name) from exc

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert what is not there yet; rows with a known key are left as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), list(rows))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those with a known primary key replace what was there."""
    if not rows:
        return
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    fresh = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh), list(rows))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def failure(exc: DBAPIError, where: str) -> StoreError:
    """What a driver's exception means for the person who runs us."""
    said = str(exc.orig).strip().splitlines()[0] if str(exc.orig).strip() else repr(exc.orig)
    text = said.lower()
    if isinstance(exc.orig, sqlite3.Error):
        if "not a database" in text or "malformed" in text:
            return StoreError(
                f"this file is not a database we can read ({said}).",
                where=where,
                next="Move it away, or name another file with --db.",
            )
        if "locked" in text or "busy" in text:
            return StoreError(
                f"locked by another program for {_BUSY_MS // 1000} s.",
                where=where,
                next="Wait for it to finish or stop it; nothing already stored is lost.",
            )
        if "full" in text:
            return StoreError(
                f"{said}.",
                where=where,
                next="Free some space and run the same command again; what is stored stays.",
            )
        if "readonly" in text or "read-only" in text or "unable to open" in text:
            return StoreError(
                f"cannot be written ({said}).",
                where=where,
                next="Check the permissions of the file and its folder, or use another --db.",
            )
        return StoreError(f"{said}.", where=where)
    if exc.connection_invalidated or "connect" in text:
        return StoreError(
            f"the server does not answer ({said}).",
            where=where,
            next="Start it, or check the host, port and name in --db.",
        )
    return StoreError(f"{said}.", where=where)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as exc:
        raise InputError(
            "this is no database URL.",
            where="--db",
            next="Write a file name, sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ) from exc
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:" or parsed.query:
            raise InputError("a SQLite database has to be a file.", where="--db")
    elif parsed.drivername != "postgresql+psycopg":
        raise InputError(
            f"{parsed.drivername!r} is no database we speak.",
            where="--db",
            next="Use SQLite (a file name) or PostgreSQL (postgresql://USER@HOST/NAME).",
        )
    return parsed


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
    except OSError as exc:
        raise StoreError(
            f"its folder cannot be made ({exc.strerror}).",
            where=str(path),
            next="Choose another file with --db.",
        ) from exc


def _speak_sqlite(engine: Engine) -> None:
    """Pragmas for every connection, and transactions that start when and as we say: the driver
    on its own starts them late, and not at all before a CREATE TABLE."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MS}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
