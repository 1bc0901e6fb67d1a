"""DOCX to text and blocks: paragraphs, lists, headings, tables, boxes, notes, headers.

What is struck, hidden, deleted, moved away or commented is kept in the text and marked as left
out; a text box, which Word writes twice, is read once, and a move where it went.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.extract.readers.archive import Unreadable, opened, told_beside, written_by
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich, Why, copied
from pipeline.extract.readers.mail import is_mail
from pipeline.extract.readers.reader_registry import read_as, sniff
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.word_styles import Styles
from pipeline.text.shifted import shift

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
#: Characters without width that only say where a word may be broken.
_SOFT = re.compile("[\u00ad\u200b\u2060\ufeff]")
_FIELD_LINK = re.compile(r'HYPERLINK\s+(?:\\l\s+)?"([^"]+)"')
_BOX = re.compile(r"[☐☑☒]\s*(?=\S)")
_HEADING_STYLE = re.compile(r"heading\s*(\d)|(title)|(subtitle)", re.IGNORECASE)
#: What Word and the libraries write when nobody filled in the properties.
_NOBODY = ("python-docx", "openpyxl")
#: Elements that a run of text may stand in, and why it is then not current.
_GONE: dict[str, Why] = {f"{_W}del": "deleted", f"{_W}moveFrom": "moved away"}
_PROPERTIES = frozenset({f"{_W}pPr", f"{_W}rPr", f"{_W}sectPr", f"{_W}tblPr"})
_OPENED = frozenset(
    {f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "smartTag", "customXml", "moveTo")}
)
#: Deeper than any document that a person wrote nests its tables.
_DEEPEST = 20


def read_docx(data: bytes, encoding: str | None) -> Reading:
    """The document's text with blocks, and its properties ("author", "date").

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    import docx

    document = opened(data, docx.Document, "Word document")
    remarks: list[str] = []
    reader = _Reader(Styles(document, remarks))
    reader.builder.remarks += remarks
    reader.read_running(document, "header")
    reader.read_body(document.element.body)
    reader.read_parts(document)
    reader.read_running(document, "footer")
    builder = reader.builder
    return built(
        builder, told_beside(lambda: written_by(document.core_properties, _NOBODY), builder.remarks)
    )


class _Reader:
    def __init__(self, styles: Styles) -> None:
        self.styles = styles
        self.builder = TextBuilder()
        #: A paragraph whose mark was deleted: it goes on in the next one.
        self.begun: Rich | None = None
        self.boxes: list[Any] = []

    def read_body(self, body: Any, depth: int = 0) -> None:
        """Paragraphs and tables in reading order."""
        for element in _blocks(body):
            if element.tag == f"{_W}tbl":
                self._read_table(element, depth)
            else:
                self._read_paragraph(element)
            while self.boxes:
                self.read_body(self.boxes.pop(0), depth)

    def _read_table(self, table: Any, depth: int) -> None:
        rows: list[tuple[int, list[Rich]]] = []
        inner: list[Any] = []
        above: dict[int, Rich] = {}
        for number, row in enumerate(_rows(table), start=1):
            cells: list[Rich] = []
            gone = row.find(f"{_W}trPr/{_W}del") is not None
            hidden = row.find(f"{_W}trPr/{_W}hidden") is not None
            why: Why | None = "deleted" if gone else "hidden" if hidden else None
            skipped = row.find(f"{_W}trPr/{_W}gridBefore")
            cells += [Rich()] * (_number(skipped) if skipped is not None else 0)
            for cell in _children(row, f"{_W}tc"):
                wide = cell.find(f"{_W}tcPr/{_W}gridSpan")
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
                column = len(cells)
                words = self._cell(cell, why, inner)
                if goes_on:
                    words = copied(above.get(column, Rich()))
                if merged is not None:
                    above[column] = words
                else:
                    above.pop(column, None)
                cells.append(words)
                cells += [Rich()] * (min(_number(wide), 64) - 1 if wide is not None else 0)
            rows.append((number, cells))
        self.builder.add_table(rows)
        # A table ends any list or paragraph that could run on into it.
        self.builder.write("\n")
        for nested in inner if depth < _DEEPEST else ():
            self._read_table(nested, depth + 1)

    def _cell(self, cell: Any, why: Why | None, inner: list[Any]) -> Rich:
        """A cell's paragraphs, a line each; tables in it are put aside."""
        words = Rich()
        for element in _blocks(cell):
            if element.tag == f"{_W}tbl":
                inner.append(element)
                continue
            line = self._words(element, why)
            if line.text.strip():
                words.write("\n" if words.text else "")
                if self._is_item(element):
                    words.write("- ")
                words.add(line)
        while self.boxes:
            box = self.boxes.pop(0)
            for element in _blocks(box):
                if element.tag == f"{_W}p" and (line := self._words(element, why)).text.strip():
                    words.write("\n" if words.text else "")
                    words.add(line)
        return words

    def _is_item(self, paragraph: Any) -> bool:
        name = self.styles.name(paragraph).lower()
        return paragraph.find(f"{_W}pPr/{_W}numPr") is not None or name.startswith("list")

    def _words(self, paragraph: Any, why: Why | None = None) -> Rich:
        """A paragraph's text: inserted text is current, deleted text is not."""
        words = Rich()
        in_style = self.styles.why_left_out(paragraph)
        stack: list[tuple[Any, Why | None]] = [
            (child, why or in_style) for child in reversed(list(paragraph))
        ]
        while stack:
            node, reason = stack.pop()
            tag = node.tag
            if tag in _PROPERTIES or not isinstance(tag, str) or tag == f"{_MC}Fallback":
                continue
            if tag in (f"{_W}txbxContent",):
                self.boxes.append(node)
                continue
            if tag == f"{_W}r":
                reason = reason or self.styles.why_left_out(node)
                if reason is None and self.styles.is_unseen(node):
                    reason = "invisible"
            elif tag == f"{_W}t" or tag == f"{_W}delText":
                said = _SOFT.sub("", node.text or "")
                run = node.getparent()
                if run.tag == f"{_W}r" and (raised := self.styles.raised(run)) is not None:
                    said = shift(said, raised=raised, before=words.text[-20:])
                words.write(said, reason)
                continue
            elif tag == f"{_W}hyperlink":
                words.targets += self.styles.address_of(node)
            elif tag == f"{_W}instrText":
                words.targets += _FIELD_LINK.findall(node.text or "")
                continue
            elif tag == f"{_W}noBreakHyphen":
                words.write("-", reason)
                continue
            elif tag == f"{_W}tab":
                words.write("\t", reason)
                continue
            elif tag in (f"{_W}br", f"{_W}cr"):
                words.write("\n", reason)
                continue
            stack += [(child, reason or _GONE.get(tag)) for child in reversed(list(node))]
        return words

    def _read_paragraph(self, element: Any) -> None:
        words = self._words(element)
        if self.begun is not None:
            self.begun.add(words)
            words, self.begun = self.begun, None
        if element.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None and words.current.strip():
            self.begun = words
            return
        if not words.text.strip():
            self.builder.write("\n")
            return
        name = self.styles.name(element)
        heading = _HEADING_STYLE.match(name)
        key, level = self.styles.number(element)
        if key and words.current.strip():
            numbered = Rich(f"{key} " if key[-1] in ".:)" else f"{key}: ")
            numbered.add(words.stripped())
            words = numbered
        if heading:
            deep = int(heading[1]) if heading[1] else 1 if heading[2] else 2
            self.builder.add(words, "heading", min(max(deep, 1), 6))
        elif level is not None or name.lower().startswith("list"):
            if level is None:
                level = int(found[1]) if (found := re.search(r"(\d)$", name)) else 1
            self.builder.add(words, "item", level)
        elif box := _BOX.match(words.text):
            self.builder.write(box.group())
            self.builder.add(words.part(box.end(), len(words.text)), "item", 1)
        else:
            self.builder.add(words, "paragraph")

    def read_running(self, document: Any, which: str) -> None:
        """Headers or footers, each wording once: on every page, and part of no story."""
        seen = set()
        for section in document.sections:
            try:
                part = getattr(section, which)
                paragraphs = [] if part.is_linked_to_previous else part._element.iter(f"{_W}p")
            except Exception:  # the library lets KeyError, AttributeError and lxml's own through
                remark = f"a {which} of it is damaged"
                self.builder.remarks += [remark] * (remark not in self.builder.remarks)
                continue
            for paragraph in paragraphs:
                words = self._words(paragraph)
                if words.text.strip() and words.text not in seen:
                    seen.add(words.text)
                    self.builder.add(words, "meta")
        self.boxes.clear()

    def read_parts(self, document: Any) -> None:
        """Footnotes and endnotes as paragraphs after the text; comments, which are left out."""
        for relation in document.part.rels.values():
            kind = relation.reltype.rsplit("/", 1)[-1]
            if kind not in ("footnotes", "endnotes", "comments") or relation.is_external:
                continue
            root = _parsed(relation.target_part.blob)
            for note in root if root is not None else ():
                if note.get(f"{_W}type") in ("separator", "continuationSeparator"):
                    continue
                why: Why | None = "comment" if kind == "comments" else None
                for paragraph in note.iter(f"{_W}p"):
                    words = self._words(paragraph, why)
                    if words.text.strip():
                        self.builder.write("\n")
                        self.builder.add(words, "paragraph")
                self.boxes.clear()


def _parsed(blob: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(blob, parser)
    except etree.XMLSyntaxError:
        return None


def _number(element: Any) -> int:
    value = element.get(f"{_W}val", "1")
    return int(value) if value.isdigit() else 1


def _rows(table: Any) -> Iterator[Any]:
    yield from _children(table, f"{_W}tr")


def _children(element: Any, tag: str) -> Iterator[Any]:
    """An element's own rows or cells, content controls and insertions opened up."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _OPENED:
            yield from _children(child, tag)


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, content controls (w:sdt) opened up."""
    for element in body:
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in _OPENED:
            yield from _blocks(element)


def read_doc(data: bytes, encoding: str | None) -> Reading:
    """What is called .doc and is none: a page, a web archive, RTF or DOCX under that name."""
    kind = "mhtml" if is_mail(data) else sniff(data)
    if kind in ("mhtml", "html", "rtf", "docx", "odt"):
        return read_as(kind, data, encoding)
    raise Unreadable("an old binary Word document: save it as .docx")
