"""Places of words: by what stands around them, which word of one text answers to which of another.

Two tellings of one need seldom have their words in the same order, and each leaves out what the
other says. So a small word or a number of one is held against one of the other only where both
stand in the same place: beside the same content word, or between the same two of the content words
that the texts share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.compare.synonyms import concept, topic
from pipeline.text.language import ENGLISH, function_words
from pipeline.text.words import is_content, stem

#: Words beside which the content word is looked for that a small word goes with.
REACH = 4


@dataclass(frozen=True)
class Places:
    """The words of a text, lower-case and in order, as places.

    Args:
        language: as :mod:`pipeline.text.language` has it, "" where it is not known.
    """

    words: tuple[str, ...]
    language: str = ENGLISH

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What each word is known by where texts are aligned: of English its topic, of other
        languages the word; "" of a small word."""
        if self.language in (ENGLISH, ""):
            return tuple(topic(concept(stem(w))) if is_content(w) else "" for w in self.words)
        small = function_words(self.language)
        return tuple("" if word in small or len(word) == 1 else word for word in self.words)

    @cached_property
    def said(self) -> frozenset[str]:
        """The keys of the text."""
        return frozenset(self.keys) - {""}

    def after(self, i: int) -> str:
        """The key of the content word that the word at ``i`` points to; "" where none is near."""
        return next(filter(None, self.keys[i + 1 : i + 1 + REACH]), "")

    def before(self, i: int) -> str:
        """The key of the content word behind which the word at ``i`` stands."""
        return next(filter(None, reversed(self.keys[max(0, i - REACH) : i])), "")

    def around(self, i: int) -> frozenset[str]:
        """The keys of the content words near the word at ``i``."""
        near = (*self.keys[max(0, i - REACH) : i], *self.keys[i + 1 : i + 1 + REACH])
        return frozenset(near) - {""}

    def anchors(self, i: int, shared: frozenset[str]) -> tuple[str, str]:
        """The nearest of some keys on either side of the word at ``i``; "" at an end."""
        left = next((key for key in reversed(self.keys[:i]) if key in shared), "")
        right = next((key for key in self.keys[i + 1 :] if key in shared), "")
        return left, right

    def at(self, words: frozenset[str]) -> Iterator[int]:
        """Where some words stand."""
        return (i for i, word in enumerate(self.words) if word in words)


def are_aligned(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words, by their positions, stand in the same place of their texts."""
    if one.after(i) and one.after(i) == two.after(j):
        return True
    if one.before(i) and one.before(i) == two.before(j):
        return True
    shared = one.said & two.said
    around = one.anchors(i, shared)
    return any(around) and around == two.anchors(j, shared)


def are_near(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words stand in the same place, or near the same content word."""
    return are_aligned(one, i, two, j) or bool(one.around(i) & two.around(j))


def have_exchanged(mine: Sequence[str], yours: Sequence[str]) -> bool:
    """Whether two words of a sequence are exchanged in the other, everything else in place and
    something between them: "buyers rate sellers", "sellers rate buyers". What stands next to each
    other may have moved."""
    if len(mine) != len(yours):
        return False
    apart = [i for i, (x, y) in enumerate(zip(mine, yours, strict=True)) if x != y]
    if len(apart) != 2 or apart[1] - apart[0] < 2:
        return False
    first, last = apart
    return (mine[first], mine[last]) == (yours[last], yours[first])
