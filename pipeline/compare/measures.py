"""What stories are measured by: the words of their subjects and sentences, weighed by rarity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import repeat

from pipeline.compare.contrast import related
from pipeline.compare.features import Features, features, gist
from pipeline.stories import Story
from pipeline.text.sentences import sentences

#: What a number that both goals name weighs, in stems of average rarity.
NUMBER = 1.5
_GRAINS = 2.0**20
#: Weight of a stem when no corpus is given, or that the corpus does not have.
PLAIN = 1.0


def stem_weights(stories: Iterable[Story]) -> dict[str, float]:
    """Rarity of every stem in a corpus: log((n + 1) / df) + 0.1, n stories, df with the stem.

    Weights are multiples of 2^-20, so that their sums are exact: the same in any order, and in
    every process, though sets of words come in another order in each.
    """
    frequency: Counter[str] = Counter()
    n = 0
    for story in stories:
        n += 1
        frequency.update(all_stems(story))
    return {
        stem: round((math.log((n + 1) / df) + 0.1) * _GRAINS) / _GRAINS
        for stem, df in frequency.items()
    }


def need_similarity(a: Story, b: Story, weights: Mapping[str, float]) -> float:
    """Weighted Dice coefficient of the two subjects' topics; stems of one family count as shared,
    numbers that both name count extra."""
    one, two = subject(a), subject(b)
    shared = weight(one.topics & two.topics, weights)
    for mine in one.topics - two.topics:
        for yours in two.topics - one.topics:
            if related(mine, yours):
                shared += min(weights.get(mine, PLAIN), weights.get(yours, PLAIN))
    numbers = NUMBER * len(one.values & two.values) * mean(one.topics | two.topics, weights)
    total = weight(one.topics, weights) + weight(two.topics, weights) + 2 * numbers
    return 2 * (shared + numbers) / total if total else 0.0


def likeness(a: Story, b: Story, weights: Mapping[str, float]) -> float:
    """How alike two stories are, for finding pairs: by their subjects, or with the benefits."""
    return max(need_similarity(a, b, weights), dice(core(a), core(b), weights))


def core(story: Story) -> frozenset[str]:
    """The stems a story is found by: of its goal and benefit, or of its subject."""
    return gist(subject_text(story)).topics | gist(story.benefit).topics


def named(story: Story) -> frozenset[str]:
    """The numbers of a story's subject, in normal form: it may be found by them too."""
    return frozenset(f"{n.value} {n.unit}" for n in gist(subject_text(story)).numbers)


def subject(story: Story) -> Features:
    """What a story is about: its goal, else its title, else its first sentence."""
    return features(subject_text(story))


def subject_text(story: Story) -> str:
    """The text of :func:`subject`."""
    if story.goal or story.title:
        return story.goal or story.title
    rest = statements(story)
    return rest[0][1] if rest else story.text


@lru_cache(maxsize=1 << 17)
def statements(story: Story) -> tuple[tuple[str, str], ...]:
    """A story's sentences as (field, sentence)."""
    return tuple((field, part) for field, text in story.fields for part in sentences(text))


def all_stems(story: Story) -> frozenset[str]:
    """Every content stem of a story."""
    texts = [text for _, text in story.fields] or [story.text]
    return frozenset().union(*(gist(text).topics for text in texts))


def weight(stems: Collection[str], weights: Mapping[str, float]) -> float:
    """Sum of the stems' weights."""
    return sum(map(weights.get, stems, repeat(PLAIN)), 0.0)


def dice(a: frozenset[str], b: frozenset[str], weights: Mapping[str, float]) -> float:
    """Weighted Dice coefficient of two sets of stems: twice the shared weight by both weights."""
    total = weight(a, weights) + weight(b, weights)
    return 2 * weight(a & b, weights) / total if total else 0.0


def mean(stems: Collection[str], weights: Mapping[str, float]) -> float:
    """The stems' mean weight, 0 of none."""
    return weight(stems, weights) / len(stems) if stems else 0.0
