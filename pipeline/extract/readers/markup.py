"""Lines of text to blocks: Markdown and Obsidian notes, plain text, RST, wiki-marked cells.

One reader for all of them, line by line, because real files mix them: a text file with Markdown
bullets, a Jira cell with ``h3.`` headings. It knows only the structure that stories hang on
(headings, lists with their depth, table rows, quotes, code, comments) and never fails: whatever
it does not know is a paragraph. A block starts after its list or heading mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pipeline.stories import Block, BlockKind, Locator

Flavour = Literal["markdown", "text", "rst", "cell"]

_FENCE = re.compile(r"(`{3,}|~{3,})")
_HEADING = re.compile(r"(#{1,6})(?:\s+|$)")
_HEADING_END = re.compile(r"\s+#+$")
_WIKI_HEADING = re.compile(r"h([1-6])\.\s*")
_WIKI_ITEM = re.compile(r"([*#-]{1,6})\s+")
_ITEM = re.compile(
    r"(?:[-*+•‣◦▪●○–—·]|\(?\d{1,3}(?:\.\d{1,3}){0,4}[.)]|\d{1,3}(?:\.\d{1,3}){1,4}|\(?[a-z][.)])"
    r"(?:\s+(?:\[[ xX-]\]\s+)?|$)"
)
_UNDERLINE = re.compile(r"([=\-~^\"'*+#`:.])\1{2,}$")
_RULE = re.compile(r"(?:[-*_=~#]\s*){3,}$")
_QUOTE = re.compile(r"(?:>\s?)+")
_CALLOUT = re.compile(r"\[!\w[\w-]*\][+-]?\s*")
_TABLE_RULE = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|?)+$")
_CELL_EDGE = re.compile(r"(?<!\\)\|")
_RST_DIRECTIVE = re.compile(r"\.\.(?:\s|$)")
_SHOUTED = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*$")


@dataclass(frozen=True, slots=True)
class Settle:
    """What is done with the blocks of a long text while it is read.

    Args:
        every: so many new blocks.
        keep: those to keep of all there are so far.
    """

    every: int
    keep: Callable[[list[Block]], list[Block]]


def read_blocks(
    text: str,
    flavour: Flavour,
    start: int = 0,
    *,
    line: int = 1,
    settle: Settle | None = None,
) -> list[Block]:
    """The blocks of ``text[start:]``, ascending, not overlapping.

    Args:
        line: what the locator of the first line says.
        settle: for a text so long that not all of its blocks are to be kept.
    """
    reader = _Reader(text, flavour)
    reader.settle = settle
    reader.read(start, line)
    return name_table_columns(text, reader.blocks)


class _Reader:
    """The state between two lines: the open block and the indents of the open lists."""

    def __init__(self, text: str, flavour: Flavour) -> None:
        self.text = text
        self.flavour = flavour
        self.end = len(text)
        self.blocks: list[Block] = []
        self.trail: list[tuple[int, str]] = []
        self.headings: tuple[str, ...] = ()
        self.indents: list[int] = []
        self.open_kind: BlockKind | None = None
        self.open_start = self.open_end = self.open_line = self.open_level = self.open_lines = 0
        self.underlines: list[str] = []
        self.unclosed: set[str] = set()
        self.after_blank = True
        self.in_table = False
        self.settle: Settle | None = None

    def read(self, position: int, line: int) -> None:
        text, end = self.text, self.end
        full = self.settle.every if self.settle else len(text) + 1
        while position < end:
            stop = text.find("\n", position, end)
            if stop < 0:
                stop = end
            after = stop + 1
            jump = self._line(position, stop, line)
            if jump > after:
                line += text.count("\n", after, jump)
                after = jump
            position = after
            line += 1
            if self.settle and len(self.blocks) >= full:
                self.blocks = self.settle.keep(self.blocks)
                full = len(self.blocks) + self.settle.every
        self._close()

    def _line(self, start: int, stop: int, line: int) -> int:
        """Take one line; return where to go on if it opened something that spans lines."""
        body = self.text[start:stop] if stop - start < 4096 else self.text[start : start + 4096]
        stripped = body.strip()
        if not stripped:
            self._close()
            self.after_blank = True
            self.in_table = False
            return 0
        indent = len(body.expandtabs(4)) - len(body.expandtabs(4).lstrip())
        first = start + len(body) - len(body.lstrip())
        last = stop
        while self.text[last - 1].isspace():
            last -= 1
        mark = stripped[0]
        if mark == ">":
            quoted = _QUOTE.match(stripped)
            width = quoted.end() if quoted else 0
            if width >= last - first:
                self._close()
                return 0
            first += width
            stripped = stripped[width:].lstrip()
            if callout := _CALLOUT.match(stripped):
                self._close()
                first += callout.end()
                stripped = stripped[callout.end() :]
            if not stripped:
                return 0
            mark = stripped[0]
        jump = self._spanning(mark, stripped, first, stop, line)
        if jump:
            return jump
        self._mark(mark, stripped, indent, first, last, line)
        self.after_blank = False
        return 0

    def _spanning(self, mark: str, stripped: str, first: int, stop: int, line: int) -> int:
        """Code fences and comments: one block up to their end, if they have one."""
        if mark in "`~":
            fence = _FENCE.match(stripped)
            if fence and fence.group() not in self.unclosed:
                closing = re.compile(rf"^[ \t>]*{re.escape(fence.group())}{mark}*[ \t\r]*$", re.M)
                found = closing.search(self.text, stop, self.end)
                if found:
                    return self._whole("code", first, found.end(), line)
                self.unclosed.add(fence.group())
        elif mark == "<" and stripped.startswith("<!--") and "<!--" not in self.unclosed:
            close = self.text.find("-->", first, self.end)
            if close >= 0:
                return self._whole("meta", first, close + 3, line)
            self.unclosed.add("<!--")
        return 0

    def _whole(self, kind: BlockKind, first: int, last: int, line: int) -> int:
        self._close()
        self._add(kind, first, last, line, len(self.indents))
        newline = self.text.find("\n", last, self.end)
        return self.end if newline < 0 else newline + 1

    def _mark(
        self, mark: str, stripped: str, indent: int, first: int, last: int, line: int
    ) -> None:
        if mark == "#" and self.flavour != "cell" and (found := _HEADING.match(stripped)):
            return self._heading(first + found.end(), last, len(found.group(1)), line)
        if mark == "h" and self.flavour == "cell" and (found := _WIKI_HEADING.match(stripped)):
            return self._heading(first + found.end(), last, int(found.group(1)), line)
        if (mark == "|" and len(stripped) > 1) or self._in_table(stripped, indent):
            self._close()
            ruled = _TABLE_RULE.match(stripped) is not None
            self.in_table = self.in_table or ruled
            return self._add("meta" if ruled else "row", first, last, line, self._depth(indent))
        self.in_table = False
        if not mark.isalnum():
            if _UNDERLINE.match(stripped) and self._underline(mark, first, last, line):
                return None
            if _RULE.match(stripped):
                self._close()
                self.indents.clear()
                return self._add("meta", first, last, line, 0)
            if self.flavour == "rst" and _RST_DIRECTIVE.match(stripped):
                self._close()
                return self._add("meta", first, last, line, 0)
            if self.flavour == "cell" and (found := _WIKI_ITEM.match(stripped)):
                self._close()
                return self._open("item", first + found.end(), last, line, len(found.group(1)))
        found = (
            _ITEM.match(stripped)
            if mark in "-*+•‣◦▪●○–—·(0123456789" or (stripped[1:2] in (".", ")") and mark.islower())
            else None
        )
        if found and first + found.end() <= last:
            return self._item(indent, found.end(), first, last, line)
        return self._paragraph(indent, stripped, first, last, line)

    def _in_table(self, stripped: str, indent: int) -> bool:
        """Whether a line of cells without a bar at its start is one of a table: below its rule, or
        the rule itself, which makes the line above it the header."""
        if not _CELL_EDGE.search(stripped):
            return False
        if self.in_table:
            return True
        above = self.text[self.open_start : self.open_end]
        if (
            self.open_kind != "paragraph"
            or self.open_lines != 1
            or self.after_blank
            or not _TABLE_RULE.match(stripped)
            or _count_cells(above) != _count_cells(stripped)
        ):
            return False
        self.open_kind = None
        self._add("row", self.open_start, self.open_end, self.open_line, self._depth(indent))
        return True

    def _depth(self, indent: int) -> int:
        """How many open list items a table row of this indent stands in."""
        return sum(indent > opened for opened in self.indents)

    def _item(self, indent: int, width: int, first: int, last: int, line: int) -> None:
        self._close()
        while self.indents and indent < self.indents[-1]:
            self.indents.pop()
        if not self.indents or indent > self.indents[-1]:
            self.indents.append(indent)
        self._open("item", min(first + width, last), last, line, len(self.indents))

    def _paragraph(self, indent: int, stripped: str, first: int, last: int, line: int) -> None:
        if self.open_kind is not None:
            self.open_end = last
            self.open_lines += 1
            return
        if self.after_blank and self.indents:
            while self.indents and indent <= self.indents[-1]:
                self.indents.pop()
        elif not self.after_blank:
            self.indents.clear()
        self._open("paragraph", first, last, line, len(self.indents))

    def _underline(self, mark: str, first: int, last: int, line: int) -> bool:
        """A line of one mark under a line of text makes that line a heading."""
        if self.open_kind == "paragraph" and self.open_lines == 1 and not self.after_blank:
            if mark not in "=-" and self.flavour == "markdown":
                return False
            if self.flavour == "markdown":
                level = 1 if mark == "=" else 2
            else:
                if mark not in self.underlines:
                    self.underlines.append(mark)
                level = self.underlines.index(mark) + 1
            start, end, at = self.open_start, self.open_end, self.open_line
            self.open_kind = None
            self._heading(start, end, min(level, 6), at)
            self._add("meta", first, last, line, 0)
            return True
        return False

    def _heading(self, first: int, last: int, level: int, line: int) -> None:
        self._close()
        self.indents.clear()
        closing = _HEADING_END.search(self.text, first, last)
        if closing:
            last = closing.start()
        if last <= first:
            return
        title = " ".join(self.text[first:last].split())
        self.trail = [(deep, name) for deep, name in self.trail if deep < level]
        above = tuple(name for _, name in self.trail)
        self.trail.append((level, title))
        self.headings = (*above, title)
        place = Locator(line=line, heading=self.headings)
        self.blocks.append(Block(first, last, "heading", place, level))

    def _open(self, kind: BlockKind, first: int, last: int, line: int, level: int) -> None:
        self.open_kind = kind
        self.open_start, self.open_end = first, last
        self.open_line, self.open_level, self.open_lines = line, level, 1

    def _close(self) -> None:
        kind = self.open_kind
        if kind is None:
            return
        self.open_kind = None
        if self.open_start >= self.open_end:
            return
        if (
            kind == "paragraph"
            and self.open_lines == 1
            and self.flavour in ("text", "rst")
            and self.open_end - self.open_start <= 80
            and _SHOUTED.match(self.text[self.open_start : self.open_end])
        ):
            return self._heading(self.open_start, self.open_end, 2, self.open_line)
        self._add(kind, self.open_start, self.open_end, self.open_line, self.open_level)

    def _add(self, kind: BlockKind, first: int, last: int, line: int, level: int) -> None:
        if first < last:
            place = Locator(line=line, heading=self.headings)
            self.blocks.append(Block(first, last, kind, place, level))


def name_table_columns(text: str, blocks: list[Block]) -> list[Block]:
    """Give the rows of ``| … | … |`` tables their cells, named by the row above the rule."""
    named: list[Block] = []
    header: list[str] = []
    ruled = False
    for index, block in enumerate(blocks):
        if block.kind == "row":
            cells = _cells(text, block)
            following = blocks[index + 1] if index + 1 < len(blocks) else None
            if (
                following
                and following.kind == "meta"
                and "-" in text[following.start : following.end]
            ):
                header = [text[first:last] for first, last in cells]
                ruled = True
            columns = tuple(
                (header[n] if ruled and n < len(header) else "", first, last)
                for n, (first, last) in enumerate(cells)
            )
            block = replace(block, columns=columns)
        elif block.kind != "meta":
            header, ruled = [], False
        named.append(block)
    return named


def _count_cells(line: str) -> int:
    return len(_CELL_EDGE.split(line.strip().strip("|")))


def _cells(text: str, block: Block) -> list[tuple[int, int]]:
    edges = [match.start() for match in _CELL_EDGE.finditer(text, block.start, block.end)]
    if text[block.start] != "|":
        edges.insert(0, block.start - 1)
    if not edges or edges[-1] != block.end - 1:
        edges.append(block.end)
    cells = []
    for left, right in pairwise(edges):
        first, last = left + 1, right
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        cells.append((first, last))
    return cells
