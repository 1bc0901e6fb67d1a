"""The commands that `models --for` prints are run as they are printed, by a real process, against a
server on this machine that stands in for the provider."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import run
from tests.support.providers import Provider
from tests.support.slow_server import killed_when

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[2]
MODEL = "claude/claude-haiku-5-5"
DESK = "".join(
    f"- As a reader, I want to {verb} book {n}, so that nobody else takes it.\n"
    for n in range(12)
    for verb in ("reserve", "return")
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


class Shell:
    """A folder of documents, of which one may not leave, and commands run there."""

    def __init__(self, folder: Path, cache: Path, url: str) -> None:
        self.folder = folder
        self.env = os.environ | {
            "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(cache),
            "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "k",
        }  # fmt: skip
        (folder / "my docs").mkdir()
        (folder / "my docs" / "desk.md").write_text(DESK)
        (folder / "my docs" / "ours.md").write_text(
            "---\nsovereignty: local\n---\n- As a clerk, I want to see zebras, so that I know.\n"
        )
        (folder / "more.md").write_text("- As a guest, I want to pay in coins, so that I can.\n")

    def run(self, words: list[str], *more: str) -> subprocess.CompletedProcess[str]:
        return run(
            [*words, *more], cwd=self.folder, env=self.env, capture_output=True, text=True,
        )  # fmt: skip

    def advice(self, *more: str) -> dict[str, dict[str, Any]]:
        """What is said of each model."""
        done = self.run(["models", "--for", "my docs", "more.md", *more], "--json", "--quiet")
        assert done.returncode == 0, done.stdout + done.stderr
        return {row["model"]: row for row in json.loads(done.stdout)["models"]}


def test_what_is_printed_for_a_cloud_works_as_printed_and_sends_no_marked_document(
    tmp_path: Path, shared_cache: Path, provider: Provider
) -> None:
    shell = Shell(tmp_path, shared_cache, provider.url)
    told = shell.advice("--db", "sqlite:///my runs.sqlite")[MODEL]
    commands = [shlex.split(one["command"]) for one in told["unmeasured"]]
    assert [words[1:3] for words in commands] == [
        ["exam", "--model"], ["eval", "aggregation"], ["eval", "needle"]
    ]  # fmt: skip
    many = commands[1]
    assert many[3:5] == ["my docs/desk.md", "more.md"], "the marked one is left out by name"
    assert not provider.heard and {words[0] for words in commands} == {"storytransformer"}
    # The exam asks more than a thousand questions: it is ended when the first were answered.
    exam = [*commands.pop(0)[1:], "--quiet"]
    killed_when(lambda: len(provider.answered) >= 20, exam, tmp_path, shell.env)
    for words in commands:
        done = shell.run(words[1:], "--json", "--quiet")
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
    assert provider.heard and not any(b"zebras" in body for _, _, body in provider.heard)
    with closing(sqlite3.connect(tmp_path / "my runs.sqlite")) as connection:
        runs = connection.execute("select kind, state from run order by started").fetchall()
    assert [kind for kind, _ in runs] == ["models", "exam", "aggregation", "needle"]
    assert {state for kind, state in runs if kind != "exam"} == {"completed"}


def test_documents_of_which_none_may_leave_are_measured_on_no_cloud(
    tmp_path: Path, shared_cache: Path, provider: Provider
) -> None:
    shell = Shell(tmp_path, shared_cache, provider.url)
    (tmp_path / "storytransformer.toml").write_text('local_only = ["*.md"]\n')
    found = shell.advice()
    whats = [one["what"] for one in found[MODEL]["unmeasured"]]
    assert whats == ["what it may decide", "its window for one story"]
    here = found["local/smollm2-135m"]["unmeasured"]
    assert any("'my docs' more.md" in one["command"] for one in here)
    # Nor does the eval itself, whatever it is allowed.
    done = shell.run(
        ["eval", "aggregation", "more.md", "--model", MODEL, "--allow-cloud", "all",
         "--lengths", "1024"], "--json", "--quiet",
    )  # fmt: skip
    assert done.returncode == 5 and "local-only" in json.loads(done.stdout)["error"]
    assert not provider.heard
