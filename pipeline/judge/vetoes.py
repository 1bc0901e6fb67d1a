"""Vetoes: differences in the words that outrank every model's "one need", and no person's.

A model that answers "same" is not heard where code sees that two goals differ, in places that
answer to each other (:mod:`pipeline.judge.places`), in a quantity, unit, date or bound, in
negation, in a small word or content word and its opposite, or in nothing but two words exchanged.
What one telling leaves out, another object and another actor are the judge's business. What is not
understood (a language without a list, two languages) is vetoed, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from pipeline.compare.contrast import tokens as topics_in_order
from pipeline.compare.differences import contradiction
from pipeline.compare.opposed import are_opposites, opposition
from pipeline.compare.synonyms import concept, topic
from pipeline.judge.opposed_words import ANY, LEXICONS, Lexicon
from pipeline.judge.places import REACH, Places, are_aligned, are_near, have_exchanged
from pipeline.judge.quantity_conflicts import amounts_differ
from pipeline.judge.unit_notation import in_one_notation, without_bounds
from pipeline.stories import Story
from pipeline.text.language import ENGLISH
from pipeline.text.scope import headings_that_change, names_activity
from pipeline.text.sentences import sentences
from pipeline.text.words import is_content, stem, word_set

#: Part of what an exam's record holds for: a change here lets every record expire.
VERSION = "vetoes-2"
#: Words that join two things of which the first is not the second.
_RELATING = word_set(
    "before after until till since than if when unless while to from into onto over under above"
    " below with without by against through via behind instead"
)
#: Topics of "let", "allow", "be able to": who may do a thing is told by the thing.
_LETTING = frozenset(topic(concept(stem(word))) for word in ("allow", "enable", "help", "permit"))
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
    one, two = (in_one_notation(text, language) for text in (a, b))
    if amounts_differ(one, two, language):
        return "quantity"
    one, two = without_bounds(one), without_bounds(two)
    mine, yours = Places(_words(one), language), Places(_words(two), language)
    if _denial_differs(mine, yours, lexicon):
        return "negation"
    if _small_words_opposed(mine, yours, lexicon):
        return "small words"
    return _content_opposed(one, two, mine, yours, lexicon)


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


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(text))


def _denials(of: Places, lexicon: Lexicon) -> list[int]:
    """Where the words deny. "no later than", "not only" and "none but" are bounds, not denials."""
    found = [
        i
        for i, word in enumerate(of.words)
        if (word in lexicon.negations or word.endswith("n't")) and not _is_bound(of.words, i)
    ]
    bounded = _bounded(of, lexicon)
    return [i for i in found if i not in bounded]


#: Behind a denial these let in what follows: "nobody but members" are members only.
_BUT = word_set("but except besides")


def _bounded(of: Places, lexicon: Lexicon) -> frozenset[int]:
    """Where a denial and a word behind it say "only"."""
    found: set[int] = set()
    for i in of.at(lexicon.negations - _BUT):
        behind = of.words[i + 1 : i + 4]
        for k, word in enumerate(behind, i + 1):
            if word in _BUT or (word, of.words[k + 1 : k + 2]) == ("other", ("than",)):
                found |= {i, k}
    return frozenset(found)


def _denial_differs(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether one text denies in all and the other does not, and what the one denies the other
    says in the same place ("guests may not pay", "guests pay", but not "none is late", "all are in
    time")."""
    mine, yours = _denials(one, lexicon), _denials(two, lexicon)
    if lexicon.concord:
        differs = bool(mine) != bool(yours)
    else:
        differs = len(mine) % 2 != len(yours) % 2
    return differs and (_denies(one, mine, two, yours) or _denies(two, yours, one, mine))


#: Denials of all that follows, not of the next word.
_EXCEPTING = word_set("unless except excluding außer sauf salvo tranne exceto behalve tenzij")


def _denies(one: Places, denials: Sequence[int], two: Places, theirs: Sequence[int]) -> bool:
    """Whether a text denies what the other says without denying it: the word that a denial points
    to, or stands behind at an end, and whatever it stands behind as well."""
    said = two.said - frozenset(two.after(i) or two.before(i) for i in theirs)
    for i in denials:
        behind = one.before(i)
        if behind and behind not in two.said:
            continue
        following = [key for key in one.keys[i + 1 : i + 1 + REACH] if key]
        if one.words[i] in _EXCEPTING:
            denied = [key for key in one.keys[i + 1 :] if key]
        elif len(following) > 1 and following[1] not in two.said:
            continue  # "no seat is left" and "the last seat is taken" deny nothing of each other
        else:
            denied = (following or [behind])[:1]
        if not said.isdisjoint(denied):
            return True
    return False


_AFTER_NO_DENIAL = word_set(
    "more less later longer fewer earlier sooner greater higher shorter only matter mehr weniger"
    " später nur plus moins más menos più meno mais meer minder"
)


def _is_bound(words: Sequence[str], i: int) -> bool:
    following = words[i + 1 : i + 3]
    return bool(following) and (following[0] in _AFTER_NO_DENIAL or "than" in following)


def _small_words_opposed(one: Places, two: Places, lexicon: Lexicon) -> bool:
    return (
        _limits(one, two, lexicon)
        or _limits(two, one, lexicon)
        or any(_opposed(row, one, two, are_aligned) for row in lexicon.relations)
        or any(_opposed(row, one, two, are_near) for row in lexicon.scales)
        or any(
            _cells_differ(row, _pointing(one, row), _pointing(two, row))
            for row in lexicon.directions
        )
        or any(_cells_differ(row, _between(one, row), _between(two, row)) for row in lexicon.joints)
    )


def _limits(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether one text takes away with "only" what the other leaves open, in the same place."""
    if not lexicon.limits.isdisjoint(two.words) or _bounded(two, lexicon):
        return False
    return any(
        (one.after(i) or one.before(i)) in two.said
        and (not one.before(i) or one.before(i) in two.said)
        for i in one.at(lexicon.limits)
    )


#: Whether two words, each by its text and position, answer to each other.
_Answers = Callable[[Places, int, Places, int], bool]


def _opposed(row: Sequence[frozenset[str]], one: Places, two: Places, answers: _Answers) -> bool:
    """Whether two words of a row's different cells answer to each other, and neither text has the
    other's word in that place, too."""
    mine = [(cell, i) for cell in row for i in one.at(cell)]
    yours = [(cell, j) for cell in row for j in two.at(cell)]
    return any(
        cell.isdisjoint(other)
        and answers(one, i, two, j)
        and not any(same is cell and are_aligned(one, i, two, k) for same, k in yours)
        and not any(same is other and are_aligned(one, k, two, j) for same, k in mine)
        for cell, i in mine
        for other, j in yours
    )


def _cells_differ(
    row: Sequence[frozenset[str]],
    mine: dict[frozenset[str], set[str]],
    yours: dict[frozenset[str], set[str]],
) -> bool:
    """Whether beside the same content words one text alone has a word of one cell, and the other
    alone one of another."""
    for beside in mine.keys() & yours.keys():
        here, there = mine[beside], yours[beside]
        alone = [bool(cell & here) - bool(cell & there) for cell in row]
        if 1 in alone and -1 in alone:
            return True
    return False


#: What "to" stands before in an infinitive, where it points to nothing.
_INFINITIVES = word_set("be have get let make")


def _pointing(of: Places, row: Sequence[frozenset[str]]) -> dict[frozenset[str], set[str]]:
    """What each word of a row points to → the words of the row."""
    found: dict[frozenset[str], set[str]] = {}
    for i in of.at(frozenset().union(*row)):
        word, after = of.words[i], of.after(i)
        if after and not (word == "to" and of.words[i + 1] in _INFINITIVES):
            found.setdefault(frozenset((after,)), set()).add(word)
    return found


def _between(of: Places, row: Sequence[frozenset[str]]) -> dict[frozenset[str], set[str]]:
    """The content words around each word of a row, either way round → the words of the row."""
    found: dict[frozenset[str], set[str]] = {}
    for i in of.at(frozenset().union(*row)):
        left, right = of.before(i), of.after(i)
        if left and right:
            found.setdefault(frozenset((left, right)), set()).add(of.words[i])
    return found


def _content_opposed(a: str, b: str, one: Places, two: Places, lexicon: Lexicon) -> str:
    if one.language not in (ENGLISH, ""):
        same = Counter(one.words) == Counter(two.words)
        return "order" if same and one.words != two.words else ""
    mine, yours = _stems(one.words), _stems(two.words)
    if any(
        _are_opposed(one, i, two, j, lexicon)
        for i in _places_of(one, mine - yours)
        for j in _places_of(two, yours - mine)
    ):
        return "opposites"
    marked = opposition(a, b)
    if marked is not None and marked.about == "opposites" and len(marked.one) == len(marked.two):
        return "opposites"
    if mine == yours and _telling(one.words) != _telling(two.words):
        return "small words"
    return "order" if _is_reordered(a, b) else ""


def _places_of(of: Places, stems: frozenset[str]) -> list[int]:
    return [i for i, word in enumerate(of.words) if is_content(word) and stem(word) in stems]


def _are_opposed(one: Places, i: int, two: Places, j: int, lexicon: Lexicon) -> bool:
    """Whether two content words in one place are opposites, none of them turned round again ("take
    the lock off", "unlock")."""
    if not are_opposites(stem(one.words[i]), stem(two.words[j])):
        return False
    turned = [of.words[k + 1 : k + 2] == ("off",) for of, k in ((one, i), (two, j))]
    return turned[0] == turned[1] and are_near(one, i, two, j)


def _telling(words: Sequence[str]) -> frozenset[str]:
    """Small words whose loss is felt where all other words are the same ("the day before"); "out
    of" says where from."""
    return frozenset(
        word
        for word, following in zip(words, (*words[1:], ""), strict=True)
        if word in _SCALED and (word, following) != ("out", "of")
    )


def _stems(words: Sequence[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if is_content(word))


#: Small words that begin a part of a sentence, or tell how it is built: what is told of, a doer
#: who is told behind what is done.
_JOINING = _RELATING | word_set(
    "for of on at as in out up off and or that which who be is are was were been being 's"
)
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


def _is_reordered(a: str, b: str) -> bool:
    """Whether two goals say the same words, joined by the same ones, and two of the words are
    exchanged: between two parts ("copy A over B", "copy B over A"), or within one. What moved
    alone, a word or a whole part, is told in another order."""
    whole = _parts(a, letting=True), _parts(b, letting=True)
    if _are_mixed(*whole):
        return True
    lets = any(topic in _LETTING for parts in whole for _, own in parts for topic in own)
    return lets and _are_mixed(_parts(a, letting=False), _parts(b, letting=False))


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
        yield from sentences(in_one_notation(text, story.language or ENGLISH))
