"""What the three strategies write: output tokens for each token of the merged document.

    python benchmarks/strategies.py [PATH…]          default: data/sample
    python benchmarks/strategies.py --planted 300 [PATH…]   so many of their stories, 30 % copied
    python benchmarks/strategies.py --real [PATH…]   one tree of the local model, minutes on a CPU

A judge that always answers by what code finds (same and overlap are put together, parts moved by
reference where the schema allows it) is asked with the same windows under `edit`, `tree` and
`fold`, so that only the strategy differs. `edit, worded anew`: the judge writes a new goal and
benefit for every overlap instead of leaving them to code. `edit, v1`: by the first released prompt,
whose edits have every field. Tokens are SmolLM2's. With `--real` the local model itself writes a
tree, in windows of up to 8,192 tokens; what it loses and invents is counted. Prints a table and,
last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from answering import worded_anew

from evals.judges import CodeJudge, as_told
from evals.merging import MIX, SEEDS, originals
from evals.planting import plant, write_corpus
from evals.versions import find_version, only_version
from pipeline.calls import Reply, Request, WindowLimits
from pipeline.catalog import Catalog, ModelSpec
from pipeline.compare.relations import stem_weights
from pipeline.extract.corpus import extract
from pipeline.merge.corpus import Reading, read
from pipeline.gate.grounding import fields_of
from pipeline.merge.ledger import counts
from pipeline.merge.run import run_plan
from pipeline.models.base import Model, ModelOptions
from pipeline.models.opening import open_model
from pipeline.outcomes import Outcomes
from pipeline.plan.desk import Desk
from pipeline.plan.similarity import cluster, similar_pairs
from pipeline.plan.strategies import STRATEGIES, make_plan
from pipeline.settings import read_settings
from pipeline.stories import Story
from pipeline.tokens import TokenCounter, counter_for

LOCAL = "local/smollm2-135m"
#: Tokens that a prompt and a reply may hold: half of the local model's window each.
HALF = 4096


class Wordy(CodeJudge):
    """The same, with a new goal and benefit for every overlap."""

    def changes(self, group: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
        return worded_anew([as_told(fields) for fields in group])


class Counted:
    """A journal for one run in memory that counts what was asked."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.calls = self.bad = self.input = self.output = self.longest = 0
        self.why: list[str] = []

    def find(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        return {key: self.replies[key] for key in keys if key in self.replies}

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        self.calls += 1
        self.bad += not good
        self.input += reply.usage.prompt
        self.output += reply.usage.output
        self.longest = max(self.longest, reply.usage.prompt + reply.usage.output)
        if good:
            self.replies[reply.key] = reply
        else:
            self.why.append(why)

    def reserve(self, key: str, usd: object) -> None: ...

    def settle(self, key: str, usd: object) -> None: ...


def measure(
    strategy: str,
    stories: Sequence[Story],
    spec: ModelSpec,
    model: Model,
    counter: TokenCounter,
    prompts: Path | None = None,
) -> dict[str, Any]:
    """One strategy, run to its document."""
    prompts = prompts or read_settings({}).prompts
    weights = stem_weights(stories)
    pairs = similar_pairs(stories, weights=weights)
    clusters = cluster(stories, pairs, decide=spec.ability != "edits", weights=weights)
    limits = WindowLimits(HALF, HALF, "half of the window each")
    plan = make_plan(
        strategy,
        stories,
        clusters,
        spec,
        limits,
        counter,
        prompts,
        revision=model.revision,
    )
    desk = Desk(spec, limits, counter, prompts, model.revision, stage=strategy)
    journal, started = Counted(), time.perf_counter()
    outcomes = run_plan(plan, {s.id: s for s in stories}, model, journal, desk=desk)
    document = counter.count_texts([_text(m) for m in outcomes.merged])
    tokens = sum(count.n for count in document)
    return {
        "planned_calls": len(plan.calls) + len(plan.later),
        "levels": 1 + len({later.stage for later in plan.later}),
        "calls": journal.calls,
        "input_tokens": journal.input,
        "output_tokens": journal.output,
        "planned_output": sum(c.output.likely for c in (*plan.calls, *plan.later)),
        "document_tokens": tokens,
        "per_document_token": round(journal.output / tokens, 3),
        "longest_window": journal.longest,
        "merged_stories": len(outcomes.merged),
        **_books(outcomes, journal),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _books(outcomes: Outcomes, journal: Counted) -> dict[str, Any]:
    refused = sum(m.origin == "union" and bool(m.fallback) for m in outcomes.merged)
    return {
        "ledger": counts(outcomes.ledger),
        "by_model": sum(m.origin == "model" for m in outcomes.merged),
        "refused_by_gate": refused,
        "lost_by_model": len(outcomes.lost),
        "bad_replies": journal.bad,
        "failed_calls": len(outcomes.failed_calls),
        "why": sorted({why[:100] for why in journal.why})[:5],
    }


def _text(merged: Any) -> str:
    return "\n".join(text for _, text in fields_of(merged.text)) + "\n\n"


def planted(stories: Sequence[Story], most: int) -> list[Story]:
    """So many of the stories with the copies that :mod:`evals.merging` plants, read again."""
    seed = SEEDS["reported"]
    corpus = plant(originals(stories, seed=seed, most=most), seed=seed, shares=MIX, half="reported")
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(corpus, Path(folder))
        return list(read([folder], how=Reading(exclude=("truth.json",))).stories)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["data/sample"], type=Path)
    parser.add_argument("--planted", type=int, default=0, help="originals to plant copies of")
    parser.add_argument("--real", action="store_true", help="one tree of the local model")
    asked = parser.parse_args()
    settings = read_settings({})
    stories = [story for e in extract(asked.paths) for story in e.stories]
    if asked.planted:
        stories = planted(stories, asked.planted)
    spec = Catalog(settings.models_toml).find(LOCAL)
    counter = counter_for(spec, cache=settings.cache)
    figures: dict[str, Any] = {}
    if asked.real:
        # The catalogue keeps this model's replies short, as long ones go wrong; here they may be
        # as long as a window of a tree needs.
        model = open_model(spec, ModelOptions(cache=settings.cache, threads=settings.threads))
        long = replace(spec, output_cap=HALF)
        figures["tree, local model"] = measure("tree", stories, long, model, counter)
        model.close()
    else:
        judge = replace(spec, name="local/judge", ability="edits", output_cap=HALF)
        plain = CodeJudge(judge, counter.count_text)
        wordy = Wordy(judge, counter.count_text)
        for strategy in STRATEGIES:
            figures[strategy] = measure(strategy, stories, judge, plain, counter)
        figures["edit, worded anew"] = measure("edit", stories, judge, wordy, counter)
        with tempfile.TemporaryDirectory() as folder:
            first = find_version("merge-edits.v1", settings.prompts)
            prompts = only_version(first, settings.prompts, Path(folder) / "prompts")
            figures["edit, v1"] = measure("edit", stories, judge, plain, counter, prompts)
    print(f"{'':20} {'calls':>6} {'in':>9} {'out':>9} {'document':>9} {'out/document':>13}")
    for name, row in figures.items():
        print(
            f"{name:20} {row['calls']:6} {row['input_tokens']:9,} {row['output_tokens']:9,} "
            f"{row['document_tokens']:9,} {row['per_document_token']:13.2f}"
        )
    kind = "one real tree" if asked.real else "strategies"
    print(json.dumps({"benchmark": kind, "stories": len(stories), **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
