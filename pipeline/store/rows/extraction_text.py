"""An extraction as JSON text and back, for the cache: every value exactly as it was.

Tuples of offsets become short arrays, because a document has thousands of blocks.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from functools import cache as cached
from pathlib import Path
from typing import Any

from pipeline import stories, text
from pipeline.stories import Block, Document, Extraction, Locator, Source, Span, Story

#: Raised when the shape below changes; text of another shape is a miss, not an error.
_SHAPE = 4


@cached
def fingerprints_told_by() -> str:
    """Hash of all that makes a fingerprint of a story's fields: the code of the stories and of the
    canonical form, and the interpreter, whose letters and patterns they use."""
    digest = hashlib.sha256(sys.version.encode())
    for file in [Path(stories.__file__), *sorted(Path(text.__file__).parent.glob("*.py"))]:
        digest.update(f"\0{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def extraction_as_text(extraction: Extraction) -> str:
    """JSON in ASCII: NUL and lone surrogates, which databases refuse, are escaped in it. The
    stories' fingerprints, which take longer than reading them back, stand beside what told them."""
    body = {
        "shape": _SHAPE,
        "document": _document_as_json(extraction.document),
        "stories": [_story_as_json(story) for story in extraction.stories],
        "fingerprints": [story.fingerprint for story in extraction.stories],
        "told_by": fingerprints_told_by(),
        "residue": extraction.residue,
    }
    return json.dumps(body, separators=(",", ":"))


def extraction_from_text(text: str) -> Extraction | None:
    """The extraction that :func:`extraction_as_text` wrote; None when the text is damaged or of
    another shape (the file is then read again)."""
    try:
        body = json.loads(text)
        if body["shape"] != _SHAPE:
            return None
        found = tuple(_story_from_json(story) for story in body["stories"])
        if body["told_by"] == fingerprints_told_by():
            for story, fingerprint in zip(found, body["fingerprints"], strict=True):
                story.know_fingerprint(fingerprint)
        return Extraction(
            document=_document_from_json(body["document"]),
            stories=found,
            residue=tuple(Span(*span) for span in body["residue"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


#: Of a locator: what is told as lists.
_LISTS = ("heading", "beside", "links", "under")


def locator_as_json(locator: Locator) -> dict[str, Any]:
    """A locator without what it does not say."""
    found = {
        "line": locator.line,
        "page": locator.page,
        "sheet": locator.sheet,
        "row": locator.row,
        "column": locator.column,
        "table": locator.table,
        "heading": list(locator.heading) or None,
        "beside": list(locator.beside) or None,
        "links": list(locator.links) or None,
        "under": list(locator.under) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def locator_from_json(body: dict[str, Any]) -> Locator:
    """The locator that :func:`locator_as_json` wrote."""
    listed: dict[str, Any] = {name: tuple(body.get(name, ())) for name in _LISTS}
    return Locator(**{**body, **listed})


def _document_as_json(document: Document) -> dict[str, Any]:
    return {
        "sha256": document.sha256,
        "paths": document.paths,
        "format": document.format,
        "text": document.text,
        "blocks": [
            [b.start, b.end, b.kind, locator_as_json(b.locator), b.level, b.columns]
            for b in document.blocks
        ],
        "encoding": document.encoding,
        "guessed": document.guessed,
        "front_matter": dict(document.front_matter),
        "problem": document.problem,
        "left_out": document.left_out,
    }


def _document_from_json(body: dict[str, Any]) -> Document:
    return Document(
        sha256=body["sha256"],
        paths=tuple(body["paths"]),
        format=body["format"],
        text=body["text"],
        blocks=tuple(
            Block(
                start,
                end,
                kind,
                locator_from_json(locator),
                level,
                tuple((name, first, last) for name, first, last in columns),
            )
            for start, end, kind, locator, level, columns in body["blocks"]
        ),
        encoding=body["encoding"],
        guessed=body["guessed"],
        front_matter=body["front_matter"],
        problem=body["problem"],
        left_out=tuple(Span(*span) for span in body["left_out"]),
    )


def _story_as_json(story: Story) -> dict[str, Any]:
    source = story.source
    return {
        "id": story.id,
        "kind": story.kind,
        "source": {
            "document": source.document,
            "path": source.path,
            "locator": locator_as_json(source.locator),
            "spans": source.spans,
            "key": source.key,
            "written": source.written.isoformat() if source.written else None,
            "author": source.author,
        },
        "text": story.text,
        "role": story.role,
        "goal": story.goal,
        "benefit": story.benefit,
        "criteria": story.criteria,
        "title": story.title,
        "body": story.body,
    }


def _story_from_json(body: dict[str, Any]) -> Story:
    source = body["source"]
    return Story(
        id=body["id"],
        kind=body["kind"],
        source=Source(
            document=source["document"],
            path=source["path"],
            locator=locator_from_json(source["locator"]),
            spans=tuple(Span(*span) for span in source["spans"]),
            key=source["key"],
            written=date.fromisoformat(source["written"]) if source["written"] else None,
            author=source["author"],
        ),
        text=body["text"],
        role=body["role"],
        goal=body["goal"],
        benefit=body["benefit"],
        criteria=tuple(body["criteria"]),
        title=body["title"],
        body=tuple(body["body"]),
    )
