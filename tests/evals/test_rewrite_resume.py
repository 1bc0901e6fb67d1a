"""A tree or fold killed between replies goes on where it was, though its later requests are made
of earlier replies: a real process, a real server on this machine, a real kill -9."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.rewriters import rewritten
from tests.support.slow_server import SlowServer, journalled, killed_when

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def server() -> Iterator[SlowServer]:
    running = SlowServer(0.3, rewritten)
    yield running
    running.close()


@pytest.mark.parametrize(("strategy", "replies"), [("tree", 6), ("fold", 3)])
def test_a_killed_run_asks_no_journalled_request_again(
    tmp_path: Path, shared_cache: Path, server: SlowServer, strategy: str, replies: int
):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(shared_cache)}
    command = ["eval", "rewrite", str(SAMPLE),
               "--strategy", strategy, "--out", "text", "--json", "--quiet",
               "--model", f"openai/judge@{server.address}"]  # fmt: skip
    database = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    killed_when(lambda: sum(journalled(database).values()) >= replies, command, tmp_path, env)
    before = journalled(database)
    assert sum(before.values()) >= replies
    assert not (tmp_path / "text").exists(), "killed too late to show anything"
    first = Counter(server.asked)
    in_flight = sum(first.values()) - sum(before.values())

    done = run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["strategy"] == strategy and not result["failed_calls"]
    assert result["verbatim"] > 0.5 * result["units"]
    after = journalled(database)
    assert set(before) <= set(after) and max(after.values()) == 1
    # The prompts of journalled replies were sent once; repeated are those in flight at most.
    assert server.repeated <= in_flight
    assert result["reused_replies"] == sum(before.values())
    assert result["calls"] == sum(after.values()) - sum(before.values())
    with sqlite3.connect(database) as connection:
        states = connection.execute("select state, attempts, strategy from run").fetchall()
    assert states == [("completed", 2, strategy)]

    asked = len(server.asked)
    again = run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert again.returncode == 0 and len(server.asked) == asked
    assert json.loads(again.stdout)["verbatim"] == result["verbatim"]
