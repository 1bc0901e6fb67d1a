"""PPTX to text and blocks: slides as pages, titles as headings, tables, notes left out.

python-pptx (MIT) knows slides, placeholders and tables; what is struck is asked of a run's XML.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.extract.readers.archive import opened, told_beside, written_by
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich, Why, Words, copied
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.slide_colours import is_white_paper, is_white_run
from pipeline.text.shifted import shift

_NOBODY = ("python-pptx", "Steve Canny")
_DEEPEST = 12


def read_pptx(data: bytes, encoding: str | None) -> Reading:
    """The slides' text with blocks, and the deck's properties ("author", "created").

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    import pptx

    deck = opened(data, pptx.Presentation, "slide deck")
    builder = TextBuilder()
    hidden = []
    for number, slide in enumerate(deck.slides, start=1):
        why: Why | None = "hidden" if slide._element.get("show") == "0" else None
        if why:
            hidden.append(str(number))
        _read_slide(slide, number, why, builder)
    if hidden:
        builder.remarks.append(f"hidden slides: {', '.join(hidden)}")
    return built(
        builder, told_beside(lambda: written_by(deck.core_properties, _NOBODY), builder.remarks)
    )


def _read_slide(slide: Any, number: int, why: Why | None, builder: TextBuilder) -> None:
    title = slide.shapes.title
    reader = _Words(why, white=is_white_paper(slide))
    if title is not None and title.has_text_frame:
        builder.add(reader.joined(title.text_frame), "heading", 1, page=number)
    for shape in _in_order(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False) and shape.has_table:
            _read_table(shape.table, number, reader, builder)
        elif shape.has_text_frame:
            _read_frame(shape, number, reader, builder)
    builder.write("\n")
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        builder.add(Rich(frame.text, "notes"), "paragraph", page=number)


def _in_order(shapes: Any, depth: int = 0) -> Iterator[Any]:
    """A slide's shapes as they are read: from the top, from the left; groups opened up."""

    def place(shape: Any) -> tuple[int, int]:
        return (shape.top or 0, shape.left or 0)

    for shape in sorted(shapes, key=place):
        if hasattr(shape, "shapes") and depth < _DEEPEST:
            yield from _in_order(shape.shapes, depth + 1)
        else:
            yield shape


def _read_frame(shape: Any, number: int, reader: _Words, builder: TextBuilder) -> None:
    """A text frame: where its paragraphs stand on several levels, they are a list."""
    paragraphs = [p for p in shape.text_frame.paragraphs if p.text.strip()]
    listed = shape.is_placeholder and len(paragraphs) > 1
    for paragraph in paragraphs:
        words = reader.of(paragraph)
        if listed or paragraph.level:
            builder.add(words, "item", paragraph.level + 1, page=number)
        else:
            builder.add(words, "paragraph", page=number)
    builder.write("\n")


def _read_table(table: Any, number: int, reader: _Words, builder: TextBuilder) -> None:
    rows: list[tuple[int, list[Words]]] = []
    for n, row in enumerate(table.rows, start=1):
        cells: list[Words] = []
        for column, cell in enumerate(row.cells):
            origin = cell
            if cell.is_spanned:
                # A cell merged down says its words in each row; one merged across, once.
                above = rows[-1][1][column] if rows else ""
                cells.append(copied(above) if cell._tc.vMerge and not cell._tc.hMerge else "")
                continue
            cells.append(reader.joined(origin.text_frame))
        rows.append((n, cells))
    builder.add_table(rows, page=number)
    builder.write("\n")


class _Words:
    """The words of a slide's paragraphs. ``why``: the whole slide is left out; ``white``: white
    letters are not seen on it."""

    def __init__(self, why: Why | None, *, white: bool) -> None:
        self._why = why
        self._white = white

    def joined(self, frame: Any) -> Rich:
        """A frame's paragraphs, a line each."""
        words = Rich()
        for paragraph in frame.paragraphs:
            line = self.of(paragraph)
            if line.text.strip():
                words.write("\n" if words.text else "")
                words.add(line)
        return words

    def of(self, paragraph: Any) -> Rich:
        """A paragraph's words, runs that are not seen marked as left out."""
        words = Rich()
        for part in paragraph._p:
            tag = str(part.tag).rpartition("}")[2]
            if tag == "br":
                words.write("\n", self._why)
            elif tag in ("r", "fld"):
                properties = part.find("{*}rPr")
                text = part.find("{*}t")
                said = (text.text or "") if text is not None else ""
                raised = _percent(properties.get("baseline", "0")) if properties is not None else 0
                if raised:
                    said = shift(said, raised=raised > 0, before=words.text[-20:])
                words.write(said, self._why or self._gone(properties))
                words.targets += _addresses(paragraph, properties)
        return words

    def _gone(self, properties: Any) -> Why | None:
        if properties is not None and properties.get("strike", "noStrike") != "noStrike":
            return "struck out"
        return "invisible" if self._white and is_white_run(properties) else None


def _percent(baseline: str) -> float:
    """How far letters are raised (a power) or lowered (an index): "30000" or "30%"."""
    try:
        return float(baseline.rstrip("%"))
    except ValueError:
        return 0.0


def _addresses(paragraph: Any, properties: Any) -> list[str]:
    """Where a run's link leads: out of the deck, or to a slide of it."""
    link = properties.find("{*}hlinkClick") if properties is not None else None
    if link is None:
        return []
    named = next((value for key, value in link.attrib.items() if key.endswith("}id")), "")
    relations = paragraph.part.rels
    to = str(relations[named].target_ref) if named in relations else ""
    return [to or link.get("action", "") or "an action of this deck"]
