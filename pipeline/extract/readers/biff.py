"""Old workbooks (.xls, BIFF) to text and blocks, read in a process of their own.

The reader is compiled code that aborts on some damaged files, and takes memory for every cell
between a sheet's corners. Neither may end the run that meets such a file, so the workbook is read
in a copy of this process or, where none can be made, by a Python that it goes to on standard input.
Either keeps the limits of a document of its size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO

from pipeline.config.processes import keep_code_out
from pipeline.extract.process_pool import may_fork
from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Words
from pipeline.extract.readers.mail import is_mail
from pipeline.extract.readers.reader_registry import read_as, sniff
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.workbook import add_sheet, cell_text
from pipeline.extract.reading_limits import BYTES, BYTES_A_BYTE, OverLimit, apart, limited

#: Seconds of the clock after which a Python of its own is given up.
_SECONDS = 120
_COMMAND = [sys.executable, "-P", "-m", "pipeline.extract.readers.biff"]

#: A sheet: its name, the number of its first row, the text of its rows' cells.
_Sheet = tuple[str, int, list[list[Words]]]


def read_old_workbook(data: bytes) -> TextBuilder:
    """Every sheet's rows of a BIFF workbook.

    Raises:
        Unreadable: damaged, encrypted, or far larger when opened than any backlog is.
    """
    import python_calamine  # noqa: F401 - so that not every copy has to load it

    builder = TextBuilder()
    for name, first, rows in _in_a_copy(data) if may_fork() else _in_a_new_process(data):
        add_sheet(builder, name, enumerate(rows, start=first))
    return builder


def _in_a_copy(data: bytes) -> list[_Sheet]:
    def work() -> list[_Sheet]:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the library says as it aborts
        with limited(len(data)):
            return list(_sheets(data))

    try:
        return apart(work)
    except OverLimit as error:
        why = str(error) if "seconds" in str(error) else f"damaged, or {_memory(data)}"
    except MemoryError:
        why = _memory(data)
    raise Unreadable(_said(why))


def _memory(data: bytes) -> str:
    return f"more than {(BYTES + BYTES_A_BYTE * len(data)) >> 20:,} MB when opened"


def _in_a_new_process(data: bytes) -> Iterator[_Sheet]:
    keep_code_out()
    try:
        child = subprocess.run(_COMMAND, input=data, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"not read within {_SECONDS} seconds; save it as .xlsx") from error
    if child.returncode == 2:
        raise Unreadable(child.stdout.decode().splitlines()[-1])
    if child.returncode:
        raise Unreadable(_said(f"damaged, or {_memory(data)}"))
    for line in child.stdout.splitlines():
        name, first, rows = json.loads(line)
        yield name, first, rows


def _sheets(data: bytes) -> Iterator[_Sheet]:
    """The workbook as the library reads it.

    Raises:
        Unreadable: the library gives a reason.
    """
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            first = (sheet.start or (0, 0))[0] + 1
            yield name, first, [[cell_text(value) for value in row] for row in sheet.to_python()]
    except python_calamine.PasswordError as error:
        raise Unreadable(_said("encrypted")) from error
    except Exception as error:  # the reader says "cannot detect" of what it cannot decrypt, too
        if isinstance(error, MemoryError):
            raise
        raise Unreadable(_said(f"damaged or encrypted: {error}")) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # compiled code that gave up
            raise
        raise Unreadable(_said("damaged")) from error


def _said(why: str) -> str:
    return f"not a workbook that can be read ({' '.join(why.split())}); save it as .xlsx"


def main() -> int:
    """The new process: a workbook from standard input, [sheet, first row, rows of text] a line to
    standard output. Ends with 2 and a reason if there is one; anything else is an abort."""
    data = sys.stdin.buffer.read()
    try:
        with limited(len(data)):
            for sheet in _sheets(data):
                sys.stdout.write(json.dumps(sheet) + "\n")
    except Unreadable as error:
        sys.stdout.write(f"\n{error}\n")
        return 2
    except (OverLimit, MemoryError) as error:
        sys.stdout.write(f"\n{_said(str(error) or _memory(data))}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())


def read_xls(data: bytes, encoding: str | None) -> Reading:
    """A workbook; what trackers export under that name as a page or as text is read as such."""
    if is_mail(data):
        return read_as("mhtml", data, encoding)
    kind = sniff(data)
    if kind in ("html", "xlsx", "ods"):
        return read_as(kind, data, encoding)
    if kind == "text" and b"\t" in data[:4096]:
        return read_as("tsv", data, encoding)
    return read_ods(data, encoding)


def read_ods(data: bytes, encoding: str | None) -> Reading:
    return built(read_old_workbook(data))
