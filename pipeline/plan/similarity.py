"""Which stories may be the same: measured pair by pair, then gathered into stars.

Candidates share a rare stem, or two less rare ones (an inverted index whose long lists are left
out), so the work grows with the stories, not with their pairs; every candidate is then measured
exactly. Clusters are stars around a centre with a size limit: every member was measured against
the centre, nothing is chained ("a like b, b like c" never puts a and c together).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.calls import Cluster
from pipeline.compare.measures import stem_weights
from pipeline.compare.relations import LEAST_LIKENESS, Related, relate
from pipeline.outcomes import Relation
from pipeline.sharing import shared_out
from pipeline.stories import Story

if TYPE_CHECKING:
    from pipeline.plan.index import Floats, Integers

#: Likeness from which a pair is worth a judgement.
THRESHOLD = 0.34
#: Likeness of two goals from which distinct stories are look-alikes and must not share a merge.
LOOKS_ALIKE = 0.4
#: Members of one star, at most.
LIMIT = 8
#: Pairs that make it worth to start a process: half a second's work.
_RELATED = 2_000
#: Pairs that are made objects of at once.
_AT_ONCE = 1 << 14


class Pair(NamedTuple):
    """Two stories (ids) and their likeness, 0 to 1."""

    a: str
    b: str
    score: float


def unique(stories: Sequence[Story]) -> list[Story]:
    """The first story of every fingerprint, in order."""
    return list({story.fingerprint: story for story in reversed(stories)}.values())[::-1]


class Pairs(Collection[Pair]):
    """Pairs, the most alike first, held as numbers and made objects of as they are asked for: of
    100,000 stories there are millions, which would be the largest thing in memory.

    Args:
        ids: of the compared stories.
        places: of each pair's two among them, [N, 2].
        scores: [N].
    """

    def __init__(self, ids: Sequence[str], places: Integers, scores: Floats) -> None:
        self._ids, self._places, self._scores = ids, places.astype("int32"), scores

    def __len__(self) -> int:
        return len(self._scores)

    def __iter__(self) -> Iterator[Pair]:
        for start in range(0, len(self), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            scores = self._scores[some].tolist()
            for (one, two), score in zip(self._places[some].tolist(), scores, strict=True):
                yield Pair(self._ids[one], self._ids[two], score)

    def __contains__(self, pair: object) -> bool:
        return any(pair == other for other in self)


def similar_pairs(
    stories: Sequence[Story],
    *,
    threshold: float = THRESHOLD,
    weights: Mapping[str, float] | None = None,
) -> Pairs:
    """Every pair of stories at least ``threshold`` alike, the most alike first.

    Of exact duplicates only the first is compared.

    Args:
        weights: rarity of stems (:func:`pipeline.compare.relations.stem_weights`).
    """
    # Imported here because numpy takes as long as an estimate whose plans are remembered.
    from pipeline.plan.index import near_pairs

    rarity = stem_weights(stories) if weights is None else weights
    compared = unique(stories)
    return Pairs([story.id for story in compared], *near_pairs(compared, rarity, threshold))


def cluster(
    stories: Sequence[Story],
    pairs: Iterable[Pair],
    *,
    decide: bool = True,
    weights: Mapping[str, float] | None = None,
    limit: int = LIMIT,
) -> list[Cluster]:
    """Stars of similar stories, none in two of them.

    Args:
        decide: settle each cluster's relation by code: ``same``, ``overlap`` or ``conflict``;
            look-alikes are in no cluster. Otherwise the raw stars, for a model that judges.
        limit: members of a star, at most.

    Returns:
        Clusters in corpus order, members in corpus order.
    """
    by_id = {story.id: story for story in stories}
    if decide:
        rarity = stem_weights(stories) if weights is None else weights
        clusters = _decided(by_id, pairs, rarity, limit)
    else:
        clusters = _stars(by_id, pairs, limit)
    position = {story.id: i for i, story in enumerate(stories)}
    return sorted(clusters, key=lambda c: position[c.members[0]])


class _Edges:
    """The measured pairs of every story, the closest first."""

    def __init__(self, by_id: Mapping[str, Story], weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.of: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._by_id = by_id
        self._position = {story: i for i, story in enumerate(by_id)}
        self._related: dict[tuple[str, str], Related] = {}

    def add(self, pair: Pair) -> None:
        self.of[pair.a][pair.b] = pair.score
        self.of[pair.b][pair.a] = pair.score

    def rank(self, story: str) -> tuple[object, ...]:
        """Centres come in this order: most measured likeness first; ties by the words."""
        total = sum(self.of[story].values())
        return (-total, self._by_id[story].fingerprint)

    def nearest(self, story: str) -> list[str]:
        return sorted(
            self.of[story], key=lambda o: (-self.of[story][o], self._by_id[o].fingerprint)
        )

    def relate(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Relate many pairs, on all processors."""

        def work(part: Sequence[tuple[str, str]]) -> list[Related]:
            return [relate(self._by_id[a], self._by_id[b], self.weights) for a, b in part]

        self._related.update(zip(pairs, shared_out(work, pairs, least=_RELATED), strict=True))

    def between(self, a: str, b: str) -> Related:
        """How ``a`` relates to ``b``, values in that order."""
        known = self._related.get((a, b))
        if known is None:
            known = self._related[a, b] = relate(self._by_id[a], self._by_id[b], self.weights)
        return known

    def relation(self, a: str, b: str) -> Relation:
        """How two stories relate, without the values, which have an order."""
        known = self._related.get((a, b)) or self._related.get((b, a))
        return (known or self.between(a, b)).relation

    def in_order(self, members: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(members, key=self._position.__getitem__))


@dataclass(slots=True)
class _Star:
    """Stories around a centre; of two alone either may become it."""

    members: list[str]
    score: float
    centre: str = ""

    def takes(self, story: str, limit: int) -> bool:
        """Whether another may join that was measured against ``story``."""
        return self.centre in ("", story) and len(self.members) < limit


def _stars(by_id: Mapping[str, Story], pairs: Iterable[Pair], limit: int) -> list[Cluster]:
    """The closest pair first: two free stories make a star, a free one joins a centre.

    No star waits for a sum over its neighbourhood, and a pair can only be moved by a closer one
    beside it: what an edited story sets free or takes away is felt a step or two around it.
    """
    position = {story: i for i, story in enumerate(by_id)}
    star_of: dict[str, _Star] = {}
    stars: list[_Star] = []
    for a, b, score in sorted(pairs, key=lambda pair: _closeness(pair, by_id)):
        one, two = star_of.get(a), star_of.get(b)
        if one is None and two is None:
            star_of[a] = star_of[b] = _Star([a, b], score)
            stars.append(star_of[a])
            continue
        for star, held, free in ((one, a, b), (two, b, a)):
            if star is not None and free not in star_of and star.takes(held, limit):
                star.centre, star.score = held, score
                star.members.append(free)
                star_of[free] = star
    return [
        Cluster(tuple(sorted(star.members, key=position.__getitem__)), score=star.score)
        for star in stars
    ]


def _closeness(pair: Pair, by_id: Mapping[str, Story]) -> tuple[object, ...]:
    """The closest pair first; ties by the words, for ids change with every edit of a document."""
    return (-pair.score, *sorted((by_id[pair.a].fingerprint, by_id[pair.b].fingerprint)))


def _decided(
    by_id: Mapping[str, Story], pairs: Iterable[Pair], weights: Mapping[str, float], limit: int
) -> list[Cluster]:
    edges = _Edges(by_id, weights)
    near = [pair for pair in pairs if pair.score >= LEAST_LIKENESS]
    edges.relate([(pair.a, pair.b) for pair in near])
    for pair in near:
        if edges.relation(pair.a, pair.b) is not Relation.DISTINCT:
            edges.add(pair)
    taken: set[str] = set()
    clusters = []
    # Conflicts first: a merge must not hide a disagreement.
    for gather in (_disagreeing, _mergeable):
        for centre in sorted(edges.of, key=edges.rank):
            if centre in taken:
                continue
            members = gather(centre, edges, taken, limit)
            if len(members) > 1:
                taken.update(members)
                clusters.append(_settled(members, edges, by_id))
    return clusters


def _disagreeing(centre: str, edges: _Edges, taken: set[str], limit: int) -> list[str]:
    """The centre, what contradicts it, and what says the same as it: that is contradicted too."""
    free = [other for other in edges.nearest(centre) if other not in taken]
    against = [o for o in free if edges.relation(centre, o) is Relation.CONFLICT]
    alike = [o for o in free if edges.relation(centre, o) is Relation.SAME]
    return [centre, *against, *alike][:limit] if against else [centre]


def _mergeable(centre: str, edges: _Edges, taken: set[str], limit: int) -> list[str]:
    """The centre and what is the same as it or overlaps it, without two members that contradict
    each other or only look alike."""
    members = [centre]
    for other in edges.nearest(centre):
        if other in taken or edges.relation(centre, other) is Relation.CONFLICT:
            continue
        if len(members) == limit:
            break
        if not any(_apart(edges.between(other, member)) for member in members[1:]):
            members.append(other)
    return members


def _apart(related: Related) -> bool:
    """Whether two stories must not share a merge: a contradiction, or look-alikes. Stories that
    are not alike at all may share one through their centre, which was measured against both."""
    if related.relation is Relation.CONFLICT:
        return True
    return related.relation is Relation.DISTINCT and related.score >= LOOKS_ALIKE


def _settled(members: list[str], edges: _Edges, by_id: Mapping[str, Story]) -> Cluster:
    """The cluster with its one relation, its attribute and values, and why."""
    centre, *others = members
    related = {other: edges.between(centre, other) for other in others}
    score = min(edges.of[centre][other] for other in others)
    first = related[others[0]]
    ordered = edges.in_order(members)
    if first.relation is Relation.CONFLICT:
        values = {centre: first.values[0]}
        for other, told in related.items():
            against = told.relation is Relation.CONFLICT
            values[other] = told.values[1] if against else values[centre]
        return Cluster(
            ordered,
            relation=Relation.CONFLICT.value,
            score=score,
            why=first.why,
            attribute=first.attribute,
            values=tuple(values[m] for m in ordered),
        )
    same = all(r.relation is Relation.SAME for r in related.values())
    relation = Relation.SAME if same else Relation.OVERLAP
    why = next((r.why for r in related.values() if r.relation is relation), first.why)
    return Cluster(ordered, relation=relation.value, score=score, why=why)
