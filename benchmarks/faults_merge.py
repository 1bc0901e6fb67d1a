"""Merges whose calls fail at random: 0 stories may be unaccounted for.

    python benchmarks/faults_merge.py [PATH…] [--runs N]      default: data/sample, 100 runs

For every strategy, N runs with 5 % and N with 30 % of the calls failing in nine ways (an error, a
refusal, a reply cut off, empty, silent, broken JSON, an unknown handle, a repeated one, a story
left out). After each run every story must have one row of the ledger, stand in exactly one merged
story, and a story that stands alone must stand word for word.
Prints a table and, last, one JSON line; exits 1 when a story is not accounted for.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.judges import Judge
from pipeline.calls import Plan, Reply, Request, WindowLimits
from pipeline.catalog import Catalog, ModelSpec
from pipeline.compare.relations import stem_weights
from pipeline.extract.corpus import extract
from pipeline.merge.run import run_plan
from pipeline.merge.writing import text_of
from pipeline.outcomes import Outcomes
from pipeline.plan.desk import Desk
from pipeline.plan.similarity import cluster, similar_pairs
from pipeline.plan.strategies import STRATEGIES, make_plan
from pipeline.settings import read_settings
from pipeline.stories import Story
from pipeline.tokens import TokenCounter, counter_for

LOCAL = "local/smollm2-135m"
SPEC = ModelSpec("local/judge", "local", "judge", "edits", 4096, 2048)
#: Small windows, so that a run has many calls to fail.
LIMITS = WindowLimits(1536, 1536, "small on purpose")
SHARES = (0.05, 0.3)


class Memory:
    """A journal for one run in memory."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}

    def find(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        return {key: self.replies[key] for key in keys if key in self.replies}

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        if good:
            self.replies[reply.key] = reply

    def reserve(self, key: str, usd: object) -> None: ...

    def settle(self, key: str, usd: object) -> None: ...


def unaccounted(stories: Mapping[str, Story], outcomes: Outcomes) -> set[str]:
    """Stories without exactly one row and one place, or that stand alone in other words."""
    rows = Counter(row.story for row in outcomes.ledger)
    places = Counter(name for merged in outcomes.merged for name in merged.sources)
    missing = {name for name in stories if rows[name] != 1 or places[name] != 1}
    for merged in outcomes.merged:
        if len(merged.sources) == 1 and merged.text != text_of(stories[merged.sources[0]]):
            missing.add(merged.sources[0])
    return missing


def run(
    plan: Plan, stories: Mapping[str, Story], desk: Desk, counter: TokenCounter, **how: Any
) -> tuple[Judge, Outcomes]:
    """One merge with failing calls."""
    judge = Judge(SPEC, counter.count_text, **how)
    return judge, run_plan(plan, stories, judge, Memory(), desk=desk)


def planned(
    strategy: str, stories: Sequence[Story], counter: TokenCounter, prompts: Path
) -> tuple[Plan, Desk]:
    """The plan of a strategy in small windows, and where its later calls are made."""
    weights = stem_weights(stories)
    clusters = cluster(
        stories, similar_pairs(stories, weights=weights), decide=False, weights=weights
    )
    plan = make_plan(strategy, stories, clusters, SPEC, LIMITS, counter, prompts, revision="judge")
    return plan, Desk(SPEC, LIMITS, counter, prompts, "judge", stage=strategy)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["data/sample"], type=Path)
    parser.add_argument("--runs", type=int, default=100)
    asked = parser.parse_args()
    settings = read_settings({})
    listed = [story for e in extract(asked.paths) for story in e.stories]
    stories = {story.id: story for story in listed}
    counter = counter_for(Catalog(settings.models_toml).find(LOCAL), cache=settings.cache)
    rows: list[dict[str, Any]] = []
    for strategy in STRATEGIES:
        plan, desk = planned(strategy, listed, counter, settings.prompts)
        for share in SHARES:
            calls = failed = given_up = lost = gone = 0
            started = time.perf_counter()
            for seed in range(asked.runs):
                judge, outcomes = run(plan, stories, desk, counter, failing=share, seed=seed)
                calls += len(judge.asked)
                failed += len(judge.failed)
                given_up += len(outcomes.failed_calls)
                lost += len(outcomes.lost)
                gone += len(unaccounted(stories, outcomes))
            rows.append(
                {
                    "strategy": strategy,
                    "failing": share,
                    "runs": asked.runs,
                    "calls": calls,
                    "failed": failed,
                    "failed_twice": given_up,
                    "left_out_by_replies": lost,
                    "unaccounted": gone,
                    "seconds": round(time.perf_counter() - started, 1),
                }
            )
    print(
        f"{'strategy':9} {'failing':>8} {'runs':>5} {'calls':>7} {'failed':>7} {'twice':>6} "
        f"{'left out':>9} {'unaccounted':>12}"
    )
    for row in rows:
        print(
            f"{row['strategy']:9} {row['failing']:8.0%} {row['runs']:5} {row['calls']:7} "
            f"{row['failed']:7} {row['failed_twice']:6} {row['left_out_by_replies']:9} "
            f"{row['unaccounted']:12}"
        )
    print(json.dumps({"benchmark": "faults_merge", "stories": len(stories), "rows": rows}))
    return 1 if any(row["unaccounted"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
