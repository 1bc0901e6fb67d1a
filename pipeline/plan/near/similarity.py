"""Which stories may be the same: measured pair by pair, then gathered into stars.

Candidates share a rare stem, or two less rare ones (an inverted index whose long lists are left
out), so the work grows with the stories, not with their pairs; every candidate is then measured
exactly. Clusters are stars around a centre with a size limit: every member was measured against
the centre, nothing is chained ("a like b, b like c" never puts a and c together).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.calls import Cluster
from pipeline.compare.measures import stem_weights
from pipeline.stories import Story

if TYPE_CHECKING:
    from pipeline.plan.near.pair_index import Floats, Integers

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

    def nearest(self, k: int, is_open: Callable[[str, str], bool]) -> Iterator[Pair]:
        """As :func:`nearest`, and a pair that is far from both of its stories is never made."""
        held = [0] * len(self._ids)
        for start in range(0, len(self), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            scores = self._scores[some].tolist()
            for (one, two), score in zip(self._places[some].tolist(), scores, strict=True):
                if held[one] < k or held[two] < k:
                    a, b = self._ids[one], self._ids[two]
                    if is_open(a, b):
                        held[one] += 1
                        held[two] += 1
                        yield Pair(a, b, score)

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
    by_id = {story.id: story for story in stories}
    position = {story.id: i for i, story in enumerate(stories)}
    return sorted(_stars(by_id, pairs, limit), key=lambda c: position[c.members[0]])


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
