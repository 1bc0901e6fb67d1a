"""Batches that were handed to a provider, so that a killed run finds them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("n_requests", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("submitted", sa.String(27), nullable=True),
        sa.Column("closed", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_batch_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_run"), "batch", ["run"], unique=False)
    op.create_table(
        "batch_request",
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"],
            ["batch.id"],
            name=op.f("fk_batch_request_batch_batch"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch", "request", name=op.f("pk_batch_request")),
    )
    op.create_index(op.f("ix_batch_request_request"), "batch_request", ["request"], unique=False)
