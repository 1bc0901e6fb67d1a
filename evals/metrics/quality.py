"""How good a merge is against its truth: what stands in one entry, what next to each other, which
conflicts are marked where they stand, and how much is left to read.

Two stories are *folded* together where one entry lists both, whoever put them there; sides of a
conflict may be, where proof finds their goals and benefits the same: what they disagree on stands.
They are *next to each other* where their entries are linked, or both linked to a third. A conflict
is *marked* where the entries of its two stories are sides of one, asserted or possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from evals.corpora.truth import Pair, Truth
from evals.metrics.clusterings import (
    Agreement,
    b_cubed,
    b_cubed_by_item,
    over_and_under_merged,
    pairwise,
)
from evals.metrics.statistics import Interval, ratio, share, share_of
from pipeline.entries import Entry, Merge
from pipeline.stories import Story, count_words


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one merge.

    Args:
        found: the truth's name of a story → the entry it is in.
        figures: with interval and n.
        of_story: by figure, then by the truth's name: what two merges are compared over.
    """

    found: Mapping[str, str]
    figures: Mapping[str, Interval]
    of_story: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Placed:
    """Where a merge put every story (id)."""

    merge: Merge

    @cached_property
    def entry_of(self) -> dict[str, str]:
        """Story id → entry id; stories that were left out are missing."""
        return {story: entry.id for entry in self.merge.entries for story in entry.sources}

    @cached_property
    def marked(self) -> frozenset[Pair]:
        """Pairs of entries (ids) that are sides of a conflict; one entry alone where both are."""
        return frozenset(
            frozenset(self.entry_of[side.story] for side in pair)
            for conflict in self.merge.conflicts
            for pair in combinations(conflict.sides, 2)
        )

    @cached_property
    def _near(self) -> Mapping[str, frozenset[str]]:
        near: defaultdict[str, set[str]] = defaultdict(set)
        for link in self.merge.links:
            near[link.a].add(link.b)
            near[link.b].add(link.a)
        return {entry: frozenset(others) for entry, others in near.items()}

    def folded(self, a: str, b: str) -> bool:
        """Whether one entry lists both."""
        return self._entry(a) == self._entry(b)

    def next_to(self, a: str, b: str) -> bool:
        """Whether they are in two entries that stand next to each other."""
        one, two = self._entry(a), self._entry(b)
        near = self._near.get(one, frozenset())
        return one != two and (two in near or bool(near & self._near.get(two, frozenset())))

    def together(self, a: str, b: str) -> bool:
        """Whether they are in one entry, or next to each other."""
        return self.folded(a, b) or self.next_to(a, b)

    def conflicting(self, a: str, b: str) -> bool:
        """Whether they are marked as in conflict, or possibly."""
        return frozenset((self._entry(a), self._entry(b))) in self.marked

    def _entry(self, story: str) -> str:
        return self.entry_of.get(story, story)


def quality(
    truth: Truth,
    ids: Mapping[str, str],
    merge: Merge,
    stories: Mapping[str, Story],
    kept: tuple[int, int] | None = None,
) -> Quality:
    """A merge against its truth. What the truth does not name is left out of all but the words
    and what is kept.

    Args:
        ids: the truth's names → story ids.
        stories: what was merged, by id.
        kept: sentences that were found in their entry, of how many; None where nobody looked.
    """
    placed = Placed(merge)
    found = {name: placed.entry_of.get(story, story) for name, story in ids.items()}
    over, under = over_and_under_merged(truth.clusters, found)

    def of(pairs: Iterable[Pair], holds: str) -> Interval:
        answer = getattr(placed, holds)
        return share([answer(*(ids[name] for name in sorted(pair))) for pair in pairs])

    figures = {
        **{
            f"{holds}_{kind}": of(pairs, holds)
            for kind, pairs in truth.copies.items()
            for holds in ("folded", "together")
        },
        "folded": of(truth.belonging, "folded"),
        "next_to": of(truth.belonging, "next_to"),
        "together": of(truth.belonging, "together"),
        "lookalikes_folded": of(truth.lookalikes, "folded"),
        "conflicts_in_one_entry": of(truth.conflicts, "folded"),
        "conflicts_marked": of(truth.conflicts, "conflicting"),
        "marks_true": _marks(truth, found, placed),
        **shares("pairwise", pairwise(truth.clusters, found), found.values()),
        **shares("b_cubed", b_cubed(truth.clusters, found)),
        "over_merged": share(over),
        "under_merged": share(under),
        "standing_words": _standing(merge.entries, stories),
    }
    if kept is not None:
        figures["kept"] = share_of(kept[0] / kept[1] if kept[1] else 1.0, kept[1])
    by_item = b_cubed_by_item(truth.clusters, found)
    return Quality(found, figures, {"b_cubed": {name: one.f1 for name, one in by_item.items()}})


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
    precision = share_of(found.precision, n_claimed)
    recall = share_of(found.recall, found.n)
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


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _marks(truth: Truth, found: Mapping[str, str], placed: Placed) -> Interval:
    """Of the marks between stories that the truth names, the share that it calls conflicts. The
    others may be such all the same: nobody has looked for every conflict there is."""
    wanted = {frozenset(found[name] for name in pair) for pair in truth.conflicts}
    named = frozenset(found.values())
    return share([mark in wanted for mark in sorted(placed.marked, key=sorted) if mark <= named])


def _standing(entries: Iterable[Entry], stories: Mapping[str, Story]) -> Interval:
    """Words that stand for each word of the sources."""
    return ratio(
        [
            (
                sum(count_words(line.text) for line in entry.lines),
                sum(count_words(stories[story].text) for story in entry.sources),
            )
            for entry in entries
        ],
        seed=0,
    )
