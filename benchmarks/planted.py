"""How well a merge does on real stories with planted copies, whose truth is known.

    python benchmarks/planted.py [PATH …] [--half tuning] [--most N] [--judge truth]

Without a path, the stories of data/sample. They are drawn, copied (evals/corpora/planting.py),
written as documents, read again and merged without a model. Tables: how many true pairs the index
found and what share of all pairs it looked at; of the copies of each kind, those in one entry and
those in one or next to each other; conflicts marked; look-alikes in one entry; words that stand;
the same for long stories, by passage; what share of the sources' tokens (o200k) stands, and whether
every sentence is kept. ``--judge truth`` lets a judge act that answers from the truth what it is
asked about: what the best one could do; what stands is told beside the same merge without a judge.
``--judge local/NAME`` asks a model as ``merge --propose`` does (``--pairs N`` of them): it folds
nothing, and what its order is worth is told, in proposals that a person looks at until 80 % of the
reworded copies are found, with the judge and without; without any judge, it is told as well.
``--half tuning`` uses other words and another seed; the figures to report are those of the other
half. ``--show N`` prints N planted pairs drawn at random, for reading whether they are what they
are called, and merges nothing; ``--seed`` plants and draws others, ``--reworded`` only those that
say one need in other words. Last, one JSON line. Exits 1 where a sentence is not kept.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

from evals.corpora.planted_merge import MIX, SEEDS, merge, originals
from evals.corpora.planting import Change, Planted, plant, sentence, write_corpus
from evals.corpora.rewording import Half
from evals.corpora.truth import Truth, read_truth, recognise
from evals.metrics.quality import quality
from pipeline.compare.measures import stem_weights
from pipeline.config.options import MergeOptions, ReadOptions
from pipeline.config.settings import read_settings
from pipeline.entries import Merge
from pipeline.extract.extraction import extract
from pipeline.merge.conclusion import conclude
from pipeline.plan.near.pair_index import Index
from pipeline.plan.near.similarity import nearest, unique
from pipeline.plan.pairs import NEAREST
from pipeline.run.corpus import Corpus, gather
from pipeline.run.job import run as run_job
from pipeline.run.output import look
from pipeline.runtime import Runtime
from pipeline.stories import count_words
from pipeline.tokens.token_counters import load_encoding
from tests.support.judges import judged, knowing
from tests.support.narratives import paragraphs, plant_passages, told, write_narratives
from tests.support.ordering import Effort, effort

_SAMPLE = Path(__file__).parents[1] / "data" / "sample"
_KINDS: tuple[Change, ...] = ("exact", "light", "medium", "heavy", "split", "harmless")
_COPIES = _KINDS[:4]
_REWORDED = _KINDS[1:4]


class Candidates(NamedTuple):
    """Of the true pairs the share that was looked at, and the share of all pairs that was."""

    recall: float
    share: float
    pairs: int


def candidates(
    true: Collection[frozenset[str]], looked_at: Collection[frozenset[str]], n_stories: int
) -> Candidates:
    """What the index found before anything was compared."""
    every = n_stories * (n_stories - 1) / 2
    recall = len(set(true) & set(looked_at)) / len(true) if true else 1.0
    return Candidates(recall, len(looked_at) / every if every else 0.0, len(looked_at))


def looked_at(corpus: Corpus) -> dict[str, set[frozenset[str]]]:
    """Pairs of stories (ids) that the index measures, those alike enough to be judged, and the
    nearest of these, which a judge is asked about.

    An exact copy stands where its first stands: what is looked at for the one is for the other.
    """
    compared = unique(corpus.stories)
    places = Index(compared, stem_weights(corpus.stories)).candidates().tolist()
    return {
        "candidates": {frozenset((compared[i].id, compared[j].id)) for i, j in places},
        "similar": {frozenset((p.a, p.b)) for p in corpus.pairs},
        "asked about": {frozenset((p.a, p.b)) for p in nearest(corpus.pairs, NEAREST)},
    }


def score(truth: Truth, corpus: Corpus, merged: Merge) -> dict[str, Any]:
    """All figures of one merge."""
    ids = recognise(truth, corpus)
    first = {s.fingerprint: s.id for s in reversed(corpus.stories)}
    stands = {name: first[corpus.by_id[story].fingerprint] for name, story in ids.items()}
    wanted = {
        pair
        for true in truth.belonging | truth.conflicts
        if len(pair := frozenset(stands[name] for name in true)) == 2
    }
    n = len(corpus.stories)
    found = quality(truth, ids, merged, corpus.by_id).figures
    return {
        "stories": n,
        "entries": len(merged.entries),
        "looked_at": {k: candidates(wanted, v, n)._asdict() for k, v in looked_at(corpus).items()},
        "figures": {
            name: [round(i.mean, 4), round(i.low, 4), round(i.high, 4), i.n]
            for name, i in found.items()
        },
        "marks": len(merged.conflicts),
    }


def standing(corpus: Corpus, merged: Merge) -> dict[str, Any]:
    """What of the sources' tokens stands in a merge, and what of their sentences is not kept."""
    encode = load_encoding("o200k_base", read_settings().cache).encode_ordinary
    stands = sum(len(encode(line.text)) for entry in merged.entries for line in entry.lines)
    sources = sum(len(encode(story.text)) for story in corpus.stories)
    kept = look(corpus, merged)
    return {
        "tokens": stands,
        "of": sources,
        "share": round(stands / sources, 4),
        "folded_by_judge": sum(fold.by == "judge" for e in merged.entries for fold in e.folds),
        "units": kept.units,
        "not_kept": len(kept.missing) + len(kept.faults),
    }


def proposals(truth: Truth, corpus: Corpus, merged: Merge) -> Effort:
    """What a person looks at in the order of a merge's proposals, by what stands for each telling;
    true are the copies that proof did not fold."""
    ids = recognise(truth, corpus)
    entry = {story: entry.id for entry in merged.entries for story in entry.sources}
    true = {
        pair
        for kind in _REWORDED
        for copies in truth.copies.get(kind, ())
        if len(pair := frozenset(entry[ids[name]] for name in copies)) == 2
    }
    return effort((frozenset((entry[a], entry[b])) for a, b in merged.proposals), true)


def asked(folder: str, model: str, pairs: int | None) -> tuple[Merge, Merge, dict[str, Any]]:
    """A merge whose proposals a model orders, the same without, and what asking it took."""
    runtime = Runtime(read_settings())
    with tempfile.TemporaryDirectory() as scratch:
        database = f"sqlite:///{scratch}/planted.sqlite"
        with replace(
            runtime, settings=replace(runtime.settings, database=database)
        ).store() as store:
            job = runtime.merge_job(
                [folder],
                model,
                MergeOptions(out=f"{scratch}/out", propose=True, pairs=pairs),
                store=store,
                how=ReadOptions(exclude=("truth.json",)),
                say=lambda line: print(line, file=sys.stderr),
            )
            told = run_job(job)
    corpus = job.corpus
    plain = conclude(corpus.by_id, corpus.pairs, corpus.weights)
    return job.merged, plain, {"model": model, "calls": told["calls"]}


def ordered(paths: Sequence[Path], half: Half, most: int, options: argparse.Namespace) -> Any:
    """What a model's order of the proposals is worth."""
    with tempfile.TemporaryDirectory() as folder:
        truth = read_truth(write_corpus(planted_of(paths, half, most), Path(folder)))
        start = time.perf_counter()
        by_judge, plain, took = asked(folder, options.judge, options.pairs)
        corpus = gather([folder], how=ReadOptions(exclude=("truth.json",)))
        rows = {"none": plain, options.judge: by_judge}
        efforts = {name: proposals(truth, corpus, merged) for name, merged in rows.items()}
    print_efforts(efforts)
    seconds = round(time.perf_counter() - start, 1)
    return took | {"seconds": seconds, **{n: row._asdict() for n, row in efforts.items()}}


def print_efforts(efforts: Mapping[str, Effort]) -> None:
    """A row for each order of the proposals."""
    print(
        f"{'proposals ordered by':44} {'looked at for 80 %':>18} {'found':>6} {'of':>5} {'all':>6}"
    )
    for name, row in efforts.items():
        at = "never" if row.looked_at is None else f"{row.looked_at:,}"
        print(f"{name[-44:]:44} {at:>18} {row.found:6,} {row.true:5,} {row.proposals:6,}")


def planted_of(
    paths: Sequence[Path], half: Half, most: int, seed: int | None = None
) -> list[Planted]:
    """The backlog: originals of these paths, with copies; without a seed, with that of the half."""
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    seed = SEEDS[half] if seed is None else seed
    return plant(originals(stories, seed=seed, most=most), seed=seed, shares=MIX, half=half)


def show(planted: Sequence[Planted], n: int, seed: int, kinds: Collection[Change]) -> None:
    """Planted pairs of these kinds, drawn at random, with what they are called."""
    by_id = {one.id: one for one in planted}
    pairs = sorted((one.of, one.id) for one in planted if one.of and one.change in kinds)
    drawn = random.Random(seed).sample(pairs, min(n, len(pairs)))
    for number, (of, copy) in enumerate(drawn, 1):
        one, other = by_id[of], by_id[copy]
        print(f"{number}. {other.change} {other.detail}: {other.relation}")
        for text in (one.text, other.text):
            print("   " + " | ".join([sentence(text), *text.criteria]))


def run(paths: Sequence[Path], half: Half, most: int, judge: str) -> dict[str, Any]:
    """Plant, write, read, merge, score."""
    planted = planted_of(paths, half, most)
    with tempfile.TemporaryDirectory() as folder:
        truth = read_truth(write_corpus(planted, Path(folder)))
        start = time.perf_counter()
        corpus = gather([folder], how=ReadOptions(exclude=("truth.json",)))
        said = []
        if judge == "truth":
            says = knowing(truth, recognise(truth, corpus), corpus.by_id)
            said = judged(says, nearest(corpus.pairs, NEAREST), corpus.by_id)
        merged = merge(corpus, said)
        seconds = time.perf_counter() - start
        stands = {judge: standing(corpus, merged)}
        if said:
            stands["none"] = standing(corpus, merge(corpus))
        more = {"asked": len(said), "seconds": round(seconds, 1), "standing": stands}
        if not said:
            more["proposals"] = proposals(truth, corpus, merged)._asdict()
        return score(truth, corpus, merged) | more


def run_long(paths: Sequence[Path], half: Half, most: int) -> dict[str, Any]:
    """The same with long stories, told by passage; nothing where the paths have no paragraph for
    them."""
    stories = [story for extraction in extract(paths) for story in extraction.stories]
    texts = paragraphs(stories, seed=SEEDS[half], most=most)
    if not texts:
        return {}
    planted = plant_passages(texts, seed=SEEDS[half], half=half)
    with tempfile.TemporaryDirectory() as folder:
        write_narratives(planted, Path(folder))
        corpus = gather([folder], how=ReadOptions(exclude=("passages.json",)))
        merged = merge(corpus)
    stands = _words(line.text for entry in merged.entries for line in entry.lines)
    return {
        "stories": len(corpus.stories),
        "passages": len(planted),
        "entries": len(merged.entries),
        "standing_words": round(stands / _words(s.text for s in corpus.stories), 4),
        "all": told(planted, corpus.stories, merged)._asdict(),
        **{k: told(planted, corpus.stories, merged, k)._asdict() for k in _COPIES},
    }


def _words(texts: Iterable[str]) -> int:
    return sum(map(count_words, texts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[_SAMPLE], type=Path)
    parser.add_argument("--half", choices=("tuning", "reported"), default="reported")
    parser.add_argument("--most", type=int, default=2800, help="originals, at most")
    parser.add_argument("--judge", default="none", help="none, truth or a model's name")
    parser.add_argument("--pairs", type=int, help="questions to a model, at most")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print planted pairs")
    parser.add_argument("--seed", type=int, help="of --show; without: that of the figures")
    parser.add_argument("--reworded", action="store_true", help="of --show: rewordings alone")
    options = parser.parse_args()
    paths, half, most = options.paths, options.half, options.most
    if options.show:
        seed = SEEDS[half] if options.seed is None else options.seed
        kinds = _REWORDED if options.reworded else get_args(Change)
        show(planted_of(paths, half, most, seed), options.show, seed, kinds)
        return 0
    if options.judge not in ("none", "truth"):
        found = {"benchmark": "planted", "half": half, "most": most}
        print(json.dumps(found | ordered(paths, half, most, options)))
        return 0
    figures = run(paths, half, most, options.judge)
    print(f"{figures['stories']:,} stories in {figures['entries']:,} entries, "
          f"{figures['marks']} marks, {figures['seconds']} s")  # fmt: skip
    print(f"\n{'true pairs':16}  recall  of all pairs")
    for name, row in figures["looked_at"].items():
        print(f"{name:16} {row['recall']:7.4f} {row['share']:13.4%}")
    print(f"\n{'figure':28} {'mean':>8} {'low':>8} {'high':>8} {'n':>7}")
    for name, (mean, low, high, n) in figures["figures"].items():
        print(f"{name.replace('_', ' '):28} {mean:8.4f} {low:8.4f} {high:8.4f} {n:7,}")
    print(f"\n{'judge':8} {'stands':>9} {'of tokens':>10} {'share':>7} {'folds':>6} "
          f"{'units':>7} {'not kept':>8}")  # fmt: skip
    for name, row in figures["standing"].items():
        print(f"{name:8} {row['tokens']:9,} {row['of']:10,} {row['share']:7.4f} "
              f"{row['folded_by_judge']:6,} {row['units']:7,} {row['not_kept']:8,}")  # fmt: skip
    if "proposals" in figures:
        print()
        print_efforts({"none": Effort(**figures["proposals"])})
    long = run_long(paths, half, most)
    if long:
        print(f"\n{'long stories':16} {'folded':>9} {'left':>7} {'n':>6}")
        for name in ("all", *_COPIES):
            row = long[name]
            print(f"{name:16} {row['folded']:9.3f} {row['left']:7.3f} {row['n']:6}")
        print(f"{long['stories']} stories, standing words {long['standing_words']}, "
              f"lost {long['all']['lost']}")  # fmt: skip
    else:
        print("no paragraphs to plant long stories from")
    found = {"benchmark": "planted", "half": half, "judge": options.judge, **figures}
    print(json.dumps(found | {"long": long or None}))
    gone = sum(row["not_kept"] for row in figures["standing"].values())
    return 1 if gone or (long and long["all"]["lost"]) else 0


if __name__ == "__main__":
    sys.exit(main())
