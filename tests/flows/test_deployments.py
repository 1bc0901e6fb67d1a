"""A real Prefect server and a real worker run the deployments of prefect.yaml."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """A server and a worker in a home of their own, stopped by process group."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.started: list[subprocess.Popen[bytes]] = []
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")},
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            "PIPELINE_ROOT": str(ROOT),
        }

    def start(self, name: str, *arguments: str) -> Path:
        log = self.home / f"{name}.log"
        with log.open("wb") as sink:
            self.started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "prefect", *arguments],
                    cwd=ROOT,
                    env=self.env,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        return log

    def prefect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=ROOT,
            env=self.env,
            text=True,
            capture_output=True,
            timeout=240,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def wait_healthy(self, log: Path) -> None:
        for _ in range(900):
            if self.started[-1].poll() is not None:
                pytest.fail(log.read_text())
            try:
                with urllib.request.urlopen(f"{self.env['PREFECT_API_URL']}/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        pytest.fail("the server did not come up: " + log.read_text()[-2000:])

    def wait_for(self, log: Path, text: str) -> None:
        for _ in range(600):
            if text in log.read_text():
                return
            time.sleep(0.2)
        pytest.fail(log.read_text()[-2000:])

    def stop(self) -> None:
        for process in reversed(self.started):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("prefect"))
    try:
        stack.wait_healthy(
            stack.start(
                "server",
                "server",
                "start",
                "--host",
                "127.0.0.1",
                "--port",
                str(stack.port),
                "--no-ui",
            )
        )
        made = stack.prefect("work-pool", "create", "local-process", "--type", "process")
        assert made.returncode == 0, made.stderr
        deployed = stack.prefect("--no-prompt", "deploy", "--all")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        for name in ("extract-stories/extract", "merge-stories/local", "needles/needles"):
            assert name in deployed.stdout
        stack.wait_for(
            stack.start("worker", "worker", "start", "--pool", "local-process"), "started!"
        )
        yield stack
    finally:
        stack.stop()


def test_a_deployment_run_merges_the_sample_and_balances(stack: Stack, tmp_path: Path):
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


def test_a_bad_parameter_is_refused_before_any_run(stack: Stack):
    run = stack.prefect("deployment", "run", "merge-stories/local", "-p", "strict=perhaps")
    assert run.returncode != 0
    assert "perhaps" in run.stdout + run.stderr


def test_the_nightly_evals_are_scheduled_asleep_and_hold_their_gates(stack: Stack, tmp_path: Path):
    shown = stack.prefect("deployment", "inspect", "nightly-evals/nightly-evals")
    assert "0 2 * * *" in shown.stdout and "'active': False" in shown.stdout
    db = tmp_path / "nightly.sqlite"
    asked = ("deployment", "run", "nightly-evals/nightly-evals", "--watch", "-p", f'db="{db}"',
             "-p", 'model="extractive"', "-p", "profile=null")  # fmt: skip
    run = stack.prefect(*asked)
    assert run.returncode == 0, run.stdout + (stack.home / "worker.log").read_text()[-3000:]
    with sqlite3.connect(db) as connection:
        found = dict(connection.execute("select kind, count(*) from run group by kind"))
        states = {state for (state,) in connection.execute("select state from run")}
    assert found.keys() == {"canary", "fabrication", "merging", "merge"}
    assert states == {"completed"}
