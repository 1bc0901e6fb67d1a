"""How likely the right answer of a needle cell is to a local model, whatever it wrote itself.

Accuracy is all or nothing; this shows a needle fading before it is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from evals.metrics.statistics import Interval, bootstrap
from pipeline.calls import Request
from pipeline.store.rows.eval_rows import Score

#: The name under which it is stored, by cell.
NAME = "likelihood"


class Reader(Protocol):
    """What of the engine is needed (:class:`~pipeline.engine.story_transformer.StoryTransformer`
    has it)."""

    @property
    def tokenizer(self) -> Any: ...

    def ids(self, prompt: Sequence[tuple[str, str]]) -> list[int]:
        """The ids of a prompt, template included."""
        ...

    def losses(self, ids: Sequence[int], *, since: int = 1) -> list[float]:
        """Negative log-likelihood (nats) of every token from ``since`` on."""
        ...


def answer_losses(engine: Reader, request: Request, answer: str) -> list[float]:
    """Negative log-likelihood (nats) of every token of an answer, given the prompt and the
    answer's tokens before it.

    Raises:
        EngineError: prompt and answer do not fit the window.
    """
    prompt = engine.ids(request.messages)
    return engine.losses([*prompt, *engine.tokenizer.encode(answer)], since=len(prompt))


def likelihood(cell: str, losses: Sequence[float]) -> Score:
    """The figure of a cell: mean log-likelihood a token of the right answer, in nats, at most 0."""
    total = math.fsum(losses)
    return Score(
        NAME,
        cell,
        -total / len(losses),
        n=len(losses),
        detail={"nll_sum": total, "n_tokens": len(losses)},
    )


def overall(figures: Sequence[Score], *, seed: int = 0) -> Interval | None:
    """The mean over cells with its bootstrap interval; None of none."""
    values = [figure.value for figure in figures if figure.value is not None]
    return bootstrap(values, seed=seed) if values else None
