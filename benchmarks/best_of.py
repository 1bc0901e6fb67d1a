"""What the best of several replies of the small local model gains, and what it takes.

    python benchmarks/best_of.py [PATH…] [--model local/smollm2-135m] [--of 1,4] [--limit 24]

Groups of similar stories of each PATH (the sample), two or three each, are merged as the product
does it, once for each number of candidates (``local/NAME@bestN``); and the same with copies planted
among the stories (evals/planting.py), reworded, split and exact. Shares of the chosen replies:
fluent (a user story that ended by itself), grounded (the gate stops no sentence), complete (it says
all that its sources say of role, goal and benefit); and of the merged stories: replaced by the
union of their sources. The candidates are ranked by the same gate that is reported, so that
``grounded`` rises by construction; that nothing else falls, and at which price, is the question.
Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from gate_replies import groups

from evals.merging import MIX, SEEDS, Forgetful, originals
from evals.planting import plant, write_corpus
from evals.statistics import share
from pipeline.catalog import Catalog
from pipeline.cost.limits import window_limits
from pipeline.extract.corpus import extract
from pipeline.merge.choosing import flaws
from pipeline.merge.corpus import Corpus, Reading, gather, read
from pipeline.merge.run import conclude, run_wave
from pipeline.models.base import ModelOptions
from pipeline.models.local import LocalModel
from pipeline.plan.strategies import make_plan
from pipeline.settings import Settings, read_settings
from pipeline.tokens import counter_for

HEADS = ("fluent", "grounded", "complete", "replaced")


def merged(name: str, corpora: list[Corpus], limit: int, settings: Settings) -> dict[str, Any]:
    """All groups merged by one model name."""
    spec = Catalog(settings.models_toml).find(name)
    model = LocalModel(spec, ModelOptions(cache=settings.cache, threads=settings.threads or 1))
    model.engine()  # loading is not what is measured
    found: list[tuple[int, int, int]] = []
    replaced: list[bool] = []
    took = n_calls = n_tokens = 0.0
    try:
        for corpus in corpora:
            plan = make_plan(
                "edit",
                corpus.stories,
                groups(corpus)[:limit],
                spec,
                window_limits(spec),
                counter_for(spec, cache=settings.cache),
                settings.prompts,
                revision=model.revision,
            )
            started = time.perf_counter()
            replies = run_wave(plan.calls, model, Forgetful(), stories=corpus.by_id)
            took += time.perf_counter() - started
            n_calls += len(replies)
            n_tokens += sum(reply.usage.output for reply in replies.values())
            found += [flaws(replies[c.request.key], c, corpus.by_id) for c in plan.calls]
            outcomes = conclude(plan, corpus.by_id, replies, {})
            asked = {story for call in plan.calls for _, story in call.handles}
            replaced += [bool(m.fallback) for m in outcomes.merged if asked & {*m.sources}]
    finally:
        model.close()
    return {
        "groups": len(found),
        "fluent": share([flaw[0] == 0 for flaw in found]),
        "grounded": share([flaw[:2] == (0, 0) for flaw in found]),
        "complete": share([flaw == (0, 0, 0) for flaw in found]),
        "replaced": share(replaced),
        "calls": int(n_calls),
        "tokens": int(n_tokens),
        "seconds": took,
    }


def planted(path: Path) -> Corpus:
    """The stories of a path that are unlike each other, with copies of some, read again."""
    stories = [story for extraction in extract([path]) for story in extraction.stories]
    seed = SEEDS["reported"]
    copies = plant(originals(stories, seed=seed, most=400), seed=seed, shares=MIX, half="reported")
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(copies, Path(folder))
        return gather([folder], how=Reading(exclude=("truth.json",)))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    sample = Path(__file__).resolve().parents[1] / "data" / "sample"
    options.add_argument("paths", nargs="*", type=Path, default=[sample])
    options.add_argument("--model", default="local/smollm2-135m")
    options.add_argument("--of", default="1,4")
    options.add_argument("--limit", type=int, default=24, help="groups of each path, at most")
    asked = options.parse_args()
    corpora = {
        "as they are": [read([path]) for path in asked.paths],
        "with planted copies": [planted(path) for path in asked.paths],
    }
    rows: dict[str, dict[int, Any]] = {}
    for which, given in corpora.items():
        print(f"{which}\n{'of':>3} {'groups':>6} " + " ".join(f"{head:>18}" for head in HEADS))
        rows[which] = {}
        for n in map(int, asked.of.split(",")):
            name = asked.model if n == 1 else f"{asked.model}@best{n}"
            row = merged(name, given, asked.limit, read_settings())
            shares = {key: row[key] for key in HEADS}
            told = " ".join(f"{s.mean:5.2f} [{s.low:.2f}, {s.high:.2f}]" for s in shares.values())
            work = f"{row['calls']} calls, {row['tokens']} tokens, {row['seconds']:.1f} s"
            print(f"{n:3} {row['groups']:6} {told}  {work}", flush=True)
            rows[which][n] = row | {key: value._asdict() for key, value in shares.items()}
    print(json.dumps({"benchmark": "best_of", "model": asked.model, "rows": rows}))


if __name__ == "__main__":
    main()
