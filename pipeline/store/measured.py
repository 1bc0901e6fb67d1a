"""What evals found out about a model, for the plans that are made for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

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
        tokens: of the prompt, template included.
        longest: the longest prompt that was measured.
        run: the run that measured it.
    """

    tokens: int
    longest: int
    run: str

    @property
    def is_bound(self) -> bool:
        """Whether longer prompts were tried and did worse. A model that holds as far as it was
        measured is bounded by nothing that is known."""
        return self.tokens < self.longest


def effective_length(store: Store, model: str, revision: str) -> EffectiveLength | None:
    """What the newest completed needle run of just these weights found, by :data:`DEFINITION`.

    Runs of one length, those in which the model found nothing even on the shortest prompt, and
    those that began its replies, which a merge does not, say nothing about it.

    Returns:
        None when no run says anything.
    """
    score, run = table_of(tables.ScoreRow), table_of(tables.RunRow)
    wanted = (
        select(score.c.value, score.c.detail, run.c.id, run.c.parameters)
        .join(run, run.c.id == score.c.run)
        .where(
            score.c.name == DEFINITION,
            score.c.item == "",
            score.c.value.is_not(None),
            run.c.state == "completed",
            run.c.model == model,
            run.c.revision == revision,
        )
        .order_by(run.c.started.desc(), run.c.id.desc())
    )
    with store.database.read() as connection:
        for row in connection.execute(wanted):
            lengths = row.detail["lengths"]
            if len(lengths) > 1 and row.parameters.get("style") not in _BEGUN:
                return EffectiveLength(int(row.value), max(lengths), row.id)
    return None
