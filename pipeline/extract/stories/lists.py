"""Plain text that is a list of one story a line: there a line is a record, whatever it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.extract.stories.assembly import Draft
from pipeline.extract.stories.found import Found
from pipeline.extract.stories.units import split_units
from pipeline.stories import Block, Span, normalise
from pipeline.text.sentences import plain

#: So many lines make a list, and so large a part of them begins a story sentence each.
_LINES = 10
_SHARE = 0.9


def find_in_list(text: str, blocks: Sequence[Block]) -> tuple[list[Block], list[Found]]:
    """The blocks of a text cut at the lines that are no story sentence, and those lines.

    Such a line counts as a story of its own ("agile"), because its place in the list says so, and
    is never the end of the story above it. Its words stay together in the body: no role and no
    wish can be read from them. A text that is no list of one story a line comes back as it is:
    headings or items in it, fewer than ten lines, paragraphs of fewer than ten lines on average,
    or fewer than nine lines in ten that begin a role–goal story.
    """
    count = sum(text.count("\n", block.start, block.end) + 1 for block in blocks)
    if count < _LINES * max(len(blocks), 1) or any(b.kind != "paragraph" for b in blocks):
        return list(blocks), []
    others: list[Block] = []
    cut: list[Block] = []
    for block in blocks:
        run: Block | None = None
        for line in _lines(text, block):
            if _is_story(text[line.start : line.end]):
                run = replace(run, end=line.end) if run else replace(line, level=block.level)
                continue
            others.append(line)
            if len(others) > count * (1 - _SHARE):
                return list(blocks), []
            cut += [run] if run else []
            run = None
        cut += [run] if run else []
    return cut, [story for line in others if (story := _own_story(text, line))]


def _own_story(text: str, line: Block) -> Found | None:
    """A line's words as a story; None for a line of marks only, which says nothing."""
    words = plain(text[line.start : line.end])
    if not normalise(words):
        return None
    return Found("agile", (Span(line.start, line.end),), line.locator, Draft(body=[words]))


def _lines(text: str, block: Block) -> Iterator[Block]:
    """A paragraph's lines, each with its own number."""
    position = block.start
    for offset, line in enumerate(text[block.start : block.end].split("\n")):
        stripped = line.strip()
        if stripped:
            start = position + line.index(stripped)
            number = block.locator.line
            place = replace(block.locator, line=number + offset if number is not None else None)
            yield Block(start, start + len(stripped), "paragraph", place)
        position += len(line) + 1


def _is_story(line: str) -> bool:
    """The line opens with one role–goal story, after a key or number at most."""
    units = split_units(line)
    return bool(
        units
        and units[0].start == 0
        and units[0].phrases.role
        and units[0].phrases.goal
        and not units[0].phrases.template
    )
