"""Count tokens piece by piece, each piece once.

The prompts of one dry run say the same words again and again: every strategy and every model shows
the same stories, all requests of a plan begin alike, and a corpus has far fewer words than places
where they stand. Cut where no token can reach across, the pieces' counts add up to the whole's, and
most pieces were counted before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.calls import TokenCount

#: Texts, lines and words remembered: those of some 80,000 stories.
_TEXTS, _LINES, _WORDS = 1 << 17, 1 << 18, 1 << 18
#: A story's handle ("S12:", "A:"): the same story has another one in another window or question.
_HANDLE = re.compile(r"\s*[A-Z]\d*:(?= [!-/:-~])")
#: A longer text, such as a window of hundreds of stories, is hardly met again, and large to keep.
_LONGEST_KEPT = 10_000
#: Where the encodings cl100k and o200k never join: after the last line break of a run of white
#: space that a character follows, other than the slash that o200k takes along with line breaks.
_LINE_END = re.compile(r"\n(?=[^\S\r\n]*[^\s/])")

Cut = Callable[[str], Sequence[str]]


def whole(text: str) -> Sequence[str]:
    """A text that is not cut."""
    return (text,)


@dataclass(frozen=True, slots=True)
class TwoLines:
    """Counts requests that differ in the two lines of their last turn only.

    Neither line holds a line break; each begins with a letter and ends in no white space.

    Args:
        first, second: tokens of such a line with what belongs to it; None where that cannot be
            said of it by itself.
        whole: the request's tokens by the sum of both.
    """

    first: Callable[[str], int | None]
    second: Callable[[str], int | None]
    whole: Callable[[int], TokenCount]


class _Words(dict[str, int]):
    """The tokens of every word that was counted: of all that is remembered the most asked for, and
    looked up in half the time that a cache takes which knows what was asked for last."""

    def __init__(self, encode: Callable[[str], Sequence[int]]) -> None:
        self._encode = encode

    def __missing__(self, word: str) -> int:
        if len(self) >= _WORDS:
            self.clear()
        self[word] = n = len(self._encode(word))
        return n


class Counts:
    """Tokens of texts by one encoding, each line and each word counted once.

    Args:
        encode: the ids of a text.
        lines, words: cut a text, and a line; the parts' ids, laid end to end, are the whole's.
    """

    def __init__(
        self, encode: Callable[[str], Sequence[int]], *, lines: Cut = whole, words: Cut = whole
    ) -> None:
        self._lines = lines
        self._words = words
        self._text = lru_cache(maxsize=_TEXTS)(self._count_text)
        self._line = lru_cache(maxsize=_LINES)(self._count_line)
        self._told = lru_cache(maxsize=_LINES)(self._count_words)
        self._word = _Words(encode).__getitem__
        self._cuts = len(words("S1: a")) > 1

    def of(self, text: str) -> int:
        """The tokens of a text."""
        return self._text(text) if len(text) <= _LONGEST_KEPT else self._count_text(text)

    def of_line(self, line: str) -> int:
        """The tokens of what :attr:`lines` would cut a text into."""
        return self._line(line)

    def _count_text(self, text: str) -> int:
        return sum(map(self._line, self._lines(text)))

    def _count_line(self, line: str) -> int:
        handle = _HANDLE.match(line) if self._cuts else None
        if handle is None:
            return self._count_words(line)
        return self._word(handle.group()) + self._told(line[handle.end() :])

    def _count_words(self, words: str) -> int:
        return sum(map(self._word, self._words(words)))


def tiktoken_lines(text: str) -> list[str]:
    """A text in lines whose counts by cl100k or o200k add up to the text's."""
    *ended, last = _LINE_END.split(text)
    return [*(line + "\n" for line in ended), last]
