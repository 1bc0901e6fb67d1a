"""ZIP archives of documents: each member is a document of its own, under the archive's path.

"exports.zip/backlog.csv" is the member "backlog.csv". An archive is looked at before anything is
unpacked, and unpacked member by member.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Iterator
from pathlib import Path, PurePosixPath

from pipeline.extract.readers.archive import Unreadable, open_archive
from pipeline.extract.readers.reader_registry import document_suffixes
from pipeline.extract.readers.reading import Reading

#: So many members are read of one archive.
MOST_MEMBERS = 10_000
#: A member may unpack to this much.
MAX_MEMBER_BYTES = 256 << 20


def is_bundle(path: str) -> bool:
    """Whether a file is an archive of documents, as its name tells."""
    return path.lower().endswith(".zip")


def open_bundles(
    paths: Iterable[str], suffixes: Iterable[str], unopened: Container[str] = ()
) -> Iterator[str]:
    """The paths, each archive replaced by those of the documents in it. One that cannot be opened,
    or holds no document, stays: reading it says why.

    Args:
        unopened: what must not be opened: no file.
    """
    known = frozenset(suffixes)
    for path in paths:
        if path in unopened or not is_bundle(path):
            yield path
            continue
        try:
            members = _documents(Path(path).read_bytes(), known)
        except (Unreadable, OSError):
            members = []
        yield from [f"{path}/{name}" for name in members] or [path]


def read_member(path: str) -> bytes | None:
    """The bytes of a member of an archive, None when the path names none.

    Raises:
        OSError: the archive cannot be opened, or its member is damaged.
    """
    bundle, found, name = _split(path)
    if not found:
        return None
    data = Path(bundle).read_bytes()
    try:
        inner, nested, rest = name.partition(".zip/")
        if nested:
            data, name = _read(data, f"{inner}.zip"), rest
        return _read(data, name)
    except MemoryError:
        raise
    except Exception as error:  # a damaged zip raises errors of many kinds
        raise OSError(0, f"its archive cannot be read: {error}") from error


def _read(data: bytes, name: str) -> bytes:
    with open_archive(data) as archive:
        member = archive.getinfo(name)
        if member.file_size > MAX_MEMBER_BYTES:
            raise Unreadable(f"a member is larger than {MAX_MEMBER_BYTES >> 20} MB when unpacked")
        return archive.read(member)


def why_unread(data: bytes, suffixes: Iterable[str]) -> str:
    """Why an archive gives no document."""
    try:
        members = _documents(data, frozenset(suffixes))
    except Unreadable as error:
        return f"a ZIP archive that cannot be read: {error}"
    if members:
        return f"a ZIP archive of {len(members)} documents: give it to extract, or unpack it"
    return "a ZIP archive without a document that can be read"


def _documents(data: bytes, suffixes: frozenset[str], *, inner: bool = False) -> list[str]:
    """The names of the documents in an archive, sorted. An archive in it is opened (exports of
    whole workspaces come so), one in that is not."""
    names = []
    with open_archive(data) as archive:
        for member in archive.infolist()[:MOST_MEMBERS]:
            name = member.filename
            if member.is_dir() or not _is_document(name, suffixes):
                continue
            if is_bundle(name):
                if not inner and member.file_size <= MAX_MEMBER_BYTES:
                    with contextlib.suppress(
                        Exception
                    ):  # a damaged zip raises errors of many kinds
                        inside = _documents(archive.read(member), suffixes, inner=True)
                        names += [f"{name}/{each}" for each in inside]
                continue
            names.append(name)
    return sorted(names[:MOST_MEMBERS])


def _is_document(name: str, suffixes: frozenset[str]) -> bool:
    steps = PurePosixPath(name).parts
    hidden = any(step.startswith((".", "__MACOSX")) for step in steps)
    suffix = PurePosixPath(name).suffix.lower()
    return not hidden and ".." not in steps and suffix in suffixes


def _split(path: str) -> tuple[str, bool, str]:
    """(archive, whether there is one, member) of a path."""
    position = path.lower().find(".zip/")
    while position >= 0:
        bundle = path[: position + 4]
        if Path(bundle).is_file():
            return bundle, True, path[position + 5 :]
        position = path.lower().find(".zip/", position + 1)
    return path, False, ""


def read_zip(data: bytes, encoding: str | None) -> Reading:
    """An archive met by itself: its members are documents of their own."""
    raise Unreadable(why_unread(data, document_suffixes()))
