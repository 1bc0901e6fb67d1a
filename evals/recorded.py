"""An eval as a run of the database: opened, closed as what it ended as, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from evals.metrics.statistics import Interval
from pipeline.errors import StoreError
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score


@contextmanager
def recorded(
    store: Store,
    *,
    kind: str,
    model: str,
    strategy: str,
    revision: str = "",
    parameters: Mapping[str, Any],
) -> Iterator[str]:
    """The id of a new run, which is closed as completed, failed or interrupted at the end."""
    run = store.start_run(
        kind=kind,
        corpus=None,
        model=model,
        strategy=strategy,
        revision=revision,
        plan_sha256="",
        parameters=dict(parameters),
    )
    try:
        yield run
    except BaseException as error:
        # What ended it is what to tell; a row left open is closed by the next opening.
        with suppress(StoreError):
            store.finish_run(
                run,
                "interrupted" if isinstance(error, KeyboardInterrupt) else "failed",
                error=str(error) or type(error).__name__,
            )
        raise
    store.finish_run(run, "completed")


def figure(name: str, interval: Interval, *, item: str = "", **detail: Any) -> Score:
    """An interval as a figure to store."""
    return Score(name, item, interval.mean, interval.low, interval.high, interval.n, detail)
