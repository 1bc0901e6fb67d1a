"""The server: where it listens, what it refuses, what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml

import evals.dashboard
from evals.dashboard.serve import pages, serve
from pipeline.errors import InputError, StoreError
from pipeline.store.record import open_store

pytestmark = pytest.mark.enable_socket

PAGES = Path(evals.dashboard.__file__).parent / "pages.yaml"


def ask(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def query(served: str, sql: str) -> tuple[int, str]:
    base = served.partition("/-/")[0]
    return ask(f"{base}/storytransformer.json?{urllib.parse.urlencode({'sql': sql})}")


def test_it_answers_on_this_machine_only(served):
    port = int(urllib.parse.urlsplit(served).port)
    listening = subprocess.run(["ss", "-tln"], capture_output=True, text=True)
    if listening.returncode:
        pytest.skip("ss is not installed")
    addresses = [line.split()[3] for line in listening.stdout.splitlines() if f":{port} " in line]
    assert addresses == [f"127.0.0.1:{port}"]


def test_the_front_page_is_the_dashboard(served):
    status, body = ask(served.partition("/-/")[0] + "/")
    assert status == 200 and "<h1>StoryTransformer</h1>" in body


@pytest.mark.parametrize(
    "sql",
    [
        "delete from run",
        "insert into corpus values ('x', 1, 1, 1, 1, 1, 'now')",
        "drop table ledger",
        "update run set state = 'completed'",
        "pragma journal_mode = delete",
        "attach 'other.sqlite' as other",
        "with gone as (select 1) delete from run",
    ],
)
def test_a_write_is_refused(served, worked, sql):
    before = sqlite3.connect(worked.path).execute("SELECT count(*) FROM run").fetchone()
    status, _ = query(served, sql)
    assert 400 <= status < 500
    assert sqlite3.connect(worked.path).execute("SELECT count(*) FROM run").fetchone() == before


def test_only_who_asks_by_this_machines_name_is_answered(served):
    """A page elsewhere that points its own name at 127.0.0.1 gets nothing."""
    port = urllib.parse.urlsplit(served).port
    assert ask(served, Host=f"stories.example:{port}")[0] == 403
    assert ask(served, Host="")[0] in (400, 403)
    assert ask(served, Host=f"localhost:{port}")[0] == 200


def test_rows_written_meanwhile_are_seen(tmp_path, clock):
    path = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{path}", now=clock) as store, pages(path, 0) as (url, _):
        assert json.loads(query(url, "select run from v_runs")[1])["rows"] == []
        run = store.start_run(kind="merge", corpus=None, model="extractive", strategy="edit")
        assert json.loads(query(url, "select run from v_runs")[1])["rows"] == [[run]]


def test_a_port_in_use_is_said(worked):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} cannot be used") as refused:
            serve(worked.path, port)
    assert refused.value.exit_code == 2 and "--port" in refused.value.next


def test_a_port_that_is_none(worked):
    with pytest.raises(InputError, match="no port"):
        serve(worked.path, 70_000)


def test_a_missing_database_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="no database here") as refused:
        serve(tmp_path / "none.sqlite", 0)
    assert "storytransformer merge" in refused.value.next
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, " * 200)
    with pytest.raises(StoreError, match="not a database"):
        serve(path, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing_behind(worked, number):
    program = (
        # A shell's background jobs inherit an ignored SIGINT; a terminal's do not.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; from pathlib import Path; from evals.dashboard.serve import serve\n"
        "serve(Path(sys.argv[1]), 0, say=lambda text: print(text, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(worked.path)], stdout=subprocess.PIPE, text=True
    )
    url = process.stdout.readline().strip()
    assert ask(url)[0] == 200
    os.kill(process.pid, number)
    rest = process.stdout.read()
    process.wait(timeout=10)
    process.stdout.close()
    assert process.returncode == (0 if number == signal.SIGINT else 143)
    assert "Ctrl-C ends it" in rest and "As a shopper" not in rest
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=2)


def test_every_card_has_a_place_and_an_answer(served):
    page = yaml.safe_load(PAGES.read_text())["plugins"]["datasette-dashboards"]["storytransformer"]
    placed = {name for row in page["layout"] for name in row}
    assert placed == set(page["charts"])
    assert len({len(row) for row in page["layout"]}) == 1
    for name in page["charts"]:
        assert ask(f"{served}/{name}")[0] == 200
