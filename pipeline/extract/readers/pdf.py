"""PDF to text and blocks, page by page. pdfium is not thread-safe: one document at a time."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.pdf_bare import names_of, tells_much
from pipeline.extract.readers.pdf_layout import (
    Flow,
    Line,
    Region,
    Table,
    continue_table,
    group_lines,
    lay_out,
    may_hold_table,
    names_columns,
)
from pipeline.extract.readers.pdf_notes import (
    Notes,
    add_notes,
    linked,
    read_notes,
    strike,
    targets_of,
)
from pipeline.extract.readers.pdf_running import split_footnotes, split_line_numbers, split_running
from pipeline.extract.readers.pdf_text import ends_open, join_lines, opens_anew, split_paragraphs
from pipeline.extract.readers.pdf_words import Word, read_rules, read_words
from pipeline.extract.readers.reading import Reading, built

_LOCK = threading.Lock()
#: A heading's letters are at least this much larger than the text's.
_LARGER = 1.12
Rules = Sequence[tuple[float, float, float]]


def read_pdf(data: bytes, encoding: str | None) -> Reading:
    """Text with blocks, and properties.

    Raises:
        Unreadable: encrypted, damaged, or no text layer at all (a scan or a drawing).
    """
    import pypdfium2

    with _LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            reason = str(error)
            if "password" in reason.lower():
                raise Unreadable("it is encrypted; save it without a password") from error
            raise Unreadable(f"damaged or cut off ({reason.strip('. ')})") from error
        try:
            return built(_Reader(pdf).read(), _properties(pdf))
        finally:
            pdf.close()


@dataclass
class _Page:
    """What was read of a page: its words, and those that are not part of its text."""

    number: int
    words: list[Word] = field(default_factory=list)
    rules: Rules = ()
    lines: list[Line] = field(default_factory=list)
    aside: list[Rich] = field(default_factory=list)
    footnotes: list[Line] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


class _Reader:
    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.builder = TextBuilder()
        self.pages: list[_Page] = []
        self.levels: dict[float, int] = {}
        #: A paragraph that its page broke off: its page and text.
        self.open: tuple[int, str] | None = None
        #: The columns of the table that ended the last page, and their names.
        self.table: tuple[Table, list[str]] | None = None
        self.unsure: list[int] = []
        #: Pages with a table of sentences whose columns nothing names.
        self.unnamed: list[int] = []

    def read(self) -> TextBuilder:
        failed = self._read_words()
        if not any(page.words or page.notes for page in self.pages):
            what = (
                "damaged pages"
                if failed
                else "no text layer: a scan or drawing; run OCR on it first"
            )
            raise Unreadable(what)
        self._set_aside()
        usual = self._measure()
        for page in self.pages:
            self._add_page(page, usual)
            if page.notes:
                self._close()
                add_notes(self.builder, page.number, page.notes)
        self._close()
        for page in self.pages:
            self._add_aside(page)
        links = {p.number: (p.words, linked(p.words, p.notes.links)) for p in self.pages}
        self.builder.targets += targets_of(self.builder.text, self.builder.blocks, links)
        self._remark(failed)
        return self.builder

    def _read_words(self) -> list[int]:
        """Every page's words; the numbers of those that are damaged."""
        from pypdfium2 import PdfiumError

        failed = []
        if self.pdf.get_formtype():
            self.pdf.init_forms()
        for index in range(len(self.pdf)):
            page = _Page(index + 1)
            self.pages.append(page)
            try:
                loaded = self.pdf[index]
                try:
                    page.notes = read_notes(self.pdf, loaded)
                    page.words = strike(read_words(loaded), page.notes.struck)
                    if may_hold_table(page.words):
                        page.rules = read_rules(loaded)
                finally:
                    loaded.close()
            except PdfiumError:
                failed.append(index + 1)
        return failed

    def _set_aside(self) -> None:
        """Take from the pages what is not text of theirs: unseen and turned words, running heads
        and feet, numbers of lines."""
        for page in self.pages:
            for why in sorted({word.why for word in page.words if word.why}):
                gone = group_lines([word for word in page.words if word.why == why])
                page.aside += [Rich(line.text, why) for line in gone]
            turned = [word for word in page.words if word.turned and not word.why]
            page.aside += [Rich(line.text) for line in group_lines(turned)]
            page.lines = group_lines(
                [word for word in page.words if not word.why and not word.turned]
            )
        own, running = split_running([page.lines for page in self.pages])
        for page, lines, heads in zip(self.pages, own, running, strict=True):
            page.lines, numbers = split_line_numbers(lines)
            page.aside += [Rich(line.text) for line in heads]
            if numbers:
                page.aside.append(Rich(" ".join(word.text for word in numbers)))

    def _measure(self) -> float:
        """The size of the text's letters; larger ones make headings."""
        sizes: Counter[float] = Counter()
        for page in self.pages:
            for line in page.lines:
                sizes[line.size] += len(line.text)
        usual = sizes.most_common(1)[0][0] if sizes else 0.0
        larger = sorted((size for size in sizes if size >= usual * _LARGER), reverse=True)
        self.levels = {size: min(rank, 6) for rank, size in enumerate(larger, start=1)}
        return usual

    def _add_page(self, page: _Page, usual: float) -> None:
        lines, page.footnotes = split_footnotes(page.lines, usual)
        regions: list[Region] = []
        if self.table is not None and self.open is None:
            going_on = continue_table(lines, self.table[0].edges, page.rules)
            if going_on is not None and not names_columns(lines[0]):
                regions.append(going_on[0])
                lines = lines[going_on[1] :]
        words = [word for line in lines for word in line.words]
        regions += lay_out(words, page.rules)
        for position, region in enumerate(regions):
            if isinstance(region, Table):
                self._close()
                self._add_table(page.number, region)
            elif region.unsure:
                self._close()
                self.unsure.append(page.number)
                self.builder.add(
                    "\n".join(line.text for line in region.lines), "meta", page=page.number
                )
            else:
                self._add_flow(page.number, region, last=position == len(regions) - 1)
        if regions and not isinstance(regions[-1], Table):
            self.table = None

    def _add_table(self, number: int, table: Table) -> None:
        rows = [
            (n, [join_lines([line.text for line in cell]) for cell in row])
            for n, row in enumerate(table.rows, start=1)
        ]
        if table.headed:
            self.table = (table, list(rows[0][1]))
            self.builder.add_table(rows, page=number)
        else:
            if table.bare:
                names = names_of([cells for _, cells in rows])
                self.table = (table, names)
                if not {"Story", "As a"} & set(names) and tells_much(cells for _, cells in rows):
                    self.unnamed.append(number)
            names = self.table[1] if self.table else []
            self.builder.add_table(rows, page=number, names=names)
        self.builder.write("\n")

    def _add_flow(self, number: int, flow: Flow, *, last: bool) -> None:
        """A region's paragraphs; one that a page or column broke off goes on in the next."""
        paragraphs = list(split_paragraphs(flow.lines, self.levels))
        for position, (level, text) in enumerate(paragraphs):
            if self.open is not None:
                began, before = self.open
                self.open = None
                if position == 0 and not level and not opens_anew(text):
                    text, number_of = join_lines([before, text]), began
                else:
                    self._add_paragraph(began, 0, before)
                    number_of = number
            else:
                number_of = number
            if position == len(paragraphs) - 1 and not level and ends_open(text):
                self.open = (number_of, text)
            else:
                self._add_paragraph(number_of, level, text)

    def _close(self) -> None:
        if self.open is not None:
            number, text = self.open
            self.open = None
            self._add_paragraph(number, 0, text)

    def _add_paragraph(self, number: int, level: int, text: str) -> None:
        if level:
            self.builder.add(text, "heading", level, page=number)
            return
        blocks = [
            replace(block, kind="paragraph", level=0) if block.kind == "heading" else block
            for block in read_blocks(text, "text")
        ]
        self.builder.place(text + "\n\n", blocks, page=number)

    def _add_aside(self, page: _Page) -> None:
        """After the text: footnotes, then what runs along the pages and what is not seen."""
        for _, text in split_paragraphs(page.footnotes, {}):
            self.builder.add(text, "paragraph", page=page.number)
        for words in page.aside:
            self.builder.add(words, "meta", page=page.number)

    def _remark(self, failed: Sequence[int]) -> None:
        say = self.builder.remarks.append
        if failed:
            say(f"damaged pages: {_listed(failed)}")
        empty = [p.number for p in self.pages if not p.words and p.number not in failed]
        if empty and len(empty) * 2 > len(self.pages):
            say(f"no text on pages {_listed(empty)}")
        if ocr := [p.number for p in self.pages if any(word.ocr for word in p.words)]:
            say(f"text that OCR laid over pictures on pages {_listed(ocr)}: check its spelling")
        if filled := [p.number for p in self.pages if p.notes.fields]:
            say(f"form fields on pages {_listed(filled)}: read below the text of their page")
        if boxed := [p.number for p in self.pages if p.notes.boxes]:
            say(f"text boxes laid over pages {_listed(boxed)}: read below the text of their page")
        if more := [p.number for p in self.pages if p.notes.more]:
            say(f"too many annotations on pages {_listed(more)}: not all of them were read")
        if self.unnamed:
            say(
                "tables whose columns nothing names, so that what they hold cannot be known, on "
                f"pages {_listed(sorted(set(self.unnamed)))}: no story was looked for in several "
                "of their cells together"
            )
        if self.unsure:
            say(
                "texts stand side by side with no lane between them, so that the order of their "
                f"lines cannot be known, on pages {_listed(sorted(set(self.unsure)))}: "
                "left out of the stories; copy them out of the page in the right order"
            )


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:12]))
    return f"{shown} and {len(numbers) - 12} more" if len(numbers) > 12 else shown


def _properties(pdf: Any) -> dict[str, str]:
    meta = pdf.get_metadata_dict()
    values = {}
    author = (meta.get("Author") or "").strip()
    if author and author.lower() not in ("anonymous", "(anonymous)", "unspecified"):
        values["author"] = author
    made = re.match(r"D:(\d{4})(\d{2})(\d{2})", meta.get("CreationDate") or "")
    if made and author:
        values["created"] = "-".join(made.groups())
    return values
