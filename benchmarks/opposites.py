"""Pairs that ask for opposite things: none may be folded, and how many are marked.

    python benchmarks/opposites.py [PAIRS.tsv [BACKLOG …]] [--random 500] [--seed 0] [--show]

PAIRS.tsv holds a kind and two stories a line, under a head ``kind one other``; without it nothing
is run. Every pair is written into a document of its own and merged with all others, without a
model; counted are pairs in one entry, marked as (possibly) in conflict with the words that differ,
next to each other, and goals that stand. Of BACKLOG (files or folders), so many random pairs of
different stories are drawn with the seed, from one document each, and merged two by two: a mark
there is likely a false one, and ``--show`` prints them for reading. Prints tables and, last, one
JSON line; exits 1 where a pair is folded or a goal does not stand.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import merge
from evals.metrics.quality import Placed
from pipeline.entries import Conflict, Merge
from pipeline.merge.placing import possible_conflicts
from pipeline.merge.settling import Settled
from pipeline.plan.near.similarity import Pair
from pipeline.run.corpus import Corpus, gather
from pipeline.stories import Story, normalise


@dataclass(frozen=True)
class Opposite:
    """Two stories of one pair, and what became of them."""

    kind: str
    one: Story
    other: Story
    placed: Placed

    @property
    def folded(self) -> bool:
        return self.placed.folded(self.one.id, self.other.id)

    @property
    def marked(self) -> bool:
        return self.placed.conflicting(self.one.id, self.other.id)

    @property
    def shown(self) -> bool:
        """Marked, or next to each other, with words that differ."""
        conflicts, links = self.placed.merge.conflicts, self.placed.merge.links
        stories = {self.one.id, self.other.id}
        entries = {self.placed.entry_of[name] for name in stories}
        if any(
            {side.story for side in c.sides} == stories and any(s.differs for s in c.sides)
            for c in conflicts
        ):
            return True
        return any({k.a, k.b} == entries and (k.only_a or k.only_b) for k in links)

    @property
    def linked(self) -> bool:
        return self.placed.next_to(self.one.id, self.other.id)

    @property
    def standing(self) -> int:
        """Of its two goals, those that stand in a line."""
        lines = {
            entry.id: normalise("\n".join(line.text for line in entry.lines))
            for entry in self.placed.merge.entries
        }
        return sum(
            normalise(story.goal or story.text) in lines[self.placed.entry_of[story.id]]
            for story in (self.one, self.other)
        )


def read_pairs(file: Path) -> list[tuple[str, str, str]]:
    """(kind, one, other) of every line."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["kind"], row["one"], row["other"]) for row in rows]


def opposites(pairs: Sequence[tuple[str, str, str]]) -> Iterator[Opposite]:
    """All pairs in one merge, each in a document of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, one, other) in enumerate(pairs):
            file = Path(folder) / f"{number:04}.md"
            file.write_text(f"- {one}\n- {other}\n", encoding="utf-8")
        corpus = gather([folder])
    placed = Placed(merge(corpus))
    for (kind, *_), extraction in zip(pairs, corpus.extractions, strict=True):
        if len(extraction.stories) != 2:
            raise SystemExit(f"{extraction.document.path}: not read as two stories")
        yield Opposite(kind, *extraction.stories, placed)


def random_pairs(corpus: Corpus, n: int, seed: int) -> list[tuple[Story, Story]]:
    """Pairs of different stories of one document, no two of them proved one need."""
    every = [
        (a, b)
        for extraction in corpus.extractions
        for a, b in combinations(extraction.stories, 2)
        if a.fingerprint != b.fingerprint and a.need != b.need
    ]
    return random.Random(seed).sample(every, min(n, len(every)))


def marks(corpus: Corpus, pairs: Sequence[tuple[Story, Story]]) -> list[Conflict]:
    """What would be marked of these pairs if each were looked at, whatever its likeness."""
    asked = [Pair(a.id, b.id, 1.0) for a, b in pairs]
    return list(possible_conflicts(corpus.by_id, asked, corpus.weights, Settled()))


def in_merge(merged: Merge, pairs: Sequence[tuple[Story, Story]]) -> int:
    """Pairs that are marked where the whole backlog is merged."""
    placed = Placed(merged)
    return sum(placed.conflicting(a.id, b.id) for a, b in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pairs", nargs="?", type=Path)
    parser.add_argument("backlogs", nargs="*", type=Path)
    parser.add_argument("--random", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print marks and misses")
    asked = parser.parse_args()
    if asked.pairs is None:
        print("not run: name a file of pairs.")
        print(json.dumps({"benchmark": "opposites", "pairs": 0}))
        return 0
    found = list(opposites(read_pairs(asked.pairs)))
    figures: dict[str, Any] = {
        "pairs": len(found),
        "folded": sum(o.folded for o in found),
        "goals_standing": sum(o.standing for o in found),
        "marked": sum(o.marked for o in found),
        "next_to_each_other": sum(o.linked for o in found),
        "marked_or_next": sum(o.marked or o.linked for o in found),
        "with_differing_words": sum((o.marked or o.linked) and o.shown for o in found),
    }
    kinds = Counter(o.kind for o in found)
    print(f"{'kind':28} {'pairs':>6} {'folded':>7} {'marked':>7} {'next to':>8} {'neither':>8}")
    for kind, n in sorted(kinds.items()):
        own = [o for o in found if o.kind == kind]
        neither = sum(not (o.marked or o.linked) for o in own)
        print(f"{kind:28} {n:6} {sum(o.folded for o in own):7} {sum(o.marked for o in own):7} "
              f"{sum(o.linked for o in own):8} {neither:8}")  # fmt: skip
    if asked.show:
        for o in found:
            if not o.marked:
                print(f"not marked: {o.one.text} | {o.other.text}")
    if asked.backlogs:
        corpus = gather(asked.backlogs)
        pairs = random_pairs(corpus, asked.random, asked.seed)
        alone, merged = marks(corpus, pairs), merge(corpus)
        figures |= {
            "random_pairs": len(pairs),
            "random_marks": len(alone),
            "random_marks_in_merge": in_merge(merged, pairs),
            "marks_in_merge": len(merged.conflicts),
            "stories": len(corpus.stories),
        }
        if asked.show:
            for conflict in (*alone, *merged.conflicts):
                print(f"marked ({conflict.about}): " + " | ".join(s.text for s in conflict.sides))
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):24} {value}")
    print(json.dumps({"benchmark": "opposites", "seed": asked.seed, **figures}))
    return 1 if figures["folded"] or figures["goals_standing"] < 2 * len(found) else 0


if __name__ == "__main__":
    sys.exit(main())
