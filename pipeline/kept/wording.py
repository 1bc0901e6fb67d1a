"""A Markdown edition says what stands twice, in an entry's block and among its tellings. Both must
be in the author's words.

The units are in the tellings, so a block that garbles them loses nothing; it says something that
nobody said, and that is a fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.kept.plain import find_whole, settle
from pipeline.kept.sentences import parts, units

_WORD = re.compile(r"[^\W_]+")
#: What the edition itself puts behind a text: names of stories, counts in brackets.
_ADDED = re.compile(r"(?:\s*[,;·–—]?\s*(?:S-\d+|\([^()]*\)))+\s*$")
#: And in front of it.
_AHEAD = re.compile(r"^\s*(?:[ES]-\d+[\s,;:·–—]*)+")
#: Stands for a unit that was found: no text holds it.
_FOUND = "\x00"


def altered(lines: Sequence[str], told: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Parts of an entry's lines that are nearly, and not quite, what one of its stories says.

    What a line says word for word is put aside first. The rest is taken for an altered unit where
    more than half of its words and of the unit's are in the other, or where the line breaks off
    inside of one. Shorter excerpts are no alteration, nor are any behind "also".

    Args:
        lines: of the entry's block.
        told: the units of its stories, by story.

    Yields:
        (story, the words of the line).
    """
    said = _Said(told)
    for line in lines:
        also = line.lstrip(" -*").lower().startswith("also")
        for part in (p for unit in units(line, "") for p in parts(unit)):
            bare = settle(_AHEAD.sub("", _ADDED.sub("", part)))
            if bare in said.whole:
                continue
            near = said.near(bare)
            rest = bare
            for text in sorted(near, key=len, reverse=True):
                if find_whole(text, rest):
                    rest = rest.replace(text, _FOUND)
            pieces = [piece.strip(" ,;:.()\"'") for piece in rest.split(_FOUND)]
            for piece in pieces:
                last = piece is pieces[-1]
                if story := said.altered_by(piece, last=last, also=also):
                    yield story, piece


class _Said:
    """The units of an entry's stories and their parts, found by their words."""

    def __init__(self, told: Mapping[str, Sequence[str]]) -> None:
        self.whole: dict[str, str] = {}
        for story, own in told.items():
            for unit in own:
                for text in (unit, *parts(unit)):
                    self.whole.setdefault(settle(text), story)
        self._texts = list(self.whole)
        self._words = [set(_words(text)) for text in self._texts]
        self._by_word: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in words:
                self._by_word.setdefault(word, []).append(at)

    def near(self, text: str) -> list[str]:
        """Those of whose words the text has more than half."""
        return [self._texts[at] for at, n in self._shared(text) if 2 * n > len(self._words[at])]

    def altered_by(self, piece: str, *, last: bool, also: bool) -> str:
        """The story whose words the piece alters; "" where it is an excerpt or something else."""
        words = set(_words(piece))
        if len(words) < 2:
            return ""
        shared = self._shared(piece)
        held = [at for at, n in shared if n == len(words) and find_whole(piece, self._texts[at])]
        for at in held:
            text = self._texts[at]
            if 2 * len(words) > len(self._words[at]) and text.rstrip(".;,") != piece:
                return "" if also else self.whole[text]
            if last and not also and text.startswith(piece):
                return self.whole[text]
        if held:
            return ""
        for at, n in shared:
            if n > 1 and 2 * n > max(len(words), len(self._words[at])):
                return self.whole[self._texts[at]]
        return ""

    def _shared(self, text: str) -> list[tuple[int, int]]:
        """(unit, number of words it has in common with the text), most first."""
        words = set(_words(text))
        return Counter(at for word in words for at in self._by_word.get(word, ())).most_common()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
