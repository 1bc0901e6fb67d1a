"""What a cell of a table says: its words without HTML, entities and wiki markup; the stories told
in it (a ticket's description may hold an introduction, several stories, and criteria before or
behind them); and a cell of acceptance criteria, one a line or several on one.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from pipeline.extract.readers.atlassian import read_atlassian
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.wiki import read_wiki
from pipeline.extract.stories.assembly import Draft, add_criterion, add_inline_criteria, assemble
from pipeline.extract.stories.leads import is_criteria_label, split_lead
from pipeline.extract.stories.phrases import read_phrases
from pipeline.extract.stories.units import join_parts, may_tell, split_units
from pipeline.stories import Block
from pipeline.text.sentences import plain
from pipeline.text.shifted import tags_shifted
from pipeline.text.tags import has_tags, hide_code, reveal, tags_as_code, tags_read

#: A story sentence is looked for in this many characters of a cell.
_REACH = 20_000
#: The loose shapes, which count where a story is expected, are looked for in so many.
_HEAD = 4000
#: By so many of its first words a story is found again in the stored text, and what may stand
#: between two of them there. A tag is taken whole, so that no text is tried in many ways.
_FIRST_WORDS = 5
_BETWEEN_WORDS = r"(?:\\[nrt]|<[^<>]*>|&#?\w+;|\W)++"

#: First and last character of a story in its cell's words, and its fields.
CellStory = tuple[int, int, Draft]


def read_cell_stories(words: str, flavour: Flavour, *, expected: bool) -> list[CellStory]:
    """The stories of a cell, which together take all of it; none where it tells none.

    Args:
        words: as :func:`~pipeline.extract.stories.story_cells.read_cell_words` gives them.
        expected: its column or its row's type says that it tells a story.
    """
    if not expected and not may_tell(words[:_REACH]):
        return []
    blocks = join_parts(words, read_blocks(words, flavour))
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
    """Where the stories of a cell begin: with their sentences, or with the headings right above."""
    starts = []
    headed: int | None = None
    for block in blocks:
        if block.start > _REACH:
            break
        if block.kind not in ("paragraph", "item", "heading"):
            headed = None
            continue
        told = [
            block.start + unit.start
            for unit in split_units(words[block.start : block.end])
            if unit.phrases.strict and unit.phrases.goal and not unit.phrases.template
        ]
        if told and headed is not None:
            told[0] = headed
        starts += told
        if block.kind != "heading" or told:
            headed = None
        elif headed is None:
            headed = block.start
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
    (doubled quotes, "\\n", tags, a tracker's markup)."""
    if len(told) == 1:
        return [(0, len(raw))]
    cuts = [0]
    position = place = 0
    by_words = True
    for start, end, _ in told[1:]:
        if raw == words:
            cuts.append(start)
            continue
        found = _found_again(raw, place, words[start:end]) if by_words else None
        by_words = found is not None
        place = _aligned(raw, words, place, position, start) if found is None else found
        position = start
        cuts.append(max(place, cuts[-1] + 1))
    return list(pairwise([*cuts, len(raw)]))


def _found_again(raw: str, place: int, story: str) -> int | None:
    """The place in ``raw``, from ``place`` on, of a story's first words."""
    first = [re.escape(word) for word in re.findall(r"\w+", story[:400])[:_FIRST_WORDS]]
    if not first:
        return None
    shape = re.compile(rf"(?:(?<!\w)|(?<=\\[nrt])){_BETWEEN_WORDS.join(first)}(?!\w)")
    found = shape.search(raw, place)
    return found.start() if found else None


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


Flavour = Literal["markdown", "cell"]

_LIST_ITEM = re.compile(r"<li\b[^<>]*>", re.I)
_BREAK = re.compile(r"<(?:br\s*/?|/div|/li|/?ul|/?ol|/h[1-6]|/tr)\s*>", re.I)
_PARAGRAPH = re.compile(r"</p\s*>", re.I)
_ANY_TAG = re.compile(r"</?[a-z][^<>]{0,400}>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8}\d{0,2});", re.I)
_TASK = re.compile(r"(?m)^([ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+)\[[ xX]\][ \t]+")
_MARKDOWN = re.compile(r"(?m)^(?:#{2,6} \S|```|# [^\n]+\n\n)|\*\*[^*\n]+\*\*")


def read_cell_words(raw: str, *, wiki: bool = False) -> str:
    """A cell's words as lines and list items.

    Args:
        wiki: they are written in Jira's markup.
    """
    if raw.startswith("{") and (read := read_atlassian(raw)) is not None:
        return read
    words = hide_code(raw)
    words = tags_read(words)
    if has_tags(words):
        words = _LIST_ITEM.sub("\n- ", tags_as_code(words))
        words = tags_shifted(words)
        words = _BREAK.sub("\n", _PARAGRAPH.sub("\n\n", words))
        words = _ANY_TAG.sub("", words).strip()
    if "&" in words and _ENTITY.search(words):
        words = html.unescape(words)
    words = reveal(words)
    if wiki or "{code" in words or "{panel" in words:
        words = read_wiki(words)
    return _TASK.sub(r"\1", words)


def flavour_of(words: str, *, wiki: bool = False) -> Flavour:
    """How a cell's words are marked up: "#" numbers an item in Jira and heads a section
    elsewhere."""
    return "markdown" if not wiki and _MARKDOWN.search(words) else "cell"


def read_criteria(words: str, draft: Draft, flavour: Flavour = "cell") -> None:
    """Add the criteria of a cell; one line may hold several by ";"."""
    lines = [line for line in words.splitlines() if line.strip()]
    if len(lines) == 1:
        add_inline_criteria(draft, lines[0])
        return
    for block in read_blocks(words, flavour):
        raw = words[block.start : block.end]
        if is_criteria_label(raw) or block.kind == "meta":
            continue
        for piece in raw.splitlines() if block.kind == "paragraph" else [raw]:
            add_criterion(draft, plain(piece))
