"""Workbooks: merged, hidden, struck and computed cells, several tables in a sheet."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from tests.extract.documents.cases import Case, Told

_HEAD = ("ID", "As a", "I want to", "So that", "Acceptance criteria")
_ROWS = (
    ("B-1", "librarian", "lend a map", "hikers find home", "for 14 days"),
    ("B-2", "librarian", "recall a map", "others can have it", "by mail"),
    ("B-3", "reader", "reserve a seat", "I can work", ""),
)
FIRST = Told("librarian", "lend a map", "hikers find home", ("for 14 days",), "B-1")
SECOND = Told("librarian", "recall a map", "others can have it", ("by mail",), "B-2")
THIRD = Told("reader", "reserve a seat", "I can work", (), "B-3")


def book(
    change: Callable[[Any, Any], None], rows: tuple[tuple[Any, ...], ...] = (_HEAD, *_ROWS)
) -> Callable[[], bytes]:
    """A workbook with the rows on a sheet "Backlog", then changed: (book, sheet)."""

    def make() -> bytes:
        import openpyxl

        made = openpyxl.Workbook()
        sheet = made.active
        assert sheet is not None
        sheet.title = "Backlog"
        for row in rows:
            sheet.append(row)
        change(made, sheet)
        target = io.BytesIO()
        made.save(target)
        return target.getvalue()

    return make


def merge_roles(made: Any, sheet: Any) -> None:
    sheet.merge_cells("B2:B3")


def merge_story(made: Any, sheet: Any) -> None:
    """A story merged over two rows, each with a criterion of its own."""
    for column in "ABCD":
        sheet[f"{column}3"] = None
        sheet.merge_cells(f"{column}2:{column}3")


def name_twice(made: Any, sheet: Any) -> None:
    """A name over the three columns of a story, and their own below it."""
    sheet.insert_rows(1)
    sheet["B1"] = "User story"
    sheet.merge_cells("B1:D1")


def title_across(made: Any, sheet: Any) -> None:
    sheet.insert_rows(1)
    sheet["A1"] = "Wishes of the library"
    sheet.merge_cells("A1:E1")


def hide_row(made: Any, sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def hide_column(made: Any, sheet: Any) -> None:
    sheet.column_dimensions["E"].hidden = True


def hide_sheets(made: Any, sheet: Any) -> None:
    for name, state in (("Old", "hidden"), ("Older", "veryHidden")):
        other = made.create_sheet(name)
        other.sheet_state = state
        other.append(_HEAD)
        other.append(("B-9", "ghost", "burn books", "nobody reads", ""))


def strike_cell(made: Any, sheet: Any) -> None:
    from openpyxl.styles import Font

    for cell in sheet[3]:
        cell.font = Font(strike=True)
    sheet["E2"].font = Font(strike=True)


def strike_words(made: Any, sheet: Any) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    sheet["C2"] = CellRichText("lend ", TextBlock(InlineFont(strike=True), "a book "), "a map")


def compute(made: Any, sheet: Any) -> None:
    sheet["E2"] = '=CONCATENATE("for ",14," days")'


def show(made: Any, sheet: Any) -> None:
    for place, value, shown in (
        ("E2", 0.15, "0%"),
        ("E3", 0.125, "0.0 %"),
        ("E4", 1234.5, '#,##0.00 "€"'),
    ):
        sheet[place] = value
        sheet[place].number_format = shown


def comment(made: Any, sheet: Any) -> None:
    from openpyxl.comments import Comment

    sheet["C2"].comment = Comment("As a lawyer, I want to veto maps.", "Ann")


def second_below(made: Any, sheet: Any) -> None:
    sheet.append(())
    sheet.append(("So that", "I want to", "As a", "ID"))
    sheet.append(("it is quiet", "ban phones", "reader", "B-4"))


def second_beside(made: Any, sheet: Any) -> None:
    for row, cells in enumerate(
        (
            ("Key", "As a", "I want to"),
            ("C-1", "child", "colour maps"),
            ("C-2", "parent", "sit down"),
        ),
        start=1,
    ):
        for column, cell in enumerate(cells, start=7):
            sheet.cell(row, column, cell)


CASES = (
    Case("xlsx-merged-down.xlsx", book(merge_roles), (FIRST, SECOND, THIRD)),
    Case(
        "xlsx-goes-on.xlsx",
        book(merge_story),
        (FIRST._replace(criteria=("for 14 days", "by mail")), THIRD),
    ),
    Case("xlsx-named-twice.xlsx", book(name_twice), (FIRST, SECOND, THIRD)),
    Case("xlsx-title.xlsx", book(title_across), (FIRST, SECOND, THIRD), place="row 5"),
    Case(
        "xlsx-hidden-row.xlsx",
        book(hide_row),
        (FIRST, THIRD),
        said=("hidden", "row"),
        kept=("recall a map",),
    ),
    Case(
        "xlsx-hidden-column.xlsx",
        book(hide_column),
        tuple(told._replace(criteria=()) for told in (FIRST, SECOND, THIRD)),
        said=("hidden", "column"),
        kept=("for 14 days",),
    ),
    Case(
        "xlsx-hidden-sheets.xlsx",
        book(hide_sheets),
        (FIRST, SECOND, THIRD),
        said=("hidden", "Old", "Older"),
        kept=("burn books",),
    ),
    Case(
        "xlsx-struck.xlsx",
        book(strike_cell),
        (FIRST._replace(criteria=()), THIRD),
        said=("struck",),
        kept=("recall a map", "for 14 days"),
    ),
    Case(
        "xlsx-struck-words.xlsx",
        book(strike_words),
        (FIRST, SECOND, THIRD),
        said=("struck",),
        kept=("a book",),
    ),
    Case(
        "xlsx-formula.xlsx",
        book(compute),
        (FIRST._replace(criteria=()), SECOND, THIRD),
        said=("formula", "E2"),
        kept=("CONCATENATE",),
    ),
    Case(
        "xlsx-shown.xlsx",
        book(show),
        (
            FIRST._replace(criteria=("15%",)),
            SECOND._replace(criteria=("12.5 %",)),
            THIRD._replace(criteria=("1,234.50 €",)),
        ),
    ),
    Case(
        "xlsx-comment.xlsx",
        book(comment),
        (FIRST, SECOND, THIRD),
        said=("comment",),
        kept=("lawyer",),
    ),
    Case(
        "xlsx-two-below.xlsx",
        book(second_below),
        (FIRST, SECOND, THIRD, Told("reader", "ban phones", "it is quiet", key="B-4")),
        place="row 7",
    ),
    Case(
        "xlsx-two-beside.xlsx",
        book(second_beside),
        (
            FIRST,
            SECOND,
            THIRD,
            Told("child", "colour maps", key="C-1"),
            Told("parent", "sit down", key="C-2"),
        ),
    ),
)
