"""The files a merge leaves: the merged document and the page of what was read, each written
atomically, so that a reader never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.extract.page import page
from pipeline.merge import document as documents
from pipeline.merge.corpus import Corpus
from pipeline.merge.grouping import Group
from pipeline.outcomes import Outcomes


def write_document(
    out: Path, corpus: Corpus, outcomes: Outcomes, head: Mapping[str, Any], by: Group = "role"
) -> dict[str, str]:
    """Write ``merged.md``, ``merged.json`` and ``merged.html`` under ``out``, each atomically,
    their stories grouped ``by`` role or topic.

    Returns their paths by kind.

    Raises:
        InputError: the folder cannot be written.
    """
    merged = outcomes, corpus.by_id, corpus.documents, head
    made: Mapping[str, tuple[str, Callable[[], Iterable[str]]]] = {
        "markdown": ("merged.md", lambda: documents.markdown_text(*merged, by)),
        "json": ("merged.json", lambda: documents.json_text(*merged)),
        "html": ("merged.html", lambda: documents.html_text(*merged, by)),
    }
    # One after the other, for each may be large; and none takes its place before all are written:
    # a full disk leaves the files of the run before, and not some of each.
    with ExitStack() as drafts:
        ready = [
            drafts.enter_context(
                _draft(out / name, text(), next="Choose another folder with --out.")
            )
            for name, text in made.values()
        ]
        for take_place in ready:
            take_place()
    return {kind: str(out / name) for kind, (name, _) in made.items()}


def write_page(file: Path, corpus: Corpus) -> str:
    """Write the page that shows what was read, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    _write(file, page(corpus.extractions), next="Choose another file with --page.")
    return str(file)


def write_picture(file: Path, svg: str) -> str:
    """Write a drawn estimate, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    _write(file, [svg], next="Choose another file with --picture.")
    return str(file)


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def check_folder(out: Path) -> None:
    """Refuse a folder that cannot be written, before anything is read or paid for it.

    Raises:
        InputError: it is a file, or neither it nor the folder above it that is there can be
            written.
    """
    place = out.absolute()
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        why = "may not be written" if place.is_dir() else "is no folder"
        raise InputError(
            f"cannot be written: {place} {why}.",
            where=str(out),
            next="Choose another folder with --out.",
        )


def _write(target: Path, pieces: Iterable[str], *, next: str) -> None:
    """Write a file whole or not at all, with the folders it stands in."""
    with _draft(target, pieces, next=next) as take_place:
        take_place()


@contextmanager
def _draft(target: Path, pieces: Iterable[str], *, next: str) -> Iterator[Callable[[], object]]:
    """A file written beside its place, and what puts it there; gone where that is not called."""
    # Two runs may write the same file at the same time.
    draft = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Its owner's only: it holds the words of documents, and no mark of theirs says who else.
        with open(draft, "w", encoding="utf-8", opener=_for_its_owner) as file:
            file.writelines(pieces)
        yield lambda: draft.replace(target)
    except BaseException as exc:
        if not isinstance(exc, OSError):
            raise
        raise InputError(
            f"cannot be written: {exc.strerror}.", where=str(target), next=next
        ) from exc
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
