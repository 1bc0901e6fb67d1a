"""Minimal pairs: two goals in one frame that differ in a single thing; and rewordings.

"export the loan history as a CSV file" and "export the member list as a CSV file" share nearly
every word, and are two needs *because* they share them: who says the same thing again does not
keep the frame and swap one word. A reworded duplicate differs in many small places or in long
runs; a look-alike differs in a short one, both sides of which carry content.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from pipeline.compare.quantities import quantities
from pipeline.compare.synonyms import as_words, concept, topic
from pipeline.text.words import WORD, fold, is_content, stem, word_set

#: Share of the tokens that both goals must have in common, in order, to be one frame.
FRAME = 0.5
#: Content words of a swapped run, at most; longer runs are rewording.
SWAPPED = 4

_DETERMINERS = word_set(
    "a an the my our your their his her its this that these those each every any all"
)


@lru_cache(maxsize=1 << 17)
def tokens(text: str) -> tuple[str, ...]:
    """Topics and grammar words (in angle brackets, for "like" is both) of a text in order, without
    determiners and numbers."""
    lower = map(str.lower, WORD.findall(as_words(quantities(fold(text)).rest)))
    return tuple(filter(None, map(_token, lower)))


@lru_cache(maxsize=1 << 16)
def _token(word: str) -> str:
    """What a lower-case word is in :func:`tokens`, "" where it is left out."""
    if word in _DETERMINERS:
        return ""
    return topic(concept(stem(word))) if is_content(word) else f"<{word}>"


def contrast(
    a: str, b: str, known_a: frozenset[str] = frozenset(), known_b: frozenset[str] = frozenset()
) -> tuple[str, str] | None:
    """The words that two goals in one frame swap for each other, or None.

    Args:
        known_a, known_b: topics each story has elsewhere; a word that the other story says
            somewhere else is not a contrast.
    """
    one, two = tokens(a), tokens(b)
    blocks = _aligned(one, two)
    kept = sum(i2 - i1 for kind, i1, i2, _, _ in blocks if kind == "equal")
    if not one or not two or kept < FRAME * max(len(one), len(two)):
        return None
    changed = [block for block in blocks if block[0] != "equal"]
    gone = {word for _, i1, i2, _, _ in changed for word in one[i1:i2]}
    if any(word in gone for _, _, _, j1, j2 in changed for word in two[j1:j2]):
        return None  # A word that moved: the frame is another.
    for kind, i1, i2, j1, j2 in changed:
        if kind != "replace":
            continue
        mine, yours = _alone(one[i1:i2], known_b), _alone(two[j1:j2], known_a)
        mine, yours = _unrelated(mine, yours), _unrelated(yours, mine)
        if mine and yours and len(mine) <= SWAPPED and len(yours) <= SWAPPED:
            return " ".join(mine), " ".join(yours)
    return None


@lru_cache(maxsize=1 << 10)
def _aligned(
    one: tuple[str, ...], two: tuple[str, ...]
) -> Sequence[tuple[str, int, int, int, int]]:
    """The runs that two texts share and those that each has instead, as ``SequenceMatcher`` has
    them. Cached: a pair is aligned to see how it differs, and again to see in what."""
    return SequenceMatcher(None, one, two, autojunk=False).get_opcodes()


def related(a: str, b: str) -> bool:
    """Whether two stems are of one family that the stemmer keeps apart ("succeed", "success")."""
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared >= 5 and max(len(a), len(b)) - shared <= 2


def _alone(run: tuple[str, ...], elsewhere: frozenset[str]) -> list[str]:
    return [word for word in run if word[0] != "<" and word not in elsewhere]


def _unrelated(mine: list[str], yours: list[str]) -> list[str]:
    return [word for word in mine if not any(related(word, other) for other in yours)]
