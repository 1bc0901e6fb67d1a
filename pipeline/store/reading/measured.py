"""What evals found out about a model, for the plans that are made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select

from pipeline.amounts import told_length
from pipeline.store import tables
from pipeline.store.record import Store
from pipeline.store.tables import table_of

#: The definition of effective length that plans go by: up to which prompt the model answers at
#: least 85 % as well as on the shortest one. The absolute definition would deny every small model
#: any length at all, and "every depth" hangs on a single unlucky cell; this one asks just what
#: decides a window: what is lost because the prompt is long.
DEFINITION = "effective_relative"
#: Styles of needle prompts in which the reply is begun.
_BEGUN = ("prefix", "raw")


@dataclass(frozen=True, slots=True)
class EffectiveLength:
    """How long a prompt a model really uses.

    Args:
        tokens: of the prompt, template included: at least so many.
        below: the shortest longer prompt that was tried, and did worse; None where none was.
        run: the run that measured it.
        kind: of the run: ``needle``, or ``aggregation``.
    """

    tokens: int
    below: int | None
    run: str
    kind: str = "needle"

    @property
    def is_bound(self) -> bool:
        """Whether longer prompts were tried and did worse. A model that holds as far as it was
        measured is bounded by nothing that is known."""
        return self.below is not None

    @property
    def told(self) -> str:
        """What is known: "measured effective length, between 2,048 and 4,096 tokens"."""
        over = " over many stories" if self.kind == "aggregation" else ""
        return f"measured effective length{over}, {told_length(self.tokens, self.below)}"


def effective_length(store: Store, model: str, revision: str) -> EffectiveLength | None:
    """What the newest completed runs of just these weights found, by :data:`DEFINITION`: of the
    newest needle run and the newest aggregation run the one that bounds more tightly.

    Runs of one length, those in which the model found nothing even on the shortest prompt, and
    those that began its replies, which a merge does not, say nothing about it.

    Returns:
        None when no run says anything.
    """
    found = [
        EffectiveLength(one.tokens, one.below, one.run, one.kind)
        for one in known_lengths(store, model, revision, found_something=True).values()
        if one.tokens is not None
    ]
    return min(found, key=lambda one: (not one.is_bound, one.tokens), default=None)


class KnownLength(NamedTuple):
    """What a run knows of a model's effective length, as :class:`EffectiveLength`.

    Args:
        tokens: None where it did well on no prompt at all.
        low, high: its 95 % interval, in tokens; low 0 for no length at all.
        lengths: that were tried. n: cells.
    """

    kind: str
    run: str
    tokens: int | None
    below: int | None
    low: float
    high: float
    lengths: tuple[int, ...]
    n: int


def known_lengths(
    store: Store, model: str, revision: str, *, found_something: bool = False
) -> dict[str, KnownLength]:
    """By kind of run what the newest completed one of these weights knows, runs of one length and
    those that began the replies left out.

    Args:
        found_something: leave those out, too, in which the model did well on no prompt.
    """
    score, run = table_of(tables.ScoreRow), table_of(tables.RunRow)
    columns = (score.c.value, score.c.low, score.c.high, score.c.n, score.c.detail)
    wanted = (
        select(*columns, run.c.id, run.c.kind, run.c.parameters)
        .join(run, run.c.id == score.c.run)
        .where(
            score.c.name == DEFINITION,
            score.c.item == "",
            run.c.state == "completed",
            run.c.model == model,
            run.c.revision == revision,
        )
        .order_by(run.c.started.desc(), run.c.id.desc())
    )
    newest: dict[str, KnownLength] = {}
    with store.database.read() as connection:
        for row in connection.execute(wanted):
            lengths = tuple(sorted(row.detail["lengths"]))
            if len(lengths) < 2 or row.parameters.get("style") in _BEGUN:
                continue
            if row.value is None and found_something:
                continue
            tokens = None if row.value is None else int(row.value)
            below = min((n for n in lengths if n > (tokens or 0)), default=None)
            known = KnownLength(
                row.kind, row.id, tokens, below, row.low or 0, row.high or 0, lengths, row.n
            )
            newest.setdefault(row.kind, known)
    return newest
