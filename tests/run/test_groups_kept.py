"""Whatever a grouper says, and with forged records: every sentence is kept, and what is killed and
taken up with other records is said to be another run."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from pipeline.config.options import MergeOptions
from pipeline.entries import Answer
from pipeline.errors import ModelError
from pipeline.judge.judge_records import as_mapping, from_mapping
from pipeline.run.job import run
from tests.exam.examples import MODEL, SureJudge, runtime_of
from tests.run.test_believed import record_of
from tests.run.test_window_cap import runtime, window_record  # noqa: F401 - a fixture

ONE = Answer.ONE_NEED
RELATIONS = ("same", "overlap", "conflict")


def reply(*groups) -> str:
    return json.dumps({"groups": [{"handles": h, "relation": r} for r, h in groups]})


def at_random(handles: list[str]) -> str:
    draw = random.Random(" ".join(handles))
    some = list(handles)
    draw.shuffle(some)
    return reply(
        *((draw.choice(RELATIONS), some[i : i + 3]) for i in range(0, len(some), 3)
          if len(some[i : i + 3]) > 1)
    )  # fmt: skip


#: What a server says of a window.
WINDOWS = {
    "all one need": lambda handles: reply(("same", handles)),
    "all in conflict": lambda handles: reply(("conflict", handles)),
    "at random": at_random,
    "nothing": lambda handles: "",
    "no groups": lambda handles: reply(),
    "broken": lambda handles: reply(("same", handles))[:-2],
    "unknown handles": lambda handles: reply(("same", ["S998", "S999"])),
    "one twice": lambda handles: reply(("same", handles[:2]), ("conflict", handles[:2])),
    "other text": lambda handles: json.dumps({"stories": [{"goal": "keep another's text"}]}),
}


class Grouping(SureJudge):
    """Answers windows by a rule, and pairs by what the test says."""

    windows = staticmethod(WINDOWS["all one need"])
    dies_after = 10**6

    def answer(self, request):
        if len(self.asked) > self.dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        if request.purpose == "pair":
            return super().answer(request)
        return self.windows(re.findall(r"(?m)^(S\d+):", request.messages[-1].content))

    def told(self, request):
        return super().told(request) if request.purpose == "pair" else None


def merged(
    folder: Path, cache: Path, windows: str, *, dies_after=10**6, strategy="groups", say=None
):
    """A merge of the documents of a test by such a judge; returns what it prints and the judge."""
    held = {}

    def opener(spec, options):
        judge = held["judge"] = Grouping(spec, cache, lambda one, other: (ONE, 0.95))
        judge.windows, judge.dies_after = WINDOWS[windows], dies_after
        return judge

    here = runtime_of(folder, cache)
    with here.store() as store:
        job = here.merge_job(
            [str(folder / "in")],
            MODEL,
            MergeOptions(strategy=strategy, out=str(folder / "out")),
            store=store,
            say=say or (lambda line: None),
            opener=opener,
        )
        return run(job), held.get("judge")


def forged(record):
    """The record with thresholds that let everything through; its id fits."""
    told = as_mapping(record)
    for answer in told["answers"]:
        answer["threshold"] = 0.0
    return from_mapping(told)


@pytest.mark.parametrize("windows", WINDOWS)
def test_nothing_is_lost_with_forged_records_whatever_a_window_is_said_to_hold(
    runtime,  # noqa: F811
    tmp_path,
    shared_cache,
    windows,
):
    with runtime.store() as store:
        store.save_record(forged(record_of(runtime, tmp_path)))
        store.save_record(window_record(runtime, tmp_path, (8, 170), (10**6, 170)))
    said: list[str] = []
    try:
        _, judge = merged(tmp_path, shared_cache, windows, say=said.append)
        assert judge is not None and judge.asked
    except ModelError:
        assert windows in ("nothing", "broken", "unknown handles", "one twice", "other text")
    written = json.loads((tmp_path / "out" / "merged.json").read_text())
    assert written["kept"]["missing"] == [] and written["kept"]["faults"] == []
    assert len(written["ledger"]) == 40
    if windows == "all one need":
        assert written["kept"]["folded"]["judge"] > 0


def die(folder: Path, cache: Path, strategy: str) -> None:
    """Ends by SIGKILL after three answers."""
    merged(folder, cache, "all one need", dies_after=3, strategy=strategy)


@pytest.mark.parametrize("strategy", ["pairs", "groups"])
def test_a_killed_run_is_taken_up_with_its_records_and_with_no_others(
    runtime,  # noqa: F811
    tmp_path,
    shared_cache,
    strategy,
):
    pairs, windows = record_of(runtime, tmp_path), window_record(runtime, tmp_path)
    with runtime.store() as store:
        for record in (pairs, windows):
            store.save_record(record)
    killed = multiprocessing.get_context("spawn").Process(
        target=die, args=(tmp_path, shared_cache, strategy)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    changed = (
        record_of(runtime, tmp_path, negatives=400)
        if strategy == "pairs"
        else replace(windows, windows=windows.windows[:1])
    )
    with runtime.store() as store:
        begun = store.find_resumable()
        store.save_record(changed)
    said: list[str] = []
    other, judge = merged(
        tmp_path, shared_cache, "all one need", strategy=strategy, say=said.append
    )
    assert other["run"] != begun and other["kept"]["missing"] == []
    assert any(line.startswith(f"{begun} did not end and was begun with") for line in said)
    with runtime.store() as store:
        for record in (pairs, windows):
            store.save_record(record)
    said.clear()
    same, again = merged(tmp_path, shared_cache, "all one need", strategy=strategy, say=said.append)
    assert same["run"] == begun and f"resuming {begun}" in said
    assert same["judge"]["record"] == pairs.id and same["folded"]["judge"] > 0
    # No reply that was journalled before the kill is asked for again.
    keys = [request.key for one in (judge, again) if one for request in one.asked]
    assert len(keys) == len(set(keys))
    with runtime.store() as store, store.database.read() as connection:
        twice = "SELECT request FROM reply WHERE good GROUP BY request HAVING count(*) > 1"
        assert connection.execute(sql(twice)).all() == []
