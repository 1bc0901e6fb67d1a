"""What persons decided, by the fingerprints of the stories: applied in every later run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from pipeline.outcomes import Decision, Relation, StoryText
from pipeline.store.database import Database, upsert
from pipeline.store.rows import content_hash
from pipeline.store.tables import DecisionRow, table_of

_DECISION = table_of(DecisionRow)


class Decisions:
    """The part of the store that keeps what persons decided."""

    database: Database
    now: Callable[[], datetime]

    def decide(self, decision: Decision, *, run: str = "") -> Decision:
        """Keep a decision; one on the same stories is replaced.

        Args:
            run: the run it was asked about.

        Returns:
            it with its time.
        """
        decided = replace(decision, at=self.now())
        row = {
            "id": decision_id(decided),
            **asdict(decided),
            "relation": decided.relation.value,
            "run": run,
        }
        with self.database.write() as connection:
            upsert(connection, _DECISION, [row])
        return decided

    def forget(self, decision: Decision) -> bool:
        """Take a decision back; False when it was not there."""
        with self.database.write() as connection:
            found = delete(_DECISION).where(_DECISION.c.id == decision_id(decision))
            return connection.execute(found).rowcount == 1

    def decisions(self) -> tuple[Decision, ...]:
        """Everything decided, the oldest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(_DECISION).order_by(_DECISION.c.at, _DECISION.c.id))
            return tuple(_from_row(dict(row._mapping)) for row in rows)


def decision_id(decision: Decision) -> str:
    """The stories decided on, as a key."""
    return content_hash(sorted(decision.fingerprints))


def _from_row(row: Mapping[str, Any]) -> Decision:
    text = row["text"]
    if text is not None:
        text = StoryText(
            **{**text, "criteria": tuple(text["criteria"]), "body": tuple(text["body"])}
        )
    return Decision(
        fingerprints=tuple(row["fingerprints"]),
        relation=Relation(row["relation"]),
        keep=row["keep"],
        note=row["note"],
        text=text,
        attribute=row["attribute"],
        values=tuple(row["values"]),
        by=row["by"],
        at=row["at"],
    )
