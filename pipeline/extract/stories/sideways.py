"""Tables that stand sideways: labels down a column ("As a", "I want", "So that"), a story beside
them, or several, a column each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories.assembly import Draft
from pipeline.extract.stories.criteria import read_criteria
from pipeline.extract.stories.found import Found, join_spans
from pipeline.extract.stories.phrases import read_phrases
from pipeline.extract.stories.roles import is_placeholder
from pipeline.stories import Block, Span
from pipeline.text.sentences import plain

_ROLE_LABEL = re.compile(
    r"(?:as\s+an?|as|role|who|user|persona|actor|als|en\s+tant\s+que|como|come)\W*$", re.I
)
_GOAL_LABEL = re.compile(
    r"(?:i\s+(?:want|need|would\s+like)(?:\s+to)?(?:\s+be\s+able\s+to)?|goal|what|want|needs?|"
    r"möchte\s+ich|je\s+veux|quiero|voglio|quero|wil\s+ik)\W*$",
    re.I,
)
_BENEFIT_LABEL = re.compile(
    r"(?:so(?:\s+that)?|in\s+order\s+to|benefit|why|damit|afin\s+(?:de|que)|para(?:\s+que)?|zodat)\W*$",
    re.I,
)
#: Rows of one story at most.
_ROWS = 22
_CELLS = 12

_Column = dict[int, tuple[int, int]]


def read_sideways(text: str, rows: Sequence[Block], first: int) -> tuple[list[Found], int]:
    """The stories of a table whose labels run down from row ``first`` (a title or key may stand
    above them), and how many rows they take; ``([], 0)`` where none begins."""
    top = first
    while top < min(first + 3, len(rows) - 1) and not _begins(text, rows, top):
        if not _may_lead(text, rows[top]):
            return [], 0
        top += 1
    if top + 1 >= len(rows) or not _begins(text, rows, top):
        return [], 0
    last = top + 2
    label = _labels(text, rows[top])[0]
    while last < min(top + _ROWS, len(rows)):
        words = _words(text, rows[last], label)
        lone = len([n for n, cell in _cells(rows[last]).items() if cell[0] < cell[1]]) < 2
        if lone or not words or _ROLE_LABEL.match(words) or _is_other(rows[top], rows[last]):
            break
        if column_role(words) in ("key", "title", "story") and _begins(text, rows, last + 1):
            break  # the title of the next story
        last += 1
    group = rows[first:last]
    found = [
        story
        for label, value in _pairs(text, rows[top], rows[top + 1])
        if (story := _read(text, group, top - first, label, value))
    ]
    return (found, len(group)) if found else ([], 0)


def _cells(row: Block) -> _Column:
    """A row's cells by their place; columns of a table without a header are named by it."""
    return {
        int(name) if name.isdigit() else place: (start, end)
        for place, (name, start, end) in enumerate(row.columns)
    }


def _words(text: str, row: Block, column: int) -> str:
    start, end = _cells(row).get(column, (0, 0))
    return plain(text[start:end])


def _labels(text: str, row: Block) -> list[int]:
    """The columns of a row that hold a role's label."""
    return [n for n in _cells(row) if _ROLE_LABEL.match(_words(text, row, n))]


def _begins(text: str, rows: Sequence[Block], index: int) -> bool:
    if index + 1 >= len(rows):
        return False
    above, below = rows[index], rows[index + 1]
    if not 2 <= len(above.columns) <= _CELLS or len(below.columns) < 2:
        return False
    labels = _labels(text, above)
    return bool(labels) and any(_GOAL_LABEL.match(_words(text, below, n)) for n in labels)


def _may_lead(text: str, row: Block) -> bool:
    """A row above the labels that holds a title alone, or a key or title with its label."""
    filled = [n for n, (start, end) in _cells(row).items() if start < end]
    if len(filled) == 1:
        return len(_words(text, row, filled[0])) <= 120
    return (
        column_role(_words(text, row, filled[0])) in ("key", "title", "story") if filled else False
    )


def _is_other(top: Block, row: Block) -> bool:
    return top.locator.heading != row.locator.heading


def _pairs(text: str, role_row: Block, goal_row: Block) -> Iterator[tuple[int, int]]:
    """(column of the labels, column of a story): tables side by side have labels each."""
    labels = [n for n in _labels(text, role_row) if _GOAL_LABEL.match(_words(text, goal_row, n))]
    for place, label in enumerate(labels):
        after = labels[place + 1] if place + 1 < len(labels) else max(_cells(role_row)) + 1
        for value in range(label + 1, after):
            if _words(text, role_row, value) and _words(text, goal_row, value):
                yield label, value


def _read(text: str, rows: Sequence[Block], top: int, label: int, value: int) -> Found | None:
    """One story of a group of rows whose labels begin at row ``top`` of it."""
    draft = Draft(strict=True)
    places: list[Span] = []
    for number, row in enumerate(rows):
        cells = _cells(row)
        name, words = _words(text, row, label), _words(text, row, value)
        if number < top and not words:  # a title alone, merged over the table
            words, name = " ".join(_words(text, row, n) for n in cells).strip(), "title"
        _take(draft, name, words, text[slice(*cells.get(value, (0, 0)))])
        if value == label + 1 and len(cells) == 2:
            places.append(Span(row.start, row.end))
        else:
            places += [Span(*cells[n]) for n in (label, value) if n in cells]
    if not draft.role or not draft.goal or is_placeholder(draft.role):
        return None
    spans = join_spans(place for place in places if place.start < place.end)
    return Found("agile", spans, rows[top].locator, draft)


def _take(draft: Draft, name: str, words: str, raw: str) -> None:
    if _ROLE_LABEL.match(name) and not draft.role:
        draft.role = words.strip(" ,.")
    elif _GOAL_LABEL.match(name) and not draft.goal:
        wish = words if words[:2] in ("I ", "we") else f"I want {words}"
        told = read_phrases(f"As a user, {wish}", expected=True)
        draft.goal = told.goal if told else words
        draft.benefit = told.benefit if told else ""
        draft.body += [told.after] if told and told.after else []
    elif _BENEFIT_LABEL.match(name):
        draft.benefit = words.rstrip(" .")
    elif column_role(name) == "criteria":
        read_criteria(raw, draft)
    elif column_role(name) == "key" and not draft.key:
        draft.key = words
    elif column_role(name) == "title" and not draft.title:
        draft.title = words
    elif name or words:
        draft.body.append(f"{name}: {words}")
