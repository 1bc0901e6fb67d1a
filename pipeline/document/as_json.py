"""The merged document as JSON, format ``storytransformer-merge-2``: everything, an entry or a row
a line. Code reads it; a person reads the Markdown or the page.

Shapes: ``docs/document.md``. Ids are those of the values; every source has its ``name`` too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import Layout
from pipeline.entries import Conflict, Entry, LedgerRow, Link, Outcome
from pipeline.stories import Story

FORMAT = "storytransformer-merge-2"
#: Words of a passage that is not shown: what is in no story is not stored with a merge.
_BEGINS = 24
#: The long parts that have a name for everything in them.
_BY_NAME = frozenset({"sources"})


def as_json(layout: Layout, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The whole document as a value.

    Args:
        kept: what the check found that every sentence is there; None before it ran.
    """
    made = _parts(layout, kept)
    return {
        name: value
        if not isinstance(value, Iterator)
        else dict(value)
        if name in _BY_NAME
        else list(value)
        for name, value in made.items()
    }


def json_text(
    layout: Layout,
    kept: Mapping[str, Any] | None = None,
    since: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """The text of :func:`as_json` piece by piece: as values, all of a hundred thousand stories at
    once would take more memory than the rest of a merge.

    Args:
        since: what an earlier run did not have, which the JSON of one merge alone does not say.
    """
    lead = "{\n"
    for name, value in (_parts(layout, kept) | ({"since": since} if since else {})).items():
        yield f"{lead}{_dumps(name)}: "
        if not isinstance(value, Iterator):
            yield _dumps(value)
        elif name in _BY_NAME:
            pieces = (f"{_dumps(key)}: {_dumps(one)}" for key, one in value)
            yield from _bracketed("{", pieces, "}")
        else:
            yield from _bracketed("[", map(_dumps, value), "]")
        lead = ",\n"
    yield "\n}\n"


def counts(ledger: Iterable[LedgerRow]) -> dict[str, int]:
    """Stories by outcome, every outcome named."""
    found = dict.fromkeys((outcome.value for outcome in Outcome), 0)
    for row in ledger:
        found[row.outcome.value] += 1
    return found


def _bracketed(opened: str, pieces: Iterable[str], closed: str) -> Iterator[str]:
    yield opened
    lead = "\n"
    for piece in pieces:
        yield f"{lead}{piece}"
        lead = ",\n"
    yield closed


def _dumps(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:  # half of a pair, which no file can hold as it is
        text = json.dumps(value)
    return text


def _parts(layout: Layout, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parts of the document; the long ones are made as they are asked for."""
    content = layout.content
    merge, left = content.merge, content.left
    return {
        "format": FORMAT,
        **({"sovereignty": content.stays} if content.stays else {}),
        "run": dict(content.head),
        "counts": counts(merge.ledger),
        "kept": dict(kept) if kept is not None else None,
        "entries": (
            _entry(entry, layout.section_of[entry.id].title, content) for entry in merge.entries
        ),
        "conflicts": map(_conflict, merge.conflicts),
        "links": map(_link, merge.links),
        "passages": (
            {"entry": entry, "story": one.story, "text": one.text, "held": round(one.held, 3)}
            for entry, some in content.passages_of.items()
            for one in some
        ),
        "proposals": (list(pair) for pair in merge.proposals),
        "ledger": map(_row, merge.ledger),
        "failed_calls": list(merge.failed_calls),
        "sources": ((story.id, _source(story, content)) for story in content.stories.values()),
        "documents": {
            sha256: {
                "paths": list(document.paths),
                "format": document.format,
                "chars": len(document.text),
            }
            for sha256, document in content.documents.items()
        },
        "not_shown": {
            "residue": [
                {"path": path, "residue_chars": n, "chars": of} for path, n, of in left.residue
            ],
            "problems": [{"path": path, "reason": why} for path, why in left.problems],
            "boilerplate": left.boilerplate,
            "passages": [
                {
                    "path": path,
                    "kind": one.kind,
                    "place": one.place,
                    "words": one.n_words,
                    "begins": " ".join(one.text.split()[:_BEGINS]),
                }
                for path, some in left.passages
                for one in some
            ],
        },
    }


def _entry(entry: Entry, topic: str, content: Content) -> dict[str, Any]:
    value = asdict(entry)
    return {"id": entry.id, "name": content.entry_name[entry.id], "topic": topic} | value


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return asdict(conflict)


def _link(link: Link) -> dict[str, Any]:
    return asdict(link)


def _row(row: LedgerRow) -> dict[str, Any]:
    return asdict(row) | {
        "outcome": row.outcome.value,
        "at": row.at.isoformat() if row.at else None,
    }


def _source(story: Story, content: Content) -> dict[str, Any]:
    source = story.source
    return {
        "name": content.story_name[story.id],
        "document": source.document,
        "path": source.path,
        "locator": str(source.locator),
        "spans": [list(span) for span in source.spans],
        "key": source.key,
        "links": list(source.locator.links),
        "written": source.written.isoformat() if source.written else None,
        "author": source.author,
        "kind": story.kind,
        "role": story.role,
        "text": story.text,
    }
