"""The views that reports and dashboards read: plain SQL that SQLite and PostgreSQL both speak."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VIEWS = {
    "v_runs": """
        SELECT r.id AS run, r.kind, r.state, r.model, r.strategy, r.started, r.finished,
               c.n_documents AS documents, c.n_stories AS stories, c.n_words AS words,
               e.calls AS estimated_calls, a.calls, a.reused,
               a.input_tokens, a.output_tokens,
               e.micro_usd_likely / 1000000.0 AS estimated_usd,
               a.micro_usd / 1000000.0 AS usd,
               e.seconds AS estimated_seconds, a.seconds,
               a.peak_memory_bytes,
               (SELECT count(*) FROM merged_story m WHERE m.run = r.id) AS merged_stories,
               (SELECT count(*) FROM conflict k WHERE k.run = r.id) AS conflicts,
               (SELECT count(*) FROM merged_story m
                 WHERE m.run = r.id AND m.fallback <> '') AS fallbacks,
               (SELECT count(*) FROM run_cell n WHERE n.run = r.id) AS cells,
               r.attempts, r.plan_sha256, r.error
          FROM run r
          LEFT JOIN corpus c ON c.sha256 = r.corpus
          LEFT JOIN estimate e ON e.id = r.estimate
          LEFT JOIN actual a ON a.run = r.id
    """,
    "v_estimate_vs_actual": """
        SELECT r.id AS run, r.model, r.strategy, r.started, q.position, q.quantity, q.unit,
               q.low, q.likely, q.high, q.actual,
               CASE WHEN q.likely > 0 THEN q.actual / q.likely END AS ratio,
               CASE WHEN q.actual IS NULL OR q.low IS NULL THEN NULL
                    WHEN q.actual >= q.low AND q.actual <= q.high THEN 1
                    ELSE 0 END AS inside
          FROM run r
          JOIN (
            SELECT e.id, a.run, 1 AS position, 'input tokens' AS quantity, 'tokens' AS unit,
                   e.input_low * 1.0 AS low, e.input_tokens * 1.0 AS likely,
                   e.input_high * 1.0 AS high, a.input_tokens * 1.0 AS actual
              FROM estimate e JOIN run r1 ON r1.estimate = e.id JOIN actual a ON a.run = r1.id
            UNION ALL
            SELECT e.id, a.run, 2, 'output tokens', 'tokens',
                   e.output_low * 1.0, e.output_likely * 1.0,
                   e.output_high * 1.0, a.output_tokens * 1.0
              FROM estimate e JOIN run r2 ON r2.estimate = e.id JOIN actual a ON a.run = r2.id
            UNION ALL
            SELECT e.id, a.run, 3, 'calls', 'calls',
                   e.calls * 1.0, e.calls * 1.0,
                   e.calls * 1.0, a.calls * 1.0
              FROM estimate e JOIN run r3 ON r3.estimate = e.id JOIN actual a ON a.run = r3.id
            UNION ALL
            SELECT e.id, a.run, 4, 'price', 'USD',
                   e.micro_usd_low / 1000000.0, e.micro_usd_likely / 1000000.0,
                   e.micro_usd_high / 1000000.0, a.micro_usd / 1000000.0
              FROM estimate e JOIN run r4 ON r4.estimate = e.id JOIN actual a ON a.run = r4.id
            UNION ALL
            SELECT e.id, a.run, 5, 'time', 'seconds',
                   e.seconds_low * 1.0, e.seconds * 1.0, e.seconds_high * 1.0, a.seconds * 1.0
              FROM estimate e JOIN run r5 ON r5.estimate = e.id JOIN actual a ON a.run = r5.id
            UNION ALL
            SELECT e.id, a.run, 6, 'peak memory', 'bytes',
                   e.peak_memory_bytes * 1.0, e.peak_memory_bytes * 1.0,
                   e.peak_memory_bytes * 1.0, a.peak_memory_bytes * 1.0
              FROM estimate e JOIN run r6 ON r6.estimate = e.id JOIN actual a ON a.run = r6.id
          ) q ON q.run = r.id AND q.id = r.estimate
    """,
    "v_ledger": """
        SELECT l.run, cs.position, l.story, s.kind, substr(s.text, 1, 200) AS excerpt,
               d.path, s.place, l.outcome, l.target, l.other, l.relation, l.reason,
               l.decided_by, m.origin, m.fallback
          FROM ledger l
          JOIN run r ON r.id = l.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = l.story
          JOIN corpus_document d
            ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
          LEFT JOIN merged_story m ON m.run = l.run AND m.id = l.target
    """,
    "v_conflicts": """
        SELECT k.run, k.position AS conflict, k.attribute, k.reason, p.position AS side,
               p.value, p.story, substr(s.text, 1, 200) AS excerpt, d.path, s.place,
               s.written, s.author
          FROM conflict k
          JOIN conflict_side p ON p.run = k.run AND p.conflict = k.position
          JOIN run r ON r.id = k.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = p.story
          JOIN corpus_document d
            ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
    """,
    "v_needle_cells": """
        SELECT rc.run, n.key AS cell, n.task, n.model, n.style, n.haystack, n.target_tokens,
               n.prompt_tokens,
               n.depth_target, n.depth_actual, n.seed, n.status, n.score, n.expected,
               n.reply, n.finish, n.flags, n.seconds, n.request, rc.reused
          FROM run_cell rc
          JOIN needle_cell n ON n.key = rc.cell
    """,
    "v_costs": """
        SELECT r.id AS run, r.kind, r.model, r.strategy, r.started,
               count(p.id) AS replies,
               sum(CASE WHEN p.good THEN 1 ELSE 0 END) AS good,
               sum(CASE WHEN p.id IS NOT NULL AND NOT p.good THEN 1 ELSE 0 END) AS bad,
               sum(p.input_tokens + p.cache_read_tokens + p.cache_write_tokens)
                 AS prompt_tokens,
               sum(p.cache_read_tokens) AS cached_tokens,
               sum(p.output_tokens) AS output_tokens,
               CASE WHEN count(p.id) = count(p.micro_usd)
                    THEN coalesce(sum(p.micro_usd), 0) / 1000000.0 END AS usd,
               (SELECT coalesce(sum(g.reserved_micro_usd), 0) / 1000000.0 FROM charge g
                 WHERE g.run = r.id AND g.settled_micro_usd IS NULL) AS usd_in_flight,
               sum(p.seconds) AS seconds
          FROM run r
          LEFT JOIN reply p ON p.run = r.id
         GROUP BY r.id, r.kind, r.model, r.strategy, r.started
    """,
}


def upgrade() -> None:
    for name, select in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {select}")
