"""The server: where it listens, what it refuses, what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing

import pytest

from evals.dashboard.card_rows import as_csv, prepare
from evals.dashboard.cards import load_pages
from evals.dashboard.serve import Served, pages, serve
from pipeline.errors import InputError, StoreError
from pipeline.store.record import open_store
from tests.dashboard.measured import further_measures

pytestmark = pytest.mark.enable_socket


def ask(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def query(served: str, sql: str) -> tuple[int, str]:
    return ask(f"{served}/storytransformer.json?{urllib.parse.urlencode({'sql': sql})}")


def test_it_answers_on_this_machine_only(served):
    port = int(urllib.parse.urlsplit(served).port)
    listening = subprocess.run(["ss", "-tln"], capture_output=True, text=True)
    if listening.returncode:
        pytest.skip("ss is not installed")
    addresses = [line.split()[3] for line in listening.stdout.splitlines() if f":{port} " in line]
    assert addresses == [f"127.0.0.1:{port}"]


def test_the_front_page_lists_the_runs(served):
    status, body = ask(f"{served}/")
    assert status == 200 and "<h1>Runs</h1>" in body


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
    assert ask(f"{served}/runs", Host=f"stories.example:{port}")[0] == 403
    assert ask(f"{served}/runs", Host="")[0] in (400, 403)
    assert ask(f"{served}/runs", Host=f"localhost:{port}")[0] == 200


def test_rows_written_meanwhile_are_seen(tmp_path, clock):
    path = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{path}", now=clock) as store, pages(Served(path), 0) as (url, _):
        url = url.rpartition("/")[0]
        assert json.loads(query(url, "select run from v_runs")[1])["rows"] == []
        run = store.start_run(kind="merge", corpus=None, model="extractive", strategy="edit")
        assert json.loads(query(url, "select run from v_runs")[1])["rows"] == [[run]]


def test_a_port_in_use_is_said(worked):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} cannot be used") as refused:
            serve(Served(worked.path), port)
    assert refused.value.exit_code == 2 and "--port" in refused.value.next


def test_a_port_that_is_none(worked):
    with pytest.raises(InputError, match="not a port"):
        serve(Served(worked.path), 70_000)


def test_a_missing_database_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="no database here") as refused:
        serve(Served(tmp_path / "none.sqlite"), 0)
    assert "storytransformer merge" in refused.value.next
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, " * 200)
    with pytest.raises(StoreError, match="not a database"):
        serve(Served(path), 0)


def test_no_page_asks_the_network(worked, watching, tmp_path):
    """Neither the command nor the process of Datasette, whatever is asked of them."""
    watch = watching(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "dashboard", "--port", "0", "--db", str(worked.path)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **watch},
    )  # fmt: skip
    try:
        home = process.stdout.readline().strip().rpartition("/")[0]
        for page in load_pages().values():
            assert ask(f"{home}/{page.name}")[0] == 200
            for card in page.cards.values():
                if card.kind != "picture":
                    assert ask(f"{home}/cards/{page.name}/{card.name}.json")[0] == 200
        assert ask(f"{home}/storytransformer")[0] == 200
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
    assert not (tmp_path / "watched.log").exists()
    reach = "import socket; s = socket.socket(); s.setblocking(0); s.connect_ex(('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", reach], env={**os.environ, **watch}, check=True)
    assert "192.0.2.1" in (tmp_path / "watched.log").read_text(), "the watch sees it"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing_behind(worked, number):
    program = (
        # A shell's background jobs inherit an ignored SIGINT; a terminal's do not.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; from pathlib import Path; from evals.dashboard.serve import Served, serve\n"
        "serve(Served(Path(sys.argv[1])), 0, say=lambda text: print(text, flush=True))"
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


def test_every_card_answers_with_rows_and_a_file(served, worked):
    asked = urllib.parse.urlencode({"run": worked.newest, "strategy": "pairs"})
    for page in load_pages().values():
        for name in (n for n, card in page.cards.items() if card.kind != "picture"):
            status, body = ask(f"{served}/cards/{page.name}/{name}.json?{asked}")
            assert status == 200, (name, body)
            assert isinstance(json.loads(body)["rows"], list)
            status, body = ask(f"{served}/cards/{page.name}/{name}.csv?{asked}")
            assert status == 200 and "error" not in body[:20]


def test_a_copy_says_when_it_was_taken(worked):
    served = Served(worked.path, "postgresql://me@host/stories", "2026-11-21 21:30 UTC")
    with pages(served, 0) as (url, _):
        said = ask(url)[1]
    assert "postgresql://me@host/stories, read-only; a copy taken 2026-11-21 21:30 UTC" in said


@pytest.mark.parametrize("page", ["-1", "9" * 30, "²", "", "one"])
def test_a_page_number_that_is_none_is_the_first(served, worked, page):
    asked = urllib.parse.urlencode({"run": worked.newest, "page": page})
    status, body = ask(f"{served}/cards/run/ledger.json?{asked}")
    assert status == 200 and json.loads(body)["rows"][0]["name"] == "S-1"


def test_a_card_that_is_none(served):
    assert ask(f"{served}/cards/run/nothing.json")[0] == 404
    assert ask(f"{served}/windows.svg?corpus=none")[0] == 404


def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(tmp_path, clock):
    path = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{path}", now=clock) as store:
        store.start_run(kind="merge", corpus=None, model="=cmd()", strategy="-edit")
    connection = sqlite3.connect(path)
    prepare(connection)
    text = as_csv(connection, load_pages()["runs"].cards["runs"], {"kind": None, "state": None,
                                                                  "model": None})  # fmt: skip
    connection.close()
    assert ",'=cmd(),'-edit," in text


def test_old_addresses_lead_to_the_pages(served):
    assert "<h1>Runs</h1>" in ask(f"{served}/-/dashboards/storytransformer")[1]


def test_the_address_says_which_run_is_shown(served, worked):
    request = urllib.request.urlopen(f"{served}/run", timeout=10)
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(request.url).query)["run"] == [worked.newest]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_answers_only_to_get(served, method):
    for path in ("/runs", "/storytransformer.json", "/-/create-token", "/storytransformer/-/query"):
        request = urllib.request.Request(f"{served}{path}", method=method, data=b"sql=select+1")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 405 and refused.value.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    ["/runs", "/nowhere", "/storytransformer", "/storytransformer.json?sql=select+1",
     "/storytransformer?sql=selec", "/-/versions.json", "/storytransformer/run", "/windows.svg"],
)  # fmt: skip
def test_every_page_has_a_policy(served, path):
    try:
        answer = urllib.request.urlopen(f"{served}{path}", timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Traceback" not in answer.read().decode()


@pytest.mark.parametrize(
    "sql",
    ["with recursive r(n) as (select 1 union all select n + 1 from r) select sum(n) from r",
     "select length(randomblob(1000000000))", "select hex(zeroblob(900000000))",
     "select 1 /* " + "x" * 20_000 + " */"],
)  # fmt: skip
def test_a_query_is_bounded_in_time_and_size(served, sql):
    started = time.monotonic()
    status, body = query(served, sql)
    assert status in (400, 414) and "Traceback" not in body
    assert time.monotonic() - started < 60


def test_the_runs_say_what_they_made_by_their_kind(tmp_path, clock):
    path = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{path}", now=clock) as store:
        found = further_measures(store)
    # A cell that failed is one of the cells, whatever kind of grid it is of.
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update needle_cell set status = 'error' where target_tokens = 4096")
    with pages(Served(path), 0) as (url, _):
        status, body = ask(f"{url.rpartition('/')[0]}/cards/runs/runs.json")
    assert status == 200
    rows = {row["run"]: row for row in json.loads(body)["rows"]}
    grid, trip = rows[found["aggregation"]], rows[found["roundtrip_tree"]]
    assert (grid["made"], grid["made_of"]) == (12, "cells")
    assert grid["failed"] == "4 of 12 cells failed" and "eval aggregation" in grid["command"]
    assert (trip["made"], trip["made_of"]) == (5, "rounds")
    assert rows[found["coverage"]]["made"] is None
