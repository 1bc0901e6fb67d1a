"""HTML to text and blocks: headings, paragraphs, lists, tables; scripts and styles left out."""

from __future__ import annotations

import re
from typing import Any

from pipeline.extract.builder import TextBuilder
from pipeline.stories import BlockKind

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog"}
    | {"div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header"}
    | {"hgroup", "hr", "html", "legend", "main", "nav", "ol", "p", "section", "summary", "ul"}
)
_LEFT_OUT = frozenset(
    {"script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "select"}
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def read_web_page(html: str) -> tuple[TextBuilder, dict[str, str]]:
    """The page's visible text with blocks, and its meta data ("author", "date", "title")."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    walker = _Walker()
    if tree.body is not None:
        walker.walk(tree.body)
        walker.flush()
    return walker.builder, _meta(tree)


def _meta(tree: Any) -> dict[str, str]:
    values: dict[str, str] = {}
    for node in tree.css("meta[name], meta[property]"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").lower()
        content = (node.attributes.get("content") or "").strip()
        name = {"article:published_time": "date", "dcterms.date": "date", "dc.date": "date"}.get(
            name, name
        )
        if content and name in ("author", "date", "created", "updated"):
            values.setdefault(name, content)
    title = tree.css_first("title")
    if title is not None and title.text().strip():
        values["title"] = " ".join(title.text().split())
    return values


class _Walker:
    """Collects inline text until a block element begins or ends."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.inline: list[str] = []
        self.depth = 0
        self.item = False

    def flush(self, kind: BlockKind | None = None, level: int | None = None) -> None:
        lines = [_BLANKS.sub(" ", line).strip() for line in "".join(self.inline).split("\v")]
        text = "\n".join(line for line in lines if line)
        self.inline.clear()
        if text:
            default: BlockKind = "item" if self.item else "paragraph"
            self.builder.add(text, kind or default, self.depth if level is None else level)
            self.item = False

    def walk(self, root: Any) -> None:
        """Depth first without recursion: pages nest deeper than Python's stack."""
        stack: list[tuple[Any, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag
            if leaving:
                self._leave(tag)
                continue
            if tag == "-text":
                self.inline.append(node.text_content or "")
                continue
            if tag in _LEFT_OUT or tag in ("-comment", "_comment"):
                continue
            if tag == "table":
                self.flush()
                if self._table(node):
                    continue
            self._enter(tag)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))

    def _enter(self, tag: str) -> None:
        if tag == "br":
            self.inline.append("\v")
        elif tag in ("ul", "ol"):
            self.flush()
            self.depth += 1
        elif tag == "li":
            self.flush()
            self.item = True
        elif tag in _BLOCKS or tag == "pre" or _is_heading(tag):
            self.flush()

    def _leave(self, tag: str) -> None:
        if _is_heading(tag):
            self.flush("heading", int(tag[1]))
        elif tag == "pre":
            self.flush("code")
        elif tag in ("ul", "ol"):
            self.flush()
            self.depth = max(0, self.depth - 1)
        elif tag == "li":
            self.flush()
            self.item = False
        elif tag in _BLOCKS:
            self.flush()

    def _table(self, table: Any) -> bool:
        """A data table becomes rows; one that holds blocks for layout is walked as text."""
        rows = table.css("tr")
        if any(cell.css_first("table, h1, h2, h3") is not None for cell in table.css("td")):
            return False
        lines = []
        below: dict[int, int] = {}
        for number, row in enumerate(rows, start=1):
            lines.append((number, _row_cells(row, below)))
        self.builder.add_table(lines)
        self.builder.write("\n")
        return True


def _is_heading(tag: str) -> bool:
    return len(tag) == 2 and tag[0] == "h" and tag[1] in "123456"


def _row_cells(row: Any, below: dict[int, int]) -> list[str]:
    """A row's cells, each in its column: what reaches over several columns or rows stands in its
    first place, the others are empty.

    Args:
        below: column → how many more rows a cell from above reaches over; kept up to date.
    """
    cells: list[str] = []

    def pass_over() -> None:
        while below.get(len(cells), 0) > 0:
            below[len(cells)] -= 1
            cells.append("")

    for cell in row.css("td, th"):
        pass_over()
        down, across = _span(cell, "rowspan"), _span(cell, "colspan")
        for place in range(across):
            if down > 1:
                below[len(cells)] = down - 1
            cells.append("" if place else _cell_text(cell))
    pass_over()
    return cells


def _span(cell: Any, name: str) -> int:
    """How far a cell reaches; what is no number, or beyond what a table can show, is one."""
    value = (cell.attributes.get(name) or "").strip()
    return (
        min(max(int(value), 1), 1000)
        if value.isascii() and value.isdigit() and len(value) < 6
        else 1
    )


def _cell_text(cell: Any) -> str:
    """A cell's text, a line for each line break, paragraph or list item in it."""
    parts: list[str] = []
    stack: list[Any] = [cell]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
        elif node.tag == "-text":
            parts.append(_BLANKS.sub(" ", node.text_content or ""))
        elif node.tag not in _LEFT_OUT:
            broken = node.tag in ("br", "li", "p", "div", "ul", "ol")
            stack.append("\n" if broken else "")
            stack.extend(reversed(list(node.iter(include_text=True))))
            stack.append("\n- " if node.tag == "li" else "\n" if broken else "")
    lines = (line.strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line and line != "-")
