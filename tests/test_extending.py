"""The worked examples of docs/extending.md, run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
WANTED = "As a member, I want to borrow a drill for 14 days, so that I need not buy one."
LIKE = "As a member, I want to borrow a drill for 14 days, so that I need not buy one at all."


def run(example: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_reader(tmp_path: Path):
    (tmp_path / "notes.org").write_text(f"* Lending\n\n** Tools\n\n- {WANTED}\n\nNotes.\n")
    found = json.loads(run("org_reader.py", "extract", ".", "--json", cwd=tmp_path))
    (document,) = found["documents"]
    assert (document["format"], document["problem"]) == ("org", None)
    (story,) = found["stories"]
    assert story["locator"] == "line 5, Lending › Tools"
    assert (story["role"], story["text"].strip("- \n")) == ("member", WANTED)


def test_a_new_strategy(tmp_path: Path):
    twice = f"- {WANTED}\n- {LIKE}\n"
    (tmp_path / "a.md").write_text(twice)
    both = ("--strategy", "across", "--strategy", "edit")
    example = "across_strategy.py"
    priced = json.loads(
        run(
            example, "estimate", "a.md", *both,
            "--model", "claude/claude-haiku-5-5", "--json", cwd=tmp_path,
        )
    )  # fmt: skip
    assert [line["calls"] for line in priced["lines"]] == [0, 1]
    (tmp_path / "a.md").write_text(f"- {WANTED}\n")
    (tmp_path / "b.md").write_text(f"- {LIKE}\n")
    merged = json.loads(
        run(example, "merge", "a.md", "b.md", "--strategy", "across", "--json", cwd=tmp_path)
    )
    assert merged["strategy"] == "across" and sum(merged["ledger"].values()) == 2


def test_a_new_model(tmp_path: Path):
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    (tmp_path / "judge.py").write_text(
        "import sys\n"
        "asked = sys.stdin.read()\n"
        "assert 'S1' in asked and 'S2' in asked\n"
        'print(\'{"edits":[{"same":["S2","S1"]}]}\')\n'
    )
    said = run("program_model.py", f"{sys.executable} judge.py", "a.md", cwd=tmp_path)
    assert "1 kept, 1 duplicate of" in said or "1 kept, 0 duplicate of, 1 merged into" in said
    assert "1 model calls" in said
    again = run("program_model.py", f"{sys.executable} judge.py", "a.md", cwd=tmp_path)
    assert "0 model calls, 1 replies reused" in again
