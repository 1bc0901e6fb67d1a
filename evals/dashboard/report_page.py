"""The pages as one file to send: figures, tables and intervals, no script and nothing to fetch.

It is made of the same cards as the live pages, less those that show words of stories, prompts or
replies: what is in a report may be seen by whoever may see its figures.
"""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evals.dashboard import card_rows, window_picture
from evals.dashboard.cards import Card, Page, load_pages
from evals.dashboard.kinds import shown_on
from evals.dashboard.serve import Served, check_database
from evals.dashboard.value_text import is_number, told
from pipeline.errors import InputError

_FOLDER = Path(__file__).resolve().parent
#: Without runs to choose, what is newest of these.
_PAGES = ("runs", "costs", "models", "needles", "quality", "records")
#: Rows of a table; the live pages and their CSV have all.
_MOST = 20


@dataclass(frozen=True)
class Part:
    """What a card says in a report: figures, a table, or why there is nothing.

    Args:
        figures: (caption, markup).
        head, rows: a table's columns as (label, style), and its cells as (text, below).
        more: rows that are not shown.
        items: name, value and remark of what is not a table.
    """

    card: Card
    figures: Sequence[tuple[str, str]] = ()
    head: Sequence[tuple[str, str]] = ()
    rows: Sequence[Sequence[tuple[str, str]]] = ()
    more: int = 0
    items: Sequence[Mapping[str, Any]] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was measured."""
        return not (self.figures or self.rows or self.items)


def write_report(served: Served, file: Path, runs: Sequence[str], *, now: datetime) -> list[str]:
    """Write a report of some runs, or of what is newest, as one HTML file.

    Args:
        served: the database, as the pages are drawn from it.
        file: to write; replaced when it is there.
        runs: ids; none for the newest of each kind and an overview. Two of one eval are compared.

    Returns:
        the titles of the cards that had something to show.

    Raises:
        InputError: no such database or run, or the file cannot be written.
        StoreError: the file is not a database.
    """
    import jinja2

    check_database(served.database)
    uri = f"file:{quote(str(served.database.resolve()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        card_rows.prepare(connection, served.option)
        sections = [
            (page, list(_parts(connection, page, given, served, now)))
            for page, given in _chosen(connection, runs)
        ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"), autoescape=True, trim_blocks=True
    )
    text = environment.get_template("report.html").render(
        sections=sections,
        source=served.source or str(served.database),
        taken=served.taken,
        made=f"{now:%Y-%m-%d %H:%M} UTC",
        style=(_FOLDER / "static" / "pages.css").read_text(encoding="utf-8"),
        runs=runs,
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.part")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as exc:
        raise InputError(
            f"the report cannot be written ({exc.strerror}).",
            where=str(file),
            next="Choose another place with --out.",
        ) from exc
    return [part.card.title for _, parts in sections for part in parts if not part.empty]


def _chosen(
    connection: sqlite3.Connection, runs: Sequence[str]
) -> list[tuple[Page, dict[str, list[str]]]]:
    """The pages and what is chosen on them."""
    pages = load_pages()
    if not runs:
        return [(pages[name], {}) for name in _PAGES]
    chosen: dict[str, dict[str, list[str]]] = {}
    kinds: list[str] = []
    found: list[tuple[Page, dict[str, list[str]]]] = []
    for run in runs:
        row = connection.execute("SELECT kind FROM run WHERE id = ?", (run,)).fetchone()
        if row is None:
            raise InputError(
                f"there is no run {run!r}.", next="`storytransformer runs` lists them."
            )
        kinds.append(row[0])
        name, parameter = shown_on(row[0])
        if name == "run":
            found.append((pages[name], {parameter: [run]}))
            continue
        given = chosen.setdefault(name, {})
        if parameter:
            given.setdefault(parameter, []).append(run)
    if len(kinds) == 2 and kinds[0] == kinds[1] != "merge":
        chosen.setdefault("quality", {}).update(a=[runs[0]], b=[runs[1]])
    for name, given in chosen.items():
        page = pages[name]
        # what nobody chose is left out instead of being the newest
        given |= {one: [""] for one in page.filters if one not in given}
        found.append((page, given))
    return found


def _parts(
    connection: sqlite3.Connection,
    page: Page,
    given: Mapping[str, Sequence[str]],
    served: Served,
    now: datetime,
) -> Iterator[Part]:
    values = page.values(card_rows.filled(connection, page, given))
    for card in page.cards.values():
        if not card.report:
            continue
        if card.kind == "picture":
            yield _picture(connection, card, values, served, now)
            continue
        found = card_rows.answer(connection, card, values)
        yield _part(card, found)


def _part(card: Card, found: card_rows.Answer) -> Part:
    from evals.dashboard.charts import drawn

    rows = found.rows
    if card.kind in ("numbers", "funnel", "facts", "bars"):
        return Part(card, items=list(_items(card, rows)))
    columns = card.display.get("columns") or _columns(card)
    # a remark quotes what stands in a document
    columns = [column for column in columns if column.get("as") != "remark"]
    shown = rows[:_MOST]
    return Part(
        card,
        figures=drawn(card, rows),
        head=[(_label(one), _style(one.get("as", ""))) for one in columns],
        rows=[[_cell(one, row) for one in columns] for row in shown],
        more=found.total - len(shown),
    )


def _items(card: Card, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """(name, value, remark) of what is not a table."""
    if card.kind == "numbers":
        for figure in card.display["figures"] if rows else ():
            row, kind = rows[0], figure.get("as", "")
            estimated = row.get(figure.get("estimate", ""))
            remarks = [] if estimated is None else [f"estimated {told(estimated, kind, row)}"]
            remarks += [note] if (note := row.get(figure.get("note", ""))) else []
            remark = ", ".join(remarks)
            value = told(row[figure["field"]], kind, row)
            yield {"name": figure["label"], "value": value, "remark": remark}
        return
    for row in rows:
        if card.kind == "funnel":
            yield {
                "name": row["step"],
                "value": told(row["n"], "integer", row),
                "remark": row["remark"] or "",
            }
        elif card.kind == "facts":
            yield {"name": row["name"], "value": told(row["value"], "", row), "remark": ""}
        else:
            whole = sum(other["value"] for other in rows)
            yield {
                "name": row["label"],
                "value": told(row["value"], "integer", row),
                "remark": told(row["value"] / whole, "share", row),
            }


#: The numbers below a figure, where its card has no columns of its own.
_BELOW = {
    "ranges": "model strategy low:? likely:? high:? reason",
    "intervals": "label series value:number low:number high:number n:integer",
    "history": "run quantity likely:amount actual:amount ratio:ratio",
    "lines": "series low_token:integer high_token:integer y:number n:integer",
    "heatmaps": "model over prompt_tokens:integer depth:percent score:ratio low:ratio high:ratio "
    "n:integer truncated:integer refused:integer failed:integer",
    "canaries": "name depth:percent kind word lost_at",
}


def _columns(card: Card) -> list[dict[str, str]]:
    columns = []
    for field in _BELOW.get(card.kind, "").split():
        name, _, kind = field.partition(":")
        columns.append({"field": name, "as": card.display["unit"] if kind == "?" else kind})
    return columns


def _style(kind: str) -> str:
    return "number" if is_number(kind) else f"as-{kind}"


def _label(column: Mapping[str, Any]) -> str:
    return str(column.get("label") or column["field"].replace("_", " "))


def _cell(column: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[str, str]:
    """What stands in a cell, and small below it."""
    kind, value = column.get("as", ""), row[column["field"]]
    if value is None and "none" in column:
        return column["none"], ""
    text = told(value, kind, row)
    if kind in ("words", "badge"):
        text = text.replace("_", " ")
    if "band" in column and row[column["band"][0]] is not None:
        low, high = (told(row[field], kind, row) for field in column["band"])
        return text, f"{low} to {high}"
    estimated = row.get(column.get("estimate", ""))
    below = row.get(column.get("below", "")) or ""
    if estimated is not None:
        below = f"est. {told(estimated, kind, row)}"
    # The hardware of a time or a size.
    return text, ", ".join(filter(None, (str(below), row.get(column.get("where", "")))))


def _picture(
    connection: sqlite3.Connection,
    card: Card,
    values: card_rows.Values,
    served: Served,
    now: datetime,
) -> Part:
    words = window_picture.words(connection, values.get("corpus") or "")
    if words is None or served.models_toml is None:
        return Part(card)
    drawing = window_picture.draw(words, str(served.models_toml), now.date())
    # as an image of its own: its styles would hold for the whole page
    data = b64encode(drawing.encode()).decode()
    alt = escape(f"{card.title}. {card.display['note']}")
    return Part(card, figures=[("", f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">')])
