"""A document as a tree of headed sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.extract.stories import headings
from pipeline.extract.stories.units import join_parts
from pipeline.stories import Block
from pipeline.text.sentences import plain

_BOLD_LINE = re.compile(r"\s*(\*\*|__)(?P<words>[^*\n]{3,120})\1\s*:?\s*$")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (None for what stands above the first) with the blocks below it."""

    heading: Block | None
    own: Sequence[Block]
    children: Sequence[Section]
    blocks: Sequence[Block]


def outline(text: str, blocks: Sequence[Block]) -> Section:
    """The sections of a document's blocks under one root without a heading. Bold lines that
    announce a story count as headings; story sentences spread over paragraphs are joined."""
    return _section(None, join_parts(text, [_raise_heading(text, block) for block in blocks]))


def _raise_heading(text: str, block: Block) -> Block:
    """ "**Story 3: Refunds**", "Story 3: Refunds" or "User stories:" alone in a paragraph is a
    heading."""
    if block.kind != "paragraph" or block.level or block.end - block.start > 120:
        return block
    raw = text[block.start : block.end]
    bold = _BOLD_LINE.match(raw)
    words = bold["words"] if bold else raw
    labels = headings.LABEL.match(words) and (bold or raw.rstrip().endswith(":"))
    if "\n" in raw or not (labels or headings.STORY.match(words)):
        return block
    if not bold and raw.rstrip()[-1:] in ".,;":
        return block
    if re.search(r"\b[Aa]s an?\s", words):
        return block
    place = replace(block.locator, heading=(*block.locator.heading, plain(raw)))
    return Block(block.start, block.end, "heading", place, 7)


def _section(heading: Block | None, blocks: Sequence[Block]) -> Section:
    """Build the tree; iterative over siblings, recursive over depth (at most seven levels)."""
    first = next((n for n, b in enumerate(blocks) if b.kind == "heading"), len(blocks))
    children = []
    position = first
    while position < len(blocks):
        level = blocks[position].level
        after = position + 1
        while after < len(blocks) and not (
            blocks[after].kind == "heading" and blocks[after].level <= level
        ):
            after += 1
        children.append(_section(blocks[position], blocks[position + 1 : after]))
        position = after
    return Section(heading, blocks[:first], children, blocks)
