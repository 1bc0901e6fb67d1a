"""What was read, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pipeline.store.connection.store_errors import reading
from pipeline.store.rows import Rows, content_hash, text_columns
from pipeline.store.rows.extraction_text import locator_as_json, locator_from_json
from pipeline.stories import Document, Extraction, Source, Span, Story, count_words
from pipeline.text.canonical import VERSION


@dataclass
class CorpusRows:
    """The rows of a corpus, by table, and its hash."""

    sha256: str = ""
    corpus: dict[str, Any] = field(default_factory=dict)
    documents: Rows = field(default_factory=list)
    stories: Rows = field(default_factory=list)
    corpus_documents: Rows = field(default_factory=list)
    corpus_stories: Rows = field(default_factory=list)
    found: list[Story] = field(default_factory=list)

    def add_fingerprints(self) -> None:
        """Complete the stories' rows: what takes longest, and says nothing that their keys need,
        is left for a corpus that is not stored yet."""
        for row, story in zip(self.stories, self.found, strict=True):
            row["fingerprint"] = story.fingerprint


def corpus_rows(extractions: Iterable[Extraction], created: datetime) -> CorpusRows:
    """Everything that was read, in its order; fingerprints are added when they are needed."""
    rows = CorpusRows()
    identity: list[Any] = []
    n_words = 0
    for position, extraction in enumerate(extractions):
        document = document_row(extraction.document)
        stories = [story_row(story, document["key"]) for story in extraction.stories]
        entry = _corpus_document_row(extraction, document["key"], position)
        first = len(rows.corpus_stories)
        rows.documents.append(document)
        rows.stories += stories
        rows.found += extraction.stories
        rows.corpus_documents.append(entry)
        rows.corpus_stories += [
            {"position": n, "id": s["id"], "story": s["key"], "document_position": position}
            for n, s in enumerate(stories, first)
        ]
        n_words += count_words(extraction.document.text)
        identity.append(
            [document["key"], entry["paths"], entry["problem"], entry["residue"]]
            + [story["key"] for story in stories]
        )
    rows.sha256 = content_hash(identity)
    rows.corpus = {
        "sha256": rows.sha256,
        "n_documents": len(rows.documents),
        "n_stories": len(rows.corpus_stories),
        "n_words": n_words,
        "n_chars": sum(document["n_chars"] for document in rows.documents),
        "residue_chars": sum(entry["residue_chars"] for entry in rows.corpus_documents),
        "created": created,
    }
    for row in (*rows.corpus_documents, *rows.corpus_stories):
        row["corpus"] = rows.sha256
    return rows


def document_row(document: Document) -> dict[str, Any]:
    """A document under the hash of all that was read from it; its paths belong to a corpus."""
    row: dict[str, Any] = {
        "sha256": document.sha256,
        "format": document.format,
        "encoding": document.encoding,
        "guessed": document.guessed,
        "n_chars": len(document.text),
        "front_matter": dict(document.front_matter),
        "text": document.text,
    }
    return {"key": content_hash(row), **row}


def story_row(story: Story, document_key: str) -> dict[str, Any]:
    """A story under the hash of all that was found in it, and of the version of the fingerprint
    that follows from it."""
    source = story.source
    row: dict[str, Any] = {
        "id": story.id,
        "document": document_key,
        "kind": story.kind,
        "start_offset": story.start,
        "end_offset": story.end,
        "spans": [list(span) for span in source.spans],
        "place": str(source.locator),
        "locator": locator_as_json(source.locator),
        "source_key": source.key,
        "written": source.written.isoformat() if source.written else None,
        "author": source.author,
        "fingerprint": VERSION,
        "text": story.text,
        **text_columns(story),
    }
    return {"key": content_hash(row), **row}


def story_from_row(row: Any, *, sha256: str = "", path: str = "") -> Story:
    """The story of a row.

    Args:
        row: with the columns of :class:`~pipeline.store.tables.document_tables.StoryRow`.
        sha256, path: of its document.

    Raises:
        StoreError: the row is damaged.
    """
    with reading("story", row.key):
        return Story(
            id=row.id,
            kind=row.kind,
            source=Source(
                document=sha256,
                path=path,
                locator=locator_from_json(row.locator),
                spans=tuple(Span(*span) for span in row.spans),
                key=row.source_key,
                written=date.fromisoformat(row.written) if row.written else None,
                author=row.author,
            ),
            text=row.text,
            role=row.role,
            goal=row.goal,
            benefit=row.benefit,
            criteria=tuple(row.criteria),
            title=row.title,
            body=tuple(row.body),
        )


def _corpus_document_row(extraction: Extraction, key: str, position: int) -> dict[str, Any]:
    document = extraction.document
    return {
        "position": position,
        "document": key,
        "path": document.path,
        "paths": list(document.paths),
        "problem": document.problem,
        "n_stories": len(extraction.stories),
        "residue": [list(span) for span in extraction.residue],
        "residue_chars": extraction.residue_chars,
    }
