"""Rows to row blocks: where a table's header is, and what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.extract.names import bare_name
from pipeline.stories import Block, Locator

Cell = tuple[int, int]

#: How many rows from the top a header may hide.
_HEADER_WITHIN = 15
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NAMES: dict[str, re.Pattern[str]] = {
    role: re.compile(pattern, re.IGNORECASE)
    for role, pattern in {
        "key": r"(?:issue |story |work item )?(?:key|id|no\.?|nr\.?|#|ref(?:erence)?|number)",
        "story": r"(?:the )?(?:user )?(?:story|stories)(?: text| description| statement)?",
        "role": r"(?:us\W+)?as an?(?:\W.*)?|(?:user )?role|persona|actor|who|user type",
        "goal": r"(?:us\W+)?i (?:want|need|can|would like)\b.*|goal|want|what|need",
        "benefit": r"(?:us\W+)?so (?:that|i can)\b.*|in order to.*|benefit|why|value|reason",
        "criteria": r"(?:custom field \()?(?:acceptance (?:criteria|criterion|tests?|conditions?)"
        r"|criteria|ac|conditions? of satisfaction|definition of done|dod)\)?",
        "title": r"summary|title|name|feature|headline|subject",
        "description": r"description|details?|body|text|content",
        "notes": r"notes?|comments?|remarks?|additional info(?:rmation)?",
        "author": r"author|reporter|creator|created by|requested by|written by|owner",
        "date": r"date|created|created date|created at|date created|written|raised|created on",
        "changed": r"updated|changed date|last updated|modified",
        "type": r"(?:issue|work item|item) ?type|type|kind|tracker",
    }.items()
}


def column_role(name: str) -> str:
    """What a column of this name holds ("title", "criteria" …), "" when nothing is known."""
    bare = _CAMEL.sub(" ", bare_name(name)).replace("_", " ")
    bare = " ".join(bare.strip().strip("*:").split()).rstrip(":")
    for role, pattern in _NAMES.items():
        if pattern.fullmatch(bare):
            return role
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the stored text: its cells' places and its number (from 1)."""

    number: int
    line: int | None
    cells: Sequence[Cell]


def find_header(text: str, rows: Sequence[Row]) -> int | None:
    """Index of the row with the most known column names; None when no row has one.

    A lone known name counts only in the first row of a narrow table, so that a cell which
    happens to say "Goal" does not become a header.
    """
    if _stands_sideways(text, rows):
        return None
    best, best_score = None, 0
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        names = [text[a:b].strip() for a, b in row.cells]
        known = [name for name in names if name and len(name) <= 60 and column_role(name)]
        score = len({column_role(name) for name in known})
        if score > best_score and (
            score >= 2 or (index == 0 and len([n for n in names if n]) <= 4)
        ):
            best, best_score = index, score
    return best


def _stands_sideways(text: str, rows: Sequence[Row]) -> bool:
    """Labels run down the first column: "As a", "I want", "So that"."""
    labels = [text[slice(*row.cells[0])] for row in rows[:2] if row.cells]
    return [column_role(label) for label in labels] == ["role", "goal"]


def row_blocks(text: str, rows: Sequence[Row], sheet: str | None = None) -> list[Block]:
    """Row blocks named by their header; the header and what stands above it are meta blocks."""
    header = find_header(text, rows)
    names: list[str] = []
    if header is not None:
        names = [" ".join(text[a:b].split()) for a, b in rows[header].cells]
    blocks = []
    for index, row in enumerate(rows):
        filled = [(n, a, b) for n, (a, b) in enumerate(row.cells) if a < b]
        if not filled:
            continue
        place = Locator(line=row.line, sheet=sheet, row=row.number)
        start, end = filled[0][1], filled[-1][2]
        if header is not None and index <= header:
            blocks.append(Block(start, end, "meta", place))
            continue
        columns = tuple((names[n] if n < len(names) else "", a, b) for n, a, b in filled)
        blocks.append(Block(start, end, "row", place, 0, columns))
    return blocks
