"""Whether every sentence of every story is in the merged document, whatever judges say.

    python benchmarks/kept.py [PATH …] [--planted 5000] [--seeds 20] [--judged PATH]

Each PATH (default: data/sample; a folder counts whole) is merged without a model and looked
through by ``pipeline.kept``; so are that many stories planted from all of them. Then the first
path, or --judged, is merged with the judges of ``tests/support/judges.py`` (all one need, all
different, all contradicting, at random, nothing), each with --seeds seeds, as if their answers
acted: 5 x 20 runs. Paths without a story are said to be. Prints a table and, last, one JSON line;
exits 1 where a sentence is missing or the books do not balance.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import MIX, SEEDS, merge, originals
from evals.corpora.planting import plant, write_corpus
from pipeline.config.options import ReadOptions
from pipeline.entries import Judgement
from pipeline.extract.extraction import extract
from pipeline.kept import Kept
from pipeline.run.corpus import Corpus, gather
from pipeline.run.output import look
from tests.support.judges import JUDGES, judged

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"
_READING = ReadOptions(exclude=("truth.json",))


@dataclass(frozen=True)
class Row:
    """What one merge kept."""

    name: str
    stories: int
    kept: Kept
    seconds: float

    @property
    def lost(self) -> int:
        return len(self.kept.missing) + len(self.kept.faults)

    def told(self) -> dict[str, Any]:
        return {
            "name": self.name, "stories": self.stories, "units": self.kept.units,
            "standing": self.kept.standing, "folded": dict(self.kept.folded),
            "missing": len(self.kept.missing), "faults": len(self.kept.faults),
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


def looked_through(name: str, corpus: Corpus, judgements: Sequence[Judgement] = ()) -> Row:
    """Merge a corpus and look for every sentence."""
    began = time.perf_counter()
    merged = merge(corpus, judgements)
    kept = look(corpus, merged)
    return Row(name, len(corpus.stories), kept, time.perf_counter() - began)


def planted(paths: Sequence[Path], most: int) -> Row | None:
    """The same of so many stories, three in ten of them copies."""
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    share = 1 + sum(MIX.values())
    texts = originals(stories, seed=SEEDS["reported"], most=round(most / share))
    if len(texts) < 10:
        return None
    with tempfile.TemporaryDirectory() as folder:
        made = plant(texts, seed=SEEDS["reported"], shares=MIX, half="reported")
        write_corpus(made, Path(folder))
        corpus = gather([folder], how=_READING)
    return looked_through("planted", corpus)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--planted", type=int, default=5000, help="stories; 0 for none")
    parser.add_argument("--seeds", type=int, default=20, help="of each judge; 0 for none")
    parser.add_argument("--judged", type=Path, help="what the judges are asked about")
    asked = parser.parse_args()
    rows: list[Row] = []
    print(f"{'':44} {'stories':>8} {'units':>8} {'standing':>9} {'folded':>7} {'missing':>8} "
          f"{'faults':>7} {'seconds':>8}")  # fmt: skip
    for path in asked.paths:
        corpus = gather([path], how=_READING)
        if not corpus.stories:
            print(f"{path.name[:44]:44} no story")
            continue
        rows.append(_shown(looked_through(path.name, corpus)))
    if asked.planted and (row := planted(asked.paths, asked.planted)) is not None:
        rows.append(_shown(row))
    if asked.seeds:
        corpus = gather([asked.judged or asked.paths[0]], how=_READING)
        for name, judge in JUDGES.items():
            for seed in range(asked.seeds):
                said = judged(judge(seed), corpus.pairs, corpus.by_id, seed=seed)
                rows.append(looked_through(f"{name}, seed {seed}", corpus, said))
                if seed == 0 or rows[-1].lost:
                    _shown(rows[-1])
    lost = sum(row.lost for row in rows)
    units = sum(row.kept.units for row in rows)
    print(f"{len(rows)} merges, {units:,} units: {lost} missing or at fault")
    for row in rows:
        for story, unit in row.kept.missing[:3]:
            print(f"missing, {row.name}: {story} {unit!r}")
        for fault in row.kept.faults[:3]:
            print(f"fault, {row.name}: {fault}")
    told = {"merges": len(rows), "units": units, "lost": lost}
    print(json.dumps({"benchmark": "kept", **told, "rows": [row.told() for row in rows]}))
    return 1 if lost else 0


def _shown(row: Row) -> Row:
    kept = row.kept
    print(f"{row.name[:44]:44} {row.stories:8,} {kept.units:8,} {kept.standing:9,} "
          f"{sum(kept.folded.values()):7,} {len(kept.missing):8,} {len(kept.faults):7,} "
          f"{row.seconds:8.1f}", flush=True)  # fmt: skip
    return row


if __name__ == "__main__":
    sys.exit(main())
