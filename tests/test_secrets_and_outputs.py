"""Secrets stay out of everything that is kept or shown; outputs that end end no command; what is
written is its owner's, and money is on the disk."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import threading
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import event

from pipeline.calls import Message, Reply, Request, Usage
from pipeline.config.settings import without_secrets
from pipeline.providers.remote.cloud import _credentials
from pipeline.store.batch_register import StoreBatches
from pipeline.store.journal import StoreJournal
from pipeline.store.record import Store, open_store
from tests.support import commands

ROOT = Path(__file__).resolve().parents[1]
STORY = "As a cook, I want salt, so that it tastes.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text(STORY)
    return tmp_path


def run(folder: Path, *arguments: str, **how) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)} | how.pop("env", {})
    return commands.run(
        [*arguments],
        cwd=folder, env=env, text=True, check=False, stderr=subprocess.PIPE,
        fresh="stdout" in how, **{"stdout": subprocess.PIPE} | how,
    )  # fmt: skip


@pytest.mark.parametrize("address", ["http://ann:s3cret@127.0.0.1:9/v1", "http://s3cret@h/v1"])
def test_a_password_in_a_servers_address_reaches_nothing(address: str, folder: Path) -> None:
    done = run(folder, "merge", "a.md", "--model", f"openai/m@{address}", "--db", "st.sqlite")
    assert done.returncode == 2 and "OPENAI_API_KEY" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    for path in folder.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes()


def test_what_is_masked_of_an_address_and_of_an_environment() -> None:
    assert _credentials("http://ann:s3cr%40t@h/v1") == [
        "ann:s3cr%40t", "ann:s3cr@t", "s3cr%40t", "s3cr@t"]  # fmt: skip
    assert _credentials("http://h/v1") == []
    env = {"ANTHROPIC_API_KEY": "sk-echoed", "ANTHROPIC_BASE_URL": "http://a:pw1234@h/"}
    said = without_secrets("401: sk-echoed at http://a:pw1234@h/ and http://b:other@x", env)
    assert "sk-echoed" not in said and "pw1234" not in said and "other" not in said


@pytest.mark.enable_socket
def test_a_key_that_a_server_echoes_is_masked_with_debug_too(folder: Path) -> None:
    echoed: list[str] = []

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            key = self.headers.get("authorization", "")
            echoed.append(key)
            body = json.dumps({"error": {"message": f"no such key: {key}"}}).encode()
            self.send_response(401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    (folder / "a.md").write_text(f"- {STORY}- {STORY.replace('salt', 'more salt')}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run(
            folder, "merge", "a.md", "--db", "st.sqlite", "--propose", "--debug",
            "--judge", f"openai/m@http://127.0.0.1:{server.server_address[1]}/v1",
            env={"OPENAI_API_KEY": "sk-echoed-0123456789"},
        )  # fmt: skip
        server.shutdown()
    assert any("sk-echoed-0123456789" in key for key in echoed), "the server was given it"
    assert done.returncode == 6 and "Traceback" in done.stderr and "no such key" in done.stderr
    assert "sk-echoed" not in done.stdout + done.stderr
    for path in folder.rglob("*"):
        assert not path.is_file() or b"sk-echoed" not in path.read_bytes()


def test_files_and_databases_are_their_owners_only(folder: Path) -> None:
    before = os.umask(0o022)
    try:
        assert run(folder, "merge", "a.md", "--db", "st.sqlite").returncode == 0
    finally:
        os.umask(before)
    for path in (folder / "st.sqlite", *(folder / "merged").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_commits_that_carry_money_are_durable(folder: Path) -> None:
    with open_store(f"sqlite:///{folder / 'x.sqlite'}", now=lambda: datetime.now(UTC)) as store:
        seen = []
        for durable in (False, True, False):
            with store.database.write(durable=durable) as connection:
                seen.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())
        assert seen == [1, 2, 1]
        assert _settings_at_commit(store) == {2}
        assert _settings_at_commit(store, model="local/x", usd=Decimal(0)) == {1}
    with sqlite3.connect(folder / "x.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def _settings_at_commit(
    store: Store, *, model: str = "claude/x", usd: Decimal | None = None
) -> set[int]:
    """What the real connection is set to when a reservation, a reply, a settlement and a batch are
    committed; of a reply that cost nothing, that alone."""
    run = store.start_run(kind="merge", corpus=None, model=model, strategy="pairs")
    request = Request(model, "x", "pair", "p.v1", "0" * 64, (Message("user", "a?"),), 8)
    seen: set[int] = set()
    looking = event.listens_for(store.database.engine, "commit")
    looking(lambda connection: seen.add(connection.exec_driver_sql("PRAGMA synchronous").scalar()))
    journal = StoreJournal(store, run, max_usd=Decimal(1))
    reply = Reply(request.key, "{", "stop", Usage(), 0.0, usd=usd)
    if usd == 0:
        journal.put(request, reply, good=False, why="no JSON")
        return seen
    journal.reserve(request.key, Decimal("0.1"))
    journal.put(request, reply, good=False, why="no JSON")
    journal.settle(request.key, Decimal("0.1"))
    batches = StoreBatches(store, run)
    batches.close(batches.submitted(batches.open("claude/x", [request]), "b1"), "1 answered")
    return seen


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("command", ["extract a.md", "extract a.md --json", "models", "--help"])
def test_a_full_output_is_no_defect(command: str, folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(folder, *command.split(), stdout=full)
    assert done.returncode == 7
    assert "cannot be written" in done.stderr and "defect" not in done.stderr


@pytest.mark.parametrize("command", ["models --json", "models", "--help"])
def test_a_reader_that_has_seen_enough_is_no_defect(command: str, folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = run(folder, *command.split(), stdout=pipe)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--out", "a.md"], 2, "is not a folder"),
        (["--out", "a.md/x/y"], 2, "is not a folder"),
        (["--model", "claude/claude-haiku-5-5", "--allow-cloud", "all"], 6, "ANTHROPIC_API_KEY"),
        (["--model", "claude/claude-haiku-5-5"], 5, "--allow-cloud"),
        (["--model", "claude/nobody"], 2, "unknown model"),
    ],
)
def test_what_can_be_known_at_once_is_said_before_anything_is_read(
    arguments: list[str], code: int, said: str, folder: Path
) -> None:
    (folder / "a.md").write_bytes(b"")  # reading it would be said, and end with 2
    env = {"ANTHROPIC_API_KEY": ""}
    done = run(folder, "merge", "a.md", "--db", "st.sqlite", *arguments, env=env)
    assert done.returncode == code and said in done.stderr and "empty" not in done.stderr


def test_a_file_that_cannot_be_written_leaves_no_draft(folder: Path) -> None:
    assert run(folder, "merge", "a.md", "--db", "st.sqlite").returncode == 0
    before = {p.name: p.read_bytes() for p in (folder / "merged").iterdir()}
    (folder / "a.md").write_text(STORY * 2 + "\nAs a clerk, I want a chair.\n")
    (folder / "merged" / "merged.html").unlink()
    (folder / "merged" / "merged.html").mkdir()
    done = run(folder, "merge", "a.md", "--db", "st.sqlite")
    assert done.returncode == 2
    left = {p.name for p in (folder / "merged").iterdir()}
    assert left == set(before), "no draft is left"
