"""DOCX to text and blocks: paragraphs, lists, headings, tables, content controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pipeline.extract.archive import Unreadable, open_archive
from pipeline.extract.builder import TextBuilder

_HEADING_STYLE = re.compile(r"heading\s*(\d)|(title)|(subtitle)", re.IGNORECASE)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: What Word and the libraries write when nobody filled in the properties.
_NOBODY = ("python-docx", "openpyxl", "")


def read_word(data: bytes) -> tuple[TextBuilder, dict[str, str]]:
    """The document's text with blocks, and its properties ("author", "date").

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    import docx

    open_archive(data).close()
    try:
        document = docx.Document(BytesIO(data))
    except Exception as error:  # python-docx lets KeyError, ValueError and lxml's own through
        raise Unreadable(f"not a Word document that can be read ({error})") from error
    builder = TextBuilder()
    styles = {style.style_id: style.name or "" for style in document.styles}
    _read_body(document.element.body, styles, builder)
    return builder, _properties(document.core_properties)


def _properties(core: Any) -> dict[str, str]:
    values = {}
    author = (core.author or "").strip()
    if author not in _NOBODY:
        values["author"] = author
        # The libraries' templates carry a made-up date; one written by a person comes with a name.
        if core.created:
            values["created"] = core.created.date().isoformat()
    return values


def _read_body(body: Any, styles: dict[str, str], builder: TextBuilder) -> None:
    for element in _blocks(body):
        if element.tag == f"{_W}tbl":
            rows = []
            for number, row in enumerate(element.iter(f"{_W}tr"), start=1):
                if _owner(row) is element:
                    rows.append((number, _row_cells(row)))
            builder.add_table(rows)
            # A table ends any list or paragraph that could run on into it.
            builder.write("\n")
        else:
            _read_paragraph(element, styles, builder)


def _owner(row: Any) -> Any:
    parent = row.getparent()
    while parent is not None and parent.tag != f"{_W}tbl":
        parent = parent.getparent()
    return parent


def _row_cells(row: Any) -> list[str]:
    cells = []
    for cell in row.iter(f"{_W}tc"):
        if cell.getparent() is row or cell.getparent().tag == f"{_W}sdtContent":
            cells.append("\n".join(t for p in cell.iter(f"{_W}p") if (t := _text(p)).strip()))
    return cells


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs and tables in reading order, content controls (w:sdt) opened up."""
    for element in body:
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag"):
            yield from _blocks(element)


def _text(paragraph: Any) -> str:
    """A paragraph's text: inserted text counts, deleted text does not."""
    parts = []
    for node in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen"):
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif node.tag == f"{_W}tab":
            if node.getparent().tag == f"{_W}r":
                parts.append("\t")
        else:
            parts.append("\n")
    return "".join(parts)


def _read_paragraph(element: Any, styles: dict[str, str], builder: TextBuilder) -> None:
    text = _text(element)
    if not text.strip():
        builder.write("\n")
        return
    style = element.find(f"{_W}pPr/{_W}pStyle")
    style_id = style.get(f"{_W}val") if style is not None else ""
    name = styles.get(style_id, style_id) or ""
    heading = _HEADING_STYLE.match(name)
    if heading:
        level = int(heading[1]) if heading[1] else 1 if heading[2] else 2
        builder.add(text, "heading", min(max(level, 1), 6))
        return
    numbering = element.find(f"{_W}pPr/{_W}numPr")
    if numbering is not None or name.lower().startswith("list"):
        depth = element.find(f"{_W}pPr/{_W}numPr/{_W}ilvl")
        level = int(depth.get(f"{_W}val", "0")) + 1 if depth is not None else 1
        if depth is None and (number := re.search(r"(\d)$", name)):
            level = int(number[1])
        builder.add(text, "item", level)
        return
    builder.add(text, "paragraph")
