"""`purge` as a user meets it: asked before, counted, and gone from the bytes of the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.support import commands

ROOT = Path(__file__).resolve().parents[1]
SECRET = "quokkaparade"


def run(folder: Path, *arguments: str, answers: str = "", code: int = 0) -> str:
    done = commands.run(
        [*arguments],
        cwd=folder,
        input=answers,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def stored(folder: Path) -> bytes:
    files = (folder / "data" / "runs").glob("storytransformer.sqlite*")
    return b"".join(path.read_bytes() for path in files)


def test_a_document_is_purged_once_the_person_says_yes(tmp_path: Path):
    (tmp_path / "desk.md").write_text(
        f"- As a reader, I want to see the {SECRET} list, so that I can plan.\n"
        f"- As a reader, I want to see the {SECRET} list, so that our group can meet.\n"
    )
    merged = json.loads(run(tmp_path, "merge", "desk.md", "--json", "--quiet"))
    assert SECRET.encode() in stored(tmp_path)
    shown = run(tmp_path, "purge", "desk.md", answers="n\n", code=2)
    assert "to delete" in shown and "entry_line" in shown
    assert SECRET.encode() in stored(tmp_path)
    told = json.loads(run(tmp_path, "purge", "desk.md", "--yes", "--json"))
    assert told["purged"] and told["runs"] == [merged["run"]] and told["documents"] == 1
    assert told["rows"]["story"] == 2 and told["bytes"]["document"] > 2 * len(SECRET)
    assert {Path(name).name for name in told["files"]} == {
        "merged.md", "merged.lists.md", "merged.tellings.md", "merged.json", "merged.html"
    }  # fmt: skip
    assert SECRET.encode() not in stored(tmp_path)
    report = json.loads(run(tmp_path, "runs", merged["run"], "--json"))
    assert report["stories"] == 2 and report["ledger"]["kept"] == 2
    run(tmp_path, "purge", "desk.md", "--yes", code=2)
