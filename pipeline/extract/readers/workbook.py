"""XLSX to text and blocks: a row block a row, cells as the sheet shows them, dates in ISO form."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from pipeline.extract.readers.archive import Unreadable, open_archive, told_beside
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.far_cells import bring_together
from pipeline.extract.readers.leftout import Rich, Why, Words, copied, plain_words
from pipeline.extract.readers.number_formats import show_number
from pipeline.extract.readers.reading import Reading, built, join_problems
from pipeline.extract.readers.regions import split_tables
from pipeline.extract.readers.workbook_parts import (
    SheetParts,
    has_struck_words,
    read_comments,
    read_parts,
)

_NOBODY = ("openpyxl", "xlsxwriter", "")
#: So many cells are named where formulas have no values.
_NAMED = 5


def read_xlsx(data: bytes, encoding: str | None) -> Reading:
    """A workbook, cells that stand far apart brought together."""
    data, remark = bring_together(data)
    reading = built(*_read_workbook(data))
    return replace(reading, problem=join_problems(remark, reading.problem))


def _read_workbook(data: bytes) -> tuple[TextBuilder, dict[str, str]]:
    """Every sheet's rows with blocks, and the book's properties ("author", "created").

    A formula shows its stored result. One that was never calculated is kept as it is written
    ("=A1*2"), is in no story, and is said. Hidden sheets, rows and columns, struck cells and
    comments are kept and left out; a merged cell's value stands in each row that it covers.

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    import openpyxl

    builder = TextBuilder()
    with open_archive(data) as archive:
        try:
            rich = has_struck_words(archive)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # unknown extensions are no news to a reader
                book = openpyxl.load_workbook(
                    BytesIO(data), read_only=True, data_only=True, rich_text=rich
                )
                reader = _Reader(book, archive, builder)
                reader.read(data)
                properties = told_beside(lambda: _properties(book.properties), builder.remarks)
                book.close()
            for place, words in read_comments(archive):
                builder.add(Rich(f"{place}: {words}", "comment"), "paragraph")
        except Unreadable:
            raise
        except Exception as error:  # openpyxl lets KeyError, ValueError, BadZipFile … through
            raise Unreadable(
                f"not a workbook that can be read ({type(error).__name__}: {error})"
            ) from error
    return builder, properties


class _Reader:
    def __init__(self, book: Any, archive: zipfile.ZipFile, builder: TextBuilder) -> None:
        self.book = book
        self.archive = archive
        self.builder = builder
        self.uncomputed: list[str] = []
        fonts = [bool(font.strike) for font in book._fonts]
        #: The styles whose cells are struck out, by their number.
        self.struck = {
            n for n, style in enumerate(book._cell_styles) if any(fonts) and fonts[style.fontId]
        }
        self.formats: dict[int, str] = {}

    def read(self, data: bytes) -> None:
        import openpyxl

        parts = {
            sheet.title: read_parts(self.archive, sheet._worksheet_path)
            for sheet in self.book.worksheets
        }
        if any(each.struck_words for each in parts.values()):
            # Words written inside the sheet are read run by run only when all of it is read.
            self.book = openpyxl.load_workbook(BytesIO(data), data_only=True, rich_text=True)
        formulas = None
        if any(each.formulas for each in parts.values()):
            formulas = openpyxl.load_workbook(BytesIO(data), read_only=True)
        hidden = []
        for sheet in self.book.worksheets:
            why: Why | None = None if sheet.sheet_state == "visible" else "hidden"
            if why:
                hidden.append(sheet.title)
            other = formulas[sheet.title] if formulas is not None else None
            self._note_hidden(sheet.title, parts[sheet.title])
            add_sheet(self.builder, sheet.title, self._rows(sheet, other, parts[sheet.title], why))
        if hidden:
            self.builder.remarks.append(f"hidden sheets: {', '.join(hidden)}")
        if self.uncomputed:
            named = ", ".join(self.uncomputed[:_NAMED])
            more = f" and {len(self.uncomputed) - _NAMED} more" * (len(self.uncomputed) > _NAMED)
            self.builder.remarks.append(
                f"formulas that were never calculated: {named}{more}; open and save the workbook"
            )

    def _note_hidden(self, title: str, parts: SheetParts) -> None:
        counts = [
            f"{n} hidden {what}{'s' * (n != 1)}"
            for n, what in (
                (len(parts.hidden_rows), "row"),
                (sum(last - first + 1 for first, last in parts.hidden_columns), "column"),
            )
            if n
        ]
        if counts:
            self.builder.remarks.append(f"sheet {title}: {' and '.join(counts)}")

    def _rows(
        self, sheet: Any, formulas: Any, parts: SheetParts, hidden: Why | None
    ) -> Iterator[tuple[int, list[Words]]]:
        """Row number and cells; the stated dimensions are not trusted."""
        if hasattr(sheet, "reset_dimensions"):
            sheet.reset_dimensions()
        computed: Iterable[Any] = iter(())
        if formulas is not None:
            formulas.reset_dimensions()
            computed = formulas.iter_rows(values_only=True)
        sources = iter(computed)
        starts = set(parts.merged.values())
        held: dict[tuple[int, int], Words] = {}
        for number, row in enumerate(sheet.iter_rows(), start=1):
            raw = next(sources, ())
            why = hidden or ("hidden" if number in parts.hidden_rows else None)
            cells: list[Words] = []
            for column, cell in enumerate(row, start=1):
                place = (number, column)
                value = cell.value
                if place in parts.merged:
                    cells.append(copied(held.get(parts.merged[place], "")))
                    continue
                formula = raw[column - 1] if column <= len(raw) else None
                formula = getattr(formula, "text", formula)
                if value is None and isinstance(formula, str) and formula.startswith("="):
                    self.uncomputed.append(f"{sheet.title}!{cell.coordinate}")
                    cells.append(Rich(formula, why or "formula"))
                    continue
                here = why
                if parts.hidden_columns and parts.hides_column(column):
                    here = here or "hidden"
                words = self._words(cell, value, here)
                if place in starts:
                    held[place] = words
                cells.append(words)
            yield number, cells

    def _words(self, cell: Any, value: Any, why: Why | None) -> Words:
        if value is None:
            return ""
        style = getattr(cell, "_style_id", None)
        style = getattr(cell, "style_id", 0) if style is None else style
        if why is None and style in self.struck:
            why = "struck out"
        if isinstance(value, list):  # runs of a cell, some of them perhaps struck out
            rich = Rich()
            for run in value:
                font = getattr(run, "font", None)
                gone: Why | None = "struck out" if font is not None and font.strike else None
                rich.write(str(getattr(run, "text", run)), why or gone)
            return rich
        text = None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and style:
            if style not in self.formats:
                self.formats[style] = str(cell.number_format)
            shape = self.formats[style]
            text = None if shape in ("General", "@") else show_number(value, shape)
        text = cell_text(value) if text is None else text
        return Rich(text, why) if why else text


def add_sheet(builder: TextBuilder, name: str, rows: Iterable[tuple[int, list[Words]]]) -> None:
    """One heading a sheet keeps the sheets' tables apart, and a blank line those of one sheet."""
    filled = [
        (number, cells)
        for number, cells in rows
        if any(plain_words(cell).strip() for cell in cells)
    ]
    if filled:
        builder.add(name, "heading", 1)
        for table in split_tables(filled):
            builder.add_table(table, sheet=name)
            builder.write("\n")


def cell_text(value: object) -> str:
    """A cell's value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return (
            value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
        )
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _properties(core: Any) -> dict[str, str]:
    values = {}
    author = (core.creator or "").strip()
    if author not in _NOBODY:
        values["author"] = author
        if core.created:
            values["created"] = core.created.date().isoformat()
    return values
