"""Acceptance criteria that stand in another document and name their story by its key.

Links are made after extraction and change no story and no id: a document's stories are the same
whatever else is read.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.extract.readers.leftout import blank_out
from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories.assembly import Draft, add_criterion
from pipeline.extract.stories.found import join_spans
from pipeline.extract.stories.leads import is_criteria_label, split_heading
from pipeline.stories import Block, Document, Extraction, Locator, Span
from pipeline.text.sentences import plain

_KEY_ONLY = re.compile(r"[A-Z][A-Z0-9]{1,9}-\d{1,6}$|US[-_ ]?\d{1,5}$")


@dataclass(frozen=True, slots=True)
class CriteriaLink:
    """Criteria for a story of another document.

    Args:
        story: id of the story they belong to.
        document, path, locator, span: where the criteria stand.
    """

    story: str
    key: str
    document: str
    path: str
    locator: Locator
    span: Span
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    document: Document
    locator: Locator
    span: Span
    criteria: tuple[str, ...]


def link_criteria(extractions: Iterable[Extraction]) -> list[CriteriaLink]:
    """Links from keyed criteria in residue to the stories that bear those keys elsewhere.

    A key that two stories bear is ambiguous and makes no link.
    """
    stories: dict[str, list[tuple[str, str]]] = {}
    extractions = list(extractions)
    for extraction in extractions:
        for story in extraction.stories:
            if story.source.key:
                stories.setdefault(story.source.key, []).append((story.id, story.source.document))
    if not stories:
        return []
    links = []
    for place in (place for extraction in extractions for place in _keyed_criteria(extraction)):
        bearers = stories.get(place.key, [])
        if len(bearers) == 1 and bearers[0][1] != place.document.sha256:
            links.append(
                CriteriaLink(
                    bearers[0][0],
                    place.key,
                    place.document.sha256,
                    place.document.path,
                    place.locator,
                    place.span,
                    place.criteria,
                )
            )
    return links


def _keyed_criteria(extraction: Extraction) -> Iterator[_Place]:
    """Runs of residue that a key opens: "CSC-6" with criteria below it, or a row with both."""
    document = extraction.document
    text = blank_out(document.text, document.left_out)
    taken = join_spans(span for story in extraction.stories for span in story.source.spans)

    def is_residue(block: Block) -> bool:
        after = bisect_left(taken, (block.end,))
        return after == 0 or taken[after - 1].end <= block.start

    key, opening, told = "", None, Draft(role="x", goal="x")
    end = 0
    for block in [b for b in document.blocks if is_residue(b)]:
        raw = text[block.start : block.end]
        if block.kind == "row":
            yield from _from_row(document, text, block)
            continue
        first = split_heading(raw.split("\n", 1)[0])[0]
        if first[:1].isdigit():  # a chapter's number names a chapter of its own document only
            first = ""
        if first and block.kind != "meta":
            if opening and told.criteria:
                yield _place(document, key, opening, end, told)
            key, opening, told = first, block, Draft(role="x", goal="x")
            raw = raw.split("\n", 1)[1] if "\n" in raw else ""
        elif block.kind == "heading" and not is_criteria_label(raw):
            if opening and told.criteria:
                yield _place(document, key, opening, end, told)
            key, opening, told = "", None, Draft(role="x", goal="x")
            continue
        if opening and raw and not is_criteria_label(raw) and block.kind != "meta":
            for line in raw.splitlines() if block.kind == "paragraph" else [raw]:
                add_criterion(told, plain(line).lstrip("-*• "))
            end = block.end
    if opening and told.criteria:
        yield _place(document, key, opening, end, told)


def _place(document: Document, key: str, opening: Block, end: int, told: Draft) -> _Place:
    span = Span(opening.start, end)
    return _Place(key, document, opening.locator, span, tuple(told.criteria))


def _from_row(document: Document, text: str, row: Block) -> Iterator[_Place]:
    values = {column_role(name): plain(text[start:end]) for name, start, end in row.columns}
    if values.get("criteria") and _KEY_ONLY.match(values.get("key", "")):
        told = Draft(role="x", goal="x")
        for name, start, end in row.columns:
            if column_role(name) == "criteria":
                for line in text[start:end].splitlines():
                    add_criterion(told, plain(line).lstrip("-*• "))
        span = Span(row.start, row.end)
        yield _Place(values["key"], document, row.locator, span, tuple(told.criteria))
