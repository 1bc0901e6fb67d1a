"""Databases that older versions really wrote: opened, upgraded, read and worked on by this one.

``released/vNNNN.sql`` is what ``merge`` of that version left of the five stories below, as SQL.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.store.record import open_store
from pipeline.store.reports import ledger, list_runs, run_report

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sorted((Path(__file__).parent / "released").glob("v*.sql"))
#: Tables that a later version may do without.
CACHES = {"token_count"}
DESK = """# Desk

- As a reader, I want to reserve a book, so that nobody else takes it.
- As a reader, I want to reserve a book, so that nobody takes it.
- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to print a label, so that I can find the shelf.
"""


@pytest.fixture(params=WRITTEN, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database of an older version."""
    file = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
        (version,) = connection.execute("select version_num from alembic_version").fetchone()
    assert request.param.stem == f"v{version}"
    return file


def rows(file: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(file)) as connection:
        names = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type='table'")
            if name != "alembic_version"
        ]
        return {
            name: connection.execute(f'select count(*) from "{name}"').fetchone()[0]
            for name in names
        }


def test_every_row_is_kept_and_what_was_done_can_be_read(old: Path, clock):
    before = rows(old)
    assert before["story"] == before["ledger"] == 5 and before["verdict"]
    with open_store(f"sqlite:///{old}", now=clock) as store:
        (run,) = list_runs(store)
        report = run_report(store, run["run"])
        assert report and report["state"] == "completed"
        assert sum(report["ledger"].values()) == 5
        assert len(ledger(store, run["run"])) == 5
    after = rows(old)
    assert before.keys() - after.keys() <= CACHES
    assert {name: n for name, n in after.items() if name in before} == {
        name: n for name, n in before.items() if name in after
    }


def test_a_merge_goes_on_in_it(old: Path, tmp_path: Path):
    (tmp_path / "desk.md").write_text(DESK)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "merge", "desk.md", "--db", str(old), "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    merged = json.loads(done.stdout)
    assert sum(merged["ledger"].values()) == merged["stories"] == 5
    found = rows(old)
    assert found["run"] == 2 and found["ledger"] == 10
    assert found["corpus"] == 1, "the same documents are the same corpus as before"
