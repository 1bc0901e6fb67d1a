"""The books of a finished run as the values they were: for whoever works on with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from pipeline.entries import (
    Conflict,
    Entry,
    Fold,
    LedgerRow,
    Line,
    Link,
    Outcome,
    RoleTold,
    Side,
)
from pipeline.store import tables
from pipeline.store.connection.store_errors import reading
from pipeline.store.record import Store
from pipeline.store.rows.corpus_rows import story_from_row
from pipeline.store.tables import Row, table_of
from pipeline.stories import Story


@dataclass(frozen=True)
class FinishedRun:
    """What a run read and came to.

    Args:
        stories: by id, in corpus order; those whose text was purged are missing.
        names: of every story of the corpus, by id: "S-12" is the twelfth.
        entries: in the order of the document; see :attr:`entry_names`.
        conflicts, links, proposals, failed_calls: as :class:`pipeline.entries.Merge` has them.
        ledger: by story id, in corpus order.
        kept: whether every sentence is in the document, see :func:`kept_of`.
        shown: the stories of every planned call, by the call's id.
        paths: sha256 of every document that was read, by each of its paths.
        heads: the values of every document's head, by its sha256; with the mark that it bears.
        local_only: patterns of documents that the run was told to keep here.
    """

    run: str
    stories: dict[str, Story] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    links: tuple[Link, ...] = ()
    ledger: dict[str, LedgerRow] = field(default_factory=dict)
    proposals: tuple[tuple[str, str], ...] = ()
    failed_calls: tuple[str, ...] = ()
    kept: dict[str, Any] | None = None
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    local_only: tuple[str, ...] = ()

    @property
    def entry_names(self) -> dict[str, str]:
        """The name of every entry by its id: "E-7" is the seventh of the document."""
        return {entry.id: f"E-{n}" for n, entry in enumerate(self.entries, 1)}


def open_finished_run(store: Store, run: str) -> FinishedRun | None:
    """The books of a run, None when there is no such run."""
    row = table_of(tables.RunRow)
    with store.database.read() as connection:
        columns = (row.c.corpus, row.c.plan_sha256, row.c.parameters)
        found = connection.execute(select(*columns).where(row.c.id == run)).first()
        if found is None:
            return None
        names = _names(connection, found.corpus)
        ledger = _ledger(connection, run)
        failed = _of_run(connection, tables.FailedCallRow, run)
        return FinishedRun(
            run=run,
            stories=_stories(connection, found.corpus),
            names=names,
            entries=_entries(connection, run),
            conflicts=_conflicts(connection, run),
            links=tuple(_links(connection, run)),
            ledger={story: ledger[story] for story in names if story in ledger},
            proposals=tuple((row.a, row.b) for row in _of_run(connection, tables.ProposalRow, run)),
            failed_calls=tuple(row.why for row in failed),
            kept=kept_of(connection, run),
            shown=_shown(connection, found.plan_sha256),
            paths=_paths(connection, found.corpus),
            heads=_heads(connection, found.corpus),
            local_only=tuple(found.parameters.get("local_only") or ()),
        )


def kept_of(connection: Connection, run: str) -> dict[str, Any] | None:
    """Whether every sentence of a run's stories is in its document: ``{units, standing, folded:
    {proof, judge, person}, missing: [{story, sentence}], faults}``; None where nobody looked."""
    kept = table_of(tables.KeptRow)
    row = connection.execute(select(kept).where(kept.c.run == run)).first()
    if row is None:
        return None
    return {
        "units": row.units,
        "standing": row.standing,
        "folded": {
            "proof": row.folded_proof,
            "judge": row.folded_judge,
            "person": row.folded_person,
        },
        "missing": _missing(row),
        "faults": list(row.faults),
    }


def _missing(row: Any) -> list[dict[str, str]]:
    with reading("kept", row.run):
        return [{"story": story, "sentence": told} for story, told in row.missing]


def _of_run(connection: Connection, row: type[Row], run: str) -> Iterator[Any]:
    """The rows of a table that belong to a run, in their order."""
    table: Table = table_of(row)
    yield from connection.execute(
        select(table).where(table.c.run == run).order_by(table.c.position)
    )


def _names(connection: Connection, corpus: str | None) -> dict[str, str]:
    held = table_of(tables.CorpusStoryRow)
    query = select(held.c.id, held.c.position).where(held.c.corpus == corpus)
    rows = connection.execute(query.order_by(held.c.position))
    return {row.id: f"S-{row.position + 1}" for row in rows}


def _stories(connection: Connection, corpus: str | None) -> dict[str, Story]:
    story, document = table_of(tables.StoryRow), table_of(tables.DocumentRow)
    held, placed = table_of(tables.CorpusStoryRow), table_of(tables.CorpusDocumentRow)
    query = (
        select(story, placed.c.path, document.c.sha256)
        .join(held, held.c.story == story.c.key)
        .join(document, document.c.key == story.c.document)
        .join(
            placed,
            (placed.c.corpus == held.c.corpus) & (placed.c.position == held.c.document_position),
        )
        .where(held.c.corpus == corpus)
        .order_by(held.c.position)
    )
    return {
        row.id: story_from_row(row, sha256=row.sha256, path=row.path)
        for row in connection.execute(query)
    }


def _paths(connection: Connection, corpus: str | None) -> dict[str, str]:
    document, placed = table_of(tables.DocumentRow), table_of(tables.CorpusDocumentRow)
    query = (
        select(placed.c.paths, document.c.sha256)
        .join(document, document.c.key == placed.c.document)
        .where(placed.c.corpus == corpus)
    )
    return {path: row.sha256 for row in connection.execute(query) for path in row.paths}


def _heads(connection: Connection, corpus: str | None) -> dict[str, dict[str, str]]:
    document, placed = table_of(tables.DocumentRow), table_of(tables.CorpusDocumentRow)
    query = (
        select(document.c.sha256, document.c.front_matter)
        .join(placed, placed.c.document == document.c.key)
        .where(placed.c.corpus == corpus)
    )
    return {row.sha256: dict(row.front_matter) for row in connection.execute(query)}


def _entries(connection: Connection, run: str) -> tuple[Entry, ...]:
    parts: dict[type[Row], dict[str, list[Any]]] = {}
    kinds = (tables.EntrySourceRow, tables.EntryRoleRow, tables.EntryLineRow, tables.FoldRow)
    for kind in kinds:
        of = parts.setdefault(kind, {})
        for row in _of_run(connection, kind, run):
            of.setdefault(row.entry, []).append(row)
    sources, roles, lines, folds = (parts[kind] for kind in kinds)
    return tuple(
        Entry(
            id=row.id,
            standing=row.standing,
            sources=tuple(told.story for told in sources.get(row.id, ())),
            roles=tuple(RoleTold(r.text, tuple(r.stories)) for r in roles.get(row.id, ())),
            lines=tuple(
                Line(line.field, line.text, tuple(line.stories)) for line in lines.get(row.id, ())
            ),
            folds=tuple(map(_fold, folds.get(row.id, ()))),
        )
        for row in _of_run(connection, tables.EntryRow, run)
    )


def _fold(row: Any) -> Fold:
    return Fold(
        story=row.story,
        field=row.field,
        text=row.text,
        by=row.by,
        under=row.under,
        rules=tuple(row.rules),
        otherwise=tuple(row.otherwise),
        reason=row.reason,
        likelihood=row.likelihood,
    )


def _conflicts(connection: Connection, run: str) -> tuple[Conflict, ...]:
    sides: dict[int, list[Side]] = {}
    for row in _of_run(connection, tables.ConflictSideRow, run):
        sides.setdefault(row.conflict, []).append(Side(row.story, row.text, tuple(row.differs)))
    return tuple(
        Conflict(row.id, row.kind, tuple(sides.get(row.position, ())), row.about, row.by,
                 row.reason)
        for row in _of_run(connection, tables.ConflictRow, run)
    )  # fmt: skip


def _links(connection: Connection, run: str) -> Iterator[Link]:
    for row in _of_run(connection, tables.LinkRow, run):
        yield Link(row.a, row.b, row.kind, row.score, tuple(row.only_a), tuple(row.only_b), row.by)


def _ledger(connection: Connection, run: str) -> dict[str, LedgerRow]:
    ledger = table_of(tables.LedgerEntryRow)
    return {
        row.story: LedgerRow(
            story=row.story,
            outcome=_outcome(row),
            entry=row.entry,
            other=row.other,
            reason=row.reason,
            by=row.by,
            rules=tuple(row.rules),
            judge=row.judge,
            record=row.record,
            likelihood=row.likelihood,
            at=row.at,
        )
        for row in connection.execute(select(ledger).where(ledger.c.run == run))
    }


def _outcome(row: Any) -> Outcome:
    with reading("ledger", row.story):
        return Outcome(row.outcome)


def _shown(connection: Connection, plan: str) -> dict[str, tuple[str, ...]]:
    call = table_of(tables.PlannedCallRow)
    query = select(call.c.id, call.c.handles).where(call.c.plan == plan).order_by(call.c.position)
    shown = {}
    for row in connection.execute(query):
        with reading("planned_call", row.id):
            shown[row.id] = tuple(story for _, story in row.handles)
    return shown
