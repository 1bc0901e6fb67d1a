"""What was done: runs, what they took, and what they measured."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from pipeline.store.connection.column_types import UtcTime
from pipeline.store.tables.table_base import Row, big_column, json_column, run_key, text_column


class RunRow(Row, table=True):
    """One run. ``owner`` is the process that works on it (host:pid:start), ``updated`` its last
    sign of life; ``attempts`` counts how often it was taken up; ``estimate`` is the one it was
    run on."""

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
    parameters: dict[str, Any] = json_column(dict)
    describe: dict[str, str] = json_column(dict)
    owner: str = ""
    attempts: int = 1
    error: str | None = text_column(None)
    started: datetime = Field(sa_type=UtcTime, index=True)
    updated: datetime = Field(sa_type=UtcTime)
    finished: datetime | None = Field(default=None, sa_type=UtcTime)


class ActualRow(Row, table=True):
    """What a run took over all its attempts, in the units of its estimate.

    ``calls`` and the tokens are all that this run asked a model for, second tries included;
    replies that the journal had are only counted in ``reused``. ``seconds`` is the whole run,
    ``model_seconds`` the part of it that the estimate speaks of: loading and asking the model.

    For learning: ``asked`` calls of the plan were answered for the first time, by ``prompt``; the
    plan had said ``planned_input_tokens`` and likely ``planned_output_tokens`` for just these, and
    the model counted ``first_input_tokens``; ``formula_seconds`` is what the formulas make of the
    tokens that really came, ``processor_seconds`` what this process computed meanwhile, ``machine``
    where. NULL in rows of older releases."""

    __tablename__ = "actual"

    run: str = run_key()
    calls: int
    reused: int
    input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    micro_usd: int | None = big_column()
    seconds: float
    peak_memory_bytes: int | None = big_column()
    asked: int | None = None
    prompt: str | None = None
    planned_input_tokens: int | None = big_column()
    planned_output_tokens: int | None = big_column()
    first_input_tokens: int | None = big_column()
    model_seconds: float | None = None
    formula_seconds: float | None = None
    processor_seconds: float | None = None
    machine: str | None = text_column(None)


class DepartureRow(Row, table=True):
    """A story whose text a run sent off this machine, and to which host. Written before it is
    sent, and kept when the text is purged."""

    __tablename__ = "departure"

    run: str = run_key()
    host: str = Field(primary_key=True)
    story: str = Field(primary_key=True)
    path: str = text_column()
    at: datetime = Field(sa_type=UtcTime)


class NeedleCellRow(Row, table=True):
    """One cell of a needle grid, by the hash of all that decides it."""

    __tablename__ = "needle_cell"

    key: str = Field(primary_key=True)
    task: str
    model: str
    revision: str
    style: str
    haystack: str = text_column()
    target_tokens: int
    prompt_tokens: int
    depth_target: float
    depth_actual: float
    seed: int
    status: str
    score: float | None = None
    expected: str = text_column()
    reply: str = text_column()
    finish: str = text_column()
    flags: list[str] = json_column(list)
    seconds: float
    request: str = Field(foreign_key="request.key", index=True)
    created: datetime = Field(sa_type=UtcTime)


class RunCellRow(Row, table=True):
    """A cell that belongs to a run's grid; ``reused`` when an earlier run had measured it."""

    __tablename__ = "run_cell"

    run: str = run_key()
    cell: str = Field(foreign_key="needle_cell.key", primary_key=True, index=True)
    reused: bool


class ScoreRow(Row, table=True):
    """One figure that an eval measured. ``item`` is "" for the figure of the whole run, else what
    it is the figure of (a canary, a kind, a field); ``low`` and ``high`` are its 95 % interval."""

    __tablename__ = "score"

    run: str = run_key()
    name: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    detail: dict[str, Any] = json_column(dict)
