"""What was read, as one self-contained page: documents left, their text with stories marked, right.

Every document is an island of JSON that no text can break out of; the page parses an island when
its document is chosen, so that a pile of hundreds opens at once. No request leaves the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any

from pipeline.extract.page.islands import island, utf16_units
from pipeline.extract.page.page_frame import HEAD, TAIL
from pipeline.stories import Document, Extraction, Story

#: Characters of document text that one page holds; a browser opens twice as much without effort.
TEXT_LIMIT = 30_000_000


def page(extractions: Iterable[Extraction], *, text_limit: int = TEXT_LIMIT) -> Iterator[str]:
    """The page, piece by piece: one extraction is held at a time.

    Args:
        text_limit: characters; a document whose text would go beyond is listed with its figures,
            its text and stories are left out, and the page says so.
    """
    yield HEAD
    listed: list[dict[str, Any]] = []
    keys: set[str] = set()
    room = text_limit
    for number, extraction in enumerate(extractions):
        document = extraction.document
        held = len(document.text) <= room
        if held:
            room -= len(document.text)
            yield island(f"d{number}", _contents(extraction))
        key = _key(document, keys)
        keys.add(key)
        listed.append(_entry(extraction, key, held))
    folder = _common_folder([entry["path"] for entry in listed])
    yield island("index", {"folder": folder, "limit": text_limit, "documents": listed})
    yield TAIL


def _entry(extraction: Extraction, key: str, held: bool) -> dict[str, Any]:
    """A document's line in the list."""
    document = extraction.document
    return {
        "key": key,
        "path": document.path,
        "others": list(document.paths[1:]),
        "format": document.format,
        "encoding": document.encoding,
        "guessed": document.guessed,
        "chars": extraction.chars,
        "residue": extraction.residue_chars,
        "stories": len(extraction.stories),
        "problem": document.problem,
        "held": held,
    }


def _contents(extraction: Extraction) -> dict[str, Any]:
    """What is shown when a document is chosen."""
    units = utf16_units(extraction.document.text)
    return {
        "text": extraction.document.text,
        "stories": [_story(story, units) for story in extraction.stories],
    }


def _story(story: Story, units: Callable[[int], int]) -> dict[str, Any]:
    source = story.source
    return {
        "id": story.id,
        "kind": story.kind,
        "spans": [[units(start), units(end)] for start, end in source.spans],
        "title": story.title,
        "role": story.role,
        "goal": story.goal,
        "benefit": story.benefit,
        "criteria": list(story.criteria),
        "body": list(story.body),
        "key": source.key,
        "date": source.written.isoformat() if source.written else "",
        "author": source.author,
        "where": str(source.locator),
    }


def _key(document: Document, taken: set[str]) -> str:
    """What a link names a document by: its bytes, so that the link survives another folder."""
    path = hashlib.sha256(document.path.encode("utf-8", "surrogatepass")).hexdigest()
    key = (document.sha256 or path)[:12]
    return f"{key}-{path[:6]}" if key in taken else key


def _common_folder(paths: list[str]) -> str:
    """The folders that all paths begin with, "" when there are none."""
    levels = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    shared = takewhile(lambda names: len(set(names)) == 1, levels)
    return "".join(f"{names[0]}/" for names in shared)
