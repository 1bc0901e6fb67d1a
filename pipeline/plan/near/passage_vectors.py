"""Which stories are near by the vectors of their passages, and what of a story is embedded.

Up to :data:`EXACT` passages every two are compared. Beyond, an inverted file is searched (Jégou,
Douze and Schmid 2011, without its compression): passages are gathered in cells round means, and
each is compared with those of the cells nearest to its own. Cells hold about as many passages and
as many are searched whatever the number of stories, so the work grows with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.stories import Story

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Passages of which every two are compared: six seconds' worth. At twice as many that would take
#: four times as long, and the cells twice.
EXACT = 12_000
#: Passages of a cell on average, cells that are searched for each, and rounds of gathering. Of the
#: ten nearest of 12,182 passages 95.7 % are found; with 16 cells 89.3 %, with 48 98.2 %.
_CELL, _SEARCHED, _ROUNDS = 128, 32, 4
#: Numbers of the table that a block of passages is measured in: 64 MB.
_CELLS = 1 << 24


def embedded_text(story: Story) -> str:
    """What of a story its vectors are made of: all that it says but the role. Who wants something
    does not decide whether two want the same, and a backlog's few roles would pull all of one
    together. Of version :data:`pipeline.plan.near.candidates.TEXT_VERSION`."""
    return " ".join(text for name, text in story.fields if name != "role") or story.text


def nearest_by_vectors(
    vectors: Sequence[Floats], k: int, *, exact: int = EXACT
) -> tuple[Integers, Floats]:
    """The pairs of places (i < j), ``[N, 2]``, of which one is among the ``k`` nearest of the
    other, and their cosines, ``[N]``: the nearest first, ties by places. Two stories are as near as
    the nearest passages of theirs.

    Args:
        vectors: of each story the unit vectors of its passages, ``[passages, width]``, one or more.
        exact: passages of which every two are compared; of more some neighbours may be missed.
    """
    n = len(vectors)
    if n < 2 or k < 1:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    every = np.concatenate(vectors)
    owners = np.repeat(np.arange(n), [len(passages) for passages in vectors])
    compared = _all(len(every)) if len(every) <= exact else _in_cells(every)
    found = [_near(every, owners, rows, columns, k) for rows, columns in compared]
    one, two, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # A story's passages each have their k nearest: the k nearest of all of them are the story's.
    one, two, scores = _best(one * n + two, scores, n)
    order = np.lexsort((two, -scores, one))
    one, two, scores = one[order], two[order], scores[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    one, two, scores = one[place < k], two[place < k], scores[place < k]
    one, two, scores = _best(np.minimum(one, two) * n + np.maximum(one, two), scores, n)
    order = np.lexsort((two, one, -scores))
    return np.stack([one[order], two[order]], axis=1), scores[order]


def _all(n: int) -> Iterator[tuple[Integers, Integers]]:
    """Every passage with every one, in blocks."""
    every = np.arange(n)
    height = max(1, _CELLS // n)
    for first in range(0, n, height):
        yield every[first : first + height], every


def _means(every: Floats) -> Floats:
    """The middle of each cell: passages in even steps, moved to the middle of those that are
    nearest to them, some times over."""
    n_cells = max(1, len(every) // _CELL)
    means = every[np.arange(n_cells) * len(every) // n_cells]
    sample = every[:: max(1, len(every) // (16 * n_cells))]
    for _ in range(_ROUNDS):
        cells = _nearest_means(sample, means, 1)[:, 0]
        sums = np.zeros_like(means)
        np.add.at(sums, cells, sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), means)
    return means


def _nearest_means(passages: Floats, means: Floats, k: int) -> Integers:
    """The ``k`` nearest of the means to each passage, the nearest in the first column."""
    height = max(1, _CELLS // len(means))
    found = []
    for first in range(0, len(passages), height):
        table = passages[first : first + height] @ means.T
        near = _largest(table, min(k, len(means)))
        order = np.argsort(-np.take_along_axis(table, near, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(near, order, axis=1))
    return np.concatenate(found)


def _in_cells(every: Floats) -> Iterator[tuple[Integers, Integers]]:
    """The passages of each cell, ascending, with all that look for theirs in it."""
    near = _nearest_means(every, _means(every), _SEARCHED)
    looking = np.argsort(near.ravel(), kind="stable")
    cells = near.ravel()[looking]
    for cell, members in _by_cell(near[:, 0], np.arange(len(every))):
        first, last = np.searchsorted(cells, [cell, cell + 1])
        rows = looking[first:last] // near.shape[1]
        height = max(1, _CELLS // len(members))
        for at in range(0, len(rows), height):
            yield rows[at : at + height], members


def _by_cell(cells: Integers, places: Integers) -> Iterator[tuple[int, Integers]]:
    """The places of each cell that has any, in their order."""
    order = np.argsort(cells, kind="stable")
    used, starts = np.unique(cells[order], return_index=True)
    yield from zip(used.tolist(), np.split(places[order], starts[1:]), strict=True)


def _near(
    every: Floats, owners: Integers, rows: Integers, columns: Integers, k: int
) -> tuple[Integers, Integers, Floats]:
    """For each passage of ``rows`` the ``k`` nearest other stories of which ``columns`` (ascending)
    hold passages: the story that it is of, theirs, and the cosines."""
    table = every[rows] @ every[columns].T
    stories, starts = np.unique(owners[columns], return_index=True)
    if len(stories) < len(columns):
        table = np.maximum.reduceat(table, starts, axis=1)
    own = np.searchsorted(stories, owners[rows])
    here = np.flatnonzero((own < len(stories)) & (stories[own % len(stories)] == owners[rows]))
    table[here, own[here]] = -np.inf
    chosen = _largest(table, min(k, len(stories)))
    cosines = np.take_along_axis(table, chosen, axis=1).ravel()
    one, two = np.repeat(owners[rows], chosen.shape[1]), stories[chosen].ravel()
    told = np.isfinite(cosines)
    return one[told], two[told], cosines[told]


def _best(keys: Integers, scores: Floats, n: int) -> tuple[Integers, Integers, Floats]:
    """Of each key (two places in one number) the highest score, by key."""
    order = np.lexsort((-scores, keys))
    keys, first = np.unique(keys[order], return_index=True)
    one, two = np.divmod(keys, n)
    return one, two, scores[order][first]


def _largest(table: Floats, k: int) -> Integers:
    """The columns of the ``k`` largest numbers of each row; of equal ones the first."""
    if k >= table.shape[1]:
        return np.argsort(-table, axis=1, kind="stable")[:, :k]
    chosen = np.argpartition(-table, k - 1, axis=1)[:, :k]
    bound = np.take_along_axis(table, chosen, axis=1).min(axis=1, keepdims=True)
    for row in np.flatnonzero((table >= bound).sum(axis=1) > k):
        chosen[row] = np.argsort(-table[row], kind="stable")[:k]
    return chosen
