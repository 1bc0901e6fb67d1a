"""Whether a text says all that its sources say: the yes or no of words, which no command asks.

The gate stops what is ungrounded; what a text leaves out is measured by
``evals/metrics/coverage_share.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.compare.features import Features, features
from pipeline.compare.measures import weight
from pipeline.gate.grounding import fields_of
from pipeline.gate.sources import without_lead
from pipeline.outcomes import StoryText
from pipeline.stories import Story
from pipeline.text.sentences import sentences

#: Share of a sentence's weight that a text must hold to say the same.
SAID = 0.65
#: The same share where the words may stand anywhere in the text.
ALL_SAID = 0.85


def holds(
    there: Features,
    part: Features,
    weights: Mapping[str, float] | None = None,
    share: float = SAID,
) -> bool:
    """Whether a text says what a sentence says: a share of its words by weight, and every number,
    date, version, quoted term and negation of it."""
    if not (
        part.values <= there.values
        and part.dates <= there.dates
        and part.versions <= there.versions
        and part.named <= there.roots
        and part.quoted <= there.quoted
        and part.negated <= there.negated | there.stems
    ):
        return False
    rarity = weights or {}
    total = weight(part.topics, rarity)
    return not total or weight(part.topics & there.topics, rarity) / total >= share


def missing(
    text: StoryText, sources: Sequence[Story], *, weights: Mapping[str, float] | None = None
) -> list[tuple[str, str, Story]]:
    """(field, its whole text, story) of everything in the sources that the text does not say: a
    sentence of it lacks words beyond a sixth of their weight, a number, date, name or negation."""
    fields = [t for _, t in fields_of(text)]
    there = features("\n".join(fields))
    copies = {without_lead(sentence) for t in fields for sentence in (t, *sentences(t))}
    lost: dict[str, tuple[str, str, Story]] = {}

    def stands(part: str) -> bool:
        return without_lead(part) in copies or holds(there, features(part), weights, ALL_SAID)

    for story in sources:
        for field, whole in story.fields:
            if field == "role":
                there_too = _role_stands(whole, text.role)
            else:
                there_too = without_lead(whole) in copies or all(map(stands, sentences(whole)))
            if not there_too:
                lost.setdefault(without_lead(whole), (field, whole, story))
    return list(lost.values())


def _role_stands(role: str, merged: str) -> bool:
    """Whether a role is (one of) the merged story's, or has no word that theirs lack."""
    roles = {without_lead(part) for part in (merged, *merged.split(" or "))}
    return without_lead(role) in roles or features(role).stems <= features(merged).stems
