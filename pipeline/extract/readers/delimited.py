"""CSV and TSV to row blocks whose offsets point into the file's own text.

``csv`` gives values without places, so cells are found here by the same rules (RFC 4180:
quotes doubled inside quotes, line breaks inside quotes). Files written by hand break them: a quote
inside quotes that is not doubled ends its cell only where a cell can end, and commas that nobody
quoted leave a row with too many cells. Such rows are named.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from pipeline.extract.readers.tables import Row, column_role, find_header, row_blocks, split_head
from pipeline.stories import Block

_SNIFFED = ",;\t|"
#: What is written in words, commas and all: an unquoted one may be read on to the row's end.
_WORDS = ("story", "title", "description", "criteria", "goal", "benefit", "notes")
#: So many rows are named.
_NAMED = 5


def read_delimited(
    text: str,
    delimiter: str | None = None,
    keep: Callable[[Iterable[Block]], list[Block]] = list,
) -> tuple[list[Block], str | None]:
    """The rows of a CSV or TSV text, and which of them are not written by the rules. The delimiter
    is taken from the first lines if not given.

    Repeated column names are all kept, in order.

    Args:
        keep: takes the rows one by one, and gives those that are wanted.
    """
    odd = _Odd()
    rows = odd.counting(_join_last(text, find_rows(text, delimiter or sniff_delimiter(text))))
    return keep(row_blocks(text, rows)), odd.say()


def sniff_delimiter(text: str) -> str:
    """The delimiter that yields the most known column names in the first line, else the one
    that splits the first lines most evenly; a comma if none does."""
    head = "\n".join(text[:16384].splitlines()[:20])
    first = head.split("\n", 1)[0]
    known = {
        mark: sum(bool(column_role(n.strip('"'))) for n in first.split(mark)) for mark in _SNIFFED
    }
    likely = max(_SNIFFED, key=lambda mark: known[mark])
    if known[likely] >= 2:
        return likely
    try:
        return csv.Sniffer().sniff(head, _SNIFFED).delimiter
    except csv.Error:
        return max(_SNIFFED, key=lambda mark: (first.count(mark), mark == ","))


def find_rows(text: str, delimiter: str) -> Iterator[Row]:
    """Rows with the places of their cells' values, quotes left out."""
    yield from _Reader(text, delimiter).rows()


class _Odd:
    """Rows that are not written by the rules: how many, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.named: list[int] = []

    def counting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, those counted that are odd."""
        for row in rows:
            if row.odd:
                self.count += 1
                if len(self.named) < _NAMED:
                    self.named.append(row.number)
            yield row

    def say(self) -> str | None:
        if not self.count:
            return None
        named = ", ".join(map(str, self.named))
        more = f" and {self.count - _NAMED:,} more" if self.count > _NAMED else ""
        rows = "row" if self.count == 1 else "rows"
        return f"quotes or commas are not written as CSV asks in {rows} {named}{more}; check them"


class _Reader:
    """``odd``: whether the row that is read is not written by the rules."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.text = text
        self.delimiter = delimiter
        self.odd = False
        mark = re.escape(delimiter)
        ends = rf"(?=[ ]*(?:{mark}|\r|\n|\Z))"
        self.quoted = re.compile(r'[ ]*"([^"]*(?:""[^"]*)*)(?:"' + ends + r"|\Z)[ ]*")
        self.careless = re.compile(rf'[ ]*"([^\r\n]*?)"{ends}[ ]*')
        self.broken = re.compile(r'[ ]*"([^"]*(?:""[^"]*)*"[^\r\n' + mark + "]*)")
        self.plain = re.compile(r"[^\r\n" + mark + "]*")

    def rows(self) -> Iterator[Row]:
        """Rows with the places of their cells' values, quotes left out."""
        text, length = self.text, len(self.text)
        position, line, number = 0, 1, 1
        while position < length:
            cells: list[tuple[int, int]] = []
            started, self.odd = line, False
            while True:
                first, last, position = self._cell(position)
                line += text.count("\n", first, last)
                cells.append(_bare(text, first, last))
                if position < length and text[position] == self.delimiter:
                    position += 1
                    continue
                break
            position += 1 if text.startswith("\r\n", position) else 0
            line += text.startswith("\n", position)
            position += 1
            yield Row(number, started, cells, self.odd)
            number += 1

    def _cell(self, position: int) -> tuple[int, int, int]:
        """(first, last) of the value that begins at a place, and where the cell ends."""
        text = self.text
        if text.startswith('"', position) or text.startswith(" ", position):
            if match := self.quoted.match(text, position):
                return *match.span(1), match.end()
            for shape in (self.careless, self.broken):
                if match := shape.match(text, position):
                    self.odd = True
                    return *match.span(1), match.end()
        match = self.plain.match(text, position)
        assert match is not None  # the pattern matches the empty string
        return *match.span(), match.end()


def _join_last(text: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with more cells than the header has names: the last column, where it holds words, is
    read to the end of the row."""
    head, rows = split_head(rows)
    header = find_header(text, head)
    names = [] if header is None else [text[first:last] for first, last in head[header].cells]
    while names and not names[-1].strip():
        names.pop()
    wide = len(names)
    if header is None or not wide:
        yield from rows
        return
    for index, row in enumerate(rows):
        cells = row.cells
        if index > header and any(first < last for first, last in cells[wide:]):
            row = replace(row, odd=True)
            if column_role(names[-1]) in _WORDS:
                end = max(last for first, last in cells[wide - 1 :] if first < last)
                row = replace(row, cells=[*cells[: wide - 1], (cells[wide - 1][0], end)])
        yield row


def _bare(text: str, first: int, last: int) -> tuple[int, int]:
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    return first, last
