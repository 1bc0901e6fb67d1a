"""Quantities of two goals: what both tell of one thing, and tell otherwise.

What one telling leaves out is no difference of quantities: a number that only one of them has may
stand in the other's criteria, or be a detail that a judge weighs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.compare.quantities import Quantity, quantities
from pipeline.compare.unit_notation import are_equal, dimension
from pipeline.text.language import ENGLISH

_DIGITS = re.compile(r"\w*\d[\w.,/-]*")
#: What leaves no room for an unsaid bound.
_EXACTLY = re.compile(r"\b(?:exactly|precisely)\s", re.IGNORECASE)
_COMPARING = re.compile(r"[<>≤≥≠=±]")
#: A sign that belongs to a number or a name: "−5", "C++".
_SIGNED = re.compile(r"(?<![\w.])[-−+](?=\d)|\+\+|#(?!\w)")


def amounts_differ(a: str, b: str, language: str, *, turned: bool = False) -> bool:
    """Whether two texts (folded, in one notation) tell other quantities or dates of one thing.

    Args:
        language: units and bounds are known of English only; of other languages everything that
            holds a digit is compared as it stands.
        turned: whether one of the texts turns round what it says ("refuse over 5", "take up to 5").
    """
    if Counter(_SIGNED.findall(a)) != Counter(_SIGNED.findall(b)):
        return True
    if _apart(_COMPARING.findall(a), _COMPARING.findall(b)):
        return True
    if language not in (ENGLISH, ""):
        return _apart(_names(a), _names(b)) or _moved(_names(a), _names(b))
    one, two = quantities(a), quantities(b)
    return (
        _apart(one.dates, two.dates)
        or _apart(one.versions, two.versions)
        # An identifier stays in the rest; a number that was taken is blank there.
        or _apart(_names(one.rest), _names(two.rest))
        or _numbers_differ(one.numbers, two.numbers, _Terms(turned, bool(_EXACTLY.search(a + b))))
    )


def bounds_turned(a: str, b: str, language: str) -> bool:
    """Whether the one text bounds from below what the other bounds from above, at the same place:
    "over 5", "up to 5"."""
    if language not in (ENGLISH, ""):
        return False
    return any(
        one.bound and two.bound and one.bound != two.bound and _may_be_one(one, two, _TURNED)
        for one in quantities(a).numbers
        for two in quantities(b).numbers
    )


def _names(text: str) -> list[str]:
    return [found.strip(".,/-") for found in _DIGITS.findall(text.lower())]


def _apart(mine: Sequence[str], yours: Sequence[str]) -> bool:
    """Whether each side has something that the other has not."""
    return bool(set(mine) - set(yours) and set(yours) - set(mine))


def _moved(mine: Sequence[str], yours: Sequence[str]) -> bool:
    """Whether two sides have the same in another order."""
    return Counter(mine) == Counter(yours) and list(mine) != list(yours)


@dataclass(frozen=True, slots=True)
class _Terms:
    """How the bounds of two texts are compared.

    Args:
        turned: one of them turns round what it says. exact: one says "exactly".
    """

    turned: bool
    exact: bool


_TURNED = _Terms(turned=True, exact=False)


def _numbers_differ(mine: Sequence[Quantity], yours: Sequence[Quantity], terms: _Terms) -> bool:
    alone = _left(mine, yours, terms), _left(yours, mine, terms)
    if any(dimension(one) == dimension(two) for one in alone[0] for two in alone[1]):
        return True
    kinds = {(one.unit, one.noun) for one in mine}
    return any(_moved(_values(mine, kind), _values(yours, kind)) for kind in kinds)


def _left(these: Iterable[Quantity], those: Sequence[Quantity], terms: _Terms) -> list[Quantity]:
    """The quantities that the others have not, or with another bound."""
    return [one for one in these if not any(_may_be_one(one, two, terms) for two in those)]


def _may_be_one(one: Quantity, two: Quantity, terms: _Terms) -> bool:
    """Whether two quantities may be one. A bound often goes unsaid; where a text turns round what
    it says, the bound is the other one, next to it where things are counted."""
    if one.bound == two.bound:
        return are_equal(one, two)
    if not (one.bound and two.bound):
        return not terms.exact and are_equal(one, two)
    if not terms.turned:
        return False
    counted = not (dimension(one) or dimension(two))
    return are_equal(one, two) or (counted and abs(Decimal(one.value) - Decimal(two.value)) == 1)


def _values(numbers: Iterable[Quantity], kind: tuple[str, str]) -> list[str]:
    return [one.value for one in numbers if (one.unit, one.noun) == kind]
