"""What the look for conflicts lets a model see, and what it costs.

    python benchmarks/conflicts.py [PATH…] [--planted N] [--model NAME]    default: data/sample, 20

N contradictions are planted far apart into the stories: each in two that are not alike, in other
words (evals/apart.py). Code alone, as any merge has it, is asked for conflicts first; then a model
that names every contradiction one prompt shows, and nothing else, answers the windows of
``--conflicts``. For several sizes of a window: calls, input tokens, dollars, the share of all pairs
of stories that some window shows together, which is what windows filled by chance would find, and
how many of the planted contradictions were found. Last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.apart import Clash, clashes, finder, plant_apart
from evals.judges import CodeJudge
from evals.merging import SEEDS, Forgetful, originals
from evals.planting import Planted, write_corpus
from pipeline.calls import Request, WindowLimits, canonical_json
from pipeline.catalog import Catalog, ModelSpec
from pipeline.cost.bill import asked, total_usd
from pipeline.extract.corpus import extract
from pipeline.merge.corpus import Corpus, Reading, gather
from pipeline.merge.run import run_plan
from pipeline.outcomes import Outcomes, StoryText
from pipeline.plan.strategies import make_plan
from pipeline.settings import Settings, read_settings
from pipeline.stories import normalise
from pipeline.tokens import counter_for

#: Tokens of a prompt; the last is what the model's own window holds.
WINDOWS = (4_000, 8_000, 32_000, 128_000)
REPLY = 8_000


class Finder(CodeJudge):
    """Merges nothing, and names every planted contradiction that a prompt shows."""

    clashes: Sequence[Clash] = ()

    def answer(self, request: Request) -> str:
        if request.purpose == "conflicts":
            return finder(self.clashes)(request.messages[-1].content)
        return canonical_json({"edits": []})


def corpus_of(texts: Sequence[StoryText], folder: Path) -> Corpus:
    """The stories as documents, read again."""
    write_corpus([Planted(str(i), t, "original", str(i)) for i, t in enumerate(texts)], folder)
    return gather([str(folder)], how=Reading(exclude=("truth.json",)))


def found(outcomes: Outcomes, corpus: Corpus, planted: Sequence[Clash]) -> int:
    """How many of the planted contradictions stand among the conflicts."""
    pairs = [[normalise(corpus.by_id[s].text) for s in c.stories] for c in outcomes.conflicts]
    rules = [[normalise(rule) for rule in clash.rules] for clash in planted]
    return sum(
        any(all(any(rule in text for text in pair) for rule in clash) for pair in pairs)
        for clash in rules
    )


def measure(
    corpus: Corpus, planted: Sequence[Clash], spec: ModelSpec, window: int, settings: Settings
) -> dict[str, Any]:
    """One size of window, merged to its document; 0 is a merge without the look."""
    counter = counter_for(spec, cache=settings.cache)
    limits = WindowLimits(window or WINDOWS[0], REPLY, "benchmark")
    plan = make_plan(
        "edit", corpus.stories, corpus.stars, spec, limits, counter, settings.prompts,
        revision="finder", conflicts=bool(window),
    )  # fmt: skip
    model = Finder(spec, counter.count_text)
    model.clashes = planted
    outcomes = run_plan(plan, corpus.by_id, model, Forgetful(), allow_cloud=("all",))
    pairs = len(corpus.stories) * (len(corpus.stories) - 1) / 2
    met = sum(len(call.handles) * (len(call.handles) - 1) / 2 for call in plan.looking)
    today = datetime.now(UTC).date()
    costs = [
        request.likely
        for call, request in zip(plan.calls, asked(spec, plan), strict=True)
        if call.request.purpose == "conflicts"
    ]
    usd = total_usd(spec, costs, today) if costs else None
    return {
        "window": window,
        "calls": len(plan.looking),
        "input_tokens": sum(call.input.n for call in plan.looking),
        "usd": None if usd is None else str(round(usd, 4)),
        "pairs_met": round(met / pairs, 4),
        "found": found(outcomes, corpus, planted),
        "conflicts": len(outcomes.conflicts),
        "failed_calls": len(outcomes.failed_calls),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["data/sample"], type=Path)
    parser.add_argument("--planted", type=int, default=20)
    parser.add_argument("--most", type=int, default=5000, help="stories, at most")
    parser.add_argument("--model", default="claude/claude-haiku-5-5")
    wanted = parser.parse_args()
    settings = read_settings({})
    spec = Catalog(settings.models_toml).find(wanted.model)
    seed = SEEDS["reported"]
    stories = [story for e in extract(wanted.paths) for story in e.stories]
    texts = originals(stories, seed=seed, most=wanted.most)
    random.Random(seed).shuffle(texts)
    planted = clashes(wanted.planted, seed=seed)
    texts, _ = plant_apart(texts, planted, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        corpus = corpus_of(texts, Path(folder))
        rows = [measure(corpus, planted, spec, window, settings) for window in (0, *WINDOWS)]
    print(f"{len(corpus.stories)} stories, {len(planted)} contradictions planted far apart")
    print(f"{'window':>9} {'calls':>6} {'in':>9} {'USD':>8} {'pairs met':>10} {'found':>6}")
    for row in rows:
        print(
            f"{row['window'] or 'none':>9} {row['calls']:6} {row['input_tokens']:9,} "
            f"{row['usd'] or '–':>8} {row['pairs_met']:10.1%} {row['found']:6}"
        )
    print(json.dumps({"benchmark": "conflicts", "stories": len(corpus.stories),
                      "planted": len(planted), "model": spec.name, "rows": rows}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
