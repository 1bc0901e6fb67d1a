"""The rows of a card, read from a connection that cannot write."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evals.dashboard import measured_rows
from evals.dashboard.cards import Card, Page
from evals.dashboard.kinds import eval_kinds, other_kinds, over_of, unit_of
from evals.dashboard.merged import merged_file
from evals.dashboard.source_wording import opposed_words, worded
from evals.dashboard.taking_up import command_for, review_for

Values = Mapping[str, str | None]
#: Rows that a card without further pages shows at most; its CSV has all.
MOST = 5_000


class Answer(NamedTuple):
    """Rows of a card, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int


def prepare(connection: sqlite3.Connection, db: str = "") -> None:
    """Teach a connection what the SQL of the cards calls.

    Args:
        db: what was given as ``--db``; "" for the default.
    """

    def command(kind: str, model: str, strategy: str, parameters: str) -> str | None:
        return command_for(kind, model, strategy, parameters, db)

    def review(run: str, stories: str) -> str:
        return review_for(run, stories, db)

    def merged_here(run: str, out: str) -> int:
        return merged_file(connection, run, out) is not None

    connection.create_function("command_for", 4, command)
    connection.create_function("review_for", 2, review)
    connection.create_function("merged_here", 2, merged_here)
    connection.create_function("inked", 1, lambda text: len("".join(text.split())))
    connection.create_function("unit_of", 1, unit_of, deterministic=True)
    connection.create_function("over_of", 1, over_of, deterministic=True)
    connection.create_function("eval_kinds", 0, eval_kinds, deterministic=True)
    connection.create_function("other_kinds", 0, other_kinds, deterministic=True)
    connection.create_function("opposed", 2, opposed_words, deterministic=True)


def answer(connection: sqlite3.Connection, card: Card, values: Values, page: int = 1) -> Answer:
    """The rows of one page of a card, counted from 1."""
    if card.measure:
        found = measured_rows.MEASURES[card.measure](connection, values)
        return Answer(found, len(found))
    most = card.rows or MOST
    limits = {"_most": most, "_before": (max(page, 1) - 1) * most}
    rows = _rows(connection, f"{card.sql} LIMIT :_most OFFSET :_before", {**values, **limits})
    _told(connection, card, rows, values)
    total = len(rows)
    if card.count:
        total = connection.execute(card.count, values).fetchone()[0]
    return Answer(rows, total)


def as_csv(connection: sqlite3.Connection, card: Card, values: Values) -> str:
    """All rows of a card as CSV."""
    if card.measure:
        rows = measured_rows.MEASURES[card.measure](connection, values)
    else:
        rows = _rows(connection, card.sql, values)
        _told(connection, card, rows, values)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow(map(_harmless, row.values()))
    return text.getvalue()


def options(connection: sqlite3.Connection, sql: str, values: Values) -> list[tuple[str, str]]:
    """(value, label) of a filter's choices."""
    return [(str(row[0]), str(row[-1])) for row in connection.execute(sql, values)]


def filled(
    connection: sqlite3.Connection, page: Page, given: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The filters with those that were left out; one that is there and empty was chosen so."""
    found = {name: list(values) for name, values in given.items()}
    for name, one in page.filters.items():
        if name in given or not one.default:
            continue
        defaults = options(connection, one.default, page.values(found))
        if defaults:
            found[name] = [value for value, _ in defaults]
    return found


def _told(
    connection: sqlite3.Connection, card: Card, rows: list[dict[str, Any]], values: Values
) -> None:
    """Rows as a person reads them: words without markup, stories by their names."""
    for row in rows:
        worded(row, card.words)
    ids = {row[name] for row in rows for name in card.stories}
    if ids:
        named = dict(
            connection.execute(
                "SELECT cs.id, 'S-' || (cs.position + 1) FROM run r JOIN corpus_story cs"
                " ON cs.corpus = r.corpus AND cs.id IN (SELECT value FROM json_each(?))"
                " WHERE r.id = ?",
                (json.dumps(sorted(ids)), values["run"]),
            )
        )
        for row in rows:
            row.update({name: named.get(row[name], row[name]) for name in card.stories})


def _rows(
    connection: sqlite3.Connection, sql: str, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is written with an apostrophe before it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
