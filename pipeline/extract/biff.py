"""Old workbooks (.xls, BIFF) to text and blocks, read in a process of their own.

The reader is compiled code that aborts on some damaged files, and takes memory for every cell
between a sheet's corners. Neither may end the run that meets such a file, so the workbook goes to
a child process on its standard input and comes back as one JSON line a sheet.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from io import BytesIO

from pipeline.extract.archive import Unreadable
from pipeline.extract.builder import TextBuilder
from pipeline.extract.workbook import add_sheet, cell_text
from pipeline.settings import keep_code_out

_SECONDS = 120
_BYTES = 2 << 30
_COMMAND = [sys.executable, "-P", "-m", "pipeline.extract.biff"]


def read_old_workbook(data: bytes) -> TextBuilder:
    """Every sheet's rows of a BIFF workbook.

    Raises:
        Unreadable: damaged, encrypted, or far larger when opened than any backlog is.
    """
    keep_code_out()
    try:
        child = subprocess.run(_COMMAND, input=data, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Unreadable(f"not read within {_SECONDS} seconds; save it as .xlsx") from error
    if child.returncode:
        said = child.stdout.decode().splitlines()[-1] if child.returncode == 2 else "damaged"
        raise Unreadable(f"not a workbook that can be read ({said}); save it as .xlsx")
    builder = TextBuilder()
    for line in child.stdout.splitlines():
        name, first, rows = json.loads(line)
        add_sheet(builder, name, enumerate(rows, start=first))
    return builder


def main() -> int:
    """The child: a workbook from standard input, [sheet, first row, rows of text] to standard
    output. Ends with 2 and a reason if the reader gives one; anything else is an abort."""
    import python_calamine

    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on every system; the limit is a safeguard, not a need

        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            first = (sheet.start or (0, 0))[0] + 1
            rows = [[cell_text(value) for value in row] for row in sheet.to_python()]
            sys.stdout.write(json.dumps([name, first, rows]) + "\n")
    except python_calamine.PasswordError:
        return _refuse("encrypted")
    except Exception as error:  # the reader says "cannot detect" of what it cannot decrypt, too
        return _refuse(f"damaged or encrypted: {error}")
    return 0


def _refuse(reason: str) -> int:
    sys.stdout.write("\n" + " ".join(reason.split()) + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
