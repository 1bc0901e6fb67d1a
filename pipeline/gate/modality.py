"""How strongly a sentence asks and what it denies, compared with its sources word by word.

The words of grammar that carry it (must, should, may; not, never, without) are read as marks on
the content word that follows them: "the owner must not be told" puts *must not* between "owner"
and "told". A merged sentence says the same when the marks before each of its words are those that
a source puts before that word, in the place whose neighbours fit best. Sentences that were drawn
together, cut apart or put in another order keep their marks; one that was added, dropped or moved
to another word does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.compare.contrast import related
from pipeline.compare.features import MODAL, NOT, NOT_A_DENIAL
from pipeline.compare.quantities import quantities
from pipeline.compare.synonyms import as_words, concept
from pipeline.outcomes import Finding
from pipeline.text.words import WORD, fold, is_content, stem

#: Stands for the end of a sentence where a word is asked for.
_END = "."
_HAVE_TO = frozenset(["has", "have", "had", "need", "needs"])


class Marked(NamedTuple):
    """A content word in its place: the one before it, the marks between the two, the one after."""

    before: str
    marks: tuple[str, ...]
    word: str
    after: str


def findings(sentence: str, sources: Iterable[str]) -> Iterable[Finding]:
    """What a sentence asks more or less strongly, denies or affirms than its sources do."""
    there = _places(tuple(sources))
    for place in marked(sentence):
        known = there.get(place.word) or there.get(_relative(place.word, there), ())
        if not known:
            said = {mark for places in there.values() for p in places for mark in p.marks}
            wrong = [mark for mark in place.marks if mark not in said]
            yield from (_finding(mark, place, ()) for mark in wrong[:1])
            continue
        best = max(_fit(place, other) for other in known)
        fitting = {other.marks for other in known if _fit(place, other) == best}
        if place.marks not in fitting and not _trailed(place, there.get(_END, ())):
            yield _finding(_differing(place.marks, min(fitting)), place, min(fitting))


@lru_cache(maxsize=32_768)
def marked(text: str) -> tuple[Marked, ...]:
    """Every content word of a text with the marks before it, and the end with what trails it."""
    tokens = [w.lower() for w in WORD.findall(as_words(quantities(fold(text)).rest))]
    words: list[tuple[str, tuple[str, ...]]] = []
    marks: list[str] = []
    for i, token in enumerate(tokens):
        mark = _mark(token, tokens[i + 1 : i + 3])
        if mark:
            marks.append(mark)
        elif is_content(token):
            words.append((concept(stem(token)), tuple(sorted(marks))))
            marks = []
    words.append((_END, tuple(sorted(marks))))
    names = ["", *(word for word, _ in words), ""]
    return tuple(
        Marked(names[i], marks, word, names[i + 2]) for i, (word, marks) in enumerate(words)
    )


def _mark(token: str, following: Sequence[str]) -> str:
    if token in MODAL:
        return MODAL[token]
    if token in _HAVE_TO and following[:1] == ["to"]:
        return "must"
    return "not" if (token in NOT or token.endswith("n't")) and not _bounds(following) else ""


def _bounds(following: Sequence[str]) -> bool:
    """Whether a negation only puts a bound or adds: "no later than", "not only"."""
    if not following or following[0] not in NOT_A_DENIAL:
        return False
    return following[0] in ("only", "matter") or following[1:] == ["than"]


@lru_cache(maxsize=4096)
def _places(sources: tuple[str, ...]) -> Mapping[str, Sequence[Marked]]:
    found: dict[str, list[Marked]] = defaultdict(list)
    for text in sources:
        for place in marked(text):
            found[place.word].append(place)
    return dict(found)


def _trailed(place: Marked, ends: Iterable[Marked]) -> bool:
    """Whether the marks trail a source's last word, which another sentence now follows."""
    return bool(place.marks) and any(
        place.marks == end.marks and end.before in ("", place.before) for end in ends
    )


def _relative(word: str, there: Mapping[str, Sequence[Marked]]) -> str:
    return next((other for other in there if related(word, other)), "")


def _fit(place: Marked, other: Marked) -> int:
    return (place.before == other.before) + (place.after == other.after)


def _differing(mine: Sequence[str], theirs: Sequence[str]) -> str:
    """The mark that only one side has, how strongly it asks before what it denies."""
    odd = [m for m in (*mine, *theirs) if mine.count(m) != theirs.count(m)]
    return min(odd, key=lambda mark: (mark == "not", mark))


def _finding(mark: str, place: Marked, theirs: Sequence[str]) -> Finding:
    word = "the end" if place.word == _END else f"“{place.word}”"
    says = f"“{' '.join(place.marks)}”" if place.marks else "nothing"
    source = f"“{' '.join(theirs)}”" if theirs else "nothing"
    return Finding(
        "negation" if mark == "not" else "modality",
        f"before {word} the merged text says {says}, the sources {source}",
    )
