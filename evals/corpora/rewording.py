"""A story said again: the same thing, asked for under the same conditions, in other words.

The rule: nothing is added that bounds, limits or times a need or says how it is to be met, and no
word is replaced where it may have another sense or be another part of speech. So a pair of the
tables (:mod:`evals.corpora.rewording_tables`) names the frame in which it is sure, and is applied
nowhere else: never within quotation marks, code, addresses, names (words in capitals) or compounds
with a hyphen, and in English alone.

The matcher has tables of its own and never reads these, nor do these repeat its pairs (a test
holds both apart), or it would be tested on what it was told. Every table is dealt into two halves:
a corpus planted for tuning and one planted for the figures that are reported share no word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, NamedTuple, TypeVar

from evals.corpora import rewording_tables as tables
from pipeline.outcomes import StoryText
from pipeline.text.language import ENGLISH, language_of
from pipeline.text.words import word_set

Entry = TypeVar("Entry")
Half = Literal["tuning", "reported"]

_DET = "a an the my our your their his her its this these those all any each every some"
_CLASSES = {
    "DET": rf"(?:{'|'.join(_DET.split())})\b",
    "ASK": rf"(?:{'|'.join(_DET.split())}|what|which|who|whether|when|where|why|how(?! to\b))\b",
    "NOUN": r"(?!(?:and|other|one)\b)[a-z]{3,}\b(?!')",
    "PLURAL": r"(?!(?:is|was|has|does|this|its|as|us|always|perhaps)\b)[a-z]{3,}(?<!ss)s\b",
}
#: "files that are": what stands before is a noun, as a verb has no two subjects, and no person.
_PLURAL_BEFORE = (
    r"(?<=[a-rt-z]s )(?<!\b[ia]s )(?<!\bhas )(?<!\bwas )(?<!\bthis )(?<!\bdoes )"
    r"(?<!(?:er|or|in|nt)s )(?<!ists )"
)
_AHEAD = {
    "PLURAL": _PLURAL_BEFORE,
    "START": r"(?:^|(?<=\bso that )|(?<=, so ))",
    "MANNER": "".join(
        rf"(?<!\b{word} )"
        for word in ("more", "most", "as", "so", "very", "too", "less", "how", "not", "only")
    ),
}
#: After these stands a verb in its base form, which for these is the finite one, too.
_SUBJECTS = ("I", "we", "they", "you")
#: After these stands an infinitive.
_BEFORE_INFINITIVES = (
    "can", "could", "should", "must", "shall", "may", "might", "will", "would",
    "able to", "want to", "wants to", "need to", "needs to", "have to", "has to", "like to",
    "wish to", "in order to", "how to", "ability to", "allowed to", "possible to", "way to",
)  # fmt: skip
_ADVERB = r"(?:(?:easily|quickly|also|then|only|automatically) )?"
#: What is not said but named: quotations, code, marks, and words with a sign in them.
_NAMED = re.compile(
    r"`[^`]*`|\"[^\"]*\"|“[^”]*”|‘[^’]*’|«[^»]*»|(?<!\w)'[^']+'(?!\w)|<[^>]*>|\[[^\]]*\]"
    r"|(?<!\S)(?!\(?e\.g\.)(?=\S*(?:[/\\_@#{}=*~+|&]|\w[.:]\w))\S+"
)
_ENGLISH_WORDS = word_set("the to of and my i can that with for is are from when so it an")
_WORD = re.compile(r"[A-Za-z']+")
#: A benefit that is a clause by itself.
_CLAUSE = re.compile(
    r"(?:I|I'm|we|they|it|it's|he|she|you|people|others|users|everyone"
    r"|(?:my|our|their|the|all|each|no)(?: [\w-]+){1,4}"
    r" (?:is|are|can|will|has|have|does|do|gets?|knows?|remains?|works?))\b"
)
#: A criterion that is a sentence: a subject that begins it, and a verb that is one in any sense.
_SENTENCE = re.compile(
    r"(?:The|A|An|All|Each|Every|Users?|I|We|They|It|There|No|[Tt]he)\b[^.;:?!]*?"
    r"\b(?:must|should|shall|can|cannot|may|will|is|are|has|have|does)\b[^:?!]*$"
)
#: What a criterion begins with that hangs on the one before, or is a step.
_HANGS = re.compile(
    r"(?:given|when|then|and|but|or|also|it|they|this|these|that|those|he|she|its|their|otherwise"
    r"|after|next|finally|if so|else|such|both|the (?:same|other|former|latter)|step|\W|\d)\b",
    re.IGNORECASE,
)
_SMALL_AT_HEAD = word_set("The A An All Each Every User Users We They It There No This These Any")


class Pair(NamedTuple):
    """Words, what may stand in their place, and the frame in which it may.

    Args:
        before: what stands directly before them, as the table tells it.
        after: likewise, directly behind.
        pattern: the frame, with the words as its group ``words``.
    """

    before: str
    words: str
    after: str
    others: tuple[str, ...]
    pattern: re.Pattern[str]


Row = tuple[Pair, ...]


@dataclass(frozen=True)
class Wording:
    """One half of the tables."""

    verbs: tuple[Row, ...]
    heads: tuple[Row, ...]
    phrases: tuple[Row, ...]
    roles: tuple[tuple[str, ...], ...]
    frames: tuple[str, ...]
    asides: tuple[str, ...]
    remarks: tuple[str, ...]
    rebuilt: tuple[str, ...]
    expected: tuple[str, ...]


@cache
def wording(half: Half) -> Wording:
    """The words of one half; a row of a table is in exactly one."""

    def dealt(table: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(table[half == "reported" :: 2])

    return Wording(
        dealt(_pairs(tables.VERBS, verb=True)),
        dealt(_pairs(tables.HEADS, head=True)),
        dealt(_pairs(tables.PHRASES)),
        dealt(_roles()),
        dealt(_lines(tables.FRAMES)),
        dealt(_lines(tables.ASIDES)),
        dealt(_lines(tables.REMARKS)),
        dealt(_lines(tables.REBUILT)),
        dealt(_lines(tables.EXPECTED)),
    )


def synonym_groups() -> tuple[tuple[str, ...], ...]:
    """Words that stand for each other, of every pair of both halves."""
    rows = (*_pairs(tables.VERBS), *_pairs(tables.HEADS), *_pairs(tables.PHRASES))
    pairs = ((pair.words, *filter(None, pair.others)) for row in rows for pair in row)
    return (*pairs, *_roles())


def lightly(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """Case, stops, the order of criteria where it says nothing, and a filler: before the goal where
    that is an action, else behind it; None where the text is in no English."""
    if not _is_english(text):
        return None
    criteria = [c.rstrip(".") if rng.random() < 0.5 else c for c in text.criteria]
    if all(map(_stands_alone, criteria)):
        rng.shuffle(criteria)
    filled = replace(text, criteria=tuple(criteria))
    if text.role and rng.random() < 0.5:
        filled = replace(filled, role=text.role.upper() if text.role.islower() else text.role)
    if text.goal:
        filled = replace(
            filled, goal=_framed(text.goal, words, rng) or _aside(text.goal, words, rng)
        )
    elif text.body:
        last = text.body[-1].rstrip()
        filled = replace(filled, body=(*text.body[:-1], f"{last} {_told(words, rng)}"))
    return filled if filled != text else None


def moderately(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """Some of what can be said in other words, and an aside where that is a single place, else now
    and then; None where no place can."""
    reworded, changed = _swapped(text, words, rng, share=0.8)
    if changed < (1 if text.goal else 2):
        return None
    if reworded.goal and (changed < 2 or rng.random() < 0.5):
        reworded = replace(reworded, goal=_aside(reworded.goal, words, rng))
    return reworded if reworded != text else None


def heavily(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """Everything that can be said in other words, and the story rebuilt: the benefit in the goal,
    or the goal in a frame, and criteria as clauses; with an aside where that is a single place.
    None where no place can be said so, or nothing can be rebuilt."""
    reworded, changed = _swapped(text, words, rng, share=1.0)
    if changed < (1 if text.goal else 2):
        return None
    if changed < 2:
        reworded = replace(reworded, goal=_aside(reworded.goal, words, rng))
    goal, benefit = _framed(reworded.goal, words, rng), reworded.benefit
    if goal and _CLAUSE.match(reworded.benefit) and rng.random() < 0.7:
        shape = rng.choice(words.rebuilt)
        goal = shape.format(goal=reworded.goal.rstrip(" ."), benefit=reworded.benefit)
        benefit = ""
    lead = rng.choice(words.expected)
    criteria = tuple(_after(lead, c) for c in reworded.criteria)
    body = tuple(f"{paragraph} {_told(words, rng)}" for paragraph in reworded.body)
    told = replace(reworded, goal=goal or reworded.goal, benefit=benefit)
    rebuilt = replace(told, criteria=criteria, body=body)
    return rebuilt if rebuilt != reworded else None


def _swapped(
    text: StoryText, words: Wording, rng: random.Random, *, share: float
) -> tuple[StoryText, int]:
    """A text in words that mean the same, and in how many places it was put so."""
    if not _is_english(text):
        return text, 0
    changed = 0

    def say(field: str, rows: Sequence[Row]) -> str:
        nonlocal changed
        for row in rng.sample(rows, len(rows)):
            if rng.random() < share:
                field, times = replaced(field, row, rng)
                changed += times
        return field

    def say_role(role: str) -> str:
        nonlocal changed
        for row in words.roles:
            if role.lower() == row[0] and rng.random() < share:
                changed += 1
                return rng.choice(row[1:])
        return role

    def say_all(field: str) -> str:
        return say(say(field, words.verbs), words.phrases)

    reworded = replace(
        text,
        role=say_role(text.role),
        goal=say_all(say(text.goal, words.heads)),
        benefit=say_all(text.benefit),
        criteria=tuple(map(say_all, text.criteria)),
        body=tuple(map(say_all, text.body)),
    )
    return reworded, changed


def replaced(field: str, row: Row, rng: random.Random) -> tuple[str, int]:
    """A field with the words of a row replaced wherever their frames are, and how often.

    A place is replaced once, by the longest words of the row that stand there.
    """
    named = [found.span() for found in _NAMED.finditer(field)]
    found_places = [
        (*found.span("words"), rng.choice(pair.others))
        for pair in row
        for found in pair.pattern.finditer(field)
    ]
    places = sorted(found_places, key=lambda place: (place[0], -place[1]))  # the longer first
    parts, end, times = [], 0, 0
    for start, stop, other in places:
        if start < end or any(a < stop and start < b for a, b in named):
            continue
        parts += [field[end:start], other]
        end = stop + (not other)  # with the blank behind what is left out
        times += 1
    return "".join([*parts, field[end:]]), times


def _framed(goal: str, words: Wording, rng: random.Random) -> str:
    """A goal that is an action as what one is to have; "" for any other goal."""
    return f"{rng.choice(words.frames)} {goal}" if _is_action(goal) else ""


def _aside(goal: str, words: Wording, rng: random.Random) -> str:
    return goal.rstrip(" .,;:") + rng.choice(words.asides)


def _is_action(goal: str) -> bool:
    head, _, rest = goal.partition(" ")
    if head.lower() in tables.NOUNS_TOO.split():
        return bool(re.match(_CLASSES["DET"], rest))
    return head.lower() in tables.ACTIONS.split() and bool(rest)


def _is_english(text: StoryText) -> bool:
    """Whether a text is in English beyond doubt: told as that, and by words of its own."""
    whole = " ".join((text.goal, text.benefit, *text.criteria, *text.body))
    told = sum(word.lower() in _ENGLISH_WORDS for word in _WORD.findall(whole))
    return told >= 1 and language_of(whole) == ENGLISH


def _stands_alone(criterion: str) -> bool:
    """Whether a criterion says the same wherever it stands among others."""
    return bool(_SENTENCE.match(criterion)) and not _HANGS.match(criterion)


def _told(words: Wording, rng: random.Random) -> str:
    remark = rng.choice(words.remarks)
    return f"{remark[0].upper()}{remark[1:]}."


def _after(lead: str, criterion: str) -> str:
    """A criterion as a clause, where it is a sentence; a name at its head stays one."""
    if not _stands_alone(criterion):
        return criterion
    first = criterion.split(maxsplit=1)[0]
    small = first in _SMALL_AT_HEAD
    clause = lead.format(criterion[0].lower() + criterion[1:] if small else criterion)
    return clause[0].upper() + clause[1:]


def _lines(table: str) -> tuple[str, ...]:
    return tuple(table.strip("\n").splitlines())


def _roles() -> tuple[tuple[str, ...], ...]:
    rows = (row.partition(" => ") for row in _lines(tables.ROLES))
    return tuple((role, *others.split(" / ")) for role, _, others in rows)


def _pairs(table: str, *, verb: bool = False, head: bool = False) -> tuple[Row, ...]:
    return tuple(
        tuple(_pair(pair, verb=verb, head=head) for pair in row.split(" ;; "))
        for row in _lines(table.replace(";;\n", ";; "))
    )


def _pair(told: str, *, verb: bool, head: bool) -> Pair:
    frame, _, others = told.partition("=>")
    before, words, after = frame.strip().split("~")
    if head:
        ahead = "^"
    elif verb and before in ("", "TO"):
        places = (*(() if before else _SUBJECTS), *_BEFORE_INFINITIVES)
        ahead = rf"(?:^|(?<![\w-])(?:{'|'.join(places)}) {_ADVERB})"
    else:
        ahead = _standing_before(before)
    core = rf"(?P<words>(?<![\w'’-]){re.escape(words)}(?![\w'’-]))"
    pattern = re.compile(ahead + core + _standing_after(after))
    return Pair(before, words, after, tuple(map(str.strip, others.split(" / "))), pattern)


def _standing_before(told: str) -> str:
    if told in _AHEAD:
        return _AHEAD[told]
    denied = told.startswith("!")
    words = told.lstrip("!").split()
    looks = [rf"(?<{'!' if denied else '='}\b{re.escape(word)} )" for word in words]
    return "".join(looks) if denied else f"(?:{'|'.join(looks)})" if looks else ""


def _standing_after(told: str) -> str:
    """A pattern of what follows: words or classes, one of which has to stand there."""
    if told.startswith("END"):
        more = _standing_after(told.removeprefix("END").strip())
        return r"(?:(?=$|[.,;)])" + (f"|{more})" if more else ")")
    denied = told.startswith("!")
    words = [
        _CLASSES.get(word, rf"{re.escape(word)}(?![\w'’-])") for word in told.lstrip("!").split()
    ]
    if not words:
        return ""
    return rf"(?{'!' if denied else '='} (?:{'|'.join(words)}))"
