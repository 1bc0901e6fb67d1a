"""Tables of stories: which they are, by their headers and, where these head other tables, too
("Role", "Goal", "Who", "What"), by what stands below them; and those that stand sideways: labels
down a column ("As a", "I want", "So that"), a story beside them, or several, a column each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.extract.readers.tables import column_role, is_certain
from pipeline.extract.stories import outline
from pipeline.extract.stories.assembly import Draft
from pipeline.extract.stories.found import Found, join_spans
from pipeline.extract.stories.leads import is_criteria_label
from pipeline.extract.stories.phrases import read_phrases
from pipeline.extract.stories.purposes import is_placeholder
from pipeline.extract.stories.story_cells import read_criteria
from pipeline.stories import Block, Span
from pipeline.text.sentences import plain

_ROLE_LABEL = re.compile(
    r"(?:as\s+an?(?:\s*/\s*an?)?|as|role|who|user|persona|actor|als|en\s+tant\s+que|como|come)\W*$",
    re.I,
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
        if _leads_next(text, rows, last, label):
            break
        last += 1
    group = rows[first:last]
    found = [
        story
        for label, value in _pairs(text, rows[top], rows[top + 1])
        if (story := _read(text, group, top - first, label, value))
    ]
    return (found, len(group)) if found else ([], 0)


def _leads_next(text: str, rows: Sequence[Block], first: int, label: int) -> bool:
    """Whether the next story begins with these rows, its key and its title above its labels."""
    at = first
    while at < min(first + 3, len(rows)) and (
        column_role(_words(text, rows[at], label)) in ("key", "title", "story")
    ):
        at += 1
    return at > first and _begins(text, rows, at)


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


_WISH = re.compile(
    r"(?:(?:I|we)\b|to\s+[a-z]|(?:be\s+able|want|need|can|would\s+like)\b|"
    r"(?:ich|je|quiero|voglio|quero|ik)\b)",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"(?:so\b|in\s+order\b|damit|um\b|afin\b|para\b|zodat\b)", re.IGNORECASE)
#: Columns of lists of people, of meetings and of duties.
_OTHER_TABLE = re.compile(
    r"(?:first |last |full )?name|person|people|employee|staff|member|phone|e-?mail|department|"
    r"team|salary|location|room|birthday|age|due(?: date)?|deadline|when|start|end|done|by when|"
    r"until|login|username",
    re.IGNORECASE,
)
_BACKLOG = re.compile(r".*\b(?:backlog|user stor(?:y|ies)|stories)\b", re.IGNORECASE)
#: A loose table is one of stories where more than half of its rows read like one.
_MOST = 0.5


def wishing_columns(
    text: str, rows: Sequence[Block], *, expected: bool, records: bool = False
) -> frozenset[tuple[str, str]]:
    """The (role column, goal column) names under which each row tells a story.

    Args:
        expected: the tables stand under a heading that announces stories.
        records: the rows are a program's records.
    """
    tables: dict[tuple[str, str], list[dict[str, str]]] = {}
    headers: dict[tuple[str, str], set[str]] = {}
    named: set[str] = set()
    for row in rows:
        first: dict[str, tuple[str, str]] = {}
        for name, start, end in row.columns:
            holds = column_role(name)
            named.add(name)
            if holds and start < end:
                first.setdefault(holds, (name, text[start:end]))
        role, goal = first.get("role"), first.get("goal")
        if goal is None or role is None:
            continue
        if role[0] == role[1] and goal[0] == goal[1]:
            continue  # the header itself
        names = (role[0], goal[0])
        tables.setdefault(names, []).append({h: plain(words) for h, (_, words) in first.items()})
        headers.setdefault(names, set()).update(name for name, *_ in row.columns)
    # A program that names the fields of a record so keeps stories in it.
    announced = expected or _announced(rows) or records
    return frozenset(
        names
        for names, told in tables.items()
        if any(map(is_certain, names))
        or ((announced or _has_criteria(headers[names])) and not _is_of_people(headers[names]))
        or _reads_like_wishes(told, headers[names])
    )


def _announced(rows: Sequence[Block]) -> bool:
    """Whether the sheet or the heading above says that its rows are stories."""
    at = rows[0].locator
    above = at.heading[-1] if at.heading else ""
    return bool(outline.STORIES.match(above) or _BACKLOG.match(at.sheet or ""))


def _has_criteria(names: set[str]) -> bool:
    """Whether a column is of acceptance criteria, which only stories have."""
    return any(is_criteria_label(name) for name in names)


def _is_of_people(names: set[str]) -> bool:
    """Whether a table's columns are those of people, meetings or duties."""
    return any(_OTHER_TABLE.fullmatch(" ".join(name.split()).strip("*:")) for name in names)


def _reads_like_wishes(told: Sequence[dict[str, str]], names: set[str]) -> bool:
    wishes = sum(_WISH.match(row["goal"]) is not None for row in told)
    if wishes > len(told) * _MOST:
        return True
    if _is_of_people(names):
        return False
    purposes = sum(_PURPOSE.match(row.get("benefit", "")) is not None for row in told)
    if purposes > len(told) * _MOST:
        return True
    # Who, what and why, each in some words: the reason of a duty is a word ("law", "party").
    whole = sum(
        len(row["goal"].split()) >= 2 and len(row.get("benefit", "").split()) >= 2 for row in told
    )
    return whole > len(told) * _MOST
