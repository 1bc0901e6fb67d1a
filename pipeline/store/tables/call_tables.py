"""What is asked, what it is expected to cost, and what came back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlalchemy import text as sql
from sqlmodel import Field

from pipeline.store.connection.column_types import JsonText, UtcTime
from pipeline.store.tables.table_base import Row, big_column, json_column, run_key, text_column


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
    limit_reason: str = text_column()
    parameters: dict[str, str] = json_column(dict)
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
    body: dict[str, Any] = json_column(dict)


class PlannedCallRow(Row, table=True):
    """One call of a plan. ``found_by`` names the lists that a pair asked about was found on."""

    __tablename__ = "planned_call"

    plan: str = Field(foreign_key="plan.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    id: str
    stage: str
    request: str = Field(foreign_key="request.key", index=True)
    handles: list[list[str]] = json_column(list)
    clusters: list[list[str]] = json_column(list)
    input_tokens: int = Field(sa_type=BigInteger)
    input_counter: str
    input_exact: bool
    input_low: int = Field(sa_type=BigInteger)
    input_high: int = Field(sa_type=BigInteger)
    output_low: int = Field(sa_type=BigInteger)
    output_likely: int = Field(sa_type=BigInteger)
    output_high: int = Field(sa_type=BigInteger)
    found_by: str | None = None


class PlannedSkipRow(Row, table=True):
    """A story that needs no call, or is left out, and why."""

    __tablename__ = "planned_skip"

    plan: str = Field(foreign_key="plan.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    story: str
    reason: str
    detail: str = text_column()


class EstimateRow(Row, table=True):
    """A plan's price, time and memory on one model; ``id`` hashes all of it.

    The ``…_factor`` columns say by what ``past_runs`` (``past_timed_runs`` for the time) corrected
    the likely values; NULL where nothing was corrected. Divided by it, a likely value is what plan
    and formulas said by themselves: what the next correction is relative to."""

    __tablename__ = "estimate"

    id: str = Field(primary_key=True)
    run: str | None = Field(default=None, foreign_key="run.id", ondelete="CASCADE", index=True)
    corpus: str | None = Field(default=None, foreign_key="corpus.sha256", index=True)
    plan_sha256: str
    model: str
    strategy: str
    feasible: bool
    reason: str = text_column()
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
    micro_usd_low: int | None = big_column()
    micro_usd_likely: int | None = big_column()
    micro_usd_high: int | None = big_column()
    micro_usd_batch: int | None = big_column()
    micro_usd_worst: int | None = big_column()
    micro_usd_energy: int | None = big_column()
    micro_usd_rent: int | None = big_column()
    price_date: str
    price_source: str = text_column()
    notes: list[str] = json_column(list)
    seconds: float | None = None
    seconds_low: float | None = None
    seconds_high: float | None = None
    peak_memory_bytes: int | None = big_column()
    kwh: float | None = None
    past_runs: int | None = None
    past_timed_runs: int | None = None
    input_factor: float | None = None
    output_factor: float | None = None
    seconds_factor: float | None = None
    created: datetime = Field(sa_type=UtcTime)


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
    why: str = text_column()
    text: str = text_column()
    finish: str
    model: str
    detail: str = text_column()
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    cache_read_tokens: int = Field(sa_type=BigInteger)
    cache_write_tokens: int = Field(sa_type=BigInteger)
    micro_usd: int | None = big_column()
    seconds: float
    likelihoods: dict[str, float] | None = Field(
        default=None, sa_column=Column(JsonText, nullable=True)
    )
    created: datetime = Field(sa_type=UtcTime)


class BatchRow(Row, table=True):
    """Requests handed to a provider together. The row is there before they are sent, so that a
    killed run finds them again; ``closed`` when every answer is in the journal, ``outcome`` says
    for people how it ended."""

    __tablename__ = "batch"

    id: str = Field(primary_key=True)
    run: str = Field(foreign_key="run.id", ondelete="CASCADE", index=True)
    model: str
    provider_id: str = ""
    n_requests: int
    outcome: str = text_column()
    created: datetime = Field(sa_type=UtcTime)
    submitted: datetime | None = Field(default=None, sa_type=UtcTime)
    closed: datetime | None = Field(default=None, sa_type=UtcTime)


class BatchRequestRow(Row, table=True):
    """A request of a batch, by its key; ``taken`` when its answer is in the journal, or there will
    be none."""

    __tablename__ = "batch_request"

    batch: str = Field(foreign_key="batch.id", primary_key=True, ondelete="CASCADE")
    request: str = Field(primary_key=True, index=True)
    taken: bool = False


class ChargeRow(Row, table=True):
    """What a run's budget has set aside for a call. Settled with the real price; a call that
    never came back stays charged at its worst case."""

    __tablename__ = "charge"

    run: str = run_key()
    request: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    reserved_micro_usd: int = Field(sa_type=BigInteger)
    settled_micro_usd: int | None = big_column()
    created: datetime = Field(sa_type=UtcTime)


class AskerRow(Row, table=True):
    """A process while it asks a model. ``beat`` goes up as long as it lives: who sees it stand
    still for a while takes it for dead, whatever the clocks of two machines say."""

    __tablename__ = "asker"

    id: str = Field(primary_key=True)
    owner: str
    beat: int
    created: datetime = Field(sa_type=UtcTime)


class ClaimRow(Row, table=True):
    """A request that an asker has in flight: others wait for its reply. Without a foreign key: a
    claim whose asker is gone is free."""

    __tablename__ = "claim"

    request: str = Field(primary_key=True)
    asker: str = Field(index=True)
