"""The books of a finished run as the values they were: for whoever works on with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from pipeline.outcomes import Conflict, Edit, LedgerRow, MergedStory, Outcome, Relation, StoryText
from pipeline.store import tables
from pipeline.store.documents import locator_from_json
from pipeline.store.record import Store
from pipeline.store.tables import table_of
from pipeline.stories import Locator, Source, Span, Story


@dataclass(frozen=True)
class Books:
    """What a run read and decided.

    Args:
        stories: by id, in corpus order; those whose text was purged are missing.
        merged: without verdicts, in the order of the document.
        ledger: by story id.
        edits: as replies, code and persons gave them.
        shown: the stories of every planned call, by the call's id.
    """

    run: str
    stories: dict[str, Story] = field(default_factory=dict)
    merged: tuple[MergedStory, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    ledger: dict[str, LedgerRow] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)


def open_books(store: Store, run: str) -> Books | None:
    """The books of a run, None when there is no such run."""
    row = table_of(tables.RunRow)
    with store.database.read() as connection:
        columns = (row.c.corpus, row.c.plan_sha256)
        found = connection.execute(select(*columns).where(row.c.id == run)).first()
        if found is None:
            return None
        return Books(
            run,
            _stories(connection, found.corpus),
            _merged(connection, run),
            _conflicts(connection, run),
            _ledger(connection, run),
            _edits(connection, run),
            _shown(connection, found.plan_sha256),
        )


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
    return {row.id: _story(row) for row in connection.execute(query)}


def _story(row: Any) -> Story:
    locator: Locator = locator_from_json(row.locator)
    return Story(
        id=row.id,
        kind=row.kind,
        source=Source(
            document=row.sha256,
            path=row.path,
            locator=locator,
            spans=tuple(Span(*span) for span in row.spans),
            key=row.source_key,
            written=date.fromisoformat(row.written) if row.written else None,
            author=row.author,
        ),
        text=row.text,
        role=row.role,
        goal=row.goal,
        benefit=row.benefit,
        criteria=tuple(row.criteria),
        title=row.title,
        body=tuple(row.body),
    )


def _merged(connection: Connection, run: str) -> tuple[MergedStory, ...]:
    story, source = table_of(tables.MergedStoryRow), table_of(tables.MergedSourceRow)
    sources: dict[str, list[str]] = {}
    query = select(source).where(source.c.run == run).order_by(source.c.position)
    for row in connection.execute(query):
        sources.setdefault(row.merged, []).append(row.story)
    query = select(story).where(story.c.run == run).order_by(story.c.position)
    return tuple(
        MergedStory(
            id=row.id,
            text=StoryText(
                row.role, row.goal, row.benefit, tuple(row.criteria), row.title, tuple(row.body)
            ),
            sources=tuple(sources.get(row.id, ())),
            origin=row.origin,
            fallback=row.fallback,
        )
        for row in connection.execute(query)
    )


def _conflicts(connection: Connection, run: str) -> tuple[Conflict, ...]:
    conflict, side = table_of(tables.ConflictRow), table_of(tables.ConflictSideRow)
    sides: dict[int, list[tuple[str, str]]] = {}
    query = select(side).where(side.c.run == run).order_by(side.c.position)
    for row in connection.execute(query):
        sides.setdefault(row.conflict, []).append((row.story, row.value))
    query = select(conflict).where(conflict.c.run == run).order_by(conflict.c.position)
    return tuple(
        Conflict(
            tuple(story for story, _ in sides.get(row.position, ())),
            row.attribute,
            tuple(value for _, value in sides.get(row.position, ())),
            row.reason,
        )
        for row in connection.execute(query)
    )


def _ledger(connection: Connection, run: str) -> dict[str, LedgerRow]:
    ledger = table_of(tables.LedgerEntryRow)
    return {
        row.story: LedgerRow(
            row.story,
            Outcome(row.outcome),
            row.target,
            row.other,
            Relation(row.relation) if row.relation else None,
            row.reason,
            row.decided_by,
        )
        for row in connection.execute(select(ledger).where(ledger.c.run == run))
    }


def _edits(connection: Connection, run: str) -> tuple[Edit, ...]:
    edit = table_of(tables.EditRow)
    query = select(edit).where(edit.c.run == run).order_by(edit.c.position)
    return tuple(
        Edit(
            Relation(row.relation),
            tuple(row.stories),
            keep=row.keep,
            text=None if row.text is None else _text(row.text),
            attribute=row.attribute,
            # A row's own `values` is a method of it.
            values=tuple(row._mapping["values"]),
            reason=row.reason,
        )
        for row in connection.execute(query)
    )


def _text(body: dict[str, Any]) -> StoryText:
    lists = {name: tuple(body[name]) for name in ("criteria", "body")}
    return StoryText(**{**body, **lists})


def _shown(connection: Connection, plan: str) -> dict[str, tuple[str, ...]]:
    call = table_of(tables.PlannedCallRow)
    query = select(call.c.id, call.c.handles).where(call.c.plan == plan).order_by(call.c.position)
    return {row.id: tuple(story for _, story in row.handles) for row in connection.execute(query)}
