"""How likely each answer of a closed question was to the model, beside its reply. Replies of before
stay as they are: nobody gave any."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.columns import JsonText

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column is added at the end: no row is written again."""
    op.add_column("reply", sa.Column("likelihoods", JsonText(), nullable=True))
