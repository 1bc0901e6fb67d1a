"""How many proposals a person looks at until most of what is one need is found: what the order of
proposals is worth.

A person answers every proposal rightly, and what they joined is not asked again: of three tellings
of one need, two answers join all three.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import NamedTuple

Pair = frozenset[str]


class Effort(NamedTuple):
    """What looking at proposals in their order comes to.

    Args:
        looked_at: proposals until the share is found; None where they end before.
        found: true pairs that all of them find, of ``true``.
        proposals: that were there to be looked at, those left out that were joined before.
    """

    looked_at: int | None
    found: int
    true: int
    proposals: int


def effort(ranked: Iterable[Pair], true: Collection[Pair], share: float = 0.8) -> Effort:
    """Look at pairs in this order.

    Args:
        ranked: the proposals, the most promising first. true: pairs that are one need.
    """
    wanted = math.ceil(share * len(true))
    # A part of what was looked at is joined where every pair in it was called one need.
    group: dict[str, set[str]] = {}
    looked_at, found, at = 0, 0, 0 if wanted == 0 else None
    for pair in ranked:
        one, other = sorted(pair)
        mine, theirs = group.setdefault(one, {one}), group.setdefault(other, {other})
        if mine is theirs:
            continue
        looked_at += 1
        if pair not in true:
            continue
        found += sum(frozenset((a, b)) in true for a in mine for b in theirs)
        mine |= theirs
        group.update(dict.fromkeys(mine, mine))
        if at is None and found >= wanted:
            at = looked_at
    return Effort(at, found, len(true), looked_at)
