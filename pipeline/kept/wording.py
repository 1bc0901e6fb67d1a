"""A Markdown edition says what stands twice, in an entry's block and among its tellings. Both must
be in the author's words.

The units are in the tellings, so a block that garbles them loses nothing; it says something that
nobody said, and that is a fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.kept.normal_form import find_whole, settle
from pipeline.kept.text_units import parts, units

_WORD = re.compile(r"[^\W_]+")
#: What the edition itself puts behind a text: names of stories, counts in brackets.
_ADDED = re.compile(r"(?:\s*[,;·–—]?\s*(?:\bS-\d+|\((?:[^()]*\bS-\d+|\d+ )[^()]*\)))+[\s.]*$")
#: And in front of it.
_AHEAD = re.compile(r"^\s*(?:[ES]-\d+(?![\w-])[\s,;:·–—]*)+")
#: What an edition may put around the words of a unit, or leave out.
_EDGE = " ,;:.!?()[]{}<>|/\"'“”‘’«»–—-=*#"
#: Stands for a unit that was found: no text holds it.
_FOUND = "\x00"


def altered(lines: Sequence[str], told: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Parts of an entry's lines that are nearly, and not quite, what one of its stories says.

    What a line says word for word is put aside first. The rest is taken for an altered unit where
    more than half of its words and of the unit's are in the other; so is a part of a line that
    begins a unit and breaks off. Other short excerpts are no alteration, nor are any behind "also".

    Args:
        lines: of the entry's block.
        told: the units of its stories, by story.

    Yields:
        (story, the words of the line).
    """
    said = _Said(told)
    for line in lines:
        also = line.lstrip(" -*").lower().startswith("also")
        line = _ADDED.sub("", line)
        pieces = [part for unit in units(line, "") for part in parts(unit)]
        for part in pieces:
            bare = settle(_AHEAD.sub("", part))
            if bare in said.whole:
                continue
            last = part is pieces[-1]
            if last and not also and (story := said.broken_off(_core(bare))):
                yield story, bare
                continue
            rest = bare
            for text in sorted(said.near(bare), key=len, reverse=True):
                if find_whole(text, rest):
                    rest = rest.replace(text, _FOUND)
            for piece in map(_core, rest.split(_FOUND)):
                if story := said.altered_by(piece, also=also):
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
        self._cores = {_core(text) for text in self._texts}
        self._words = [set(_words(text)) for text in self._texts]
        self._by_word: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in words:
                self._by_word.setdefault(word, []).append(at)

    def near(self, text: str) -> list[str]:
        """Those of whose words the text has more than half."""
        return [self._texts[at] for at, n in self._shared(text) if 2 * n > len(self._words[at])]

    def broken_off(self, piece: str) -> str:
        """The story of a unit that the piece begins, and does not end."""
        n_words = len(set(_words(piece)))
        if n_words < 2 or piece in self._cores:
            return ""
        texts = (self._texts[at] for at, n in self._shared(piece) if n == n_words)
        return next((self.whole[text] for text in texts if text.startswith(piece)), "")

    def altered_by(self, piece: str, *, also: bool) -> str:
        """The story whose words the piece alters; "" where it is an excerpt or something else."""
        words = set(_words(piece))
        if len(words) < 2 or piece in self._cores:
            return ""
        shared = self._shared(piece)
        held = [at for at, n in shared if n == len(words) and find_whole(piece, self._texts[at])]
        if held:
            long = [at for at in held if 2 * len(words) > len(self._words[at])]
            return self.whole[self._texts[long[0]]] if long and not also else ""
        for at, n in shared:
            if n > 1 and 2 * n > max(len(words), len(self._words[at])):
                return self.whole[self._texts[at]]
        return ""

    def _shared(self, text: str) -> list[tuple[int, int]]:
        """(unit, number of words it has in common with the text), most first."""
        words = set(_words(text))
        return Counter(at for word in words for at in self._by_word.get(word, ())).most_common()


def _core(text: str) -> str:
    """The text without what an edition puts around it."""
    return _ADDED.sub("", text).strip(_EDGE)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
