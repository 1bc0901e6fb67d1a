"""Which version a database has, and how it gets to the newest one.

A version is a migration file; ``VERSIONS`` is their order; there is no way back (keep a copy).
Alembic is loaded only when there is
something to do, so that opening an up-to-date database stays fast.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy import text as sql

from pipeline.errors import InputError, StoreError
from pipeline.store.database import Database

#: Every version ever released, oldest first.
VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def upgrade(database: Database, to: str = VERSIONS[-1]) -> None:
    """Bring a database to a version, from blank or from any older one, in one transaction.

    Raises:
        InputError: it was written by a newer release.
        StoreError: it belongs to something else, or cannot be written.
    """
    with database.read() as connection:
        found = _version(connection, database.name)
    if found is not None and VERSIONS.index(found) >= VERSIONS.index(to):
        return
    with database.rebuild() as connection:
        # Another process may have migrated while this one waited.
        if _version(connection, database.name) != to:
            _run_alembic(connection, to)
        if database.is_sqlite:
            _check_foreign_keys(connection, database.name)


def _version(connection: Connection, where: str) -> str | None:
    """The version a database has, None for a blank one."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                f"this database belongs to something else (it has a table {min(tables)!r}).",
                where=where,
                next="Name another one with --db.",
            )
        return None
    found = connection.execute(sql("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in VERSIONS:
        raise InputError(
            f"this database has version {found}; this release knows up to {VERSIONS[-1]}.",
            where=where,
            next="Upgrade storytransformer, or name another database with --db.",
        )
    return None if found is None else str(found)


def _run_alembic(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _check_foreign_keys(connection: Connection, where: str) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"table {broken[0]!r} has a row without its {broken[2]!r}; it was left as it was.",
            where=where,
            next="The database is damaged: restore a copy, or name another one with --db.",
        )
