"""A document that somebody else made of the same sources: what it made up, and what it left out.

It cites nothing, so every sentence is compared with the stories nearest to it, and every story
with the sentences nearest to it. One measure for whatever wrote it, a person or a program; the
gate, which knows the sources of each sentence, is stricter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise

from evals.claims import Mark
from evals.recorded import share
from evals.statistics import Interval
from pipeline.compare.coverage import SAID, holds
from pipeline.compare.features import Features, features
from pipeline.compare.measures import dice, stem_weights, subject, weight
from pipeline.stories import Story, normalise
from pipeline.text.words import sentences

#: Stories that may support a sentence together.
NEAREST = 3
#: Stories that a sentence is compared with one by one, and sentences that a story is, at most.
_LOOKED_AT = 50
#: Topics of the fewest that a sentence claims anything by: a heading has less.
CLAIM = 3


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that claims something, and the stories (ids) nearest to it."""

    text: str
    mark: Mark
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a document came to against its sources.

    Args:
        untold: stories (ids, in corpus order) whose need stands nowhere in it.
    """

    sentences: tuple[Sentence, ...]
    untold: tuple[str, ...]
    n_stories: int

    def rates(self) -> dict[str, Interval]:
        """The shares of sentences by mark, and of stories that are told, with interval and n."""
        n = len(self.sentences)
        marks = [sentence.mark for sentence in self.sentences]
        told = self.n_stories - len(self.untold)
        return {
            "supported": share(marks.count("supported"), n),
            "unsupported": share(marks.count("unsupported"), n),
            "contradicted": share(marks.count("contradicted"), n),
            "told": share(told, self.n_stories),
        }


def judge(texts: Iterable[str], stories: Sequence[Story]) -> Judgement:
    """Compare a document with the stories it was made of.

    Args:
        texts: the document, whole or part by part; a sentence reaches over no part's end.

    Returns:
        For each sentence of three topics or more whether a near story, or the nearest ones
        together, hold two thirds of its words by weight and every number, date, name and negation
        (*supported*); or the words, but not those (*contradicted*); or neither. And the stories
        whose goal no sentence holds so, nor two that follow each other.
    """
    weights = stem_weights(stories)
    sources = _Near([features(story.text) for story in stories], weights)
    parts = [list(sentences(text)) for text in texts]
    found = []
    for sentence in (sentence for part in parts for sentence in part):
        claim = features(sentence)
        if len(claim.topics) < CLAIM:
            continue
        near = sources.to(claim)
        together = features("\n".join(stories[i].text for i in near[:NEAREST]))
        if any(normalise(sentence) in normalise(stories[i].text) for i in near):
            mark: Mark = "supported"
        else:
            mark = _mark(claim, [*(sources.texts[i] for i in near), together], weights)
        found.append(Sentence(sentence, mark, tuple(stories[i].id for i in near[:NEAREST])))
    said = _Near([features(text) for part in parts for text in _neighbouring(part)], weights)
    untold = []
    for story in stories:
        need = subject(story)
        if not any(holds(said.texts[i], need, weights) for i in said.to(need)):
            untold.append(story.id)
    return Judgement(tuple(found), tuple(untold), len(stories))


def _neighbouring(part: Sequence[str]) -> Iterator[str]:
    """The sentences of a part, and every two that follow each other."""
    yield from part
    for one, two in pairwise(part):
        yield f"{one}\n{two}"


def _mark(claim: Features, near: Sequence[Features], weights: Mapping[str, float]) -> Mark:
    if any(holds(text, claim, weights) for text in near):
        return "supported"
    total = weight(claim.topics, weights)
    if any(weight(claim.topics & text.topics, weights) >= SAID * total for text in near):
        return "contradicted"
    return "unsupported"


class _Near:
    """Texts, found again by the topics that they share with another."""

    def __init__(self, texts: Sequence[Features], weights: Mapping[str, float]) -> None:
        self.texts = texts
        self._weights = weights
        self._having: defaultdict[str, list[int]] = defaultdict(list)
        for i, text in enumerate(texts):
            for topic in text.topics:
                self._having[topic].append(i)

    def to(self, text: Features) -> list[int]:
        """Places of the texts that share a topic with one: those that hold most of it by weight,
        and of those that hold as much the ones most like it, come first."""
        shared: defaultdict[int, float] = defaultdict(float)
        for topic in text.topics:
            for i in self._having.get(topic, ()):
                shared[i] += self._weights.get(topic, 1.0)
        return sorted(
            nlargest(_LOOKED_AT, shared, key=lambda i: (shared[i], -i)),
            key=lambda i: (
                -shared[i],
                -dice(self.texts[i].topics, text.topics, self._weights),
                i,
            ),
        )
