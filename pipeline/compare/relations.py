"""How two stories relate, decided by code: same, overlap, conflict or distinct.

Two stories speak of the same need when the content words of their goals agree, each word weighed
by its rarity in the corpus; a rare word that only one side has, on both sides, is another need
however alike the sentences look ("export loan history", "export member list"). Of stories with
one need, sentences that say the same thing are laid side by side: where such a pair differs in a
number, a date, who may, must against must not, or an opposite, they conflict; where each story is
wholly said by the other, they are the same; else they overlap.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.compare.contrast import contrast, related, tokens
from pipeline.compare.differences import Difference, contradiction, deny_each_other
from pipeline.compare.features import Features, features
from pipeline.compare.synonyms import concept, topic
from pipeline.compare.words import WORD, sentences, stem
from pipeline.outcomes import Relation
from pipeline.stories import Story, normalise

#: Weighted Dice of two goals from which they may be one need.
NEED = 0.6
#: The same for stories that then differ in details: below it, they differ in the need.
NEED_OVERLAP = 0.7
#: The same where one goal holds (nearly) every word of the other.
NEED_CONTAINED = 0.5
CONTAINED = 0.9
#: Topics that a goal needs for its being held by another to mean anything.
FEWEST = 3
#: The same where goal and benefit together are this much alike.
NEED_WITH_BENEFIT = 0.33
CORE = 0.55
#: Share of a sentence's weight that a sentence of the other story must hold to say the same.
SAID = 0.65
#: The same share where the words may stand anywhere in the other story.
ALL_SAID = 0.85
#: Weighted Dice of two benefits from which they are one benefit in two wordings.
ONE_BENEFIT = 0.4
#: The same share of all words, where a benefit has so few topics that they decide nothing.
ONE_WORDING, FEW_TOPICS = 0.6, 2
#: What a number that both goals name weighs, in stems of average rarity.
NUMBER = 1.5
_NO_RULES = ("role", "title", "benefit")
#: Weight of a stem when no corpus is given, or that the corpus does not have.
PLAIN = 1.0


@dataclass(frozen=True, slots=True)
class Related:
    """How two stories relate.

    Args:
        score: similarity of their needs, 0 to 1.
        attribute: what a conflict is about: number, date, role, modality, negation, opposite.
        values: what each says of it, in the order the stories were given.
        why: one sentence for people.
    """

    relation: Relation
    score: float
    attribute: str = ""
    values: tuple[str, str] = ("", "")
    why: str = ""


def stem_weights(stories: Iterable[Story]) -> dict[str, float]:
    """Rarity of every stem in a corpus: log((n + 1) / df) + 0.1, n stories, df with the stem."""
    frequency: Counter[str] = Counter()
    n = 0
    for story in stories:
        n += 1
        frequency.update(all_stems(story))
    return {stem: math.log((n + 1) / df) + 0.1 for stem, df in frequency.items()}


def relate(a: Story, b: Story, weights: Mapping[str, float] | None = None) -> Related:
    """How two stories relate; symmetric but for the order of ``values``.

    Args:
        weights: rarity of stems in the corpus (:func:`stem_weights`); all alike without.
    """
    if a.fingerprint == b.fingerprint:
        return Related(Relation.SAME, 1.0, why="the same words")
    weights = weights or {}
    score = need_similarity(a, b, weights)
    if not _one_need(a, b, score, weights):
        return Related(Relation.DISTINCT, score, why=_apart(a, b, weights))
    difference = _disagreement(a, b, weights)
    swapped = contrast(subject_text(a), subject_text(b), all_stems(a), all_stems(b))
    if swapped is not None and (difference is None or difference.attribute != "role"):
        return Related(
            Relation.DISTINCT, score, why=f"alike but for “{swapped[0]}” and “{swapped[1]}”"
        )
    if difference is None and deny_each_other(subject_text(a), subject_text(b)):
        return Related(Relation.DISTINCT, score, why="one denies what the other says")
    if difference is not None:
        return Related(
            Relation.CONFLICT, score, difference.attribute, difference.values, difference.why
        )
    extra_a, extra_b = unsaid(a, b, weights), unsaid(b, a, weights)
    if not extra_a and not extra_b:
        return Related(Relation.SAME, score, why="each says what the other says")
    own = "; ".join(f"“{texts[0]}”" for texts in (extra_a, extra_b) if texts)
    if score < NEED_OVERLAP or not _roles_agree(a, b):
        return Related(Relation.DISTINCT, score, why=f"alike, but only one says {own}")
    return Related(Relation.OVERLAP, score, why=f"one need; in one story only: {own}")


def need_similarity(a: Story, b: Story, weights: Mapping[str, float]) -> float:
    """Weighted Dice coefficient of the two subjects' topics; stems of one family count as shared,
    numbers that both name count extra."""
    one, two = subject(a), subject(b)
    shared = weight(one.topics & two.topics, weights)
    for mine in one.topics - two.topics:
        for yours in two.topics - one.topics:
            if related(mine, yours):
                shared += min(weights.get(mine, PLAIN), weights.get(yours, PLAIN))
    numbers = NUMBER * len(_values(one) & _values(two)) * _mean(one.topics | two.topics, weights)
    total = weight(one.topics, weights) + weight(two.topics, weights) + 2 * numbers
    return 2 * (shared + numbers) / total if total else 0.0


def _values(found: Features) -> frozenset[tuple[str, str]]:
    return frozenset((number.value, number.unit) for number in found.numbers)


def _mean(stems: frozenset[str], weights: Mapping[str, float]) -> float:
    return weight(stems, weights) / len(stems) if stems else 0.0


def core(story: Story) -> frozenset[str]:
    """The stems a story is found by: of its goal and benefit, or of its subject."""
    return subject(story).topics | features(story.benefit).topics


def named(story: Story) -> frozenset[str]:
    """The numbers of a story's subject, in normal form: it may be found by them too."""
    return frozenset(f"{value} {unit}" for value, unit in _values(subject(story)))


def likeness(a: Story, b: Story, weights: Mapping[str, float]) -> float:
    """How alike two stories are, for finding pairs: by their subjects, or with the benefits."""
    return max(need_similarity(a, b, weights), dice(core(a), core(b), weights))


def unsaid(a: Story, b: Story, weights: Mapping[str, float]) -> tuple[str, ...]:
    """The sentences of ``a`` that ``b`` does not say: words missing there, or a number, date,
    name or quoted term. The goals are one need already; benefits may be worded anew."""
    there = features("\n".join(text for field, text in b.fields if field != "role"))
    sentences_there = [(text, features(text)) for _, text in statements(b)]

    def said(field: str, text: str) -> bool:
        part = features(text)
        if field == "goal" and b.goal:
            return not _adds(part, subject(b)) and _share(part, there, weights) >= SAID
        if field == "benefit" and _one_benefit(text, b.benefit, weights):
            return True
        if holds(there, part, weights, ALL_SAID):
            return True
        return any(
            holds(other, part, weights) and contrast(text, words) is None
            for words, other in sentences_there
        )

    return tuple(
        text
        for field, text in statements(a)
        if field not in ("title", "role") and not said(field, text)
    )


def _share(part: Features, there: Features, weights: Mapping[str, float]) -> float:
    """The share of a text's weight that another holds, words of one family and numbers included."""
    held = {
        mine
        for mine in part.topics
        if mine in there.topics or any(related(mine, other) for other in there.topics)
    }
    shared = len(_values(part) & _values(there))
    numbers = NUMBER * shared * _mean(part.topics, weights)
    total = weight(part.topics, weights) + numbers
    return (weight(held, weights) + numbers) / total if total else 1.0


def _adds(part: Features, goal: Features) -> bool:
    """Whether a goal names a number, date, name or quoted term that the other does not."""
    return bool(
        _values(part) - _values(goal)
        or part.dates - goal.dates
        or part.quoted - goal.quoted
        or not _names_in(part, goal)
    )


def _names_in(part: Features, there: Features) -> bool:
    words = {word for name in part.names for word in WORD.findall(name.casefold())}
    return {stem(word) for word in words} <= {stem(word) for word in there.words}


def _one_benefit(a: str, b: str, weights: Mapping[str, float]) -> bool:
    one, two = features(a), features(b)
    if _adds(one, two):
        return False
    if dice(one.topics, two.topics, weights) >= ONE_BENEFIT:
        return True
    # Of "nothing about me stays behind" the grammar words say most.
    words, others = set(tokens(a)), set(tokens(b))
    few = max(len(one.topics), len(two.topics)) <= FEW_TOPICS
    return few and 2 * len(words & others) >= ONE_WORDING * (len(words) + len(others))


def holds(
    there: Features,
    part: Features,
    weights: Mapping[str, float] | None = None,
    share: float = SAID,
) -> bool:
    """Whether a text says what a sentence says: a share of its words by weight, and every number,
    date, version, quoted term and negation of it."""
    values = {(n.value, n.unit) for n in part.numbers} - {(n.value, n.unit) for n in there.numbers}
    if values or part.dates - there.dates or part.versions - there.versions:
        return False
    if not _names_in(part, there):
        return False
    if part.quoted - there.quoted or part.negated - (there.negated | there.stems):
        return False
    rarity = weights or {}
    total = weight(part.topics, rarity)
    return not total or weight(part.topics & there.topics, rarity) / total >= share


def subject(story: Story) -> Features:
    """What a story is about: its goal, else its title, else its first sentence."""
    return features(subject_text(story))


def subject_text(story: Story) -> str:
    """The text of :func:`subject`."""
    if story.goal or story.title:
        return story.goal or story.title
    rest = statements(story)
    return rest[0][1] if rest else story.text


@lru_cache(maxsize=16_384)
def statements(story: Story) -> tuple[tuple[str, str], ...]:
    """A story's sentences as (field, sentence)."""
    return tuple((field, part) for field, text in story.fields for part in sentences(text))


@lru_cache(maxsize=16_384)
def whole(story: Story) -> Features:
    """The features of everything a story says."""
    return features("\n".join(text for _, text in story.fields) or story.text)


def all_stems(story: Story) -> frozenset[str]:
    """Every content stem of a story."""
    return whole(story).topics


def weight(stems: Collection[str], weights: Mapping[str, float]) -> float:
    """Sum of the stems' weights."""
    return sum(weights.get(stem, PLAIN) for stem in stems)


def dice(a: frozenset[str], b: frozenset[str], weights: Mapping[str, float]) -> float:
    """Weighted Dice coefficient of two sets of stems: twice the shared weight by both weights."""
    total = weight(a, weights) + weight(b, weights)
    return 2 * weight(a & b, weights) / total if total else 0.0


def _one_need(a: Story, b: Story, score: float, weights: Mapping[str, float]) -> bool:
    one, two = subject(a).topics, subject(b).topics
    if not one or not two:
        return False
    if score >= NEED:
        return True
    smaller = min(one, two, key=lambda topics: weight(topics, weights))
    if len(smaller) < FEWEST:
        return False
    held = weight(one & two, weights) / (weight(smaller, weights) or 1.0)
    if held >= CONTAINED and score >= NEED_CONTAINED:
        return True
    # Authors of a series copy the benefit and change the goal; who says a need again rewords both.
    copied = normalise(a.benefit) == normalise(b.benefit)
    return not copied and score >= NEED_WITH_BENEFIT and dice(core(a), core(b), weights) >= CORE


def _roles_agree(a: Story, b: Story) -> bool:
    """Whether two roles may be one: they share a word, or one is not given or just a "user"."""
    one, two = features(a.role).topics, features(b.role).topics
    anybody: tuple[frozenset[str], ...] = (frozenset(), frozenset({topic(concept(stem("user")))}))
    return one in anybody or two in anybody or bool(one & two)


def _disagreement(a: Story, b: Story, weights: Mapping[str, float]) -> Difference | None:
    """The plainest contradiction between sentences of the two that say the same thing."""
    people = frozenset(features(a.role).words) | frozenset(features(b.role).words)
    found = [
        difference
        for one in _comparable(a)
        for two in _comparable(b)
        if (difference := contradiction(one, two, weights, people)) is not None
    ]
    return max(found, key=lambda d: (d.likeness, d.values, d.why), default=None)


def _comparable(story: Story) -> Sequence[str]:
    """The sentences that ask for something; a benefit only says why."""
    return [text for field, text in statements(story) if field not in _NO_RULES] or [
        subject_text(story)
    ]


def _apart(a: Story, b: Story, weights: Mapping[str, float]) -> str:
    one, two = subject(a).topics, subject(b).topics

    def rare(stems: frozenset[str]) -> str:
        return ", ".join(sorted(stems, key=lambda s: (-weights.get(s, PLAIN), s))[:3]) or "nothing"

    return f"different needs: {rare(one - two)} against {rare(two - one)}"
