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
from itertools import pairwise

from pipeline.compare.synonyms import concept, topic
from pipeline.text.language import ENGLISH, function_words
from pipeline.text.words import is_content, stem, word_set

#: Words beside which the content word is looked for that a small word goes with.
REACH = 4
#: Words that say how much, when or whether, and not of what.
_SMALL_TOO = word_set(
    "unless except excluding least exactly precisely solely exclusively away always sometimes one"
    " two three four five six seven eight nine ten eleven twelve"
)


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
            return tuple(
                topic(concept(stem(w)))
                if is_content(w) and not (w.isdigit() or w in _SMALL_TOO)
                else ""
                for w in self.words
            )
        small = function_words(self.language)
        return tuple(
            "" if word in small or len(word) == 1 or word.isdigit() else word for word in self.words
        )

    @cached_property
    def said(self) -> frozenset[str]:
        """The keys of the text."""
        return frozenset(self.keys) - {""}

    @cached_property
    def content(self) -> tuple[int, ...]:
        """Where the content words stand."""
        return tuple(i for i, key in enumerate(self.keys) if key)

    @cached_property
    def links(self) -> frozenset[tuple[str, str]]:
        """The keys of every two content words that follow each other, with "" for either end."""
        keys = ("", *(self.keys[i] for i in self.content), "")
        return frozenset(pairwise(keys))

    def is_between(self, k: int, other: Places) -> bool:
        """Whether the content word at ``k`` stands in another text beside what it stands beside
        here, before it or behind it."""
        left = next((self.keys[i] for i in reversed(self.content) if i < k), "")
        right = next((self.keys[i] for i in self.content if i > k), "")
        key = self.keys[k]
        before, behind = (left, key) in other.links, (key, right) in other.links
        if bool(left) == bool(right):
            return before or behind
        return before if left else behind

    def head(self, i: int) -> str:
        """The key of the last of the content words in a row that the word at ``i`` points to: "to
        the tide table" points to the table."""
        found = ""
        for k in range(i + 1, len(self.keys)):
            if self.keys[k]:
                found = self.keys[k]
            elif found or k > i + REACH:
                break
        return found

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


def _are_anchored(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words stand between the same two of the words that the texts share."""
    shared = one.said & two.said
    around = one.anchors(i, shared)
    return all(around) and around == two.anchors(j, shared)


def point_alike(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words point to the same content word, or, where one points to none, close the
    same; or stand between the same two."""
    after = one.after(i), two.after(j)
    if all(after):
        return after[0] == after[1] or _are_anchored(one, i, two, j)
    return bool(one.before(i)) and one.before(i) == two.before(j)


def stand_behind(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words close the same content word, as "on" and "off" do."""
    return bool(one.before(i)) and one.before(i) == two.before(j)


def are_beside(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words stand on either side of the same content word ("a weekly towel change",
    "changed daily"), or between the same two."""
    mine, yours = ({of.before(k), of.after(k), of.head(k)} - {""} for of, k in ((one, i), (two, j)))
    return bool(mine & yours) or _are_anchored(one, i, two, j)


def are_near(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two words stand near the same content word, or the nearest that the texts share is
    the same."""
    shared = one.said & two.said
    around = one.anchors(i, shared)
    return bool(one.around(i) & two.around(j)) or (any(around) and around == two.anchors(j, shared))


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
