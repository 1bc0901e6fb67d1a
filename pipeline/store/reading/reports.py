"""The only reads for people: what was done, what it cost, where every story went.

Everything comes back as plain values for ``--json``: money as decimal strings, times as ISO 8601
in UTC, unknown as None. The views behind it are those the dashboards read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy import text as sql

from pipeline.entries import Outcome
from pipeline.store import tables
from pipeline.store.connection.column_types import as_told, from_json
from pipeline.store.reading.finished_run import kept_of
from pipeline.store.record import Store
from pipeline.store.rows import dollars
from pipeline.store.tables import table_of

Report = dict[str, Any]


def list_runs(store: Store, *, kind: str | None = None, limit: int | None = None) -> list[Report]:
    """Every run, newest first: state, size, estimate and actual."""
    wanted = "WHERE kind = :kind" if kind else ""
    most = "LIMIT :limit" if limit is not None else ""
    query = f"SELECT * FROM v_runs {wanted} ORDER BY started DESC, run DESC {most}"
    with store.database.read() as connection:
        return [_plain(row) for row in _all(connection, query, kind=kind, limit=limit)]


def run_report(store: Store, run: str) -> Report | None:
    """One run: what it is, what it was estimated at and took, and its ledger in numbers.

    Returns:
        None when there is no such run.
    """
    with store.database.read() as connection:
        heads = _all(connection, "SELECT * FROM v_runs WHERE run = :run", run=run)
        if not heads:
            return None
        report = _plain(heads[0])
        report["reused_replies"] = report.pop("reused")
        row = table_of(tables.RunRow)
        columns = (row.c.revision, row.c.corpus, row.c.parameters, row.c.describe)
        more = connection.execute(select(*columns).where(row.c.id == run)).one()
        report |= dict(more._mapping)
        report["ledger"] = _ledger_counts(connection, run) if report["kind"] == "merge" else {}
        report["kept"] = kept_of(connection, run)
        report["estimate_vs_actual"] = [
            {name: entry[name] for name in entry if name not in ("run", "model", "strategy")}
            for entry in map(_plain, _all(connection, _COMPARISON, run=run))
        ]
        (cost,) = _all(connection, "SELECT * FROM v_costs WHERE run = :run", run=run)
        report["journal"] = {name: _plain(cost)[name] for name in _JOURNAL}
        report["left_machine"] = _departures(connection, run, report["journal"])
        failed = _all(connection, _FAILED, run=run)
        report["failed_calls"] = [entry["why"] for entry in failed]
        return report


def parameters(store: Store, run: str) -> Report:
    """What a run was told; nothing where there is no such run."""
    row = table_of(tables.RunRow)
    with store.database.read() as connection:
        told = connection.execute(select(row.c.parameters).where(row.c.id == run)).scalar()
    return dict(told or {})


_FAILED = "SELECT why FROM failed_call WHERE run = :run ORDER BY position"
_COMPARISON = "SELECT * FROM v_estimate_vs_actual WHERE run = :run ORDER BY position"
_JOURNAL = ("replies", "good", "bad", "prompt_tokens", "output_tokens", "usd", "usd_in_flight")


def ledger(store: Store, run: str, *, outcome: str | None = None) -> list[Report]:
    """Where every story of a run went, in corpus order."""
    wanted = "AND outcome = :outcome" if outcome else ""
    query = f"SELECT * FROM v_ledger WHERE run = :run {wanted} ORDER BY position"
    with store.database.read() as connection:
        return [_plain(row) for row in _all(connection, query, run=run, outcome=outcome)]


def conflicts(store: Store, run: str) -> list[Report]:
    """What contradicts each other in a run, or possibly does, each with its sides."""
    query = "SELECT * FROM v_conflicts WHERE run = :run ORDER BY conflict, side"
    found: dict[int, Report] = {}
    with store.database.read() as connection:
        for row in map(_plain, _all(connection, query, run=run)):
            head = {name: row[name] for name in ("id", "kind", "about", "by", "reason")}
            entry = found.setdefault(row["conflict"], {**head, "sides": []})
            entry["sides"].append({name: row[name] for name in _SIDE})
    return list(found.values())


_SIDE = ("story", "name", "text", "differs", "path", "place", "written", "author")


def entry(store: Store, run: str, name: str) -> Report | None:
    """One entry of the document, by its id or its name ("E-7"): what stands, what is folded, its
    stories in full, the conflicts it has part in, and what it stands next to.

    Returns:
        None when the run has no such entry.
    """
    query = "SELECT * FROM v_entries WHERE run = :run AND (entry = :name OR name = :name)"
    with store.database.read() as connection:
        heads = _all(connection, query, run=run, name=name)
        if not heads:
            return None
        head = _plain(heads[0])

        def part(text: str) -> list[Report]:
            return [_plain(row) for row in _all(connection, text, run=run, entry=head["entry"])]

        return {**head, **{told: part(text) for told, text in _PARTS.items()}}


_PARTS = {
    "roles": """
        SELECT text, stories FROM entry_role WHERE run = :run AND entry = :entry ORDER BY position
    """,
    "lines": """
        SELECT field, text, stories FROM entry_line
         WHERE run = :run AND entry = :entry ORDER BY position
    """,
    "folds": "SELECT * FROM v_folds WHERE run = :run AND entry = :entry ORDER BY position",
    "tellings": """
        SELECT es.story, 'S-' || (cs.position + 1) AS name, s.kind, s.text, d.path, s.place,
               s.author, s.written, s.source_key
          FROM entry_source es
          JOIN run r ON r.id = es.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = es.story
          JOIN corpus_document d ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
         WHERE es.run = :run AND es.entry = :entry
         ORDER BY es.position
    """,
    "links": """
        SELECT * FROM v_links WHERE run = :run AND (a = :entry OR b = :entry) ORDER BY position
    """,
    "conflicts": """
        SELECT DISTINCT p.conflict, k.id, k.kind, k.about
          FROM conflict_side p
          JOIN conflict k ON k.run = p.run AND k.position = p.conflict
          JOIN entry_source es ON es.run = p.run AND es.story = p.story
         WHERE p.run = :run AND es.entry = :entry
         ORDER BY p.conflict
    """,
}


def needle_grid(store: Store, run: str) -> list[Report]:
    """The cells of a needle run, by length, depth and seed."""
    query = (
        "SELECT * FROM v_needle_cells WHERE run = :run "
        "ORDER BY task, target_tokens, depth_target, seed"
    )
    with store.database.read() as connection:
        return [_plain(row) for row in _all(connection, query, run=run)]


def cells_by_key(
    store: Store, keys: Sequence[str] | None = None, *, unusable: bool = True
) -> dict[str, Report]:
    """Every needle cell that need not be measured again (of these keys), by its key; those that
    ended in an error without a reply are left out.

    Args:
        unusable: with those whose reply came and cannot be used: it has been paid.
    """
    cell = table_of(tables.NeedleCellRow)
    usable = cell.c.status != "error"
    wanted = select(cell).where(or_(usable, cell.c.reply != "") if unusable else usable)
    if keys is not None:
        wanted = wanted.where(cell.c.key.in_(keys))
    with store.database.read() as connection:
        found = connection.execute(wanted)
        return {row.key: _plain(row._mapping) for row in found}


def find_cell(store: Store, head: str) -> list[Report]:
    """The cells whose key begins so (at most two), each with the body of its request."""
    cell, request = table_of(tables.NeedleCellRow), table_of(tables.RequestRow)
    wanted = (
        select(cell, request.c.body)
        .join(request, request.c.key == cell.c.request)
        .where(cell.c.key.startswith(head, autoescape=True))
        .limit(2)
    )
    with store.database.read() as connection:
        return [_plain(found._mapping) for found in connection.execute(wanted)]


def scores(store: Store, run: str) -> list[Report]:
    """The figures that an eval measured, those of the whole run first."""
    row = table_of(tables.ScoreRow)
    wanted = select(row).where(row.c.run == run).order_by(row.c.item != "", row.c.name, row.c.item)
    with store.database.read() as connection:
        return [_plain(found._mapping) for found in connection.execute(wanted)]


def newest_scores(store: Store, name: str) -> dict[str, Report]:
    """The newest figure of a name for every item, over all runs."""
    row, run = table_of(tables.ScoreRow), table_of(tables.RunRow)
    wanted = (
        select(row)
        .join(run, run.c.id == row.c.run)
        .where(row.c.name == name, row.c.item != "")
        .order_by(run.c.started, run.c.id)
    )
    with store.database.read() as connection:
        return {found.item: _plain(found._mapping) for found in connection.execute(wanted)}


def _departures(connection: Connection, run: str, journal: Report) -> list[Report]:
    """What left the machine in a run, by host; empty when nothing did. A run asks one model, so
    its replies' prompt tokens are what went there."""
    query = (
        "SELECT host, path, count(*) AS stories FROM departure WHERE run = :run "
        "GROUP BY host, path ORDER BY host, path"
    )
    found: dict[str, Report] = {}
    for row in _all(connection, query, run=run):
        entry = found.setdefault(row["host"], {"host": row["host"], "documents": {}, "stories": 0})
        entry["documents"][row["path"]] = int(row["stories"])
        entry["stories"] += int(row["stories"])
        entry["input_tokens"] = journal["prompt_tokens"] or 0
    return list(found.values())


def _ledger_counts(connection: Connection, run: str) -> dict[str, int]:
    query = "SELECT outcome, count(*) AS n FROM ledger WHERE run = :run GROUP BY outcome"
    found = {row["outcome"]: int(row["n"]) for row in _all(connection, query, run=run)}
    return {outcome.value: found.get(outcome.value, 0) for outcome in _ORDER} if found else {}


#: As DESIGN §11 prints them.
_ORDER = (
    Outcome.KEPT,
    Outcome.DUPLICATE_OF,
    Outcome.MERGED_INTO,
    Outcome.CONFLICT_WITH,
    Outcome.SKIPPED,
)


def _all(connection: Connection, query: str, **values: Any) -> list[Report]:
    given = {name: value for name, value in values.items() if value is not None}
    return [
        {name: _told(name, value) for name, value in row._mapping.items()}
        for row in connection.execute(sql(query), given)
    ]


def _told(name: str, value: Any) -> Any:
    """A value as it was stored; an excerpt may be cut within what stands for a rare character."""
    return as_told(value) if isinstance(value, str) and name != "excerpt" else value


def _plain(row: Mapping[Any, Any]) -> Report:
    """A row as JSON takes it: money as decimal strings, times as text, sums as whole numbers."""
    return {str(name): _value(str(name), value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _MONEY:
        amount = dollars(round(Decimal(str(value)) * 1_000_000))
        return format(amount.normalize() if amount else Decimal(0), "f")
    if name in _JSON and isinstance(value, str):
        return from_json(value, list)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Decimal):  # PostgreSQL sums integers into these
        return int(value) if value == value.to_integral_value() else float(value)
    return value


_MONEY = frozenset({"usd", "estimated_usd", "usd_in_flight"})
#: Columns of views that hold a JSON list as text.
_JSON = frozenset({"rules", "otherwise", "differs", "only_a", "only_b", "stories"})
