"""How well a merge does on real stories with planted copies, whose truth is known.

    python benchmarks/planted.py [PATH …] [--half tuning] [--most N] [--model NAME]

Without a path, the stories of data/sample. They are drawn, copied (evals/planting.py), written as
documents, read again and merged with the extractive model or the one named. Tables: how many true
pairs the index found and what share of all pairs it looked at; pairs and B-cubed by kind of copy;
duplicates left; conflicts found; the same for long stories, by passage. ``--half tuning`` uses
other words and another seed, for whoever changes the matcher; the figures to report are those of
the other half. Last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evals.clusterings import Agreement
from evals.contradicting import KINDS
from evals.merging import (
    MIX,
    SEEDS,
    Result,
    candidates,
    conflicting,
    merge,
    originals,
    recognise,
    result,
    true_pairs,
)
from evals.narratives import paragraphs, plant_passages, told, write_narratives
from evals.planting import Change, Planted, plant, write_corpus
from evals.rewording import Half
from pipeline.catalog import Catalog
from pipeline.compare.measures import stem_weights
from pipeline.extract.corpus import extract
from pipeline.merge.corpus import Corpus, Reading, gather
from pipeline.gate.grounding import fields_of
from pipeline.models.base import ModelOptions
from pipeline.models.extractive import REVISION, ExtractiveModel
from pipeline.models.opening import open_model, revision_of
from pipeline.outcomes import Outcomes
from pipeline.plan.index import Index
from pipeline.plan.similarity import similar_pairs, unique
from pipeline.settings import Settings, read_settings
from pipeline.stories import count_words
from pipeline.tokens import counter_for

#: Whose tokens are counted.
_COUNTED = "local/smollm2-135m"
_SAMPLE = Path(__file__).parents[1] / "data" / "sample"
_KINDS: tuple[Change, ...] = ("exact", "light", "medium", "heavy", "split")


def looked_at(corpus: Corpus) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Pairs of stories (ids) that the index measures, and those alike enough to be judged.

    An exact copy stands where its first stands: what is looked at for the one is for the other.
    """
    stories = corpus.stories
    weights = stem_weights(stories)
    compared = unique(stories)
    places = Index(compared, weights).candidates().tolist()
    measured = {frozenset((compared[i].id, compared[j].id)) for i, j in places}
    judged = {frozenset((p.a, p.b)) for p in similar_pairs(stories, weights=weights)}
    return measured, judged


def score(planted: Sequence[Planted], truth: Path, corpus: Corpus, outcomes: Outcomes,
          settings: Settings) -> dict[str, Any]:  # fmt: skip
    """All figures of one run."""
    ids = recognise(json.loads(truth.read_text(encoding="utf-8")), corpus.stories)
    first = {s.fingerprint: s.id for s in reversed(corpus.stories)}
    stands = {name: first[corpus.by_id[story].fingerprint] for name, story in ids.items()}
    wanted = {
        pair
        for planted_pair in true_pairs(planted) | conflicting(planted)
        if len(pair := frozenset(stands[name] for name in planted_pair)) == 2
    }
    measured, judged = looked_at(corpus)
    found = result(planted, ids, outcomes)
    source, left = _tokens(corpus, outcomes, settings)
    unions = [m for m in outcomes.merged if m.origin == "union"]
    return {
        "stories": len(corpus.stories),
        "originals": sum(entry.change == "original" for entry in planted),
        "candidates": candidates(wanted, measured, len(corpus.stories))._asdict(),
        "judged": candidates(wanted, judged, len(corpus.stories))._asdict(),
        "pairs": _rounded(found.pairs),
        "b_cubed": _rounded(found.items()),
        "by_kind": {kind: _of_kind(found, kind) for kind in _KINDS},
        "left_twice": round(found.left(), 4),
        "as_one": round(found.as_one(), 4),
        "look_alikes_merged": found.wrongly_joined("lookalike"),
        "look_alikes": sum(entry.change == "lookalike" for entry in planted),
        "contradictions_merged": found.wrongly_joined("contradiction"),
        "conflicts": _rounded(found.disagreements()),
        "conflicts_by_kind": {k: round(found.disagreements(k).recall, 3) for k in KINDS},
        "tokens": source,
        "tokens_left": left,
        "share_left": round(left / source, 4),
        "merged_stories": len(outcomes.merged),
        "written_by_model": sum(m.origin == "model" for m in outcomes.merged),
        "unions": len(unions),
        "replaced_by_union": sum(bool(m.fallback) for m in outcomes.merged),
    }


def _of_kind(found: Result, kind: Change) -> dict[str, Any]:
    return _rounded(found.items(kind)) | {"left_twice": round(found.left(kind), 4)}


def _rounded(found: Agreement) -> dict[str, Any]:
    return {"precision": round(found.precision, 4), "recall": round(found.recall, 4),
            "f1": round(found.f1, 4), "n": found.n}  # fmt: skip


def run(paths: Sequence[Path], half: Half, most: int, name: str) -> dict[str, Any]:
    """Plant, write, read, merge with the model of that name, score."""
    settings = read_settings({})
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    seed = SEEDS[half]
    planted = plant(originals(stories, seed=seed, most=most), seed=seed, shares=MIX, half=half)
    spec = Catalog(settings.models_toml).find(name)
    model = open_model(spec, ModelOptions(cache=settings.cache))
    revision = revision_of(spec, settings.cache)
    with tempfile.TemporaryDirectory() as folder:
        truth = write_corpus(planted, Path(folder))
        start = time.perf_counter()
        corpus = gather([folder], how=Reading(exclude=("truth.json",)))
        outcomes = merge(corpus, model, revision, settings)
        seconds = time.perf_counter() - start
        return score(planted, truth, corpus, outcomes, settings) | {"seconds": round(seconds, 1)}


def run_long(paths: Sequence[Path], half: Half, most: int) -> dict[str, Any]:
    """The same with long stories, told by passage, which is code's work whatever the model;
    nothing where the paths have no paragraph for them."""
    settings = read_settings({})
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    texts = paragraphs(stories, seed=SEEDS[half], most=most)
    if not texts:
        return {}
    planted = plant_passages(texts, seed=SEEDS[half], half=half)
    model = ExtractiveModel(Catalog(settings.models_toml).find("extractive"))
    with tempfile.TemporaryDirectory() as folder:
        write_narratives(planted, Path(folder))
        corpus = gather([folder], how=Reading(exclude=("passages.json",)))
        outcomes = merge(corpus, model, REVISION, settings)
    source, left = _tokens(corpus, outcomes, settings)
    return {
        "stories": len(corpus.stories),
        "passages": len(planted),
        "merged_stories": len(outcomes.merged),
        "share_left": round(left / source, 4),
        "ideal_share": round(1 - _words(p.text for p in planted if p.of)
                             / _words(p.text for p in planted), 4),
        "all": told(planted, corpus.stories, outcomes)._asdict(),
        **{k: told(planted, corpus.stories, outcomes, k)._asdict() for k in _KINDS[:-1]},
    }  # fmt: skip


def _words(texts: Iterable[str]) -> int:
    return sum(map(count_words, texts))


def _tokens(corpus: Corpus, outcomes: Outcomes, settings: Settings) -> tuple[int, int]:
    """Tokens of all stories read, and of the merged document's."""
    counter = counter_for(Catalog(settings.models_toml).find(_COUNTED), cache=settings.cache)

    def count(texts: list[str]) -> int:
        return sum(found.n for found in counter.count_texts(texts))

    return (
        count([text for story in corpus.stories for _, text in story.fields]),
        count([text for merged in outcomes.merged for _, text in fields_of(merged.text)]),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--half", choices=("tuning", "reported"), default="reported")
    parser.add_argument("--most", type=int, default=2800, help="originals, at most")
    parser.add_argument("--model", default="extractive", help="writes; code finds and decides")
    asked = parser.parse_args()
    figures = run(asked.paths, asked.half, asked.most, asked.model)
    print(f"{'':16}  recall  of all pairs")
    for name in ("candidates", "judged"):
        row = figures[name]
        print(f"{name:16} {row['recall']:7.4f} {row['share']:13.4%}")
    print(f"\n{'':16} precision  recall     F1      n  left twice")
    rows = {"pairs": figures["pairs"], "b_cubed": figures["b_cubed"], **figures["by_kind"],
            "conflicts": figures["conflicts"]}  # fmt: skip
    for name, row in rows.items():
        left = f"{row['left_twice']:11.3f}" if "left_twice" in row else ""
        print(f"{name:16} {row['precision']:9.3f} {row['recall']:7.3f} {row['f1']:6.3f}"
              f" {row['n']:6}{left}")  # fmt: skip
    print()
    for name, value in figures.items():
        if not isinstance(value, dict) or name == "conflicts_by_kind":
            print(f"{name:24} {value}")
    long = run_long(asked.paths, asked.half, asked.most)
    if not long:
        print("no paragraphs to plant long stories from")
        print(
            json.dumps(
                {"benchmark": "planted", "half": asked.half, "model": asked.model, **figures}
            )
        )
        return 0
    print(f"\n{'long stories':16} {'as one':>9} {'left':>7} {'n':>6}")
    for name in ("all", *_KINDS[:-1]):
        row = long[name]
        print(f"{name:16} {row['as_one']:9.3f} {row['left']:7.3f} {row['n']:6}")
    for name, value in long.items():
        if not isinstance(value, dict):
            print(f"{name:24} {value}")
    print(f"{'lost':24} {long['all']['lost']}")
    print(
        json.dumps(
            {
                "benchmark": "planted",
                "half": asked.half,
                "model": asked.model,
                **figures,
                "long": long,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
