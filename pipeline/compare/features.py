"""What a text commits to: numbers, dates, names, negation, modality and content words.

Two texts that mean the same agree on these; a merged text that differs from its sources in one of
them says something that nobody asked for. Pure functions of the text, cached by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from pipeline.compare.affirmations import without_affirmations
from pipeline.compare.quantities import Quantity, quantities
from pipeline.compare.synonyms import as_words, concept, topic
from pipeline.text.sentences import sentences
from pipeline.text.words import WORD, fold, is_content, stem, word_set

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Features:
    """The comparable parts of one text.

    Args:
        numbers, dates, versions: in normal form (:mod:`pipeline.compare.quantities`).
        quoted: terms in quotation marks or backticks, lower case.
        names: acronyms, capitalised words inside a sentence, identifiers, addresses; as written.
        negated: concepts that stand under a negation ("must not delete" → delete).
        modality: ``must``, ``should``, ``may``: how strongly the text asks. ("can" asks nothing.)
        words: content words in order, lower case.
        stems: their concepts: stems, with words that may always replace each other united.
        topics: the same more widely united, for comparing needs.
        values: the numbers as (value, unit).
        roots: stems of the words, no two of them united.
        named: the same of the words that names are made of.
    """

    numbers: frozenset[Quantity]
    dates: frozenset[str]
    versions: frozenset[str]
    quoted: frozenset[str]
    names: frozenset[str]
    negated: frozenset[str]
    modality: frozenset[str]
    words: tuple[str, ...]
    stems: frozenset[str]
    topics: frozenset[str]
    values: frozenset[tuple[str, str]]
    roots: frozenset[str]
    named: frozenset[str]


_QUOTED = re.compile(r"[\"“„«](?P<a>[^\"“”„«»]{1,80})[\"”“»]|`(?P<b>[^`]{1,80})`"
                     r"|(?<![\w])['‘](?P<c>[^'‘’\n]{2,60})['’](?!\w)")  # fmt: skip
_ADDRESS = re.compile(r"\bhttps?://\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b|(?<=\s)/[\w/{}.-]{2,}")
_NAME = re.compile(
    r"\b(?:[A-Z]{2,}[a-z]?\b(?:[-_]?\d+)?"  # acronyms, keys
    r"|[A-Za-z]+[a-z][A-Z]\w*|[a-z]+[A-Z]\w*"  # PayPal, iPhone
    r"|[A-Za-z]+[-_]?\d[\w-]*|[^\W_]\w*_\w+"  # OAuth2, user_id
    r"|[A-Z][a-z]+(?:[-'][A-Z]?[a-z]+)*)"  # Monday; dropped where a sentence begins
)
_NOT_NAMES = word_set("i i'm i'd i'll i've ok as so given when then and but feature scenario")

#: Words that deny.
NOT = word_set(
    "not no never cannot without nobody nothing none neither nor nowhere unable "
    "cant wont dont doesnt isnt arent mustnt shouldnt couldnt"
)
#: "no later than", "not only": a bound or an addition, not a denial.
NOT_A_DENIAL = word_set(
    "more less later longer fewer earlier sooner greater higher shorter only matter"
)
#: Words that say how strongly a text asks.
MODAL = {
    "must": "must", "shall": "must", "required": "must", "mandatory": "must",
    "should": "should", "ought": "should", "recommended": "should", "preferably": "should",
    "may": "may", "might": "may", "optional": "may", "optionally": "may",
}  # fmt: skip
_MUST_PHRASE = re.compile(r"\b(?:has|have|had|needs?) to\b(?! be able)", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[,;:.!?()—–]")
_CLAUSE_END = frozenset(",;:.!?()—–") | {"unless", "if", "when", "because", "but", "so", "while",
                                         "until", "although", "after", "before"}  # fmt: skip
#: What begins a new clause after "and".
_SUBJECT = word_set("i we you he she it they the a an my our your his her its their this that so")
#: How many content words after a negation stand under it, at most, within its clause.
_SCOPE = 4


class Gist(NamedTuple):
    """The two of a text's :class:`Features` that similar stories are found by."""

    numbers: frozenset[Quantity]
    topics: frozenset[str]


@lru_cache(maxsize=1 << 18)
def gist(text: str) -> Gist:
    """The numbers and topics of a text, as :func:`features` has them, in a third of the time.

    Cached by the text; the cache holds the fields of some 80,000 stories, because whoever weighs a
    corpus and then compares it comes by every text twice, in the same order.
    """
    found = quantities(fold(text))
    topics = frozenset(map(_topic_of, map(str.lower, WORD.findall(as_words(found.rest)))))
    return Gist(_set(found.numbers), _set(topics - {""}))


@lru_cache(maxsize=1 << 16)
def _topic_of(word: str) -> str:
    """The topic of a lower-case word, "" of one that carries no content."""
    return topic(concept(stem(word))) if is_content(word) else ""


@lru_cache(maxsize=1 << 17)
def features(text: str) -> Features:
    """The features of a text. Cached by the text; a few thousand new stories a second.

    The cache holds what is compared in some 70,000 stories: pairs are related in no order of
    place, and what a smaller one forgets is worked out again many times.
    """
    plain = fold(text)
    found = quantities(plain)
    lower = [word.lower() for word in WORD.findall(as_words(found.rest))]
    words = tuple(word for word in lower if is_content(word))
    roots = _set(map(stem, words))
    stems = _set(map(concept, roots), roots)
    names = _names(found.rest)
    return Features(
        numbers=_set(found.numbers),
        dates=_set(found.dates),
        versions=_set(found.versions),
        quoted=_set(
            (m["a"] or m["b"] or m["c"]).strip().casefold() for m in _QUOTED.finditer(plain)
        ),
        names=names,
        negated=_negated(plain) if _denies(lower) else _NONE,
        modality=_modality(plain, lower),
        words=words,
        stems=stems,
        topics=_set(map(topic, stems), stems),
        values=_set((number.value, number.unit) for number in found.numbers),
        roots=roots,
        named=_set(stem(word) for name in names for word in WORD.findall(name.casefold())),
    )


_NONE: frozenset[Any] = frozenset()


def _set(values: Iterable[T], like: frozenset[T] = _NONE) -> frozenset[T]:
    """A set; ``like`` itself where it is the same, and always the same empty one: of the dozen
    sets that are held for each of 100,000 texts most are empty or say what another says."""
    made = frozenset(values)
    return like if made == like else made or _NONE


def _names(text: str) -> frozenset[str]:
    names = {found[0] for found in _ADDRESS.finditer(text)}
    for sentence in sentences(text):
        for found in _NAME.finditer(sentence):
            word = found[0]
            ordinary = word[1:].islower() or word[1:].replace("'", "").replace("-", "").islower()
            starts = not any(c.isalnum() for c in sentence[: found.start()])
            if (ordinary and starts) or word.casefold() in _NOT_NAMES:
                continue
            names.add(word.removesuffix("'s"))
    return _set(names)


def _denies(lower: list[str]) -> bool:
    return not NOT.isdisjoint(lower) or any(word.endswith("n't") for word in lower)


def _negated(text: str) -> frozenset[str]:
    negated: set[str] = set()
    tokens = without_affirmations([token.lower() for token in _TOKEN.findall(as_words(text))])
    for i, token in enumerate(tokens):
        if token not in NOT and not token.endswith("n't"):
            continue
        if i + 1 < len(tokens) and tokens[i + 1] in NOT_A_DENIAL:
            continue
        left = _SCOPE
        for j, word in enumerate(tokens[i + 1 :], i + 1):
            if word in _CLAUSE_END or not left:
                break
            # "must not read and write" goes on, "cannot read and the bank pays" does not.
            if word in ("and", "or") and tokens[j + 1 : j + 2] and tokens[j + 1] in _SUBJECT:
                break
            if is_content(word) and not word.isdigit():
                negated.add(concept(stem(word)))
                left -= 1
    return _set(negated)


def _modality(text: str, lower: list[str]) -> frozenset[str]:
    found = {MODAL[word] for word in lower if word in MODAL}
    if _MUST_PHRASE.search(text):
        found.add("must")
    return _set(found)
