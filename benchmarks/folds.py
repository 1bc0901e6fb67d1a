"""Every story that is put aside as a copy, and every fold, for reading.

    python benchmarks/folds.py [PATH …] [--labels]     default: data/sample

Merged without a model, each path on its own. Prints for every ``duplicate_of`` the two stories with
the rules of the proof, and for every fold the words that were put aside beside the line that stands
for them. What differs by letters is printed; folds that are the same to the letter, and a form's
own words (``--labels`` prints them), are counted only. Last, one JSON line with the counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from evals.corpora.planted_merge import merge
from pipeline.config.options import ReadOptions
from pipeline.entries import Entry, Fold, Outcome
from pipeline.run.corpus import Corpus, gather

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def stands_for(fold: Fold, entry: Entry) -> str:
    """The line of the same field that the fold is behind, "" where another entry has it."""
    lines = [line for line in entry.lines if line.field == fold.field]
    own = [line for line in lines if fold.under in line.stories]
    mine = [line for line in own if fold.story in line.stories]
    return next((line.text for line in (*mine, *own, *lines)), "")


def show(corpus: Corpus, *, labels: bool) -> Counter[str]:
    """Print what one corpus folds; returns the counts."""
    merged = merge(corpus)
    counted: Counter[str] = Counter(stories=len(corpus.stories), entries=len(merged.entries))
    for row in merged.ledger:
        if row.outcome is Outcome.DUPLICATE_OF:
            counted["duplicate_of"] += 1
            copy, first = corpus.by_id[row.story].text, corpus.by_id[row.other].text
            if copy.split() == first.split():
                counted["duplicate_of_to_the_letter"] += 1
                continue
            print(f"DUPLICATE ({', '.join(row.rules) or 'no rule'})\n  {copy}\n  {first}")
        elif row.outcome is Outcome.MERGED_INTO:
            counted["merged_into"] += 1
            one, other = corpus.by_id[row.story], corpus.by_id[row.other]
            print(f"ONE NEED ({', '.join(row.rules) or 'no rule'})\n  {one.text}\n  {other.text}")
    for entry in merged.entries:
        for fold in entry.folds:
            counted["folds"] += 1
            counted[f"folds_{fold.field}"] += 1
            if fold.field == "label" and not labels:
                continue
            print(f"FOLD {fold.field} ({', '.join(fold.rules) or 'no rule'})\n  {fold.text}\n  "
                  f"{stands_for(fold, entry)}")  # fmt: skip
    return counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--labels", action="store_true")
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    for path in asked.paths:
        print(f"== {path.name}")
        corpus = gather([path], how=ReadOptions(exclude=("truth.json",)))
        total += show(corpus, labels=asked.labels)
    counts = dict(sorted(total.items()))
    print(json.dumps({"benchmark": "folds", "paths": len(asked.paths), **counts}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
