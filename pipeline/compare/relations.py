"""How two stories relate, decided by code: same, overlap, conflict or distinct.

Two stories speak of the same need when the content words of their goals agree, each word weighed
by its rarity in the corpus; a rare word that only one side has, on both sides, is another need
however alike the sentences look ("export loan history", "export member list"). Of stories with
one need, sentences that say the same thing are laid side by side: where such a pair differs in a
number, a date, who may, must against must not, or an opposite, they conflict; where each story is
wholly said by the other, they are the same; else they overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.compare.contrast import contrast
from pipeline.compare.coverage import unsaid
from pipeline.compare.differences import Difference, contradiction, deny_each_other
from pipeline.compare.features import features
from pipeline.compare.measures import (
    PLAIN,
    all_stems,
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
from pipeline.compare.words import stem
from pipeline.outcomes import Relation
from pipeline.stories import Story, normalise

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
#: A pair less alike than this (:func:`likeness`) is distinct, whatever else is compared.
LEAST_LIKENESS = min(NEED, NEED_CONTAINED, CORE)
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
