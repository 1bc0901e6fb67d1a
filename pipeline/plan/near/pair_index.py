"""An index of a corpus: which pairs of stories may be alike, and how alike they are, in bulk.

The figures are those of :func:`pipeline.compare.measures.likeness`, to the bit: weights are
multiples of a power of two, so that sums do not depend on their order. What is rare (words of one
family, numbers that both stories name) is left to that function itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pipeline.compare.contrast import related
from pipeline.compare.features import gist
from pipeline.compare.measures import PLAIN, core, likeness, named, subject_text
from pipeline.stories import Story

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

#: A list of stories with two stems in common that is longer than this says nothing about any two.
LONGEST_LIST = 64
#: The same of one stem, or, in a small corpus, a constant by the number of its stories: small
#: corpora are searched completely.
LONGEST_ALONE, ALONE_IN_ALL = 8, 16_000
#: How many of a story's rarest stems are paired up as keys.
RAREST = 7
#: Words of one family have so many letters in common at their beginning (``contrast.related``).
_FAMILY_PREFIX = 5
#: Cells of the dense table that a block of stories is measured in: 32 MB.
_CELLS = 1 << 22


class Index:
    """Stories by their stems, as rows of numbers.

    Args:
        stories: no two of them with the same fingerprint.
        weights: rarity of stems (:func:`pipeline.compare.measures.stem_weights`).
    """

    def __init__(self, stories: Sequence[Story], weights: Mapping[str, float]) -> None:
        self.stories = stories
        self.weights = weights
        cores, numbers = [core(story) for story in stories], [named(story) for story in stories]
        rarest_first = sorted(
            frozenset().union(*cores, *numbers),
            key=lambda stem: (-weights.get(stem, PLAIN), stem),
        )
        self._place = {stem: place for place, stem in enumerate(rarest_first)}
        self._weight = np.array([weights.get(stem, PLAIN) for stem in rarest_first])
        self._keys = self._rows([a | b for a, b in zip(cores, numbers, strict=True)])
        self._cores = self._rows(cores)
        self._subjects = self._rows([gist(subject_text(story)).topics for story in stories])
        self._numbers = self._rows(numbers)

    def candidates(self) -> Integers:
        """Pairs of places (i < j), one a row, of stories that share a key: a stem, or two of their
        rarest, that few enough stories have."""
        twos = [np.triu_indices(length, 1) for length in range(RAREST + 1)]
        n = len(self._place)
        keys, owners = [self._keys.flat], [self._keys.owners]
        for story in range(len(self.stories)):
            row = self._keys.of(story)
            one, two = twos[min(len(row), RAREST)]
            # Beyond the single stems, so that no two keys are one number.
            keys.append(n + row[one] * n + row[two])
            owners.append(np.full(len(one), story))
        flat, holders = np.concatenate(keys), np.concatenate(owners)
        order = np.lexsort((holders, flat))
        flat, holders = flat[order], holders[order]
        starts = np.flatnonzero(np.diff(flat, prepend=-1))
        lengths = np.diff(starts, append=len(flat))
        alone = flat[starts] < n
        lengths[alone & (lengths > self._longest_alone)] = 0
        found = [np.empty(0, np.int64)]
        for length in range(2, LONGEST_LIST + 1):
            lists = starts[lengths == length, None]
            one, two = np.triu_indices(length, 1)
            found.append((holders[lists + one] * len(self.stories) + holders[lists + two]).ravel())
        # Sorted in place: np.unique would go by a hash table, at several times the cost.
        pairs = np.concatenate(found)
        del found
        pairs.sort()
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        return np.stack(np.divmod(pairs, max(1, len(self.stories))), axis=1)

    def likeness(self, pairs: Integers, threshold: float) -> Floats:
        """How alike each pair is; one that does not reach the threshold may be given as less.

        Args:
            pairs: places of stories, one pair a row, ascending.
        """
        scores = [np.empty(0)]
        height = max(1, _CELLS // max(1, len(self._place)))
        for first in range(0, len(self.stories), height):
            start, end = np.searchsorted(pairs[:, 0], [first, first + height])
            if start < end:
                scores.append(self._block(pairs[start:end], first, height, threshold))
        return np.concatenate(scores)

    def _block(self, pairs: Integers, first: int, height: int, threshold: float) -> Floats:
        """:meth:`likeness` of pairs whose first stories stand in one block of places."""
        table = np.zeros((height, len(self._place)))
        self._subjects.write(table, first, self._weight)
        shared = self._subjects.read(table, pairs, first)
        total = self._subject_totals[pairs].sum(axis=1)
        need = _ratio(2 * shared, total)
        # Counting every word that has one of its family over there is never too little.
        self._write_families(table, first)
        most = _ratio(2 * self._subjects.read(table, pairs, first), total)
        table[:] = 0
        self._numbers.write(table, first, np.ones(len(self._place)))
        numbers = self._numbers.read(table, pairs, first)
        table[:] = 0
        self._cores.write(table, first, self._weight)
        cores = _ratio(
            2 * self._cores.read(table, pairs, first), self._core_totals[pairs].sum(axis=1)
        )
        scores = np.maximum(need, cores)
        again = (numbers > 0) | ((most > scores) & (most >= threshold))
        for place in np.flatnonzero(again).tolist():
            one, two = pairs[place].tolist()
            scores[place] = likeness(self.stories[one], self.stories[two], self.weights)
        return scores

    def _write_families(self, table: Floats, first: int) -> None:
        """Add to each story's cells what words of a family with its own would count."""
        for row in range(min(len(table), len(self.stories) - first)):
            for stem in self._subjects.of(first + row).tolist():
                for other, less in self._families.get(stem, ()):
                    table[row, other] += less

    @property
    def _longest_alone(self) -> int:
        return max(LONGEST_ALONE, ALONE_IN_ALL // max(1, len(self.stories)))

    @cached_property
    def _families(self) -> Mapping[int, Sequence[tuple[int, float]]]:
        """For a stem the others of its family, each with the lesser of the two weights."""
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for stem in self._place:
            alike[stem[:_FAMILY_PREFIX]].append(stem)
        found: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for stems in alike.values():
            for one, two in combinations(stems, 2):
                if related(one, two):
                    a, b = self._place[one], self._place[two]
                    less = float(min(self._weight[a], self._weight[b]))
                    found[a].append((b, less))
                    found[b].append((a, less))
        return found

    @cached_property
    def _subject_totals(self) -> Floats:
        return self._subjects.totals(self._weight)

    @cached_property
    def _core_totals(self) -> Floats:
        return self._cores.totals(self._weight)

    def _rows(self, stems: Sequence[Collection[str]]) -> _Rows:
        return _Rows([sorted(map(self._place.__getitem__, row)) for row in stems])


def near_pairs(
    stories: Sequence[Story], weights: Mapping[str, float], threshold: float
) -> tuple[Integers, Floats]:
    """The places of every pair at least ``threshold`` alike, [N, 2], and its likeness, [N]: the
    most alike first, ties by ids."""
    index = Index(stories, weights)
    places = index.candidates()
    scores = index.likeness(places, threshold)
    near = scores >= threshold
    places, scores = places[near], scores[near]
    n = len(stories)
    by_id = np.empty(n, np.int64)
    by_id[sorted(range(n), key=lambda place: stories[place].id)] = np.arange(n)
    order = np.lexsort((by_id[places[:, 1]], by_id[places[:, 0]], -scores))
    return places[order], scores[order]


class _Rows:
    """Lists of numbers of unequal length, one a story, laid end to end."""

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        self.lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.flat = np.fromiter((n for row in rows for n in row), np.int64, int(self.starts[-1]))
        self.owners = np.repeat(np.arange(len(rows)), self.lengths)

    def of(self, row: int) -> Integers:
        return self.flat[self.starts[row] : self.starts[row + 1]]

    def totals(self, weight: Floats) -> Floats:
        """The weight of every row."""
        return _sums(self.owners, weight[self.flat], len(self.lengths))

    def write(self, table: Floats, first: int, weight: Floats) -> None:
        """The weights of the rows from ``first`` on, as many as the table is high."""
        start, end = self.starts[[first, min(first + len(table), len(self.lengths))]]
        columns = self.flat[start:end]
        table[self.owners[start:end] - first, columns] = weight[columns]

    def read(self, table: Floats, pairs: Integers, first: int) -> Floats:
        """For each pair the sum of the first one's cells in the columns of the second's row."""
        lengths = self.lengths[pairs[:, 1]]
        ends = np.cumsum(lengths)
        places = np.repeat(self.starts[pairs[:, 1]] - ends + lengths, lengths)
        columns = self.flat[places + np.arange(len(places))]
        cells = table[np.repeat(pairs[:, 0] - first, lengths), columns]
        return _sums(np.repeat(np.arange(len(pairs)), lengths), cells, len(pairs))


def _sums(rows: Integers, values: Floats, height: int) -> Floats:
    return np.bincount(rows, values, minlength=height).astype(np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
