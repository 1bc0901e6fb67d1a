"""The files of a document, written as one set: all as drafts first, then each in its place, so
that a reader meets neither half a file nor half a set where writing failed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.document.as_json import json_text
from pipeline.document.markdown.markdown_edition import files_of
from pipeline.document.page import page_text
from pipeline.document.structure.layout import LISTS, MAIN, Layout
from pipeline.errors import InputError

JSON, PAGE = "merged.json", "merged.html"
#: What a file is called whose stories are not all there.
INCOMPLETE = ".incomplete"
#: Lines of front matter before it.
_FRONT = 4
#: The first line of a topic's file: by it, those of an earlier run are told from anybody's notes.
MARK = "<!-- written by storytransformer -->"

#: A file's path below the document's folder, and its text piece by piece.
File = tuple[str, Iterable[str]]


def write_document(
    out: Path,
    layout: Layout,
    kept: Mapping[str, Any] | None = None,
    *,
    incomplete: bool = False,
    beside: Iterable[File] = (),
    since: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Write the Markdown edition, ``merged.json`` and ``merged.html`` under ``out``.

    Args:
        kept: what the check found that every sentence is there, for the JSON and the page.
        incomplete: a sentence is missing: every file is called ``….incomplete``, and those of an
            earlier run stay as they are.
        beside: further files of the set (``since.md``).
        since: what an earlier run did not have, for the JSON.

    Returns:
        The paths of the main files by kind: markdown, json, html.

    Raises:
        InputError: the folder cannot be written.
    """
    ending = INCOMPLETE if incomplete else ""
    layout = replace(layout, ending=ending)
    stays = layout.content.stays
    files: list[File] = [(name, _marked(name, text, stays)) for name, text in files_of(layout)]
    files += [(name + ending, _marked(name, text, stays)) for name, text in beside]
    files += [
        (JSON + ending, json_text(layout, kept, since)),
        (PAGE + ending, page_text(layout, kept)),
    ]
    files.sort(key=lambda file: file[0] == layout.main)  # last: what it links to is there
    written = write_set(out, files)
    if not incomplete:
        _remove_stale(out, written)
    kinds = {"markdown": MAIN, "json": JSON, "html": PAGE}
    return {kind: str(out / (name + ending)) for kind, name in kinds.items()}


def write_set(out: Path, files: Iterable[File]) -> list[Path]:
    """Write files under ``out``, all of them or, where one cannot be written, none.

    Raises:
        InputError: one cannot be written.
    """
    drafts: list[tuple[Path, Path]] = []
    target = out
    try:
        for name, text in files:
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # Two runs may write the same file at the same time.
            draft = target.with_name(f"{target.name}.{os.getpid()}.part")
            drafts.append((draft, target))
            # Its owner's only: it holds the words of documents.
            with open(draft, "w", encoding="utf-8", newline="\n", opener=_for_its_owner) as file:
                file.writelines(text)
        for _, target in drafts:
            if target.is_dir():
                raise IsADirectoryError(0, "there is a folder of that name")
        for draft, target in drafts:
            draft.replace(target)
    except BaseException as exc:
        for draft, _ in drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        if not isinstance(exc, OSError):
            raise
        raise InputError(
            f"cannot be written: {exc.strerror}.",
            where=str(target),
            next="Choose another folder with --out.",
        ) from exc
    return [target for _, target in drafts]


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _marked(name: str, text: Iterable[str], stays: str) -> Iterable[str]:
    if stays:
        yield f"---\nsovereignty: {stays}\n---\n\n"
    if "/" in name:
        yield f"{MARK}\n\n"
    yield from text


def _remove_stale(out: Path, written: Iterable[Path]) -> None:
    """Remove what an earlier run of ours left and this one did not write: its topics, the
    tellings of another edition, its incomplete files."""
    keep = set(written)
    own = [MAIN, JSON, PAGE, "merged.tellings.md", LISTS, "since.md"]
    stale = [out / f"{name}{INCOMPLETE}" for name in own] + [out / name for name in own[3:]]
    topics = out / "topics"
    if topics.is_dir():
        stale += [
            file
            for file in topics.iterdir()
            if file.name.endswith((".md", f".md{INCOMPLETE}")) and _is_ours(file)
        ]
    for file in stale:
        if file not in keep:
            with suppress(OSError):
                file.unlink(missing_ok=True)
    with suppress(OSError):
        topics.rmdir()  # where nothing is left in it


def _is_ours(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8") as opened:
            return any(line.rstrip("\n") == MARK for line in islice(opened, _FRONT + 1))
    except (OSError, UnicodeDecodeError):
        return False
