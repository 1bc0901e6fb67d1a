"""One real Prefect server and worker for all tests of the flows, and a server that stands in for
the providers."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.providers import Provider

ROOT = Path(__file__).resolve().parents[2]
#: Looked for afterwards where it must not be.
KEY = "sk-marked-key-9f3a"


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """A server and a worker in a home of their own, stopped by process group."""

    root = ROOT

    def __init__(self, home: Path, provider: Provider, watch: Mapping[str, str]) -> None:
        self.home, self.provider = home, provider
        self.port = unused_port()
        self.started: list[subprocess.Popen[bytes]] = []
        self.watched = Path(watch["WATCHED"])
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")},
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            "PIPELINE_ROOT": str(ROOT),
            **watch,
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": provider.url,
        }

    def start(self, name: str, *arguments: str, module: str = "prefect", cwd: Path = ROOT) -> Path:
        log = self.home / f"{name}.log"
        # As docs/prefect.md says: the server must not ask the world for its kinds of work pools.
        proxy = {"HTTPS_PROXY": "http://127.0.0.1:9"} if name == "server" else {}
        with log.open("wb") as sink:
            self.started.append(
                subprocess.Popen(
                    [sys.executable, "-m", module, *arguments],
                    cwd=cwd,
                    env=self.env | proxy,
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

    def api(self, path: str, body: Any = None) -> Any:
        """What the server answers to a GET, or to a POST where there is a body; it may be busy."""
        request = urllib.request.Request(
            f"{self.env['PREFECT_API_URL']}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        for attempt in range(10):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503 or attempt == 9:
                    raise
                time.sleep(0.5)

    def begin(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment, as the form does; returns its id."""
        found = self.api(f"deployments/name/{deployment}")
        body = {"parameters": found["parameters"] | parameters}
        return str(self.api(f"deployments/{found['id']}/create_flow_run", body)["id"])

    def ended(self, run: str) -> dict[str, Any]:
        """A run as the server shows it, once it has ended."""
        for _ in range(900):
            shown: dict[str, Any] = self.api(f"flow_runs/{run}")
            if shown["state_type"] in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED"):
                return shown
            time.sleep(0.2)
        pytest.fail((self.home / "worker.log").read_text()[-3000:])

    def artifacts(self, run: str) -> dict[str, Any]:
        """What a run left on its page, by key, each as it was told last: a retry tells anew."""
        found = self.api("artifacts/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return {each["key"]: each for each in sorted(found, key=lambda each: each["created"])}

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


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, watching: Any) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("prefect")
    with Provider() as provider:
        yield from running(Stack(home, provider, watching(home)))


def documented() -> list[str]:
    """The commands of docs/prefect.md's first two blocks, in order, that stand below the address
    of the server: what is written there is what these tests start with."""
    blocks = (ROOT / "docs" / "prefect.md").read_text().split("```")[1:4:2]
    lines = [line for block in blocks for line in block.removeprefix("sh\n").strip().splitlines()]
    assert lines[0].startswith("export PIPELINE_ROOT=$PWD PREFECT_API_URL=")
    return [line.strip().removesuffix("&&").strip() for line in lines[1:]]


def running(stack: Stack) -> Iterator[Stack]:
    try:
        for line in documented():
            command = shlex.split(line.removesuffix("&"))
            if command[:2] == ["prefect", "server"] and line.endswith("&"):
                stack.start("server", *command[1:], "--no-ui")
            elif line.endswith("&"):
                stack.wait_for(stack.start("worker", *command[1:]), "started!")
            elif command[:3] != ["prefect", "deployment", "run"]:
                done = stack.prefect(*command[1:])
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        yield stack
    finally:
        stack.stop()
    assert not stack.watched.exists(), f"left this machine: {stack.watched.read_text()}"


@pytest.fixture
def free_port() -> int:
    """A port of this machine that nobody listens on."""
    return unused_port()
