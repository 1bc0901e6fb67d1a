"""AsciiDoc to blocks: headings, lists, tables, listings, comments; offsets into the file's text.

No AsciiDoc parser for Python is both kept up and free of the GPL, so its block structure is read
here, line by line, as far as stories hang on it; what is not known is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from pipeline.extract.readers.condensing import RowKeeper
from pipeline.extract.readers.leftout import LeftOut
from pipeline.extract.readers.reading import Reading, as_stored, decoded_text
from pipeline.extract.readers.tables import Row, row_blocks
from pipeline.stories import Block, BlockKind, Locator

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(?=\S)")
_ITEM = re.compile(r"(\*{1,5}|-|\.{1,5}|\d{1,3}\.)[ \t]+(?:\[[ xX*]\][ \t]+)?(?=\S)")
_TITLE = re.compile(r"\.(?=[^\s.])")
_ATTRIBUTES = re.compile(r"\[[^\]]*\]\s*$|:[\w!-]+:|(?:include|image|ifdef|ifndef|endif|toc)::")
_FENCE = re.compile(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|`{3,})\s*$")
_OPENED = re.compile(r"(?:={4,}|\*{4,}|_{4,}|--)\s*$")
_TABLE = re.compile(r"[|,:!]={3,}\s*$")
_STRUCK = re.compile(r"\[(?:\.|role=)?line-through\]##?(?=\S)([^#\n]{1,400}?)##?")
#: A plus at a line's end only breaks the line.
_GOES_ON = re.compile(r"(?<=\S) \+[ \t]*$", re.MULTILINE)
_COLUMNS = re.compile(r"cols\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w*]+))")
_CELL = re.compile(r"(?<!\\)(?:\d*(?:\.\d+)?[+*])?[<^>.]*[aehlmsdv]?\|")
_STORY_LIKE = re.compile(r"\bas\s+(?:an?|the)\s.{1,200}?\b(?:I|we)\b", re.I | re.S)


@dataclass(slots=True)
class _Open:
    kind: BlockKind
    start: int
    end: int
    line: int
    level: int


def read_asciidoc(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    blocks, left_out, values = _read_blocks(decoded.text)
    return as_stored(decoded, blocks, problem, values=values, left_out=left_out)


def _read_blocks(text: str) -> tuple[list[Block], list[LeftOut], dict[str, str]]:
    """Blocks, what is struck or commented, and the header's values ("author", "sovereignty" …)."""
    reader = _Reader(text)
    reader.read()
    for struck in _STRUCK.finditer(text):
        reader.left_out.append(LeftOut(struck.start(), struck.end(), "struck out"))
    for goes_on in _GOES_ON.finditer(text):
        reader.left_out.append(LeftOut(goes_on.start(), goes_on.end(), "aside"))
    reader.left_out.sort(key=lambda each: each.start)
    return reader.blocks, reader.left_out, reader.values


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.left_out: list[LeftOut] = []
        self.values: dict[str, str] = {}
        self.trail: list[tuple[int, str]] = []
        self.open: _Open | None = None
        self.columns = 0
        self.after_title = False

    def read(self) -> None:
        text, position, number = self.text, 0, 1
        while position < len(text):
            stop = text.find("\n", position)
            stop = len(text) if stop < 0 else stop
            raw = text[position:stop]
            first = position + len(raw) - len(raw.lstrip())
            last = position + len(raw.rstrip())
            jump = self._line(text[first:last], first, last, number)
            after = max(stop + 1, jump)
            number += text.count("\n", position, after)
            position = after
        self._close()

    def _line(self, words: str, first: int, last: int, number: int) -> int:
        """Take one line; return where to go on if it opened something that spans lines."""
        if not words:
            self._close()
            return 0
        if fence := _FENCE.match(words):
            end = self._end_of(fence.group(1), last)
            if end is not None:
                self._close()
                comment = fence.group(1)[0] == "/"
                self._add("meta" if comment else "code", first, end, number, 0)
                if comment:
                    self._comment(first, end)
                return end
        if _TABLE.match(words):
            end = self._end_of(words, last)
            self._close()
            if end is not None:
                self._table(last, end - len(words), number)
                self.columns = 0
                return end
            return 0
        if words.startswith("//"):
            self._close()
            self._comment(first, last)
            self._add("meta", first, last, number, 0)
            return 0
        if _OPENED.match(words):
            self._close()
            return 0
        if self._head(words, first, last, number):
            return 0
        if heading := _HEADING.match(words):
            self._heading(first + heading.end(), last, len(heading.group(1)), number)
        elif item := _ITEM.match(words):
            self._close()
            mark = item.group(1)
            level = len(mark) if mark[0] in "*." else 1
            self.open = _Open("item", first + item.end(), last, number, level)
        elif _TITLE.match(words) and self.open is None:
            self._add("paragraph", first + 1, last, number, 0)
        elif words == "+":
            self._close()
        elif self.open is not None:
            self.open.end = last
        else:
            self.open = _Open("paragraph", first, last, number, 0)
        return 0

    def _head(self, words: str, first: int, last: int, number: int) -> bool:
        """Attributes, block attributes, and the author's line below the document's title."""
        if _ATTRIBUTES.match(words):
            self._close()
            if found := _COLUMNS.search(words):
                self.columns = _count_columns(next(filter(None, found.groups()), ""))
            if words.startswith(":") and (pair := re.match(r":([\w-]+):\s*(.*)", words)):
                self.values[pair[1].lower()] = pair[2].strip()
            self._add("meta", first, last, number, 0)
            return True
        if self.after_title and self.open is None:
            self.after_title = False
            if author := re.match(r"([^<>=|*.]{2,80}?)(?:\s*<[^<>]*>)?$", words):
                self.values.setdefault("author", author[1].strip())
                self._add("meta", first, last, number, 0)
                return True
        return False

    def _comment(self, first: int, last: int) -> None:
        said = _STORY_LIKE.search(self.text, first, last)
        self.left_out.append(LeftOut(first, last, "comment" if said else "aside"))

    def _end_of(self, fence: str, after: int) -> int | None:
        """The end of the line that closes what a fence opened, None when nothing closes it."""
        close = re.compile(rf"^{re.escape(fence.strip())}[ \t\r]*$", re.MULTILINE)
        found = close.search(self.text, after)
        return found.end() if found else None

    def _heading(self, first: int, last: int, level: int, number: int) -> None:
        self._close()
        name = " ".join(self.text[first:last].split())
        self.trail = [(deep, above) for deep, above in self.trail if deep < level]
        self.trail.append((level, name))
        self._add("heading", first, last, number, level)
        self.after_title = level == 1 and len(self.blocks) == 1

    def _table(self, first: int, last: int, number: int) -> None:
        """Cells begin with a bar; rows have as many as the table's columns."""
        text = self.text
        edge = _CELL.search(text, first, last)
        if edge is None:
            return
        line_end = text.find("\n", edge.start(), last)
        in_first = sum(1 for _ in _CELL.finditer(text, first, line_end if line_end > 0 else last))
        rows = self._rows(first, last, number, self.columns or in_first)
        names = tuple(name for _, name in self.trail)
        keeper = RowKeeper(text, "asciidoc", records=False)
        for block in keeper.keep(row_blocks(text, rows)):
            place = Locator(line=block.locator.line, row=block.locator.row, heading=names)
            self.blocks.append(Block(block.start, block.end, block.kind, place, 0, block.columns))

    def _rows(self, first: int, last: int, number: int, wide: int) -> Iterator[Row]:
        """The rows of a table of so many columns that begins on a numbered line."""
        cells, row = self._cells(first, last), 0
        while taken := list(islice(cells, wide)):
            row += 1
            number += self.text.count("\n", first, taken[0][0])
            first = taken[0][0]
            yield Row(row, number, taken)

    def _cells(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The places of the words between two bars."""
        text, start = self.text, -1
        for edge in chain(_CELL.finditer(text, first, last), (None,)):
            end = last if edge is None else edge.start()
            if start >= 0:
                while start < end and text[start].isspace():
                    start += 1
                while end > start and text[end - 1].isspace():
                    end -= 1
                yield start, end
            start = last if edge is None else edge.end()

    def _close(self) -> None:
        if self.open is not None:
            opened, self.open = self.open, None
            self._add(opened.kind, opened.start, opened.end, opened.line, opened.level)

    def _add(self, kind: BlockKind, first: int, last: int, number: int, level: int) -> None:
        if first < last:
            names = tuple(name for _, name in self.trail)
            self.blocks.append(Block(first, last, kind, Locator(line=number, heading=names), level))


def _count_columns(said: str) -> int:
    """How many columns "3", "3*", "1,2a,^3" and "2*,1" declare."""
    count = 0
    for part in said.split(","):
        times = re.match(r"\s*(\d+)\*", part)
        count += int(times[1]) if times else 1
    if count == 1 and said.strip().isdecimal():
        count = int(said)
    return min(count, 100)
