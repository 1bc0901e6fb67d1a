"""How well a merge does on a planted corpus: what it found, what it joined, what it left twice.

The originals are real stories of paths that are given; :mod:`evals.planting` makes the copies.
``MIX`` plants duplicates that make up three in ten of the stories that say something, in the
proportions given there. Tuning and reporting use other seeds and other halves of the word tables.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from evals.clusterings import Agreement, agreement, b_cubed, pairwise
from evals.planting import Change, Planted, true_clusters
from evals.quality import against
from evals.rewording import Half
from pipeline.calls import Reply, Request
from pipeline.cost.estimate import window_limits
from pipeline.merge.corpus import Corpus
from pipeline.merge.run import run_plan
from pipeline.models.base import Model
from pipeline.outcomes import Outcomes, Relation, StoryText
from pipeline.plan.strategies import make_plan
from pipeline.settings import Settings
from pipeline.stories import Story, count_words
from pipeline.tokens import counter_for

Pair = frozenset[str]

#: The seed of each half: nothing is tuned on a corpus of the second.
SEEDS: Mapping[Half, int] = {"tuning": 20, "reported": 31}
#: Copies for each original. Of 100 stories some 30 are another's copy.
MIX: Mapping[Change, float] = {
    "contradiction": 0.035,
    "harmless": 0.035,
    "exact": 0.13,
    "light": 0.15,
    "medium": 0.14,
    "heavy": 0.12,
    "split": 0.05,
    "lookalike": 0.09,
}
#: Criteria of an original: the first ones of at most so many words.
MOST_CRITERIA, LONGEST_CRITERION = 5, 30
_WORD = re.compile(r"[a-z0-9]+")
_TOO_ALIKE = 0.5
_RAREST = 8


def originals(stories: Iterable[Story], *, seed: int, most: int) -> list[StoryText]:
    """Stories with a goal, cut to sentence and criteria, in random order, no two of which share
    half of their words: a real backlog repeats itself, and what it repeats is in no truth.

    Args:
        most: how many are wanted.
    """
    texts = [
        StoryText(_line(s.role), _line(s.goal), _line(s.benefit), _short(s.criteria))
        for s in stories
        if s.goal and not s.goal.startswith("<")
    ]
    random.Random(seed).shuffle(texts)
    bags = [frozenset(_WORD.findall(_whole(text).lower())) for text in texts]
    frequency = Counter(word for bag in bags for word in bag)
    holders: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    kept: list[StoryText] = []
    for text, bag in zip(texts, bags, strict=True):
        rarest = sorted(bag, key=lambda word: (frequency[word], word))[:_RAREST]
        near = (other for word in rarest for other in holders[word])
        if len(kept) == most or any(_jaccard(bag, other) >= _TOO_ALIKE for other in near):
            continue
        kept.append(text)
        for word in bag:
            holders[word].append(bag)
    return kept


def recognise(truth: Iterable[Mapping[str, Any]], stories: Iterable[Story]) -> dict[str, str]:
    """The extracted story (id) of each planted one (id), by document and line.

    Raises:
        LookupError: a planted story was not extracted.
    """
    places = {(Path(s.source.path).name, s.source.locator.line): s.id for s in stories}
    found = {}
    for row in truth:
        place = row["document"], row["line"]
        if place not in places:
            raise LookupError(f"{row['id']} was not extracted: {place[0]}, line {place[1]}")
        found[row["id"]] = places[place]
    return found


class Forgetful:
    """A journal of one run, in memory."""

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}

    def find(self, keys: Sequence[str]) -> Mapping[str, Reply]:
        return {key: self._replies[key] for key in keys if key in self._replies}

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        if good:
            self._replies[reply.key] = reply

    def reserve(self, key: str, usd: object) -> None: ...

    def settle(self, key: str, usd: object) -> None: ...


def merge(corpus: Corpus, model: Model, revision: str, settings: Settings) -> Outcomes:
    """Plan and merge a corpus as the command does, without a database."""
    spec = model.spec
    plan = make_plan(
        "edit",
        corpus.stories,
        corpus.stars if spec.ability == "edits" else corpus.decided,
        spec,
        window_limits(spec),
        counter_for(spec, cache=settings.cache),
        settings.prompts,
        revision=revision,
    )
    return run_plan(plan, corpus.by_id, model, Forgetful(), documents=corpus.documents)


class Candidates(NamedTuple):
    """Of the true pairs the share that was looked at, and the share of all pairs that was."""

    recall: float
    share: float
    pairs: int


def candidates(true: Collection[Pair], looked_at: Collection[Pair], n_stories: int) -> Candidates:
    """What the index found before anything was compared."""
    every = n_stories * (n_stories - 1) / 2
    recall = len(set(true) & set(looked_at)) / len(true) if true else 1.0
    return Candidates(recall, len(looked_at) / every if every else 0.0, len(looked_at))


def true_pairs(planted: Sequence[Planted], change: Change | None = None) -> set[Pair]:
    """Pairs of an original and its copy that belong together, of one kind or of all."""
    return {
        frozenset((entry.of, entry.id))
        for entry in planted
        if entry.of and change in (None, entry.change)
        if entry.relation in (Relation.SAME, Relation.OVERLAP)
    }


def conflicting(planted: Sequence[Planted], detail: str = "") -> set[Pair]:
    """Pairs of an original and its contradiction, of one attribute or of all."""
    return {
        frozenset((entry.of, entry.id))
        for entry in planted
        if entry.relation is Relation.CONFLICT and detail in ("", entry.detail)
    }


@dataclass(frozen=True, slots=True)
class Result:
    """A finished merge of a planted corpus, by planted ids.

    Args:
        found: planted id → the merged story it stands in.
        conflicts: pairs recorded as disagreeing.
    """

    planted: Sequence[Planted]
    found: Mapping[str, str]
    conflicts: frozenset[Pair]

    @property
    def pairs(self) -> Agreement:
        """Pairs that stand in one merged story, against the truth."""
        return pairwise(true_clusters(self.planted), self.found)

    def items(self, change: Change | None = None) -> Agreement:
        """B-cubed, averaged over the copies of one kind, or over all stories."""
        of = [e.id for e in self.planted if change in (None, e.change)]
        return b_cubed(true_clusters(self.planted), self.found, of)

    def left(self, change: Change | None = None) -> float:
        """Share of the true duplicate pairs of which both still stand on their own."""
        pairs = true_pairs(self.planted, change)
        apart = sum(len({self.found[name] for name in pair}) > 1 for pair in pairs)
        return apart / len(pairs) if pairs else 0.0

    def as_one(self) -> float:
        """Share of the true clusters of two or more that ended as one story."""
        clusters: defaultdict[str, set[str]] = defaultdict(set)
        sizes = Counter(entry.cluster for entry in self.planted)
        for entry in self.planted:
            clusters[entry.cluster].add(self.found[entry.id])
        wanted = [found for name, found in clusters.items() if sizes[name] > 1]
        return sum(len(found) == 1 for found in wanted) / len(wanted) if wanted else 1.0

    def wrongly_joined(self, change: Change) -> int:
        """Copies of a kind that say another need and stand in one story with their original."""
        return sum(
            self.found[entry.id] == self.found[entry.of]
            for entry in self.planted
            if entry.change == change and entry.cluster == entry.id
        )

    def disagreements(self, detail: str = "") -> Agreement:
        """Conflicts found; of one attribute only its recall says something."""
        wanted = conflicting(self.planted, detail)
        hits = len(wanted & self.conflicts)
        return agreement(hits, len(self.conflicts), len(wanted), len(wanted))


def result(planted: Sequence[Planted], ids: Mapping[str, str], outcomes: Outcomes) -> Result:
    """The outcomes of a run over a planted corpus, by planted ids (:func:`recognise`)."""
    names = {story: name for name, story in ids.items()}
    stands = {story: merged.id for merged in outcomes.merged for story in merged.sources}
    conflicts = frozenset(
        frozenset(names[story] for story in pair)
        for conflict in outcomes.conflicts
        for pair in against(conflict)
    )
    return Result(planted, {name: stands[story] for name, story in ids.items()}, conflicts)


def _short(criteria: Iterable[str]) -> tuple[str, ...]:
    lines = map(_line, criteria)
    return tuple(line for line in lines if line and count_words(line) <= LONGEST_CRITERION)[
        :MOST_CRITERIA
    ]


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _whole(text: StoryText) -> str:
    return " ".join((text.role, text.goal, text.benefit, *text.criteria))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (len(a | b) or 1)
