"""An :class:`~pipeline.stories.Extraction` as text and back, for a store that keeps it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from pipeline.extract.escapes import text_of
from pipeline.stories import Block, Document, Extraction, Locator, Source, Span, Story

#: Raised when the text's shape changes; an older text is then no hit.
FORMAT = 3


def to_json(extraction: Extraction) -> str:
    """The extraction as compact JSON. ``from_json`` gives back an equal value."""
    document = extraction.document
    return json.dumps(
        {
            "format": FORMAT,
            "document": {
                "sha256": document.sha256,
                "paths": list(document.paths),
                "format": document.format,
                "text": document.text,
                "encoding": document.encoding,
                "guessed": document.guessed,
                "front_matter": dict(document.front_matter),
                "problem": document.problem,
                "left_out": document.left_out,
                "blocks": [
                    [b.start, b.end, b.kind, _place(b.locator), b.level, b.columns]
                    for b in document.blocks
                ],
            },
            "stories": [
                {
                    "id": story.id,
                    "kind": story.kind,
                    "spans": story.source.spans,
                    "path": story.source.path,
                    "locator": _place(story.source.locator),
                    "key": story.source.key,
                    "written": story.source.written.isoformat() if story.source.written else None,
                    "author": story.source.author,
                    "role": story.role,
                    "goal": story.goal,
                    "benefit": story.benefit,
                    "criteria": story.criteria,
                    "title": story.title,
                    "body": story.body,
                }
                for story in extraction.stories
            ],
            "residue": extraction.residue,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def from_json(text: str) -> Extraction | None:
    """The extraction that ``to_json`` wrote; None when the text is of another format."""
    data = json.loads(text)
    if data.get("format") != FORMAT:
        return None
    raw = data["document"]
    document = Document(
        sha256=raw["sha256"],
        paths=tuple(raw["paths"]),
        format=raw["format"],
        text=raw["text"],
        blocks=tuple(
            Block(start, end, kind, _located(place), level, tuple((n, a, b) for n, a, b in columns))
            for start, end, kind, place, level, columns in raw["blocks"]
        ),
        encoding=raw["encoding"],
        guessed=raw["guessed"],
        front_matter=raw["front_matter"],
        problem=raw["problem"],
        left_out=tuple(Span(start, end) for start, end in raw["left_out"]),
    )
    stories = tuple(_story(document, each) for each in data["stories"])
    return Extraction(document, stories, tuple(Span(a, b) for a, b in data["residue"]))


def _story(document: Document, raw: dict[str, Any]) -> Story:
    spans = tuple(Span(start, end) for start, end in raw["spans"])
    source = Source(
        document=document.sha256,
        path=raw["path"],
        locator=_located(raw["locator"]),
        spans=spans,
        key=raw["key"],
        written=date.fromisoformat(raw["written"]) if raw["written"] else None,
        author=raw["author"],
    )
    return Story(
        id=raw["id"],
        kind=raw["kind"],
        source=source,
        text=text_of(document, spans),
        role=raw["role"],
        goal=raw["goal"],
        benefit=raw["benefit"],
        criteria=tuple(raw["criteria"]),
        title=raw["title"],
        body=tuple(raw["body"]),
    )


def _place(locator: Locator) -> list[Any]:
    at = locator
    return [
        at.line,
        at.page,
        at.sheet,
        at.row,
        at.column,
        at.heading,
        at.table,
        at.beside,
        at.links,
        at.under,
    ]


def _located(place: list[Any]) -> Locator:
    line, page, sheet, row, column, heading, table, beside, links, under = place
    return Locator(
        line,
        page,
        sheet,
        row,
        column,
        tuple(heading),
        table,
        tuple(beside),
        tuple(links),
        tuple(under),
    )
