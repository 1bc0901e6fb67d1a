"""CSV and TSV to row blocks whose offsets point into the file's own text.

``csv`` gives values without places, so cells are found here by the same rules (RFC 4180:
quotes doubled inside quotes, line breaks inside quotes).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from pipeline.extract.tables import Row, column_role, row_blocks
from pipeline.stories import Block

_SNIFFED = ",;\t|"


def read_delimited(text: str, delimiter: str | None = None) -> list[Block]:
    """The rows of a CSV or TSV text. The delimiter is taken from the first lines if not given.

    Repeated column names are all kept, in order.
    """
    return row_blocks(text, list(find_rows(text, delimiter or sniff_delimiter(text))))


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
    mark = re.escape(delimiter)
    quoted = re.compile(r'[ ]*"([^"]*(?:""[^"]*)*)(?:"|\Z)[^\r\n' + mark + "]*")
    plain = re.compile(r"[^\r\n" + mark + "]*")
    position, line, number, length = 0, 1, 1, len(text)
    while position < length:
        cells: list[tuple[int, int]] = []
        started = line
        while True:
            match = quoted.match(text, position)
            if match:
                first, last = match.span(1)
                line += text.count("\n", first, last)
            else:
                match = plain.match(text, position)
                assert match is not None  # the pattern matches the empty string
                first, last = match.span()
            cells.append(_bare(text, first, last))
            position = match.end()
            if position < length and text[position] == delimiter:
                position += 1
                continue
            break
        position += 1 if text.startswith("\r\n", position) else 0
        line += text.startswith("\n", position)
        position += 1
        yield Row(number, started, cells)
        number += 1


def _bare(text: str, first: int, last: int) -> tuple[int, int]:
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    return first, last
