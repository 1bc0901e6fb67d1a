"""Calls that fail at random: nothing may be lost, whatever strategy asked them.

    python benchmarks/faults_merge.py [PATH…] [--runs N]      default: data/sample, 20 runs

For ``pairs`` and for the strategies that write everything again, N runs with 5 % and N with 30 % of
the calls failing in nine ways each (tests/support/judges.py, rewriters.py), every run with an empty
database of its own. After a merge every story must have one row of the ledger and every sentence
stand or fold in its entry; after a rewriting, a story that is not in the text must be one that a
reply left out. Prints a table and, last, one JSON line; exits 1 when a story is not accounted for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.merges.rewrite_job import RewriteJob, rewrite_job
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.run.job import MergeJob
from pipeline.run.job import run as run_job
from pipeline.runtime import Runtime
from pipeline.store.record import Store
from pipeline.tokens.token_counters import counter_for
from tests.support.judges import PairJudge, at_random
from tests.support.rewriters import Rewriter

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"
#: A model with a price; who answers in its place fails.
MODEL = "claude/claude-haiku-5-5"
STRATEGIES = ("pairs", "tree", "fold")
SHARES = (0.05, 0.3)


def opened(
    runtime: Runtime, store: Store, paths: Sequence[Path], strategy: str, out: Path
) -> MergeJob:
    """A run of a strategy in windows small enough to have many calls."""
    job = runtime.merge_job(
        [str(path) for path in paths],
        MODEL,
        MergeOptions(
            out=str(out), strategy=strategy, allow_cloud=("all",), propose=strategy == "pairs"
        ),
        store=store,
    )
    job.spec = replace(job.spec, window=4096, output_cap=2048)
    return job if strategy == "pairs" else rewrite_job(job)


def run(
    runtime: Runtime, store: Store, paths: Sequence[Path], strategy: str, out: Path, **how: Any
) -> tuple[int, int, int, int]:
    """Calls made, calls that failed for good, stories that replies left out, and stories that
    nothing accounts for."""
    job = opened(runtime, store, paths, strategy, out)
    count = counter_for(job.spec, cache=runtime.settings.cache).count_text
    if isinstance(job, RewriteJob):
        rewriter = Rewriter(job.spec, count, **how)
        job.opener = lambda spec, options: rewriter
        result = run_job(job)
        return result["calls"], result["failed_calls"], len(result["left_out"]), lost_in(job)
    judge = PairJudge(job.spec, count, at_random(how["seed"]), **how)
    job.opener = lambda spec, options: judge
    result = run_job(job)
    rows = {row.story for row in job.merged.ledger}
    gone = len(job.corpus.by_id.keys() - rows) + len(job.kept.missing) + len(job.kept.faults)
    return result["calls"], result["failed_calls"], 0, gone


def lost_in(job: RewriteJob) -> int:
    """Stories that no text stands for and no reply is said to have left out."""
    drafts = job.drafts
    standing = {source for part in job.standing for source in drafts.sources[part.id]}
    copies = {one.story for one in job.plan.skipped if one.reason == "duplicate"}
    return len(job.corpus.by_id.keys() - standing - drafts.lost.keys() - copies)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--runs", type=int, default=20)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for strategy in STRATEGIES:
            for share in SHARES:
                found, began = [], time.perf_counter()
                for seed in range(asked.runs):
                    name = Path(scratch) / f"{strategy}-{share}-{seed}"
                    home = {"HOME": os.environ.get("HOME", "."), "ANTHROPIC_API_KEY": "never sent"}
                    runtime = Runtime(read_settings(home, db=f"sqlite:///{name}.sqlite"))
                    with runtime.store() as store:
                        found.append(
                            run(
                                runtime,
                                store,
                                asked.paths,
                                strategy,
                                name,
                                failing=share,
                                seed=seed,
                            )
                        )
                calls, failed, left_out, gone = map(sum, zip(*found, strict=True))
                rows.append(
                    {
                        "strategy": strategy, "failing": share, "runs": asked.runs,
                        "calls": calls, "failed_for_good": failed,
                        "left_out_by_replies": left_out, "unaccounted": gone,
                        "seconds": round(time.perf_counter() - began, 1),
                    }
                )  # fmt: skip
    print(f"{'strategy':9} {'failing':>8} {'runs':>5} {'calls':>7} {'failed':>7} {'left out':>9} "
          f"{'unaccounted':>12}")  # fmt: skip
    for row in rows:
        print(f"{row['strategy']:9} {row['failing']:8.0%} {row['runs']:5} {row['calls']:7} "
              f"{row['failed_for_good']:7} {row['left_out_by_replies']:9} "
              f"{row['unaccounted']:12}")  # fmt: skip
    print(json.dumps({"benchmark": "faults_merge", "rows": rows}))
    return 1 if any(row["unaccounted"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
