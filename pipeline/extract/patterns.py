"""Blocks to stories: which shapes are looked for in which document.

No language model is needed or used: a story is found by its shape (see :mod:`.phrases`), its
heading (:mod:`.sections`), its columns (:mod:`.rows`) or its keywords (:mod:`.features`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from pipeline.extract.assembly import parse_story_text
from pipeline.extract.features import find_in_features
from pipeline.extract.found import Found, make_story
from pipeline.extract.sections import find_in_sections
from pipeline.stories import Document, Extraction, Span, Story, residue_of

__all__ = ["find_stories", "parse_story_text"]


def _unescape_json(raw: str) -> str:
    if "\\" not in raw:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw


#: What a format does to the text of a cell, undone.
_UNESCAPE: dict[str, Callable[[str], str]] = {
    "csv": lambda raw: raw.replace('""', '"'),
    "tsv": lambda raw: raw.replace('""', '"'),
    "json": _unescape_json,
    "jsonl": _unescape_json,
}


def find_stories(document: Document) -> Extraction:
    """Every story of a document, in order, and the text that is in none.

    Every character of ``document.text`` is in at least one story's span or in exactly one span
    of residue. The same document always gives the same stories with the same ids.
    """
    found: Iterable[Found]
    if document.format == "gherkin":
        found = find_in_features(document.text, document.blocks)
    else:
        unescape = _UNESCAPE.get(document.format, str)
        found = find_in_sections(document.text, document.blocks, unescape)
    stories: dict[str, Story] = {}
    for each in found:
        if each.spans:
            story = make_story(document, each)
            stories.setdefault(story.id, story)
    covered: list[Span] = [span for story in stories.values() for span in story.source.spans]
    return Extraction(document, tuple(stories.values()), residue_of(len(document.text), covered))
