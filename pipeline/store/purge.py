"""Deleting text for good: of a run, or of a document wherever it went. Figures stay.

What is deleted: documents, stories, cached extractions, sentence vectors, prompts, replies, what
stands and what is folded in entries, the sides of conflicts, reasons that quote, the words of
decisions, and glossary terms that no story says any more. What stays: which runs there were, their
tokens, money, times and counts, ids and hashes, the names of documents, and what left the machine.
A prompt that shows several documents goes as a whole; so do the entries of every run that read a
purged document (a new run makes them again, and asks only for what was purged).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    type_coerce,
    update,
)

from pipeline.errors import InputError
from pipeline.store import tables
from pipeline.store.connection.database import insert_new
from pipeline.store.record import Store
from pipeline.store.rows import content_hash
from pipeline.store.rows.corpus_rows import story_from_row
from pipeline.store.tables import Row, table_of
from pipeline.stories import Story

#: The request that replies are left with when their own is gone, and the reason they carry.
PURGED = "purged"
_RUN = table_of(tables.RunRow)
_CORPUS = table_of(tables.CorpusRow)
_PLACED = table_of(tables.CorpusDocumentRow)
_HELD = table_of(tables.CorpusStoryRow)
_DOCUMENT = table_of(tables.DocumentRow)
_STORY = table_of(tables.StoryRow)
_EXTRACTION = table_of(tables.ExtractionRow)
_REQUEST = table_of(tables.RequestRow)
_REPLY = table_of(tables.ReplyRow)
_PLAN = table_of(tables.PlanRow)
_CALL = table_of(tables.PlannedCallRow)
_ESTIMATE = table_of(tables.EstimateRow)
_CELL = table_of(tables.NeedleCellRow)
_RUN_CELL = table_of(tables.RunCellRow)
_DECISION = table_of(tables.DecisionRow)
_GLOSSARY = table_of(tables.GlossaryRow)
_VECTOR = table_of(tables.VectorRow)

#: What a run wrote: the columns that are emptied, the rows staying for their figures.
_EMPTIED: dict[type[Row], dict[str, Any]] = {
    tables.EntryRoleRow: {"text": ""},
    tables.EntryLineRow: {"text": ""},
    tables.FoldRow: {"text": "", "otherwise": [], "reason": ""},
    tables.ConflictRow: {"about": "", "reason": ""},
    tables.ConflictSideRow: {"text": "", "differs": []},
    tables.LinkRow: {"only_a": [], "only_b": []},
    tables.LedgerEntryRow: {"reason": ""},
    tables.KeptRow: {"missing": [], "faults": []},
    tables.FailedCallRow: {"why": PURGED},
    tables.ScoreRow: {"detail": {}},
}


@dataclass(frozen=True)
class Target:
    """What a purge is of.

    Args:
        runs: whose text goes.
        corpora: that hold the documents.
        documents: keys of document rows.
        sha256s: of files, for cached extractions.
        whole: the runs are purged themselves, not only what they read.
        kept: documents that stay because other runs read them too.
    """

    runs: tuple[str, ...]
    corpora: tuple[str, ...]
    documents: tuple[str, ...]
    sha256s: tuple[str, ...]
    whole: bool
    kept: int = 0


@dataclass
class Deleted:
    """Rows and bytes of text that are gone, by table."""

    rows: dict[str, int] = field(default_factory=dict)
    n_bytes: dict[str, int] = field(default_factory=dict)

    def add(self, table: Table, rows: int, n_bytes: int) -> None:
        """Count rows of a table."""
        if rows:
            self.rows[table.name] = self.rows.get(table.name, 0) + rows
            self.n_bytes[table.name] = self.n_bytes.get(table.name, 0) + n_bytes


class _NotYet(Exception):
    """Ends a trial: nothing of it is kept."""


def find_target(store: Store, name: str, *, sha256: str = "") -> Target:
    """What a name means: a run, or a document by its path or (the start of) its sha256.

    Args:
        sha256: of the file of that name, "" when there is none: a document that was read and
            never merged is known by nothing else.

    Raises:
        InputError: nothing here has that name, or the run is still going on.
    """
    with store.database.read() as connection:
        run = connection.execute(select(_RUN).where(_RUN.c.id == name)).first()
        if run is not None:
            if run.state == "running":
                raise InputError("this run is still going on.", where=name, next="Stop it first.")
            return _of_run(connection, name, run.corpus)
        return _of_document(connection, name, sha256)


def purge(store: Store, target: Target, *, trial: bool = False) -> Deleted:
    """Delete the text of a target in one transaction, then make the file forget it.

    Args:
        trial: only count; nothing is changed.

    Raises:
        StoreError: another program keeps the file open, so that its old bytes cannot go yet.
    """
    deleted = Deleted()
    try:
        with store.database.write() as connection:
            if store.database.is_sqlite:
                # what is freed is overwritten, in case the file is never rewritten
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            _Purge(connection, store, target, deleted).run()
            if trial:
                raise _NotYet
    except _NotYet:
        return deleted
    store.database.shrink()
    return deleted


def _of_run(connection: Connection, run: str, corpus: str | None) -> Target:
    shared = connection.execute(
        select(func.count()).select_from(_RUN).where(_RUN.c.corpus == corpus, _RUN.c.id != run)
    ).scalar_one()
    held = _texts(connection, select(_PLACED.c.document).where(_PLACED.c.corpus == corpus))
    if corpus is None:
        return Target((run,), (), (), (), True)
    if shared:
        return Target((run,), (corpus,), (), (), True, len(held))
    elsewhere = _texts(
        connection,
        select(_PLACED.c.document)
        .join(_RUN, _RUN.c.corpus == _PLACED.c.corpus)
        .where(_PLACED.c.corpus != corpus),
    )
    gone = sorted(held - elsewhere)
    return Target(
        (run,), (corpus,), tuple(gone), _sha256s(connection, gone), True, len(held & elsewhere)
    )


def _of_document(connection: Connection, name: str, sha256: str) -> Target:
    found: set[str] = set()
    for row in connection.execute(select(_PLACED.c.document, _PLACED.c.path, _PLACED.c.paths)):
        if any(p == name or p.endswith(f"/{name}") for p in (row.path, *row.paths)):
            found.add(row.document)
    prefix = name.lower() if len(name) >= 8 and set(name.lower()) <= set("0123456789abcdef") else ""
    named = [_DOCUMENT.c.sha256 == sha256] if sha256 else []
    named += [_DOCUMENT.c.sha256.startswith(prefix)] if prefix else []
    if named:
        found |= _texts(connection, select(_DOCUMENT.c.key).where(or_(*named)))
    sha256s = {*_sha256s(connection, sorted(found)), *([sha256] if sha256 else [])}
    # A cached extraction names its paths in its JSON.
    as_read = _EXTRACTION.c.body.contains(json.dumps(name), autoescape=True)
    cached = [as_read, _EXTRACTION.c.sha256.in_(sha256s)]
    cached += [_EXTRACTION.c.sha256.startswith(prefix)] if prefix else []
    read = _texts(connection, select(_EXTRACTION.c.sha256).where(or_(*cached)))
    if not found and not read:
        raise InputError(
            f"no run and no document {name!r} is here.",
            next="`storytransformer runs` lists the runs; a document goes by the path it was "
            "read from.",
        )
    corpora = _texts(connection, select(_PLACED.c.corpus).where(_PLACED.c.document.in_(found)))
    runs = _texts(connection, select(_RUN.c.id).where(_RUN.c.corpus.in_(corpora)))
    return Target(
        tuple(sorted(runs)),
        tuple(sorted(corpora)),
        tuple(sorted(found)),
        tuple(sorted(sha256s | read)),
        False,
    )


class _Purge:
    """One purge, inside its transaction."""

    def __init__(
        self, connection: Connection, store: Store, target: Target, deleted: Deleted
    ) -> None:
        self._connection = connection
        self._now = store.now()
        self._target = target
        self._deleted = deleted

    def run(self) -> None:
        target = self._target
        stories = _STORY.c.document.in_(target.documents)
        ids = _texts(self._connection, select(_STORY.c.id).where(stories))
        prints = _texts(self._connection, select(_STORY.c.fingerprint).where(stories))
        gone = [story_from_row(row) for row in self._select(_STORY, stories)]
        self._forget_outcomes()
        self._forget_requests(ids)
        for corpus in target.corpora:
            self._forget_corpus(corpus)
        self._delete(_STORY, stories)
        self._delete(_DOCUMENT, _DOCUMENT.c.key.in_(target.documents))
        self._delete(_EXTRACTION, _EXTRACTION.c.sha256.in_(target.sha256s))
        self._forget_vectors(prints)
        self._forget_decisions(prints, gone)
        self._forget_terms(gone)

    def _forget_outcomes(self) -> None:
        """What the runs wrote."""
        for row, empty in _EMPTIED.items():
            table = table_of(row)
            self._empty(table, table.c.run.in_(self._target.runs), empty)
        told = and_(_RUN.c.id.in_(self._target.runs), _RUN.c.error.is_not(None))
        self._empty(_RUN, told, {"error": PURGED})

    def _forget_requests(self, stories: set[str]) -> None:
        """Prompts and replies, and the plans that refer to them."""
        runs, corpora = self._target.runs, self._target.corpora
        of_runs = select(_RUN.c.plan_sha256).where(_RUN.c.id.in_(runs))
        priced = or_(_ESTIMATE.c.corpus.in_(corpora), _ESTIMATE.c.run.in_(runs))
        plans = _texts(self._connection, of_runs)
        plans |= _texts(self._connection, select(_ESTIMATE.c.plan_sha256).where(priced))
        keys: set[str] = set()
        for call in self._select(_CALL, true()):
            shown = {story for _, story in call.handles}
            if shown & stories or (self._target.whole and call.plan in plans):
                keys.add(call.request)
        # Halves and calls on replies are in no plan: they go with the run that asked.
        unplanned = _REPLY.c.request.not_in(select(_CALL.c.request))
        asked = and_(_REPLY.c.run.in_(runs), unplanned, _REPLY.c.request != PURGED)
        keys |= _texts(self._connection, select(_REPLY.c.request).where(asked))
        if self._target.whole:
            cells = _texts(
                self._connection, select(_RUN_CELL.c.cell).where(_RUN_CELL.c.run.in_(runs))
            )
            mine = _CELL.c.key.in_(cells)
            keys |= _texts(self._connection, select(_CELL.c.request).where(mine))
            self._empty(_CELL, mine, {"expected": "", "reply": "", "haystack": PURGED})
        for some in _portions(keys):
            sharing = select(_CALL.c.plan).where(_CALL.c.request.in_(some))
            plans |= _texts(self._connection, sharing)
        for name in ("planned_call", "planned_skip"):
            table = Row.metadata.tables[name]
            self._delete(table, table.c.plan.in_(plans))
        self._delete(_PLAN, _PLAN.c.sha256.in_(plans))
        self._drop_requests(keys - {PURGED})

    def _drop_requests(self, keys: set[str]) -> None:
        """Requests go; their replies stay for their figures, and are never found again."""
        if not keys:
            return
        insert_new(
            self._connection,
            _REQUEST,
            [{**dict.fromkeys(_REQUEST.c.keys(), ""), "key": PURGED, "body": {}}],
        )
        gone = {"request": PURGED, "good": False, "why": PURGED, "text": "", "detail": ""}
        for some in _portions(keys):
            self._empty(_REPLY, _REPLY.c.request.in_(some), gone)
            self._connection.execute(
                update(_CELL).where(_CELL.c.request.in_(some)).values(request=PURGED)
            )
            self._delete(_REQUEST, _REQUEST.c.key.in_(some))

    def _forget_corpus(self, corpus: str) -> None:
        """The runs' corpus under another name, with its figures and, unless the runs themselves are
        purged, what is left of it. Read again, the same documents make it anew."""
        (old,) = self._select(_CORPUS, _CORPUS.c.sha256 == corpus)
        name = f"{PURGED}-{content_hash([corpus, self._now.isoformat()])[:24]}"
        self._connection.execute(insert(_CORPUS).values({**old._mapping, "sha256": name}))
        gone = self._target.documents
        left = [
            {**row._mapping, "corpus": name}
            for row in self._select(_PLACED, _PLACED.c.corpus == corpus)
            if row.document not in gone and not self._target.whole
        ]
        positions = {row["position"] for row in left}
        held = [
            {**row._mapping, "corpus": name}
            for row in self._select(_HELD, _HELD.c.corpus == corpus)
            if row.document_position in positions
        ]
        for table, rows in ((_PLACED, left), (_HELD, held)):
            if rows:
                self._connection.execute(insert(table), rows)
        runs = self._target.runs
        here = (_RUN.c.id.in_(runs)) & (_RUN.c.corpus == corpus)
        self._connection.execute(update(_RUN).where(here).values(corpus=name))
        others = select(_RUN.c.id).where(_RUN.c.corpus == corpus)
        mine = or_(_ESTIMATE.c.run.is_(None), _ESTIMATE.c.run.not_in(others))
        self._connection.execute(
            update(_ESTIMATE).where(_ESTIMATE.c.corpus == corpus, mine).values(corpus=name)
        )
        if not _texts(self._connection, others):
            self._connection.execute(delete(_CORPUS).where(_CORPUS.c.sha256 == corpus))

    def _forget_vectors(self, prints: set[str]) -> None:
        """The vectors of stories that nothing here holds any more: they tell of the words."""
        gone = prints - _texts(self._connection, select(_STORY.c.fingerprint))
        for some in _portions(gone):
            self._delete(_VECTOR, _VECTOR.c.fingerprint.in_(some))

    def _forget_decisions(self, prints: set[str], stories: Sequence[Story]) -> None:
        """The words of decisions on stories that nothing here holds any more, whichever version's
        fingerprints they go by."""
        gone = prints - _texts(self._connection, select(_STORY.c.fingerprint))
        old = {story.old_fingerprint for story in stories}
        decisions = self._select(_DECISION, true())
        if any(old & set(row.fingerprints) for row in decisions):
            left = self._select(_STORY, true())
            old -= {story_from_row(row).old_fingerprint for row in left}
        ids = [row.id for row in decisions if (gone | old) & set(row.fingerprints)]
        empty: dict[str, Any] = {"values": [], "about": "", "note": ""}
        self._empty(_DECISION, _DECISION.c.id.in_(ids), empty)

    def _forget_terms(self, stories: Sequence[Story]) -> None:
        """Glossary terms that stood in a purged story and stand in none that is left."""
        for term in self._select(_GLOSSARY, true()):
            for words in (term.text, term.heading):
                told = any(words.casefold() in _said(story) for story in stories)
                if told and not self._is_told(words):
                    which = (_GLOSSARY.c.kind == term.kind) & (_GLOSSARY.c.text == term.text)
                    self._delete(_GLOSSARY, which)
                    break

    def _is_told(self, words: str) -> bool:
        columns = (_STORY.c.text, _STORY.c.role, _STORY.c.title)
        told = or_(*(column.icontains(words, autoescape=True) for column in columns))
        return self._connection.execute(select(_STORY.c.key).where(told)).first() is not None

    def _select(self, table: Table, which: ColumnElement[bool]) -> list[Any]:
        return list(self._connection.execute(select(table).where(which)))

    def _delete(self, table: Table, which: ColumnElement[bool]) -> None:
        names = [c.name for c in table.c if _is_text(c)]
        self._count(table, which, names)
        self._connection.execute(delete(table).where(which))

    def _empty(self, table: Table, which: ColumnElement[bool], values: dict[str, Any]) -> None:
        self._count(table, which, [name for name in values if _is_text(table.c[name])])
        self._connection.execute(update(table).where(which).values(values))

    def _count(self, table: Table, which: ColumnElement[bool], names: Sequence[str]) -> None:
        texts = [type_coerce(table.c[name], Text) for name in names]
        if self._connection.dialect.name == "sqlite":
            sizes = [func.length(cast(text, LargeBinary)) for text in texts]
        else:
            sizes = [func.octet_length(text) for text in texts]
        lengths = [func.coalesce(func.sum(size), 0) for size in sizes]
        row = self._connection.execute(select(func.count(), *lengths).where(which)).one()
        self._deleted.add(table, int(row[0]), sum(int(n) for n in row[1:]))


def _said(story: Story) -> str:
    return "\n".join((story.text, story.role, story.title)).casefold()


def _is_text(column: Any) -> bool:
    return type(column.type).__name__ in ("ExactText", "JsonText")


def _portions(keys: Iterable[str], size: int = 500) -> Iterable[list[str]]:
    listed = sorted(keys)
    return [listed[i : i + size] for i in range(0, len(listed), size)]


def _texts(connection: Connection, query: Any) -> set[str]:
    return {str(value) for value in connection.execute(query).scalars() if value}


def _sha256s(connection: Connection, documents: Sequence[str]) -> tuple[str, ...]:
    query = select(_DOCUMENT.c.sha256).where(_DOCUMENT.c.key.in_(documents))
    return tuple(sorted(_texts(connection, query)))
