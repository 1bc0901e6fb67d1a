"""What became of the stories, and what persons decided about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from pipeline.store.columns import UtcTime
from pipeline.store.tables.base import Row, json_column, run_key, text_column


class MergedStoryRow(Row, table=True):
    """One story of the merged document, in its order."""

    __tablename__ = "merged_story"

    run: str = run_key()
    id: str = Field(primary_key=True)
    position: int
    origin: str
    fallback: str = text_column()
    title: str = text_column()
    role: str = text_column()
    goal: str = text_column()
    benefit: str = text_column()
    criteria: list[str] = json_column()
    body: list[str] = json_column()


class MergedSourceRow(Row, table=True):
    """A story that a merged story stands for, the fullest first."""

    __tablename__ = "merged_source"
    __table_args__ = (Index("ix_merged_source_run_story", "run", "story"),)

    run: str = run_key()
    merged: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str


class VerdictRow(Row, table=True):
    """The gate's result for one sentence; ``sources`` are [story, start, end]."""

    __tablename__ = "verdict"

    run: str = run_key()
    merged: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    stage: str
    field: str
    text: str = text_column()
    grounded: bool
    findings: list[list[str]] = json_column()
    sources: list[list[Any]] = json_column()


class EditRow(Row, table=True):
    """One edit as a reply gave it, handles resolved; ``text`` is null where it moves text only."""

    __tablename__ = "edit"

    run: str = run_key()
    position: int = Field(primary_key=True)
    relation: str
    stories: list[str] = json_column()
    keep: str
    text: dict[str, Any] | None = json_column()
    attribute: str = text_column()
    values: list[str] = json_column()
    reason: str = text_column()


class ConflictRow(Row, table=True):
    """Stories that disagree."""

    __tablename__ = "conflict"

    run: str = run_key()
    position: int = Field(primary_key=True)
    attribute: str = text_column()
    reason: str = text_column()


class ConflictSideRow(Row, table=True):
    """One story of a conflict and what it says."""

    __tablename__ = "conflict_side"

    run: str = run_key()
    conflict: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str
    value: str = text_column()


class LedgerEntryRow(Row, table=True):
    """What became of one source story. The primary key allows one row a story."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_run_outcome", "run", "outcome"),)

    run: str = run_key()
    story: str = Field(primary_key=True)
    outcome: str
    target: str
    other: str
    relation: str | None = None
    reason: str = text_column()
    decided_by: str


class FailedCallRow(Row, table=True):
    """A call that failed for good; its stories were kept verbatim."""

    __tablename__ = "failed_call"

    run: str = run_key()
    call: str = Field(primary_key=True)


class DecisionRow(Row, table=True):
    """A person's word on stories, by their fingerprints; ``id`` hashes these, so a later word on
    the same stories replaces it. ``run`` is the one it was asked about, "" when none."""

    __tablename__ = "decision"

    id: str = Field(primary_key=True)
    fingerprints: list[str] = json_column()
    relation: str
    keep: str
    note: str = text_column()
    text: dict[str, Any] | None = json_column()
    attribute: str = text_column()
    values: list[str] = json_column()
    by: str = text_column()
    at: datetime = Field(sa_type=UtcTime)
    run: str
