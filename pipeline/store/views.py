"""The views that reports and pages read: plain SQL that SQLite and PostgreSQL both speak.

A story's ``name`` is its place in the corpus ("S-12"), an entry's its place in the document
("E-7"): the same that the merged document says.
"""

from __future__ import annotations

#: A story of a run with its place: what every view on stories joins.
_STORY = """
          JOIN run r ON r.id = {of}.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = {of}.story
          JOIN corpus_document d ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story"""

#: By name, in the order in which they are made.
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
               (SELECT count(*) FROM entry n WHERE n.run = r.id) AS entries,
               k.units, k.standing, k.folded_proof, k.folded_judge, k.folded_person,
               (SELECT count(*) FROM conflict x
                 WHERE x.run = r.id AND x.kind = 'conflict') AS conflicts,
               (SELECT count(*) FROM conflict x
                 WHERE x.run = r.id AND x.kind = 'possible') AS possible_conflicts,
               (SELECT count(*) FROM proposal p WHERE p.run = r.id) AS proposals,
               (SELECT count(*) FROM failed_call f WHERE f.run = r.id) AS failed_calls,
               (SELECT count(*) FROM run_cell n WHERE n.run = r.id) AS cells,
               r.attempts, r.plan_sha256, e.plan_sha256 AS estimated_plan_sha256, r.error
          FROM run r
          LEFT JOIN corpus c ON c.sha256 = r.corpus
          LEFT JOIN estimate e ON e.id = r.estimate
          LEFT JOIN actual a ON a.run = r.id
          LEFT JOIN kept k ON k.run = r.id
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
    "v_ledger": f"""
        SELECT l.run, cs.position, 'S-' || (cs.position + 1) AS name, l.story, s.kind,
               substr(s.text, 1, 200) AS excerpt, d.path, s.place, l.outcome, l.entry,
               'E-' || (n.position + 1) AS entry_name, l.other,
               'S-' || (o.position + 1) AS other_name, l.reason, l."by", l.rules, l.judge,
               l.record, l.likelihood, l."at"
          FROM ledger l{_STORY.format(of="l")}
          LEFT JOIN entry n ON n.run = l.run AND n.id = l.entry
          LEFT JOIN corpus_story o ON o.corpus = r.corpus AND o.id = l.other AND l.other <> ''
    """,
    "v_entries": """
        SELECT n.run, n.position, 'E-' || (n.position + 1) AS name, n.id AS entry, n.standing,
               (SELECT t.text FROM entry_line t WHERE t.run = n.run AND t.entry = n.id
                 ORDER BY CASE t.field WHEN 'sentence' THEN 0 ELSE 1 END, t.position
                 LIMIT 1) AS sentence,
               (SELECT count(*) FROM entry_source t
                 WHERE t.run = n.run AND t.entry = n.id) AS tellings_n,
               (SELECT count(*) FROM entry_role t
                 WHERE t.run = n.run AND t.entry = n.id) AS roles_n,
               (SELECT count(*) FROM entry_line t
                 WHERE t.run = n.run AND t.entry = n.id) AS lines_n,
               (SELECT count(*) FROM fold t WHERE t.run = n.run AND t.entry = n.id) AS folds_n
          FROM entry n
    """,
    "v_folds": f"""
        SELECT f.run, f.entry, 'E-' || (n.position + 1) AS entry_name, f.position,
               f.story, 'S-' || (cs.position + 1) AS name, f.field, f.text, f."by", f.under,
               'S-' || (u.position + 1) AS under_name, f.rules, f.otherwise, f.reason,
               f.likelihood, d.path, s.place
          FROM fold f{_STORY.format(of="f")}
          JOIN entry n ON n.run = f.run AND n.id = f.entry
          LEFT JOIN corpus_story u ON u.corpus = r.corpus AND u.id = f.under
    """,
    "v_conflicts": f"""
        SELECT k.run, k.position AS conflict, k.id, k.kind, k.about, k."by", k.reason,
               p.position AS side, p.story, 'S-' || (cs.position + 1) AS name, p.text, p.differs,
               d.path, s.place, s.written, s.author
          FROM conflict k
          JOIN conflict_side p
            ON p.run = k.run AND p.conflict = k.position{_STORY.format(of="p")}
    """,
    "v_links": """
        SELECT l.run, l.position, l.kind, l.score, l."by", l.a, 'E-' || (a.position + 1) AS a_name,
               l.b, 'E-' || (b.position + 1) AS b_name, l.only_a, l.only_b
          FROM link l
          JOIN entry a ON a.run = l.run AND a.id = l.a
          JOIN entry b ON b.run = l.run AND b.id = l.b
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
    # What exams found: a row an answer and group of pairs.
    "v_records": """
        SELECT r.id AS record, r.model, r.made, r.run, f.position, f.answer, f.kind, f.language,
               f.n, f.false_positives,
               CASE WHEN f.n > 0 THEN f.false_positives * 1.0 / f.n END AS false_positive_rate,
               f.upper AS false_positive_upper, f.positives,
               CASE WHEN f.positives > 0 THEN f.found * 1.0 / f.positives END AS recall,
               f.low AS recall_low, f.high AS recall_high, f.threshold
          FROM judge_record r
          JOIN judge_figure f ON f.record = r.id
    """,
    "v_judgements": """
        SELECT j.run, j.position, j.a, 'S-' || (sa.position + 1) AS a_name, j.b,
               'S-' || (sb.position + 1) AS b_name, j.answer, j.judge, j.record, j.likelihood,
               j.acts, j.would, j.why
          FROM judgement j
          JOIN run r ON r.id = j.run
          JOIN corpus_story sa ON sa.corpus = r.corpus AND sa.id = j.a
          JOIN corpus_story sb ON sb.corpus = r.corpus AND sb.id = j.b
    """,
    # How judges were trained here, the newest first; a record names the adapter by its hash.
    "v_trainings": """
        SELECT t.id AS adapter, t.base, t.out, t.made, t.n_pairs, t.n_trained, t.seed, t.best_step,
               (SELECT MIN(l.loss) FROM training_loss l
                 WHERE l.training = t.id AND l.part = 'dev') AS dev_loss,
               t.seconds, t.told_bytes, t.peak_bytes, t.stopped, t.data_sha256
          FROM training t
         ORDER BY t.made DESC
    """,
}
