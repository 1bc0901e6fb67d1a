"""Training pairs: two tellings as a judge is shown them, and the answer that is right.

Every pair is made of needs whose relation is decided first (:mod:`pipeline.train.changes`), but the
hard negatives: two stories of one document that the search for candidates holds to be near. They
are taken to be different, as nearly all of them are.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.entries import Answer
from pipeline.outcomes import StoryText
from pipeline.plan.rendering import telling_text
from pipeline.plan.similarity import similar_pairs
from pipeline.stories import Story
from pipeline.train.changes import CHANGES, Contrast
from pipeline.train.needs import Maker, Manner, Need, Shape, tell
from pipeline.train.retold import STORY_CHANGES, Corpus, core_of
from pipeline.train.tables import HeldOut, Tables

_SHAPES: tuple[Shape, ...] = ("agile", "front", "criteria", "gherkin", "narrative")
_SHARES = (0.5, 0.13, 0.14, 0.09, 0.14)
_OF_STORIES = (0.62, 0.14, 0.12, 0.02, 0.10)
#: Words of a telling that is shown whole; a longer one is no pair.
MOST_WORDS = 70


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question with its answer.

    Args:
        kind: of the difference, or "paraphrase", "benefit changed", "neighbour".
        source: "grammar", or the document of the story.
    """

    a: str
    b: str
    answer: Answer
    kind: str
    source: str


@dataclass(frozen=True)
class Source:
    """A document's stories."""

    name: str
    stories: tuple[Story, ...]


class PairMaker:
    """Makes pairs, of grammar and of stories, one after the other.

    Args:
        held_out: words that no pair may differ by.
        intents, scales: which of the tables may be used.
    """

    def __init__(
        self,
        tables: Tables,
        held_out: HeldOut,
        sources: Sequence[Source],
        rng: random.Random,
        intents: Sequence[int],
        scales: Sequence[int],
    ) -> None:
        self.tables, self.held_out, self.rng = tables, held_out, rng
        self.maker = Maker(tables, rng, intents, scales)
        self.sources = [source for source in sources if len(source.stories) > 1]
        self._weights = [len(source.stories) ** 0.5 for source in self.sources]
        self._neighbours = {source.name: _neighbours(source) for source in self.sources}
        self._goals = {
            source.name: [core for story in source.stories if (core := core_of(story))]
            for source in self.sources
        }
        self._opposites = _usable(tables.opposites, held_out)
        #: Pairs that were made and not taken, by why.
        self.dropped: Counter[str] = Counter()

    def pairs(self, n: int, *, of_stories: float = 0.45) -> list[TrainingPair]:
        """``n`` pairs, no two with the same texts.

        Args:
            of_stories: the share made of stories, where there are any.
        """
        found: dict[tuple[str, str], TrainingPair] = {}
        for pair in self._endless(of_stories if self.sources else 0.0):
            if len(found) == n:
                break
            if (why := self._refused(pair)) or (pair.a, pair.b) in found:
                self.dropped[why or "made twice"] += 1
                continue
            found[pair.a, pair.b] = pair
        return list(found.values())

    def _refused(self, pair: TrainingPair) -> str:
        if pair.a == pair.b:
            return "" if pair.answer is Answer.ONE_NEED else "two needs in the same words"
        if max(len(pair.a.split()), len(pair.b.split())) > MOST_WORDS:
            return "long"
        if pair.kind != "neighbour" and self.held_out.parts(
            pair.a, pair.b, same=pair.answer is Answer.ONE_NEED
        ):
            return "parted by words that an exam asks about"
        return ""

    def _endless(self, of_stories: float) -> Iterator[TrainingPair]:
        while True:
            made = self._of_story() if self.rng.random() < of_stories else self._of_grammar()
            if made is not None:
                yield made

    def _of_grammar(self) -> TrainingPair | None:
        need = self.maker.need()
        if self.rng.random() < 0.44:
            return self._same(need, "grammar", _SHARES)
        change = self.rng.choices([c for c, _ in CHANGES], [w for _, w in CHANGES])[0]
        contrast = change(need, self.maker)
        return None if contrast is None else self._contrast(contrast, "grammar", _SHARES)

    def _of_story(self) -> TrainingPair | None:
        source = self.rng.choices(self.sources, self._weights)[0]
        if self.rng.random() < 0.28 and (near := self._neighbours[source.name]):
            return self._neighbour(near, source)
        goals = self._goals[source.name]
        if len(goals) < 2:
            return None
        plain = self.rng.random() < 0.5
        core = self.rng.choice(goals)
        need = Need(core) if plain else self.maker.need(core)
        draw = self.rng.random()
        if draw < 0.5:
            return self._same(need, source.name, _OF_STORIES)
        corpus = Corpus(self.tables, self.rng, goals, self._opposites)
        if draw < 0.78:
            turn = self.rng.choices([c for c, _ in STORY_CHANGES], [w for _, w in STORY_CHANGES])[0]
            contrast = turn(need, corpus)
        else:
            change = self.rng.choices([c for c, _ in CHANGES], [w for _, w in CHANGES])[0]
            contrast = change(need, self.maker)
        if contrast is None:
            return None
        return self._contrast(contrast, source.name, _OF_STORIES)

    def _neighbour(
        self, near: Sequence[tuple[Story, Story]], source: Source
    ) -> TrainingPair | None:
        a, b = self.rng.choice(near)
        one, other = _text_of(a), _text_of(b)
        if self.rng.random() < 0.35 and (core := core_of(a)):
            manner = self._manner(_OF_STORIES, a.benefit)
            one = replace(tell(Need(core), manner, self.tables), title=a.title)
        if self.rng.random() < 0.25:
            one, other = replace(one, benefit=""), replace(other, benefit="")
        return self._pair(one, other, Answer.DIFFERENT, "neighbour", source.name)

    def _same(self, need: Need, source: str, shares: Sequence[float]) -> TrainingPair:
        benefit, other = self._benefits()
        one = tell(need, self._manner(shares, benefit), self.tables)
        two = tell(need, self._manner(shares, other), self.tables)
        kind = "benefit changed" if benefit and other and benefit != other else "paraphrase"
        return self._pair(one, two, Answer.ONE_NEED, kind, source)

    def _contrast(self, made: Contrast, source: str, shares: Sequence[float]) -> TrainingPair:
        benefit, other = self._benefits()
        manner = self._manner(shares, benefit)
        # Four of ten under one seed: every word that the change did not touch is the same.
        like = self.rng.random() < 0.4
        second = replace(manner, benefit=other) if like else self._manner(shares, other)
        return self._pair(
            tell(made.one, manner, self.tables),
            tell(made.other, second, self.tables),
            made.answer,
            made.kind,
            source,
        )

    def _benefits(self) -> tuple[str, str]:
        benefits = self.tables.wordings("benefit")
        one, other = self.rng.sample(benefits, 2)
        draw = self.rng.random()
        if draw < 0.3:
            return one, one
        if draw < 0.55:
            return one, other
        return (one, "") if draw < 0.75 else ("", "")

    def _manner(self, shares: Sequence[float], benefit: str) -> Manner:
        shape = self.rng.choices(_SHAPES, shares)[0]
        return Manner(str(self.rng.random()), shape, benefit)

    def _pair(
        self, one: StoryText, other: StoryText, answer: Answer, kind: str, source: str
    ) -> TrainingPair:
        a, b = telling_text(one), telling_text(other)
        if self.rng.random() < 0.5:
            a, b = b, a
        return TrainingPair(a, b, answer, kind, source)


def _text_of(story: Story) -> StoryText:
    return StoryText(
        goal=story.goal,
        benefit=story.benefit,
        criteria=story.criteria,
        title=story.title,
        body=story.body,
    )


def _neighbours(source: Source) -> list[tuple[Story, Story]]:
    """Near pairs of a document whose words are not the same but for a few."""
    stories = {story.id: story for story in source.stories}
    near = []
    seen: Counter[str] = Counter()
    for pair in similar_pairs(list(source.stories)):
        a, b = stories[pair.a], stories[pair.b]
        if min(seen[pair.a], seen[pair.b]) >= 6:
            continue
        seen.update((pair.a, pair.b))
        if not _nearly_equal(a, b):
            near.append((a, b))
    return near


def _nearly_equal(a: Story, b: Story) -> bool:
    one, other = set(a.goal.lower().split()), set(b.goal.lower().split())
    return bool(one) and len(one & other) >= 0.85 * len(one | other)


def _usable(opposites: Sequence[tuple[str, str]], held_out: HeldOut) -> tuple[tuple[str, str], ...]:
    """The opposites without those of which an exam asks about a word."""
    taken = held_out.single_words
    return tuple(
        pair
        for pair in opposites
        if not any(word in taken for side in pair for word in side.split())
    )
