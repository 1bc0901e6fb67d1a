"""A tree or fold killed between replies goes on where it was, though its later requests are made
of earlier replies: a real process, a real server on this machine, a real kill -9."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.commands import Command, run
from tests.support.rewriters import rewritten

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"

pytestmark = pytest.mark.enable_socket


class Server:
    """Speaks the protocol of chat completions; answers slowly, by the rule of the rewriter."""

    def __init__(self, seconds: float) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                shown = body["messages"][-1]["content"]
                server.asked.append(shown)
                time.sleep(seconds)
                self.reply(rewritten(shown), len(shown))

            def reply(self, text: str, size: int) -> None:
                choice = {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
                usage = {"prompt_tokens": size, "completion_tokens": 9, "total_tokens": size + 9}
                value = {"id": "c", "object": "chat.completion", "created": 1, "model": "judge",
                         "choices": [choice], "usage": usage}  # fmt: skip
                data = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(0.3)
    yield running
    running.http.shutdown()
    running.http.server_close()


def journalled(database: Path) -> Counter[str]:
    """Good replies by request."""
    if not database.exists():
        return Counter()
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            rows = connection.execute("select request from reply where good")
            return Counter(row[0] for row in rows)
    except sqlite3.OperationalError:
        return Counter()  # the tables are being made


@pytest.mark.parametrize(("strategy", "replies"), [("tree", 6), ("fold", 3)])
def test_a_killed_run_asks_no_journalled_request_again(
    tmp_path: Path, shared_cache: Path, server: Server, strategy: str, replies: int
):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(shared_cache)}
    command = ["eval", "rewrite", str(SAMPLE),
               "--strategy", strategy, "--out", "text", "--json", "--quiet",
               "--model", f"openai/judge@{server.address}"]  # fmt: skip
    database = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    killed = Command(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
    for _ in range(4000):
        if sum(journalled(database).values()) >= replies or killed.poll() is not None:
            break
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
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
    repeated = sum((Counter(server.asked) - Counter(set(server.asked))).values())
    assert repeated <= in_flight
    assert result["reused_replies"] == sum(before.values())
    assert result["calls"] == sum(after.values()) - sum(before.values())
    with sqlite3.connect(database) as connection:
        states = connection.execute("select state, attempts, strategy from run").fetchall()
    assert states == [("completed", 2, strategy)]

    asked = len(server.asked)
    again = run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert again.returncode == 0 and len(server.asked) == asked
    assert json.loads(again.stdout)["verbatim"] == result["verbatim"]
