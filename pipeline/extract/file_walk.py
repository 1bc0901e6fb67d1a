"""Which files are meant: directories walked, globs opened, patterns of exclusion."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.extract.globs import check_patterns, is_excluded

STDIN = "-"
#: A folder may hold a file of this name with patterns of what not to read below it.
IGNORE_FILE = ".storyignore"
#: Databases, such as the one that a command writes, are not documents that somebody would miss.
_OURS = (".sqlite", ".sqlite-shm", ".sqlite-wal")
#: What else than a file a path may lead to. Reading one may never end.
_NO_FILES = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: What this program wrote itself is no document, and would be told a second time where it lies
#: among them. Its suffixes, and how much of a file's head tells whose it is.
_OWN_SUFFIXES = frozenset({".md", ".html", ".json"})
_HEAD = 4096
_WRITTEN = re.compile(
    rb"^<!-- written by storytransformer -->"
    rb"|^# Merged: [\d,]+ stor(?:y|ies) from [\d,]+ document"
    rb"|^# Since run [^\n]*: [\d,]+ stor(?:y|ies)"
    rb"|^# Lists\n\nWhat \[[^\]]*\]\([^)]*\) counts, one by one\.$"
    rb"|^# Tellings\n\nEvery telling word for word, under its entry in \["
    rb"|<title>(?:Merged stories|Documents and their stories|StoryTransformer, [^<]*)</title>"
    rb'|^\{\s*"format": "storytransformer-merge-',
    re.MULTILINE,
)
#: What of an earlier merge is counted as, among the suffixes of what is passed over.
OWN = "of an earlier merge"
_LEADS_OUT = (
    "a link that leads out of the folder that was named, so it was not followed; "
    "name what it leads to, or add --follow-links"
)


def find_files(
    paths: Iterable[str | Path],
    exclude: Sequence[str] = (),
    *,
    suffixes: Collection[str],
    follow_links: bool = False,
    passed_over: Counter[str] | None = None,
) -> dict[str, str]:
    """Every file meant by ``paths``, each once, in the order given, folders sorted by name, and
    why it is not to be opened ("" where it is).

    In folders, files whose suffix is not in ``suffixes``, hidden files and folders (a leading
    dot), what ``exclude`` or a ``.storyignore`` names and what this program wrote itself are left
    out; a file named outright is always read. Links are followed inside the folder, cycles not, and
    out of it only with ``follow_links``. Pipes, sockets and devices are never opened.

    Args:
        passed_over: is told how many files of each suffix (with its dot, lower case; "" for none)
            a folder holds that no suffix of ``suffixes`` names, and of :data:`OWN` files.
    Raises:
        InputError: a path that does not exist, a glob that matches nothing, an invalid pattern.
    """
    check_patterns(exclude, where="--exclude")
    found: dict[str, str] = {}
    for given in paths:
        for path in _expand(str(given)):
            if path != STDIN and Path(path).is_dir():
                for inner, why in _walk(path, exclude, suffixes, follow_links, passed_over):
                    found.setdefault(inner, why)
            else:
                found.setdefault(path, _no_file(path))
    return found


def _is_of_ours(entry: os.DirEntry[str]) -> bool:
    """Whether a file of a folder is one that this program wrote."""
    return (
        Path(entry.name).suffix.lower() in _OWN_SUFFIXES and entry.is_file() and is_own(entry.path)
    )


def _no_file(path: str) -> str:
    """Why a path is not to be opened: it leads to something that is not a file."""
    if path == STDIN:
        return ""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""  # opening it fails again and is reported with the reason
    what = next((what for is_one, what in _NO_FILES if is_one(mode)), "")
    return f"{what}, not a file; give its content on standard input, as -" if what else ""


def _expand(given: str) -> list[str]:
    if given == STDIN or os.path.lexists(given):
        return [given]
    if glob.has_magic(given):
        matches = sorted(glob.glob(given, recursive=True))
        if matches:
            return matches
        raise InputError("No file matches this pattern.", where=given, next="Check the pattern.")
    raise InputError(
        "There is no such file or folder.", where=given, next="Check the path and its spelling."
    )


def _walk(
    root: str,
    exclude: Sequence[str],
    suffixes: Collection[str],
    follow_links: bool,
    passed_over: Counter[str] | None,
) -> Iterator[tuple[str, str]]:
    """Files below a folder with why they are not to be opened, depth first, names in order."""
    inner = os.path.join(os.path.realpath(root), "")
    stack: list[tuple[str, tuple[str, ...]]] = [(root, tuple(exclude))]
    seen: set[tuple[int, int]] = set()
    while stack:
        folder, patterns = stack.pop()
        try:
            status = os.stat(folder)
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError:
            # Given on as a file: opening it fails again and is reported with the reason.
            yield folder, ""
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        patterns = (*patterns, *_ignored_here(folder, root))
        files = []
        for entry in inside:
            relative = os.path.relpath(entry.path, root).replace(os.sep, "/")
            is_folder = Path(entry.path).is_dir()
            if entry.name.startswith(".") or is_excluded(relative, patterns, is_folder=is_folder):
                continue
            is_meant = is_folder or Path(entry.name).suffix.lower() in suffixes
            leads_out = (
                not follow_links
                and is_meant
                and entry.is_symlink()
                and not os.path.join(os.path.realpath(entry.path), "").startswith(inner)
            )
            if leads_out and os.path.exists(entry.path):
                files.append((entry.path, _LEADS_OUT))
            elif is_folder:
                stack.append((entry.path, patterns))
            elif is_meant and _is_of_ours(entry):
                if passed_over is not None:
                    passed_over[OWN] += 1
            elif is_meant:
                files.append((entry.path, _no_file(entry.path)))
            elif passed_over is not None and not entry.name.lower().endswith(_OURS):
                passed_over[Path(entry.name).suffix.lower()] += 1
        yield from reversed(files)


def _ignored_here(folder: str, root: str) -> tuple[str, ...]:
    try:
        file = Path(folder) / IGNORE_FILE
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    except (OSError, UnicodeDecodeError):
        return ()
    here = os.path.relpath(folder, root).replace(os.sep, "/")
    prefix = "" if here == "." else f"{here}/"
    patterns = []
    check_patterns(
        (line.strip() for line in lines if line.strip() and not line.startswith("#")),
        where=str(Path(folder) / IGNORE_FILE),
    )
    for line in lines:
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            negated = pattern.startswith("!")
            bare = pattern.lstrip("!")
            anchored = "/" in bare.rstrip("/")
            bare = (
                f"/{prefix}{bare.lstrip('/')}"
                if anchored
                else f"/{prefix}**/{bare}"
                if prefix
                else bare
            )
            patterns.append(f"!{bare}" if negated else bare)
    return tuple(patterns)


def is_own(path: str) -> bool:
    """Whether a file is of a merge or a page of this program, by what it carries; its name may be
    any."""
    try:
        with open(path, "rb") as file:
            return _WRITTEN.search(file.read(_HEAD).replace(b"\r\n", b"\n")) is not None
    except OSError:
        return False  # reading it says why
