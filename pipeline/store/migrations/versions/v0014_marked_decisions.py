"""Decisions bear the mark of the documents that they were made over. Those of before get it from
the documents that are here and hold one of their stories."""

from __future__ import annotations

import json

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: What plainly let a document leave in this release, and the mark of what stays.
_OPEN = frozenset({"any", "cloud", "none", "open", "public"})
_STAYS = "local"
_MARKED = """
    SELECT s.fingerprint, d.front_matter FROM story s JOIN document d ON d.key = s.document
     WHERE lower(d.front_matter) LIKE '%sovereignty%'
"""


def upgrade() -> None:
    """A column is added at the end; of the rows only those that get a mark are written again."""
    kind = sqlmodel.AutoString()
    op.add_column("decision", sa.Column("sovereignty", kind, nullable=False, server_default=""))
    connection = op.get_bind()
    marked = {
        fingerprint for fingerprint, head in connection.execute(sa.text(_MARKED)) if _stays(head)
    }
    found = connection.execute(sa.text("SELECT id, fingerprints FROM decision")).all()
    for key, fingerprints in found if marked else ():
        if any(one in fingerprints for one in marked):  # hashes in a list of hashes
            change = sa.text("UPDATE decision SET sovereignty = :mark WHERE id = :key")
            connection.execute(change, {"mark": _STAYS, "key": key})


def _stays(head: str) -> bool:
    try:
        told = json.loads(head)
    except ValueError:  # damaged: not understood
        return True
    return any(
        name.strip().casefold() == "sovereignty" and str(value).strip().casefold() not in _OPEN
        for name, value in told.items()
    )
