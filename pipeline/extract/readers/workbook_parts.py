"""What a workbook's own XML says that its cells' values do not: merged, hidden, struck, noted."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import Any

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_TAG = re.compile(rb"<(?:\w+:)?(row|col|mergeCell)\s[^<>]*>")
_VALUE = re.compile(rb'(\w+)="([^"]*)"')
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)")
_CHUNK_BYTES = 1 << 20
#: Longer than any tag that is looked for.
_TAG_BYTES = 2048
_TRUE = (b"1", b"true")
#: A merge that covers more rows is a formatted column and no cell of a table.
_MERGED_ROWS = 10_000


@dataclass
class SheetParts:
    """Of one sheet, rows and columns from 1.

    Args:
        merged: of a cell below the first of merged ones, the cell that holds their value.
        formulas: whether any cell is computed.
        struck_words: whether a run of words inside a cell may be struck out.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    formulas: bool = False
    struck_words: bool = False

    def hides_column(self, column: int) -> bool:
        return any(first <= column <= last for first, last in self.hidden_columns)


def read_parts(archive: zipfile.ZipFile, name: str) -> SheetParts:
    """Scan a sheet's XML without building its tree."""
    parts = SheetParts()
    tail = b""
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            piece = tail + chunk
            parts.formulas = parts.formulas or _FORMULA.search(piece) is not None
            parts.struck_words = parts.struck_words or b"<strike" in piece
            end = 0
            for tag in _TAG.finditer(piece):
                end = tag.end()
                _take(parts, tag.group(1), dict(_VALUE.findall(tag.group())))
            tail = piece[max(end, len(piece) - _TAG_BYTES) :]
    return parts


def _take(parts: SheetParts, tag: bytes, values: dict[bytes, bytes]) -> None:
    if tag == b"row":
        if values.get(b"hidden") in _TRUE and values.get(b"r", b"").isdigit():
            parts.hidden_rows.add(int(values[b"r"]))
    elif tag == b"col":
        if values.get(b"hidden") in _TRUE:
            first, last = values.get(b"min", b""), values.get(b"max", b"")
            if first.isdigit() and last.isdigit():
                parts.hidden_columns.append((int(first), int(last)))
    elif area := _CELL.findall(values.get(b"ref", b"").decode("ascii", "replace")):
        (left, top), (_, bottom) = area[0], area[-1]
        column = column_number(left)
        for row in range(int(top) + 1, min(int(bottom), int(top) + _MERGED_ROWS) + 1):
            parts.merged[row, column] = (int(top), column)


def column_number(letters: str) -> int:
    """The number of a column ("A" is 1)."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def has_struck_words(archive: zipfile.ZipFile) -> bool:
    """Whether a run of the words that cells share may be struck out."""
    names = [name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml"]
    return any(read_parts(archive, name).struck_words for name in names)


def read_comments(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """(cell, words) of every comment in the book."""
    comments = []
    for name in archive.namelist():
        if re.fullmatch(r"xl/(?:comments/)?comments?\d*\.xml", name):
            root = _parsed(archive.read(name))
            for comment in root.iter("{*}comment") if root is not None else ():
                words = "".join(node.text or "" for node in comment.iter("{*}t")).strip()
                if words:
                    comments.append((comment.get("ref", ""), words))
    return comments


def _parsed(blob: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(blob, parser)
    except etree.XMLSyntaxError:
        return None
