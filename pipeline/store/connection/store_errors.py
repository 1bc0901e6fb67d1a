"""What a driver's exception means for the person who runs us, and what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, Text, cast, literal, select
from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError
from pipeline.store.connection.column_types import DamagedCell, ExactText, JsonText, UtcTime


class _Meaning(NamedTuple):
    """Words of a driver's message, and what they mean; ``{said}`` is that message."""

    words: tuple[str, ...]
    message: str
    next: str


_SQLITE = (
    _Meaning(  # the driver's words hold the text
        ("could not decode",),
        "a stored text is damaged: its bytes are not valid UTF-8.",
        "Restore a copy of the database, or name another one with --db.",
    ),
    _Meaning(
        ("not a database", "malformed"),
        "this file is not a database we can read ({said}).",
        "Move it away, or name another file with --db.",
    ),
    _Meaning(
        ("locked", "busy"),
        "another program keeps it locked.",
        "Wait for it to finish or stop it; what is stored stays.",
    ),
    _Meaning(
        ("full", "disk i/o error"),
        "it cannot grow ({said}).",
        "Free some space and run the same command again; what is stored stays.",
    ),
    _Meaning(
        ("readonly", "read-only", "unable to open", "not authorized"),
        "it cannot be written ({said}).",
        "Check the permissions of the file and its folder, or use another --db.",
    ),
)
_POSTGRESQL = (
    _Meaning(
        ("no space left", "could not extend"),
        "the server's disk is full ({said}).",
        "Free some space there and run the same command again; what is stored stays.",
    ),
    _Meaning(
        ("permission denied", "read-only transaction"),
        "it cannot be written ({said}).",
        "Give this user the right to create tables, or use another --db.",
    ),
    _Meaning(
        ("connect", "terminating", "server closed", "starting up"),
        "the server does not answer ({said}).",
        "Start it, or check the host, port, user and name in --db; what is stored stays.",
    ),
)


def failure(exc: DBAPIError, where: str) -> StoreError:
    """The error that a person sees instead of a driver's exception."""
    said = (str(exc.orig).strip() or repr(exc.orig)).splitlines()[0].rstrip(".")
    known = _SQLITE if isinstance(exc.orig, sqlite3.Error) else _POSTGRESQL
    for meaning in known:
        if any(words in said.lower() for words in meaning.words):
            return StoreError(meaning.message.format(said=said), where=where, next=meaning.next)
    return StoreError(f"{said}.", where=where)


_KINDS = (ExactText, JsonText, UtcTime)
#: Characters of a key that are told: keys are hashes, ids and places.
_SHOWN = 24
#: Tables whose key is text of documents.
_WORDS = ("glossary",)
_NEXT = "Restore a copy of the database, or name another one with --db."


def damaged(table: str, row: str, column: str, where: str) -> StoreError:
    """The error that a person sees of a damaged value."""
    return StoreError(
        f"a stored value is damaged: table {table}, row {row}, column {column}.",
        where=where,
        next=_NEXT,
    )


def located(cell: DamagedCell, connection: Connection, where: str) -> StoreError:
    """Where a damaged value stands, by looking for it."""
    from pipeline.store.tables import Row

    for table in Row.metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, _KINDS):
                continue
            same = cast(column, Text) == literal(cell.stored, Text)
            try:
                found = connection.execute(select(*_key(table)).where(same)).first()
            except DBAPIError:  # a value that cannot be compared is not the one
                connection.rollback()
                continue
            if found is not None:
                return damaged(table.name, row_name(table, found._mapping), column.name, where)
    return StoreError("a stored value is damaged.", where=where, next=_NEXT)


def row_name(table: Table, row: Mapping[Any, Any]) -> str:
    """A row by its key, for people and logs."""
    if table.name in _WORDS:
        return "of that kind"
    return " ".join(f"{c.name}={str(row[c.name])[:_SHOWN]}" for c in table.primary_key)


def _key(table: Table) -> list[Any]:
    return [cast(column, Text).label(column.name) for column in table.primary_key]


@contextmanager
def reading(table: str, row: object, where: str = "") -> Iterator[None]:
    """While a row is made a value again: what does not fit is damage, not a defect of ours.

    Raises:
        StoreError: it does not fit.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        if isinstance(exc, DamagedCell):
            raise
        raise StoreError(
            f"a stored value is damaged: table {table}, row {str(row)[:_SHOWN]} "
            f"({type(exc).__name__}).",
            where=where,
            next=_NEXT,
        ) from exc
