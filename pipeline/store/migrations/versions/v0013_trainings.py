"""How judges were trained here. Those of before are known by their adapters' cards alone."""

from __future__ import annotations

from alembic import op

from pipeline.store.tables import TrainingLossRow, TrainingRow, table_of
from pipeline.store.views import VIEWS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables and a view are added; no row is written again."""
    connection = op.get_bind()
    for row in (TrainingRow, TrainingLossRow):
        table_of(row).create(connection)
    op.execute(f"CREATE VIEW v_trainings AS {VIEWS['v_trainings']}")
