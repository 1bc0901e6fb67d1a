"""The paragraphs and sentences of a story, with their places in its document.

Long stories overlap in parts; later steps compare and cite passages instead of whole stories.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.extract.sentences import sentence_ends
from pipeline.stories import Document, Span, Story


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph (a block's text inside the story) with the sentences it is made of."""

    span: Span
    text: str
    sentences: tuple[Span, ...]


def passages(story: Story, document: Document) -> tuple[Passage, ...]:
    """The story's paragraphs in order. Headings, items, rows and code count as paragraphs;
    sentences lie inside their paragraph, in order, and leave out only blanks.

    Args:
        document: the one the story was found in.
    """
    found: list[Passage] = []
    for block in document.blocks:
        if block.kind == "meta":
            continue
        for span in story.source.spans:
            start, end = max(block.start, span.start), min(block.end, span.end)
            if start < end:
                found.append(_passage(document.text, start, end, whole=block.kind == "code"))
    return tuple(found)


def _passage(text: str, start: int, end: int, *, whole: bool) -> Passage:
    sentences = []
    position = start
    for stop in [end] if whole else sentence_ends(text, start, end):
        while position < stop and text[position].isspace():
            position += 1
        if position < stop:
            sentences.append(Span(position, stop))
        position = stop
    return Passage(Span(start, end), text[start:end], tuple(sentences))
