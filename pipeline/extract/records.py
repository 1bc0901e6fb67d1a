"""JSON and JSON Lines to row blocks: an object with story-like fields is a row.

Offsets point at the strings' own text in the file, escapes and all, so that a place can be found
again; the cells of one object are its string values, named by their keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipeline.extract.tables import column_role
from pipeline.stories import Block, Locator

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_MAX_DEPTH = 200


def read_records(text: str) -> tuple[list[Block], str | None]:
    """Row blocks for the objects of a JSON or JSONL text, and what is wrong with it."""
    blocks = list(_objects(text))
    problem = None
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        if not _is_lines(text):
            problem = f"invalid JSON ({error}); read as far as it goes"
    return blocks, problem


def _is_lines(text: str) -> bool:
    """Whether every line that is not blank is JSON of its own."""
    for line in text.splitlines():
        if line.strip():
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                return False
    return True


#: Objects inside an object that only group its fields (Jira's REST API, JSON:API).
_GROUPING = frozenset({"fields", "attributes", "properties", "values"})


#: Fields whose number is the key of a record (GitHub, GitLab).
_NUMBERS = frozenset({"number", "iid", "key"})


def _objects(text: str) -> Iterator[Block]:
    """Rows in order of their end; an object's own strings and lists of strings are its cells."""
    stack: list[tuple[str, int, list[tuple[str, int, int]], str]] = []
    key = ""
    pending: tuple[str, int, int] | None = None
    number = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] == '"':
            start, end = match.span(1)
            if stack and stack[-1][0] == "{" and not key:
                pending = (match.group(1), start, end)
            elif start < end:
                _add_cell(stack, key, start, end)
                key = ""
            else:
                key = ""
        elif token == ":":
            if pending and stack and stack[-1][0] == "{":
                key, pending = pending[0], None
        elif token in "{[":
            if len(stack) >= _MAX_DEPTH:
                return
            stack.append((token, match.start(), [], key))
            key = ""
        elif token in "}]":
            if not stack:
                continue
            opened, start, cells, name = stack.pop()
            if opened == "{":
                cells = [cell for cell in cells if column_role(cell[0])]
                if name in _GROUPING and stack and stack[-1][0] == "{":
                    stack[-1][2].extend(cells)
                elif cells:
                    number += 1
                    place = Locator(line=text.count("\n", 0, start) + 1, row=number)
                    yield Block(start, match.end(), "row", place, 0, tuple(cells))
            elif stack and stack[-1][0] == "{":
                stack[-1][2].extend((name, first, last) for _, first, last in cells)
            elif cells:
                for _, first, last in cells:
                    number += 1
                    place = Locator(line=text.count("\n", 0, first) + 1, row=number)
                    yield Block(first, last, "row", place, 0, (("", first, last),))
            key = ""
        elif token == ",":
            key = ""
        else:
            if token.isdigit() and key.lower() in _NUMBERS:
                _add_cell(stack, key, *match.span())
            key = ""


def _add_cell(
    stack: list[tuple[str, int, list[tuple[str, int, int]], str]], key: str, start: int, end: int
) -> None:
    if stack:
        stack[-1][2].append((key, start, end))
