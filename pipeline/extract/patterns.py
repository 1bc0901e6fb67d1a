"""Blocks to stories: which shapes are looked for in which document.

No language model is needed or used: a story is found by its shape (see :mod:`.phrases`), its
heading (:mod:`.sections`), its columns (:mod:`.rows`) or its keywords (:mod:`.features`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.extract.overlooked import judge
from pipeline.extract.readers.condensing import settle_stretches
from pipeline.extract.readers.decoding import repair_mojibake
from pipeline.extract.readers.leftout import blank_out, current_blocks, without
from pipeline.extract.readers.markup import Flavour, read_blocks
from pipeline.extract.stories.assembly import Draft, assemble, parse_story_text
from pipeline.extract.stories.found import Found, make_story, spans_of, unescape_of
from pipeline.extract.stories.gherkin_stories import find_in_features
from pipeline.extract.stories.sections import find_in_sections
from pipeline.extract.stories.story_lists import find_in_list
from pipeline.stories import (
    Block,
    Document,
    Extraction,
    Locator,
    Span,
    Story,
    StoryKind,
    residue_of,
)

__all__ = ["find_stories", "parse_story_text"]


_LINE = re.compile(r"[^\s][^\n]*")
#: Formats without a text of their own, whose stretches without a story have lines and no blocks.
_BUILT = frozenset(
    {"html", "mhtml", "eml", "docx", "odt", "odp", "pptx", "pdf", "rtf", "confluence"}
)
#: Formats whose rows are a program's records, not those of a table.
_RECORDS = frozenset({"json", "jsonl", "yaml", "xml", "trello"})


def find_stories(
    document: Document, *, pattern: str | None = None, repair: bool = False, ears: bool = False
) -> Extraction:
    """Every story of a document, in order, and the text that is in none.

    Args:
        pattern: a regular expression; a heading, or a line that begins a paragraph or item,
            where it matches opens one story that runs to the next match or the end of its
            section. Stories of the known shapes are then looked for in the rest only.
        repair: undo mojibake in the stories' fields (the text and all offsets stay).
        ears: shall-sentences are stories wherever they stand, not under "Requirements" only.
    Raises:
        InputError: the pattern is not a regular expression.

    Every character of ``document.text`` is in at least one story's span or in exactly one span
    of residue. The same document always gives the same stories with the same ids.
    """
    text, blocks = _current(document, stretches=bool(pattern or ears))
    found, others = _known_shapes(document, text, blocks, ears=ears)
    if pattern:
        found = [*_find_pattern(text, others, pattern), *found]
    if document.left_out:
        found = [
            replace(each, spans=without(document.text, each.spans, document.left_out))
            for each in found
        ]
    stories = _made(document, found, by_pattern=bool(pattern), repair=repair)
    covered: list[Span] = [span for story in stories for span in story.source.spans]
    residue = residue_of(len(document.text), covered)
    current = replace(document, text=text, blocks=tuple(blocks))
    if said := judge(current, stories, residue):
        problem = f"{document.problem}; {said}" if document.problem else said
        document = replace(document, problem=problem)
    return Extraction(document, stories, residue)


def _current(document: Document, *, stretches: bool) -> tuple[str, Sequence[Block]]:
    """The text that is current, and its blocks.

    Args:
        stretches: lines that a format joins are looked at one by one, also where no known shape
            tells a story.
    """
    blocks: Sequence[Block] = document.blocks
    text = document.text
    if stretches and settle_stretches(text):
        if document.format in ("markdown", "rst"):
            flavour: Flavour = "rst" if document.format == "rst" else "markdown"
            blocks = tuple(read_blocks(text, flavour))
        elif document.format in _BUILT:
            blocks = tuple(_with_lines(text, blocks))
    if document.left_out:
        text = blank_out(text, document.left_out)
        blocks = current_blocks(text, blocks)
    return text, blocks


def _known_shapes(
    document: Document, text: str, blocks: Sequence[Block], *, ears: bool
) -> tuple[Iterable[Found], Sequence[Block]]:
    """The stories of known shapes in the current text, in its order; the blocks without those
    that a list of stories took."""
    if document.format == "gherkin":
        return find_in_features(text, blocks), blocks
    listed: list[Found] = []
    if document.format == "text":
        blocks, listed = find_in_list(text, blocks)
    found = find_in_sections(
        text, blocks, unescape_of(document.format), ears=ears, records=document.format in _RECORDS
    )
    if listed:
        return sorted([*found, *listed], key=lambda each: each.spans), blocks
    return found, blocks


def _made(
    document: Document, found: Iterable[Found], *, by_pattern: bool, repair: bool
) -> tuple[Story, ...]:
    """The stories that were found, each once, in order; what a pattern found comes first and
    leaves no other story where it stands."""
    stories: dict[str, Story] = {}
    taken: list[Span] = []
    for each in found:
        if each.spans and not (by_pattern and _overlap(each.spans, taken)):
            taken += each.spans if by_pattern else ()
            if repair:
                _repair(each.draft)
            story = make_story(document, each)
            stories.setdefault(story.id, story)
    if by_pattern:
        return tuple(sorted(stories.values(), key=lambda story: story.start))
    return tuple(stories.values())


def _with_lines(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks, and between them a paragraph for each line: every block had lines of its own."""
    position = 0
    for block in [*blocks, None]:
        until = len(text) if block is None else block.start
        for line in _LINE.finditer(text, position, max(position, until)):
            yield Block(*line.span(), "paragraph", Locator())
        if block is not None:
            yield block
            position = max(position, block.end)


def _find_pattern(text: str, blocks: Sequence[Block], pattern: str) -> Iterator[Found]:
    """One story for each run of blocks that a matching block opens."""
    try:
        opens = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"The pattern is not a regular expression ({error}).",
            where=pattern,
            next="Mend it, or leave it out.",
        ) from error
    run: list[Block] = []
    for block in [*blocks, None]:
        matches = (
            block is not None
            and block.kind in ("heading", "paragraph", "item")
            and opens.search(text[block.start : _line_end(text, block)]) is not None
        )
        if run and (block is None or matches or _ends(run[0], block)):
            draft = assemble(text, run, expected=False)
            kind: StoryKind = "agile" if draft.told else "narrative"
            yield Found(kind, spans_of(run, text), run[0].locator, draft)
            run = []
        if block is not None and (matches or run):
            run.append(block)


def _line_end(text: str, block: Block) -> int:
    end = text.find("\n", block.start, block.end)
    return block.end if end < 0 else end


def _ends(opening: Block, block: Block) -> bool:
    """A heading ends what a paragraph opened, and what a heading of its own level opened."""
    if block.kind != "heading":
        return False
    return opening.kind != "heading" or block.level <= opening.level


def _overlap(spans: Iterable[Span], taken: Iterable[Span]) -> bool:
    return any(a < d and c < b for a, b in spans for c, d in taken)


def _repair(draft: Draft) -> None:
    draft.title = repair_mojibake(draft.title)
    draft.role = repair_mojibake(draft.role)
    draft.goal = repair_mojibake(draft.goal)
    draft.benefit = repair_mojibake(draft.benefit)
    draft.criteria = [repair_mojibake(item) for item in draft.criteria]
    draft.body = [repair_mojibake(item) for item in draft.body]
