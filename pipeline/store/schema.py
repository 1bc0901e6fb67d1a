"""Which version a database has, and how it gets to the newest one.

A blank database is made of the tables and views as they are declared. An older one is migrated, one
file a version in ``migrations/versions``; ``VERSIONS`` is their order, and there is no way back
(keep a copy). Alembic is loaded only when there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect
from sqlalchemy import text as sql

from pipeline.errors import InputError, StoreError
from pipeline.store.connection.database import Database
from pipeline.store.tables import Row
from pipeline.store.views import VIEWS

#: Every version that can be opened, oldest first.
VERSIONS = ("0015",)
#: Versions of before the first release. Only what persons decided is read from them
#: (:mod:`pipeline.store.importing`).
RETIRED = tuple(f"{number:04}" for number in range(1, 15))

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def upgrade(database: Database) -> None:
    """Bring a database to the newest version, from blank or from any older one, in one transaction.

    Raises:
        InputError: it was written by a newer release, or before the first one.
        StoreError: it belongs to something else, or cannot be written.
    """
    with database.read() as connection:
        found = _checked(database, connection)
    if found == VERSIONS[-1]:
        return
    with database.rebuild() as connection:
        # Another process may have made or migrated it while this one waited.
        found = _checked(database, connection)
        if found is None:
            _create(connection)
        elif found != VERSIONS[-1]:
            _run_alembic(connection)
        if database.is_sqlite:
            _check_foreign_keys(connection, database.name)


def version_of(connection: Connection, where: str) -> str | None:
    """The version a database has, None for a blank one.

    Raises:
        StoreError: it has tables and no version.
    """
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
    return None if found is None else str(found)


def _checked(database: Database, connection: Connection) -> str | None:
    """The version of a database that can be opened."""
    found = version_of(connection, database.name)
    if found in RETIRED:
        raise InputError(
            f"this database was written before the first release (version {found}).",
            where=database.name,
            next=_keep_decisions(database),
        )
    if found is not None and found not in VERSIONS:
        raise InputError(
            f"this database has version {found}; this release knows up to {VERSIONS[-1]}.",
            where=database.name,
            next="Upgrade storytransformer, or name another database with --db.",
        )
    return found


def _keep_decisions(database: Database) -> str:
    merge = "and merge the documents again"
    if not database.is_sqlite:
        return (
            "Name a new database with --db; `storytransformer decisions import OLD_URL --db NEW` "
            f"keeps what persons decided, {merge}."
        )
    return (
        f"Rename the file, to OLD.sqlite for instance; `storytransformer decisions import "
        f"OLD.sqlite` keeps what persons decided in a new one, {merge}."
    )


def _create(connection: Connection) -> None:
    """Everything, at the newest version."""
    Row.metadata.create_all(connection)
    for name, select in VIEWS.items():
        connection.execute(sql(f"CREATE VIEW {name} AS {select}"))
    connection.execute(
        sql(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(sql("INSERT INTO alembic_version VALUES (:v)"), {"v": VERSIONS[-1]})


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, VERSIONS[-1])


def _check_foreign_keys(connection: Connection, where: str) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"table {broken[0]!r} has a row without its {broken[2]!r}; it was left as it was.",
            where=where,
            next="The database is damaged: restore a copy, or name another one with --db.",
        )
