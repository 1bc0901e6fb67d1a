"""How well a clustering agrees with the truth: pairs and B-cubed.

Both are shown because each hides something: pairs are ruled by the largest clusters, B-cubed
(Bagga and Baldwin 1998) weighs every item alike and so forgives a giant cluster more easily.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Agreement(NamedTuple):
    """Precision, recall and their harmonic mean, each in [0, 1]; ``n`` is what they count."""

    precision: float
    recall: float
    f1: float
    n: int


def agreement(hits: float, found: float, wanted: float, n: int) -> Agreement:
    """From counts; finding nothing where nothing is wanted is perfect."""
    precision = hits / found if found else 1.0
    recall = hits / wanted if wanted else 1.0
    total = precision + recall
    return Agreement(precision, recall, 2 * precision * recall / total if total else 0.0, n)


def pairwise(truth: Mapping[Item, Hashable], found: Mapping[Item, Hashable]) -> Agreement:
    """Over pairs of items in one cluster; ``n`` is the number of true pairs. Linear time.

    Raises:
        ValueError: the two do not cover the same items.
    """
    _same_items(truth, found)
    both = Counter((truth[item], found[item]) for item in truth)
    hits, wanted, claimed = (
        sum(math.comb(count, 2) for count in counts.values())
        for counts in (both, Counter(truth.values()), Counter(found.values()))
    )
    return agreement(hits, claimed, wanted, wanted)


def b_cubed(truth: Mapping[Item, Hashable], found: Mapping[Item, Hashable]) -> Agreement:
    """Over items: the share of an item's found cluster that truly belongs to it, and of its true
    cluster that was found, averaged; ``n`` is the number of items. Linear time.

    Raises:
        ValueError: the two do not cover the same items.
    """
    by_item = b_cubed_by_item(truth, found)
    if not by_item:
        return Agreement(1.0, 1.0, 1.0, 0)
    n = len(by_item)
    precision = math.fsum(one.precision for one in by_item.values()) / n
    recall = math.fsum(one.recall for one in by_item.values()) / n
    return Agreement(precision, recall, 2 * precision * recall / (precision + recall), n)


def b_cubed_by_item(
    truth: Mapping[Item, Hashable], found: Mapping[Item, Hashable]
) -> dict[Item, Agreement]:
    """The figures of every single item.

    Raises:
        ValueError: the two do not cover the same items.
    """
    _same_items(truth, found)
    both = Counter((truth[item], found[item]) for item in truth)
    wanted, claimed = Counter(truth.values()), Counter(found.values())
    return {
        item: agreement(
            both[truth[item], found[item]], claimed[found[item]], wanted[truth[item]], 1
        )
        for item in truth
    }


def over_and_under_merged(
    truth: Mapping[Item, Hashable], found: Mapping[Item, Hashable]
) -> tuple[list[bool], list[bool]]:
    """For every found cluster of two or more whether it mixes true clusters, and for every true
    cluster of two or more whether it is torn apart.

    Raises:
        ValueError: the two do not cover the same items.
    """
    _same_items(truth, found)
    return _mixed(found, truth), _mixed(truth, found)


def _mixed(inside: Mapping[Item, Hashable], labels: Mapping[Item, Hashable]) -> list[bool]:
    members: dict[Hashable, list[Hashable]] = defaultdict(list)
    for item, cluster in inside.items():
        members[cluster].append(labels[item])
    return [len(set(group)) > 1 for group in members.values() if len(group) > 1]


def _same_items(truth: Mapping[Item, Hashable], found: Mapping[Item, Hashable]) -> None:
    if truth.keys() != found.keys():
        odd = sorted(map(str, truth.keys() ^ found.keys()))[:3]
        raise ValueError(f"the clusterings cover different items, such as {', '.join(odd)}")
