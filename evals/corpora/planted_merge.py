"""A backlog whose truth is known, made of real stories, and its merge without a model or database.

The originals are real stories of paths that are given; :mod:`evals.corpora.planting` makes the
copies.
``MIX`` plants duplicates that make up three in ten of the stories that say something, in the
proportions given there. Tuning and reporting use other seeds and other halves of the word tables.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from evals.corpora.planting import Change
from evals.corpora.rewording import Half
from pipeline.entries import Judgement, Merge
from pipeline.merge.conclusion import conclude
from pipeline.outcomes import StoryText
from pipeline.run.corpus import Corpus
from pipeline.stories import Story, count_words

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


def merge(corpus: Corpus, judgements: Sequence[Judgement] = ()) -> Merge:
    """Merge a corpus as the command does, without a database.

    Args:
        judgements: answers that act, as those of a judge with a record do.

    Raises:
        LedgerError: the books do not balance.
    """
    return conclude(corpus.by_id, corpus.pairs, corpus.weights, judgements=judgements)


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
