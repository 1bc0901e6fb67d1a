"""A copy of a database as one file, from either kind."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import urllib.request

import pytest
from sqlalchemy import func, select

from pipeline.store import tables
from pipeline.store.journal import StoreJournal
from pipeline.store.reading import reports
from pipeline.store.reading.snapshot import snapshot
from pipeline.store.record import open_store


@pytest.fixture
def worked(store, make, merge_run):
    """A database with rows in most tables."""
    plan = make.plan(merge_run.extraction)
    store.save_plan(merge_run.id, plan)
    store.save_estimate(merge_run.id, merge_run.corpus, make.estimate(plan))
    request = plan.calls[0].request
    StoreJournal(store, merge_run.id).put(request, make.reply(request), good=True)
    store.save_merge(merge_run.id, make.merge(merge_run.extraction), make.kept())
    store.finish_run(merge_run.id, "completed")
    return merge_run


def test_a_copy_says_the_same(store, worked, tmp_path, clock):
    file = tmp_path / "copy.sqlite"
    before = clock.time
    taken = snapshot(store, file)
    assert before < taken <= clock.time
    with open_store(f"sqlite:///{file}", create=False, now=clock) as copy:
        for report in (reports.run_report, reports.ledger, reports.conflicts):
            assert report(copy, worked.id) == report(store, worked.id)
        with store.database.read() as one, copy.database.read() as other:
            for table in tables.Row.metadata.sorted_tables:
                counted = select(func.count()).select_from(table)
                assert one.execute(counted).scalar() == other.execute(counted).scalar(), table.name


def test_a_copy_holds_to_its_moment(store, worked, tmp_path):
    snapshot(store, tmp_path / "copy.sqlite")
    store.start_run(kind="merge", corpus=None, model="local/tiny", strategy="edit")
    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT id FROM run").fetchall() == [(worked.id,)]
    copy.close()


@pytest.mark.postgres
@pytest.mark.enable_socket
@pytest.mark.parametrize("kind", ["postgres"])
def test_pages_over_postgresql_are_served_from_a_copy(ready, store, worked):
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "dashboard", "--port", "0", "--db", ready],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=20) as answer:
            page = answer.read().decode()
        base = url.rpartition("/")[0]
        with urllib.request.urlopen(f"{base}/cards/runs/runs.json", timeout=20) as answer:
            assert [row["run"] for row in json.load(answer)["rows"]] == [worked.id]
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert "a copy taken" in page and "Copying the database" in said
