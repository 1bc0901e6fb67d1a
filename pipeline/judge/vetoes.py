"""Vetoes: differences in the words that outrank every model's "one need", and no person's.

A model that answers "same" is not heard where code sees that two goals differ, in places that
answer to each other (:mod:`pipeline.judge.places`), in a quantity, unit, date or bound, in
negation, in a small word or content word and its opposite, or in nothing but two words exchanged.
Where one text turns round what it says and the other does not (:mod:`pipeline.judge.negation`), no
difference is sure: "refuse over 5" is "take up to 5". What one telling leaves out, another object
and another actor are the judge's business. What is not understood (a language without a list, two
languages) is vetoed, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from pipeline.compare.affirmations import without_affirmations
from pipeline.compare.contrast import tokens as topics_in_order
from pipeline.compare.differences import contradiction
from pipeline.compare.opposed import are_converses, are_opposites, opposition
from pipeline.compare.unit_notation import in_one_notation, without_bounds
from pipeline.judge.negation import (
    denial_differs,
    denials,
    limit_differs,
    limited_alike,
    turned,
    turning,
)
from pipeline.judge.opposed_words import ANY, LEXICONS, Lexicon
from pipeline.judge.places import (
    Places,
    are_beside,
    are_near,
    have_exchanged,
    point_alike,
    stand_behind,
)
from pipeline.judge.quantity_conflicts import amounts_differ, bounds_turned
from pipeline.judge.word_order import is_reordered
from pipeline.stories import Story
from pipeline.text.language import ENGLISH
from pipeline.text.scope import headings_that_change, names_activity
from pipeline.text.sentences import sentences
from pipeline.text.words import is_content, stem, word_set

#: Part of what an exam's record holds for: a change here lets every record expire.
VERSION = "vetoes-4"
#: Small words of the scales that say something by themselves; the others often go unsaid.
_SCALED = frozenset(
    word
    for row in (*LEXICONS[ENGLISH].relations, *LEXICONS[ENGLISH].scales)
    for cell in row
    for word in cell
) - word_set(
    "on all every each everything everyone everybody both always whenever must shall may"
    " never none nothing nobody neither"
)

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
#: Where "qu'après" is two words.
_ELIDED = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_ELIDING = ("French", "Italian")
#: Where criteria are compared, what counts as a contradiction of theirs.
_NUMBERS = ("number", "date")
_WORDS = ("negation", "modality", "opposite")


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
    one, two = (in_one_notation(text, language) for text in (a, b))
    bare = without_bounds(one), without_bounds(two)
    mine, yours = (_places(text, language) for text in bare)
    if amounts_differ(one, two, language, turned=_turned_otherwise(mine, yours, lexicon)):
        return "quantity"
    if bounds_turned(one, two, language):
        return ""  # "hide what is over 5" is "show what is up to 5": the words answer crosswise
    alike = limited_alike(_places(one, language), _places(two, language), lexicon)
    if alike and denial_differs(mine, yours, lexicon) and not _stand_opposed(mine, yours, lexicon):
        return "negation"
    if limit_differs(mine, yours, lexicon) or _small_words_opposed(mine, yours, lexicon):
        return "small words"
    found = _content_opposed(*bare, mine, yours, lexicon)
    return "" if found == "opposites" and not alike else found


def _places(text: str, language: str) -> Places:
    pattern = _ELIDED if language in _ELIDING else _WORD
    words = [word.lower() for word in pattern.findall(text)]
    return Places(without_affirmations(words, language), language)


def _turned_otherwise(one: Places, two: Places, lexicon: Lexicon) -> bool:
    return turned(one, lexicon) != turned(two, lexicon)


def _taken_back(story: Story) -> tuple[str, ...]:
    """The headings over a story that change what it says; the feature of a scenario does not."""
    found = headings_that_change(story.source.locator.heading, story.language)
    return tuple(
        " ".join(heading.split()).casefold()
        for heading in found
        if story.language != ENGLISH or not names_activity(heading)
    )


def _goal(story: Story) -> str:
    """What a fold puts under another: the goal, or all of a telling without one."""
    if story.goal:  # what stands before it says more than a wish, or nothing: "must", "never"
        lead, goal = story.lead_in.tokens, story.goal
        if lead[-1:] == ("to",):  # of the infinitive, and of no direction
            lead = lead[:-1]
        return " ".join((*lead, goal.removeprefix("to ")))
    rest = (story.title, *story.body, *story.criteria)
    return " ".join(filter(None, rest)) or story.text


def _small_words_opposed(one: Places, two: Places, lexicon: Lexicon) -> bool:
    return (
        any(_opposed(row, one, two, point_alike, lexicon) for row in lexicon.relations)
        or any(_opposed(row, one, two, stand_behind, lexicon) for row in lexicon.particles)
        or any(_opposed(row, one, two, are_beside, lexicon) for row in lexicon.scales)
        or any(_have_turned(row, one, two) for row in (*lexicon.directions, *lexicon.ways))
        or (
            # "no A or B" is "no A and no B", "hide it from all but A" is "show it to A"
            not _turned_otherwise(one, two, lexicon)
            and (
                any(_points_elsewhere(row, one, two) for row in lexicon.directions)
                or any(
                    _cells_differ(row, _between(one, row), _between(two, row))
                    for row in lexicon.joints
                )
            )
        )
    )


def _stand_opposed(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether two texts have opposed words, wherever they stand: beside a denial these may say the
    same ("not the same", "another")."""
    here, there = (
        frozenset(a.words) - frozenset(b.words) - lexicon.negations
        for a, b in ((one, two), (two, one))
    )
    for row in (*lexicon.relations, *lexicon.particles, *lexicon.scales):
        mine, yours = ([k for k, cell in enumerate(row) if cell & own] for own in (here, there))
        if mine and yours and mine != yours:
            return True
    stems = [[stem(word) for word in own if is_content(word)] for own in (here, there)]
    return one.language in (ENGLISH, "") and any(
        are_opposites(x, y) for x in stems[0] for y in stems[1]
    )


#: Whether two words, each by its text and position, answer to each other.
_Answers = Callable[[Places, int, Places, int], bool]


def _opposed(
    row: Sequence[frozenset[str]], one: Places, two: Places, answers: _Answers, lexicon: Lexicon
) -> bool:
    """Whether two words of a row's different cells answer to each other, and neither text has one
    of the other's cell as well."""
    mine, yours = (frozenset(a.words) - frozenset(b.words) for a, b in ((one, two), (two, one)))
    return any(
        cell.isdisjoint(other)
        and cell.isdisjoint(yours)
        and other.isdisjoint(mine)
        and answers(one, i, two, j)
        and _turn_alike(one, i, two, j, lexicon)
        for cell in row
        for i in one.at(cell & mine)
        for other in row
        for j in two.at(other & yours)
    )


def _turn_alike(one: Places, i: int, two: Places, j: int, lexicon: Lexicon) -> bool:
    """Whether, but for two words, neither text denies or turns round more than the other: "not the
    same" is "the other"."""
    mine, yours = (
        (turning(of, lexicon, (k,)), sum(at != k for at in denials(of, lexicon)))
        for of, k in ((one, i), (two, j))
    )
    return mine == yours


#: Words beside which another one stands → words of a row.
_Beside = dict[tuple[str, ...], set[str]]


def _cells_differ(row: Sequence[frozenset[str]], mine: _Beside, yours: _Beside) -> bool:
    """Whether beside the same content words one text alone has a word of one cell, and the other
    alone one of another."""
    return any(
        _cell_alone(row, mine[beside], yours[beside]) for beside in mine.keys() & yours.keys()
    )


def _cell_alone(row: Sequence[frozenset[str]], here: set[str], there: set[str]) -> bool:
    alone = [bool(cell & here) - bool(cell & there) for cell in row]
    return 1 in alone and -1 in alone


#: What "to" stands before in an infinitive, where it points to nothing.
_INFINITIVES = word_set("be have get let make")


def _directions(of: Places, row: Sequence[frozenset[str]]) -> Iterator[int]:
    """Where words of a row point to something."""
    for i in of.at(frozenset().union(*row)):
        if not (
            of.words[i] == "to" and of.words[i + 1 : i + 2] and of.words[i + 1] in _INFINITIVES
        ):
            yield i


def _points_elsewhere(row: Sequence[frozenset[str]], one: Places, two: Places) -> bool:
    """Whether behind the same word one text points to what the other points away from: "the road to
    the quay", "the road from the quay"."""
    found: list[_Beside] = []
    for of in (one, two):
        found.append({})
        for i in _directions(of, row):
            if (behind := of.before(i)) and (head := of.head(i)):
                found[-1].setdefault((behind, head), set()).add(of.words[i])
    return _cells_differ(row, *found)


def _have_turned(row: Sequence[frozenset[str]], one: Places, two: Places) -> bool:
    """Whether of two things next to each other, one of which a text points to and the other away
    from, the other text has it the other way round: "from A to B", "from B to A"."""
    found: list[_Beside] = []
    for of in (one, two):
        found.append({})
        for i in _directions(of, row):
            if after := of.after(i):
                found[-1].setdefault((after,), set()).add(of.words[i])
    mine, yours = found
    moves = {
        (k, m, beside)
        for (beside,) in mine.keys() & yours.keys()
        for k, cell in enumerate(row)
        for m, other in enumerate(row)
        if k != m
        and cell & mine[beside,]
        and other & yours[beside,]
        and not (cell & yours[beside,] or other & mine[beside,])
    }
    return any(
        (k, m) == (n, h) and _are_next(one, x, y) and _are_next(two, x, y)
        for k, m, x in moves
        for h, n, y in moves
    )


def _are_next(of: Places, x: str, y: str) -> bool:
    """Whether two content words stand near each other, each with a word of its own at most."""
    keys = [of.keys[i] for i in of.content]
    places = [[k for k, key in enumerate(keys) if key == wanted] for wanted in (x, y)]
    return any(0 < abs(k - m) <= 2 for k in places[0] for m in places[1])


def _between(of: Places, row: Sequence[frozenset[str]]) -> _Beside:
    """The content words around each word of a row, either way round → the words of the row."""
    found: _Beside = {}
    for i in of.at(frozenset().union(*row)):
        left, right = of.before(i), of.after(i)
        if left and right:
            found.setdefault(tuple(sorted((left, right))), set()).add(of.words[i])
    return found


def _content_opposed(a: str, b: str, one: Places, two: Places, lexicon: Lexicon) -> str:
    if one.language not in (ENGLISH, ""):
        return "order" if _words_exchanged(one, two, lexicon) else ""
    mine, yours = _stems(one.words), _stems(two.words)
    if any(
        _are_opposed(one, i, two, j, lexicon)
        for i in _places_of(one, mine - yours)
        for j in _places_of(two, yours - mine)
    ):
        return "opposites"
    if _marked_opposed(a, b, one, two, lexicon):
        return "opposites"
    if mine == yours and (_lost(one, two) or _lost(two, one)):
        return "small words"
    return "order" if is_reordered(a, b) else ""


def _words_exchanged(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether two words of a text stand in each other's place, with more than "and" between."""
    mine, yours = one.words, two.words
    if not have_exchanged(mine, yours):
        return False
    first, last = (i for i, word in enumerate(mine) if word != yours[i])
    joints = frozenset().union(*(cell for row in lexicon.joints for cell in row))
    return not joints.issuperset(mine[first + 1 : last])


def _marked_opposed(a: str, b: str, one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether two texts of otherwise the same words differ in one and its opposite."""
    marked = opposition(a, b)
    if marked is None or marked.about != "opposites" or len(marked.one) != len(marked.two):
        return False
    i, j = (
        next((k for k, key in enumerate(of.keys) if key and key not in other.said), -1)
        for of, other in ((one, two), (two, one))
    )
    return i >= 0 <= j and _turn_alike(one, i, two, j, lexicon) and _ends_alike(one, i, two, j)


def _places_of(of: Places, stems: frozenset[str]) -> list[int]:
    return [i for i, word in enumerate(of.words) if is_content(word) and stem(word) in stems]


def _are_opposed(one: Places, i: int, two: Places, j: int, lexicon: Lexicon) -> bool:
    """Whether two content words in one place are opposites, none of them turned round again ("take
    the lock off", "unlock"; "not bad", "good")."""
    return (
        are_opposites(stem(one.words[i]), stem(two.words[j]))
        and are_near(one, i, two, j)
        and _turn_alike(one, i, two, j, lexicon)
        and _ends_alike(one, i, two, j)
    )


def _ends_alike(one: Places, i: int, two: Places, j: int) -> bool:
    """Whether two opposites may not be the two ends of one thing, told of the one and of the other:
    who borrows from a neighbour has the neighbour lend."""
    if not are_converses(stem(one.words[i]), stem(two.words[j])):
        return True
    mine, yours = (
        [key for k, key in enumerate(of.keys) if key and k != at] for of, at in ((one, i), (two, j))
    )
    return mine == yours


def _lost(one: Places, two: Places) -> bool:
    """Whether a small word that tells much stands between two content words that follow each other
    in the other text without any such word ("the day before the trip", "the day of the trip")."""
    gaps: dict[tuple[str, str], frozenset[str]] = {}
    for i, k in pairwise(two.content):
        gaps[two.keys[i], two.keys[k]] = _SCALED & frozenset(two.words[i + 1 : k])
    return any(
        not gaps.get((one.keys[i], one.keys[k]), _SCALED)
        and not _SCALED.isdisjoint(_telling(one.words[i + 1 : k]) - frozenset(two.words))
        for i, k in pairwise(one.content)
    )


def _telling(words: Sequence[str]) -> frozenset[str]:
    """Words without "out of", which says where from."""
    return frozenset(
        word for word, following in pairwise((*words, "")) if (word, following) != ("out", "of")
    )


def _stems(words: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if is_content(word))


def _details_differ(a: Story, b: Story) -> bool:
    """Whether a criterion or paragraph of one contradicts the likest of the other. Benefits are not
    looked at: many authors give one need different ones, and each stands."""
    mine, yours = list(_details(a)), list(_details(b))
    for one in mine:
        two = _likest(one, yours)
        if two is not None and _likest(two, mine) == one:
            difference = contradiction(one, two, {})
            if difference is not None and (
                difference.attribute in _NUMBERS
                or (difference.attribute in _WORDS and _turn_as_much(one, two, a.language))
            ):
                return True
    return False


def _turn_as_much(one: str, two: str, language: str) -> bool:
    """Whether neither of two sentences has more words that turn round or limit what it says."""
    lexicon = LEXICONS.get(language, ANY)
    mine, yours = (_places(text, language) for text in (one, two))
    alike = turning(mine, lexicon) == turning(yours, lexicon)
    return alike and limited_alike(mine, yours, lexicon)


def _likest(text: str, others: Sequence[str]) -> str | None:
    """Of several sentences the one with most of the words and numbers of another."""
    own = _said(text)

    def alike(other: str) -> float:
        said = _said(other)
        return len(own & said) / max(1, len(own | said))

    return max(others, key=alike, default=None)


def _said(text: str) -> frozenset[str]:
    return frozenset((*topics_in_order(text), *(word.lower() for word in _WORD.findall(text))))


def _details(story: Story) -> Iterator[str]:
    texts = (*story.criteria, *story.body) if story.goal else ()
    for text in texts:
        yield from sentences(in_one_notation(text, story.language or ENGLISH))
