"""A real Prefect server and a real worker run the deployments of prefect.yaml."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]


def test_a_deployment_run_merges_the_sample_and_balances(stack: Any, tmp_path: Path):
    db = tmp_path / "runs.sqlite"
    run = stack.prefect(
        "deployment",
        "run",
        "merge-stories/local",
        "--watch",
        "-p",
        'model="extractive"',
        "-p",
        f'out="{tmp_path}/out"',
        "-p",
        f'db="{db}"',
    )
    worker_log = (stack.home / "worker.log").read_text()
    assert run.returncode == 0, run.stdout + run.stderr + worker_log[-3000:]
    merged = json.loads((tmp_path / "out" / "merged.json").read_text())
    with sqlite3.connect(db) as connection:
        rows = connection.execute("select count(*) from v_ledger").fetchone()[0]
        states = connection.execute("select state from v_runs").fetchall()
    assert rows == len(merged["ledger"]) > 90
    assert states == [("completed",)]


def test_a_bad_parameter_is_refused_before_any_run(stack: Any):
    run = stack.prefect("deployment", "run", "merge-stories/local", "-p", "strict=perhaps")
    assert run.returncode != 0
    assert "perhaps" in run.stdout + run.stderr


def test_the_nightly_evals_are_scheduled_asleep_and_hold_their_gates(stack: Any, tmp_path: Path):
    shown = stack.prefect("deployment", "inspect", "nightly-evals/nightly-evals")
    assert "0 2 * * *" in shown.stdout and "'active': False" in shown.stdout
    db = tmp_path / "nightly.sqlite"
    asked = ("deployment", "run", "nightly-evals/nightly-evals", "--watch", "-p", f'db="{db}"',
             "-p", 'model="extractive"', "-p", "profile=null",
             "-p", f'report="{tmp_path}/night.html"')  # fmt: skip
    run = stack.prefect(*asked)
    assert run.returncode == 0, run.stdout + (stack.home / "worker.log").read_text()[-3000:]
    with sqlite3.connect(db) as connection:
        found = dict(connection.execute("select kind, count(*) from run group by kind"))
        states = {state for (state,) in connection.execute("select state from run")}
    assert found.keys() == {"canary", "merging", "merge"}
    assert states == {"completed"}
    report = (tmp_path / "night.html").read_text()
    assert "Canaries in numbers" in report and "Was the right thing put into one entry?" in report
