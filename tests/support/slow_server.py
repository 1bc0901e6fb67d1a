"""A server of chat completions on this machine that answers slowly, and what a journal holds: for
tests that kill a run between two replies."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.commands import Command


class SlowServer:
    """Answers by a rule, so many seconds after it was asked.

    Args:
        rule: the reply to the last message of a prompt.
    """

    def __init__(self, seconds: float, rule: Callable[[str], str]) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                shown = body["messages"][-1]["content"]
                server.asked.append(shown)
                time.sleep(seconds)
                self.reply(rule(shown), len(shown))

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

    @property
    def repeated(self) -> int:
        """How often a prompt came that had come before."""
        return sum((Counter(self.asked) - Counter(set(self.asked))).values())

    def close(self) -> None:
        """Answer no more."""
        self.http.shutdown()
        self.http.server_close()


def stored(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a database that another process may be writing; none while it is being made."""
    if not database.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []  # the tables are being made


def journalled(database: Path) -> Counter[str]:
    """Good replies by request."""
    return Counter(
        request for (request,) in stored(database, "select request from reply where good")
    )


def killed_when(
    reached: Callable[[], bool], command: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> None:
    """Start a command and kill it with -9 as soon as this holds.

    Raises:
        AssertionError: it ended before that.
    """
    process = Command(command, cwd=cwd, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    for _ in range(4000):
        if reached() or process.poll() is not None:
            break
        time.sleep(0.02)
    ended = process.poll()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ended is None, f"it ended by itself with exit code {ended}"
