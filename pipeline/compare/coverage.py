"""What one text says and another does not.

Used both ways: two stories are the same when neither says anything that the other does not, and a
merge has lost nothing when every sentence of its sources is still said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pipeline.compare.contrast import contrast, related, tokens
from pipeline.compare.features import Features, features
from pipeline.compare.measures import NUMBER, dice, mean, statements, subject, weight
from pipeline.stories import Story, normalise
from pipeline.text.words import sentences

#: Share of a sentence's weight that a sentence of the other story must hold to say the same.
SAID = 0.65
#: The same share where the words may stand anywhere in the other story.
ALL_SAID = 0.85
#: Weighted Dice of two benefits from which they are one benefit in two wordings.
ONE_BENEFIT = 0.4
#: The same share of all words, where a benefit has so few topics that they decide nothing.
ONE_WORDING, FEW_TOPICS = 0.6, 2


def unsaid(a: Story, b: Story, weights: Mapping[str, float]) -> tuple[str, ...]:
    """The sentences of ``a`` that ``b`` does not say: words missing there, or a number, date,
    name or quoted term. The goals are one need already; benefits may be worded anew."""
    there, sentences_there = _told(b)

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


@lru_cache(maxsize=1 << 14)
def _told(story: Story) -> tuple[Features, tuple[tuple[str, Features], ...]]:
    """What a story says as a whole, its role aside, and sentence by sentence."""
    whole = features("\n".join(text for field, text in story.fields if field != "role"))
    return whole, tuple((text, features(text)) for _, text in statements(story))


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


def says(text: str, sentence: str, weights: Mapping[str, float] | None = None) -> bool:
    """Whether one sentence of a text is a sentence of another, word for word or nearly: with all
    but a sixth of its content by weight and all of its grammar, no word swapped, as strongly, and
    denying the same."""
    part = features(sentence)
    for other in sentences(text):
        if normalise(other) == normalise(sentence):
            return True
        there = features(other)
        if (
            part.topics
            and part.modality == there.modality
            and part.negated == there.negated
            and holds(there, part, weights, ALL_SAID)
            and _grammar(sentence) <= _grammar(other)
            and contrast(sentence, other) is None
        ):
            return True
    return False


def _grammar(sentence: str) -> frozenset[str]:
    """The words of a sentence that carry grammar ("one", "only", "before"), determiners aside."""
    return frozenset(word for word in tokens(sentence) if word[0] == "<")


def _share(part: Features, there: Features, weights: Mapping[str, float]) -> float:
    """The share of a text's weight that another holds, words of one family and numbers included."""
    held = {
        mine
        for mine in part.topics
        if mine in there.topics or any(related(mine, other) for other in there.topics)
    }
    shared = len(part.values & there.values)
    numbers = NUMBER * shared * mean(part.topics, weights)
    total = weight(part.topics, weights) + numbers
    return (weight(held, weights) + numbers) / total if total else 1.0


def _adds(part: Features, goal: Features) -> bool:
    """Whether a goal names a number, date, name or quoted term that the other does not."""
    return not (
        part.values <= goal.values
        and part.dates <= goal.dates
        and part.quoted <= goal.quoted
        and part.named <= goal.roots
    )


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
