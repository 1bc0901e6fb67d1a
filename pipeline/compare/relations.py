"""How two stories relate, decided by code: same, overlap, conflict or distinct.

Two stories speak of the same need when the content words of their goals agree, each word weighed
by its rarity in the corpus; a rare word that only one side has, on both sides, is another need
however alike the sentences look ("export loan history", "export member list"). Of stories with
one need, sentences that say the same thing are laid side by side: where such a pair differs in a
number, a date, who may, must against must not, or an opposite, they conflict; where each story is
wholly said by the other, they are the same; else they overlap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.compare.contrast import contrast, differences_in
from pipeline.compare.coverage import unsaid
from pipeline.compare.differences import Difference, contradiction, deny_each_other
from pipeline.compare.features import features, gist
from pipeline.compare.measures import (
    PLAIN,
    core,
    dice,
    likeness,
    named,
    need_similarity,
    statements,
    stem_weights,
    subject,
    subject_text,
    weight,
)
from pipeline.compare.synonyms import concept, topic
from pipeline.outcomes import Relation
from pipeline.stories import Story, normalise
from pipeline.text.words import sentences, stem

__all__ = [
    "PLAIN",
    "Related",
    "core",
    "likeness",
    "named",
    "relate",
    "stem_weights",
    "subject",
]

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
#: When one story is the other in other words, any of these being reached: topics that they share,
#: weighted Dice of all that they say, ways in which their goals and benefits differ.
TOLD_ANEW: tuple[tuple[int, float, int], ...] = ((6, 0.66, 2), (7, 0.6, 5))
#: The same where the benefit is copied, as in a series of look-alikes: they differ in one way.
TOLD_ANEW_OF_SERIES: tuple[tuple[int, float, int], ...] = ((7, 0.66, 2), (5, 0.6, 3))
#: A pair less alike than this (:func:`likeness`) is distinct, whatever else is compared.
LEAST_LIKENESS = min(NEED, NEED_CONTAINED, CORE)
_STEP = re.compile(r"(?:.{0,120}?:\s*)?(?:given|when|then|and|but)\b", re.IGNORECASE)
_NO_RULES = ("role", "title", "benefit")


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


def relate(a: Story, b: Story, weights: Mapping[str, float] | None = None) -> Related:
    """How two stories relate; symmetric but for the order of ``values``.

    Args:
        weights: rarity of stems in the corpus (:func:`stem_weights`); all alike without.
    """
    if a.fingerprint == b.fingerprint:
        return Related(Relation.SAME, 1.0, why="the same words")
    weights = weights or {}
    score = need_similarity(a, b, weights)
    told_anew = _told_anew(a, b, weights)
    if not told_anew and not _one_need(a, b, score, weights):
        return Related(Relation.DISTINCT, score, why=_apart(a, b, weights))
    difference = _disagreement(a, b, weights)
    swapped = _swapped(a, b)
    if (
        swapped is not None
        and not told_anew
        and (difference is None or difference.attribute != "role")
    ):
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
    if not extra_a and not extra_b and swapped is None:
        return Related(Relation.SAME, score, why="each says what the other says")
    if not extra_a and not extra_b and swapped is not None:
        why = f"one need in other words: “{swapped[0]}” for “{swapped[1]}”"
        return Related(Relation.OVERLAP, score, why=why)
    own = "; ".join(f"“{texts[0]}”" for texts in (extra_a, extra_b) if texts)
    if not told_anew and (score < NEED_OVERLAP or not _roles_agree(a, b)):
        return Related(Relation.DISTINCT, score, why=f"alike, but only one says {own}")
    return Related(Relation.OVERLAP, score, why=f"one need; in one story only: {own}")


def _told_anew(a: Story, b: Story, weights: Mapping[str, float]) -> bool:
    """Whether most of what two stories say is the same and the rest differs in several small
    ways, as a rewording does. A look-alike differs in one way and repeats the rest."""
    one, two = _everything(a), _everything(b)
    copied = bool(a.benefit) and normalise(a.benefit) == normalise(b.benefit)
    shared = len(one & two)
    for fewest, alike, ways in TOLD_ANEW_OF_SERIES if copied else TOLD_ANEW:
        if shared >= fewest and dice(one, two, weights) >= alike and _ways(a, b) >= ways:
            return True
    return False


def _swapped(a: Story, b: Story) -> tuple[str, str] | None:
    """What two goals in one frame swap for each other; words that the other story says elsewhere
    only count where nothing else differs: then they are the whole difference."""
    if _ways(a, b) == 1:
        return contrast(subject_text(a), subject_text(b))
    return contrast(subject_text(a), subject_text(b), _elsewhere(a, b), _elsewhere(b, a))


@lru_cache(maxsize=1 << 10)
def _ways(a: Story, b: Story) -> int:
    """In how many ways the goals and benefits of two stories differ; a pair is asked twice."""
    return differences_in([(subject_text(a), subject_text(b)), (a.benefit, b.benefit)])


@lru_cache(maxsize=1 << 14)
def _everything(story: Story) -> frozenset[str]:
    """Every topic of a story but those of its role."""
    told = [text for field, text in story.fields if field not in ("role", "title")]
    return frozenset().union(*(gist(text).topics for text in told or [subject_text(story)]))


def _elsewhere(story: Story, other: Story) -> frozenset[str]:
    """The topics a story has beside its role and what it repeats of the other word for word: who
    wants it is not what is wanted, and a copied benefit fits another need as well."""
    if normalise(story.benefit) == normalise(other.benefit) and story.benefit:
        return frozenset()
    return _everything(story) | gist(story.title).topics


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
    """The plainest contradiction between sentences of the two that say the same thing. What both
    say, word for word, contradicts neither."""
    people = frozenset(features(a.role).words) | frozenset(features(b.role).words)
    said_by_both = _said(a) & _said(b)
    found = [
        difference
        for mine in _comparable(a)
        for yours in _comparable(b)
        if _one_scenario(mine, yours)
        for one in mine
        for two in yours
        if normalise(one) not in said_by_both and normalise(two) not in said_by_both
        if (difference := contradiction(one, two, weights, people)) is not None
    ]
    return max(found, key=lambda d: (d.likeness, d.values, d.why), default=None)


@lru_cache(maxsize=1 << 14)
def _said(story: Story) -> frozenset[str]:
    """The words of a story's sentences."""
    return frozenset(normalise(text) for _, text in statements(story))


@lru_cache(maxsize=1 << 14)
def _comparable(story: Story) -> list[tuple[str, ...]]:
    """The sentences that ask for something, field by field; a benefit only says why."""
    fields = [sentences(text) for field, text in story.fields if field not in _NO_RULES]
    return [field for field in fields if field] or [(subject_text(story),)]


def _one_scenario(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two criteria may contradict each other: not where they are scenarios that have less
    than half of their steps in common, for then their conditions differ."""
    if not any(_STEP.match(text) for text in (*a, *b)):
        return True
    one, two = set(map(normalise, a)), set(map(normalise, b))
    return 2 * len(one & two) >= min(len(one), len(two)) and bool(one & two)


def _apart(a: Story, b: Story, weights: Mapping[str, float]) -> str:
    one, two = subject(a).topics, subject(b).topics

    def rare(stems: frozenset[str]) -> str:
        return ", ".join(sorted(stems, key=lambda s: (-weights.get(s, PLAIN), s))[:3]) or "nothing"

    return f"different needs: {rare(one - two)} against {rare(two - one)}"
