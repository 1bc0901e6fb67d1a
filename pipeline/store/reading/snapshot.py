"""A copy of a database as one SQLite file: what the pages are served from when the database is a
PostgreSQL server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, text

from pipeline.store import tables
from pipeline.store.record import Store, open_store

#: Rows that are held at once.
_MOST = 2_000


def snapshot(store: Store, target: Path) -> datetime:
    """Copy every table into a new SQLite file, all as of one moment; the source is only read.

    Returns:
        the moment.

    Raises:
        StoreError: the source cannot be read, or the file cannot be written.
    """
    taken = store.now()
    with (
        open_store(f"sqlite:///{target}", now=store.now) as copy,
        store.database.read() as source,
        copy.database.rebuild() as written,
    ):
        if not store.database.is_sqlite:
            source.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        for table in tables.Row.metadata.sorted_tables:
            rows = source.execution_options(yield_per=_MOST).execute(select(table)).mappings()
            for chunk in rows.partitions():
                written.execute(insert(table), [dict(row) for row in chunk])
    return taken
