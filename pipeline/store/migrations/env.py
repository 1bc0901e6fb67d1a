"""Run by alembic: migrate on the connection, and in the transaction, that ``schema`` hands over."""

from __future__ import annotations

from alembic import context

from pipeline.store.tables import Row

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Row.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
