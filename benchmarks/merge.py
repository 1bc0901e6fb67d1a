"""How well a merge finds what is in a backlog on purpose, against its truth.json.

    python benchmarks/merge.py [FOLDER]     default: data/sample

The whole way is the real one: extraction, similarity, plan, the extractive model, gate, ledger.
Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from pipeline.calls import Reply, Request
from pipeline.catalog import Catalog
from pipeline.compare.relations import stem_weights
from pipeline.cost.estimate import window_limits
from pipeline.extract.corpus import extract
from pipeline.gate.grounding import fields_of
from pipeline.merge.run import run_plan
from pipeline.models.extractive import REVISION, ExtractiveModel
from pipeline.outcomes import Outcomes, Relation
from pipeline.plan.similarity import cluster, similar_pairs
from pipeline.plan.strategies import make_plan
from pipeline.settings import read_settings
from pipeline.stories import Document, Story, count_words
from pipeline.tokens import counter_for

Pair = frozenset[str]


class Forgetful:
    """A journal for one run in memory."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}

    def find(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        return {key: self.replies[key] for key in keys if key in self.replies}

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        if good:
            self.replies[reply.key] = reply

    def reserve(self, key: str, usd: object) -> None: ...

    def settle(self, key: str, usd: object) -> None: ...


@dataclass(frozen=True)
class Merged:
    """A finished merge and what it was made of."""

    stories: Mapping[str, Story]
    documents: Mapping[str, Document]
    outcomes: Outcomes
    seconds: float


def merge(folder: Path) -> Merged:
    """Merge every document of a folder with the extractive model."""
    settings = read_settings({})
    start = time.perf_counter()
    read = list(extract([folder]))
    documents = {e.document.sha256: e.document for e in read}
    stories = [story for e in read for story in e.stories]
    spec = Catalog(settings.models_toml).find("extractive")
    weights = stem_weights(stories)
    pairs = similar_pairs(stories, weights=weights)
    plan = make_plan(
        "edit",
        stories,
        cluster(stories, pairs, weights=weights),
        spec,
        window_limits(spec),
        counter_for(spec, cache=settings.cache),
        settings.prompts,
        revision=REVISION,
    )
    by_id = {story.id: story for story in stories}
    outcomes = run_plan(plan, by_id, ExtractiveModel(spec), Forgetful(), documents=documents)
    return Merged(by_id, documents, outcomes, time.perf_counter() - start)


def recognise(truth: Mapping[str, Any], merged: Merged) -> dict[str, str]:
    """The extracted story (id) of every story of the truth (id): by the key its document gives,
    else by its first words.

    Raises:
        LookupError: a story of the truth was not extracted.
    """
    found: dict[str, str] = {}
    for entry in truth["stories"]:
        here = [
            story
            for story in merged.stories.values()
            if Path(story.source.path).name == entry["document"] and story.id not in found.values()
        ]
        if entry["key"]:
            hits = [story for story in here if story.source.key == entry["key"]]
        else:
            starts = flat(entry["starts"])
            hits = [s for s in here if starts in flat(_words(s, merged.documents))]
        if not hits:
            raise LookupError(f"{entry['id']} was not extracted: {entry['starts']!r}")
        found[entry["id"]] = min(hits, key=lambda s: s.end - s.start).id
    return found


def same_pairs(outcomes: Outcomes) -> set[Pair]:
    """Pairs of stories that the ledger links as the same, directly or through a third."""
    groups: dict[str, set[str]] = {}
    for row in outcomes.ledger:
        if row.relation is Relation.SAME and row.other:
            one = groups.get(row.story, {row.story}) | groups.get(row.other, {row.other})
            groups.update(dict.fromkeys(one, one))
    return {frozenset(p) for group in groups.values() for p in combinations(sorted(group), 2)}


def together_pairs(outcomes: Outcomes) -> set[Pair]:
    """Pairs of stories that stand in one merged story."""
    return {
        frozenset(pair) for m in outcomes.merged for pair in combinations(sorted(set(m.sources)), 2)
    }


def conflict_pairs(outcomes: Outcomes) -> set[Pair]:
    """Pairs of stories recorded as disagreeing."""
    return {frozenset(p) for c in outcomes.conflicts for p in combinations(sorted(c.stories), 2)}


def score(truth: Mapping[str, Any], merged: Merged) -> dict[str, Any]:
    """The figures: pairwise same, conflicts, overlaps found, look-alikes and others merged."""
    ids = recognise(truth, merged)

    def pairs(groups: Iterable[Iterable[str]]) -> set[Pair]:
        return {
            frozenset(ids[name] for name in pair)
            for group in groups
            for pair in combinations(group, 2)
        }

    same = pairs(group["stories"] for group in truth["duplicates"])
    overlaps = pairs(group["stories"] for group in truth["overlaps"])
    conflicts = pairs(group["stories"] for group in truth["conflicts"])
    lookalikes = pairs(truth["lookalikes"])
    together = together_pairs(merged.outcomes)
    passages = {frozenset((ids[p["long"]], ids[p["story"]])) for p in truth["long_overlaps"]}
    written = [value for s in merged.stories.values() for _, value in s.fields]
    left = [value for m in merged.outcomes.merged for _, value in fields_of(m.text)]
    return {
        "stories": len(merged.stories),
        "merged_stories": len(merged.outcomes.merged),
        "same": rates(same_pairs(merged.outcomes), same),
        "same_or_overlap": rates(together, same | overlaps, passages),
        "conflicts": rates(conflict_pairs(merged.outcomes), conflicts),
        "overlaps_merged": len(overlaps & together),
        "overlaps": len(overlaps),
        "lookalikes_merged": len(lookalikes & together),
        "lookalikes": len(lookalikes),
        "passages_merged": len(passages & together),
        "passages": len(passages),
        "fallbacks": sum(bool(m.fallback) for m in merged.outcomes.merged),
        "ungrounded_sentences": sum(
            not v.grounded for m in merged.outcomes.merged for v in m.verdicts if v.stage == "final"
        ),
        "words_in_stories": sum(map(count_words, written)),
        "words_in_document": sum(map(count_words, left)),
        "seconds": round(merged.seconds, 2),
    }


def rates(found: set[Pair], wanted: set[Pair], allowed: set[Pair] = frozenset()) -> dict[str, Any]:
    """Precision, recall and F1 of found pairs; ``allowed`` ones count neither way."""
    found = found - allowed
    hits = len(found & wanted)
    precision = hits / len(found) if found else 1.0
    recall = hits / len(wanted) if wanted else 1.0
    total = precision + recall
    f1 = 2 * precision * recall / total if total else 0.0
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "found": len(found),
        "wanted": len(wanted),
    }


def flat(text: str) -> str:
    """White space collapsed, as the truth asks for."""
    return " ".join(text.split())


def _words(story: Story, documents: Mapping[str, Document]) -> str:
    text = documents[story.source.document].text
    return "\n".join([text[story.start : story.end], *(value for _, value in story.fields)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", default="data/sample", type=Path)
    folder = parser.parse_args().folder
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    figures = score(truth, merge(folder))
    print(f"{'':24} precision  recall     F1   found  wanted")
    for name in ("same", "same_or_overlap", "conflicts"):
        r = figures[name]
        print(
            f"{name:24} {r['precision']:9.3f} {r['recall']:7.3f} {r['f1']:6.3f} {r['found']:7}"
            f" {r['wanted']:7}"
        )
    for name, value in figures.items():
        if not isinstance(value, dict):
            print(f"{name:24} {value}")
    print(json.dumps({"benchmark": "merge", "folder": folder.name, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
