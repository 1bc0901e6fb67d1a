"""How much of a plan is asked anew after 1 % of the stories were added or edited.

    python benchmarks/stability.py [PATHS…]     real stories to make the corpus of

The corpus is that of benchmarks/load.py: 400 stories of the sample, or 4,000 of PATHS. 1 % is added
as a document of its own, or edited here and there; the whole way is the real one, from the files to
the requests. Shares are of the prompt tokens, for each model and strategy.
Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.load import Load, RealStories, Told, tell, write
from pipeline.calls import Plan
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.estimate import window_limits
from pipeline.models import ModelSpec
from pipeline.plan.near.similarity import nearest
from pipeline.plan.pairs import NEAREST
from pipeline.plan.strategies import make_plan
from pipeline.run.corpus import Corpus, read
from pipeline.tokens.token_counters import counter_for

PLANS = (
    ("claude/claude-haiku-5-5", "pairs"),
    ("claude/claude-opus-5-5", "pairs"),
    ("local/smollm2-135m", "pairs"),
)
GOAL = 0.05
#: Independent edits of 1 % that the share is a mean of: a few stories alone are a matter of luck.
EDITS = 4
SETTINGS = read_settings({"HOME": os.environ.get("HOME", ".")})


def planned(corpus: Corpus, model: str, strategy: str) -> Plan:
    """The plan that `estimate` prices."""
    spec = spec_of(model)
    return make_plan(
        strategy,
        corpus.stories,
        corpus.clusters if strategy == "tree" else (),
        spec,
        window_limits(spec),
        counter_for(spec, cache=SETTINGS.cache),
        SETTINGS.prompts,
        revision="measured",
        pairs=list(nearest(corpus.pairs, NEAREST)) if strategy == "pairs" else (),
    )


def spec_of(model: str) -> ModelSpec:
    return Catalog(SETTINGS.models_toml).find(model)


def edited(stories: Sequence[Told], source: random.Random) -> list[Told]:
    """1 % of the stories with the last word of another's goal instead of their own."""
    changed = list(stories)
    for place in source.sample(range(len(changed)), len(changed) // 100):
        goal = changed[place].goal.split()
        goal[-1] = source.choice(stories).goal.split()[-1]
        changed[place] = replace(changed[place], goal=" ".join(goal))
    return changed


def share(before: Plan, after: Sequence[Plan]) -> float:
    """Share of the prompt tokens of ``after`` whose requests ``before`` does not hold."""
    known = {call.request.key for call in before.calls}
    calls = [call for plan in after for call in plan.calls]
    new = sum(call.input.n for call in calls if call.request.key not in known)
    return new / max(1, sum(call.input.n for call in calls))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--stories", type=int, help="of the corpus")
    arguments = parser.parse_args()
    n_stories = arguments.stories or (4_000 if arguments.paths else 400)
    real = RealStories(arguments.paths or ["data/sample"])
    load = Load().scaled(n_stories / (Load().n_short + Load().n_long))
    stories, source = tell(real, load), random.Random(load.seed)
    more = tell(real, replace(load, seed=load.seed + 1))[: n_stories // 100]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(stories, folder / "corpus")
        first = read([folder / "corpus"])
        write(more, folder / "more")
        added = read([folder / "corpus", folder / "more"])
        changed = []
        for _ in range(EDITS):
            write(edited(stories, source), folder / "corpus")
            changed.append(read([folder / "corpus"]))
    rows = []
    print(f"{len(first.stories):,} stories; prompt tokens of requests that are new after 1 % was")
    print(f"{'':34}{'calls':>8}{'added':>9}{'edited':>9}   goal {GOAL:.0%}")
    for model, strategy in PLANS:
        before = planned(first, model, strategy)
        shares = [
            share(before, [planned(corpus, model, strategy) for corpus in corpora])
            for corpora in ([added], changed)
        ]
        reached = "reached" if max(shares) <= GOAL else "MISSED"
        print(f"{model:28}{strategy:6}{len(before.calls):8,}", end="")
        print(f"{shares[0]:9.1%}{shares[1]:9.1%}   {reached}")
        rows.append([model, strategy, len(before.calls), *(round(s, 4) for s in shares)])
    figures = {"stories": len(first.stories), "plans": rows}
    print(json.dumps({"benchmark": "stability", **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
