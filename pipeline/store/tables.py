"""The tables. Only migrations create them; only ``record`` and ``journal`` write them.

Keys are content hashes where content decides identity, so that writing twice is writing once.
Money is integer micro-USD (``micro_usd…``), times are UTC, counts are tokens unless named
otherwise. NULL is "unknown", never zero. Later versions only add: see ``migrations/versions``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from pipeline.store.columns import ExactText, JsonText, UtcTime


class Row(SQLModel):
    """Base of every table: names of constraints that migrations can refer to."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table_of(row: type[Row]) -> Table:
    """The Core table of a row class: bulk writes go through Core, twenty times as fast."""
    return row.metadata.tables[str(row.__tablename__)]


def _text(default: str | None = "") -> Any:
    return Field(default=default, sa_type=ExactText, nullable=default is None)


def _json() -> Any:
    return Field(sa_column=Column(JsonText, nullable=False))


def _big() -> Any:
    """A count or amount of 64 bits that may be unknown."""
    return Field(default=None, sa_type=BigInteger, nullable=True)


def _run() -> Any:
    """The run a row belongs to, first in its primary key."""
    return Field(foreign_key="run.id", primary_key=True, ondelete="CASCADE")


# --- what was read ----------------------------------------------------------------------------


class ExtractionRow(Row, table=True):
    """The cache of extractions: a file's bytes read in one way (``variant``)."""

    __tablename__ = "extraction"

    sha256: str = Field(primary_key=True)
    variant: str = Field(primary_key=True)
    body: str = _text()
    created: datetime = Field(sa_type=UtcTime)


class TokenCountRow(Row, table=True):
    """Tokens of a text (by its sha256) for a counter."""

    __tablename__ = "token_count"

    counter: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    n: int


class DocumentRow(Row, table=True):
    """A document as it was read; ``key`` hashes all of it, ``sha256`` the file's bytes."""

    __tablename__ = "document"

    key: str = Field(primary_key=True)
    sha256: str = Field(index=True)
    format: str
    encoding: str
    guessed: bool
    n_chars: int = Field(sa_type=BigInteger)
    front_matter: dict[str, str] = _json()
    text: str = _text()


class StoryRow(Row, table=True):
    """A story as it was found; ``key`` hashes all of it, ``id`` its place and kind only."""

    __tablename__ = "story"

    key: str = Field(primary_key=True)
    id: str = Field(index=True)
    document: str = Field(foreign_key="document.key", index=True)
    kind: str
    start_offset: int = Field(sa_type=BigInteger)
    end_offset: int = Field(sa_type=BigInteger)
    spans: list[list[int]] = _json()
    place: str = _text()
    locator: dict[str, Any] = _json()
    source_key: str = _text()
    written: str | None = Field(default=None, max_length=10)
    author: str = _text()
    fingerprint: str = Field(index=True)
    text: str = _text()
    title: str = _text()
    role: str = _text()
    goal: str = _text()
    benefit: str = _text()
    criteria: list[str] = _json()
    body: list[str] = _json()


class CorpusRow(Row, table=True):
    """Documents read together, in order; ``sha256`` hashes their paths, texts and stories."""

    __tablename__ = "corpus"

    sha256: str = Field(primary_key=True)
    n_documents: int
    n_stories: int
    n_words: int = Field(sa_type=BigInteger)
    n_chars: int = Field(sa_type=BigInteger)
    residue_chars: int = Field(sa_type=BigInteger)
    created: datetime = Field(sa_type=UtcTime)


class CorpusDocumentRow(Row, table=True):
    """One document of a corpus: under which paths, what of it is in no story, what was wrong."""

    __tablename__ = "corpus_document"

    corpus: str = Field(foreign_key="corpus.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    document: str = Field(foreign_key="document.key", index=True)
    path: str = _text()
    paths: list[str] = _json()
    problem: str | None = _text(None)
    n_stories: int
    residue: list[list[int]] = _json()
    residue_chars: int = Field(sa_type=BigInteger)


class CorpusStoryRow(Row, table=True):
    """One story of a corpus, in corpus order."""

    __tablename__ = "corpus_story"
    __table_args__ = (UniqueConstraint("corpus", "id"),)

    corpus: str = Field(foreign_key="corpus.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    id: str
    story: str = Field(foreign_key="story.key", index=True)
    document_position: int


# --- what is asked, and what it costs ---------------------------------------------------------


class PlanRow(Row, table=True):
    """A plan by its own hash: the estimate and the run after it share the row."""

    __tablename__ = "plan"

    sha256: str = Field(primary_key=True)
    strategy: str
    model: str
    n_stories: int
    n_clusters: int
    n_calls: int
    limit_input: int
    limit_output: int
    limit_reason: str = _text()
    parameters: dict[str, str] = _json()
    created: datetime = Field(sa_type=UtcTime)


class RequestRow(Row, table=True):
    """A rendered request by its key; ``body`` is everything that decides the reply."""

    __tablename__ = "request"

    key: str = Field(primary_key=True)
    model: str
    revision: str
    purpose: str
    prompt: str
    prompt_sha256: str
    body: dict[str, Any] = _json()


class PlannedCallRow(Row, table=True):
    """One call of a plan."""

    __tablename__ = "planned_call"

    plan: str = Field(foreign_key="plan.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    id: str
    stage: str
    request: str = Field(foreign_key="request.key", index=True)
    handles: list[list[str]] = _json()
    clusters: list[list[str]] = _json()
    input_tokens: int = Field(sa_type=BigInteger)
    input_counter: str
    input_exact: bool
    input_low: int = Field(sa_type=BigInteger)
    input_high: int = Field(sa_type=BigInteger)
    output_low: int = Field(sa_type=BigInteger)
    output_likely: int = Field(sa_type=BigInteger)
    output_high: int = Field(sa_type=BigInteger)


class PlannedClusterRow(Row, table=True):
    """A cluster that code settles without a call."""

    __tablename__ = "planned_cluster"

    plan: str = Field(foreign_key="plan.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    relation: str
    score: float
    why: str = _text()
    attribute: str = _text()
    values: list[str] = _json()
    members: list[str] = _json()


class PlannedSkipRow(Row, table=True):
    """A story that needs no call, or is left out, and why."""

    __tablename__ = "planned_skip"

    plan: str = Field(foreign_key="plan.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    story: str
    reason: str
    detail: str = _text()


class EstimateRow(Row, table=True):
    """A plan's price, time and memory on one model; ``id`` hashes all of it."""

    __tablename__ = "estimate"

    id: str = Field(primary_key=True)
    run: str | None = Field(default=None, foreign_key="run.id", ondelete="CASCADE", index=True)
    corpus: str | None = Field(default=None, foreign_key="corpus.sha256", index=True)
    plan_sha256: str
    model: str
    strategy: str
    feasible: bool
    reason: str = _text()
    calls: int
    journalled_calls: int
    input_tokens: int = Field(sa_type=BigInteger)
    input_counter: str
    input_exact: bool
    input_low: int = Field(sa_type=BigInteger)
    input_high: int = Field(sa_type=BigInteger)
    output_low: int = Field(sa_type=BigInteger)
    output_likely: int = Field(sa_type=BigInteger)
    output_high: int = Field(sa_type=BigInteger)
    micro_usd_low: int | None = _big()
    micro_usd_likely: int | None = _big()
    micro_usd_high: int | None = _big()
    micro_usd_batch: int | None = _big()
    micro_usd_worst: int | None = _big()
    micro_usd_energy: int | None = _big()
    micro_usd_rent: int | None = _big()
    price_date: str
    price_source: str = _text()
    notes: list[str] = _json()
    seconds: float | None = None
    seconds_low: float | None = None
    seconds_high: float | None = None
    peak_memory_bytes: int | None = _big()
    kwh: float | None = None
    created: datetime = Field(sa_type=UtcTime)


# --- what was done ----------------------------------------------------------------------------


class RunRow(Row, table=True):
    """One run. ``owner`` is the process that works on it (host:pid), ``updated`` its last sign of
    life; ``attempts`` counts how often it was taken up. ``estimate`` is the one it was run on."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_state_kind", "state", "kind"),)

    id: str = Field(primary_key=True)
    kind: str
    state: str
    model: str
    revision: str
    strategy: str
    corpus: str | None = Field(default=None, foreign_key="corpus.sha256", index=True)
    plan_sha256: str
    estimate: str | None = None
    parameters: dict[str, Any] = _json()
    describe: dict[str, str] = _json()
    owner: str = ""
    attempts: int = 1
    error: str | None = _text(None)
    started: datetime = Field(sa_type=UtcTime, index=True)
    updated: datetime = Field(sa_type=UtcTime)
    finished: datetime | None = Field(default=None, sa_type=UtcTime)


class ActualRow(Row, table=True):
    """What a run took, in the units of its estimate."""

    __tablename__ = "actual"

    run: str = _run()
    calls: int
    reused: int
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    micro_usd: int | None = _big()
    seconds: float
    peak_memory_bytes: int | None = _big()


class ReplyRow(Row, table=True):
    """The journal: every reply that came back. At most one is good for a request; the others
    are kept with the reason and never reused."""

    __tablename__ = "reply"
    __table_args__ = (
        Index(
            "uq_reply_good_request",
            "request",
            unique=True,
            sqlite_where=sql("good"),
            postgresql_where=sql("good"),
        ),
    )

    id: str = Field(primary_key=True)
    request: str = Field(foreign_key="request.key", index=True)
    run: str | None = Field(default=None, foreign_key="run.id", ondelete="SET NULL", index=True)
    good: bool
    why: str = _text()
    text: str = _text()
    finish: str
    model: str
    detail: str = _text()
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cache_read_tokens: int = Field(sa_type=BigInteger)
    cache_write_tokens: int = Field(sa_type=BigInteger)
    micro_usd: int | None = _big()
    seconds: float
    created: datetime = Field(sa_type=UtcTime)


class ChargeRow(Row, table=True):
    """What a run's budget has set aside for a call. Settled with the real price; a call that
    never came back stays charged at its worst case."""

    __tablename__ = "charge"

    run: str = _run()
    request: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    reserved_micro_usd: int = Field(sa_type=BigInteger)
    settled_micro_usd: int | None = _big()
    created: datetime = Field(sa_type=UtcTime)


# --- what became of the stories ---------------------------------------------------------------


class MergedStoryRow(Row, table=True):
    """One story of the merged document, in its order."""

    __tablename__ = "merged_story"

    run: str = _run()
    id: str = Field(primary_key=True)
    position: int
    origin: str
    fallback: str = _text()
    title: str = _text()
    role: str = _text()
    goal: str = _text()
    benefit: str = _text()
    criteria: list[str] = _json()
    body: list[str] = _json()


class MergedSourceRow(Row, table=True):
    """A story that a merged story stands for, the fullest first."""

    __tablename__ = "merged_source"
    __table_args__ = (Index("ix_merged_source_run_story", "run", "story"),)

    run: str = _run()
    merged: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str


class VerdictRow(Row, table=True):
    """The gate's result for one sentence; ``sources`` are [story, start, end]."""

    __tablename__ = "verdict"

    run: str = _run()
    merged: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    stage: str
    field: str
    text: str = _text()
    grounded: bool
    findings: list[list[str]] = _json()
    sources: list[list[Any]] = _json()


class EditRow(Row, table=True):
    """One edit as a reply gave it, handles resolved; ``text`` is null where it moves text only."""

    __tablename__ = "edit"

    run: str = _run()
    position: int = Field(primary_key=True)
    relation: str
    stories: list[str] = _json()
    keep: str
    text: dict[str, Any] | None = _json()
    attribute: str = _text()
    values: list[str] = _json()
    reason: str = _text()


class ConflictRow(Row, table=True):
    """Stories that disagree."""

    __tablename__ = "conflict"

    run: str = _run()
    position: int = Field(primary_key=True)
    attribute: str = _text()
    reason: str = _text()


class ConflictSideRow(Row, table=True):
    """One story of a conflict and what it says."""

    __tablename__ = "conflict_side"

    run: str = _run()
    conflict: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    story: str
    value: str = _text()


class LedgerEntryRow(Row, table=True):
    """What became of one source story. The primary key allows one row a story."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_run_outcome", "run", "outcome"),)

    run: str = _run()
    story: str = Field(primary_key=True)
    outcome: str
    target: str
    other: str
    relation: str | None = None
    reason: str = _text()
    decided_by: str


class FailedCallRow(Row, table=True):
    """A call that failed for good; its stories were kept verbatim."""

    __tablename__ = "failed_call"

    run: str = _run()
    call: str = Field(primary_key=True)


# --- what was measured ------------------------------------------------------------------------


class NeedleCellRow(Row, table=True):
    """One cell of a needle grid, by the hash of all that decides it."""

    __tablename__ = "needle_cell"

    key: str = Field(primary_key=True)
    task: str
    model: str
    revision: str
    style: str
    haystack: str = _text()
    target_tokens: int
    prompt_tokens: int
    depth_target: float
    depth_actual: float
    seed: int
    status: str
    score: float | None = None
    expected: str = _text()
    reply: str = _text()
    finish: str = _text()
    flags: list[str] = _json()
    seconds: float
    request: str = Field(foreign_key="request.key", index=True)
    created: datetime = Field(sa_type=UtcTime)


class RunCellRow(Row, table=True):
    """A cell that belongs to a run's grid; ``reused`` when an earlier run had measured it."""

    __tablename__ = "run_cell"

    run: str = _run()
    cell: str = Field(foreign_key="needle_cell.key", primary_key=True, index=True)
    reused: bool
