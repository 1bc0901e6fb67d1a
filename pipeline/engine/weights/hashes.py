"""Which bytes a file of weights holds, and whether they are those it was published or made with.

A file is hashed when it is new or was touched since: hashes are remembered by path, size, times of
change and inode, so that a run that follows costs a look at each file. What was hashed is compared
with what is known of the file: the hash that its package or its download from the hub tells, and
the list that this engine writes beside what it converts (:data:`LIST`).
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.config.installer import how_to_add
from pipeline.errors import EngineError

#: The list of a folder's files with their sha256, written when the folder was made.
LIST = "sha256.json"
#: A file touched so many seconds ago may change once more without its times telling.
_FRESH = 2.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


def file_sha256(path: Path, cache: Path) -> str:
    """The sha256 of a file, computed where it is new or was touched since.

    Where the cache cannot be written it is computed every time.

    Raises:
        EngineError: it is not what it was published as, or it cannot be read.
    """
    name = str(path.resolve())
    note = cache / "hashes" / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"
    try:
        stamp = _stamp(path)
        remembered = json.loads(note.read_text())
        if remembered["stamp"] == stamp and _SHA256.fullmatch(remembered["sha256"]):
            return str(remembered["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        stamp = _stamp(path)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        settled = _stamp(path) == stamp and max(stamp[2:4]) < time.time_ns() - _FRESH * 1e9
    except OSError as exc:
        raise EngineError(f"cannot be read ({exc.strerror}).", where=str(path)) from exc
    _check_published(path, digest)
    if settled:
        with suppress(OSError):  # a cache that cannot be written costs time, never the result
            write_atomically(note, json.dumps({"stamp": stamp, "sha256": digest}).encode())
    return digest


def _stamp(path: Path) -> list[int]:
    """What changes when a file is written to, also where its time of change is set back."""
    found = path.stat()
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _check_published(path: Path, digest: str) -> None:
    published, again = _of_package(path) or _of_download(path) or ("", "")
    if published and published != digest:
        raise EngineError(
            f"this file is damaged: its sha256 is {digest[:12]}…, it was published as "
            f"{published[:12]}….",
            where=str(path),
            next=again,
        )


def _of_package(path: Path) -> tuple[str, str] | None:
    """What the list of an installed package says of a file in it, and how it comes back."""
    package = path.parent.name
    for record in sorted(path.parent.parent.glob("*.dist-info/RECORD")):
        name, _, version = record.parent.name.removesuffix(".dist-info").partition("-")
        if re.sub(r"[-_.]+", "_", name).lower() != package.lower():
            continue
        with suppress(OSError, UnicodeDecodeError, csv.Error, binascii.Error):
            for row in csv.reader(record.read_text(encoding="utf-8").splitlines()):
                if len(row) > 1 and row[0] == f"{package}/{path.name}":
                    kind, _, code = row[1].partition("=")
                    if kind == "sha256":
                        known = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).hex()
                        again = f"{name.replace('_', '-')}=={version}"
                        step = how_to_add("--no-deps", again, again=True)
                        return known, f"Run: {step}"
    return None


def _of_download(path: Path) -> tuple[str, str] | None:
    """What the hub's client wrote down of a large file when it downloaded it. (Small ones, such as
    settings, are mended by hand, and it tells no sha256 of them.)"""
    told = path.parent / ".cache" / "huggingface" / "download" / f"{path.name}.metadata"
    with suppress(OSError, UnicodeDecodeError, IndexError):
        etag = told.read_text(encoding="utf-8").splitlines()[1].strip().lower()
        if _SHA256.fullmatch(etag):
            return etag, (
                "Delete the file and run `hf download` again. If it was changed on purpose, delete "
                f"{told}."
            )
    return None


def write_list(folder: Path) -> None:
    """Write down the files of a new folder, so that damage is noticed later."""
    hashes = {}
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != LIST:
            with file.open("rb") as stream:
                hashes[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    write_atomically(folder / LIST, json.dumps(hashes, indent=0).encode())


def has_list(folder: Path) -> bool:
    """Whether a folder says what it was made of."""
    return (folder / LIST).is_file()


def check_list(folder: Path, cache: Path, *, next: str) -> None:
    """Compare a folder with its list.

    Args:
        next: what to do where they differ.

    Raises:
        EngineError: a file is missing or damaged, or the list is.
    """
    try:
        known = json.loads((folder / LIST).read_text(encoding="utf-8"))
        hashes = {str(name): str(digest) for name, digest in known.items()}
    except (OSError, ValueError, AttributeError) as exc:
        raise _damaged(folder / LIST, "the list of hashes cannot be read", next) from exc
    for name, digest in hashes.items():
        file = folder / name
        if not file.is_file():
            raise _damaged(file, "this file is missing", next)
        if (found := file_sha256(file, cache)) != digest:
            what = f"this file is damaged: its sha256 is {found[:12]}…, it was {digest[:12]}…"
            raise _damaged(file, what, next)


def _damaged(file: Path, what: str, next: str) -> EngineError:
    return EngineError(f"{what}.", where=str(file), next=next)


def combined_sha256(files: Iterable[Path], cache: Path) -> str:
    """The sha256 of several files' hashes and names, in their order."""
    lines = "".join(f"{file_sha256(file, cache)}  {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file or nothing: a temporary file beside it, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
