"""Evals asked for as commands and flows ask for them, with a model of the tests' own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from evals.declared import Result, measured
from evals.eval_registry import evals_by_name
from pipeline.providers.base import Model
from pipeline.run.job import MergeJob
from pipeline.runtime import Runtime
from pipeline.store.record import Store


def ask(
    name: str,
    runtime: Runtime,
    store: Store,
    *,
    model: str = "",
    dry_run: bool = False,
    say: Any = lambda line: None,
    given: dict[str, Any] | None = None,
    paths: list[str] | None = None,
    **options: Any,
) -> Result:
    """What an eval prints.

    Args:
        given: its arguments; ``paths`` where it takes documents alone.
        options: of the eval.
    """
    task = evals_by_name()[name]
    return measured(
        task,
        runtime,
        dry_run=dry_run,
        given=given or {"paths": paths},
        chosen=task.options(**options),
        model=model or task.model,
        opened=store,
        say=say,
    )


@dataclass(frozen=True)
class Answered(Runtime):
    """A runtime whose merges ask a model of ours in place of a provider's.

    Args:
        window: of the model, in tokens; None for its own.
    """

    answers: Model | None = None
    window: int | None = None

    def merge_job(self, *given: Any, **more: Any) -> MergeJob:
        """A merge, ready to run."""
        made = super().merge_job(*given, **more)
        if made.spec.provider.is_model and self.answers is not None:
            answers = self.answers
            made.opener = lambda spec, options: answers
            if self.window is not None:
                made.spec = replace(made.spec, window=self.window, output_cap=4096)
        return made
