"""A damaged value is exit 7 with its table and row: no traceback, and no text of a document."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy import text as sql

from pipeline.errors import StoreError
from pipeline.store.connection.column_types import ExactText, JsonText, UtcTime
from pipeline.store.journal import StoreJournal
from pipeline.store.reading import reports
from pipeline.store.reading.finished_run import open_finished_run
from pipeline.store.tables import DecisionRow, ReplyRow, Row, StoryRow, table_of
from tests.store.test_store_purge import fill
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
#: What each kind of column cannot have written.
BROKEN = {JsonText: '{"a": [1', UtcTime: "noon, or so", ExactText: "\ufdd0{half"}


def columns():
    for table in Row.metadata.sorted_tables:
        for column in table.c:
            if type(column.type) in BROKEN and column.name not in table.primary_key:
                yield pytest.param(table, column, id=f"{table.name}.{column.name}")


def damage(store, column, value: str) -> int:
    """Write a value past the column's type; how many rows have it now."""
    statement = sql(f'UPDATE "{column.table.name}" SET "{column.name}" = :value')
    with store.database.write() as connection:
        return connection.execute(statement, {"value": value}).rowcount


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("table", "column"), list(columns()))
def test_every_damaged_cell_names_its_table_row_and_column(store, make, table, column):
    fill(store, make)
    if not damage(store, column, BROKEN[type(column.type)]):
        pytest.skip("the run of these tests has no such row")
    with pytest.raises(StoreError) as refused, store.database.read() as connection:
        connection.execute(select(table)).all()
    said = str(refused.value)
    assert refused.value.exit_code == 7 and refused.value.next
    assert f"table {table.name}, row " in said and f"column {column.name}" in said
    assert "half" not in said and "noon" not in said, "nothing of the value itself"


def test_a_damaged_cell_is_found_on_every_database(store, make):
    run, *_ = fill(store, make)
    damage(store, table_of(StoryRow).c.locator, "[1, 2]")
    with pytest.raises(StoreError, match=r"table story, row key=.*column locator"):
        open_finished_run(store, run)


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("spans", "[[1]]", lambda store, run: open_finished_run(store, run)),
        ("locator", '{"plane": 3}', lambda store, run: open_finished_run(store, run)),
        ("written", "yesterday", lambda store, run: open_finished_run(store, run)),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_what_is_json_and_of_another_shape_is_damage_too(store, make, column, value, read):
    run, *_ = fill(store, make)
    damage(store, table_of(StoryRow).c[column], value)
    with pytest.raises(StoreError, match="a stored value is damaged: table story, row "):
        read(store, run)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_reports_say_it_of_lists_in_views(store, make):
    run, *_ = fill(store, make)
    name = reports.ledger(store, run)[0]["entry"]
    with store.database.write() as connection:
        connection.execute(sql("UPDATE ledger SET rules = '[\"a'"))
    with pytest.raises(StoreError, match=r"table ledger, row run=.*column rules"):
        reports.ledger(store, run)
    with store.database.write() as connection:
        connection.execute(sql("UPDATE entry_line SET stories = '7'"))
    with pytest.raises(StoreError, match="table entry_line, row "):
        reports.entry(store, run, name)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_damaged_reply_is_no_miss(store, merge_run, make):
    """A miss would be asked again, and paid again."""
    request = make.request(1)
    journal = StoreJournal(store, merge_run.id)
    journal.put(request, make.reply(request), good=True)
    reply = table_of(ReplyRow)
    with store.database.write() as connection:
        connection.execute(update(reply).values(input_tokens=sql("'many'")))
    with pytest.raises(StoreError, match="table reply, row "):
        journal.find([request.key])


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_bytes_that_are_no_text_are_said_without_them(store, make):
    fill(store, make)
    with store.database.write() as connection:
        connection.execute(sql("UPDATE document SET text = CAST(x'ff736563726574' AS TEXT)"))
    document = Row.metadata.tables["document"]
    refused = pytest.raises(StoreError, match=r"not valid UTF-8")
    with refused as told, store.database.read() as connection:
        connection.execute(select(document)).all()
    assert "secret" not in str(told.value)


def test_a_damaged_decision_is_not_passed_over(store, make):
    fill(store, make)
    damage(store, table_of(DecisionRow).c.fingerprints, '"f1"')
    with pytest.raises(StoreError, match="table decision, row id="):
        store.decisions()


def test_the_command_ends_with_7_and_one_object(tmp_path):
    """The same merge again, after the disk changed a value that it reads."""
    (tmp_path / "a.md").write_text("- As a cook, I want salt, so that it tastes.\n" * 2)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.run(
            [*arguments, "--json"], cwd=tmp_path, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
        )  # fmt: skip

    run = json.loads(command("merge", "a.md").stdout)["run"]
    file = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute('update run set parameters = \'{"paths": ["a.m\'')
    ended = command("runs", run)
    told = json.loads(ended.stdout)
    assert ended.returncode == 7 and told["kind"] == "store"
    assert f"table run, row id={run[:24]}" in told["error"] and "Traceback" not in ended.stderr


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "altered",
    [
        {"text": "no"},
        {"input_tokens": 7},
        {"micro_usd": 7},
        {"model": "another"},
        {"seconds": 9.25},
    ],
    ids=lambda altered: next(iter(altered)),
)
def test_a_reply_altered_to_another_valid_value_is_damage(store, merge_run, make, altered):
    """A row is named by the hash of what it holds, so that a byte turned on the disk is seen."""
    request = make.request(1)
    journal = StoreJournal(store, merge_run.id)
    journal.put(request, make.reply(request), good=True)
    assert journal.find([request.key])[request.key].text
    with store.database.write() as connection:
        connection.execute(update(table_of(ReplyRow)).values(**altered))
    with pytest.raises(StoreError, match="table reply, row ") as refused:
        journal.find([request.key])
    assert refused.value.exit_code == 7
