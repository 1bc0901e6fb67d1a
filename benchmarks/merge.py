"""What a merge makes of a backlog whose truth is known, and how much is left to read.

    python benchmarks/merge.py [FOLDER]     default: data/sample, with its truth.json

The whole way is the real one, without a model: extraction, proof, likeness, ledger, document, and
the check that every sentence is kept. Pairs are counted as `eval merging` counts them: in one
entry, or in two that stand next to each other. Prints a table and, last, one JSON line; exits 1
where something is missing, or what only looks alike stands in one entry.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import merge
from evals.corpora.truth import Pair, Truth, read_truth, recognise
from evals.metrics.quality import Placed, quality
from evals.metrics.statistics import Interval
from pipeline.config.options import ReadOptions
from pipeline.merge.ledger import counts
from pipeline.run.corpus import gather
from pipeline.run.output import as_told, laid_out, look, write_merge
from pipeline.run.output import words as words_of
from pipeline.stories import count_words

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def measure(folder: Path, truth: Truth) -> dict[str, Any]:
    """All figures of one merge of a folder."""
    began = time.perf_counter()
    corpus = gather([folder], how=ReadOptions(exclude=("truth.json",)))
    merged = merge(corpus)
    kept = look(corpus, merged)
    with tempfile.TemporaryDirectory() as out:
        layout = laid_out(corpus, merged, {"kept": as_told(kept)})
        files = write_merge(Path(out), layout, kept)
        seconds = time.perf_counter() - began
        words = _words(Path(files["markdown"]))
    ids = recognise(truth, corpus)
    told = (kept.units - len(kept.missing), kept.units)
    figures = quality(truth, ids, merged, corpus.by_id, told).figures
    placed = Placed(merged)
    return {
        "stories": len(corpus.stories),
        "entries": len(merged.entries),
        "ledger": counts(merged.ledger),
        "conflicts": len(truth.conflicts),
        "conflicts_marked": _count(figures["conflicts_marked"]),
        "conflicts_in_one_entry": _count(figures["conflicts_in_one_entry"]),
        "marks": len(merged.conflicts),
        "lookalikes": len(truth.lookalikes),
        "lookalikes_folded": _count(figures["lookalikes_folded"]),
        "belonging": len(truth.belonging),
        "in_one_entry": _count(figures["folded"]),
        "next_to_each_other": _count(figures["next_to"]),
        "apart": sorted(_apart(truth.belonging, ids, placed)),
        "kept": kept.units - len(kept.missing),
        "units": kept.units,
        "faults": len(kept.faults),
        **words_of(corpus, merged),
        **words,
        "seconds": round(seconds, 2),
    }


def _apart(pairs: frozenset[Pair], ids: dict[str, str], placed: Placed) -> list[str]:
    """The pairs that belong together and stand neither in one entry nor next to each other."""
    told = (sorted(pair) for pair in pairs)
    return [f"{a} {b}" for a, b in told if not placed.together(ids[a], ids[b])]


def _words(file: Path) -> dict[str, int]:
    """Words of the Markdown edition, and of its overview: what stands before the first
    section of entries."""
    text = file.read_text(encoding="utf-8")
    overview, _, _ = text.partition('\n## <a id="')
    return {"merged_md_words": count_words(text), "overview_words": count_words(overview)}


def _count(found: Interval) -> int:
    return round(found.mean * found.n)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", default=_SAMPLE, type=Path)
    folder = parser.parse_args().folder
    figures = measure(folder, read_truth(folder / "truth.json"))
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):22} {value}")
    print(json.dumps({"benchmark": "merge", "folder": folder.name, **figures}))
    lost = figures["units"] - figures["kept"] + figures["faults"]
    return 1 if lost or figures["lookalikes_folded"] else 0


if __name__ == "__main__":
    sys.exit(main())
