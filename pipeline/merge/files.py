"""The files a merge leaves, checked before they get their names: every sentence of every story is
looked for in the edition that is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.document.as_json import as_json, json_text
from pipeline.document.content import Content, not_shown
from pipeline.document.files import write_all, write_file
from pipeline.document.layout import lay_out
from pipeline.document.markdown import files_of
from pipeline.document.page import page_text
from pipeline.document.since import Before
from pipeline.document.topics import Grouping
from pipeline.entries import Merge
from pipeline.extract.page import page
from pipeline.kept import Kept, check
from pipeline.merge.corpus import Corpus
from pipeline.stories import count_words


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Args:
        files: paths by kind: markdown, json, html.
        figures: what ``merge --json`` tells of the document.
        kept: whether every sentence is there.
    """

    files: Mapping[str, str]
    figures: Mapping[str, Any]
    kept: Kept


def write_document(
    out: Path,
    corpus: Corpus,
    merge: Merge,
    head: Mapping[str, Any],
    *,
    group: Grouping = "topic",
    full: bool = False,
    since: Before | None = None,
) -> Written:
    """Write the Markdown, JSON and page of a merge under ``out``, all of them or none.

    Where a sentence of a story is missing in its entry, they are written as ``*.incomplete``.

    Args:
        since: an earlier run; what is new since is told in a file of its own.

    Raises:
        InputError: the folder cannot be written.
    """
    content = Content(merge, corpus.by_id, corpus.documents, head, not_shown(corpus.extractions))
    layout = lay_out(content, group, full=full)
    kept = check(as_json(layout), corpus.by_id)
    told = asdict(kept)
    files = write_all(
        out,
        [
            *files_of(layout),
            ("merged.json", json_text(layout, told)),
            ("merged.html", page_text(layout)),
        ],
        complete=not kept.missing and not kept.faults,
    )
    figures = {
        "standing_words": sum(
            count_words(line.text) for entry in merge.entries for line in entry.lines
        ),
        "source_words": sum(count_words(story.text) for story in corpus.stories),
        "kept": {"units": kept.units, "standing": kept.standing, "folded": dict(kept.folded)},
        "folded": dict(kept.folded),
        "out": files,
    }
    return Written(files, figures, kept)


def write_page(file: Path, corpus: Corpus) -> str:
    """Write the page that shows what was read, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    write_file(file, page(corpus.extractions), next="Choose another file with --page.")
    return str(file)


def write_picture(file: Path, svg: str) -> str:
    """Write a drawn estimate, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    write_file(file, [svg], next="Choose another file with --picture.")
    return str(file)
