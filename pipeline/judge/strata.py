"""What of a pair can be seen without knowing its answer: what a judge's errors are counted by, in
an exam and in a merge alike. A judge is heard on pairs like those it was examined on."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from pipeline.compare.contrast import tokens
from pipeline.stories import Story, count_words

Wording = Literal["same words", "one within the other", "one frame", "other words"]

#: Words of the longer telling up to which a pair is of a length.
_LENGTHS = ((25, "to 25 words"), (60, "26 to 60 words"), (150, "61 to 150 words"))
_LONGER = "over 150 words"
#: Share of the topics that both goals have in common, to be told in one frame.
_FRAME = 0.5


class Cell(NamedTuple):
    """Where a pair belongs.

    Args:
        language: that the words of both prove, "" where they prove none.
        shape: kinds of the two stories.
        length: of the longer one.
        wording: how the words of the two goals lie to each other.
    """

    language: str
    shape: str
    length: str
    wording: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """(dimension, value) of everything but the language."""
        return (("shape", self.shape), ("length", self.length), ("wording", self.wording))


def cell_of(a: Story, b: Story) -> Cell:
    """Where two tellings belong, in either order."""
    shapes = sorted({a.kind, b.kind})
    n = max(_n_words(a), _n_words(b))
    length = next((name for most, name in _LENGTHS if n <= most), _LONGER)
    language = a.language if a.language == b.language else ""
    return Cell(language, " and ".join(shapes), length, _wording(a, b))


@lru_cache(maxsize=1 << 16)
def _n_words(story: Story) -> int:
    return sum(count_words(text) for name, text in story.fields if name != "role")


def _wording(a: Story, b: Story) -> Wording:
    mine, yours = _topics(a), _topics(b)
    shared = mine & yours
    if mine == yours:
        return "same words"
    if shared in (mine, yours) and shared:
        return "one within the other"
    if len(shared) >= _FRAME * max(len(mine), len(yours), 1):
        return "one frame"
    return "other words"


def _topics(story: Story) -> frozenset[str]:
    return frozenset(word for word in tokens(story.goal or story.title) if word[0] != "<")
