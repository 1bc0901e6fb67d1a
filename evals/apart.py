"""Contradictions that similarity cannot pair: two stories that are not alike, of which each has a
rule about one thing, and the two rules cannot both be met. They use few words in common.

A model that misses none of them (:func:`finder`) shows what the look for conflicts lets a model
see: it names a pair where one prompt shows both rules, and nothing else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipeline.calls import canonical_json
from pipeline.outcomes import StoryText

_THINGS = (
    "night export", "waiting list", "guest account", "audit trail", "price alert", "shared basket",
    "mail digest", "map legend", "spare key", "course voucher", "visitor badge", "tax receipt",
    "repair ticket", "media archive", "seat plan", "meter reading", "travel grant", "stock count",
    "entry form", "donor letter",
)  # fmt: skip
#: Two rules about {x} that exclude each other, and what each says of it.
_RULES = (
    ("A {x} is kept for {n} days.", "{n} days",
     "After {m} weeks nobody needs the {x}, then it disappears.", "{m} weeks"),
    ("Up to {n} entries fit into the {x}.", "{n} entries",
     "More than {k} lines are refused by every {x}.", "{k} lines"),
    ("Only supervisors may open the {x}.", "Only supervisors",
     "Anyone who signed in can look into a {x}.", "Anyone"),
    ("The {x} must run without being asked.", "must run",
     "No {x} may start unless somebody confirms it, it must not run alone.", "must not run"),
)  # fmt: skip
_HANDLE = re.compile(r"^([A-Z]\d+) \(", re.MULTILINE)


class Clash(NamedTuple):
    """Two rules about one thing, and what each says of it, word for word."""

    thing: str
    rules: tuple[str, str]
    values: tuple[str, str]


def clashes(n: int, *, seed: int) -> list[Clash]:
    """So many contradictions, no two about the same thing and kind of rule.

    Raises:
        ValueError: there are not as many.
    """
    rng = random.Random(seed)
    kinds = [(thing, rule) for rule in _RULES for thing in _THINGS]
    found = []
    for thing, rule in rng.sample(kinds, n):
        count = rng.randint(3, 60)
        said = [part.format(x=thing, n=count, m=count + 1, k=count * 10 + 3) for part in rule]
        found.append(Clash(thing, (said[0], said[2]), (said[1], said[3])))
    return found


def plant_apart(
    texts: Sequence[StoryText], planted: Sequence[Clash], *, seed: int
) -> tuple[list[StoryText], list[tuple[int, int]]]:
    """The stories with the rules as criteria of two of them each, and the places of the two.

    Raises:
        ValueError: too few stories: none gets two rules.
    """
    places = random.Random(seed).sample(range(len(texts)), 2 * len(planted))
    pairs = list(zip(places[::2], places[1::2], strict=True))
    changed = list(texts)
    for clash, pair in zip(planted, pairs, strict=True):
        for place, rule in zip(pair, clash.rules, strict=True):
            told = changed[place]
            changed[place] = replace(told, criteria=(*told.criteria, rule))
    return changed, pairs


def finder(planted: Sequence[Clash]) -> Callable[[str], str]:
    """What a model answers to a list of stories that sees every one of these, and nothing else."""

    def answer(prompt: str) -> str:
        starts = [*_HANDLE.finditer(prompt)]
        ends = [*(found.start() for found in starts[1:]), len(prompt)]
        shown = [(s[1], prompt[s.start() : end]) for s, end in zip(starts, ends, strict=True)]
        found = []
        for clash in planted:
            handles = [
                next((handle for handle, text in shown if rule in text), "") for rule in clash.rules
            ]
            if all(handles):
                found.append({"handles": handles, "on": clash.thing, "values": clash.values})
        return canonical_json({"conflicts": found})

    return answer
