"""The merged page that a run wrote, found again on this machine so that it can be shown."""

from __future__ import annotations

import sqlite3
from pathlib import Path

#: The page says in its head whose it is; the head is behind the page's own styles.
_HEAD_BYTES = 65_536
_NAME = "merged.html"


def merged_file(connection: sqlite3.Connection, run: str, out: str | None = None) -> Path | None:
    """The page of a run, None where it is not here or was replaced by another run's.

    Args:
        out: the folder that the run wrote to, as it was given; None looks it up. A relative one is
            sought below the working directory and below the folders that hold the database.
    """
    if out is None:
        found = connection.execute(
            "SELECT json_extract(parameters, '$.out') FROM run WHERE id = ?", (run,)
        ).fetchone()
        out = found[0] if found else None
    if not out:
        return None
    for folder in _folders(connection):
        file = folder / out / _NAME
        try:
            with file.open("rb") as page:
                if f" {run}<".encode() in page.read(_HEAD_BYTES):
                    return file
        except OSError:
            continue
    return None


def _folders(connection: sqlite3.Connection) -> list[Path]:
    """Where a merge may have been started: here, or above its database's default place."""
    _, _, database = connection.execute("PRAGMA database_list").fetchone()
    return [Path.cwd(), *Path(database).parents[:3]]
