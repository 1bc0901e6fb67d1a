"""A stored value that cannot be read back: which table and row it stands in, told without its text.

The column types raise :class:`DamagedCell` with what they found, knowing neither table nor row;
only then is the value looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, literal, select
from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError
from pipeline.store.columns import DamagedCell, ExactText, JsonText, UtcTime

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
