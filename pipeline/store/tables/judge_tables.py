"""How far judges are believed: what exams found, what judges said in a run, what persons read; and
how those that were trained here were trained."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from pipeline.store.connection.column_types import UtcTime
from pipeline.store.tables.table_base import Row, json_column, run_key


class JudgeRecordRow(Row, table=True):
    """What an exam found of a judge. ``id`` is the hash of ``body``: a row whose id is another is
    believed by nobody. ``run`` is the exam's, "" for a judge that no model stands behind."""

    __tablename__ = "judge_record"
    __table_args__ = (Index("ix_judge_record_model", "model"),)

    id: str = Field(primary_key=True)
    model: str
    made: datetime = Field(sa_type=UtcTime)
    run: str
    body: dict[str, Any] = json_column(dict)


class JudgeFigureRow(Row, table=True):
    """One figure of a record, for looking at: an answer on the pairs of a language, shape, length,
    wording or kind ("all" for all of them). ``n`` pairs have another answer, ``positives`` have
    it. Beliefs are made of the record's body alone."""

    __tablename__ = "judge_figure"

    record: str = Field(primary_key=True, foreign_key="judge_record.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    answer: str
    kind: str
    language: str
    n: int
    false_positives: int
    upper: float
    positives: int
    found: int
    low: float
    high: float
    threshold: float | None = None


class JudgementRow(Row, table=True):
    """What a judge with a record said of two stories of a run. ``acts``: the merge went by it;
    ``would``: it would have, were the judge believed on this corpus. ``why`` names what kept it
    from either."""

    __tablename__ = "judgement"

    run: str = run_key()
    position: int = Field(primary_key=True)
    a: str
    b: str
    answer: str
    judge: str
    record: str
    likelihood: float | None = None
    acts: bool
    would: bool
    why: str


class ReadingRow(Row, table=True):
    """A pair that a person read to see how far a judge is right on a corpus. ``purpose`` is fold
    (the judge would fold them: are they one need?) or candidate (asked of whatever judge: are
    they?). ``a`` and ``b`` are fingerprints, ``a`` the smaller."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_corpus_record", "corpus", "record"),)

    id: str = Field(primary_key=True)
    corpus: str
    record: str
    purpose: str
    a: str
    b: str
    right: bool
    by: str
    at: datetime = Field(sa_type=UtcTime)
    run: str


class TrainingRow(Row, table=True):
    """A judge that was trained here. ``id`` is the hash of its adapter; ``body`` is the adapter's
    card without its losses. ``told_bytes`` of memory were told before, ``peak_bytes`` measured."""

    __tablename__ = "training"

    id: str = Field(primary_key=True)
    base: str
    base_sha256: str
    out: str
    made: datetime = Field(sa_type=UtcTime)
    data_sha256: str
    n_pairs: int
    n_dev: int
    seed: int
    best_step: int
    n_trained: int
    seconds: float
    told_bytes: int = Field(sa_type=BigInteger)
    peak_bytes: int = Field(sa_type=BigInteger)
    stopped: str
    body: dict[str, Any] = json_column(dict)


class TrainingLossRow(Row, table=True):
    """A loss of a training: of its pairs (``train``) or of those that stop it (``dev``)."""

    __tablename__ = "training_loss"

    training: str = Field(primary_key=True, foreign_key="training.id", ondelete="CASCADE")
    part: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    loss: float
