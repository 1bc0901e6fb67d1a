"""Pack clusters into windows: first fit, largest first, the same result every time."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.calls import Cluster
from pipeline.errors import InputError


def pack(clusters: Sequence[Cluster], sizes: Sequence[int], limit: int) -> list[list[Cluster]]:
    """Put every cluster into exactly one window of at most ``limit`` tokens.

    First-fit-decreasing: at most 11/9 of the fewest windows possible (Johnson, 1973). A cluster is
    never split, so stories that may be the same share a window. Ties keep the order given; windows
    come in the order of their first cluster, and so do the clusters of a window, so that a prompt
    reads in corpus order.

    Args:
        sizes: tokens of each cluster, in order.
        limit: tokens that a window may hold for clusters, prompt and template taken off.

    Raises:
        InputError: a cluster is larger than the limit. The planner keeps such a cluster out and
            says so; it does not reach this place.
    """
    for cluster, size in zip(clusters, sizes, strict=True):
        if size > limit:
            raise InputError(
                f"a cluster of {len(cluster.members)} stories needs {size} tokens, "
                f"a window holds {limit}.",
                next="Use a model with a longer window.",
            )
    fullest_first = sorted(range(len(clusters)), key=lambda i: (-sizes[i], i))
    windows: list[list[int]] = []
    room = _Room()
    for index in fullest_first:
        window = room.first_with(sizes[index])
        if window is None:
            window = room.add(limit)
            windows.append([])
        windows[window].append(index)
        room.take(window, sizes[index])
    ordered = sorted(sorted(window) for window in windows)
    return [[clusters[index] for index in window] for window in ordered]


class _Room:
    """Room left in each window, as a tournament tree: the first window with enough room is found
    in a logarithm of their number, so that packing 70,000 clusters stays in the milliseconds."""

    def __init__(self) -> None:
        self._leaves = 1
        self._most = [-1, -1]
        self._used = 0

    def add(self, room: int) -> int:
        """A new window; returns its number."""
        if self._used == self._leaves:
            old = self._most[self._leaves :]
            self._leaves *= 2
            self._most = [-1] * (2 * self._leaves)
            self._most[self._leaves : self._leaves + len(old)] = old
            for node in range(self._leaves - 1, 0, -1):
                self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])
        self._used += 1
        self._set(self._used - 1, room)
        return self._used - 1

    def first_with(self, size: int) -> int | None:
        """The first window with room for ``size``."""
        if self._most[1] < size:
            return None
        node = 1
        while node < self._leaves:
            node = 2 * node if self._most[2 * node] >= size else 2 * node + 1
        return node - self._leaves

    def take(self, window: int, size: int) -> None:
        """Fill ``size`` of a window."""
        self._set(window, self._most[self._leaves + window] - size)

    def _set(self, window: int, room: int) -> None:
        node = self._leaves + window
        self._most[node] = room
        while node > 1:
            node //= 2
            self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])
