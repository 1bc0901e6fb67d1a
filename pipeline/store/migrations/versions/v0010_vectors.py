"""The sentence vectors of stories, kept by fingerprint, and which list found a pair that is asked
about. Plans of before were made by the index of words alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table more, and a column at the end: no row is written again."""
    op.create_table(
        "vector",
        sa.Column("encoder", sa.String(), primary_key=True, nullable=False),
        sa.Column("fingerprint", sa.String(), primary_key=True, nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("encoder", "fingerprint", name="pk_vector"),
    )
    op.add_column("planned_call", sa.Column("found_by", sa.String(), nullable=True))
