"""What persons decided in a database of before the first release: all that is read from one.

Where its stories go by fingerprints of another version, a decision is asked about again, with the
old answer shown, when the documents were merged anew (``storytransformer review``); where they go
by those of today, it holds as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy import text as sql

from pipeline.entries import Decision, Word
from pipeline.errors import InputError
from pipeline.store.connection.column_types import ExactText, JsonText, UtcTime
from pipeline.store.connection.database import Database
from pipeline.store.schema import RETIRED, VERSIONS, version_of
from pipeline.stories import STAYS

#: What a relation of before is now.
_ANSWERS: Mapping[str, Word] = {
    "same": "one_need",
    "overlap": "one_need",
    "conflict": "contradicting",
    "distinct": "different",
}


def read_old_decisions(url: str) -> tuple[Decision, ...]:
    """The decisions of a database of before the first release; it is not changed.

    Raises:
        InputError: there is no such database, or it is of another version.
        StoreError: it cannot be read.
    """
    database = Database(url, create=False)
    try:
        with database.read() as connection:
            version = version_of(connection, database.name)
            if version not in RETIRED:
                raise InputError(
                    "this database was not written before the first release.",
                    where=database.name,
                    next="Its decisions hold as they are: name it with --db."
                    if version in VERSIONS
                    else "Upgrade storytransformer, or name another file.",
                )
            if "decision" not in inspect(connection).get_table_names():
                return ()
            mark = STAYS if _is_marked(connection) else ""
            return tuple(_decision(row, mark) for row in _rows(connection))
    finally:
        database.close()


def _is_marked(connection: Connection) -> bool:
    """Whether a document of the database speaks of a mark: nobody looks at whose stories it holds,
    as they go by other fingerprints."""
    columns = [
        (table, column["name"])
        for table in inspect(connection).get_table_names()
        if table == "document"
        for column in inspect(connection).get_columns(table)
        if column["name"] == "front_matter"
    ]
    query = sql("SELECT 1 FROM document WHERE lower(front_matter) LIKE '%sovereignty%' LIMIT 1")
    return bool(columns) and connection.execute(query).first() is not None


def _rows(connection: Connection) -> list[dict[str, Any]]:
    kinds: dict[str, Any] = {
        "fingerprints": JsonText, "values": JsonText, "attribute": ExactText, "about": ExactText,
        "note": ExactText, "by": ExactText, "at": UtcTime,
    }  # fmt: skip
    there = {column["name"] for column in inspect(connection).get_columns("decision")}
    query = sql('SELECT * FROM decision ORDER BY "at", id').columns(
        **{name: kind for name, kind in kinds.items() if name in there}
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def _decision(row: Mapping[str, Any], mark: str) -> Decision:
    """A decision of before.

    Args:
        mark: of the documents of its database, where the row says none.
    """
    prints = tuple(row["fingerprints"])
    # Relations became answers in version 0008, with fingerprints that say their version.
    answer: Word = row["answer"] if "answer" in row else _ANSWERS[row["relation"]]
    # Stories that were to be merged named none whose words stand.
    keep = row["keep"] or (prints[0] if answer == "one_need" else "")
    return Decision(
        fingerprints=prints,
        answer=answer,
        keep=keep if answer in ("one_need", "preferred") else "",
        note=row["note"],
        about=row["about"] if "about" in row else row["attribute"],
        values=tuple(row["values"]),
        by=row["by"],
        at=row["at"],
        version=row.get("version", ""),
        sovereignty=row.get("sovereignty") or mark,
    )
