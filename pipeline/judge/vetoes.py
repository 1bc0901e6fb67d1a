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
from pipeline.compare.synonyms import concept, topic
from pipeline.judge.opposed_words import ANY, LEXICONS, Lexicon
from pipeline.stories import Story
from pipeline.text.language import ENGLISH
from pipeline.text.scope import headings_that_change
from pipeline.text.words import fold, is_content, sentences, stem, word_set

#: Part of what an exam's record holds for: a change here lets every record expire.
VERSION = "vetoes-1"
#: Words after "to" or "from" among which the word stands that they point to.
_REACH = 4
#: Content words of which another order may be another voice.
_FEWEST = 2
#: Words that join two things of which the first is not the second.
_RELATING = word_set(
    "before after until till since than if when unless while to from into onto over under above"
    " below with without by against through via behind instead"
)
#: Topics of "let", "allow", "be able to": who may do a thing is told by the thing.
_LETTING = frozenset(topic(concept(stem(word))) for word in ("allow", "enable", "help", "permit"))
#: Small words of the scales that say something by themselves; the others often go unsaid.
_SCALED = frozenset(
    word for row in LEXICONS[ENGLISH].scales for cell in row for word in cell
) - word_set(
    "on all every each everything everyone everybody both always whenever must shall may"
    " never none nothing nobody neither"
)

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DIGITS = re.compile(r"\w*\d[\w.,/-]*")
_SIGNS = re.compile(r"[<>≤≥≠=±]|(?<![\w.])[-−+](?=\d)|\+\+|#(?!\w)")
_BARE_NUMBER = re.compile(r"[-−+]?\d+(?:[.,:/]\d+)*")
#: Where criteria are compared, what counts as a contradiction of theirs.
_HARD = ("number", "date", "negation", "modality", "opposite")


def veto(a: Story, b: Story) -> str:
    """Why two tellings are not one need, whatever a model says; "" where nothing says so.

    Returns:
        ``language``; ``scope`` where one stands under a heading that changes it ("Out of scope");
        ``quantity``, ``negation``, ``small words``, ``opposites`` or ``order`` of their goals; or
        ``details`` where a criterion or paragraph contradicts the other's.
    """
    if _taken_back(a) != _taken_back(b):
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
    if _denied(words[0], lexicon) != _denied(words[1], lexicon):
        return "negation"
    if _small_words_opposed(*words, lexicon):
        return "small words"
    return _content_opposed(one, two, *words, language)


def _taken_back(story: Story) -> tuple[str, ...]:
    """The headings over a story that change what it says; the feature of a scenario does not."""
    found = headings_that_change(story.source.locator.heading, story.language)
    return tuple(" ".join(heading.split()).casefold() for heading in found)


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


def _denied(words: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether the words deny in all. "no later than", "not only" are bounds, not denials."""
    n = sum(
        1
        for i, word in enumerate(words)
        if (word in lexicon.negations or word.endswith("n't")) and not _is_bound(words, i)
    )
    return n > 0 if lexicon.concord else n % 2 == 1


_AFTER_NO_DENIAL = word_set(
    "more less later longer fewer earlier sooner greater higher shorter only matter mehr weniger"
    " später nur plus moins más menos più meno mais meer minder"
)


def _is_bound(words: Sequence[str], i: int) -> bool:
    following = words[i + 1 : i + 3]
    return bool(following) and (following[0] in _AFTER_NO_DENIAL or "than" in following)


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
    if language not in (ENGLISH, ""):
        return "order" if Counter(one) == Counter(two) and tuple(one) != tuple(two) else ""
    mine, yours = _stems(one), _stems(two)
    if any(are_opposites(x, y) for x in mine - yours for y in yours - mine):
        return "opposites"
    marked = opposition(a, b)
    if marked is not None and marked.about == "opposites":
        return "opposites"
    if mine == yours and _telling(one) != _telling(two):
        return "small words"
    related = bool(_RELATING & set(one) & set(two))
    return "order" if _is_reordered(_content(a), _content(b), related) else ""


def _telling(words: Sequence[str]) -> frozenset[str]:
    """Small words whose loss is felt where all other words are the same ("the day before")."""
    return frozenset(word for word in words if word in _SCALED)


def _stems(words: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if is_content(word))


def _content(text: str) -> tuple[str, ...]:
    """Topics in order, words that may stand for each other united; "bills of tenants" is in the
    order of "tenants' bills", and who is let do a thing is told by the thing alone."""
    found: list[str] = []
    genitive = False
    for word in topics_in_order(text):
        if word == "<of>" and found:
            genitive = True
        elif word[0] == "<":
            genitive = genitive and word[1:-1] not in _RELATING
        elif word not in _LETTING:
            found.insert(len(found) - 1 if genitive else len(found), word)
            genitive = False
    return tuple(found)


def _is_reordered(mine: Sequence[str], yours: Sequence[str], related: bool) -> bool:
    """Whether two goals say the same content words in another order; or the same two around another
    word ("buyers rate sellers", "sellers review buyers").

    Args:
        related: a small word between two things stands in both: without one, two words alone in
            another order are a verb and its object ("print the list", "have the list printed").
    """
    if Counter(mine) == Counter(yours):
        return tuple(mine) != tuple(yours) and (related or len(mine) > _FEWEST)
    if len(mine) != 3 or len(yours) != 3:
        return False
    return mine[0] == yours[2] and mine[2] == yours[0] and mine[1] != yours[1]


def _details_differ(a: Story, b: Story) -> bool:
    """Whether a criterion or paragraph of one contradicts one of the other. Benefits are not looked
    at: many authors give one need different ones, and each stands."""
    return any(
        difference is not None and difference.attribute in _HARD
        for one in _details(a)
        for two in _details(b)
        for difference in [contradiction(one, two, {})]
    )


def _details(story: Story) -> Iterator[str]:
    texts = (*story.criteria, *story.body) if story.goal else ()
    for text in texts:
        yield from sentences(text)
