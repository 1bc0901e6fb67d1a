"""A Markdown edition says what stands twice, in an entry's block and among its tellings. Both must
be in the author's words.

The units are in the tellings, so a block that garbles them loses nothing; it says something that
nobody said, and that is a fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.kept.plain import find_whole, has_words, settle
from pipeline.kept.sentences import parts, units

_WORD = re.compile(r"[^\W_]+")
#: What the edition itself puts behind a text: names of stories, counts in brackets.
_ADDED = re.compile(r"(?:\s*[,;·–—]?\s*(?:S-\d+|\([^()]*\)))+\s*$")
#: And in front of it.
_AHEAD = re.compile(r"^\s*(?:[ES]-\d+[\s,;:·–—]*)+")
#: Words that a part must share with a unit before it is taken for an altered one.
_FEW = 3


def altered(lines: Sequence[str], told: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Parts of an entry's lines that are nearly, and not quite, what one of its stories says.

    A part is taken for a story's where more than half of its words and of the unit's are in the
    other, or all of its own. Excerpts are no alteration; a beginning that breaks off inside a unit
    is, except behind "also".

    Args:
        lines: of the entry's block.
        told: the units of its stories, by story.

    Yields:
        (story, part).
    """
    whole = {settle(p) for own in told.values() for unit in own for p in (unit, *parts(unit))}
    texts = [(settle(unit), story) for story, own in told.items() for unit in own]
    by_word: dict[str, list[int]] = {}
    counts: list[int] = []
    for at, (text, _) in enumerate(texts):
        words = set(_words(text))
        counts.append(len(words))
        for word in words:
            by_word.setdefault(word, []).append(at)
    for line in lines:
        also = line.lstrip(" -*").lower().startswith("also")
        for part in (p for unit in units(line, "") for p in parts(unit)):
            bare = settle(_AHEAD.sub("", _ADDED.sub("", part)))
            if not has_words(bare) or bare in whole:
                continue
            words = set(_words(bare))
            shared = Counter(at for word in words for at in by_word.get(word, ()))
            near = [
                at
                for at, n in shared.most_common()
                if n >= _FEW and (2 * n > max(counts[at], len(words)) or n == len(words))
            ]
            if any(find_whole(texts[at][0], bare) for at in near):
                continue
            inside = [texts[at][0] for at in near if find_whole(bare, texts[at][0])]
            broken_off = not also and any(text.startswith(bare) for text in inside)
            if not near or (inside and not broken_off):
                continue
            yield texts[near[0]][1], bare


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
