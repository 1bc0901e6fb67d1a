"""Nested objects (JSON, YAML, XML) to rows: an object with story-like fields is a row.

A reader of one of these formats tells what it meets, in order, with places in the stored text; an
object's own words become the cells of its row. What only describes a work item (its author, its
labels, its sprint, remarks on it) is not a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.extract.readers.row_store import Cell, Cells, Names, RowStore
from pipeline.extract.readers.tables import field_role
from pipeline.stories import Block, Locator

Opened = Literal["object", "list"]

#: Objects inside an object that only group its fields (Jira's REST API, JSON:API).
_GROUPING = frozenset({"fields", "attributes", "properties", "values"})
#: What describes a work item, or was said of it, and is none.
_ABOUT = frozenset(
    {"labels", "tags", "label", "milestone", "sprint", "sprints", "project", "repository"}
    | {"comments", "comment", "actions", "history", "changelog", "events", "worklog", "worklogs"}
    | {"attachments", "watchers", "assignees", "assignee", "members", "user", "users", "author"}
    | {"lists", "priority", "resolution", "status", "votes", "links", "_links", "relations"}
    | {
        "issuelinks",
        "inwardissue",
        "outwardissue",
        "parent",
        "reactions",
        "closed_by",
        "pull_request",
        "time_stats",
        "avatar",
    }
)
#: Objects that name another work item, and what the link is called.
_LINKING = {
    "parent": "Parent",
    "epic": "Epic",
    "inwardissue": "Inward issue link",
    "outwardissue": "Outward issue link",
    "issuelinks": "Issue link",
    "relations": "Linked work item",
}
#: The names under which an object that stands for one value says it.
_NAMES = ("displayName", "display_name", "name", "login", "value", "username", "title", "text")
_DEEPEST = 200


@dataclass(slots=True)
class _Frame:
    opened: Opened
    start: int
    name: str
    cells: Cells
    rows: RowStore


class Objects:
    """Takes what a reader meets and puts the rows together.

    Places are offsets into ``text``; lines are counted in it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[_Frame] = []
        self._names = Names()
        self._rows = RowStore(self._names)

    @property
    def inside(self) -> Opened | None:
        """What was opened last and not closed."""
        return self._stack[-1].opened if self._stack else None

    @property
    def full(self) -> bool:
        """Deeper than any document; what is further inside is not looked at."""
        return len(self._stack) >= _DEEPEST

    def open(self, opened: Opened, start: int, name: str) -> None:
        cells, rows = Cells(self._names), RowStore(self._names)
        self._stack.append(_Frame(opened, start, name, cells, rows))

    def value(self, name: str, start: int, end: int) -> None:
        """A scalar: a field of the open object, or an item of the open list."""
        if self._stack and start < end:
            frame = self._stack[-1]
            frame.cells.add(name if frame.opened == "object" else frame.name, start, end)

    def drop(self) -> str | None:
        """Forget what was opened last: its text is one value, and told as such. Its name."""
        return self._stack.pop().name if self._stack else None

    def close(self, end: int) -> None:
        if not self._stack:
            return
        frame = self._stack.pop()
        above = self._stack[-1] if self._stack else None
        if frame.opened == "object":
            self._close_object(frame, above, end)
        elif above is not None and above.opened == "object":
            above.cells.extend(frame.cells)
            above.rows.extend(frame.rows)
        elif above is not None:
            above.rows.extend(frame.rows)
        else:
            self._rows.add_each(frame.cells)
            self._rows.extend(frame.rows)

    def _close_object(self, frame: _Frame, above: _Frame | None, end: int) -> None:
        known = {role for name in frame.cells.names if (role := field_role(name))}
        # What else the object says of itself may tell two rows apart: "negated: true".
        told = bool(known)
        parent = above
        if above is not None and above.opened == "list":
            parent = self._stack[-2] if len(self._stack) > 1 else None
        role = field_role(frame.name)
        rows = above.rows if above is not None else self._rows
        if parent is not None and parent.opened == "object":
            called = (frame.name or (above.name if above else "")).lower()
            if called in _LINKING:
                for cell in _links_of(self._text, frame, called):
                    parent.cells.add(*cell)
            if called in ("issuelinks", "relations"):
                told = False
            if frame.name in _GROUPING and parent is above:
                if told:
                    parent.cells.extend(frame.cells)
                parent.rows.extend(frame.rows)
                return
            if role in ("author", "type", "criteria", "key") and (said := _said(frame.cells)):
                parent.cells.add(frame.name, said[1], said[2])
                return
            wishes = {"role", "goal"} <= known or "story" in known
            if frame.name.lower() in _ABOUT and not wishes:
                told = False
        if told:
            rows.add(frame.start, end, frame.cells)
        rows.extend(frame.rows)

    def rows(self) -> Iterator[Block]:
        """The rows in order of their places, numbered, each with the line it begins on. Objects
        that were never closed give the rows that they hold."""
        while self._stack:
            self._rows.extend(self._stack.pop().rows)
        position, line = 0, 1
        for number, (start, end, cells) in enumerate(self._rows.in_order(), start=1):
            line += self._text.count("\n", position, start)
            position = start
            yield Block(start, end, "row", Locator(line=line, row=number), 0, cells)


def _links_of(text: str, frame: _Frame, called: str) -> list[Cell]:
    """The work items that an object names for the one that it stands in, by key, number or
    address: Jira's issue links with their kind, a parent, Azure DevOps' relations."""
    cells = list(frame.cells)
    said = {name.lower(): text[a:b] for name, a, b in reversed(cells)}
    name = _LINKING[called]
    if called == "issuelinks":
        kind = f" ({said['type']})" if "type" in said else ""
        return [(f"{n}{kind}", a, b) for n, a, b in cells if n.endswith(" issue link")]
    if called == "relations":
        if "linktypes" not in said.get("rel", "").lower():
            return []  # a file or a page, no work item
        name = said["name"] if field_role(said.get("name", "")) == "link" else name
    for wanted in ("key", "url", "id"):
        found = next((cell for cell in cells if cell[0].lower() == wanted), None)
        if found is not None:
            return [(name, found[1], found[2])]
    return []


def _said(cells: Iterable[Cell]) -> Cell | None:
    """The one value for which an object stands: a person's name, a type's name."""
    for name in _NAMES:
        for cell in cells:
            if cell[0] == name:
                return cell
    return None


def apart(rows: Iterable[Block]) -> Iterator[Block]:
    """Rows that overlap no other: an object's row ends where the first object inside it begins."""
    above: Block | None = None
    for row in rows:
        if above is not None and row.start < above.end:
            kept = tuple(cell for cell in above.columns if cell[2] <= row.start)
            above = (
                replace(above, start=kept[0][1], end=kept[-1][2], columns=kept) if kept else None
            )
        if above is not None:
            yield above
        first, last = row.columns[0][1], max(cell[2] for cell in row.columns)
        above = replace(row, start=first, end=last)
    if above is not None:
        yield above
