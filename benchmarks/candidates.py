"""Which pairs a judge is asked about: how many of the true ones, by which list of candidates.

    python benchmarks/candidates.py [PATH …] [--half tuning] [--most N] [--db URL] [--out FILE]

Recall: of pairs of stories that are one need, overlap or contradict each other, and that proof does
not decide, the share that is among the k nearest of either story by the index of words, by sentence
vectors, and by both; n, and the exact interval of Clopper and Pearson. Once on what people labelled
in data/sample, once on copies that are planted in the stories of PATH (evals/corpora/planting.py;
default: data/sample).
``--half tuning`` plants with other words and another seed; ``--db`` keeps the vectors for the next
time. Without the package of the encoder the index alone is measured. How finding them grows with a
corpus is the business of benchmarks/growth.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import MIX, SEEDS, originals
from evals.corpora.planting import plant, write_corpus
from evals.corpora.rewording import Half
from evals.corpora.truth import Truth, read_truth, recognise
from pipeline.config.options import ReadOptions
from pipeline.extract.extraction import extract
from pipeline.judge.intervals import Rate
from pipeline.plan.near.candidates import INDEX, VECTORS, StoryVectors, unite
from pipeline.run.corpus import Corpus, gather
from pipeline.run.corpus_vectors import all_vectors
from pipeline.store.record import Store, open_store

_ROOT = Path(__file__).parents[1]
_SAMPLE = _ROOT / "data" / "sample"
_CACHE = _ROOT / "data" / "runs"
KS = (5, 10, 20)
BOTH = "both"

Pair = frozenset[str]


def recalls(truth: Truth, corpus: Corpus, vectors: StoryVectors | None) -> list[dict[str, Any]]:
    """A row for each k and list."""
    ids = recognise(truth, corpus)
    first = {story.fingerprint: story.id for story in reversed(corpus.stories)}
    stands = {name: first[corpus.by_id[story].fingerprint] for name, story in ids.items()}
    needs = {story.id: story.need for story in corpus.stories}

    def is_open(a: str, b: str) -> bool:
        return not (needs[a] and needs[a] == needs[b])

    told = {frozenset(stands[name] for name in true) for true in truth.belonging | truth.conflicts}
    wanted = {pair for pair in told if len(pair) == 2 and is_open(*sorted(pair))}
    lists = (INDEX,) if vectors is None else (INDEX, VECTORS, BOTH)
    # Enough more that those which proof decides take nobody's place.
    by_vectors = [] if vectors is None else vectors.pairs(corpus.stories, 2 * max(KS))
    rows = []
    for k in KS:
        for name in lists:
            words = corpus.pairs if name != VECTORS else ()
            found = unite(words, by_vectors if name != INDEX else (), k, is_open)
            asked = {frozenset((pair.a, pair.b)) for pair in found.pairs}
            hits = len(wanted & asked)
            low, high = Rate(hits, len(wanted)).interval
            rows.append(
                {
                    "k": k,
                    "list": name,
                    "n": len(wanted),
                    "recall": round(hits / len(wanted), 4),
                    "interval": [round(low, 4), round(high, 4)],
                    "pairs": len(asked),
                }
            )
    return rows


def labelled(store: Store) -> list[dict[str, Any]]:
    """On what is known of the sample."""
    corpus = gather([_SAMPLE])
    vectors = all_vectors(store, corpus.stories, cache=_CACHE, say=_tell)
    return recalls(read_truth(_SAMPLE / "truth.json"), corpus, vectors)


def planted(paths: Sequence[Path], half: Half, most: int, store: Store) -> list[dict[str, Any]]:
    """On copies that are planted in real stories."""
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    seed = SEEDS[half]
    told = plant(originals(stories, seed=seed, most=most), seed=seed, shares=MIX, half=half)
    with tempfile.TemporaryDirectory() as folder:
        truth = read_truth(write_corpus(told, Path(folder)))
        corpus = gather([folder], how=ReadOptions(exclude=("truth.json",)))
        vectors = all_vectors(store, corpus.stories, cache=_CACHE, say=_tell)
        return recalls(truth, corpus, vectors)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_recalls(title: str, rows: Sequence[dict[str, Any]]) -> None:
    print(f"{title}, {rows[0]['n']} pairs\n  {'k':>3}  {'list':8}{'recall':>8}  interval    asked")
    for row in rows:
        low, high = row["interval"]
        print(f"  {row['k']:3}  {row['list']:8}{row['recall']:8.1%}  {low:.0%}–{high:.0%}"
              f"{row['pairs']:10,}")  # fmt: skip
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--half", choices=("tuning", "reported"), default="reported")
    parser.add_argument("--most", type=int, default=2800, help="originals, at most")
    parser.add_argument("--db", help="keeps the vectors; none: a database for this time")
    parser.add_argument("--out", type=Path, help="a JSON line is appended to this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        url = asked.db or f"sqlite:///{scratch}/vectors.sqlite"
        with open_store(url, now=lambda: datetime.now(UTC)) as store:
            sample = labelled(store)
            _print_recalls("labelled: data/sample", sample)
            copies = planted(asked.paths, asked.half, asked.most, store)
            _print_recalls(f"planted: {', '.join(path.name for path in asked.paths)}", copies)
    if asked.out is not None:
        row = {"benchmark": "candidates", "half": asked.half, "labelled": sample, "planted": copies}
        with asked.out.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
