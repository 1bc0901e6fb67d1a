"""The files a merge leaves, and whether every sentence of every story is in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.document.as_json import as_json
from pipeline.document.document_files import write_document, write_set
from pipeline.document.markdown.since_text import since_text, since_value
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import SINCE, Layout, lay_out
from pipeline.document.structure.residue import not_shown
from pipeline.document.structure.since import Earlier
from pipeline.document.structure.topics import Grouping
from pipeline.entries import Merge
from pipeline.errors import InputError
from pipeline.extract.page import page
from pipeline.kept import Kept, Told, check
from pipeline.merge.tellings import words_told
from pipeline.run.corpus import Corpus
from pipeline.stories import count_words


def look(corpus: Corpus, merge: Merge) -> Kept:
    """Whether every sentence of every story is in its entry, by the JSON that will be written."""
    stories = {story.id: Told(story.text, story.kind) for story in corpus.stories}
    return check(as_json(laid_out(corpus, merge, {})), stories)


def laid_out(
    corpus: Corpus,
    merge: Merge,
    head: Mapping[str, Any],
    group: Grouping = "topic",
    *,
    full: bool = False,
    glossary: Mapping[tuple[str, str], str] | None = None,
) -> Layout:
    """A merge as it will stand in its files.

    Args:
        head: the run's figures.
        full: everything in one file.
        glossary: roles and topics that a person calls one, as :class:`Content` has them.
    """
    left = not_shown(corpus.extractions)
    content = Content(merge, corpus.by_id, corpus.documents, head, left, glossary or {})
    return lay_out(content, group, full=full)


def write_merge(
    out: Path,
    layout: Layout,
    kept: Kept,
    *,
    since: str | None = None,
    earlier: Earlier | None = None,
) -> dict[str, str]:
    """Write the Markdown, JSON and page of a merge under ``out``, all of them or none; where a
    sentence is missing they are called ``….incomplete``. Returns the paths by kind.

    Args:
        since: a run; what is new since is told in a file of its own, and in the JSON.
        earlier: what that run read.

    Raises:
        InputError: the folder cannot be written.
    """
    read = earlier or Earlier()
    beside = [(SINCE, since_text(layout, read, since))] if since else []
    files = write_document(
        out,
        layout,
        as_told(kept),
        incomplete=bool(kept.missing or kept.faults),
        beside=beside,
        since=since_value(layout, read, since) if since else None,
    )
    return files | ({"since": str(out / SINCE)} if since else {})


def as_told(kept: Kept) -> dict[str, Any]:
    """What was found as the JSON, the database and the page have it."""
    return {
        "units": kept.units,
        "standing": kept.standing,
        "folded": dict(kept.folded),
        "missing": [{"story": story, "sentence": text} for story, text in kept.missing],
        "faults": list(kept.faults),
    }


def words(corpus: Corpus, merge: Merge) -> dict[str, int]:
    """Words that stand, and words of the stories, each told by itself."""
    return {
        "standing_words": sum(
            count_words(line.text) for entry in merge.entries for line in entry.lines
        ),
        "source_words": sum(map(words_told, corpus.stories)),
    }


def write_page(file: Path, corpus: Corpus) -> str:
    """Write the page that shows what was read, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    write_set(file.parent, [(file.name, page(corpus.extractions))])
    return str(file)


def write_picture(file: Path, svg: str) -> str:
    """Write a drawn estimate, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    write_set(file.parent, [(file.name, [svg])])
    return str(file)


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
        why = "may not be written" if place.is_dir() else "is not a folder"
        raise InputError(
            f"cannot be written: {place} {why}.",
            where=str(out),
            next="Choose another folder with --out.",
        )
