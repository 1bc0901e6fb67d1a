"""What a person sees of a run in Prefect, and what Prefect must never get to see."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from evals.dashboard.serve import Served, pages

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]

#: Stands in every story and in no file name.
MARK = "quokka7731"
THINGS = [
    "invoices",
    "tide tables",
    "harbour maps",
    "lamp rotas",
    "ferry slots",
    "bird counts",
    "rope audits",
    "buoy photos",
    "fuel slips",
    "crew lists",
    "storm alerts",
    "dock fees",
]
DOCS = Path(__file__).resolve().parents[2] / "docs"
#: Requests that one run has in flight at once.
THREADS = 4


class Cancelled(NamedTuple):
    """A run that was cancelled, and the same one retried or started again."""

    db: Path
    first: dict[str, Any]
    journalled: int
    again: dict[str, Any]
    asked_twice: int
    log: str


@pytest.fixture(scope="module", params=["retried", "anew"])
def cancelled(
    request: pytest.FixtureRequest, stack: Any, tmp_path_factory: pytest.TempPathFactory
) -> Cancelled:
    folder = tmp_path_factory.mktemp("cancelled")
    for name, ending in (("one", "as a PDF"), ("two", "as a PDF file")):
        stories = [
            f"As a clerk, I want to export {thing} {ending} so that {MARK} auditors can read them."
            for thing in THINGS
        ]
        (folder / f"{name}.md").write_text("\n\n".join(stories))
    asked: dict[str, Any] = {
        "paths": [str(folder / "one.md"), str(folder / "two.md")],
        "propose": True,
        "pairs": len(THINGS),
        "allow_cloud": ["all"],
        "max_cost": "2.50",
        "db": str(folder / "runs.sqlite"),
        "out": str(folder / "out"),
    }
    stack.provider.seconds = 1.0
    answered = len(stack.provider.answered)  # other tests may have asked before
    stack.provider.asked.clear()
    first = stack.begin("merge-stories/merge-claude", **asked)
    ended = stopped(stack, first, folder, answered + 2)
    log = (stack.home / "worker.log").read_text()
    journalled = count(folder / "runs.sqlite", "reply where good")
    asked_before = {name for name, _ in stack.provider.asked}
    stack.provider.asked.clear()
    if request.param == "retried":
        # What Retry on the run's page sends; `prefect flow-run retry` forces the same state.
        retry = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
        told = stack.api(f"flow_runs/{first}/set_state", {"state": retry, "force": False})
        assert told["status"] == "ACCEPT", told
        run = first
    else:
        run = stack.begin("merge-stories/merge-claude", **asked)
    stack.provider.seconds = 0.0
    again = stack.ended(run)
    asked_twice = len(asked_before & {name for name, _ in stack.provider.asked})
    return Cancelled(folder / "runs.sqlite", ended, journalled, again, asked_twice, log)


def stopped(stack: Any, run: str, folder: Path, answers: int) -> dict[str, Any]:
    """A run as it ended, cancelled when the provider has given so many answers."""
    while len(stack.provider.answered) < answers or not journalled_in(folder):
        time.sleep(0.1)
        assert stack.api(f"flow_runs/{run}")["state_type"] not in ("FAILED", "CRASHED")
    stack.api(f"flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
    ended: dict[str, Any] = stack.ended(run)
    # The worker says the last word, after the run's own.
    deadline = time.monotonic() + 60
    while "successfully" not in (ended["state"]["message"] or "") and time.monotonic() < deadline:
        time.sleep(0.2)
        ended = stack.api(f"flow_runs/{run}")
    return ended


def journalled_in(folder: Path) -> int:
    """Replies that a run has stored, which may have made no database yet."""
    if not (folder / "runs.sqlite").exists():
        return 0
    try:
        return count(folder / "runs.sqlite", "reply where good")
    except sqlite3.OperationalError:
        return 0


def count(db: Path, what: str) -> int:
    with sqlite3.connect(db) as connection:
        return int(connection.execute(f"select count(*) from {what}").fetchone()[0])


def test_a_cancelled_run_is_taken_up_by_its_retry_and_by_the_same_started_again(
    cancelled: Cancelled,
):
    assert cancelled.first["state_type"] == "CANCELLED", cancelled.first["state"]
    run = cancelled.first["id"]
    assert f"To go on: `prefect flow-run retry {run}`" in cancelled.log
    assert "Crash detected" not in cancelled.log and "Running()" not in cancelled.log
    assert 0 < cancelled.journalled < len(THINGS)
    assert cancelled.again["state_type"] == "COMPLETED", cancelled.again["state"]
    assert count(cancelled.db, "reply where good") == len(THINGS)
    assert count(cancelled.db, "v_runs") == count(cancelled.db, "v_runs where state='completed'")
    assert count(cancelled.db, "v_runs") == 1, "one run, gone on with"
    assert cancelled.asked_twice <= THREADS, "only what was in flight may be asked again"


def test_a_run_is_named_tagged_and_told_by_what_it_does(cancelled: Cancelled):
    assert cancelled.again["name"].endswith("two.md with claude/claude-haiku-5-5") or (
        cancelled.again["name"] == "merge 2 paths with claude/claude-haiku-5-5"
    )
    assert {"merge", "claude"} <= set(cancelled.again["tags"])
    said = cancelled.again["state"]["message"]
    assert said.startswith("24 stories: ") and "The books balance." in said


def test_its_page_shows_the_ledger_the_figures_the_progress_and_the_document(
    stack: Any, cancelled: Cancelled
):
    left = stack.artifacts(cancelled.again["id"])
    assert left.keys() >= {"ledger", "merge", "progress", "merged-document"}
    ledger = json.loads(left["ledger"]["data"])
    assert sum(int(row["stories"]) for row in ledger) == 2 * len(THINGS)
    assert {"duplicate of", "merged into"} <= {row["outcome"] for row in ledger}
    figures = {row["figure"]: row["value"] for row in json.loads(left["merge"]["data"])}
    assert figures["reused replies"].split()[0] == str(cancelled.journalled)
    assert figures["calls"].split()[0] == str(len(THINGS) - cancelled.journalled)
    assert figures["conflicts"] == "0 conflicts" and figures["dollars"].startswith("$0.0")
    assert re.fullmatch(r"\d,\d{3} tokens|\d{3} tokens", figures["input tokens"])
    assert left["progress"]["data"] == 100.0
    document = left["merged-document"]
    assert (
        "merged.html" in document["data"]
        and "storytransformer dashboard" in document["description"]
    )
    # Where the pages are: a browser follows no link to a file. They show it from there.
    (path,) = re.findall(r"\(http://127\.0\.0\.1:8001(/merged/[\w-]+)\)", document["data"])
    with (
        pages(Served(cancelled.db), 0) as (url, _),
        urllib.request.urlopen(url.rpartition("/")[0] + path, timeout=10) as answer,
    ):
        shown = answer.read().decode()
    assert "24 stories from 2 documents" in shown


def test_a_merge_without_a_call_ends_its_bar(stack: Any, tmp_path: Path):
    (tmp_path / "a.md").write_text(f"As a clerk, I want to export {MARK} so that auditors see it.")
    run = stack.begin(
        "merge-stories/local", paths=[str(tmp_path / "a.md")], db=str(tmp_path / "a.sqlite"),
        out=str(tmp_path / "out"),
    )  # fmt: skip
    ended = stack.ended(run)
    assert ended["state"]["message"].startswith("1 story: 1 kept. The books balance. 0 model calls")
    left = stack.artifacts(run)
    assert left["progress"]["data"] == 100.0
    assert "$0.00" in {row["value"] for row in json.loads(left["merge"]["data"])}


def test_the_schedule_is_woken_and_put_to_sleep_as_the_docs_say(stack: Any):
    (block,) = (b for b in documented_blocks() if "schedule resume" in b)
    listed, *others = block.strip().splitlines()
    shown = stack.prefect(*listed.split()[1:])
    (name,) = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", shown.stdout)
    for line in others:
        done = stack.prefect(*line.replace("ID", name).split()[1:])
        assert done.returncode == 0, done.stdout + done.stderr


def documented_blocks() -> list[str]:
    return [b.removeprefix("sh\n") for b in (DOCS / "prefect.md").read_text().split("```")[1::2]]


def test_a_run_over_its_budget_says_so(stack: Any, tmp_path: Path):
    (tmp_path / "a.md").write_text(
        f"As a clerk, I want to export dues so that {MARK} auditors see them.\n\n"
        f"As a clerk, I want to export all dues so that {MARK} auditors see them.\n"
    )
    run = stack.begin(
        "merge-stories/merge-claude", paths=[str(tmp_path / "a.md")], allow_cloud=["all"],
        propose=True, max_cost="0.000001", db=str(tmp_path / "a.sqlite"), out=str(tmp_path / "out"),
    )  # fmt: skip
    state = stack.ended(run)["state"]
    assert (state["type"], state["name"]) == ("FAILED", "Over budget")
    assert "exit code 4" in state["message"]


def test_an_estimate_and_an_extraction_leave_their_tables(stack: Any, tmp_path: Path):
    (tmp_path / "a.md").write_text(f"As a clerk, I want to export {MARK} so that auditors see it.")
    here = {"paths": [str(tmp_path / "a.md")], "db": str(tmp_path / "a.sqlite")}
    runs = {
        "documents": stack.begin("extract-stories/extract", **here, page=str(tmp_path / "p.html")),
        "estimate": stack.begin("estimate-stories/estimate", **here),
    }
    for key, run in runs.items():
        ended = stack.ended(run)
        assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
        assert json.loads(stack.artifacts(run)[key]["data"])
    assert MARK in (tmp_path / "p.html").read_text()


def test_an_exam_leaves_its_records_and_says_who_was_examined(stack: Any, tmp_path: Path):
    labels = tmp_path / "labels.jsonl"
    told = [
        {"id": f"p{n}", "scene": f"s{n}", "kind": "words", "language": "en", "shape": "agile",
         "half": ("threshold", "report")[n % 2], "answer": answer,
         "a": {"goal": f"print {MARK} {n}"}, "b": {"goal": f"{verb} {MARK} {n}"}}
        for n in range(8)
        for answer, verb in [("different", "delete") if n % 4 > 1 else ("one_need", "get")]
    ]  # fmt: skip
    labels.write_text("".join(json.dumps(one) + "\n" for one in told))
    db = tmp_path / "a.sqlite"
    run = stack.begin(
        "examine-judges/exam", models=["code", "likeness"], labels=str(labels), db=str(db)
    )
    ended = stack.ended(run)
    assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
    assert "2 judges examined: code, record " in ended["state"]["message"]
    table = json.loads(stack.artifacts(run)["records"]["data"])
    assert [row["judge"] for row in table] == ["code", "likeness"]
    assert {row["found of the true"].partition(" of ")[2] for row in table} == {"2"}
    with sqlite3.connect(db) as connection:
        kept = connection.execute("select id from judge_record order by model").fetchall()
    assert [row["record"] for row in table] == [id_ for (id_,) in kept]


def test_prefect_never_saw_a_story_nor_a_key(stack: Any, cancelled: Cancelled):
    """After all runs above: in its database, its storage and all logs."""
    assert MARK in (cancelled.db.parent / "out" / "merged.md").read_text()
    key = stack.env["ANTHROPIC_API_KEY"]
    assert any(key in str(dict(headers)) for _, headers, _ in stack.provider.heard)
    searched = [path for path in stack.home.rglob("*") if path.is_file()]
    assert {"prefect.db", "worker.log", "server.log"} <= {path.name for path in searched}
    for path in searched:
        held = path.read_bytes()
        assert MARK.encode() not in held, f"story text in {path}"
        assert key.encode() not in held, f"the key in {path}"


def test_whatever_a_process_of_prefect_reaches_is_seen(stack: Any, tmp_path: Path):
    """The end of all tests of the flows holds that nothing was."""
    log = tmp_path / "watched.log"
    reach = "import socket; s = socket.socket(); s.setblocking(0); s.connect_ex(('192.0.2.1', 9))"
    for code in (reach, reach.replace("192.0.2.1", "127.0.0.1")):
        subprocess.run(
            [sys.executable, "-c", code], env={**stack.env, "WATCHED": str(log)}, check=True
        )
    assert log.read_text() == "socket.connect 192.0.2.1: -c\n"


TURNS = """
import sys, threading, time
from dataclasses import replace
from pathlib import Path
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from pipeline.catalog import Catalog
from pipeline.errors import InputError
from pipeline.flows.concurrency import limit_name, turn
from pipeline.config.settings import read_settings

catalog = Catalog(read_settings().models_toml)
spec, seen = catalog.find("local/smollm2-135m"), []

def one():
    with turn(spec, lambda line: None):
        seen.append("in")
        time.sleep(0.5)
        seen.append("out")

for _ in range(2):
    threads = [threading.Thread(target=one) for _ in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
assert seen == ["in", "out"] * 4, seen
LIMIT = limit_name()
with get_client(sync_client=True) as client:
    assert client.read_global_concurrency_limit_by_name(LIMIT).limit == 1
    dead = GlobalConcurrencyLimitUpdate(active_slots=1)
    client.update_global_concurrency_limit(LIMIT, dead)
    one()  # or it would wait for ever
    assert client.read_global_concurrency_limit_by_name(LIMIT).active_slots == 0
    client.update_global_concurrency_limit(LIMIT, GlobalConcurrencyLimitUpdate(active=False))
    try:
        one()
    except InputError as error:
        assert LIMIT in str(error)
    else:
        sys.exit("ran without a limit")
    with turn(catalog.find("extractive"), print):
        pass
    client.delete_global_concurrency_limit_by_name(LIMIT)
"""


def test_one_local_model_at_a_time_and_never_silently_more(stack: Any):
    run = subprocess.run(
        [sys.executable, "-c", TURNS],
        env=stack.env, text=True, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
