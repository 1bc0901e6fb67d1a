"""Claims made of old words: a sentence whose words all stand in the sources, put together anew.

Within a clause, neighbouring content words must stand together in one source sentence, or in two
that speak of the same thing; who does something and what is done, the words that open a clause,
in one. No word may come oftener than any source sentence has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from pipeline.compare.features import features
from pipeline.compare.synonyms import concept
from pipeline.gate.sources import Statement, alike, of_family
from pipeline.outcomes import Finding
from pipeline.text.sentences import clauses
from pipeline.text.words import stem

#: Dice coefficient of two source sentences' stems from which words of both may be joined.
_OF_ONE_THING = 0.25


def findings(sentence: str, known: Sequence[Statement]) -> Iterable[Finding]:
    """Where a sentence joins or repeats words as no source does."""
    for clause in clauses(sentence):
        words = [concept(stem(word)) for word in features(clause).words]
        for number, pair in enumerate(pairwise(words)):
            if not _joined(pair, known, opening=number == 0):
                yield Finding("support", f"no source says “{pair[0]}” and “{pair[1]}” together")
                break
        for word, times in Counter(words).items():
            if times > 1 and times > max(_times(word, s) for s in known):
                yield Finding("support", f"no source repeats “{word}” like this")


def _joined(pair: tuple[str, str], known: Sequence[Statement], *, opening: bool) -> bool:
    first, second = ([s for s in known if of_family(w, s.features.stems)] for w in pair)
    if not first or not second or any(statement in second for statement in first):
        return bool(first and second) or not opening
    return not opening and any(
        alike(a.features, b.features) >= _OF_ONE_THING for a in first for b in second
    )


def _times(word: str, statement: Statement) -> int:
    return sum(concept(stem(other)) == word for other in statement.features.words)
