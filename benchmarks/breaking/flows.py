"""What can happen to Prefect while it runs a merge: a killed worker, a killed server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.breaking.merges import PAIRS, PATIENCE, ROOT, Merge, taken_up
from benchmarks.breaking.storage import Stage, reached

_ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


@dataclass
class Prefect:
    """A server and a worker in a home of their own, each in a process group of its own."""

    home: Path
    url: str
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "prefect", *arguments], cwd=ROOT, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def serve(self) -> None:
        """Start the server and wait until it answers."""
        port = self.url.rpartition(":")[2].partition("/")[0]
        self.start("server", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui")
        for _ in range(5 * PATIENCE):
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=5):
                return
            time.sleep(0.2)
        raise SystemExit(f"the Prefect server did not come up: {self.home}")

    def work(self) -> None:
        """Start a worker."""
        self.start("worker", "worker", "start", "--pool", "local-process")

    def kill(self, name: str) -> None:
        """kill -9, with everything it started."""
        process = self.running.pop(name)
        for pid in (*_descendants(process.pid), process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def command(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments], cwd=ROOT, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"prefect {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def api(self, path: str, body: Any = None) -> Any:
        """What the server answers to a GET, or to a POST where there is a body; it may be busy."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        for _ in range(20):
            with (
                suppress(urllib.error.HTTPError),
                urllib.request.urlopen(request, timeout=60) as answer,
            ):
                return json.load(answer)
            time.sleep(0.5)
        raise SystemExit(f"the Prefect server keeps refusing {path}: {self.home}")

    def begin(self, merge: Merge) -> str:
        """Start the deployment that merges as the command would; returns the run's id."""
        found = self.api("deployments/name/merge-stories/merge-local")
        asked = {
            "paths": [str(path.resolve()) for path in merge.paths],
            "model": merge.model,
            "propose": True,
            "pairs": PAIRS,
            "db": str(merge.database),
            "out": str(merge.folder / "merged"),
        }
        merge.folder.mkdir(exist_ok=True)
        body = {"parameters": found["parameters"] | asked}
        return str(self.api(f"deployments/{found['id']}/create_flow_run", body)["id"])

    def ended(self, run: str) -> dict[str, Any]:
        """The state in which a run ended."""
        shown: dict[str, Any] = {}
        for _ in range(2 * PATIENCE):
            with suppress(OSError):  # the server may be on its way
                shown = self.api(f"flow_runs/{run}")
                if shown["state_type"] in _ENDED:
                    return dict(shown["state"])
            time.sleep(0.5)
        return {"type": f"still {shown.get('state_type')}", "message": ""}


@contextmanager
def prefect(home: Path) -> Iterator[Prefect]:
    """A server with our deployments, and a worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/api"
    home.mkdir()
    mine = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    stack = Prefect(home, url, mine | {
        "PREFECT_HOME": str(home), "PREFECT_API_URL": url, "PIPELINE_ROOT": str(ROOT),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1", "DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT),
        "STORYTRANSFORMER_CACHE": str(home.parent / "cache"), "OPENAI_API_KEY": "none",
    })  # fmt: skip
    try:
        stack.serve()
        stack.command("work-pool", "create", "local-process", "--type", "process")
        stack.command("--no-prompt", "deploy", "--name", "merge-local")
        stack.work()
        yield stack
    finally:
        for name in tuple(stack.running):
            stack.kill(name)


def worker_killed(stage: Stage, stack: Prefect, *, request: int) -> list[str]:
    """The worker and the run it started are killed; the same run is started again on another."""
    merge = stage.merge("worker")
    seen = len(stage.server.asked)
    run = stack.begin(merge)
    if not reached(stage.server, seen + request, stack.running["worker"]):
        return [f"the run asked nothing: {stack.ended(run)}"]
    stack.kill("worker")
    time.sleep(4 * stage.server.seconds)
    journalled = merge.journalled()
    stack.work()
    before = len(stage.server.asked)
    state = stack.ended(stack.begin(merge))
    wrong = [] if state["type"] == "COMPLETED" else [f"{state['type']}: {state['message']}"]
    if {key for key, _ in stage.server.asked[before:]} & journalled:
        wrong.append("a journalled reply was asked for again")
    return wrong + _nothing_left(stage, merge)


def server_killed(stage: Stage, stack: Prefect, *, request: int, away: float) -> list[str]:
    """Prefect's server is killed in the middle of a run and comes back: the run goes on, or can be
    started again; either way nothing is lost and nothing is paid twice."""
    merge = stage.merge("server")
    seen = len(stage.server.asked)
    run = stack.begin(merge)
    if not reached(stage.server, seen + request, stack.running["worker"]):
        return [f"the run asked nothing: {stack.ended(run)}"]
    stack.kill("server")
    time.sleep(away)
    stack.serve()
    state = stack.ended(run)
    if state["type"] == "COMPLETED":
        return _nothing_left(stage, merge)
    journalled = merge.journalled()
    before = len(stage.server.asked)
    again = stack.ended(stack.begin(merge))
    wrong = [] if again["type"] == "COMPLETED" else [f"{again['type']}: {again['message']}"]
    if {key for key, _ in stage.server.asked[before:]} & journalled:
        wrong.append("a journalled reply was asked for again")
    return [*wrong, *_nothing_left(stage, merge), f"the run had to be started again: {state}"]


def _nothing_left(stage: Stage, merge: Merge) -> list[str]:
    """By the command: everything is in the journal, and the document is the undisturbed one's."""
    asked = len(stage.server.asked)
    wrong = taken_up(merge, asked, stage.whole, merge.journalled())[1]
    if len(stage.server.asked) > asked:
        wrong.append(f"{len(stage.server.asked) - asked} replies are missing")
    return wrong


def _descendants(pid: int) -> Sequence[int]:
    """Processes that a process started, and those that they did, youngest first."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    wave = parents.get(pid, [])
    while wave:
        found += wave
        wave = [child for parent in wave for child in parents.get(parent, [])]
    return found[::-1]
