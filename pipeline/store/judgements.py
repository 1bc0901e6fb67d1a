"""What exams found of judges, what judges said in a run, what persons read of it; and trainings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select

from pipeline.entries import Answer
from pipeline.judge.belief import Readings, Share
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import Record, as_mapping, from_mapping, rows
from pipeline.store.connection.database import Database, insert_all, insert_new, upsert
from pipeline.store.rows import content_hash
from pipeline.store.tables import (
    CorpusStoryRow,
    JudgeFigureRow,
    JudgementRow,
    JudgeRecordRow,
    PlannedCallRow,
    ReadingRow,
    RunRow,
    StoryRow,
    TrainingLossRow,
    TrainingRow,
    table_of,
)

_RECORD = table_of(JudgeRecordRow)
_FIGURE = table_of(JudgeFigureRow)
_JUDGEMENT = table_of(JudgementRow)
_READING = table_of(ReadingRow)
_RUN = table_of(RunRow)
_CALL = table_of(PlannedCallRow)
_TRAINING = table_of(TrainingRow)
_LOSS = table_of(TrainingLossRow)
#: Of a card, what has a table of its own.
_LOSSES = ("losses", "dev_losses")

#: What a person reads a pair for.
Purpose = Literal["fold", "candidate"]


@dataclass(frozen=True, slots=True)
class JudgementTold:
    """What a judge said of two stories, and what came of it.

    Args:
        record: that it was asked by, "" for a judge without one: its answers order questions.
        acts: the merge went by it. would: it would have, were the judge believed on this corpus.
        why: what kept it from acting, "" where it acts.
    """

    a: str
    b: str
    answer: Answer
    judge: str
    record: str
    likelihood: float | None
    acts: bool
    would: bool
    why: str = ""


class Judging:
    """The part of the store that keeps how far judges are believed."""

    database: Database
    now: Callable[[], datetime]

    def save_record(self, record: Record, *, run: str = "") -> None:
        """Keep what an exam found; the same once more is the newest again."""
        row = {
            "id": record.id,
            "model": record.judge.model,
            "made": self.now(),
            "run": run,
            "body": as_mapping(record),
        }
        with self.database.write() as connection:
            upsert(connection, _RECORD, [row])
            insert_new(connection, _FIGURE, list(_figures(record)))

    def save_training(self, adapter: str, out: str, card: Mapping[str, Any]) -> None:
        """Keep how a judge was trained, by its adapter's hash; the same once more is told anew.

        Args:
            card: what stands beside the adapter (:func:`pipeline.train.training_job.card_of`).
        """
        losses = {"train": card["losses"], "dev": card["dev_losses"]}
        row = {
            "id": adapter,
            "base": card["base"],
            "base_sha256": card["base_sha256"],
            "out": out,
            "made": self.now(),
            "data_sha256": card["data"]["sha256"],
            "n_pairs": card["data"]["train_pairs"],
            "n_dev": card["data"]["dev_pairs"],
            "seed": card["seed"],
            "best_step": card["steps"]["best"],
            "n_trained": card["steps"]["trained_pairs"],
            "seconds": card["seconds"],
            "told_bytes": card["peak_bytes"]["told"],
            "peak_bytes": card["peak_bytes"]["measured"],
            "stopped": card["stopped"],
            "body": {name: told for name, told in card.items() if name not in _LOSSES},
        }
        with self.database.write() as connection:
            upsert(connection, _TRAINING, [row])
            connection.execute(delete(_LOSS).where(_LOSS.c.training == adapter))
            rows = [
                {"training": adapter, "part": part, "step": step, "loss": loss}
                for part, told in losses.items()
                for step, loss in dict(told).items()
            ]
            insert_all(connection, insert(_LOSS), rows)

    def records(self, model: str) -> list[Record]:
        """What exams found of a model, the newest first. A row that is not a record, or whose
        content is not what its id says, is left out: nobody examined that."""
        query = (
            select(_RECORD.c.id, _RECORD.c.body)
            .where(_RECORD.c.model == model)
            .order_by(_RECORD.c.made.desc(), _RECORD.c.id)
        )
        with self.database.read() as connection:
            found = [_record(row.id, row.body) for row in connection.execute(query)]
        return [one for one in found if one is not None and one.judge.model == model]

    def judged(self) -> list[str]:
        """The names of the models that have a record here, by name."""
        query = select(_RECORD.c.model).distinct().order_by(_RECORD.c.model)
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def save_judgements(self, run: str, told: Iterable[JudgementTold]) -> None:
        """Keep what a judge said in a run; replaces an earlier try."""
        written = [
            {**asdict(one), "answer": str(one.answer), "run": run, "position": n}
            for n, one in enumerate(told)
        ]
        with self.database.write() as connection:
            connection.execute(delete(_JUDGEMENT).where(_JUDGEMENT.c.run == run))
            insert_all(connection, insert(_JUDGEMENT), written)

    def judgements(self, run: str) -> list[JudgementTold]:
        """What a judge said in a run, in the order of its questions."""
        query = select(_JUDGEMENT).where(_JUDGEMENT.c.run == run).order_by(_JUDGEMENT.c.position)
        with self.database.read() as connection:
            return [
                JudgementTold(
                    row.a, row.b, Answer(row.answer), row.judge, row.record, row.likelihood,
                    row.acts, row.would, row.why,
                )
                for row in connection.execute(query)
            ]  # fmt: skip

    def read_pair(
        self, run: str, pair: Sequence[str], *, purpose: Purpose, right: bool, by: str
    ) -> None:
        """Keep what a person found of a pair that a run's judge was asked about; a later word on
        the same pair replaces it.

        Args:
            pair: two fingerprints. right: they are one need.
        """
        corpus, record = self.judged_with(run)
        a, b = sorted(pair)
        key = content_hash([corpus, record if purpose == "fold" else "", purpose, a, b])
        row = {
            "id": key, "corpus": corpus, "record": record, "purpose": purpose, "a": a, "b": b,
            "right": right, "by": by, "at": self.now(), "run": run,
        }  # fmt: skip
        with self.database.write() as connection:
            upsert(connection, _READING, [row])

    def judged_with(self, run: str) -> tuple[str, str]:
        """The corpus of a run and the record of its judge, "" where it has none."""
        with self.database.read() as connection:
            corpus = connection.execute(select(_RUN.c.corpus).where(_RUN.c.id == run)).scalar()
            record = connection.execute(
                select(_JUDGEMENT.c.record).where(_JUDGEMENT.c.run == run).limit(1)
            ).scalar()
        return str(corpus or ""), str(record or "")

    def drawn(self, corpus: str, record: str, purpose: Purpose) -> list[tuple[str, str]]:
        """The pairs (fingerprints) that a person may read, in an order that has nothing to do with
        them: what the newest run on this corpus with this record was told, and what was read."""
        prints = self._judged_pairs(corpus, record, purpose)
        prints |= self.read_before(corpus, record, purpose)
        return sorted(prints, key=lambda pair: _lot(corpus, record, purpose, pair))

    def read_before(self, corpus: str, record: str, purpose: Purpose) -> set[tuple[str, str]]:
        """The pairs that a person read already."""
        return {pair for pair, _ in self._read(corpus, record, purpose)}

    def readings(self, corpus: str, record: str) -> Readings:
        """What a person found of a judge's would-be folds on a corpus."""
        return Readings(self._counted(corpus, record, "fold"))

    def share(self, corpus: str, record: str) -> Share:
        """How many of a corpus's candidates are one need, as far as a person looked."""
        looked = self._counted(corpus, record, "candidate")
        return Share(looked if looked.n else None)

    def _counted(self, corpus: str, record: str, purpose: Purpose) -> Rate:
        """Of the pairs in their random order, from the first to the last that was read without one
        left out, those that are right: who picks what to read shows nothing. One that was found
        wrong counts wherever it stands."""
        read = dict(self._read(corpus, record, purpose))
        if not read:
            return Rate(0, 0)
        right = n = 0
        in_turn = True
        for pair in self.drawn(corpus, record, purpose):
            in_turn = in_turn and pair in read
            if pair in read and (in_turn or (purpose == "fold" and not read[pair])):
                right, n = right + read[pair], n + 1
        return Rate(right, n)

    def _read(
        self, corpus: str, record: str, purpose: Purpose
    ) -> list[tuple[tuple[str, str], bool]]:
        query = select(_READING.c.a, _READING.c.b, _READING.c.right).where(
            _READING.c.corpus == corpus, _READING.c.purpose == purpose
        )
        if purpose == "fold":  # who judges says nothing of the share of true candidates
            query = query.where(_READING.c.record == record)
        with self.database.read() as connection:
            return [((row.a, row.b), row.right) for row in connection.execute(query)]

    def _judged_pairs(self, corpus: str, record: str, purpose: Purpose) -> set[tuple[str, str]]:
        with self.database.read() as connection:
            run = connection.execute(
                select(_RUN.c.id)
                .join(_JUDGEMENT, _JUDGEMENT.c.run == _RUN.c.id)
                .where(_RUN.c.corpus == corpus, _JUDGEMENT.c.record == record)
                .order_by(_RUN.c.started.desc(), _RUN.c.id.desc())
                .limit(1)
            ).scalar()
        if run is None:
            return set()
        if purpose == "candidate":
            told = self._asked(run)
        else:
            told = [
                (one.a, one.b)
                for one in self.judgements(run)
                if one.answer is Answer.ONE_NEED and (one.acts or one.would)
            ]
        prints = self._fingerprints(corpus)
        pairs = (sorted((prints.get(a, ""), prints.get(b, ""))) for a, b in told)
        return {(a, b) for a, b in pairs if a}

    def _asked(self, run: str) -> list[tuple[str, str]]:
        """The pairs of stories that a run asked about."""
        query = (
            select(_CALL.c.handles)
            .join(_RUN, _RUN.c.plan_sha256 == _CALL.c.plan)
            .where(_RUN.c.id == run)
        )
        with self.database.read() as connection:
            shown = [list(handles) for handles in connection.execute(query).scalars()]
        return [(one[0][1], one[1][1]) for one in shown if len(one) == 2]

    def _fingerprints(self, corpus: str) -> dict[str, str]:
        held, story = table_of(CorpusStoryRow), table_of(StoryRow)
        query = (
            select(held.c.id, story.c.fingerprint)
            .join(held, held.c.story == story.c.key)
            .where(held.c.corpus == corpus)
        )
        with self.database.read() as connection:
            return {row.id: row.fingerprint for row in connection.execute(query)}


def _lot(corpus: str, record: str, purpose: str, pair: tuple[str, str]) -> str:
    return hashlib.sha256("|".join((corpus, record, purpose, *pair)).encode()).hexdigest()


def _record(name: str, body: Any) -> Record | None:
    try:
        found = from_mapping(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if found.id == name else None


def _figures(record: Record) -> Iterable[dict[str, Any]]:
    for n, row in enumerate(rows(record)):
        low, high = row["interval"]
        yield {
            "record": record.id,
            "position": n,
            "answer": row["answer"],
            "kind": row["kind"],
            "language": row["language"],
            "n": row["n"],
            "false_positives": row["false_positives"],
            "upper": row["false_positive_upper"],
            "positives": row["positives"],
            "found": row["found"],
            "low": low,
            "high": high,
            "threshold": row["threshold"],
        }
