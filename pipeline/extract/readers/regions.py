"""The tables that stand in one sheet or page: one below another, or side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.extract.readers.leftout import Rich, Words, plain_words
from pipeline.extract.readers.tables import column_role

Cells = Sequence[Words]
NumberedRow = tuple[int, Cells]

#: A column's name is no longer than this.
_NAME_CHARS = 60
#: Of two names in a row, neither has more words: "So that" | "I can rest" is not a header.
_NAME_WORDS = 4
#: Side by side is looked for in so many rows from the top.
_HEADER_WITHIN = 15


def split_tables(rows: Sequence[NumberedRow]) -> Iterator[list[NumberedRow]]:
    """The tables in a run of numbered rows: a further header begins another table, and so does a
    blank column between two headers in one row."""
    for part in _beside(rows):
        yield from _below(part)


def is_header(cells: Cells) -> bool:
    """Whether a row names columns: two known names at least, and nearly nothing else."""
    names = [name for cell in cells if (name := plain_words(cell).strip())]
    if len(names) < 2 or any(len(name) > _NAME_CHARS for name in names):
        return False
    if len(names) == 2 and max(len(name.split()) for name in names) > _NAME_WORDS:
        return False  # a label and what it labels
    roles = [role for name in names if (role := column_role(name))]
    return len(set(roles)) >= 2 and 2 * len(roles) >= len(names)


def _below(rows: Sequence[NumberedRow]) -> Iterator[list[NumberedRow]]:
    table: list[NumberedRow] = []
    headed = False
    for row in rows:
        if is_header(row[1]):
            if headed:
                yield table
                table = []
            headed = True
        table.append(row)
    if table:
        yield table


def _beside(rows: Sequence[NumberedRow]) -> Iterator[Sequence[NumberedRow]]:
    """The rows in vertical parts where a blank column parts two headers of one row."""
    width = max((len(cells) for _, cells in rows), default=0)
    header = next((cells for _, cells in rows[:_HEADER_WITHIN] if is_header(cells)), None)
    if header is None or width < 5:
        yield rows
        return
    filled = [False] * width
    for _, cells in rows:
        for column, cell in enumerate(cells):
            filled[column] = filled[column] or bool(plain_words(cell).strip())
    edges = [n for n in range(1, width) if filled[n] and not filled[n - 1]]
    cuts = [n for n in edges if is_header(header[:n]) and is_header(header[n:])]
    starts = [0, *cuts]
    for start, end in zip(starts, [*cuts, width], strict=True):
        blank: tuple[Words, ...] = (Rich(),) * start
        part = [(number, (*blank, *cells[start:end])) for number, cells in rows]
        yield [row for row in part if any(plain_words(cell).strip() for cell in row[1])]
