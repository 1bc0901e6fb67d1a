"""The tables: what was read, asked, done, decided and measured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corpus",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("n_documents", sa.Integer(), nullable=False),
        sa.Column("n_stories", sa.Integer(), nullable=False),
        sa.Column("n_words", sa.BigInteger(), nullable=False),
        sa.Column("n_chars", sa.BigInteger(), nullable=False),
        sa.Column("residue_chars", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_corpus")),
    )
    op.create_table(
        "document",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("n_chars", sa.BigInteger(), nullable=False),
        sa.Column("front_matter", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
    op.create_table(
        "extraction",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "variant", name=op.f("pk_extraction")),
    )
    op.create_table(
        "plan",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("n_stories", sa.Integer(), nullable=False),
        sa.Column("n_clusters", sa.Integer(), nullable=False),
        sa.Column("n_calls", sa.Integer(), nullable=False),
        sa.Column("limit_input", sa.Integer(), nullable=False),
        sa.Column("limit_output", sa.Integer(), nullable=False),
        sa.Column("limit_reason", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_plan")),
    )
    op.create_table(
        "request",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("prompt_sha256", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request")),
    )
    op.create_table(
        "token_count",
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("counter", "sha256", name=op.f("pk_token_count")),
    )
    op.create_table(
        "corpus_document",
        sa.Column("corpus", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("paths", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("n_stories", sa.Integer(), nullable=False),
        sa.Column("residue", sa.Text(), nullable=False),
        sa.Column("residue_chars", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus"],
            ["corpus.sha256"],
            name=op.f("fk_corpus_document_corpus_corpus"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["document"], ["document.key"], name=op.f("fk_corpus_document_document_document")
        ),
        sa.PrimaryKeyConstraint("corpus", "position", name=op.f("pk_corpus_document")),
    )
    op.create_index(
        op.f("ix_corpus_document_document"), "corpus_document", ["document"], unique=False
    )
    op.create_table(
        "needle_cell",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("style", sa.String(), nullable=False),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.Column("target_tokens", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("depth_target", sa.Float(), nullable=False),
        sa.Column("depth_actual", sa.Float(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.key"], name=op.f("fk_needle_cell_request_request")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_needle_cell")),
    )
    op.create_index(op.f("ix_needle_cell_request"), "needle_cell", ["request"], unique=False)
    op.create_table(
        "planned_call",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("handles", sa.Text(), nullable=False),
        sa.Column("clusters", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("input_counter", sa.String(), nullable=False),
        sa.Column("input_exact", sa.Boolean(), nullable=False),
        sa.Column("input_low", sa.BigInteger(), nullable=False),
        sa.Column("input_high", sa.BigInteger(), nullable=False),
        sa.Column("output_low", sa.BigInteger(), nullable=False),
        sa.Column("output_likely", sa.BigInteger(), nullable=False),
        sa.Column("output_high", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["plan.sha256"], name=op.f("fk_planned_call_plan_plan"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["request"], ["request.key"], name=op.f("fk_planned_call_request_request")
        ),
        sa.PrimaryKeyConstraint("plan", "position", name=op.f("pk_planned_call")),
    )
    op.create_index(op.f("ix_planned_call_request"), "planned_call", ["request"], unique=False)
    op.create_table(
        "planned_cluster",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["plan.sha256"], name=op.f("fk_planned_cluster_plan_plan"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan", "position", name=op.f("pk_planned_cluster")),
    )
    op.create_table(
        "planned_skip",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan"], ["plan.sha256"], name=op.f("fk_planned_skip_plan_plan"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan", "position", name=op.f("pk_planned_skip")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("corpus", sa.String(), nullable=True),
        sa.Column("plan_sha256", sa.String(), nullable=False),
        sa.Column("estimate", sa.String(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("describe", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started", sa.String(27), nullable=False),
        sa.Column("updated", sa.String(27), nullable=False),
        sa.Column("finished", sa.String(27), nullable=True),
        sa.ForeignKeyConstraint(["corpus"], ["corpus.sha256"], name=op.f("fk_run_corpus_corpus")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_corpus"), "run", ["corpus"], unique=False)
    op.create_index(op.f("ix_run_started"), "run", ["started"], unique=False)
    op.create_index("ix_run_state_kind", "run", ["state", "kind"], unique=False)
    op.create_table(
        "story",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("start_offset", sa.BigInteger(), nullable=False),
        sa.Column("end_offset", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("written", sa.String(10), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"], ["document.key"], name=op.f("fk_story_document_document")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_story")),
    )
    op.create_index(op.f("ix_story_document"), "story", ["document"], unique=False)
    op.create_index(op.f("ix_story_fingerprint"), "story", ["fingerprint"], unique=False)
    op.create_index(op.f("ix_story_id"), "story", ["id"], unique=False)
    op.create_table(
        "actual",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("reused", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_actual_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_actual")),
    )
    op.create_table(
        "charge",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reserved_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("settled_micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_charge_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "request", "attempt", name=op.f("pk_charge")),
    )
    op.create_table(
        "conflict",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_conflict_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "position", name=op.f("pk_conflict")),
    )
    op.create_table(
        "conflict_side",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("conflict", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_conflict_side_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "conflict", "position", name=op.f("pk_conflict_side")),
    )
    op.create_table(
        "corpus_story",
        sa.Column("corpus", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("document_position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus"],
            ["corpus.sha256"],
            name=op.f("fk_corpus_story_corpus_corpus"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["story"], ["story.key"], name=op.f("fk_corpus_story_story_story")),
        sa.PrimaryKeyConstraint("corpus", "position", name=op.f("pk_corpus_story")),
        sa.UniqueConstraint("corpus", "id", name=op.f("uq_corpus_story_corpus_id")),
    )
    op.create_index(op.f("ix_corpus_story_story"), "corpus_story", ["story"], unique=False)
    op.create_table(
        "edit",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("stories", sa.Text(), nullable=False),
        sa.Column("keep", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_edit_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "position", name=op.f("pk_edit")),
    )
    op.create_table(
        "estimate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("corpus", sa.String(), nullable=True),
        sa.Column("plan_sha256", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("feasible", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("journalled_calls", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("input_counter", sa.String(), nullable=False),
        sa.Column("input_exact", sa.Boolean(), nullable=False),
        sa.Column("input_low", sa.BigInteger(), nullable=False),
        sa.Column("input_high", sa.BigInteger(), nullable=False),
        sa.Column("output_low", sa.BigInteger(), nullable=False),
        sa.Column("output_likely", sa.BigInteger(), nullable=False),
        sa.Column("output_high", sa.BigInteger(), nullable=False),
        sa.Column("micro_usd_low", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_likely", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_high", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_batch", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_worst", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_energy", sa.BigInteger(), nullable=True),
        sa.Column("micro_usd_rent", sa.BigInteger(), nullable=True),
        sa.Column("price_date", sa.String(), nullable=False),
        sa.Column("price_source", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("seconds_low", sa.Float(), nullable=True),
        sa.Column("seconds_high", sa.Float(), nullable=True),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("kwh", sa.Float(), nullable=True),
        sa.Column("created", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["corpus"], ["corpus.sha256"], name=op.f("fk_estimate_corpus_corpus")
        ),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_estimate_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate")),
    )
    op.create_index(op.f("ix_estimate_corpus"), "estimate", ["corpus"], unique=False)
    op.create_index(op.f("ix_estimate_run"), "estimate", ["run"], unique=False)
    op.create_table(
        "failed_call",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_failed_call_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "call", name=op.f("pk_failed_call")),
    )
    op.create_table(
        "ledger",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_ledger_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "story", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_run_outcome", "ledger", ["run", "outcome"], unique=False)
    op.create_table(
        "merged_source",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("merged", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("story", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_merged_source_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "merged", "position", name=op.f("pk_merged_source")),
    )
    op.create_index("ix_merged_source_run_story", "merged_source", ["run", "story"], unique=False)
    op.create_table(
        "merged_story",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_merged_story_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "id", name=op.f("pk_merged_story")),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("finish", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.key"], name=op.f("fk_reply_request_request")
        ),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_reply_run_run"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
    )
    op.create_index(op.f("ix_reply_request"), "reply", ["request"], unique=False)
    op.create_index(op.f("ix_reply_run"), "reply", ["run"], unique=False)
    op.create_index(
        "uq_reply_good_request",
        "reply",
        ["request"],
        unique=True,
        sqlite_where=sa.text("good"),
        postgresql_where=sa.text("good"),
    )
    op.create_table(
        "run_cell",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cell"], ["needle_cell.key"], name=op.f("fk_run_cell_cell_needle_cell")
        ),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_run_cell_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "cell", name=op.f("pk_run_cell")),
    )
    op.create_index(op.f("ix_run_cell_cell"), "run_cell", ["cell"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("merged", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("grounded", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["run.id"], name=op.f("fk_verdict_run_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "merged", "position", name=op.f("pk_verdict")),
    )
