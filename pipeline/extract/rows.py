"""Stories in tables: a row a story, a row of three columns, or a table standing on its side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.extract.assembly import (
    Draft,
    add_criterion,
    add_inline_criteria,
    assemble,
    is_criteria_label,
    split_lead,
)
from pipeline.extract.found import Found, join_spans, read_date
from pipeline.extract.markup import read_blocks
from pipeline.extract.phrases import read_phrases
from pipeline.extract.sentences import plain
from pipeline.extract.tables import column_role
from pipeline.stories import Block, Span, normalise

_ROLE_LABEL = re.compile(r"(?:as\s+an?|as|role|who|user|persona|actor)\W*$", re.I)
_GOAL_LABEL = re.compile(
    r"(?:i\s+(?:want|need|would\s+like)(?:\s+to)?(?:\s+be\s+able\s+to)?|goal|what|want)\W*$", re.I
)
_BENEFIT_LABEL = re.compile(r"(?:so(?:\s+that)?|in\s+order\s+to|benefit|why|because)\W*$", re.I)
_STORY_TYPE = re.compile(r".*\b(?:stor(?:y|ies)|feature|requirement|product backlog item)\b", re.I)
#: Columns of a story's row that say something of the story itself.
_TELLING = ("story", "title", "description", "criteria", "notes", "role", "goal", "benefit")


def find_in_rows(text: str, rows: Sequence[Block]) -> Iterator[Found]:
    """The stories of a run of row blocks (one table)."""
    index = 0
    while index < len(rows):
        upright, used = _read_sideways(text, rows[index:])
        if upright:
            yield upright
            index += used
            continue
        found = _read_row(text, rows[index])
        if found:
            yield found
        index += 1


def _read_sideways(text: str, rows: Sequence[Block]) -> tuple[Found | None, int]:
    """A vertical table: "As a | customer", "I want | …", "So that | …", one label a row."""
    if len(rows) < 2 or not 2 <= len(rows[0].columns) <= 3:
        return None, 0
    if not _ROLE_LABEL.match(_cell(text, rows[0], 0)):
        return None, 0
    if not _GOAL_LABEL.match(_cell(text, rows[1], 0)) or len(rows[1].columns) < 2:
        return None, 0
    draft = Draft(strict=True)
    draft.role = plain(_cell(text, rows[0], 1)).strip(" ,.")
    used = [rows[0], rows[1]]
    told = read_phrases(f"I want {_cell(text, rows[1], 1)}", expected=True)
    draft.goal = told.goal if told else plain(_cell(text, rows[1], 1))
    if told:
        draft.benefit = told.benefit
        if told.after:
            draft.body.append(told.after)
    for row in rows[2:]:
        label = _cell(text, row, 0)
        if _ROLE_LABEL.match(label) or len(row.columns) < 2:
            break
        value = _cell(text, row, 1)
        if _BENEFIT_LABEL.match(label):
            draft.benefit = plain(value).rstrip(" .")
        elif column_role(label) == "criteria":
            draft.criteria += [
                plain(line).lstrip("-*• ") for line in value.splitlines() if line.strip()
            ]
        elif column_role(label) == "key":
            draft.key = plain(value)
        else:
            draft.body.append(f"{plain(label)}: {plain(value)}")
        used.append(row)
    if not draft.role or not draft.goal:
        return None, 0
    spans = tuple(Span(row.start, row.end) for row in used)
    return Found("agile", spans, rows[0].locator, draft), len(used)


def _cell(text: str, row: Block, number: int) -> str:
    if number >= len(row.columns):
        return ""
    _, start, end = row.columns[number]
    return text[start:end]


def _read_row(text: str, row: Block) -> Found | None:
    """One story in one row, whichever columns it is spread over."""
    cells = [(column_role(name), start, end) for name, start, end in row.columns if start < end]
    roles = {role for role, _, _ in cells}
    values = {role: text[start:end] for role, start, end in reversed(cells)}
    draft = Draft()
    used: list[Span] = []

    def use(*wanted: str) -> None:
        used.extend(Span(start, end) for role, start, end in cells if role in wanted)

    if {"role", "goal"} <= roles:
        if not _read_columns(values, draft):
            return None
        use("role", "goal", "benefit")
    elif not _read_telling(text, cells, values, draft, used):
        return None
    if draft.template or not draft.told:
        return None
    _read_rest(text, cells, draft, used)
    if not draft.key:
        draft.key = plain(values.get("key", ""))
    written = read_date(values.get("date", "")) or read_date(values.get("changed", ""))
    spans = join_spans(used)
    author = plain(values.get("author", ""))
    return Found("agile", spans, row.locator, draft, author=author, written=written)


def _read_columns(values: dict[str, str], draft: Draft) -> bool:
    """Role, goal and benefit in a column each, with or without their opening words."""
    role = plain(values["role"])
    role = re.sub(r"^as\s+(?:an?\s+|the\s+)?", "", role, flags=re.I).strip(" ,.")
    goal = plain(values["goal"])
    opened = re.match(r"(?:I|we)\b", goal, re.I)
    told = read_phrases(goal if opened else f"I want {goal}", expected=True)
    if not role or not goal or told is None:
        return False
    benefit = re.sub(
        r"^(?:so\s+(?:that\s+)?|in\s+order\s+to\s+)",
        "",
        plain(values.get("benefit", "")),
        flags=re.I,
    )
    draft.role, draft.goal, draft.strict = role, told.goal, True
    draft.benefit = benefit.rstrip(" .") or told.benefit
    if benefit and told.benefit:
        draft.body.append(told.benefit)
    if told.after:
        draft.body.append(told.after)
    return not read_placeholder(role)


def read_placeholder(role: str) -> bool:
    """Whether a role is a form to be filled in ("< type of user >")."""
    told = read_phrases(f"As a {role}, I want x", expected=True)
    return told is not None and told.template


def _read_telling(
    text: str,
    cells: Sequence[tuple[str, int, int]],
    values: dict[str, str],
    draft: Draft,
    used: list[Span],
) -> bool:
    """A story told in one cell: the description, the summary, or any cell that begins so."""
    named = [cell for cell in cells if cell[0] in ("story", "description", "title")]
    order = {"story": 0, "description": 1, "title": 2}
    named.sort(key=lambda cell: order[cell[0]])
    others = [cell for cell in cells if cell[0] == ""]
    expected_type = _STORY_TYPE.match(values.get("type", "")) is not None
    for role, start, end in [*named, *others]:
        expected = role == "story" or (expected_type and role in ("title", "description"))
        if _begins_story(text, start, end, expected):
            inner = read_blocks(text, "cell", start, end)
            read = assemble(text, inner, expected=expected)
            if not read.told or read.template:
                continue
            draft.__dict__.update(read.__dict__)
            used.append(Span(start, end))
            return True
    return False


def _begins_story(text: str, start: int, end: int, expected: bool) -> bool:
    """A story sentence within the first lines of a cell."""
    head = text[start : min(end, start + 4000)]
    _, _, sentence = split_lead(head)
    if read_phrases(sentence, expected=expected) is not None:
        return True
    for line in head.splitlines()[:12]:
        _, _, sentence = split_lead(line.lstrip(" \t*_>#-•"))
        found = read_phrases(sentence)
        if found and found.strict:
            return True
    return False


def _read_rest(
    text: str, cells: Sequence[tuple[str, int, int]], draft: Draft, used: list[Span]
) -> None:
    """The row's other telling cells: title, criteria, description, notes."""
    taken = set(used)
    for role, start, end in cells:
        if Span(start, end) in taken or role not in _TELLING:
            continue
        value = text[start:end]
        if role == "title":
            draft.title, old = plain(value), draft.title
            if old and normalise(old) != normalise(value):
                draft.body.append(old)
        elif role == "criteria":
            _read_criteria(text, start, end, draft)
        elif role in ("story", "description", "notes"):
            said = Draft(role=draft.role, goal=draft.goal)
            assemble(text, read_blocks(text, "cell", start, end), draft=said)
            known = set(draft.criteria)
            draft.criteria += [item for item in said.criteria if item not in known]
            draft.body += said.body
            if said.title:
                draft.body.append(said.title)
        else:
            draft.body.append(plain(value))
        used.append(Span(start, end))


def _read_criteria(text: str, start: int, end: int, draft: Draft) -> None:
    """A criteria cell: one criterion a line or list item; one line may hold several by ";"."""
    lines = [line for line in text[start:end].splitlines() if line.strip()]
    if len(lines) == 1:
        add_inline_criteria(draft, lines[0])
        return
    for block in read_blocks(text, "cell", start, end):
        raw = text[block.start : block.end]
        if is_criteria_label(raw) or block.kind == "meta":
            continue
        for piece in raw.splitlines() if block.kind == "paragraph" else [raw]:
            add_criterion(draft, plain(piece))
