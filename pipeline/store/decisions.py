"""What persons decided: on stories by their fingerprints, applied in every later run; and which
roles and topics they call by one name, for headings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, select

from pipeline.entries import Decision
from pipeline.store.connection.database import Database, insert_new, upsert
from pipeline.store.connection.store_errors import reading
from pipeline.store.rows import content_hash
from pipeline.store.tables import DecisionRow, GlossaryRow, table_of

_DECISION = table_of(DecisionRow)
_GLOSSARY = table_of(GlossaryRow)

#: What the glossary is about.
TermKind = Literal["role", "topic"]


@dataclass(frozen=True, slots=True)
class Term:
    """A role or topic that stands under another's heading.

    Args:
        text: as it is told.
        heading: what it is called in headings.
        by, at: who said so, and when (UTC).
    """

    kind: TermKind
    text: str
    heading: str
    by: str = ""
    at: datetime | None = None


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
        with self.database.write() as connection:
            upsert(connection, _DECISION, [_row(decided, run)])
        return decided

    def take_over(self, decisions: Iterable[Decision]) -> int:
        """Keep decisions of another database with the time they have there. One that this database
        has on the same stories stays.

        Returns:
            how many are new.
        """
        rows = [_row(decision, "") for decision in decisions]
        with self.database.write() as connection:
            known = set(connection.execute(select(_DECISION.c.id)).scalars())
            new = {row["id"]: row for row in rows if row["id"] not in known}
            insert_new(connection, _DECISION, list(new.values()))
        return len(new)

    def confirm(self, old: Decision, decision: Decision, *, run: str = "") -> Decision:
        """Keep a decision that was made anew on stories which an older version knew by other
        fingerprints; the old one goes."""
        decided = replace(decision, at=self.now())
        with self.database.write() as connection:
            connection.execute(delete(_DECISION).where(_DECISION.c.id == decision_id(old)))
            upsert(connection, _DECISION, [_row(decided, run)])
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

    def name_terms(self, kind: TermKind, texts: Iterable[str], heading: str, *, by: str) -> None:
        """From now on these roles or topics stand under one heading. The heading itself keeps its
        own name, and what stood under one of the texts moves with it."""
        at = self.now()
        gone = {text for text in texts if text != heading}
        with self.database.write() as connection:
            ours = _GLOSSARY.c.kind == kind
            under = select(_GLOSSARY.c.text).where(ours, _GLOSSARY.c.heading.in_(gone))
            moved = set(connection.execute(under).scalars()) - {heading}
            connection.execute(delete(_GLOSSARY).where(ours, _GLOSSARY.c.text == heading))
            rows = [
                {"kind": kind, "text": text, "heading": heading, "by": by, "at": at}
                for text in sorted(gone | moved)
            ]
            upsert(connection, _GLOSSARY, rows)

    def unname_term(self, kind: TermKind, text: str) -> bool:
        """Let a role or topic have its own heading again; False when it had it."""
        which = (_GLOSSARY.c.kind == kind) & (_GLOSSARY.c.text == text)
        with self.database.write() as connection:
            return connection.execute(delete(_GLOSSARY).where(which)).rowcount == 1

    def glossary(self) -> tuple[Term, ...]:
        """Every role and topic that stands under another's heading, by kind, heading and text."""
        order = (_GLOSSARY.c.kind, _GLOSSARY.c.heading, _GLOSSARY.c.text)
        with self.database.read() as connection:
            rows = connection.execute(select(_GLOSSARY).order_by(*order))
            return tuple(Term(**row._mapping) for row in rows)


def decision_id(decision: Decision) -> str:
    """The stories decided on, as a key."""
    return content_hash(sorted(decision.fingerprints))


def _row(decision: Decision, run: str) -> dict[str, Any]:
    told = asdict(decision)
    lists = {name: list(told[name]) for name in ("fingerprints", "values")}
    return {"id": decision_id(decision), **told, **lists, "run": run}


def _from_row(row: Mapping[str, Any]) -> Decision:
    said = {name: row[name] for name in row if name not in ("id", "run")}
    lists = {name: tuple(row[name]) for name in ("fingerprints", "values")}
    with reading("decision", row["id"]):
        return Decision(**{**said, **lists})
