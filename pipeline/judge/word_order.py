"""Whether two goals say the same words with two of them exchanged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.compare.contrast import tokens as topics_in_order
from pipeline.compare.synonyms import concept, topic
from pipeline.judge.places import have_exchanged
from pipeline.text.words import stem, word_set

#: Words that join two things of which the first is not the second.
_RELATING = word_set(
    "before after until till since than if when unless while to from into onto over under above"
    " below with without by against through via behind instead"
)
#: Topics of "let", "allow", "be able to": who may do a thing is told by the thing.
_LETTING = frozenset(topic(concept(stem(word))) for word in ("allow", "enable", "help", "permit"))
#: Small words that begin a part of a sentence, or tell how it is built: what is told of, a doer
#: who is told behind what is done.
_JOINING = _RELATING | word_set(
    "for of on at as in out up off and or that which who be is are was were been being 's"
)
#: Topics of what holds both ways round.
_BOTH_WAYS = frozenset(
    topic(concept(stem(word)))
    for word in word_set(
        "link connect compare comparison differ different pair match merge combine mix join meet"
        " team tie swap exchange synchronise synchronize sync similar equal share talk relate"
    )
)
_JOINTS = frozenset(("<with>", "<to>", "<from>"))
#: Words of one side of a joint, at most.
_LONGEST = 6
_CUT = re.compile(r"[,;:()–—]")

#: A part of a sentence: the small word that begins it, "" of the first, and its topics in order.
_Part = tuple[str, tuple[str, ...]]


def _parts(text: str, *, letting: bool) -> list[_Part]:
    """A text cut at its commas and joining words; words that may stand for each other are united.

    Args:
        letting: keep "let", "allow", … and "to"; without them who may do a thing is told by the
            thing alone.
    """
    found: list[_Part] = []
    for piece in _CUT.split(text):
        joint, topics = "", list[str]()
        for word in topics_in_order(piece):
            small = word[1:-1] if word[0] == "<" else ""
            if small in _JOINING and (letting or small != "to"):
                found.append((joint, tuple(topics)))
                joint, topics = small, []
            elif not small and (letting or word not in _LETTING):
                topics.append(word)
        found.append((joint, tuple(topics)))
    return [(joint, topics) for joint, topics in found if joint or topics]


def is_reordered(a: str, b: str) -> bool:
    """Whether two goals say the same words, joined by the same ones, and two of the words are
    exchanged: between two parts ("copy A over B", "copy B over A"), or within one. What moved
    alone, a word or a whole part, is told in another order."""
    if _commute(topics_in_order(a), topics_in_order(b)):
        return False
    whole = _parts(a, letting=True), _parts(b, letting=True)
    if _are_mixed(*whole):
        return True
    lets = any(topic in _LETTING for parts in whole for _, own in parts for topic in own)
    return lets and _are_mixed(_parts(a, letting=False), _parts(b, letting=False))


def _commute(mine: Sequence[str], yours: Sequence[str]) -> bool:
    """Whether two texts are the same but for the two sides of an "and", or of what holds both ways
    ("link A with B", "A differs from B")."""
    return any(
        (*mine[:start], *mine[last:end], *mine[middle:last], *mine[start:middle], *mine[end:])
        == tuple(yours)
        for middle, last in _joints(mine)
        for start in range(max(0, middle - _LONGEST), middle)
        for end in range(last + 1, min(len(mine), last + _LONGEST) + 1)
    )


def _joints(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the words begin and end that join two things of which either may come first."""
    ways = any(word in _BOTH_WAYS for word in words)
    for i, word in enumerate(words):
        if word in ("<and>", "<or>") or (ways and word in _JOINTS):
            yield i, i + 1
            start = i
            while start and (words[start - 1] in _BOTH_WAYS or words[start - 1][0] == "<"):
                start -= 1
                yield start, i + 1


def _are_mixed(mine: Sequence[_Part], yours: Sequence[_Part]) -> bool:
    topics = [tuple(topic for _, own in parts for topic in own) for parts in (mine, yours)]
    joints = [Counter(joint for joint, _ in parts if joint) for parts in (mine, yours)]
    if joints[0] != joints[1]:
        return False
    if len(topics[0]) == len(topics[1]) == 3 and not joints[0]:
        return topics[0][0] == topics[1][2] and topics[0][2] == topics[1][0]
    if Counter(topics[0]) != Counter(topics[1]):
        return False
    here, there = _joint_of(mine), _joint_of(yours)
    moves = {(here[topic], there[topic]) for topic in here if here[topic] != there[topic]}
    return any((new, old) in moves for old, new in moves) or any(
        have_exchanged(one, two) for _, one in mine for _, two in yours
    )


def _joint_of(parts: Sequence[_Part]) -> dict[str, frozenset[str]]:
    """Each topic → the small words that begin the parts in which it stands."""
    found: dict[str, frozenset[str]] = {}
    for joint, own in parts:
        for one in own:
            found[one] = found.get(one, frozenset()) | {joint}
    return found
