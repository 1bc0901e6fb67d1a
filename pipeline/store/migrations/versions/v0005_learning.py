"""What finished runs teach the next estimate: what the plan had said for the calls that were asked,
what came, and by what an estimate was corrected. The views show both sides of every quantity."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS: dict[str, dict[str, type[sa.types.TypeEngine[Any]]]] = {
    "estimate": {
        "past_runs": sa.Integer,
        "past_timed_runs": sa.Integer,
        "input_factor": sa.Float,
        "output_factor": sa.Float,
        "seconds_factor": sa.Float,
    },
    "actual": {
        "asked": sa.Integer,
        "prompt": sa.String,
        "planned_input_tokens": sa.BigInteger,
        "planned_output_tokens": sa.BigInteger,
        "first_input_tokens": sa.BigInteger,
        "model_seconds": sa.Float,
        "formula_seconds": sa.Float,
        "processor_seconds": sa.Float,
        "machine": sa.Text,
    },
}

VIEWS = {
    "v_runs": """
        SELECT r.id AS run, r.kind, r.state, r.model, r.strategy, r.started, r.finished,
               c.n_documents AS documents, c.n_stories AS stories, c.n_words AS words,
               e.calls AS estimated_calls, a.calls, a.reused,
               e.input_tokens AS estimated_input_tokens, a.input_tokens,
               e.output_likely AS estimated_output_tokens, a.output_tokens,
               e.micro_usd_likely / 1000000.0 AS estimated_usd,
               a.micro_usd / 1000000.0 AS usd,
               e.seconds AS estimated_seconds, a.model_seconds, a.seconds,
               e.peak_memory_bytes AS estimated_peak_memory_bytes, a.peak_memory_bytes,
               e.past_runs,
               (SELECT count(*) FROM merged_story m WHERE m.run = r.id) AS merged_stories,
               (SELECT count(*) FROM conflict k WHERE k.run = r.id) AS conflicts,
               (SELECT count(*) FROM merged_story m
                 WHERE m.run = r.id AND m.fallback <> '') AS fallbacks,
               (SELECT count(*) FROM run_cell n WHERE n.run = r.id) AS cells,
               r.attempts, r.plan_sha256, e.plan_sha256 AS estimated_plan_sha256, r.error
          FROM run r
          LEFT JOIN corpus c ON c.sha256 = r.corpus
          LEFT JOIN estimate e ON e.id = r.estimate
          LEFT JOIN actual a ON a.run = r.id
    """,
    # "uncorrected" is the likely value before past runs corrected it.
    "v_estimate_vs_actual": """
        SELECT r.id AS run, r.model, r.strategy, r.started, q.position, q.quantity, q.unit,
               q.low, q.likely, q.high, q.actual,
               CASE WHEN q.likely > 0 THEN q.actual / q.likely END AS ratio,
               CASE WHEN q.actual IS NULL OR q.low IS NULL THEN NULL
                    WHEN q.actual >= q.low AND q.actual <= q.high THEN 1
                    ELSE 0 END AS inside,
               CASE WHEN q.factor IS NOT NULL THEN q.likely / q.factor
                    WHEN q.past_runs IS NULL THEN q.likely END AS uncorrected,
               coalesce(q.past_runs, 0) AS past_runs
          FROM run r
          JOIN (
            SELECT e.id, a.run, 1 AS position, 'input tokens' AS quantity, 'tokens' AS unit,
                   e.input_low * 1.0 AS low, e.input_tokens * 1.0 AS likely,
                   e.input_high * 1.0 AS high,
                   coalesce(a.first_input_tokens, a.input_tokens) * 1.0 AS actual,
                   e.input_factor AS factor, e.past_runs AS past_runs
              FROM estimate e JOIN run r1 ON r1.estimate = e.id JOIN actual a ON a.run = r1.id
            UNION ALL
            SELECT e.id, a.run, 2, 'output tokens', 'tokens',
                   e.output_low * 1.0, e.output_likely * 1.0,
                   e.output_high * 1.0, a.output_tokens * 1.0, e.output_factor, e.past_runs
              FROM estimate e JOIN run r2 ON r2.estimate = e.id JOIN actual a ON a.run = r2.id
            UNION ALL
            SELECT e.id, a.run, 3, 'calls', 'calls',
                   e.calls * 1.0, e.calls * 1.0, e.calls * 1.0, a.calls * 1.0, NULL, NULL
              FROM estimate e JOIN run r3 ON r3.estimate = e.id JOIN actual a ON a.run = r3.id
            UNION ALL
            SELECT e.id, a.run, 4, 'price', 'USD',
                   e.micro_usd_low / 1000000.0, e.micro_usd_likely / 1000000.0,
                   e.micro_usd_high / 1000000.0, a.micro_usd / 1000000.0, NULL, e.past_runs
              FROM estimate e JOIN run r4 ON r4.estimate = e.id JOIN actual a ON a.run = r4.id
            UNION ALL
            SELECT e.id, a.run, 5, 'time', 'seconds',
                   e.seconds_low * 1.0, e.seconds * 1.0, e.seconds_high * 1.0,
                   coalesce(a.model_seconds, a.seconds) * 1.0, e.seconds_factor,
                   e.past_timed_runs
              FROM estimate e JOIN run r5 ON r5.estimate = e.id JOIN actual a ON a.run = r5.id
            UNION ALL
            SELECT e.id, a.run, 6, 'peak memory', 'bytes',
                   NULL, e.peak_memory_bytes * 1.0, NULL, a.peak_memory_bytes * 1.0, NULL, NULL
              FROM estimate e JOIN run r6 ON r6.estimate = e.id JOIN actual a ON a.run = r6.id
          ) q ON q.run = r.id AND q.id = r.estimate
    """,
    # What each model's completed runs came to, against what their plans had said before any
    # correction.
    "v_learned": """
        SELECT r.model, r.strategy, a.prompt, count(*) AS runs, sum(a.asked) AS calls,
               sum(a.first_input_tokens) * 1.0 / nullif(sum(a.planned_input_tokens), 0)
                 AS input_ratio,
               sum(a.output_tokens) * 1.0 / nullif(sum(a.planned_output_tokens), 0)
                 AS output_ratio,
               sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0 THEN 1 ELSE 0 END)
                 AS timed_runs,
               sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0 THEN a.model_seconds END)
                 / sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0
                            THEN a.formula_seconds END) AS seconds_ratio
          FROM run r
          JOIN actual a ON a.run = r.id
         WHERE r.state = 'completed' AND a.asked > 0
         GROUP BY r.model, r.strategy, a.prompt
    """,
}


def upgrade() -> None:
    for view in ("v_runs", "v_estimate_vs_actual"):
        op.execute(f"DROP VIEW {view}")
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind(), nullable=True))
    for name, select in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {select}")
