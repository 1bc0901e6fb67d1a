"""XLSX to text and blocks: a row block a row, dates in ISO form."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from pipeline.extract.archive import Unreadable, open_archive
from pipeline.extract.builder import TextBuilder

_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_NOBODY = ("openpyxl", "xlsxwriter", "")


def read_workbook(data: bytes) -> tuple[TextBuilder, dict[str, str]]:
    """Every sheet's rows with blocks, and the book's properties ("author", "created").

    A formula shows its stored result; one that was never calculated shows itself ("=A1*2").

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    import openpyxl

    with open_archive(data) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/")]
        try:
            has_formulas = any(_has_formula(archive.open(name)) for name in sheets)
        except Exception as error:
            raise Unreadable(f"damaged ({error})") from error
    builder = TextBuilder()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown extensions are no news to a reader
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
            formulas = (
                openpyxl.load_workbook(BytesIO(data), read_only=True) if has_formulas else None
            )
            for sheet in book.worksheets:
                other = formulas[sheet.title] if formulas is not None else None
                add_sheet(builder, sheet.title, _rows(sheet, other))
            properties = _properties(book.properties)
            book.close()
    except Unreadable:
        raise
    except Exception as error:  # openpyxl lets KeyError, ValueError, BadZipFile … through
        raise Unreadable(
            f"not a workbook that can be read ({type(error).__name__}: {error})"
        ) from error
    return builder, properties


def _has_formula(stream: Any) -> bool:
    tail = b""
    while chunk := stream.read(1 << 20):
        if _FORMULA.search(tail + chunk):
            return True
        tail = chunk[-16:]
    return False


def _rows(sheet: Any, formulas: Any) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells; the stated dimensions are not trusted."""
    sheet.reset_dimensions()
    if formulas is None:
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [cell_text(value) for value in row]
        return
    formulas.reset_dimensions()
    both = zip(
        sheet.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=False
    )
    for number, (row, raw) in enumerate(both, start=1):
        yield number, [cell_text(v if v is not None else f) for v, f in zip(row, raw, strict=False)]


def add_sheet(builder: TextBuilder, name: str, rows: Iterator[tuple[int, list[str]]]) -> None:
    """One heading a sheet keeps the sheets' tables apart."""
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if filled:
        builder.add(name, "heading", 1)
        builder.add_table(filled, sheet=name)
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
