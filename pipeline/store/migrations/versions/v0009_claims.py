"""Who asks which request at this moment: a second process waits for its reply."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "asker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_asker"),
    )
    op.create_table(
        "claim",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("request", name="pk_claim"),
    )
    op.create_index("ix_claim_asker", "claim", ["asker"])
