"""Which stories may be the same: measured pair by pair, then gathered into stars.

Candidates share a rare stem, or two less rare ones (an inverted index whose long lists are left
out), so the work grows with the stories, not with their pairs; every candidate is then measured
exactly. Clusters are stars around a centre with a size limit: every member was measured against
the centre, nothing is chained ("a like b, b like c" never puts a and c together).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.calls import Cluster
from pipeline.compare.measures import stem_weights
from pipeline.stories import Story

if TYPE_CHECKING:
    from pipeline.plan.near.pair_index import Booleans, Floats, Integers

#: Likeness from which a pair is worth a judgement.
THRESHOLD = 0.34
#: Members of one star, at most.
LIMIT = 8
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


@dataclass(slots=True)
class _Star:
    """Stories around a centre; of two alone either may become it."""

    members: list[int]
    score: float
    centre: int = -1

    def takes(self, story: int, limit: int) -> bool:
        """Whether another may join that was measured against ``story``."""
        return self.centre in (-1, story) and len(self.members) < limit


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

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Pairs:
        """Pairs that are objects already, as numbers."""
        import numpy as np

        pairs = list(pairs)
        ids = list(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
        place = {name: i for i, name in enumerate(ids)}
        places = np.array([(place[a], place[b]) for a, b, _ in pairs], np.int64).reshape(-1, 2)
        return cls(ids, places, np.array([pair.score for pair in pairs], np.float64))

    def nearest(self, k: int, is_open: Callable[[str, str], bool]) -> Iterator[Pair]:
        """As :func:`nearest`, and a pair that is far from both of its stories is never made."""
        import numpy as np

        held = array("q", bytes(8 * len(self._ids)))
        full = np.frombuffer(held, np.int64)
        for one, two, score in self._told(lambda: full >= k):
            if held[one] < k or held[two] < k:
                a, b = self._ids[one], self._ids[two]
                if is_open(a, b):
                    held[one] += 1
                    held[two] += 1
                    yield Pair(a, b, score)

    def stars(self, fingerprints: Mapping[str, str], limit: int) -> Iterator[Cluster]:
        """The closest pair first: two free stories make a star, a free one joins a centre.

        No star waits for a sum over its neighbourhood, and a pair can only be moved by a closer one
        beside it: what an edited story sets free or takes away is felt a step or two around it.
        Ties go by the words, for ids change with every edit of a document.

        Args:
            fingerprints: of the stories, by id.
        """
        import numpy as np

        told = [fingerprints[name] for name in self._ids]
        by_words = np.empty(len(told), np.int64)
        by_words[sorted(range(len(told)), key=told.__getitem__)] = np.arange(len(told))
        first, second = np.sort(by_words[self._places], axis=1).T
        order = np.lexsort((second, first, -self._scores))
        star_of: dict[int, _Star] = {}
        placed = bytearray(len(told))
        taken = np.frombuffer(placed, np.bool_)
        stars: list[_Star] = []
        for a, b, score in self._told(lambda: taken, order):
            one, two = star_of.get(a), star_of.get(b)
            if one is None and two is None:
                star_of[a] = star_of[b] = _Star([a, b], score)
                placed[a] = placed[b] = True
                stars.append(star_of[a])
                continue
            for star, held, free in ((one, a, b), (two, b, a)):
                if star is not None and free not in star_of and star.takes(held, limit):
                    star.centre, star.score = held, score
                    star.members.append(free)
                    star_of[free] = star
                    placed[free] = True
        for star in stars:
            yield Cluster(tuple(self._ids[place] for place in star.members), star.score)

    def _told(
        self, over: Callable[[], Booleans], order: Integers | None = None
    ) -> Iterator[tuple[int, int, float]]:
        """The pairs as places and likeness. Those that cannot matter any more are passed over by
        thousands: of ten times the stories there are far more than ten times the pairs.

        Args:
            over: of every story whether it needs no further pair, as it is now; a pair of two such
                stories is passed over.
            order: of the pairs; as they are where None.
        """
        for start in range(0, len(self), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            places = self._places[some] if order is None else self._places[order[some]]
            scores = self._scores[some] if order is None else self._scores[order[some]]
            left = ~over()[places].all(axis=1)
            ones, others = places[left].T.tolist()
            yield from zip(ones, others, scores[left].tolist(), strict=True)

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
        weights: rarity of stems (:func:`pipeline.compare.measures.stem_weights`).
    """
    # Imported here because numpy takes as long as an estimate whose plans are remembered.
    from pipeline.plan.near.pair_index import near_pairs

    rarity = stem_weights(stories) if weights is None else weights
    compared = unique(stories)
    return Pairs([story.id for story in compared], *near_pairs(compared, rarity, threshold))


def cluster(
    stories: Sequence[Story], pairs: Iterable[Pair], *, limit: int = LIMIT
) -> list[Cluster]:
    """Stars of similar stories, none in two of them: what is likely to belong together.

    Args:
        limit: members of a star, at most.

    Returns:
        Clusters in corpus order, members in corpus order.
    """
    position = {story.id: i for i, story in enumerate(stories)}
    fingerprints = {story.id: story.fingerprint for story in stories}
    stars = (pairs if isinstance(pairs, Pairs) else Pairs.of(pairs)).stars(fingerprints, limit)
    in_order = (
        Cluster(tuple(sorted(star.members, key=position.__getitem__)), star.score) for star in stars
    )
    return sorted(in_order, key=lambda cluster: position[cluster.members[0]])


def _all_are_open(a: str, b: str) -> bool:
    return True


def nearest(
    pairs: Iterable[Pair], k: int, is_open: Callable[[str, str], bool] = _all_are_open
) -> Iterator[Pair]:
    """The pairs in which one story is among the ``k`` nearest of the other, in their order. Pairs
    that are not open take nobody's place.

    Args:
        pairs: the most alike first.
        is_open: whether nothing is settled about two stories (ids).
    """
    if isinstance(pairs, Pairs):
        yield from pairs.nearest(k, is_open)
        return
    held: dict[str, int] = {}
    for pair in pairs:
        one, two = held.get(pair.a, 0), held.get(pair.b, 0)
        if (one < k or two < k) and is_open(pair.a, pair.b):
            held[pair.a], held[pair.b] = one + 1, two + 1
            yield pair
