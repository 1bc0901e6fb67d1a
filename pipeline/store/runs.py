"""The rows of runs: opened, kept alive, closed, found again and taken up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from pipeline.errors import StoreError
from pipeline.store.claims import is_gone, this_process
from pipeline.store.connection.database import Database, insert_new, upsert
from pipeline.store.rows import micro
from pipeline.store.tables import ActualRow, DepartureRow, PlanRow, RunRow, table_of

RunState = Literal["running", "completed", "failed", "interrupted"]

#: A run on another host that gave no sign of life for this long is taken to be dead.
_SILENCE = timedelta(hours=6)

_RUN = table_of(RunRow)
_PLAN = table_of(PlanRow)


class Runs:
    """The part of the store that keeps the rows of runs."""

    database: Database
    now: Callable[[], datetime]
    token: Callable[[], str]

    def start_run(
        self,
        *,
        kind: str,
        corpus: str | None,
        model: str,
        strategy: str,
        revision: str = "",
        plan_sha256: str = "",
        parameters: Mapping[str, Any] | None = None,
        describe: Mapping[str, str] | None = None,
    ) -> str:
        """Open a run's row. From here on the run can be found and resumed.

        Returns:
            its id, readable and sortable: "merge-20261121-103000-a1b2".
        """
        now = self.now()
        values = {
            "kind": kind,
            "state": "running",
            "model": model,
            "revision": revision,
            "strategy": strategy,
            "corpus": corpus,
            "plan_sha256": plan_sha256,
            "parameters": dict(parameters or {}),
            "describe": dict(describe or {}),
            "owner": this_process(),
            "attempts": 1,
            "started": now,
            "updated": now,
        }
        for _ in range(20):
            run = f"{kind}-{now:%Y%m%d-%H%M%S}-{self.token()}"
            with self.database.write() as connection:
                if connection.execute(select(_RUN.c.id).where(_RUN.c.id == run)).first() is None:
                    connection.execute(insert(_RUN).values(id=run, **values))
                    return run
        raise StoreError(f"20 runs of kind {kind!r} began in this second.")

    def update_run(self, run: str, *, describe: Mapping[str, str] | None = None) -> None:
        """A sign of life, and what is known by now of how it runs."""
        values = {} if describe is None else {"describe": dict(describe)}
        with self.database.write() as connection:
            self._change_run(connection, run, **values)

    def described(self, run: str) -> Mapping[str, str]:
        """What is known of how a run runs, as its last try stored it."""
        with self.database.read() as connection:
            found = connection.execute(select(_RUN.c.describe).where(_RUN.c.id == run)).scalar()
        return dict(found or {})

    def finish_run(self, run: str, state: RunState, error: str | None = None) -> None:
        """Close a run's row; ``error`` is the reason for people when it did not complete."""
        with self.database.write() as connection:
            self._change_run(connection, run, state=state, error=error, finished=self.now())

    def save_actuals(
        self,
        run: str,
        *,
        input_tokens: int,
        output_tokens: int,
        usd: Decimal | None,
        seconds: float,
        calls: int,
        reused: int,
        peak_memory_bytes: int | None = None,
        **learnable: float | str | None,
    ) -> None:
        """Store what a run took so far, beside what was estimated; replaces what was stored before.

        Args:
            learnable: the other columns of :class:`~pipeline.store.tables.run_tables.ActualRow`.
        """
        row = {
            "run": run,
            "calls": calls,
            "reused": reused,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "micro_usd": micro(usd),
            "seconds": seconds,
            "peak_memory_bytes": peak_memory_bytes,
            **learnable,
        }
        with self.database.write() as connection:
            upsert(connection, table_of(ActualRow), [row])

    def save_departures(self, run: str, host: str, stories: Iterable[tuple[str, str]]) -> None:
        """Record that the text of stories (id, path of the document) goes to a host."""
        now = self.now()
        rows = [
            {"run": run, "host": host, "story": story, "path": path, "at": now}
            for story, path in stories
        ]
        with self.database.write() as connection:
            insert_new(connection, table_of(DepartureRow), rows)

    def find_resumable(
        self,
        *,
        kind: str = "merge",
        corpus: str | None = None,
        plan_sha256: str | None = None,
        model: str | None = None,
    ) -> str | None:
        """The newest run that did not complete and whose process is gone, None when there is
        none. Filters that are None match everything."""
        self.mark_interrupted()
        query = (
            select(_RUN.c.id)
            .where(_RUN.c.kind == kind, _RUN.c.state.in_(("interrupted", "failed")))
            .order_by(_RUN.c.started.desc(), _RUN.c.id.desc())
        )
        for column, value in (("corpus", corpus), ("plan_sha256", plan_sha256), ("model", model)):
            if value is not None:
                query = query.where(_RUN.c[column] == value)
        with self.database.read() as connection:
            return connection.execute(query.limit(1)).scalar()

    def plan_parameters(self, run: str) -> dict[str, str]:
        """What beside its questions decided the plan of a run; nothing where none is stored."""
        query = select(_PLAN.c.parameters).join(_RUN, _RUN.c.plan_sha256 == _PLAN.c.sha256)
        with self.database.read() as connection:
            return dict(connection.execute(query.where(_RUN.c.id == run)).scalar() or {})

    def resume_run(self, run: str) -> bool:
        """Take up a run that did not complete, under its own id, budget and journal.

        Returns:
            False when another process was faster, or the run is not to be resumed.
        """
        with self.database.write() as connection:
            taken = connection.execute(
                update(_RUN)
                .where(_RUN.c.id == run, _RUN.c.state.in_(("interrupted", "failed")))
                .values(
                    state="running",
                    owner=this_process(),
                    attempts=_RUN.c.attempts + 1,
                    error=None,
                    finished=None,
                    updated=self.now(),
                )
            )
            return taken.rowcount == 1

    def running(self, plan_sha256: str) -> list[str]:
        """Runs of a plan whose process is alive, oldest first."""
        self.mark_interrupted()
        query = (
            select(_RUN.c.id)
            .where(_RUN.c.state == "running", _RUN.c.plan_sha256 == plan_sha256)
            .order_by(_RUN.c.started, _RUN.c.id)
        )
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def mark_interrupted(self) -> list[str]:
        """Mark runs whose process died without a word; returns their ids."""
        running = select(_RUN.c.id, _RUN.c.owner, _RUN.c.updated).where(_RUN.c.state == "running")
        now = self.now()
        with self.database.read() as connection:
            dead = [
                row.id
                for row in connection.execute(running)
                if _is_dead(row.owner, now - row.updated)
            ]
        if dead:
            with self.database.write() as connection:
                connection.execute(
                    update(_RUN)
                    .where(_RUN.c.id.in_(dead), _RUN.c.state == "running")
                    .values(
                        state="interrupted",
                        error="its process ended without a word",
                        finished=_RUN.c.updated,
                    )
                )
        return dead

    def _change_run(self, connection: Connection, run: str, **values: Any) -> None:
        changed = connection.execute(
            update(_RUN).where(_RUN.c.id == run).values(updated=self.now(), **values)
        )
        if changed.rowcount == 0:
            raise StoreError(f"there is no run {run!r}.", where=self.database.name)


def _is_dead(owner: str, silent: timedelta) -> bool:
    """Whether the process of a run is gone: asked of this machine, guessed for others."""
    gone = is_gone(owner)
    return silent > _SILENCE if gone is None else gone
