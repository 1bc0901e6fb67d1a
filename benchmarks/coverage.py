"""Coverage against labels: do the shares of ``eval coverage`` agree with who read the pairs?

    python benchmarks/coverage.py [FILE] [--seed 0] [--rounds 2000] [--show 5]

Each line of FILE (``benchmarks/labels/coverage.jsonl``) is a sample: a summary in bullets and
insights with their labels, 0 to 1. Prints Pearson's correlation of share and label and the area
under the ROC curve of "told at all" (a label above 0) with 95 % bootstrap intervals, samples drawn
with replacement since insights of one share a summary; beside it the same of a simpler measure, of
the gate's yes or no, and without the pairs that were built to mislead; then the mean share by kind
of pair, and the pairs that are furthest off.

Exits 1 where a line is not a sample.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import snowballstemmer

from evals.metrics.coverage_share import coverage, terms
from pipeline.compare.features import features
from pipeline.text.words import word_set
from tests.support.said import holds

#: Pairs built to mislead whoever looks at words: the figures are printed without them, too.
MISLEADING = ("contradictory", "other-meaning")
#: Pairs that say in other words what is told: no measure of words can see that.
REWORDED = ("paraphrase", "generalised")
LABELS = Path(__file__).parent / "labels" / "coverage.jsonl"


class Scored(NamedTuple):
    """A pair: what was measured, what a reader said, how it was made."""

    share: float
    label: float
    kind: str
    insight: str


Measure = Callable[[Sequence[str], Sequence[str]], list[float]]


def graded(insights: Sequence[str], told: Sequence[str]) -> list[float]:
    """The measure of ``eval coverage``."""
    return [one.share for one in coverage(insights, told)]


def unweighted(insights: Sequence[str], told: Sequence[str]) -> list[float]:
    """The share of stems in the best bullet, each counted once."""
    bags = [set(terms(bullet)) for bullet in told]
    wanted = [set(terms(insight)) for insight in insights]
    return [max((len(one & bag) / len(one) for bag in bags), default=0.0) for one in wanted]


def as_published(insights: Sequence[str], told: Sequence[str]) -> list[float]:
    """The recipe that reached 0.740 on SummHay's labels, written anew from its description alone:
    Snowball's stems without a small stop list, by rarity among the insights of the sample."""
    wanted = [_stems(insight) for insight in insights]
    having = Counter(stem for stems in wanted for stem in stems)
    weight = {stem: math.log((len(wanted) + 1) / n) + 0.1 for stem, n in having.items()}
    bags = [_stems(bullet) for bullet in told]
    return [
        max((sum(weight[stem] for stem in stems & bag) for bag in bags), default=0.0)
        / sum(weight[stem] for stem in stems)
        for stems in wanted
    ]


_STEMMER = snowballstemmer.stemmer("english")
_SMALL = word_set(
    "a an the of to in on at for and or is are was were be been by with as that this it its"
)


def _stems(text: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9]+", re.sub(r"\[[\d, ]+\]", "", text).lower())
    return frozenset(_STEMMER.stemWord(word) for word in words if word not in _SMALL)


def by_gate(insights: Sequence[str], told: Sequence[str]) -> list[float]:
    """1 where one bullet holds what the gate asks of it, else 0."""
    bags = [features(bullet) for bullet in told]
    return [float(any(holds(bag, features(insight)) for bag in bags)) for insight in insights]


MEASURES: Mapping[str, Measure] = {
    "graded, by rarity": graded,
    "graded, the recipe as published": as_published,
    "graded, each stem once": unweighted,
    "the gate, yes or no": by_gate,
}


def pearson(pairs: Sequence[Scored]) -> float:
    """Pearson's correlation of share and label; 0 where one of them does not vary."""
    x, y = [p.share for p in pairs], [p.label for p in pairs]
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    spread = math.sqrt(
        math.fsum((a - mean_x) ** 2 for a in x) * math.fsum((b - mean_y) ** 2 for b in y)
    )
    both = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return both / spread if spread else 0.0


def auc(pairs: Sequence[Scored]) -> float:
    """How often a told insight has a higher share than an untold one; a tie counts half."""
    told = [p.share for p in pairs if p.label > 0]
    untold = [p.share for p in pairs if p.label == 0]
    if not told or not untold:
        return 0.5
    wins = sum((a > b) + 0.5 * (a == b) for a in told for b in untold)
    return wins / (len(told) * len(untold))


def interval(
    samples: Sequence[Sequence[Scored]],
    statistic: Callable[[Sequence[Scored]], float],
    *,
    seed: int,
    rounds: int,
) -> tuple[float, float]:
    """A 95 % percentile interval over samples drawn with replacement."""
    draw = random.Random(seed)
    found = sorted(
        statistic([pair for sample in draw.choices(samples, k=len(samples)) for pair in sample])
        for _ in range(rounds)
    )
    return found[int(0.025 * rounds)], found[math.ceil(0.975 * rounds) - 1]


def read(path: Path) -> list[dict[str, Any]]:
    """The samples of a file.

    Raises:
        SystemExit: a line is none.
    """
    samples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            sample = json.loads(line)
            good = sample["summary"] and all(
                one["text"] and 0 <= one["label"] <= 1 and one["kind"] for one in sample["insights"]
            )
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            raise SystemExit(f"{path}, line {number}: this is not a sample")
        samples.append(sample)
    return samples


def score(samples: Sequence[Mapping[str, Any]], measure: Measure) -> list[list[Scored]]:
    """The pairs of every sample with their shares."""
    found = []
    for sample in samples:
        insights = sample["insights"]
        shares = measure([one["text"] for one in insights], sample["summary"])
        found.append(
            [
                Scored(share, one["label"], one["kind"], one["text"])
                for share, one in zip(shares, insights, strict=True)
            ]
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=LABELS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--show", type=int, default=5, help="pairs that are furthest off")
    asked = parser.parse_args()
    samples = read(asked.file)
    scored = {name: score(samples, measure) for name, measure in MEASURES.items()}
    for without, kinds in (
        ("no pair built to mislead", MISLEADING),
        ("nor said in other words", (*MISLEADING, *REWORDED)),
    ):
        scored[f"graded, by rarity, {without}"] = [
            [pair for pair in sample if pair.kind not in kinds]
            for sample in scored["graded, by rarity"]
        ]
    for name, by_sample in scored.items():
        pairs = [pair for sample in by_sample for pair in sample]
        told = []
        for what, statistic in (("Pearson", pearson), ("AUC", auc)):
            low, high = interval(by_sample, statistic, seed=asked.seed, rounds=asked.rounds)
            told.append(f"{what} {statistic(pairs):.3f} [{low:.3f}, {high:.3f}]")
        print(f"{name}: {', '.join(told)}, n = {len(pairs)} in {len(samples)} samples")
    pairs = [pair for sample in scored["graded, by rarity"] for pair in sample]
    by_kind: defaultdict[str, list[Scored]] = defaultdict(list)
    for pair in pairs:
        by_kind[pair.kind].append(pair)
    for kind, those in sorted(by_kind.items()):
        share = math.fsum(p.share for p in those) / len(those)
        label = math.fsum(p.label for p in those) / len(those)
        print(f"  {kind}: share {share:.2f}, label {label:.2f}, n = {len(those)}")
    for pair in sorted(pairs, key=lambda p: -abs(p.share - p.label))[: asked.show]:
        print(f"  off: {pair.share:.2f} for {pair.label:g}, {pair.kind}: {pair.insight}")


if __name__ == "__main__":
    main()
