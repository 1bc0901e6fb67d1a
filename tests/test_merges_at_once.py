"""Two identical merges at once, as two users start them: what one asks the other waits for."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Command
from tests.support.providers import Provider, digest

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[1]
PAIRS = 16
DATABASE = "data/runs/storytransformer.sqlite"
#: A shell's background jobs inherit an ignored SIGINT; the processes of a terminal do not.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from pipeline.run.dispatch import concurrent_requests\n"
    "concurrent_requests.BATCH_PATIENCE = {patience}\n"
    "from pipeline.__main__ import main; main()"
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(seconds=0.2) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, embedded: Any, shared_cache: Path, provider: Provider) -> Iterator[Any]:
    """Starts the command on one database; what is still there at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    stories = [
        f"- As a reader, I want to reserve book {n}, so that {why}."
        for n in range(8)
        for why in ("nobody takes it", "nobody else takes it")
    ]
    backlog = tmp_path / "backlog.md"
    backlog.write_text("# Desk\n\n" + "\n".join(stories) + "\n")
    embedded([backlog], tmp_path / DATABASE)

    def build(out: str, *more: str, patience: float = 600) -> subprocess.Popen[str]:
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "STORYTRANSFORMER_CACHE": str(shared_cache),
            "ANTHROPIC_BASE_URL": provider.url,
            "ANTHROPIC_API_KEY": "none",
        }
        command = ["merge", str(backlog), "--judge", "claude/claude-haiku-5-5", "--propose"]
        command += ["--pairs", str(PAIRS), "--allow-cloud", "all", "--json", "--out", out, *more]
        code = COMMAND.format(patience=patience)
        process = Command(
            command, code=code, cwd=tmp_path, env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield build
    for process in started:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    return json.loads(out), err


def until(true: Callable[[], object], process: subprocess.Popen[str], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def said(process: subprocess.Popen[str]) -> list[str]:
    """The lines of a process on stderr, growing as they come."""
    lines: list[str] = []

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)

    threading.Thread(target=listen, daemon=True).start()
    return lines


def asked(provider: Provider) -> Counter[str]:
    return Counter(prompt for prompt, _ in provider.asked)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / DATABASE, timeout=60)) as connection:
        return connection.execute(query).fetchall()


def words(folder: Path, result: dict[str, Any]) -> str:
    return (folder / result["out"]["markdown"]).read_text().replace(result["run"], "RUN")


def test_two_at_once_ask_every_question_once(start: Any, provider: Provider, tmp_path: Path):
    (tmp_path / DATABASE).unlink()  # both make it, and embed
    met = threading.Event()
    first: set[str] = set()

    def hold(prompt: str) -> None:
        """No reply before each of the two has its questions at the server."""
        first.add(prompt)
        if len(first) == 8:
            met.set()
        met.wait(90)

    provider.fault = hold
    both = [start("one"), start("two")]
    (one, _), (two, _) = (finish(process) for process in both)
    assert len(asked(provider)) == PAIRS and set(asked(provider).values()) == {1}
    assert one["calls"] + two["calls"] == PAIRS
    assert one["calls"] and two["calls"], "they share what there is to ask"
    assert one["reused_replies"] + two["reused_replies"] == PAIRS
    assert one["ledger"] == two["ledger"] and one["proposals"] == two["proposals"]
    assert rows(tmp_path, "select count(*), sum(good) from reply") == [(PAIRS, PAIRS)]
    assert rows(tmp_path, "select count(*) from charge") == [(PAIRS,)]
    assert rows(tmp_path, "select (select count(*) from claim) + count(*) from asker") == [(0,)]


def test_two_at_once_pay_no_useless_reply_twice(start: Any, provider: Provider, tmp_path: Path):
    """A proxy's page with 200 in place of every third reply, by the question; then once more, on
    purpose, by two at once."""
    provider.fault = lambda prompt: "page" if int(digest(prompt), 16) % 3 == 0 else None
    both = [start("one"), start("two")]
    (one, _), (two, _) = (finish(process) for process in both)
    assert len(asked(provider)) == PAIRS and set(asked(provider).values()) == {1}
    n = one["failed_calls"]
    assert 0 < n < PAIRS and two["failed_calls"] == n
    assert one["unusable_replies"] + two["unusable_replies"] == n, "each has the other's"
    assert rows(tmp_path, "select count(*), sum(good) from reply") == [(PAIRS, PAIRS - n)]
    met = threading.Event()

    def hold(prompt: str) -> str | None:
        """No reply before both of them are at it."""
        while not met.wait(0.05):
            if rows(tmp_path, "select count(*) from asker") == [(2,)]:
                met.set()
        return "page" if int(digest(prompt), 16) % 3 == 0 else None

    provider.fault = hold
    again = [start(out, "--ask-again") for out in ("three", "four")]
    for result, _ in (finish(process) for process in again):
        assert result["failed_calls"] == n
    assert sum(asked(provider).values()) == PAIRS + n, "what one paid for in vain serves the other"


def test_what_a_killed_one_was_asking_is_asked_by_the_other(
    start: Any, provider: Provider, tmp_path: Path
):
    """It dies with its questions at the server, which the other waited for."""
    provider.seconds = 60.0
    killed = start("one")
    until(lambda: len(provider.asked) == 4, killed)
    held = set(asked(provider))
    heir = start("two")
    until(lambda: len(provider.asked) == 8, heir)
    assert len(asked(provider)) == 8, "what is in flight is left to who asked it"
    provider.seconds = 0.0
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    heir.send_signal(signal.SIGKILL)  # it waits for slow replies of its own
    heir.communicate()
    result, _ = finish(start("three"))
    assert result["failed_calls"] == 0 and result["calls"] == PAIRS
    again = {prompt for prompt, n in asked(provider).items() if n > 1}
    assert held < again and len(again) == 8, "in flight at two deaths"


def test_one_that_waits_takes_over_when_the_other_is_killed(
    start: Any, provider: Provider, tmp_path: Path
):
    """Everything is in a batch of the first: the second has nothing to do but wait."""
    provider.looks = None
    first = start("one", "--batch")
    until(lambda: provider.batches and provider.batches[0].looks, first)
    second = start("two", "--batch")
    lines = said(second)
    until(lambda: any("waiting for the replies" in line for line in lines), second)
    assert f"{PAIRS} calls are asked by process {first.pid} already" in "".join(lines)
    time.sleep(1)
    assert len(provider.batches) == 1 and second.poll() is None
    first.send_signal(signal.SIGKILL)
    first.communicate()
    until(lambda: any("found again" in line for line in lines), second)
    provider.looks = 1
    assert second.wait(120) == 0
    assert len(provider.batches) == 1 and not provider.asked, "nothing is handed over twice"


def test_a_waiting_one_takes_the_replies_of_a_batch_from_the_journal(
    start: Any, provider: Provider, tmp_path: Path
):
    provider.looks = None
    first = start("one", "--batch")
    until(lambda: provider.batches and provider.batches[0].looks, first)
    second = start("two")
    lines = said(second)
    until(lambda: any("waiting for the replies" in line for line in lines), second)
    provider.looks = 1
    one, _ = finish(first)
    assert second.wait(120) == 0 and second.stdout is not None
    two = json.loads(second.stdout.read())
    assert (one["calls"], two["calls"], two["reused_replies"]) == (PAIRS, 0, PAIRS)
    assert words(tmp_path, one).replace("one", "two") == words(tmp_path, two).replace("one", "two")
    assert not provider.asked


@pytest.mark.parametrize("alive", [True, False])
def test_a_run_without_a_batch_waits_for_anothers_within_bounds(
    start: Any, provider: Provider, tmp_path: Path, alive: bool
):
    """A provider has a day for a batch. Whoever asks one by one is told whose it is and what to do,
    also where the run that handed it over has been killed and another asks some of the same;
    nothing is asked a second time."""
    provider.looks = None
    first = start("one", "--batch")
    until(lambda: provider.batches and provider.batches[0].looks, first)
    ((run,),) = rows(tmp_path, "select id from run")
    if not alive:
        first.kill()
        first.communicate()
    asked_again = PAIRS if alive else PAIRS - 4
    second = start("two", "--pairs", str(asked_again), patience=2)
    out, err = second.communicate(timeout=120)
    told = json.loads(out)
    assert (second.returncode, told["kind"]) == (6, "model"), out + err
    assert run in told["where"] and "--batch" in told["next"]
    assert f"{asked_again} calls are in a batch of run {run}" in err and "at most" in err
    assert not provider.asked and len(provider.batches) == 1
    provider.looks = 1
    result, _ = finish(start("three", "--batch"))
    assert result["failed_calls"] == 0 and len(provider.batches) == 1 and not provider.asked


@pytest.mark.parametrize("heir", ["one", "two"])
def test_a_batch_whose_run_was_killed_before_it_knew_the_id_is_paid_once(
    start: Any, provider: Provider, tmp_path: Path, heir: str
):
    """The provider has it, and the process that sent it dies before the answer comes: the same
    command, and another one that asks the same, ask the provider for it first."""
    first: list[Any] = []
    provider.submitted = lambda: first[0].kill()
    first.append(start("one", "--batch"))
    first[0].communicate()
    provider.submitted = lambda: None
    assert len(provider.batches) == 1
    assert rows(tmp_path, "select provider_id, closed from batch") == [("", None)]
    provider.looks = 1
    result, _ = finish(start(heir, "--batch"))
    assert result["failed_calls"] == 0 and len(provider.batches) == 1 and not provider.asked
    ((known,),) = rows(tmp_path, "select provider_id from batch")
    assert known == provider.batches[0].id


def test_a_run_without_a_batch_waits_for_one_that_may_have_arrived(
    start: Any, provider: Provider, tmp_path: Path
):
    first: list[Any] = []
    provider.submitted = lambda: first[0].kill()
    first.append(start("one", "--batch"))
    first[0].communicate()
    second = start("two", "--pairs", str(PAIRS - 4), patience=1)
    out, err = second.communicate(timeout=120)
    told = json.loads(out)
    assert (second.returncode, told["kind"]) == (6, "model"), out + err
    assert "--batch" in told["next"] and not provider.asked and len(provider.batches) == 1


@pytest.mark.parametrize("killed", [False, True])
def test_needles_at_once_ask_nothing_twice(
    tmp_path: Path, shared_cache: Path, provider: Provider, killed: bool
):
    """Two grids on one database: a cell that one asks the other waits for, and takes as measured;
    those of a killed one it asks itself."""
    provider.seconds = 12.0  # longer than the second takes to begin
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "STORYTRANSFORMER_CACHE": str(shared_cache),
        "ANTHROPIC_BASE_URL": provider.url,
        "ANTHROPIC_API_KEY": "none",
    }
    command = ["eval", "needle", "--model", "claude/claude-haiku-5-5", "--allow-cloud", "all"]
    command += ["--lengths", "300,500", "--depths", "0,25,50,75,90,100", "--json"]

    def begin() -> subprocess.Popen[str]:
        return Command(
            command, code=COMMAND.format(patience=600), cwd=tmp_path, env=env,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    first = begin()
    try:
        until(lambda: provider.asked, first)
        second = begin()
        lines = said(second)
        try:
            until(lambda: any("waiting for the replies" in line for line in lines), second)
            provider.seconds = 0.1
            if killed:
                first.kill()
                first.communicate()
                ((stored,),) = rows(tmp_path, "select count(*) from needle_cell")
                before = set(asked(provider))
            assert second.wait(180) == 0 and second.stdout is not None, lines
            two = json.loads(second.stdout.read())
        finally:
            second.kill()
        if killed:
            again = {prompt for prompt, n in asked(provider).items() if n > 1}
            assert again <= before, "in flight at its death, and no other"
            assert 0 < len(again) <= len(before) - stored <= 8
        else:
            one, _ = finish(first)
            assert one["reused"] + two["reused"] == len(asked(provider)) == 12
            assert set(asked(provider).values()) == {1}
            assert one["cells"] and two["mean"] == one["mean"]
    finally:
        first.kill()
        first.communicate()
    assert rows(tmp_path, "select count(*) from needle_cell") == [(12,)]
    assert rows(tmp_path, "select count(*) from claim") == [(0,)]


def test_waiting_can_be_interrupted(start: Any, provider: Provider, tmp_path: Path):
    provider.looks = None
    first = start("one", "--batch")
    until(lambda: provider.batches and provider.batches[0].looks, first)
    second = start("two")
    lines = said(second)
    until(lambda: any("waiting for the replies" in line for line in lines), second)
    second.send_signal(signal.SIGINT)
    assert second.wait(30) == 130 and second.stdout is not None
    assert json.loads(second.stdout.read())["kind"] == "interrupted"
    assert rows(tmp_path, "select count(*) from asker") == [(1,)], "the first asks on"
    assert rows(tmp_path, "select state from run order by started, id")[1] == ("interrupted",)
