"""A judge is trained as a Prefect flow, and what became of it is on the run's page."""

from __future__ import annotations

import importlib.util
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.weights.adapters import read_card
from tests.support.bases import random_base

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("trl") is None or importlib.util.find_spec("peft") is None,
    reason="the extra `train` is not installed: pip install 'storytransformer[train]'",
)


@needs_extra
def test_a_judge_is_trained_as_a_run(stack: Any, tmp_path: Path) -> None:
    base, out, db = random_base(tmp_path / "tiny"), tmp_path / "judge", tmp_path / "db.sqlite"
    settings = ["max_steps=2", "eval_steps=1", "save_steps=1", "r=4", "logging_steps=1"]
    run = stack.begin(
        "train-judge/judge", base=f"local/{base}", out=str(out), db=str(db), pairs=24,
        dev_pairs=8, most_tokens=420, settings=settings,
    )  # fmt: skip
    shown = stack.ended(run)
    assert shown["state_type"] == "COMPLETED", shown["state"]
    assert str(out) in shown["state"]["message"]
    card = read_card(str(out))
    assert card is not None and card.base == f"local/{base}"
    artifacts = stack.artifacts(run)
    assert artifacts["losses"]["description"].startswith("2 looks")
    with sqlite3.connect(db) as connection:
        assert connection.execute("SELECT count(*) FROM v_trainings").fetchone() == (1,)


@needs_extra
def test_a_setting_that_nobody_knows_fails_the_run(stack: Any, tmp_path: Path) -> None:
    run = stack.begin("train-judge/judge", answers=3, db=str(tmp_path / "db.sqlite"))
    shown = stack.ended(run)
    assert shown["state_type"] == "FAILED" and "3 answers" in shown["state"]["message"]
