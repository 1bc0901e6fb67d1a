"""What a PDF page holds beside its text: fields that were filled in, notes, struck words."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich
from pipeline.extract.readers.pdf_words import Box, Word
from pipeline.stories import Block, Target

#: Kinds of annotations, as the PDF specification numbers them in pdfium's interface.
_LINK, _FREE_TEXT, _STRIKE_OUT, _POPUP, _WIDGET = 2, 3, 12, 16, 20
#: Fields that hold text: a text field, a combo box, a list box.
_TEXT_FIELDS = (4, 5, 6)
_TICKED = (2, 3)
#: Tried where signs or digits begin, not at each of them.
_NUMBER = re.compile(r"(?:(?<![\s_.\[\]-])[\s_.\[\]-]++|(?<![\s_.\[\]\d-]))(\d*+)[\s_.\[\]-]*+$")
#: So many annotations of a page are looked at.
_MOST = 2000


@dataclass(slots=True)
class Notes:
    """Of one page: fields as (name, value), text boxes, remarks of readers, what is struck."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    struck: list[Box] = field(default_factory=list)
    #: Where each link lies, and where it leads.
    links: list[tuple[Box, str]] = field(default_factory=list)
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.fields or self.boxes or self.remarks)


def read_notes(pdf: Any, page: Any) -> Notes:
    """A page's annotations. The document's forms have to be initialised before the page is loaded
    where their fields are to be read."""
    import pypdfium2.raw as raw

    notes = Notes()
    form = pdf.formenv
    count = raw.FPDFPage_GetAnnotCount(page)
    notes.more = max(0, count - _MOST)
    for index in range(min(count, _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) == _LINK:
                _read_link(raw, pdf, annotation, notes)
            else:
                _read(raw, form, annotation, notes)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return notes


def _read(raw: Any, form: Any, annotation: Any, notes: Notes) -> None:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN):
        return
    if kind == _WIDGET:
        if form is not None:
            _read_field(raw, form, annotation, notes)
        return
    if kind == _POPUP:
        return
    if kind == _STRIKE_OUT:
        notes.struck += _quads(raw, annotation)
    words = _string(raw.FPDFAnnot_GetStringValue, annotation, b"Contents").strip()
    if words:
        (notes.boxes if kind == _FREE_TEXT else notes.remarks).append(words)


def _read_field(raw: Any, form: Any, annotation: Any, notes: Notes) -> None:
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    name = _string(raw.FPDFAnnot_GetFormFieldName, form, annotation).strip()
    if kind in _TICKED:
        if raw.FPDFAnnot_IsChecked(form, annotation):
            notes.fields.append((name, "[x]"))
    elif kind in _TEXT_FIELDS:
        value = _string(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
        if value.strip():
            notes.fields.append((name, value.replace("\r\n", "\n").replace("\r", "\n").strip()))


def _read_link(raw: Any, pdf: Any, annotation: Any, notes: Notes) -> None:
    link = raw.FPDFAnnot_GetLink(annotation)
    address = _address(raw, pdf, link) if link else ""
    boxes = list(_quads(raw, annotation))
    area = raw.FS_RECTF()
    if not boxes and raw.FPDFAnnot_GetRect(annotation, ctypes.byref(area)):
        boxes = [(area.left, min(area.bottom, area.top), area.right, max(area.bottom, area.top))]
    # One of which the action is not understood may lead anywhere, and is told from all others.
    notes.links += [(box, address or "an action of this page") for box in boxes]


def _address(raw: Any, pdf: Any, link: Any) -> str:
    """An address, a file's path or "page 3"; "" where a link's action is none of these."""
    action = raw.FPDFLink_GetAction(link)
    kind = raw.FPDFAction_GetType(action) if action else 0
    if kind == raw.PDFACTION_URI:
        return _bytes(raw.FPDFAction_GetURIPath, pdf, action)
    if kind in (raw.PDFACTION_REMOTEGOTO, raw.PDFACTION_LAUNCH):
        return _bytes(raw.FPDFAction_GetFilePath, action)
    place = raw.FPDFLink_GetDest(pdf, link)
    page = raw.FPDFDest_GetDestPageIndex(pdf, place) if place else -1
    return f"page {page + 1}" if page >= 0 else ""


def _bytes(get: Any, *arguments: Any) -> str:
    """A path of pdfium's interface, in bytes: asked for its length first."""
    length = get(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(max(length, 1))
    get(*arguments, buffer, length)
    return buffer.raw[: max(length - 1, 0)].decode("utf-8", errors="replace")


def _string(get: Any, *arguments: Any) -> str:
    """A string of pdfium's interface: asked for its length first."""
    length = get(*arguments, None, 0)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    get(*arguments, buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", errors="replace")


def _quads(raw: Any, annotation: Any) -> Iterator[Box]:
    points = raw.FS_QUADPOINTSF()
    for index in range(raw.FPDFAnnot_CountAttachmentPoints(annotation)):
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, index, ctypes.byref(points)):
            across = (points.x1, points.x2, points.x3, points.x4)
            up = (points.y1, points.y2, points.y3, points.y4)
            yield min(across), min(up), max(across), max(up)


def strike(words: Sequence[Word], boxes: Sequence[Box]) -> list[Word]:
    """The words, those under a mark that strikes them out said to be so."""
    if not boxes:
        return list(words)
    return [
        replace(w, why="struck out") if w.why is None and _is_in(w, boxes) else w for w in words
    ]


def _is_in(word: Word, boxes: Sequence[Box]) -> bool:
    x, y = (word.left + word.right) / 2, word.base + word.size / 4
    return any(left <= x <= right and low <= y <= high for left, low, right, high in boxes)


@dataclass(slots=True)
class Linked:
    """The words ``first`` to ``last`` of a page, and where their link leads."""

    first: int
    last: int
    address: str


def linked(words: Sequence[Word], links: Sequence[tuple[Box, str]]) -> list[Linked]:
    """A page's links in order. What goes on on the next line is one link; one that lies over no
    word is a picture's."""
    told: list[Linked] = []
    for box, address in links:
        under = [n for n, word in enumerate(words) if _is_in(word, [box])]
        if not under:
            continue
        if told and address == told[-1].address and under[0] == told[-1].last + 1:
            told[-1].last = under[-1]
        else:
            told.append(Linked(under[0], under[-1], address))
    return told


def targets_of(
    text: str, blocks: Sequence[Block], pages: Mapping[int, tuple[Sequence[Word], Sequence[Linked]]]
) -> list[Target]:
    """Where the links of each page lead, of the blocks that hold their words. A page's layout tells
    no character of the text, so a link is one of every block there that says the same: with the
    words around it, else alone, else but for what a line's end broke."""
    found = []
    for number, (words, links) in pages.items():
        # A paragraph that a page broke off goes on on the next, under the number of the first.
        above = [b for b in blocks if (b.locator.page or 0) < number][-1:]
        near = above + [b for b in blocks if b.locator.page == number] if links else []
        for link in links:
            around = _said(words, link.first - 2, link.last + 2)
            said = _said(words, link.first, link.last).strip(" .,;:!?()")
            holding = [b for b in near if _whole(around).search(text, b.start, b.end)]
            holding = holding or [b for b in near if _whole(said).search(text, b.start, b.end)]
            holding = holding or [b for b in near if _bare(said) in _bare(text[b.start : b.end])]
            # By its words, too: a block may hold several, and the place of each is not known.
            found += [Target(b.start, b.end, f"{said} → {link.address}") for b in holding]
    return found


def _said(words: Sequence[Word], first: int, last: int) -> str:
    return " ".join(word.text for word in words[max(first, 0) : last + 1])


def _whole(said: str) -> re.Pattern[str]:
    apart = r"\s+".join(map(re.escape, said.split()))
    return re.compile(rf"(?<!\w){apart}(?!\w)")


def _bare(words: str) -> str:
    """Words as they are found again where a line's end broke one."""
    return "".join(sign for sign in words if sign.isalnum()) or words


def add_notes(builder: TextBuilder, number: int, notes: Notes) -> None:
    """A page's fields as records (those that end with one number together), its text boxes as
    paragraphs, its remarks, which are left out of the stories."""
    records: dict[str, list[tuple[str, str]]] = {}
    for name, value in notes.fields:
        end = _NUMBER.search(name)
        bare = name[: end.start()] if end and name[: end.start()] else name
        records.setdefault(end[1] if end else "", []).append((bare, value))
    for row, cells in enumerate(records.values(), start=1):
        builder.add_record(row, cells, page=number)
    for words in notes.boxes:
        builder.add(words, "paragraph", page=number)
        builder.write("\n")
    for words in notes.remarks:
        builder.add(Rich(words, "comment"), "paragraph", page=number)
