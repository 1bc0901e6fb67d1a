"""Every task of a grid by its name: needles, and what only several stories together tell."""

from __future__ import annotations

from collections.abc import Mapping

from evals.aggregations import AGGREGATIONS
from evals.needles import NEEDLES, Task
from pipeline.errors import InputError

TASKS: Mapping[str, Task] = {**NEEDLES, **AGGREGATIONS}


def find_task(name: str) -> Task:
    """The task of a name.

    Raises:
        InputError: no such task.
    """
    try:
        return TASKS[name]
    except KeyError:
        raise InputError(
            f"unknown needle task {name!r}.", next=f"There are: {', '.join(sorted(TASKS))}."
        ) from None
