"""How good a merge is against its truth: clusters, conflicts, and coverage beside compression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from evals.claims import Held, document, held
from evals.clusterings import (
    Agreement,
    agreement,
    b_cubed,
    b_cubed_by_item,
    over_and_under_merged,
    pairwise,
)
from evals.statistics import Interval, ratio, share, wilson
from evals.truth import Pair, Truth
from pipeline.gate.grounding import fields_of
from pipeline.outcomes import Conflict
from pipeline.store.books import Books
from pipeline.stories import count_words


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one merge.

    Args:
        found: the truth's name of a story → the merged story it stands in.
        figures: with interval and n.
        of_story: by figure, then by the truth's name: what two merges are compared over.
    """

    found: Mapping[str, str]
    figures: Mapping[str, Interval]
    of_story: Mapping[str, Mapping[str, float]]


def quality(truth: Truth, ids: Mapping[str, str], books: Books) -> Quality:
    """A merge against its truth. What the truth does not name is left out of clusters and
    conflicts; coverage and compression are of everything.

    Args:
        ids: the truth's names → story ids.
    """
    found = {name: books.ledger[story].target or story for name, story in ids.items()}
    over, under = over_and_under_merged(truth.clusters, found)
    told = list(held(document(books, {}), books))
    names = {story: name for name, story in ids.items()}
    disagreeing = _conflicts(books.conflicts, names)
    hits = len(truth.conflicts & disagreeing)
    figures = {
        **shares("pairwise", pairwise(truth.clusters, found), found.values()),
        **shares("b_cubed", b_cubed(truth.clusters, found)),
        "over_merged": share(over),
        "under_merged": share(under),
        **{
            f"joined_{kind}": share([_together(pair, found) for pair in pairs])
            for kind, pairs in truth.copies.items()
        },
        "lookalikes_merged": share([_together(pair, found) for pair in truth.lookalikes]),
        "conflicts_merged": share([_together(pair, found) for pair in truth.conflicts]),
        **_conflict_shares(hits, len(disagreeing), len(truth.conflicts)),
        "covered": share([field.said for field in told]),
        "words_left": _words_left(books),
    }
    by_item = b_cubed_by_item(truth.clusters, found)
    return Quality(
        found,
        figures,
        {"b_cubed": {name: one.f1 for name, one in by_item.items()}, "covered": _of(told, names)},
    )


def stability(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Interval]:
    """How far two merges of the same stories put the same ones together: B-cubed of the second
    clustering against the first."""
    return shares("stable", b_cubed(before, after))


def shares(
    name: str, found: Agreement, claimed: Iterable[str] | None = None
) -> dict[str, Interval]:
    """Precision, recall and F1 with intervals. Those of precision and recall are Wilson's over
    what they count; that of F1 is made of their ends, so it errs on the wide side.

    Args:
        claimed: found clusters, where precision counts the pairs in them; else it counts ``n``.
    """
    n_claimed = found.n
    if claimed is not None:
        sizes: dict[str, int] = {}
        for cluster in claimed:
            sizes[cluster] = sizes.get(cluster, 0) + 1
        n_claimed = sum(size * (size - 1) // 2 for size in sizes.values())
    precision = _interval(found.precision, n_claimed)
    recall = _interval(found.recall, found.n)
    return {
        f"{name}_precision": precision,
        f"{name}_recall": recall,
        f"{name}_f1": Interval(
            found.f1,
            _harmonic(precision.low, recall.low),
            _harmonic(precision.high, recall.high),
            found.n,
        ),
    }


def _interval(value: float, n: int) -> Interval:
    return Interval(value, *wilson(min(n, max(0.0, value * n)), n), n)


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _conflict_shares(hits: int, found: int, wanted: int) -> dict[str, Interval]:
    both = agreement(hits, found, wanted, wanted)
    precision, recall = _interval(both.precision, found), _interval(both.recall, wanted)
    return {
        "conflict_precision": precision,
        "conflict_recall": recall,
        "conflict_f1": Interval(
            both.f1,
            _harmonic(precision.low, recall.low),
            _harmonic(precision.high, recall.high),
            wanted,
        ),
    }


def _conflicts(conflicts: Iterable[Conflict], names: Mapping[str, str]) -> frozenset[Pair]:
    """Pairs of named stories recorded as disagreeing, but for those that say the same value."""
    return frozenset(
        frozenset(names[story] for story in pair)
        for conflict in conflicts
        for pair in against(conflict)
        if all(story in names for story in pair)
    )


def against(conflict: Conflict) -> Iterable[tuple[str, ...]]:
    """The stories of a conflict two by two, but for those that say the same value."""
    value = dict(zip(conflict.stories, conflict.values, strict=False))
    for pair in combinations(conflict.stories, 2):
        if not value or len({value.get(story) for story in pair}) > 1:
            yield pair


def _together(pair: Pair, found: Mapping[str, str]) -> bool:
    return len({found[name] for name in pair}) == 1


def _words_left(books: Books) -> Interval:
    """Words of the merged stories for each word of their sources."""

    def words(fields: Iterable[tuple[str, str]]) -> int:
        return sum(count_words(text) for _, text in fields)

    return ratio(
        [
            (words(fields_of(m.text)), sum(words(books.stories[s].fields) for s in m.sources))
            for m in books.merged
        ],
        seed=0,
    )


def _of(told: Iterable[Held], names: Mapping[str, str]) -> dict[str, float]:
    """The share of its fields that is still said, for every named story."""
    fields: dict[str, list[bool]] = {}
    for one in told:
        if one.source in names:
            fields.setdefault(names[one.source], []).append(one.said)
    return {name: sum(said) / len(said) for name, said in fields.items()}
