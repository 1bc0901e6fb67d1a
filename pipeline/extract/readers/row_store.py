"""Cells and rows as columns of numbers: a cell of a few bytes takes twelve, and hundreds as an
object with a place."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import accumulate, pairwise

Cell = tuple[str, int, int]


class Names:
    """The names of cells, each held once."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Which of the names this is."""
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self.listed)
            self.listed.append(name)
        return found


class Cells:
    """(name, start, end) of cells, in order."""

    __slots__ = ("_end", "_name", "_names", "_start")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._name, self._start, self._end = array("I"), array("I"), array("I")

    def __len__(self) -> int:
        return len(self._name)

    def __iter__(self) -> Iterator[Cell]:
        return self.part(0, len(self))

    def add(self, name: str, start: int, end: int) -> None:
        self._name.append(self._names.number(name))
        self._start.append(start)
        self._end.append(end)

    def extend(self, other: Cells) -> None:
        """Add those of another that goes by the same names."""
        self._name.extend(other._name)
        self._start.extend(other._start)
        self._end.extend(other._end)

    def part(self, first: int, last: int) -> Iterator[Cell]:
        """The cells from one up to another, by their numbers."""
        listed = self._names.listed
        for at in range(first, last):
            yield listed[self._name[at]], self._start[at], self._end[at]

    @property
    def names(self) -> Iterator[str]:
        """Each name that a cell has, once."""
        return (self._names.listed[number] for number in dict.fromkeys(self._name))

    @property
    def envelope(self) -> tuple[int, int]:
        """The least start and the greatest end; there is at least one cell."""
        return min(self._start), max(self._end)


class RowStore:
    """Rows with a place and cells."""

    __slots__ = ("_cells", "_count", "_end", "_start")

    def __init__(self, names: Names) -> None:
        self._cells = Cells(names)
        self._start, self._end, self._count = array("I"), array("I"), array("I")

    def __len__(self) -> int:
        return len(self._start)

    def add(self, start: int, end: int, cells: Cells) -> None:
        """Add a row; its place reaches as far as that of its cells."""
        first, last = cells.envelope
        self._start.append(min(start, first))
        self._end.append(max(end, last))
        self._count.append(len(cells))
        self._cells.extend(cells)

    def add_each(self, cells: Cells) -> None:
        """Add a row of one cell without a name for each of these."""
        for _, start, end in cells:
            self._start.append(start)
            self._end.append(end)
            self._count.append(1)
            self._cells.add("", start, end)

    def extend(self, other: RowStore) -> None:
        """Add the rows of another that goes by the same names."""
        self._start.extend(other._start)
        self._end.extend(other._end)
        self._count.extend(other._count)
        self._cells.extend(other._cells)

    def in_order(self) -> Iterator[tuple[int, int, tuple[Cell, ...]]]:
        """(start, end, cells) of each row by its start, rows of one start as they came."""
        first = array("I", accumulate(self._count, initial=0))
        order: range | list[int] = range(len(self))
        if any(a > b for a, b in pairwise(self._start)):
            order = sorted(order, key=self._start.__getitem__)
        for at in order:
            cells = tuple(self._cells.part(first[at], first[at + 1]))
            yield self._start[at], self._end[at], cells
