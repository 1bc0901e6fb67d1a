"""From blank and from every older state to the newest version; everything else is refused."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select
from sqlalchemy import text as sql

from pipeline.errors import InputError, StoreError
from pipeline.store import schema
from pipeline.store.connection.database import Database
from pipeline.store.record import open_store
from pipeline.store.tables import CorpusRow, Row, table_of

VIEWS = [
    "v_conflicts", "v_costs", "v_entries", "v_estimate_vs_actual", "v_folds", "v_judgements",
    "v_learned", "v_ledger", "v_links", "v_needle_cells", "v_records", "v_runs", "v_trainings",
]  # fmt: skip
#: The first version: its file and what a blank SQLite database is made of.
FROZEN = "ec133c041dacda24"
#: What a merge was made of before entries.
GONE = ("same", "overlap", "distinct", "verdict", "merged_story", "edit", "fallback",
        "relation")  # fmt: skip


def dump(database: Database) -> dict[str, list[tuple]]:
    """Every row of every table."""
    with database.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(sql(f'SELECT * FROM "{name}"'))), key=repr)
            for name in inspect(connection).get_table_names()
        }


def fill(database: Database) -> None:
    """A row as any version since the first could have held it."""
    with database.write() as connection:
        connection.execute(
            sql(
                "INSERT INTO corpus (sha256, n_documents, n_stories, n_words, n_chars, "
                "residue_chars, created) VALUES ('c1', 1, 2, 3, 4, 5, '2026-01-01T00:00:00.0Z')"
            )
        )


def test_versions_are_the_migration_files_in_order():
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(r.revision for r in reversed(list(scripts.walk_revisions()))) == schema.VERSIONS


def test_a_blank_database_gets_the_tables_and_views(store):
    with store.database.read() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*Row.metadata.tables, "alembic_version"}
        assert sorted(found.get_view_names()) == VIEWS
        for view in VIEWS:
            assert connection.execute(sql(f"SELECT * FROM {view}")).all() == []


def test_no_view_and_no_table_speaks_of_what_is_gone(store):
    with store.database.read() as connection:
        found = inspect(connection)
        columns = {
            (name, column["name"])
            for name in (*Row.metadata.tables, *VIEWS)
            for column in found.get_columns(name)
        }
    assert {word for pair in columns for word in pair}.isdisjoint(GONE)


def test_a_blank_database_is_what_the_tables_say(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_migrating_twice_changes_nothing(store, make):
    store.save_corpus([make.extraction()])
    before = dump(store.database)
    schema.upgrade(store.database)
    assert dump(store.database) == before


def test_a_newer_database_is_refused_and_left_alone(url, clock):
    with open_store(url, now=clock) as store, store.database.write() as connection:
        connection.execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="version 9999") as refused:
        open_store(url, now=clock)
    assert refused.value.exit_code == 2 and "Upgrade storytransformer" in refused.value.next
    database = Database(url)
    assert dump(database)["alembic_version"] == [("9999",)]
    database.close()


def older(url: str, monkeypatch) -> Database:
    """A database of the version before a migration that is about to run."""
    database = Database(url)
    schema.upgrade(database)
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "next"))
    return database


def test_the_first_version_is_frozen_with_the_first_release(tmp_path, clock):
    """Until a release is tagged a change of the tables changes this hash, on purpose; from then on
    it is a file more in ``migrations/versions`` that leaves the first one alone."""
    file = schema.MIGRATIONS / "versions" / "v0015_first.py"
    path = tmp_path / "st.sqlite"
    open_store(f"sqlite:///{path}", now=clock).close()
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql > '' ORDER BY name, sql")
        declared = "\n".join(text for (text,) in made)
    found = hashlib.sha256((file.read_text(encoding="utf-8") + declared).encode()).hexdigest()
    assert found[:16] == FROZEN


def test_a_later_version_is_a_file_more(url, make, clock, monkeypatch, tmp_path):
    """By Alembic, as a release will: one that adds a column and fills it."""
    with open_store(url, now=clock) as store:
        store.save_corpus([make.extraction()])
        before = dump(store.database)
    later = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, later)
    (later / "versions" / "v0016_next.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '0016', '0015', None, None\n"
        "def upgrade():\n"
        "    op.add_column('glossary', sa.Column('why', sa.String(), server_default=''))\n"
        '    op.execute("UPDATE corpus SET n_words = n_words + 1")\n'
    )
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    monkeypatch.setattr(schema, "VERSIONS", ("0015", "0016"))
    database = Database(url)
    schema.upgrade(database)
    after = dump(database)
    assert after.pop("alembic_version") == [("0016",)]
    assert {name for name in after if after[name] != before[name]} == {"corpus"}
    with database.read() as connection:
        assert "why" in {column["name"] for column in inspect(connection).get_columns("glossary")}
    database.close()


def test_a_migration_that_is_due_is_run_with_the_data_kept(url, monkeypatch, make, clock):
    database = older(url, monkeypatch)
    fill(database)
    before = dump(database)

    def migrate(connection):
        connection.execute(sql("CREATE TABLE judge (name varchar)"))
        connection.execute(sql("UPDATE alembic_version SET version_num = 'next'"))

    monkeypatch.setattr(schema, "_run_alembic", migrate)
    schema.upgrade(database)
    assert dump(database) == before | {"alembic_version": [("next",)], "judge": []}
    database.close()


def test_a_failed_migration_leaves_the_database_as_it_was(url, monkeypatch):
    database = older(url, monkeypatch)
    fill(database)
    before = dump(database)

    def stumble(connection):
        connection.execute(sql("DROP TABLE glossary"))
        raise RuntimeError("power cut")

    monkeypatch.setattr(schema, "_run_alembic", stumble)
    with pytest.raises(RuntimeError):
        schema.upgrade(database)
    assert dump(database) == before
    database.close()


def test_two_processes_may_open_a_blank_database_at_once(url, clock):
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=lambda: open_store(url, now=clock).close()) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]


def test_somebody_elses_database_is_refused(url, clock):
    database = Database(url)
    with database.write() as connection:
        connection.execute(sql("CREATE TABLE invoices (n integer)"))
    database.close()
    with pytest.raises(StoreError, match="invoices"):
        open_store(url, now=clock)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, clock):
    path = tmp_path / "notes.sqlite"
    path.write_text("These are my notes, and long ones they are. " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a database") as refused:
        open_store(f"sqlite:///{path}", now=clock)
    assert refused.value.exit_code == 7
    assert str(path) in str(refused.value) and "--db" in refused.value.next
    assert path.read_bytes() == before


def test_a_truncated_database_is_refused(tmp_path, clock, make):
    path = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{path}", now=clock) as store:
        store.save_corpus([make.extraction(200)])
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(StoreError), open_store(f"sqlite:///{path}", now=clock) as store:
        with store.database.read() as connection:
            connection.execute(select(table_of(CorpusRow))).all()
        store.save_corpus([make.extraction(100)])


def test_a_missing_file_is_made_or_said(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'new' / 'deep' / 'st.sqlite'}"
    with pytest.raises(InputError, match="no database here yet") as refused:
        open_store(url, now=clock, create=False)
    assert "storytransformer merge" in refused.value.next
    assert not (tmp_path / "new").exists()
    open_store(url, now=clock).close()
    open_store(url, now=clock, create=False).close()


def test_a_folder_that_cannot_be_made(tmp_path, clock):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'st.sqlite'}", now=clock)
    with pytest.raises(InputError, match="folder, not a database"):
        open_store(f"sqlite:///{tmp_path}", now=clock)


@pytest.mark.parametrize("name", ["a b.sqlite", "what?.db", "50% #1 & é.sqlite", "a:b@c.db"])
def test_any_file_name_is_that_file(tmp_path, clock, name):
    open_store(f"sqlite:///{tmp_path / name}", now=clock).close()
    assert {path.name for path in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://me@there/db", "not a database we speak"),
        ("sqlite://", "has to be a file"),
        ("sqlite:///:memory:", "has to be a file"),
    ],
)
def test_a_url_that_is_none(given, said, clock):
    with pytest.raises(InputError, match=said):
        open_store(given, now=clock)


def test_a_server_that_does_not_answer(tmp_path, clock):
    url = f"postgresql://me:geheim@/db?host={tmp_path}"
    with pytest.raises(StoreError, match="does not answer") as refused:
        open_store(url, now=clock)
    assert "geheim" not in str(refused.value) + repr(refused.value.__cause__)


def test_a_locked_database_says_so(tmp_path, clock):
    path = tmp_path / "st.sqlite"
    open_store(f"sqlite:///{path}", now=clock).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{path}", patience=0.1)
    with database.read() as connection:  # readers are never kept out
        assert connection.execute(select(table_of(CorpusRow))).all() == []
    with pytest.raises(StoreError, match="locked") as refused, database.write():
        pass
    assert refused.value.exit_code == 7 and refused.value.next
    other.rollback()
    with database.write():
        pass
    other.close()
    database.close()


def test_a_full_disk_loses_nothing_already_stored(tmp_path, clock, make):
    with open_store(f"sqlite:///{tmp_path / 'st.sqlite'}", now=clock) as store:
        kept = store.save_corpus([make.extraction(3)])
        before = dump(store.database)
        with store.database.engine.connect() as connection:  # the pool keeps this connection
            raw = connection.connection.driver_connection
            pages = raw.execute("PRAGMA page_count").fetchone()[0]
            raw.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="cannot grow") as refused:
            store.save_corpus([make.extraction(3000)])
        assert "Free some space" in refused.value.next
        assert dump(store.database) == before
        with store.database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA max_page_count = 1000000")
        assert store.save_corpus([make.extraction(3000)]) != kept


def test_a_database_we_may_not_write(clock):
    """As a user without rights: root may write anything."""
    folder = Path(tempfile.mkdtemp(prefix="st-ro-"))
    try:
        path = folder / "st.sqlite"
        open_store(f"sqlite:///{path}", now=clock).close()
        path.chmod(0o444)
        folder.chmod(0o555)
        program = (
            "import sys, os\n"
            "from datetime import datetime, UTC\n"
            "from pipeline.errors import StoreError\n"
            "from pipeline.store.record import open_store\n"
            "import sqlalchemy.dialects.sqlite, sqlite3\n"
            "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
            "try:\n"
            "    with open_store(sys.argv[1], now=lambda: datetime.now(UTC)) as s:\n"
            "        s.put_outline('a', '')\n"
            "except StoreError as e: print(e); sys.exit(e.exit_code)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, f"sqlite:///{path}"],
            capture_output=True,
            text=True,
            cwd=Path(schema.__file__).parents[2],
        )
        assert done.returncode == 7, done.stderr
        assert "cannot be written" in done.stdout and "permissions" in done.stdout
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_opening_an_up_to_date_database_loads_no_alembic(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'st.sqlite'}"
    open_store(url, now=clock).close()
    program = (
        "import sys; from datetime import datetime, UTC\n"
        "from pipeline.store.record import open_store\n"
        "open_store(sys.argv[1], now=lambda: datetime.now(UTC)).close()\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, env=os.environ
    )
    assert done.stdout.strip() == "False", done.stderr
