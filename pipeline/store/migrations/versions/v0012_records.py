"""What exams found of judges, what judges said in a run and what persons read of it. Runs of before
have none: nobody had a record."""

from __future__ import annotations

from alembic import op

from pipeline.store.tables import (
    JudgeFigureRow,
    JudgementRow,
    JudgeRecordRow,
    ReadingRow,
    table_of,
)
from pipeline.store.views import VIEWS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables and views are added; no row is written again."""
    connection = op.get_bind()
    for row in (JudgeRecordRow, JudgeFigureRow, JudgementRow, ReadingRow):
        table_of(row).create(connection)
    for name in ("v_records", "v_judgements"):
        op.execute(f"CREATE VIEW {name} AS {VIEWS[name]}")
