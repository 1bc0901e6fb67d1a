"""Stories that cannot both be met, and stories that only look as if they could not.

A contradiction changes one value that the story gives (a number, its unit, who may, must against
may, must against must not); where a real story gives none, both sides get a rule that has one. A
harmless pair differs just as visibly and is none: the value in another notation, a rule about
another thing, or another value of another thing.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Literal

from evals.corpora.rewording import Half
from pipeline.outcomes import StoryText

Kind = Literal["number", "unit", "role", "modality", "negation"]
Harmless = Literal["notation", "another rule", "another thing"]
KINDS: tuple[Kind, ...] = ("number", "unit", "role", "modality", "negation")
HARMLESS: tuple[Harmless, ...] = ("notation", "another rule", "another thing")

_UNITS = (("minutes", "hours"), ("days", "weeks"), ("MB", "GB"), ("weeks", "months"))
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,4}(?![\w.,%-])")
_WITH_UNIT = re.compile(rf"\b\d+ ({'|'.join(sorted({u for pair in _UNITS for u in pair}))})\b")
#: What is so many or more can be more.
_LOWER_BOUND = re.compile(r"(?:at least|more than|minimum(?: of)?|over) $", re.IGNORECASE)
_MUST = re.compile(r"\b(must|shall)\b(?!\s+not\b)", re.IGNORECASE)

#: For each kind rules with two values that exclude each other; dealt into halves.
_RULES: dict[Kind, tuple[tuple[str, str], ...]] = {
    "number": (
        ("At most {n} of them are shown at once.", "At most {m} of them are shown at once."),
        ("It is tried again {n} times before it fails.",
         "It is tried again {m} times before it fails."),
        ("A name may have up to {n} characters.", "A name may have up to {m} characters."),
        ("There are exactly {n} examples to start from.",
         "There are exactly {m} examples to start from."),
    ),
    "unit": (
        ("What was entered is kept for {n} days.", "What was entered is kept for {n} weeks."),
        ("The session ends after {n} minutes of silence.",
         "The session ends after {n} hours of silence."),
        ("Files of up to {n} MB are taken.", "Files of up to {n} GB are taken."),
        ("Nobody waits for it longer than {n} seconds.",
         "Nobody waits for it longer than {n} minutes."),
    ),
    "role": (
        ("Only supervisors may undo this.", "Any clerk may undo this."),
        ("Only editors can approve the result.", "Every author can approve the result."),
        ("Only owners may see the history.", "All visitors may see the history."),
        ("Only auditors can open the log.", "Every manager can open the log."),
    ),
    "modality": (
        ("The outcome must be confirmed by e-mail.", "The outcome may be confirmed by e-mail."),
        ("A reason must be given for it.", "A reason may be given for it."),
        ("Each step must be written to the protocol.",
         "Each step may be written to the protocol."),
        ("A second person must look at it first.", "A second person may look at it first."),
    ),
    "negation": (
        ("The old values must stay visible.", "The old values must not stay visible."),
        ("Drafts must be included.", "Drafts must not be included."),
        ("The form must close by itself.", "The form must not close by itself."),
        ("It must work while offline.", "It must not work while offline."),
    ),
}  # fmt: skip
_NOTATIONS = (
    ("It is kept for 24 hours.", "It is kept for 1 day."),
    ("At most 1,000 of them are listed.", "At most 1000 of them are listed."),
    ("It takes no more than three steps.", "It takes no more than 3 steps."),
    ("The link is valid for 120 minutes.", "The link is valid for 2 hours."),
    ("At least twelve colours are offered.", "At least 12 colours are offered."),
    ("It answers within 2 seconds.", "It answers within 2000 ms."),
)
#: Rules about two things; a story may follow both.
_ANOTHER = (
    ("At most {n} of them are shown at once.", "A file has at most {m} MB."),
    ("Only supervisors may undo this.", "Any clerk may print this."),
    ("The outcome must be confirmed by e-mail.", "The colour may be chosen freely."),
    ("It is tried again {n} times.", "It is ready after {m} days."),
    ("Drafts must be included.", "Passwords must not be included."),
    ("What was entered is kept for {n} days.", "The report covers {m} weeks."),
)


def contradicted(
    text: StoryText, kind: Kind, half: Half, rng: random.Random
) -> tuple[StoryText, StoryText]:
    """The story (with a rule added where it gives no value of this kind) and its contradiction."""
    found = _in_its_own_words(text, kind, rng)
    if found is not None:
        return text, found
    one, two = _values(rng.choice(_RULES[kind][half == "reported" :: 2]), rng)
    if rng.random() < 0.5:
        one, two = two, one
    return _with_rule(text, one), _with_rule(text, two)


def harmless(
    text: StoryText, kind: Harmless, half: Half, rng: random.Random
) -> tuple[StoryText, StoryText]:
    """Two stories that differ as plainly as contradictions do, and contradict nothing.

    For ``another thing`` the second is made of the first's look-alike by the caller; here the two
    only get values that differ.
    """
    tables = {"notation": _NOTATIONS, "another rule": _ANOTHER, "another thing": _RULES["number"]}
    one, two = _values(rng.choice(tables[kind][half == "reported" :: 2]), rng)
    return _with_rule(text, one), _with_rule(text, two)


def _in_its_own_words(text: StoryText, kind: Kind, rng: random.Random) -> StoryText | None:
    fields = [text.goal, *text.criteria]
    for place in rng.sample(range(len(fields)), len(fields)):
        other = _changed(fields[place], kind, rng)
        if other != fields[place]:
            fields[place] = other
            return replace(text, goal=fields[0], criteria=tuple(fields[1:]))
    return None


def _changed(field: str, kind: Kind, rng: random.Random) -> str:
    if kind == "unit":
        found = _WITH_UNIT.search(field)
        if found is None:
            return field
        others = [b for pair in _UNITS for a, b in (pair, pair[::-1]) if a == found[1]]
        return field[: found.start(1)] + rng.choice(others) + field[found.end(1) :]
    if kind == "number":
        found = _NUMBER.search(field)
        if found is None or _LOWER_BOUND.search(field[: found.start()]):
            return field
        value = int(found[0])
        return field[: found.start()] + str(_other(value, rng)) + field[found.end() :]
    if kind == "modality":
        return _MUST.sub("may", field, count=1)
    if kind == "negation":
        return _MUST.sub(lambda found: f"{found[0]} not", field, count=1)
    return field


def _values(pair: tuple[str, str], rng: random.Random) -> tuple[str, str]:
    n = rng.randint(2, 60)
    m = _other(n, rng)
    return pair[0].format(n=n, m=m), pair[1].format(n=n, m=m)


def _other(value: int, rng: random.Random) -> int:
    return rng.choice([value * 2 + 1, value + 5, value * 10 + 3])


def _with_rule(text: StoryText, rule: str) -> StoryText:
    return replace(text, criteria=(*text.criteria, rule))
