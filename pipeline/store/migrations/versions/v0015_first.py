"""The first version: nothing to do, as a blank database is made of the tables and views as they are
declared (:mod:`pipeline.store.schema`).

A later version is a file beside this one that brings a database of the version before it to what
the tables and views say by then; a copy of the tables stands in no file. Once a release is tagged,
neither this file nor what it stands for changes: a test holds the hash of both.
"""

from __future__ import annotations

revision = "0015"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A database of this version is never older than it."""
