"""Where two sentences that say the same thing contradict each other.

A candidate is a pair of sentences with nearly the same content words; it is a contradiction only
when the same attribute has another value: a number of the same unit, a date, who may, must
against must not, must against may, or an opposite ("before", "after"). After the rule of S3CDA
(arXiv 2206.13690): similar first, then the same attribute with another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache

from pipeline.compare.features import Features, features
from pipeline.compare.quantities import Quantity, written_dates
from pipeline.compare.synonyms import OPPOSITES, concept
from pipeline.text.words import WORD, fold, stem

#: Weighted Dice from which two sentences speak of the same thing, by what is then compared.
ALIKE_NUMBER = 0.5
ALIKE_POLARITY = 0.75
#: The same where both sentences say must, should or may: rules, not descriptions.
ALIKE_RULES = 0.5
ALIKE_ROLE = 0.5

_CUE = re.compile(r"must|shall|should|may|might|can|cannot|not|no|never|without|\w+n't", re.I)
#: Words for people end like this in English; with "staff", "team" and the like.
_AGENT = re.compile(
    r"(?:(?:er|or|ist|ian|ant|ent|ee|man|men|admin|staff|team|owner|crew)s?|people)$"
)


#: "Only editors can approve it": who has a right, and which.
_RIGHT = re.compile(
    r"\b(?P<how>only|any|every|all|each)\s+(?P<who>(?:[\w-]+\s+){0,2}?[\w-]+)\s+"
    r"(?:can|may|must|shall|should|(?:is|are) allowed to)\s+(?P<what>[^.;]+)",
    re.IGNORECASE,
)
#: What a unit measures, and how much of it: units of one measure can be compared.
_MEASURES = {
    "s": ("time", "1"), "month": ("time", "2630000"), "quarter": ("time", "7890000"),
    "year": ("time", "31560000"), "byte": ("size", "1"), "kb": ("size", "1e3"),
    "mb": ("size", "1e6"), "gb": ("size", "1e9"), "tb": ("size", "1e12"),
}  # fmt: skip
_ROUGHLY = Decimal("0.1")

#: Opposites both ways round, in an order that does not change.
_OPPOSITES = tuple(
    way
    for pair in sorted(map(sorted, OPPOSITES))
    for way in ((pair[0], pair[1]), (pair[1], pair[0]))
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What may be a contradiction: what about, what each side says of it, how alike the sentences
    are, and the two sentences."""

    attribute: str
    values: tuple[str, str]
    likeness: float
    texts: tuple[str, str]


def contradiction(
    a: str, b: str, weights: Mapping[str, float], people: frozenset[str] = frozenset()
) -> Difference | None:
    """How two sentences contradict each other, or None.

    Args:
        people: words that name people, beside those that look like it ("manager").
    """
    one, two = features(a), features(b)
    alike = _likeness(one.topics, two.topics, weights)
    if alike >= ALIKE_NUMBER:
        found = _numbers(one, two) or _dates(a, b, one, two)
        if found is not None:
            return Difference(found[0], found[1], alike, (a, b))
    if alike >= (ALIKE_RULES if one.modality and two.modality else ALIKE_POLARITY):
        for attribute, values in (
            ("modality" if one.modality and two.modality else "negation", _denied(a, b, one, two)),
            ("opposite", _opposite(a, b, one, two)),
            ("modality", _modality(one, two)),
        ):
            if values is not None:
                return Difference(attribute, values, alike, (a, b))
    if alike >= ALIKE_ROLE or (one.topics & two.topics and _RIGHT.search(a)):
        roles = _permitted(a, b, one, two, people)
        if roles is not None:
            return Difference("role", roles, alike, (a, b))
    return None


def _likeness(a: frozenset[str], b: frozenset[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.get(s, 1.0) for s in a) + sum(weights.get(s, 1.0) for s in b)
    return 2 * sum(weights.get(s, 1.0) for s in a & b) / total if total else 0.0


def _numbers(a: Features, b: Features) -> tuple[str, tuple[str, str]] | None:
    """Numbers of one measure (or of one counted thing) of which neither side has the other's."""
    for kind in sorted({_kind(q) for q in a.numbers} & {_kind(q) for q in b.numbers}):
        mine = {q.value + q.unit: q for q in a.numbers if _kind(q) == kind}
        yours = {q.value + q.unit: q for q in b.numbers if _kind(q) == kind}
        if mine.keys() & yours.keys():
            continue
        if not any(_about(one, two) for one in mine.values() for two in yours.values()):
            return "number", (_listed(mine.values()), _listed(yours.values()))
    return None


def _kind(quantity: Quantity) -> str:
    return _MEASURES.get(quantity.unit, ("", ""))[0] or quantity.unit or quantity.noun


def _about(a: Quantity, b: Quantity) -> bool:
    """Whether two quantities in different units may be one: 1 GB is 1000 MB or 1024, a month 28
    days or 31."""
    if a.unit == b.unit or a.unit not in _MEASURES or b.unit not in _MEASURES:
        return False
    one, two = (Decimal(q.value) * Decimal(_MEASURES[q.unit][1]) for q in (a, b))
    return abs(one - two) <= max(one, two) * _ROUGHLY


def _listed(found: Iterable[Quantity]) -> str:
    return ", ".join(sorted(str(q) for q in found))


def _dates(left: str, right: str, a: Features, b: Features) -> tuple[str, tuple[str, str]] | None:
    for clock in (True, False):
        mine = {d for d in a.dates if (":" in d) == clock}
        yours = {d for d in b.dates if (":" in d) == clock}
        if mine and yours and not mine & yours:
            one, two = written_dates(fold(left)), written_dates(fold(right))
            return "date", (
                ", ".join(one.get(d, d) for d in sorted(mine)),
                ", ".join(two.get(d, d) for d in sorted(yours)),
            )
    return None


def _denied(left: str, right: str, a: Features, b: Features) -> tuple[str, str] | None:
    """What one denies and the other says, in their own words: "must not be visible"."""
    if _negation(a, b) is None:
        return None
    topics = (a.negated or b.negated) & a.stems & b.stems
    return _phrase(left, topics), _phrase(right, topics)


def _phrase(text: str, topics: frozenset[str]) -> str:
    """From the nearest modal verb or negation to the first of the topics after it."""
    words = WORD.findall(fold(text))
    places = [i for i, word in enumerate(words) if concept(stem(word)) in topics]
    cued = [
        (start, i)
        for i in places
        if (start := next((j for j in range(max(0, i - 4), i) if _CUE.fullmatch(words[j])), -1))
        >= 0
    ]
    start, end = cued[-1] if cued else (places[0], places[0]) if places else (0, 5)
    return " ".join(words[start : end + 1])


def _negation(a: Features, b: Features) -> tuple[str, str] | None:
    """One denies what the other says plainly."""
    if bool(a.negated) == bool(b.negated):
        return None
    denied = a.negated or b.negated
    plain = b if a.negated else a
    if len(denied & plain.stems) * 2 <= len(denied):
        return None
    words = " ".join(sorted(denied & plain.stems))
    return (f"not {words}", words) if a.negated else (words, f"not {words}")


def _opposite(left: str, right: str, a: Features, b: Features) -> tuple[str, str] | None:
    mine, yours = _cues(left) | a.stems, _cues(right) | b.stems
    only_mine, only_yours = mine - yours, yours - mine
    for one, two in _OPPOSITES:
        if one in only_mine and two in only_yours:
            return one, two
    return None


def _cues(text: str) -> frozenset[str]:
    """Opposites that are grammar words, and so in no set of stems."""
    return frozenset(re.findall(r"\b(?:before|after|least|most|never)\b", fold(text).lower()))


def _modality(a: Features, b: Features) -> tuple[str, str] | None:
    if a.modality == {"must"} and b.modality == {"may"}:
        return "must", "may"
    if a.modality == {"may"} and b.modality == {"must"}:
        return "may", "must"
    return None


def _permitted(
    left: str, right: str, a: Features, b: Features, people: frozenset[str]
) -> tuple[str, str] | None:
    """Another person may or must do what is otherwise the same: "only managers can", "any clerk
    may"."""

    rights = _rights(left, right)
    if rights is not None:
        return rights

    def persons(words: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
        return [
            word
            for word in words
            if word not in others
            and (_AGENT.search(word) or word in people or word.removesuffix("s") in people)
        ]

    mine, yours = persons(a.words, b.words), persons(b.words, a.words)
    rest_a = len(a.stems - b.stems) - len(mine)
    rest_b = len(b.stems - a.stems) - len(yours)
    if not (mine and yours and rest_a <= 1 and rest_b <= 1):
        return None
    values = _person(left, mine[0]), _person(right, yours[0])
    return (values[0], values[1]) if all(values) else None


def _rights(left: str, right: str) -> tuple[str, str] | None:
    """Who may, where one sentence says that only some may, and the other that others may the same
    ("only editors can approve it", "every author can approve it")."""
    mine, yours = _RIGHT.search(fold(left)), _RIGHT.search(fold(right))
    if mine is None or yours is None:
        return None
    who = [features(found["who"]).topics for found in (mine, yours)]
    what = [features(found["what"]).topics for found in (mine, yours)]
    only = "only" in (mine["how"].lower(), yours["how"].lower())
    if not only or who[0] & who[1] or not what[0] or what[0] != what[1]:
        return None
    return f"{mine['how']} {mine['who']}", f"{yours['how']} {yours['who']}"


def _person(text: str, word: str) -> str:
    """A person with the word that gives or limits a right ("only coordinators"); "" when the text
    gives that person no right."""
    name = rf"(?:[\w-]+\s+)??{re.escape(word)}"
    found = re.search(
        rf"\b(?:only|any|every|all|no|each)\s+(?:[\w-]+\s+)?{re.escape(word)}\b"
        rf"|\b{name}\b(?=\s+(?:can|may|must|cannot|shall|should|(?:is|are|be|to be)\s+allowed))",
        fold(text),
        re.IGNORECASE,
    )
    return found[0] if found else ""


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
