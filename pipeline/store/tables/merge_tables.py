"""What a merge came to: entries, folds, conflicts, links, the ledger; and what persons decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from pipeline.store.connection.column_types import UtcTime
from pipeline.store.tables.table_base import Row, json_column, run_key, text_column


class EntryRow(Row, table=True):
    """Tellings put under one standing one. ``position`` is its place in the document, counted from
    0: entry E-7 has position 6."""

    __tablename__ = "entry"

    run: str = run_key()
    id: str = Field(primary_key=True)
    position: int
    standing: str


class EntrySourceRow(Row, table=True):
    """A story of an entry, the standing one first."""

    __tablename__ = "entry_source"
    __table_args__ = (Index("ix_entry_source_run_story", "run", "story"),)

    run: str = run_key()
    entry: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str


class EntryRoleRow(Row, table=True):
    """A role as it was told in an entry, and the stories that tell it."""

    __tablename__ = "entry_role"

    run: str = run_key()
    entry: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    text: str = text_column()
    stories: list[str] = json_column(list)


class EntryLineRow(Row, table=True):
    """A line that stands in an entry, and the stories that say just this, the one whose words stand
    first. ``field`` is title, sentence, benefit, criterion or body."""

    __tablename__ = "entry_line"

    run: str = run_key()
    entry: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    field: str
    text: str = text_column()
    stories: list[str] = json_column(list)


class FoldRow(Row, table=True):
    """A piece of a telling that is one step behind the words of ``under``. ``by`` is proof, judge
    or person; ``rules`` are those of the proof; ``otherwise`` are its words that the standing line
    does not have."""

    __tablename__ = "fold"
    __table_args__ = (Index("ix_fold_run_story", "run", "story"),)

    run: str = run_key()
    entry: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str
    field: str
    text: str = text_column()
    by: str
    under: str
    rules: list[str] = json_column(list)
    otherwise: list[str] = json_column(list)
    reason: str = text_column()
    likelihood: float | None = None


class ConflictRow(Row, table=True):
    """Stories that cannot both hold (``kind`` conflict) or possibly cannot (``kind`` possible)."""

    __tablename__ = "conflict"

    run: str = run_key()
    position: int = Field(primary_key=True)
    id: str
    kind: str
    about: str = text_column()
    by: str
    reason: str = text_column()


class ConflictSideRow(Row, table=True):
    """One side of a conflict: what a story says, and its words that the other side denies."""

    __tablename__ = "conflict_side"

    run: str = run_key()
    conflict: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str
    text: str = text_column()
    differs: list[str] = json_column(list)


class LinkRow(Row, table=True):
    """Two entries that stand next to each other: ``kind`` is overlapping or alike; ``only_a`` and
    ``only_b`` are the words of each that the other does not have."""

    __tablename__ = "link"

    run: str = run_key()
    position: int = Field(primary_key=True)
    a: str
    b: str
    kind: str
    score: float
    only_a: list[str] = json_column(list)
    only_b: list[str] = json_column(list)
    by: str


class LedgerEntryRow(Row, table=True):
    """What became of one source story. The primary key allows one row a story. ``by`` is code,
    proof, judge or person; ``at`` is when a person decided it."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_run_outcome", "run", "outcome"),)

    run: str = run_key()
    story: str = Field(primary_key=True)
    outcome: str
    entry: str
    other: str
    reason: str = text_column()
    by: str
    rules: list[str] = json_column(list)
    judge: str
    record: str
    likelihood: float | None = None
    at: datetime | None = Field(default=None, sa_type=UtcTime)


class ProposalRow(Row, table=True):
    """Two stories for a person to decide on, the most promising first."""

    __tablename__ = "proposal"

    run: str = run_key()
    position: int = Field(primary_key=True)
    a: str
    b: str


class KeptRow(Row, table=True):
    """Whether every sentence of every story is in the document: how many stand, how many are folded
    by whom, the sentences that are ``missing`` as [story, sentence], and what else is wrong with
    the document's books (``faults``)."""

    __tablename__ = "kept"

    run: str = run_key()
    units: int
    standing: int
    folded_proof: int
    folded_judge: int
    folded_person: int
    missing: list[list[str]] = json_column(list)
    faults: list[str] = json_column(list)


class FailedCallRow(Row, table=True):
    """A call to a judge that failed for good, and why; its stories stand as they are."""

    __tablename__ = "failed_call"

    run: str = run_key()
    position: int = Field(primary_key=True)
    why: str = text_column()


class DecisionRow(Row, table=True):
    """A person's word on stories, by their fingerprints; ``id`` hashes these, so a later word on
    the same stories replaces it. ``version`` is that of the fingerprints, "" for those of before
    the first release. ``run`` is the one it was asked about, "" when none. ``sovereignty`` is the
    mark of the documents that it was made over."""

    __tablename__ = "decision"

    id: str = Field(primary_key=True)
    fingerprints: list[str] = json_column(list)
    answer: str
    keep: str
    note: str = text_column()
    about: str = text_column()
    values: list[str] = json_column(list)
    by: str = text_column()
    at: datetime = Field(sa_type=UtcTime)
    version: str
    run: str
    sovereignty: str = Field(default="", sa_column_kwargs={"server_default": ""})


class GlossaryRow(Row, table=True):
    """A role or topic that a person calls by another's name: used for headings, never for what a
    story says."""

    __tablename__ = "glossary"

    kind: str = Field(primary_key=True)
    text: str = Field(primary_key=True)
    heading: str = text_column()
    by: str = text_column()
    at: datetime = Field(sa_type=UtcTime)
