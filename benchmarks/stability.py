"""How much of a plan is asked anew after 1 % of the stories were added or edited.

    python benchmarks/stability.py [PATHS…]     real stories to make the corpus of

The corpus is that of benchmarks/load.py: 400 stories of the sample, or 4,000 of PATHS. 1 % is added
as a document of its own, or edited here and there; the whole way is the real one, from the files to
the requests. Shares are of the output tokens, for each model and strategy. The second table shows
why windows are small: the same `edit` calls with more clusters each, what they cost at first and
after the edit. Prints two tables and, last, one JSON line.
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
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from benchmarks.load import Load, RealStories, Told, tell, write
from pipeline.calls import Band, Call, Plan, TokenCount
from pipeline.catalog import Catalog, ModelSpec
from pipeline.cost.bill import asked, total_usd
from pipeline.cost.estimate import window_limits
from pipeline.merge.corpus import Corpus, read
from pipeline.plan.strategies import make_plan
from pipeline.settings import read_settings
from pipeline.tokens import counter_for

PLANS = (
    ("claude/claude-haiku-5-5", "edit"),
    ("claude/claude-opus-5-5", "edit"),
    ("local/smollm2-135m", "edit"),
)
#: Clusters of one call in the second table; None fills the window.
TOGETHER = (1, 2, 4, 8, 16, None)
GOAL = 0.05
#: Independent edits of 1 % that the share is a mean of: a few stories alone are a matter of luck.
EDITS = 4
SETTINGS = read_settings({"HOME": os.environ.get("HOME", ".")})


class Bundle(NamedTuple):
    """Several clusters asked about in one call."""

    keys: tuple[str, ...]
    call: Call


def planned(corpus: Corpus, model: str, strategy: str) -> Plan:
    """The plan that `estimate` prices."""
    spec = spec_of(model)
    return make_plan(
        strategy,
        corpus.stories,
        corpus.stars if spec.ability == "edits" else corpus.decided,
        spec,
        window_limits(spec),
        counter_for(spec, cache=SETTINGS.cache),
        SETTINGS.prompts,
        revision="measured",
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


def bundled(plan: Plan, together: int | None) -> list[Bundle]:
    """The plan's calls with more clusters each: one prompt and the sum of their clusters. Borders
    come from the requests themselves, one of ``together``, as content-defined windows would."""
    room = plan.limits.input_tokens - max(call.shared_tokens for call in plan.calls)
    windows: list[list[Call]] = []
    left = 0
    for call in plan.calls:
        taken = max(
            call.input.high - call.shared_tokens,
            -(-call.output.high * room // plan.limits.output_tokens),
        )
        begins = together is not None and int(call.request.key[:8], 16) % together == 0
        if begins or taken > left:
            windows.append([])
            left = room
        windows[-1].append(call)
        left -= taken
    bundles = []
    for calls in windows:
        again = (len(calls) - 1) * calls[0].shared_tokens
        counts = [c.input for c in calls]
        total = replace(
            calls[0],
            input=TokenCount(
                n=sum(c.n for c in counts) - again,
                counter=counts[0].counter,
                exact=False,
                low=sum(c.low for c in counts) - again,
                high=sum(c.high for c in counts) - again,
            ),
            output=Band(*(sum(part) for part in zip(*(c.output for c in calls), strict=True))),
        )
        bundles.append(Bundle(tuple(c.request.key for c in calls), total))
    return bundles


def usd(spec: ModelSpec, plan: Plan, bundles: Sequence[Bundle]) -> Decimal:
    """Likely dollars of the calls, today."""
    as_planned = replace(plan, calls=tuple(bundle.call for bundle in bundles))
    likely = [request.likely for request in asked(spec, as_planned)]
    found = total_usd(spec, likely, datetime.now(UTC).date())
    if found is None:
        raise SystemExit(f"{spec.name} has no price.")
    return found


def share(before: Plan, after: Sequence[Plan]) -> float:
    """Share of the output tokens of ``after`` whose requests ``before`` does not hold."""
    known = {call.request.key for call in before.calls}
    calls = [call for plan in after for call in plan.calls]
    new = sum(call.output.likely for call in calls if call.request.key not in known)
    return new / max(1, sum(call.output.likely for call in calls))


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
    print(f"{len(first.stories):,} stories; output tokens of requests that are new after 1 % was")
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
    trade = []
    print("\nwith more clusters a call, `edit`:")
    print(f"{'':34}{'calls':>8}{'USD':>9}{'again':>9}   of it after 1 % was edited")
    for model in ("claude/claude-haiku-5-5", "gemini/gemini-3.1-pro-preview"):
        spec = spec_of(model)
        before, after = (planned(c, model, "edit") for c in (first, changed[0]))
        for together in TOGETHER:
            old, new = bundled(before, together), bundled(after, together)
            known = {bundle.keys for bundle in old}
            once = usd(spec, before, old)
            again = usd(spec, after, [bundle for bundle in new if bundle.keys not in known])
            print(f"{model:28}{together or 'full':>6}{len(old):8,}", end="")
            print(f"{once:9.3f}{again:9.3f}   {again / once:.0%}")
            trade.append([model, together, len(old), str(once), str(again)])
    figures = {"stories": len(first.stories), "plans": rows, "together": trade}
    print(json.dumps({"benchmark": "stability", **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
