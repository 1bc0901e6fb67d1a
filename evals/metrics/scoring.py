"""Score replies by code: the expected value stands in the reply as a word of its own, or not.

No judge: judges fail more often than the models they judge, and a value drawn at random needs
none. A denial is a flag and takes nothing off the score: on 1,376 published replies, counting
denials as misses agrees with their judge in 92.7 %, recall alone in 99.4 % ("the text gives no
other information" mostly stands beside a right answer).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: How a reply is read: the values that it holds, whatever else it says; the same, but naming a
#: wrong one is not an answer, as where all possible answers stand in the text; its first number.
Reads = Literal["values", "alone", "number"]

_GROUPED = re.compile(r"(?<=\d)[,'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_MARKUP = re.compile(r"[*_`]+(?=\S)|(?<=\S)[*_`]+")
_BLANKS = re.compile(r"\s+")
_DENIALS = re.compile(
    r"""
      \bnot\ (?:explicitly\ |clearly\ |specifically\ )?
        (?:stated|mentioned|specified|given|provided|included|available|found|known)\b
    | \b(?:do|does|did)(?:\ not|n[’']t)\ (?:\w+\ ){0,2}?
        (?:mention|state|say|contain|provide|include|specify|give|answer|know|see|find)\b
    | \b(?:do|does)(?:\ not|n[’']t)\ have\ (?:\w+\ ){0,3}?(?:information|context|answer|access)
    | \b(?:there\ is|there[’']s|contains?|provides?|gives?|has|have)\ no\ (?:\w+\ ){0,2}?
        (?:information|mention|answer|reference|way\ to)\b
    | \b(?:cannot|can[’']t|could\ not|unable\ to)\ (?:\w+\ ){0,2}?
        (?:find|determine|answer|provide|state|say|tell)\b
    """,
    re.VERBOSE,
)


_IN_WORDS = {
    word: str(n)
    for n, word in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        )
    )
}
_NUMBER = re.compile(rf"\b(?:\d+|{'|'.join(_IN_WORDS)})\b")


@dataclass(frozen=True, slots=True)
class Score:
    """What a reply is worth.

    Args:
        value: recall of the expected values in [0, 1]; for an absent needle 1 for abstaining.
        flags: ``denied`` (says the text has no answer), ``distractor`` (names a wrong needle's
            value), in that order.
    """

    value: float
    flags: tuple[str, ...] = ()


def normalise(text: str) -> str:
    """Case, width, markup, blanks and thousands separators made equal."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _GROUPED.sub("", text)
    return _BLANKS.sub(" ", _MARKUP.sub("", text)).strip()


def contains(value: str, text: str) -> bool:
    """Whether ``value`` stands in ``text`` as a word of its own, both normalised: 1234567 is
    neither in 91234567 nor in 1234567.5."""
    inside = re.escape(normalise(value))
    return re.search(rf"(?<!\w)(?<!\d[.,-]){inside}(?!\w)(?![.,-]\d)", normalise(text)) is not None


def denies(text: str) -> bool:
    """Whether a reply says that it has no answer."""
    return _DENIALS.search(normalise(text)) is not None


def first_number(text: str) -> str | None:
    """The first whole number of a text, in digits; words count up to twelve."""
    for found in _NUMBER.finditer(normalise(text)):
        return _IN_WORDS.get(found[0], found[0].lstrip("0") or "0")
    return None


def score(
    reply: str, expected: Sequence[str], wrong: Sequence[str] = (), reads: Reads = "values"
) -> Score:
    """Score a reply.

    Args:
        expected: every value asked for; empty when the text holds no answer, and the right reply
            abstains.
        wrong: values of other needles.
    """
    denied = denies(reply)
    picked = any(contains(value, reply) for value in wrong if value not in expected)
    flags = tuple(name for name, on in (("denied", denied), ("distractor", picked)) if on)
    if not expected:
        return Score(1.0 if denied and not picked else 0.0, flags)
    if reads == "number":
        return Score(float(first_number(reply) == expected[0]), flags)
    if reads == "alone" and picked:
        return Score(0.0, flags)
    found = sum(contains(value, reply) for value in expected)
    return Score(found / len(expected), flags)
