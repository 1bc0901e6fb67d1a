"""Which tables are tables of stories, by their headers and, where these head other tables, too
("Role", "Goal", "Who", "What"), by what stands below them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extract.readers.tables import column_role, is_certain
from pipeline.extract.stories import headings
from pipeline.extract.stories.leads import is_criteria_label
from pipeline.stories import Block
from pipeline.text.sentences import plain

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
    return bool(headings.STORIES.match(above) or _BACKLOG.match(at.sheet or ""))


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
