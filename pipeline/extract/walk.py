"""Which files are meant: directories walked, globs opened, patterns of exclusion."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from pipeline.errors import InputError

STDIN = "-"
#: A folder may hold a file of this name with patterns of what not to read below it.
IGNORE_FILE = ".storyignore"


def find_files(
    paths: Iterable[str | Path],
    exclude: Sequence[str] = (),
    *,
    suffixes: Collection[str],
    passed_over: Counter[str] | None = None,
) -> list[str]:
    """Every file meant by ``paths``, each once, in the order given, folders sorted by name.

    In folders, files whose suffix is not in ``suffixes``, hidden files and folders (a leading
    dot) and what ``exclude`` or a ``.storyignore`` names are left out; a file named outright is
    always read. Links to folders are followed, cycles not.

    Args:
        passed_over: is told how many files of each suffix (with its dot, lower case; "" for none)
            a folder holds that no suffix of ``suffixes`` names.
    Raises:
        InputError: a path that does not exist, a glob that matches nothing.
    """
    found: dict[str, None] = {}
    for given in paths:
        for path in _expand(str(given)):
            found.setdefault(path)
            if path != STDIN and Path(path).is_dir():
                del found[path]
                for inner in _walk(path, exclude, suffixes, passed_over):
                    found.setdefault(inner)
    return list(found)


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
    passed_over: Counter[str] | None,
) -> Iterator[str]:
    """Files below a folder, depth first, names in order."""
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
            yield folder
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
            if is_folder:
                stack.append((entry.path, patterns))
            elif Path(entry.name).suffix.lower() in suffixes:
                files.append(entry.path)
            elif passed_over is not None:
                passed_over[Path(entry.name).suffix.lower()] += 1
        yield from reversed(files)


def _ignored_here(folder: str, root: str) -> tuple[str, ...]:
    try:
        lines = (Path(folder) / IGNORE_FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    here = os.path.relpath(folder, root).replace(os.sep, "/")
    prefix = "" if here == "." else f"{here}/"
    patterns = []
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


def is_excluded(relative: str, patterns: Sequence[str], *, is_folder: bool = False) -> bool:
    """Whether ``.gitignore``-like patterns leave out a path (relative, with "/"); the last
    pattern that matches decides, "!" takes back."""
    excluded = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        bare = pattern[1:] if negated else pattern
        if bare.endswith("/") and not is_folder:
            continue
        if _translate(bare.rstrip("/")).match(relative):
            excluded = not negated
    return excluded


@lru_cache(maxsize=512)
def _translate(pattern: str) -> re.Pattern[str]:
    """A ``.gitignore`` pattern without "/" matches at any depth, one with "/" from the root."""
    anchored = "/" in pattern
    pattern = pattern.lstrip("/")
    out = "" if anchored else r"(?:.*/)?"
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            out += r"(?:.*/)?"
            position += 3
        elif pattern.startswith("**", position):
            out += r".*"
            position += 2
        elif pattern[position] == "*":
            out += r"[^/]*"
            position += 1
        elif pattern[position] == "?":
            out += r"[^/]"
            position += 1
        elif pattern[position] == "[" and (close := pattern.find("]", position + 2)) > 0:
            inner = pattern[position + 1 : close].replace("\\", "\\\\")
            out += f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]"
            position = close + 1
        else:
            out += re.escape(pattern[position])
            position += 1
    return re.compile(out + r"$", re.DOTALL)
