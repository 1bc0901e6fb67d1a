"""Gates over several evals: all are looked at before anything fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evals.eval_results import hold_all
from pipeline.errors import GateError, InputError
from pipeline.store.record import Store, open_store
from pipeline.store.rows.eval_rows import Score


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as opened:
        yield opened


def measured(store: Store, **values: float) -> str:
    run = store.start_run(kind="canary", corpus=None, model="m", strategy="s")
    store.save_scores(run, [Score(name, "", v, v, v) for name, v in values.items()])
    return run


def test_every_bound_that_is_not_met_is_named_at_once(store: Store) -> None:
    runs = {"a": measured(store, kept=0.9, lost=0.1), "b": measured(store, kept=0.5)}
    hold_all(store, runs, {"a": {"min": ["kept=0.9"], "max": ["lost=0.1"]}})
    hold_all(store, runs, {})
    with pytest.raises(GateError) as raised:
        hold_all(store, runs, {"a": {"max": ["lost=0.05"]}, "b": {"min": ["kept=0.9"]}})
    assert all(run in str(raised.value) for run in runs.values())
    assert "lost is 0.1" in str(raised.value) and "kept is 0.5" in str(raised.value)


def test_gates_for_what_was_not_measured_are_refused(store: Store) -> None:
    with pytest.raises(InputError, match="nobody measured"):
        hold_all(store, {"a": measured(store, kept=1)}, {"needles": {"min": ["single=1"]}})
    with pytest.raises(InputError, match="no figure"):
        hold_all(store, {"a": measured(store, kept=1)}, {"a": {"min": ["unknown=1"]}})
