"""Vetoes: differences in the words that outrank every model's "one need", and no person's.

A model that answers "same" is not heard where code sees that two goals differ in a quantity, unit,
date or bound, in negation, in a small word or content word and its opposite, or in nothing but the
order of their words. Another object or another actor is the judge's business. What is not
understood (a language without a list, two languages) is vetoed, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.compare.contrast import tokens as topics_in_order
from pipeline.compare.differences import contradiction
from pipeline.compare.opposed import are_opposites, opposition
from pipeline.compare.quantities import quantities
from pipeline.judge.opposed_words import ANY, LEXICONS, Lexicon
from pipeline.stories import Story
from pipeline.text.language import ENGLISH
from pipeline.text.words import fold, is_content, sentences, stem, word_set

#: Part of what an exam's record holds for: a change here lets every record expire.
VERSION = "vetoes-1"
#: Words after "to" or "from" among which the word stands that they point to.
_REACH = 4
#: What two goals may differ in besides the order of their words, in content words of each.
_SPARE = 1
_FEWEST = 2

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DIGITS = re.compile(r"\w*\d[\w.,/-]*")
_SIGNS = re.compile(r"[<>≤≥≠=±]|(?<![\w.])[-−+](?=\d)|\+\+|#(?!\w)")
_BARE_NUMBER = re.compile(r"[-−+]?\d+(?:[.,:/]\d+)*")
#: Where criteria or benefits are compared, what counts as a contradiction of theirs.
_HARD = ("number", "date", "negation", "modality", "opposite")


def veto(a: Story, b: Story) -> str:
    """Why two tellings are not one need, whatever a model says; "" where nothing says so.

    Returns:
        ``language``; ``scope`` where one stands under a heading that changes it ("Out of scope");
        ``quantity``, ``negation``, ``small words``, ``opposites`` or ``order`` of their goals; or
        ``details`` where a criterion or benefit contradicts the other's.
    """
    if a.scope != b.scope:
        return "scope"
    if a.language and b.language and a.language != b.language:
        return "language"
    language = a.language or b.language
    if language and language not in LEXICONS:
        return "language"
    found = veto_text(_goal(a), _goal(b), language)
    return found or ("details" if _details_differ(a, b) else "")


@lru_cache(maxsize=1 << 14)
def veto_text(a: str, b: str, language: str = ENGLISH) -> str:
    """As :func:`veto`, of two goals in one language ("" where it is not known)."""
    lexicon = LEXICONS.get(language, ANY)
    one, two = fold(a), fold(b)
    words = _words(one), _words(two)
    if _amounts(one, language) != _amounts(two, language) or _signs(one) != _signs(two):
        return "quantity"
    if _denials(words[0], lexicon) % 2 != _denials(words[1], lexicon) % 2:
        return "negation"
    if _small_words_opposed(*words, lexicon):
        return "small words"
    return _content_opposed(one, two, *words, language)


def _goal(story: Story) -> str:
    """What a fold puts under another: the goal, or all of a telling without one."""
    if story.goal:  # what stands before it says more than a wish, or nothing: "must", "never"
        return " ".join((*story.lead_in.tokens, story.goal))
    rest = (story.title, *story.body, *story.criteria)
    return " ".join(filter(None, rest)) or story.text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(text))


def _amounts(text: str, language: str) -> tuple[object, ...]:
    """Numbers with units and bounds, dates and versions, in order; then whatever else holds a
    digit. Number words are known of English only."""
    if language not in (ENGLISH, ""):
        return tuple(found.strip(".,/-") for found in _DIGITS.findall(text.lower()))
    found = quantities(text)
    numbers = tuple((one.value, one.unit, one.bound) for one in found.numbers)
    names = tuple(sorted(name.strip(".,/-") for name in _DIGITS.findall(found.rest.lower())))
    # An identifier stays in the rest; a number that was taken is blank there.
    return numbers, found.dates, found.versions, names


def _signs(text: str) -> Counter[str]:
    return Counter(_SIGNS.findall(text)) if not text.isalnum() else Counter()


def _denials(words: Sequence[str], lexicon: Lexicon) -> int:
    """How many words deny. "no later than", "not only" are bounds, not denials."""
    return sum(
        1
        for i, word in enumerate(words)
        if (word in lexicon.negations or word.endswith("n't")) and not _is_bound(words, i)
    )


_AFTER_NO_DENIAL = word_set(
    "more less later longer fewer earlier sooner greater higher shorter only matter mehr weniger"
    " später nur plus moins más menos più meno mais meer minder"
)


def _is_bound(words: Sequence[str], i: int) -> bool:
    return i + 1 < len(words) and words[i + 1] in _AFTER_NO_DENIAL


def _small_words_opposed(one: Sequence[str], two: Sequence[str], lexicon: Lexicon) -> bool:
    mine, yours = set(one), set(two)
    if bool(mine & lexicon.limits) != bool(yours & lexicon.limits):
        return True
    if any(_opposed(row, mine, yours) for row in lexicon.scales):
        return True
    if any(
        _opposed(row, mine_before.get(word, set()), yours_before[word])
        for row in lexicon.directions
        for mine_before, yours_before in [(_before(one, row), _before(two, row))]
        for word in yours_before
    ):
        return True
    return any(
        _opposed(row, mine_between.get(pair, set()), yours_between[pair])
        for row in lexicon.joints
        for mine_between, yours_between in [(_between(one, row), _between(two, row))]
        for pair in yours_between
    )


def _opposed(row: Sequence[frozenset[str]], mine: set[str], yours: set[str]) -> bool:
    """Whether one side alone has a word of one cell, and the other alone one of another."""
    alone = [bool(cell & mine) - bool(cell & yours) for cell in row]
    return 1 in alone and -1 in alone


def _before(words: Sequence[str], row: Sequence[frozenset[str]]) -> dict[str, set[str]]:
    """The stem of what each word of a row points to → the words of the row."""
    small = frozenset().union(*row)
    found: dict[str, set[str]] = {}
    for i, word in enumerate(words):
        if word in small:
            after = next((w for w in words[i + 1 : i + 1 + _REACH] if is_content(w)), "")
            if after:
                found.setdefault(stem(after), set()).add(word)
    return found


def _between(words: Sequence[str], row: Sequence[frozenset[str]]) -> dict[frozenset[str], set[str]]:
    """The stems of the words around each word of a row, either way round → the words of the row."""
    small = frozenset().union(*row)
    found: dict[frozenset[str], set[str]] = {}
    for i, word in enumerate(words):
        if word in small and i:
            left = next((w for w in reversed(words[max(0, i - _REACH) : i]) if is_content(w)), "")
            right = next((w for w in words[i + 1 : i + 1 + _REACH] if is_content(w)), "")
            if left and right:
                found.setdefault(frozenset((stem(left), stem(right))), set()).add(word)
    return found


def _content_opposed(a: str, b: str, one: Sequence[str], two: Sequence[str], language: str) -> str:
    if language in (ENGLISH, ""):
        mine, yours = _stems(one), _stems(two)
        left, right = mine - yours, yours - mine
        if any(are_opposites(x, y) for x in left for y in right):
            return "opposites"
        if marked := opposition(a, b):
            return marked.about
        return "order" if _is_reordered(_content(a), _content(b)) else ""
    return "order" if Counter(one) == Counter(two) and tuple(one) != tuple(two) else ""


def _stems(words: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if is_content(word))


def _content(text: str) -> tuple[str, ...]:
    """Topics in order, words that may stand for each other united."""
    return tuple(word for word in topics_in_order(text) if word[0] != "<")


def _is_reordered(mine: Sequence[str], yours: Sequence[str]) -> bool:
    """Whether two goals share all their content words, but for one each, in another order."""
    shared = Counter(mine) & Counter(yours)
    n = sum(shared.values())
    if n < _FEWEST or max(len(mine), len(yours)) - n > (_SPARE if n > _FEWEST else 0):
        return False
    return tuple(w for w in mine if w in shared) != tuple(w for w in yours if w in shared)


def _details_differ(a: Story, b: Story) -> bool:
    """Whether a benefit, criterion or paragraph of one contradicts one of the other."""
    return any(
        difference is not None and difference.attribute in _HARD
        for one in _details(a)
        for two in _details(b)
        for difference in [contradiction(one, two, {})]
    )


def _details(story: Story) -> Iterator[str]:
    texts = (story.benefit, *story.criteria, *story.body) if story.goal else ()
    for text in texts:
        yield from sentences(text)
