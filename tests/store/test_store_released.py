"""Databases that older versions really wrote. Those of before the first release are refused with
what to do, left as they are, and what persons decided in them taken over.

``released/vNNNN.sql`` is what ``merge`` (and, in v0007 and v0014, ``review``) of that version left,
as SQL.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.store import schema
from pipeline.store.connection.database import Database
from pipeline.store.importing import read_old_decisions
from pipeline.store.record import open_store
from pipeline.text.canonical import VERSION
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sorted((Path(__file__).parent / "released").glob("v*.sql"))


def written(sql: Path, file: Path) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(sql.read_text(encoding="utf-8"))
        (version,) = connection.execute("select version_num from alembic_version").fetchone()
    assert sql.stem == f"v{version}"
    return file


@pytest.fixture(params=WRITTEN, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database of an older version."""
    return written(request.param, tmp_path / "old.sqlite")


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    """One in which ann decided five times."""
    (newest,) = (path for path in WRITTEN if path.stem == "v0007")
    return written(newest, tmp_path / "old.sqlite")


def words(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def test_one_is_refused_says_how_to_keep_decisions_and_stays(old: Path, clock):
    before = words(old)
    with pytest.raises(InputError, match="before the first release") as refused:
        open_store(f"sqlite:///{old}", now=clock)
    assert refused.value.exit_code == 2 and "decisions import" in refused.value.next
    assert words(old) == before


@pytest.mark.parametrize("version", schema.RETIRED)
def test_every_version_of_before_is_refused_on_both_databases(url, clock, version):
    database = Database(url)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{version}')")
    database.close()
    with pytest.raises(InputError, match=f"version {version}") as refused:
        open_store(url, now=clock)
    assert "decisions import" in refused.value.next
    assert read_old_decisions(url) == (), "nothing was decided in it"


def test_decisions_are_taken_over_in_the_words_of_now(decided: Path, store):
    found = read_old_decisions(f"sqlite:///{decided}")
    assert [d.answer for d in found] == [
        "contradicting", "one_need", "one_need", "different", "one_need"
    ]  # fmt: skip
    board, _, kept, _, united = found
    assert (board.about, board.values, board.note) == (
        "number", ("14 days", "28 days"), "the board decides in May"
    )  # fmt: skip
    assert kept.keep in kept.fingerprints
    assert united.keep == united.fingerprints[0], "to be united: nobody said whose words stand"
    assert {d.version for d in found} == {""} and {d.by for d in found} == {"ann"}
    assert store.take_over(found) == 5
    assert set(store.decisions()) == set(found)
    assert store.take_over(found) == 0, "twice is once"


def test_decisions_of_todays_fingerprints_hold_as_they_are(tmp_path: Path, store):
    (newest,) = (path for path in WRITTEN if path.stem == "v0014")
    found = read_old_decisions(f"sqlite:///{written(newest, tmp_path / 'old.sqlite')}")
    board, one = found
    assert (board.answer, board.note, board.keep) == (
        "contradicting", "the board decides in May", ""
    )  # fmt: skip
    assert one.answer == "one_need" and one.keep in one.fingerprints
    assert {d.version for d in found} == {VERSION} and {d.by for d in found} == {"ann"}
    assert {d.sovereignty for d in found} == {"local"}, "the mark comes along"
    assert store.take_over(found) == 2 and set(store.decisions()) == set(found)


def test_what_was_decided_here_meanwhile_stays(decided: Path, store):
    found = read_old_decisions(f"sqlite:///{decided}")
    newer = store.decide(replace(found[0], answer="different", note="settled"))
    assert store.take_over(found) == 4
    assert newer in store.decisions()


def test_one_of_now_is_no_old_one(ready):
    with pytest.raises(InputError, match="not written before") as refused:
        read_old_decisions(ready)
    assert "--db" in refused.value.next


def run(folder: Path, *arguments: str, code: int = 0) -> dict:
    done = commands.run(
        [*arguments, "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_command_does_as_the_message_says(decided: Path, tmp_path: Path):
    place = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    place.parent.mkdir(parents=True)
    decided.rename(place)
    refused = run(tmp_path, "runs", code=2)
    assert "decisions import OLD.sqlite" in refused["next"]
    place.rename(tmp_path / "OLD.sqlite")
    told = run(tmp_path, "decisions", "import", "OLD.sqlite")
    assert told == {"found": 5, "imported": 5}
    assert run(tmp_path, "decisions", "import", "OLD.sqlite") == {"found": 5, "imported": 0}
    missing = run(tmp_path, "decisions", "import", "NONE.sqlite", code=2)
    assert "NONE.sqlite" in missing["where"]
