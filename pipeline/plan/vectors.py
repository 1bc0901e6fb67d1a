"""Which stories are near by the vectors of their passages, and what of a story is embedded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.stories import Story

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Cells of the table that a block of stories is measured in: 64 MB.
_CELLS = 1 << 24


def embedded_text(story: Story) -> str:
    """What of a story its vectors are made of: all that it says but the role. Who wants something
    does not decide whether two want the same, and a backlog's few roles would pull all of one
    together."""
    return " ".join(text for name, text in story.fields if name != "role") or story.text


def nearest_by_vectors(vectors: Sequence[Floats], k: int) -> tuple[Integers, Floats]:
    """The pairs of places (i < j), ``[N, 2]``, of which one is among the ``k`` nearest of the
    other, and their cosines, ``[N]``: the nearest first. Two stories are as near as the nearest
    passages of theirs.

    Args:
        vectors: of each story the unit vectors of its passages, ``[passages, width]``, one or more.
    """
    n = len(vectors)
    if n < 2 or k < 1:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in vectors])])
    every = np.concatenate(vectors)
    height = max(1, _CELLS // len(every))
    keys, cosines = [], []
    for first in range(0, n, height):
        last = min(n, first + height)
        table = _block(every, starts, first, last)
        near = _largest(table, min(k, n - 1))
        rows = np.repeat(np.arange(first, last), near.shape[1])
        columns = near.ravel()
        keys.append(np.minimum(rows, columns) * n + np.maximum(rows, columns))
        cosines.append(table[rows - first, columns])
    flat, at = np.unique(np.concatenate(keys), return_index=True)
    scores = np.concatenate(cosines)[at]
    order = np.lexsort((flat, -scores))
    return np.stack(np.divmod(flat[order], n), axis=1), scores[order]


def _block(every: Floats, starts: Integers, first: int, last: int) -> Floats:
    """How near the stories of a block are to all, ``[last - first, stories]``, and to themselves
    not at all."""
    table = every[starts[first] : starts[last]] @ every.T
    if len(every) > len(starts) - 1:
        table = np.maximum.reduceat(table, starts[:-1], axis=1)
        table = np.maximum.reduceat(table, starts[first:last] - starts[first], axis=0)
    table[np.arange(last - first), np.arange(first, last)] = -np.inf
    return table


def _largest(table: Floats, k: int) -> Integers:
    """The columns of the ``k`` largest cells of each row; of equal ones the first."""
    if k < table.shape[1]:
        bound = -np.partition(-table, k - 1, axis=1)[:, k - 1 : k]
        ties = (table >= bound).sum(axis=1) > k
        chosen = np.argpartition(-table, k - 1, axis=1)[:, :k]
        for row in np.flatnonzero(ties):
            chosen[row] = np.argsort(-table[row], kind="stable")[:k]
        return chosen
    return np.argsort(-table, axis=1, kind="stable")[:, :k]
