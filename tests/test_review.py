"""`review` as a person and as a script use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BACKLOG = """# Desk

- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to delete a reader's account, so that our data stays clean.
- As a librarian, I want to remove a reader's account, so that our data stays clean.
- As a librarian, I want to print a list of overdue books, so that I can write to the readers.
- As a librarian, I want to print a list of damaged books, so that I can write to the readers.
"""


def run(folder: Path, *arguments: str, answers: str = "", code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder,
        input=answers,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def merged(folder: Path) -> dict:
    return json.loads(run(folder, "merge", "desk.md", "--json", "--quiet"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.md").write_text(BACKLOG)
    return tmp_path


def test_a_script_of_keys_decides_and_the_next_run_applies_it(folder: Path):
    first = merged(folder)
    assert first["conflicts"] == 1
    shown = run(folder, "review", first["run"], "--by", "ann", answers="?\nk 9\nk 2\nb\nk 1\n\nn\n")
    assert "desk.md, line 3" in shown and "14 days" in shown and "28 days" in shown
    assert "number: 14 days against 28 days" in shown
    assert "there is no story 9" in shown
    assert "1 keep, 1 never, 1 open." in shown
    second = merged(folder)
    assert second["plan"] != first["plan"] and second["conflicts"] == 0
    document = (folder / "merged" / "merged.md").read_text()
    assert document.count("decided by ann") >= 2
    stories = document.split("## Ledger")[0]
    assert "14 days" in stories and "28 days" not in stories
    estimated = json.loads(run(folder, "estimate", "desk.md", "-m", "extractive", "--json"))
    assert estimated["skipped"]["person"] == 1, "the dry run applies it too"
    left = json.loads(run(folder, "review", second["run"], "--json"))["questions"]
    assert [question["kind"] for question in left] == ["merge"]


def test_answers_come_from_a_file_all_or_none(folder: Path):
    first = merged(folder)["run"]
    questions = json.loads(run(folder, "review", first, "--json"))["questions"]
    assert [q["kind"] for q in questions] == ["conflict", "merge", "look-alike"]
    lines = [{"question": q["question"], "answer": "accept", "note": "agreed"} for q in questions]
    answers = folder / "answers.jsonl"
    bad = {"question": "nowhere", "answer": "accept"}
    answers.write_text("\n".join(json.dumps(line) for line in [*lines, bad]))
    told = json.loads(run(folder, "review", first, "--decide", "answers.jsonl", "--json", code=2))
    assert told["where"] == "answers.jsonl, line 4"
    assert len(json.loads(run(folder, "review", first, "--json"))["questions"]) == 3
    answers.write_text("\n".join(json.dumps(line) for line in lines))
    run(folder, "review", first, "--decide", "answers.jsonl", "--by", "ann")
    second = merged(folder)
    assert run(folder, "review", second["run"], "--list").strip() == "0 open."
    assert "3 open." in run(folder, "review", second["run"], "--list", "--again")
    assert "(agreed)" in (folder / "merged" / "merged.md").read_text()


def test_an_edited_story_is_asked_about_anew(folder: Path):
    run(folder, "review", merged(folder)["run"], answers="k 1\n")
    desk = folder / "desk.md"
    desk.write_text(BACKLOG.replace("28 days", "30 days"))
    assert merged(folder)["conflicts"] == 1


def test_a_run_that_is_not_there_is_named(folder: Path):
    error = json.loads(run(folder, "review", "merge-of-yesterday", "--json", code=2))
    assert "merge-of-yesterday" in error["error"]
