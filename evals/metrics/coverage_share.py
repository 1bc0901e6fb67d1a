"""How much of what should be told a text tells: a graded share for each insight of a reference.

Lexical, by code alone, and shared with no check of a merge or its gate. An insight's words are
reduced to stems and weighed by how rare they are among the insights of its reference; its share is
the weight that the best single bullet of the text holds. It sees words, not what is meant: a
contradiction in the same words is "covered".
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evals.metrics.statistics import Interval, bootstrap
from pipeline.text.sentences import sentences
from pipeline.text.words import WORD, fold, stem, word_set

#: Words that say nothing alone. Longer lists did worse on labelled pairs: modal verbs, prepositions
#: and denials are a part of what is told.
_STOP = word_set(
    """a an the of to in on at for and or is are was were be been by with as that this it its from
    into their his her they he she we i you which who"""
)
#: Added to every weight, so that a word that all insights share counts for something.
_FLOOR = 0.1
#: Marks of sources: [3], [1][2], [1, 4], [2-5].
_CITATION = re.compile(r"\s*\[\d+(?:\s*[,;–-]\s*\d+)*\]")
_BULLET = re.compile(r"(?:[-*+•◦▪–]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+")
#: Scripts written without blanks between words: kana, Han, Thai.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of an insight is told.

    Args:
        share: of the insight's words by rarity, 0 … 1, that the best bullet holds.
        bullet: the one that holds most of it, "" where none holds a word.
        missing: stems of the insight that are not in that bullet, the rarest first.
    """

    insight: str
    share: float
    bullet: str
    missing: tuple[str, ...]


def coverage(insights: Sequence[str], summary: str | Sequence[str]) -> list[Covered]:
    """How much of each insight a summary tells, in the order of the insights.

    Args:
        insights: the reference: all that should be told, one sentence or two each. How rare a
            word is, is counted over them, so give those of one reference together.
        summary: bullets or sentences, one a string; or a text, which is cut into them
            (:func:`bullets`).
    """
    told = bullets(summary) if isinstance(summary, str) else list(summary)
    wanted = [frozenset(terms(insight)) for insight in insights]
    weights = rarity(wanted)
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for number, bullet in enumerate(told):
        for term in frozenset(terms(bullet)):
            holders[term].append(number)
    found = []
    for insight, parts in zip(insights, wanted, strict=True):
        share, at = _best(parts, weights, holders)
        bullet = told[at] if at is not None else ""
        missing = sorted(parts - set(terms(bullet)), key=lambda term: (-weights[term], term))
        found.append(Covered(insight, share, bullet, tuple(missing)))
    return found


def overall(found: Sequence[Covered]) -> Interval:
    """The mean share with a 95 % bootstrap interval over the insights.

    Raises:
        ValueError: no insight.
    """
    return bootstrap([one.share for one in found], seed=0)


def terms(text: str) -> list[str]:
    """The stems that a text is compared by, marks of sources and a few small words left out.
    Where nothing else is left, the small words count."""
    plain = _CITATION.sub("", fold(text)).casefold()
    words = [part for word in WORD.findall(plain) for part in _parts(word)]
    return [stem(word) for word in words if word not in _STOP] or words


def rarity(texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """The weight of every term: the logarithm of the texts for each that has it, and a floor."""
    having = Counter(term for text in texts for term in text)
    return {term: math.log((len(texts) + 1) / n) + _FLOOR for term, n in having.items()}


def bullets(text: str) -> list[str]:
    """The bullets of a text, each whole with the lines indented below it; what stands outside
    of lists is cut into sentences. Headings tell nothing by themselves and are sentences too."""
    found: list[str] = []
    prose: list[str] = []
    open_bullet = False
    for line in text.splitlines():
        inside = line.strip()
        if mark := _BULLET.match(inside):
            found += _prose(prose)
            found.append(inside[mark.end() :])
            open_bullet = True
        elif open_bullet and inside and line[0].isspace():
            found[-1] += f" {inside}"
        else:
            open_bullet = False
            heading = _HEADING.match(inside)
            if heading or not inside:
                found += _prose(prose)
            if heading:
                found.append(inside[heading.end() :])
            elif inside:
                prose.append(inside)
    return [one for one in [*found, *_prose(prose)] if WORD.search(one)]


def _prose(lines: list[str]) -> list[str]:
    """The sentences of a paragraph's lines, which are taken out."""
    told = list(sentences(" ".join(lines)))
    lines.clear()
    return told


def _parts(word: str) -> list[str]:
    """A word; of a run without blanks every two neighbouring characters."""
    if not _UNSPACED.fullmatch(word) or len(word) < 3:
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]


def _best(
    parts: frozenset[str], weights: dict[str, float], holders: dict[str, list[int]]
) -> tuple[float, int | None]:
    """The largest share that one bullet holds, and the first that holds it."""
    held: defaultdict[int, list[float]] = defaultdict(list)
    for term in parts:
        for number in holders.get(term, ()):
            held[number].append(weights[term])
    total = math.fsum(weights[term] for term in parts)
    if not held or not total:
        return 0.0, None
    sums = {number: math.fsum(those) for number, those in held.items()}
    at = min(sums, key=lambda number: (-sums[number], number))
    return min(1.0, sums[at] / total), at
