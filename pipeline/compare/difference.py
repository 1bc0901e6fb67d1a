"""In which words two texts differ: aligned word by word, as a reader would mark them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

_WORD = re.compile(r"\S+")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


@lru_cache(maxsize=1 << 12)
def changed_runs(a: str, b: str) -> tuple[tuple[str, str], ...]:
    """Where two texts differ: (run of words of ``a``, run of ``b``), "" where one has none.

    Case and marks around a word do not count; signs inside and words of signs alone ("<", "€") do.
    """
    one, two = _WORD.findall(a), _WORD.findall(b)
    matcher = SequenceMatcher(None, _folded(one), _folded(two), autojunk=False)
    return tuple(
        (_run(one, i1, i2), _run(two, j1, j2))
        for kind, i1, i2, j1, j2 in matcher.get_opcodes()
        if kind != "equal"
    )


def only_in(a: str, b: str) -> tuple[str, ...]:
    """The runs of words of ``a`` that ``b`` does not have in their place."""
    return tuple(run for run, _ in changed_runs(a, b) if run)


def _folded(words: Sequence[str]) -> list[str]:
    return [_EDGE.sub("", word).casefold() or word for word in words]


def _run(words: Sequence[str], start: int, end: int) -> str:
    return _EDGE.sub("", " ".join(words[start:end])) or " ".join(words[start:end])
