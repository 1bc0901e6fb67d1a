"""What DOCX, PPTX and XLSX have in common: a zip file that may be damaged, locked or a bomb."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from typing import Any

#: An office file may unpack to this much, and to this many times its size.
MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 200
#: Below this much unpacked, the ratio does not matter (an empty sheet packs very well).
RATIO_MATTERS_FROM_BYTES = 64 << 20

_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unreadable(Exception):
    """A document cannot be read; the message is the reason a person is given."""


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an office file's zip after looking at what it claims to hold.

    Raises:
        Unreadable: not a zip, damaged, encrypted, or it would unpack to far too much.
    """
    if data.startswith(_OLE_MARK):
        raise Unreadable("it is encrypted or in an old binary format; save it without a password")
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # a damaged zip raises errors of many kinds
        raise Unreadable(f"damaged or cut off ({error})") from error
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable("it is encrypted; save it without a password")
    if unpacked > MAX_UNPACKED_BYTES or (
        unpacked > RATIO_MATTERS_FROM_BYTES and unpacked > MAX_RATIO * max(len(data), 1)
    ):
        raise Unreadable(
            f"it would unpack from {len(data):,} to {unpacked:,} bytes, as a zip bomb does"
        )
    return archive


def opened(data: bytes, read: Callable[[BytesIO], Any], what: str) -> Any:
    """An office file as the library that knows its format reads it.

    Args:
        what: the kind of file, for the message.

    Raises:
        Unreadable: damaged, encrypted, or a zip bomb.
    """
    open_archive(data).close()
    try:
        return read(BytesIO(data))
    except Exception as error:  # the libraries let KeyError, ValueError and lxml's own through
        raise Unreadable(f"not a {what} that can be read ({error})") from error


def written_by(core: Any, nobody: Collection[str]) -> dict[str, str]:
    """The author and day of a file's core properties.

    Args:
        nobody: names in the libraries' templates, which carry a made-up date as well; one written
            by a person comes with a name.
    """
    author = (core.author or "").strip()
    if not author or author in nobody:
        return {}
    day = {"created": core.created.date().isoformat()} if core.created else {}
    return {"author": author, **day}


def told_beside(read: Callable[[], Mapping[str, str]], remarks: list[str]) -> dict[str, str]:
    """Properties of a document whose text is whole: where a library cannot read them, that is said
    and the text stays. (Marks are looked for elsewhere: :mod:`pipeline.extract.properties`.)

    Args:
        remarks: of the document; one is added.
    """
    try:
        return dict(read())
    except Exception:  # the libraries let KeyError, AttributeError, ValueError and lxml's through
        remarks.append("its properties (author, date) are damaged")
        return {}
