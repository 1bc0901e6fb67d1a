"""HTML to text and blocks: headings, paragraphs, lists, tables; scripts and styles left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich, Why, Words, copied
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.reading import Reading, decoded_text, told
from pipeline.extract.readers.web_marks import Piece, is_marked, said_alone, target_of, write_marked
from pipeline.extract.readers.web_runs import PageRuns
from pipeline.extract.readers.web_styles import is_comment_mark
from pipeline.stories import BlockKind

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog"}
    | {"div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header"}
    | {"hgroup", "hr", "html", "legend", "main", "nav", "ol", "p", "section", "summary", "ul"}
)
_LEFT_OUT = frozenset(
    {"script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "select"}
)
_BLANKS = re.compile(r"(\v|[ \t\r\n\f]+)")
#: Characters without width that only say where a word may be broken.
_SOFT = re.compile("[\u00ad\u200b\u2060\ufeff]")
#: What is read in preformatted text as in any other: stories, their criteria, steps.
_TELLING = re.compile(r"\bas\s+an?\s|criteri|^\s*(?:given|scenario|when|then)\b|:\s*$", re.I | re.M)
#: A cell may say that it covers so many rows or columns and is believed.
_SPAN_MOST = 200


def read_web_page(html: str) -> tuple[TextBuilder, dict[str, str]]:
    """The page's visible text with blocks, and its meta data ("author", "date", "title").

    What is struck out or hidden is kept and left out; comments of a text processor's export, too.
    """
    runs = PageRuns(html)
    tree = runs.tree
    walker = _Walker(runs)
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

    def __init__(self, runs: PageRuns) -> None:
        self.builder = TextBuilder()
        self.runs = runs
        self.styles = runs.styles
        self.inline: list[Piece] = []
        self.depth = 0
        self.item = False
        #: Of the marked elements that are open: how many pieces came before each.
        self.marked: list[int] = []
        #: Where links in the inline text lead.
        self.targets: list[str] = []

    def flush(self, kind: BlockKind | None = None, level: int | None = None) -> None:
        words = set_code(self.inline) if kind == "code" else flow(self.inline)
        words.targets, self.targets = self.targets, []
        self.inline.clear()
        if words.text:
            default: BlockKind = "item" if self.item else "paragraph"
            self.builder.add(words, kind or default, self.depth if level is None else level)
            self.item = self.item and not words.current.strip()

    def walk(self, root: Any, why: Why | None = None) -> None:
        """Depth first without recursion: pages nest deeper than Python's stack."""
        stack: list[tuple[Any, bool, Why | None]] = [(root, False, why)]
        while stack:
            node, leaving, why = stack.pop()
            tag = node.tag or ""  # of some damaged names the parser tells nothing
            if leaving:
                if is_marked(node):
                    write_marked(node, self.inline, self.marked.pop())
                self._leave(tag)
                continue
            if tag == "-text":
                self.inline.append((node.text_content or "", why))
                continue
            if tag in _LEFT_OUT or tag in ("-comment", "_comment") or is_comment_mark(node):
                continue
            why = why or self.styles.why_left_out(node)
            if (number := self.runs.number(node)) is not None:
                for each in self.runs.elements(number):
                    self.walk(each, why)
                continue
            if tag == "table":
                self.flush()
                if self._table(node, why):
                    continue
            if tag == "pre" and not _is_code(node):
                self.flush()
                self._preformatted(node, why)
                continue
            self._enter(tag)
            self.targets += target_of(node)
            if is_marked(node):
                self.marked.append(len(self.inline))
            elif said := said_alone(node):
                self.inline.append((said, why))
            stack.append((node, True, None))
            stack.extend(
                (child, False, why) for child in reversed(list(node.iter(include_text=True)))
            )

    def _enter(self, tag: str) -> None:
        if tag == "br":
            self.inline.append(("\v", None))
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

    def _preformatted(self, node: Any, why: Why | None) -> None:
        """Text whose line breaks count, read as a text file is."""
        text = _SOFT.sub("", _text_with_marks(node).replace("\r\n", "\n")).strip("\n")
        if why:
            self.builder.add(Rich(text, why), "paragraph")
        elif text.strip():
            blocks = read_blocks(text, "text")
            if not _TELLING.search(text) and all(b.kind == "paragraph" for b in blocks):
                self.builder.add(set_code([(text, None)]), "code")
                return
            self.builder.place(text, blocks)
            self.builder.write("\n")

    def _table(self, table: Any, why: Why | None) -> bool:
        """A data table becomes rows; one that holds blocks for layout is walked as text."""
        # Each cell is asked only where there may be one: their list alone is many times the page.
        if table.css_first("h1, h2, h3, tr table") is not None and any(
            cell.css_first("table, h1, h2, h3") is not None for cell in table.css("td")
        ):
            return False
        caption = table.css_first("caption")
        if caption is not None:
            self.inline.append((caption.text(), why))
            self.flush()
        above: dict[int, tuple[int, Words]] = {}
        self.builder.add_table(
            (number, self._cells(row, why or self.styles.why_left_out(row), above))
            for number, row in enumerate(self._rows(table), start=1)
        )
        self.builder.write("\n")
        return True

    def _rows(self, table: Any) -> Iterator[Any]:
        for row in table.css("tr"):
            if (number := self.runs.number(row)) is None:
                yield row
            else:
                yield from (each for each in self.runs.elements(number) if each.tag == "tr")

    def _cells(self, row: Any, why: Why | None, above: dict[int, tuple[int, Words]]) -> list[Words]:
        """A row's cells in their columns; ``above``: of a column, how many more rows its cell
        covers, and that cell's words."""
        cells: list[Words] = []

        def fill() -> None:
            while len(cells) in above:
                column = len(cells)
                left, words = above.pop(column)
                if left > 1:
                    above[column] = (left - 1, words)
                cells.append(copied(words))

        for cell in row.css("td, th"):
            fill()
            here = why or self.styles.why_left_out(cell)
            words = self._cell_words(cell, here)
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for n in range(across):
                # What stands across several columns is said once, in the first of them.
                said = words if n == 0 else ""
                if down > 1:
                    above[len(cells)] = (down - 1, said)
                cells.append(said)
        fill()
        return cells

    def _cell_words(self, cell: Any, why: Why | None) -> Rich:
        """A cell's text, a line for each line break, paragraph or list item in it."""
        pieces: list[Piece] = []
        targets: list[str] = []
        stack: list[tuple[Any, Why | int | None]] = [(cell, why)]
        while stack:
            node, reason = stack.pop()
            if isinstance(reason, int):
                write_marked(node, pieces, reason)
            elif isinstance(node, str):
                pieces.append((node, None))
            elif node.tag == "-text":
                pieces.append((node.text_content or "", reason))
            elif node.tag not in _LEFT_OUT and not is_comment_mark(node):
                if node is not cell:
                    reason = reason or self.styles.why_left_out(node)
                targets += target_of(node)
                if is_marked(node):
                    stack.append((node, len(pieces)))
                elif said := said_alone(node):
                    pieces.append((said, reason))
                broken = node.tag in ("br", "li", "p", "div", "ul", "ol")
                stack.append(("\v" if broken else "", None))
                stack.extend(
                    (child, reason) for child in reversed(list(node.iter(include_text=True)))
                )
                stack.append(("\v- " if node.tag == "li" else "\v" if broken else "", None))
        words = flow(pieces)
        words.targets = targets
        return words


def flow(pieces: Iterable[Piece]) -> Rich:
    """Inline text with its blanks collapsed; "\\v" is a line break. Lines that hold nothing but a
    list mark are dropped."""
    lines: list[Rich] = [Rich()]
    blank = True
    for text, why in pieces:
        for token in _BLANKS.split(_SOFT.sub("", text)):
            if token == "\v":
                lines.append(Rich())
                blank = True
            elif token.isspace() and token[:1] in " \t\r\n\f":
                if not blank:
                    lines[-1].write(" ", why)
                blank = True
            elif token:
                lines[-1].write(token, why)
                blank = False
    words = Rich()
    for line in lines:
        line = line.stripped()
        if line.text and line.text != "-":
            words.write("\n" if words.text else "")
            words.add(line)
    return words


def set_code(pieces: Iterable[Piece]) -> Rich:
    """Code as it is set, its blanks and line ends kept; of several lines between fences, which say
    that they count."""
    words = Rich()
    for text, why in pieces:
        words.write(_SOFT.sub("", text).replace("\r\n", "\n").replace("\v", "\n"), why)
    lined = words.stripped()
    if "\n" not in lined.text or "```" in lined.text:
        return lined
    start = words.text.index(lined.text[:1]) if lined.text else 0
    start = words.text.rfind("\n", 0, start) + 1
    fenced = Rich("```\n")
    fenced.add(words.part(start, len(words.text.rstrip())))
    fenced.write("\n```")
    return fenced


def _text_with_marks(node: Any) -> str:
    """The text of preformatted lines, powers and indices kept apart from what stands before."""
    pieces: list[Piece] = []
    stack: list[tuple[Any, int | None]] = [(node, None)]
    while stack:
        child, began = stack.pop()
        if began is not None:
            write_marked(child, pieces, began)
        elif child.tag == "-text":
            pieces.append((child.text_content or "", None))
        elif child.tag == "br":
            pieces.append(("\n", None))
        else:
            if child is not node and child.tag in ("sup", "sub") and is_marked(child):
                stack.append((child, len(pieces)))
            elif said := said_alone(child):
                pieces.append((said, None))
            stack += [(each, None) for each in reversed(list(child.iter(include_text=True)))]
    return "".join(text for text, _ in pieces)


def _is_code(pre: Any) -> bool:
    """Whether preformatted text is a program's: marked so, or coloured word by word."""
    named = pre.attributes.get("class") or ""
    return (
        pre.css_first("code, samp, kbd") is not None
        or re.search(r"code|brush|highlight|syntax|language-|lang-", named, re.I) is not None
    )


def _span(cell: Any, name: str) -> int:
    value = (cell.attributes.get(name) or "1").strip()
    return min(max(int(value), 1), _SPAN_MOST) if value.isdecimal() else 1


def _is_heading(tag: str) -> bool:
    return len(tag) == 2 and tag[0] == "h" and tag[1] in "123456"


def read_html(data: bytes, encoding: str | None) -> Reading:
    if not encoding and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        declared = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", data[:4096], re.I)
        encoding = _known_encoding(declared.group(1).decode("ascii")) if declared else None
    decoded, problem = decoded_text(data, encoding)
    builder, meta = read_web_page(decoded.text)
    return told(builder, "html", decoded, problem, meta)


def _known_encoding(name: str) -> str | None:
    try:
        "".encode(name)
    except LookupError:
        return None
    return name.lower()
