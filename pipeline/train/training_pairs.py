"""Training pairs: two tellings as a judge is shown them, and the answer that is right.

Every pair is made of needs whose relation is decided first (:mod:`pipeline.train.need_changes`),
but the hard negatives: two stories of one document that the search for candidates holds to be near.
They are taken to be different, as nearly all of them are.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.outcomes import StoryText
from pipeline.plan.near.similarity import similar_pairs
from pipeline.plan.rendering import telling_text
from pipeline.stories import Story
from pipeline.train.generated_needs import Maker, Manner, Need, Shape, tell
from pipeline.train.need_changes import CHANGES, Contrast
from pipeline.train.retold import STORY_CHANGES, Corpus, core_of
from pipeline.train.word_tables import HeldOut, Tables

_SHAPES: tuple[Shape, ...] = ("agile", "front", "criteria", "gherkin", "narrative")
_SHARES = (0.6, 0.12, 0.11, 0.06, 0.11)
_OF_STORIES = (0.68, 0.12, 0.1, 0.02, 0.08)
#: The part of a training in which plain tellings become fewer and fewer.
_EASY = 0.6
#: Of the families of stories, those that are a pair of neighbours.
_NEIGHBOURS = 0.2
#: The kinds of difference that pairs are made of.
KINDS = (
    "small word", "quantity", "scope", "actor or object", "order", "verb opposite", "another rule",
    "another need", "detail added", "condition", "generalisation", "neighbour",
)  # fmt: skip
#: Words of a telling that is shown whole; a longer one is not a pair.
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
        without: kinds of :data:`KINDS` that no pair is made of; a need that was changed so is told
            in no pair at all.

    Raises:
        InputError: another kind, or all but neighbours.
    """

    def __init__(
        self,
        tables: Tables,
        held_out: HeldOut,
        sources: Sequence[Source],
        rng: random.Random,
        intents: Sequence[int],
        scales: Sequence[int],
        without: Sequence[str] = (),
    ) -> None:
        if unknown := sorted(set(without) - set(KINDS)):
            raise InputError(
                f"no pairs are made of the kind {unknown[0]!r}.",
                where="--without",
                next=f"Name one of {', '.join(KINDS)}.",
            )
        if set(KINDS) - set(without) <= {"neighbour"}:
            raise InputError(
                "every kind that is made of one need is left out.",
                where="--without",
                next="Leave one in.",
            )
        self.without = frozenset(without)
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

    def pairs(
        self, n: int, *, of_stories: float = 0.6, easy_first: bool = True
    ) -> list[TrainingPair]:
        """``n`` pairs, no two with the same texts; those of one need follow one another.

        Args:
            of_stories: the share made of stories, where there are any.
            easy_first: short tellings in one form at first, then more and more of all forms;
                otherwise every fourth is plain.
        """
        found: dict[tuple[str, str], TrainingPair] = {}
        while len(found) < n:
            plain = max(0.0, 1 - len(found) / (_EASY * n)) if easy_first else 0.25
            share = of_stories if self.sources else 0.0
            for pair in self._family(share, plain=self.rng.random() < plain):
                if (why := self._refused(pair)) or (pair.a, pair.b) in found:
                    self.dropped[why or "made twice"] += 1
                elif len(found) < n:
                    found[pair.a, pair.b] = pair
        return list(found.values())

    def _refused(self, pair: TrainingPair) -> str:
        if pair.a == pair.b:
            return "the same words"
        if max(len(pair.a.split()), len(pair.b.split())) > MOST_WORDS:
            return "long"
        if pair.kind != "neighbour" and self.held_out.parts(
            pair.a, pair.b, same=pair.answer is Answer.ONE_NEED
        ):
            return "parted by words that an exam asks about"
        return ""

    def _family(self, of_stories: float, *, plain: bool) -> list[TrainingPair]:
        """A need told twice, and beside it another that stands to it in a known way: what is
        learned of the three is what parts them, as they share everything else."""
        if self.rng.random() < of_stories:
            source = self.rng.choices(self.sources, self._weights)[0]
            if self.rng.random() < _NEIGHBOURS and (near := self._neighbours[source.name]):
                return [] if "neighbour" in self.without else [self._neighbour(near, source)]
            return self._of_story(source, plain=plain)
        need = self.maker.need(plain=plain)
        contrast = self._changed(need)
        return [] if contrast is None else self._told(contrast, "grammar", _SHARES, plain=plain)

    def _changed(self, need: Need) -> Contrast | None:
        change = self.rng.choices([c for c, _ in CHANGES], [w for _, w in CHANGES])[0]
        return change(need, self.maker)

    def _of_story(self, source: Source, *, plain: bool) -> list[TrainingPair]:
        goals = self._goals[source.name]
        if len(goals) < 2:
            return []
        core = self.rng.choice(goals)
        need = Need(core) if self.rng.random() < 0.5 else self.maker.need(core, plain=plain)
        if self.rng.random() < 0.6:
            corpus = Corpus(self.tables, self.rng, goals, self._opposites)
            turn = self.rng.choices([c for c, _ in STORY_CHANGES], [w for _, w in STORY_CHANGES])[0]
            contrast = turn(need, corpus)
        else:
            contrast = self._changed(need)
        if contrast is None:
            return []
        return self._told(contrast, source.name, _OF_STORIES, plain=plain)

    def _neighbour(self, near: Sequence[tuple[Story, Story]], source: Source) -> TrainingPair:
        a, b = self.rng.choice(near)
        one, other = _text_of(a), _text_of(b)
        if self.rng.random() < 0.35 and (core := core_of(a)):
            manner = self._manner(_OF_STORIES, a.benefit)
            one = replace(tell(Need(core), manner, self.tables), title=a.title)
        if self.rng.random() < 0.25:
            one, other = replace(one, benefit=""), replace(other, benefit="")
        return self._pair(one, other, Answer.DIFFERENT, "neighbour", source.name)

    def _told(
        self, made: Contrast, source: str, shares: Sequence[float], *, plain: bool
    ) -> list[TrainingPair]:
        """The first need twice, and the first and the other once."""
        if made.kind in self.without:
            return []
        benefit, other = ("", "") if plain else self._benefits()
        shares = (1.0,) if plain else shares
        first, second = self._manner(shares, benefit), self._manner(shares, other)
        # The other need is told like the one telling or like the other, every word that the
        # change did not touch the same, or in words of its own.
        draw = self.rng.random()
        third = self._manner(shares, other)
        if draw < 0.7:
            third = replace(first if draw < 0.35 else second, benefit=other)
        one, two = (tell(made.one, manner, self.tables) for manner in (first, second))
        apart = tell(made.other, third, self.tables)
        kind = "benefit changed" if benefit and other and benefit != other else "paraphrase"
        return [
            self._pair(one, two, Answer.ONE_NEED, kind, source),
            self._pair(one, apart, made.answer, made.kind, source),
        ]

    def _benefits(self) -> tuple[str, str]:
        benefits = self.tables.wordings("benefit")
        one, other = self.rng.sample(benefits, 2)
        draw = self.rng.random()
        if draw < 0.15:
            return one, one
        if draw < 0.35:
            return one, other
        return (one, "") if draw < 0.5 else ("", "")

    def _manner(self, shares: Sequence[float], benefit: str) -> Manner:
        shape = self.rng.choices(_SHAPES[: len(shares)], shares)[0]
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
