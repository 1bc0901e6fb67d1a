"""Stories told inside one cell of a table: a ticket's description may hold an introduction, several
stories, and criteria before or behind them."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipeline.extract.assembly import Draft, assemble
from pipeline.extract.leads import split_lead
from pipeline.extract.markup import read_blocks
from pipeline.extract.phrases import read_phrases
from pipeline.extract.units import join_parts, may_tell, split_units
from pipeline.stories import Block

_LIST_ITEM = re.compile(r"<li\b[^<>]*>", re.I)
_BREAK = re.compile(r"<(?:br\s*/?|/p|/div|/li|/?ul|/?ol|/h[1-6]|/tr)\s*>", re.I)
_ANY_TAG = re.compile(r"</?[a-z][^<>]{0,400}>", re.I)
#: A story sentence is looked for in this many characters of a cell.
_REACH = 20_000
#: The loose shapes, which count where a story is expected, are looked for in so many.
_HEAD = 4000

#: First and last character of a story in its cell's words, and its fields.
CellStory = tuple[int, int, Draft]


def unmark(words: str) -> str:
    """A cell that holds HTML (Azure DevOps exports) as lines and list items."""
    if "</" not in words and not _BREAK.search(words):
        return words
    words = _BREAK.sub("\n", _LIST_ITEM.sub("\n- ", words))
    return html.unescape(_ANY_TAG.sub("", words)).strip()


def read_cell(words: str, *, expected: bool) -> list[CellStory]:
    """The stories of a cell, which together take all of it; none where it tells none.

    Args:
        expected: its column or its row's type says that it tells a story.
    """
    if not expected and not may_tell(words[:_REACH]):
        return []
    blocks = join_parts(words, read_blocks(words, "cell"))
    starts = _starts(words, blocks)
    if not starts:
        if not expected or read_phrases(split_lead(words[:_HEAD])[2], expected=True) is None:
            return []
        starts = [0]
    cuts = [0, *starts[1:], len(words)]
    told = []
    for start, end in pairwise(cuts):
        draft = assemble(words, list(_clipped(words, blocks, start, end)), expected=expected)
        if draft.told and not draft.template:
            told.append((start, end, draft))
    if told:  # what stands before the first or tells nothing goes with the story beside it
        ends = [start for start, _, _ in told[1:]] + [len(words)]
        begins = [0] + [start for start, _, _ in told[1:]]
        told = [(a, b, draft) for a, b, (_, _, draft) in zip(begins, ends, told, strict=True)]
    return told


def _starts(words: str, blocks: Sequence[Block]) -> list[int]:
    """Where the story sentences of a cell begin."""
    starts = []
    for block in blocks:
        if block.start > _REACH:
            break
        if block.kind in ("paragraph", "item", "heading"):
            starts += [
                block.start + unit.start
                for unit in split_units(words[block.start : block.end])
                if unit.phrases.strict and unit.phrases.goal and not unit.phrases.template
            ]
    return starts


def _clipped(words: str, blocks: Sequence[Block], start: int, end: int) -> list[Block]:
    """The blocks between two places, cut where they reach over them."""
    clipped = []
    for block in blocks:
        first, last = max(block.start, start), min(block.end, end)
        last = first + len(words[first:last].rstrip())
        if first < last:
            clipped.append(replace(block, start=first, end=last))
    return clipped


def places_in(raw: str, words: str, told: Sequence[CellStory]) -> list[tuple[int, int]]:
    """Where a cell's stories stand in its stored text, which spells some characters otherwise
    (doubled quotes, "\\n", tags)."""
    if len(told) == 1:
        return [(0, len(raw))]
    cuts = [0]
    position = place = 0
    for start, _, _ in told[1:]:
        if len(raw) == len(words):
            cuts.append(start)
            continue
        place = _aligned(raw, words, place, position, start)
        position = start
        cuts.append(max(place, cuts[-1] + 1))
    return list(pairwise([*cuts, len(raw)]))


def _aligned(raw: str, words: str, place: int, position: int, target: int) -> int:
    """The place in ``raw`` of ``words[target]``, from a pair of places that belong together: the
    characters of words are those of raw, in order, with others between them."""
    while position < target and place < len(raw):
        if raw[place] == words[position]:
            place, position = place + 1, position + 1
        elif raw[place] == "\\" and place + 1 < len(raw):
            place += 6 if raw[place + 1] == "u" else 2
            position += 1
        elif words[position].isspace():
            position += 1
        else:
            place += 1
    return min(place, len(raw) - 1)
