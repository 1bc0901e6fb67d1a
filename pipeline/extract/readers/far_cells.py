"""Workbooks whose cells lie far apart, brought together before they are read.

A reader of sheets fills every row up to its last cell and every sheet up to its last row: one cell
in column XFD of each row makes 16,384 cells a row out of one, and a file of 10 KB takes gigabytes.
What is read here is bounded by the cells that hold something.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from pipeline.extract.readers.archive import Unreadable, open_archive

#: Places that a sheet may have for each cell in it, and so many that it does not matter.
_PLACES, _NO_MATTER = 40, 1_000_000
#: Rows between two others that are empty, likewise.
_EMPTY_ROWS = 100_000
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_ROW = re.compile(rb"<((?:\w+:)?row)\b([^<>]*)>")
_CELL = re.compile(rb"<((?:\w+:)?c)\b([^<>]*)>")
_PLACE = re.compile(rb"""\br\s*=\s*["']\$?([A-Za-z]{1,7})\$?(\d{1,10})["']""")
_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d{1,10})["']""")
_TAG = re.compile(rb"<((?:\w+:)?(?:row|c))\b([^<>]*)>")
_AREA = re.compile(rb"""<(?:\w+:)?(?:mergeCell|dimension)\b[^<>]*/>""")


def bring_together(data: bytes) -> tuple[bytes, str]:
    """A workbook in which no sheet is much wider or longer than what it holds.

    Returns:
        The same bytes, or those of a copy, and what was done to it, "" for nothing.

    Raises:
        Unreadable: damaged, encrypted, or it would unpack to far too much.
    """
    with open_archive(data) as archive:
        try:
            return _brought(archive, data)
        except Exception as error:  # a damaged zip raises errors of many kinds
            raise Unreadable(f"damaged ({type(error).__name__}: {error})") from error


def _brought(archive: zipfile.ZipFile, data: bytes) -> tuple[bytes, str]:
    changed: dict[str, bytes] = {}
    for name in archive.namelist():
        if _SHEET.fullmatch(name) and _is_far(sheet := archive.read(name)):
            changed[name] = _together(sheet)
    if not changed:
        return data, ""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for member in archive.infolist():
            with_it = changed.get(member.filename)
            written.writestr(member, archive.read(member.filename) if with_it is None else with_it)
    sheets = "a sheet" if len(changed) == 1 else f"{len(changed)} sheets"
    return file.getvalue(), (
        f"the cells of {sheets} lie so far apart that they were brought together: "
        "rows and columns are counted without the empty ones between them"
    )


def _is_far(sheet: bytes) -> bool:
    """Whether reading it would fill far more places than there are cells."""
    cells = places = widest = 0
    last = rows = gaps = 0
    for tag in _TAG.finditer(sheet):
        if tag[1].endswith(b"row"):
            places += widest
            widest = 0
            rows += 1
            number = _NUMBER.search(tag[2])
            here = int(number[1]) if number else last + 1
            gaps += max(0, here - last - 1)
            last = here
            continue
        cells += 1
        place = _PLACE.search(tag[2])
        if place:
            widest = max(widest, _column(place[1]))
            last = max(last, int(place[2]))
    places += widest
    return places > max(_NO_MATTER, _PLACES * cells) or gaps > max(_EMPTY_ROWS, _PLACES * rows)


def _together(sheet: bytes) -> bytes:
    """The sheet with its columns, and its rows, one beside the other. Where the columns in use
    are still too many for the cells, each row's cells stand one beside the other."""
    used = sorted({_column(place[1]) for place in _PLACE.finditer(sheet)})
    count = sum(1 for _ in _CELL.finditer(sheet))
    rows = sum(1 for _ in _ROW.finditer(sheet))
    shared = {column: n for n, column in enumerate(used, 1)}
    by_row = rows * len(used) > max(_NO_MATTER, _PLACES * count)
    row = column = 0

    def renumbered(tag: re.Match[bytes]) -> bytes:
        nonlocal row, column
        if tag[1].endswith(b"row"):
            row, column = row + 1, 0
            inner = _NUMBER.sub(b'r="%d"' % row, tag[2])
            return b"<%s%s>" % (tag[1], inner)
        place = _PLACE.search(tag[2])
        column = column + 1 if by_row or not place else shared[_column(place[1])]
        inner = _PLACE.sub(b"", tag[2])
        return b'<%s r="%s%d"%s>' % (tag[1], _letters(column), max(row, 1), inner)

    # Merged areas and the stated size name places that are no more.
    return _TAG.sub(renumbered, _AREA.sub(b"", sheet))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _letters(number: int) -> bytes:
    letters = b""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters
