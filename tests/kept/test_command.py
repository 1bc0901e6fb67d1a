"""`eval kept` as a user runs it: what it prints, and exit code 3 for a gap."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract.extraction import extract
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
STORIES = """# Desk

- As a member, I want to lend a tool for 7 days.
- As a volunteer, I want to see who is late, so that I can call.
"""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return commands.run(
        ["eval", "kept", *arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A document, and the JSON edition of its two stories."""
    (tmp_path / "desk.md").write_text(STORIES)
    stories = [story for found in extract([tmp_path / "desk.md"]) for story in found.stories]
    assert len(stories) == 2
    edition: dict[str, Any] = {
        "entries": [
            {
                "id": f"e{n}",
                "name": f"E-{n}",
                "standing": story.id,
                "sources": [story.id],
                "lines": [{"field": "sentence", "text": story.text, "stories": [story.id]}],
                "folds": [],
            }
            for n, story in enumerate(stories, 1)
        ],
        "ledger": [
            {"story": story.id, "outcome": "kept", "entry": f"e{n}"}
            for n, story in enumerate(stories, 1)
        ],
        "counts": {"kept": 2},
    }
    (tmp_path / "merged.json").write_text(json.dumps(edition))
    return tmp_path


def test_a_whole_document_is_told_in_figures(folder: Path):
    done = run("merged.json", "desk.md", "--json", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {
        "file": "merged.json",
        "stories": 2,
        "units": 2,
        "kept": 2,
        "standing": 2,
        "folded": {"proof": 0, "judge": 0, "person": 0},
        "missing": [],
        "faults": [],
    }
    assert not list(folder.glob("**/*.sqlite")), "it needs no database"


def test_a_gap_is_exit_code_3_and_names_the_sentence(folder: Path):
    file = folder / "merged.json"
    file.write_text(file.read_text().replace("7 days", "14 days"))
    done = run("merged.json", "desk.md", "--json", cwd=folder)
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found["kind"] == "ledger" and found["where"] == "merged.json" and found["next"]
    assert found["error"] == "1 of 2 sentences is missing."
    assert (found["kept"], found["units"]) == (1, 2)
    (gap,) = found["missing"]
    assert gap["sentence"] == "As a member, I want to lend a tool for 7 days."
    assert gap["place"] == "desk.md, line 3, Desk"

    told = run("merged.json", "desk.md", cwd=folder)
    assert told.returncode == 3
    assert "missing, desk.md, line 3, Desk: As a member, I want to lend" in told.stdout
    assert "1 of 2 sentences are kept" not in told.stderr and "is missing" in told.stderr


def test_books_that_do_not_balance_are_exit_code_3(folder: Path):
    file = folder / "merged.json"
    file.write_text(file.read_text().replace('"kept": 2', '"kept": 3'))
    done = run("merged.json", "desk.md", cwd=folder)
    assert done.returncode == 3
    assert "fault: 3 stories are counted as kept, the ledger has 2." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gone.json", "desk.md"), "gone.json: cannot be read"),
        (("desk.md", "desk.md"), "desk.md: has no entry of a merged document"),
        (("merged.json", "gone.md"), "gone.md"),
        (("merged.json", "empty.md"), "there is no story"),
    ],
)
def test_bad_input_is_exit_code_2_with_a_place(arguments: tuple[str, ...], says: str, folder: Path):
    (folder / "empty.md").write_text("Nothing is wanted here.\n")
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr


def test_a_damaged_file_is_exit_code_2(folder: Path):
    file = folder / "merged.json"
    file.write_text(file.read_text()[:-40])
    done = run("merged.json", "desk.md", "--json", cwd=folder)
    assert done.returncode == 2
    assert "not a whole JSON text" in json.loads(done.stdout)["error"]
