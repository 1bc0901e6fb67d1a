"""Pairs that a person decided on, as they were shown to one: what no code can make."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import combinations

from pipeline.entries import Answer, Decision, Word
from pipeline.plan.rendering import pair_text
from pipeline.stories import Story
from pipeline.text.canonical import VERSION
from pipeline.train.training_pairs import TrainingPair

#: What a decision says of two needs. Which of two is preferred says nothing of how they stand to
#: each other: both may ask for the same, or contradict each other.
_SAID: Mapping[Word, Answer] = {
    "one_need": Answer.ONE_NEED,
    "overlapping": Answer.OVERLAPPING,
    "contradicting": Answer.CONTRADICTING,
    "different": Answer.DIFFERENT,
}
KIND = "decided"
#: Of so many groups of decided stories one is kept for development.
_DEV_OF = 10


def decided_pairs(
    decisions: Iterable[Decision], stories: Iterable[tuple[str, Story]]
) -> tuple[list[TrainingPair], list[TrainingPair]]:
    """The pairs of decisions on these stories: nine tenths to train with, one to stop by.

    Stories that decisions join are in one part, so that no text is in both. Of two decisions on a
    pair the newer one holds; one under fingerprints of an older version says nothing.

    Args:
        decisions: the oldest first. stories: each with the name of its document.
    """
    here: dict[str, tuple[str, Story]] = {}
    for name, story in stories:
        here.setdefault(story.fingerprint, (name, story))
    said: dict[tuple[str, str], Word] = {}
    for decision in decisions:
        if decision.version == VERSION:
            known = sorted(f for f in decision.fingerprints if f in here)
            said.update(dict.fromkeys(combinations(known, 2), decision.answer))
    group = _groups(said)
    drawn = sorted(set(group.values()), key=_digest)
    for_dev = set(drawn[: len(drawn) // _DEV_OF])
    train: list[TrainingPair] = []
    dev: list[TrainingPair] = []
    for (a, b), word in sorted(said.items()):
        (name, one), (_, other) = here[a], here[b]
        if word in _SAID and pair_text(one) != pair_text(other):
            pair = TrainingPair(pair_text(one), pair_text(other), _SAID[word], KIND, name)
            (dev if group[a] in for_dev else train).append(pair)
    return train, dev


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By fingerprint, the least of those that pairs join it with."""
    found: dict[str, set[str]] = {}
    for a, b in pairs:
        both = found.setdefault(a, {a}) | found.setdefault(b, {b})
        found.update(dict.fromkeys(both, both))
    return {name: min(both) for name, both in found.items()}


def _digest(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode()).hexdigest()
