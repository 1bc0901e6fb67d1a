"""The only writes (with ``journal``): everything a run reads, plans, decides and measures.

Every method is one transaction, and writing the same thing twice is writing it once.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, delete, func, insert, select, update

from pipeline.calls import Plan
from pipeline.entries import Merge
from pipeline.errors import LedgerError
from pipeline.estimates import Estimate
from pipeline.store import tables
from pipeline.store.caches import Caches
from pipeline.store.connection.database import PATIENCE, Database, insert_all, insert_new
from pipeline.store.decisions import Decisions
from pipeline.store.journal import StoreJournal
from pipeline.store.judgements import Judging
from pipeline.store.rows import call_rows
from pipeline.store.rows.corpus_rows import corpus_rows
from pipeline.store.rows.eval_rows import NeedleCell, Score, cell_row, score_row
from pipeline.store.rows.merge_rows import merge_rows
from pipeline.store.runs import Runs, RunState
from pipeline.store.schema import upgrade
from pipeline.store.tables import table_of
from pipeline.stories import Extraction

__all__ = ["RunState", "Store", "StoreJournal", "open_store"]

_RUN = table_of(tables.RunRow)
_ESTIMATE = table_of(tables.EstimateRow)
_CORPUS = table_of(tables.CorpusRow)
_CORPUS_STORY = table_of(tables.CorpusStoryRow)
_PLAN = table_of(tables.PlanRow)
_CELL = table_of(tables.NeedleCellRow)
_RUN_CELL = table_of(tables.RunCellRow)
_SCORE = table_of(tables.ScoreRow)


def open_store(
    url: str,
    *,
    create: bool = True,
    now: Callable[[], datetime],
    token: Callable[[], str] = lambda: secrets.token_hex(2),
    patience: float = PATIENCE,
) -> Store:
    """Open a database, bring it to the newest version, and mark runs whose process died.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``.
        create: make a SQLite file that is missing.
        now: the clock, with a time zone.
        token: four characters that tell apart runs of the same second.
        patience: seconds to wait for another writer of a SQLite file.

    Raises:
        InputError: no such URL or file, or a database from a newer release or of before the
            first one.
        StoreError: locked, full, read-only, or no database.
    """
    database = Database(url, create=create, patience=patience)
    try:
        upgrade(database)
        store = Store(database, now=now, token=token)
        store.mark_interrupted()
    except BaseException:
        database.close()
        raise
    return store


class Store(Caches, Decisions, Judging, Runs):
    """An open database at the newest version. Use it as a context manager or close it."""

    def __init__(
        self, database: Database, *, now: Callable[[], datetime], token: Callable[[], str]
    ) -> None:
        self.database = database
        self.now = now
        self.token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    # --- corpus, plan, estimate ---------------------------------------------------------------

    def save_corpus(self, extractions: Iterable[Extraction]) -> str:
        """Store what was read: documents, stories, residue, problems. Returns its sha256."""
        corpus = corpus_rows(extractions, self.now())
        known = select(_CORPUS.c.sha256).where(_CORPUS.c.sha256 == corpus.sha256)
        with self.database.write() as connection:
            if connection.execute(known).first() is not None:
                return corpus.sha256
            corpus.add_fingerprints()
            for row, values in (
                (tables.DocumentRow, corpus.documents),
                (tables.StoryRow, corpus.stories),
                (tables.CorpusRow, [corpus.corpus]),
                (tables.CorpusDocumentRow, corpus.corpus_documents),
            ):
                insert_new(connection, table_of(row), values)
            insert_all(connection, insert(_CORPUS_STORY), corpus.corpus_stories)
        return corpus.sha256

    def save_plan(self, run: str | None, plan: Plan) -> None:
        """Store a plan with its requests; ``run`` is from then on the run of that plan."""
        with self.database.write() as connection:
            known = select(_PLAN.c.sha256).where(_PLAN.c.sha256 == plan.sha256)
            if connection.execute(known).first() is None:
                requests = [call_rows.request_row(call.request) for call in plan.calls]
                for row, values in (
                    (tables.PlanRow, [call_rows.plan_row(plan, self.now())]),
                    (tables.RequestRow, requests),
                    (tables.PlannedCallRow, call_rows.planned_call_rows(plan)),
                    (tables.PlannedSkipRow, call_rows.planned_skip_rows(plan)),
                ):
                    insert_new(connection, table_of(row), values)
            if run:
                self._change_run(connection, run, plan_sha256=plan.sha256)

    def save_estimate(self, run: str | None, corpus: str | None, estimate: Estimate) -> str:
        """Store an estimate. A run's first is what its actuals are compared with: the one of a
        run that was taken up again covers the rest only, while the actuals cover all of it."""
        row = call_rows.estimate_row(run or None, corpus, estimate, self.now())
        with self.database.write() as connection:
            insert_new(connection, _ESTIMATE, [row])
            if run:
                first = func.coalesce(_RUN.c.estimate, row["id"])
                self._change_run(connection, run, estimate=first)
        return str(row["id"])

    # --- what was decided and measured --------------------------------------------------------

    def save_merge(self, run: str, merge: Merge, kept: Mapping[str, Any] | None = None) -> None:
        """Store everything a merge came to, in one transaction, after checking that the ledger has
        exactly one row for every story of the run's corpus. Replaces an earlier try.

        Args:
            kept: whether every sentence is there, as ``merged.json`` has it: ``{units, standing,
                folded: {proof, judge, person}, missing: [{story, sentence}], faults}``; None where
                nobody looked.

        Raises:
            LedgerError: the books do not balance; nothing is written.
        """
        written = merge_rows(run, merge, kept)
        with self.database.write() as connection:
            self._balance(connection, run, [row.story for row in merge.ledger])
            metadata = tables.Row.metadata.tables
            for name in written:
                connection.execute(delete(metadata[name]).where(metadata[name].c.run == run))
            for name, rows in written.items():
                insert_all(connection, insert(metadata[name]), rows)
            self._change_run(connection, run)

    def save_cell(self, run: str, cell: NeedleCell) -> None:
        """Store a measured cell and put it on the run's grid. A cell that failed before is
        replaced; one that was measured before stays as it was."""
        with self.database.write() as connection:
            insert_new(
                connection, table_of(tables.RequestRow), [call_rows.request_row(cell.request)]
            )
            row = cell_row(cell, self.now())
            failed = (_CELL.c.key == cell.key) & (_CELL.c.status == "error")
            if connection.execute(update(_CELL).where(failed).values(row)).rowcount == 0:
                insert_new(connection, _CELL, [row])
            insert_new(connection, _RUN_CELL, [{"run": run, "cell": cell.key, "reused": False}])
            self._change_run(connection, run)

    def reuse_cells(self, run: str, keys: Sequence[str]) -> None:
        """Put cells that an earlier run measured on this run's grid."""
        with self.database.write() as connection:
            insert_new(
                connection,
                _RUN_CELL,
                [{"run": run, "cell": key, "reused": True} for key in keys],
            )
            self._change_run(connection, run)

    def save_scores(self, run: str, scores: Iterable[Score]) -> None:
        """Store what an eval measured. A figure measured again replaces the one before."""
        rows = [score_row(run, score) for score in scores]
        with self.database.write() as connection:
            for row in rows:
                same = (_SCORE.c.name == row["name"]) & (_SCORE.c.item == row["item"])
                connection.execute(delete(_SCORE).where((_SCORE.c.run == run) & same))
            insert_new(connection, _SCORE, rows)
            self._change_run(connection, run)

    # --- within a transaction -----------------------------------------------------------------

    def _balance(self, connection: Connection, run: str, ledger: Sequence[str]) -> None:
        corpus = connection.execute(select(_RUN.c.corpus).where(_RUN.c.id == run)).scalar()
        stories = set(
            connection.execute(
                select(_CORPUS_STORY.c.id).where(_CORPUS_STORY.c.corpus == corpus)
            ).scalars()
        )
        entered = set(ledger)
        twice = {story for story, n in Counter(ledger).items() if n > 1}
        for problem, found in (
            ("without a row", stories - entered),
            ("that the corpus does not have", entered - stories),
            ("with two rows", twice),
        ):
            if found:
                raise LedgerError(
                    f"the ledger has {len(found)} stories {problem}, such as {min(found)}; "
                    "nothing was written.",
                    where=f"run {run}",
                )
