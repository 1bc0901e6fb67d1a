"""A stored text put together block by block, for formats that have no text of their own."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from pipeline.extract.readers.condensing import LONG, RUN, RowKeeper, letting_go
from pipeline.extract.readers.leftout import Copy, LeftOut, Rich, Words, moved, plain_words
from pipeline.extract.readers.tables import Row, column_role, row_blocks
from pipeline.stories import Block, BlockKind, Locator, Target

#: Runs of text that are joined to one: each takes seven times as much as its letters.
_JOINED = 4096


class TextBuilder:
    """Appends runs of text and keeps each one's place. Blocks stand on lines of their own. Of a
    long text, the blocks of stretches that tell no story are let go of."""

    def __init__(self) -> None:
        self._joined: list[str] = []
        self._parts: list[str] = []
        self._full = RUN
        self._settle = letting_go(lambda: self.text)
        self._length = 0
        self._trail: list[tuple[int, str]] = []
        self._tables = 0
        self.blocks: list[Block] = []
        self.left_out: list[LeftOut] = []
        self.targets: list[Target] = []
        #: What else a person has to know of the document.
        self.remarks: list[str] = []

    @property
    def text(self) -> str:
        self._joined = ["".join([*self._joined, *self._parts])]
        self._parts = []
        return self._joined[0]

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that stand above what is added next."""
        return tuple(name for _, name in self._trail)

    def write(self, text: str) -> tuple[int, int]:
        """Append text that is not a block by itself; return its place."""
        start = self._length
        if text:
            self._parts.append(text)
            self._length += len(text)
            if len(self._parts) >= _JOINED:
                self._joined.append("".join(self._parts))
                self._parts = []
        return start, self._length

    def add(
        self, words: Words, kind: BlockKind, level: int = 0, *, page: int | None = None
    ) -> None:
        """Append a block and a line break. Blank text is dropped; text of which nothing is
        current is kept, and is not a block."""
        rich = (Rich(words) if isinstance(words, str) else words).stripped()
        current = rich.current
        if not rich.text:
            return
        start, end = self.write(rich.text)
        self.left_out += moved(rich.left_out, start)
        self.targets += [Target(start, end, address) for address in rich.targets]
        if current.strip():
            if kind == "heading":
                name = " ".join(current.split())
                self._trail = [(deep, above) for deep, above in self._trail if deep < level]
                self._trail.append((level, name))
            place = Locator(page=page, heading=self.headings)
            self.blocks.append(Block(start, end, kind, place, level))
            # What is left out may make a story of what stands round it: then all are kept.
            if len(self.blocks) >= self._full and self._length >= LONG and not self.left_out:
                self.blocks = self._settle(self.blocks)
                self._full = len(self.blocks) + RUN
        self.write("\n")

    def add_table(
        self,
        rows: Iterable[tuple[int, Sequence[Words]]],
        sheet: str | None = None,
        *,
        page: int | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Append numbered rows of cells, tab between cells, line break between rows. Of a long
        table those rows are blocks that may matter (:class:`.RowKeeper`).

        Args:
            names: of the columns, where a table goes on whose header stands elsewhere.
        """
        parts = io.StringIO()
        length = 0
        placed = _Placed()
        left_out: list[LeftOut] = []
        for number, cells in _settle_copies(rows):
            placed.begin(number)
            for position, cell in enumerate(cells):
                if isinstance(cell, str):
                    clean = cell.strip()
                else:
                    rich = cell.stripped()
                    clean = rich.text
                    left_out += moved(rich.left_out, length + bool(position))
                    at = self._length + length + bool(position)
                    self.targets += [Target(at, at + len(clean), to) for to in rich.targets]
                if position:
                    parts.write("\t")
                    length += 1
                parts.write(clean)
                placed.add(length, length + len(clean))
                length += len(clean)
            parts.write("\n")
            length += 1
        text = parts.getvalue()
        self._tables += sheet is None
        self.left_out += moved(left_out, self._length)
        table = self._tables if sheet is None else None
        # What is left out may make a story of a row: where there is any, all are kept.
        keeper = RowKeeper(text, "", records=False, whole=bool(left_out))
        blocks = _named(placed, names) if names else keeper.keep(row_blocks(text, placed, sheet))
        self.place(text, blocks, page=page, table=table)

    def append(self, other: TextBuilder) -> None:
        """Append what another holds, below the headings that stand here."""
        by, _ = self.write(other.text)
        self.left_out += moved(other.left_out, by)
        self.targets += [Target(a + by, b + by, address) for a, b, address in other.targets]
        self.remarks += other.remarks
        for block in other.blocks:
            at = block.locator
            place = replace(at, heading=(*self.headings, *at.heading))
            columns = tuple((name, first + by, last + by) for name, first, last in block.columns)
            self.blocks.append(
                Block(block.start + by, block.end + by, block.kind, place, block.level, columns)
            )

    def add_record(
        self,
        number: int,
        cells: Sequence[tuple[str, Words]],
        *,
        page: int | None = None,
    ) -> None:
        """Append a row of named cells, each on lines of its own; blank ones are dropped."""
        columns = []
        for name, words in cells:
            rich = (Rich(words) if isinstance(words, str) else words).stripped()
            if rich.text:
                start, end = self.write(rich.text)
                self.left_out += moved(rich.left_out, start)
                self.targets += [Target(start, end, address) for address in rich.targets]
                columns.append((name, start, end))
                self.write("\n")
        if columns:
            place = Locator(page=page, row=number, heading=self.headings)
            first, last = columns[0][1], columns[-1][2]
            self.blocks.append(Block(first, last, "row", place, 0, tuple(columns)))
            self.write("\n")

    def place(
        self,
        text: str,
        blocks: Sequence[Block],
        *,
        page: int | None = None,
        table: int | None = None,
    ) -> None:
        """Append text whose blocks are known, by their places in ``text``."""
        by, _ = self.write(text)
        for block in blocks:
            at = block.locator
            place = Locator(
                page=page, sheet=at.sheet, row=at.row, heading=self.headings, table=table
            )
            columns = tuple((name, first + by, last + by) for name, first, last in block.columns)
            self.blocks.append(
                Block(block.start + by, block.end + by, block.kind, place, block.level, columns)
            )


class _Placed:
    """The rows of a table with the places of their cells, as columns of numbers."""

    def __init__(self) -> None:
        self._number, self._count = array("Q"), array("I")
        self._start, self._end = array("I"), array("I")

    def begin(self, number: int) -> None:
        """Begin a row."""
        self._number.append(number)
        self._count.append(0)

    def add(self, start: int, end: int) -> None:
        """Add a cell to the last row."""
        self._count[-1] += 1
        self._start.append(start)
        self._end.append(end)

    def __iter__(self) -> Iterator[Row]:
        cells = zip(self._start, self._end, strict=True)
        for number, count in zip(self._number, self._count, strict=True):
            yield Row(number, None, list(islice(cells, count)))


def _named(rows: Iterable[Row], names: Sequence[str]) -> list[Block]:
    """Row blocks whose columns' names are known."""
    blocks = []
    for row in rows:
        columns = tuple(
            (names[n] if n < len(names) else "", first, last)
            for n, (first, last) in enumerate(row.cells)
            if first < last
        )
        if columns:
            place = Locator(row=row.number)
            blocks.append(Block(columns[0][1], columns[-1][2], "row", place, 0, columns))
    return blocks


def _settle_copies(
    rows: Iterable[tuple[int, Sequence[Words]]],
) -> Iterator[tuple[int, Sequence[Words]]]:
    """The rows, a merged cell's words in each row that it covers; a row over which the story
    itself is merged goes on with that story, and says only what is its own."""
    roles: dict[int, str] = {}
    for number, cells in rows:
        copies = {n for n, cell in enumerate(cells) if isinstance(cell, Copy)}
        if not copies:
            named = {n: column_role(plain_words(cell)) for n, cell in enumerate(cells)}
            if len({role for role in named.values() if role}) >= 2:
                roles = named
        if any(roles.get(n) in ("story", "goal", "description") for n in copies):
            cells = ["" if n in copies else cell for n, cell in enumerate(cells)]
        yield number, cells
