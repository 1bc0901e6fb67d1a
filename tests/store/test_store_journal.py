"""No journalled reply is asked for again, and a budget holds across processes and kills."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy import text as sql

from pipeline.errors import BudgetError, StoreError
from pipeline.store.journal import StoreJournal
from pipeline.store.reading import reports
from pipeline.store.record import Store, open_store
from pipeline.store.tables import ChargeRow, OutlineRow, ReplyRow, table_of

FORK = multiprocessing.get_context("fork")


class Worker:
    """A process with a store of its own; ``work(store, tell)`` runs in it."""

    def __init__(self, url: str, clock: Callable, work: Callable[[Store, Callable], Any]) -> None:
        def main() -> None:
            with open_store(url, now=clock) as store:
                work(store, theirs.send)

        self.told, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=main)
        self.process.start()
        theirs.close()

    def hear(self) -> Any:
        """The next thing it tells."""
        assert self.told.poll(30), "the worker says nothing"
        return self.told.recv()

    def finish(self) -> None:
        self.process.join(60)
        assert self.process.exitcode == 0

    def kill(self) -> list[Any]:
        """Kill it where it stands; what it had told and nobody had heard."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(10)
        rest = []
        with contextlib.suppress(EOFError):
            while self.told.poll():
                rest.append(self.told.recv())
        self.told.close()
        return rest


def total(store, table, where=None):
    query = select(func.count()).select_from(table)
    with store.database.read() as connection:
        return connection.execute(query if where is None else query.where(where)).scalar_one()


def test_a_reply_comes_back_as_it_was(store, merge_run, make):
    journal = StoreJournal(store, merge_run.id)
    request = make.request(1)
    reply = make.reply(request, text="  As a shopper\n\0 …\n")
    assert journal.find([request.key]) == {}
    journal.put(request, reply, good=True, why="")
    assert journal.find([request.key, "other"]) == {request.key: reply}
    unpriced = make.reply(make.request(2), usd=None)
    journal.put(make.request(2), unpriced, good=True, why="")
    assert StoreJournal(store, "").find([make.request(2).key]) == {unpriced.key: unpriced}


def test_likelihoods_come_back_to_the_last_digit(store, merge_run, make):
    journal = StoreJournal(store, merge_run.id)
    request = make.request(1)
    sure = {"same": 0.1 + 0.2, "overlap": 1e-300, "conflict": 0.7 - 1e-300, "different": 0.0}
    reply = replace(make.reply(request, text='{"answer":"conflict"}'), likelihoods=sure)
    journal.put(request, reply, good=True)
    journal.put(request, reply, good=True)
    (found,) = journal.find([request.key]).values()
    assert found == reply
    assert list(found.likelihoods or {}) == list(sure), "in the order of the schema"
    with store.database.read() as connection:
        (n,) = connection.execute(sql("SELECT count(*) FROM reply WHERE likelihoods > ''")).one()
    assert n == 1


def test_a_reply_is_stored_once_and_bad_ones_are_never_found(store, merge_run, make):
    journal = StoreJournal(store, merge_run.id)
    request = make.request(1)
    bad = make.reply(request, text="{")
    for _ in range(2):
        journal.put(request, bad, good=False, why="the JSON ends too early")
    assert journal.find([request.key]) == {}
    assert total(store, table_of(ReplyRow)) == 1
    for _ in range(2):
        journal.put(request, make.reply(request), good=True, why="")
    assert journal.find([request.key])[request.key].text == "As a shopper …"
    assert total(store, table_of(ReplyRow)) == 2


def test_what_came_and_cannot_be_used_is_found_as_a_failure(store, merge_run, make):
    """Unless nothing came (it was refused, or timed out), a good one came later, or it is asked
    again on purpose: then what came since counts."""
    journal = StoreJournal(store, merge_run.id)
    page, cut, refused, mended = (make.request(n) for n in range(4))
    html = make.reply(page, text="<html>")
    journal.put(page, replace(html, finish="error"), good=False, why="no reply")
    journal.put(cut, replace(make.reply(cut, text="a"), finish="length"), good=False, why="cut off")
    journal.put(
        refused, replace(make.reply(refused, text=""), finish="error"), good=False, why="429"
    )
    journal.put(mended, make.reply(mended, text="{"), good=False, why="no JSON")
    journal.put(mended, make.reply(mended), good=True)
    keys = [one.key for one in (page, cut, refused, mended)]
    found = StoreJournal(store, "").unusable(keys)
    assert {key: (one.finish, one.detail, one.text) for key, one in found.items()} == {
        page.key: ("error", "no reply", "<html>"), cut.key: ("error", "cut off", "a"),
    }  # fmt: skip
    assert found[page.key].usd == html.usd and journal.unusable([]) == {}
    later = store.now() + timedelta(seconds=1)
    assert StoreJournal(store, "", again_before=later).unusable(keys) == {}
    earlier = StoreJournal(store, "", again_before=later - timedelta(hours=1))
    assert earlier.unusable(keys).keys() == found.keys()


def test_the_first_good_reply_stays_and_the_second_is_kept_beside_it(store, merge_run, make):
    journal, request = StoreJournal(store, merge_run.id), make.request(1)
    journal.put(request, make.reply(request, "first"), good=True, why="")
    journal.put(request, make.reply(request, "second"), good=True, why="")
    assert journal.find([request.key])[request.key].text == "first"
    row = table_of(ReplyRow)
    with store.database.read() as connection:
        why = connection.execute(select(row.c.why).where(row.c.text == "second")).scalar_one()
    assert "first" in why


def test_a_reply_to_something_else_is_a_defect(store, merge_run, make):
    with pytest.raises(ValueError, match="does not answer"):
        StoreJournal(store, merge_run.id).put(
            make.request(1), make.reply(make.request(2)), good=True, why=""
        )


def test_many_keys_at_once(store, merge_run, make):
    journal = StoreJournal(store, merge_run.id)
    for n in (3, 1200):
        journal.put(make.request(n), make.reply(make.request(n)), good=True, why="")
    keys = [make.request(n).key for n in range(1500)]
    assert set(journal.find(keys)) == {keys[3], keys[1200]}
    assert journal.find([]) == {}


def test_a_budget_is_kept_to_the_micro_dollar(store, merge_run):
    journal = StoreJournal(store, merge_run.id, max_usd=Decimal("0.01"))
    journal.reserve("a", Decimal("0.006"))
    with pytest.raises(BudgetError) as refused:
        journal.reserve("b", Decimal("0.004001"))
    assert refused.value.exit_code == 4 and "--max-cost" in refused.value.next
    journal.reserve("b", Decimal("0.004"))
    assert journal.charged() == Decimal("0.01")
    journal.settle("a", Decimal("0.0010000001"))  # rounded up: never charged less than it cost
    assert journal.charged() == Decimal("0.005001")
    journal.reserve("c", Decimal("0.004999"))
    with pytest.raises(BudgetError):
        journal.reserve("d", Decimal("0.0000001"))


def test_without_a_limit_everything_is_charged_and_nothing_refused(store, merge_run):
    journal = StoreJournal(store, merge_run.id)
    journal.reserve("a", Decimal(10**6))
    journal.reserve("b", Decimal(0))
    assert journal.charged() == 10**6


def test_a_call_tried_again_is_charged_again_and_settled_apart(store, merge_run):
    """The first try was killed in flight: its reservation stays."""
    journal = StoreJournal(store, merge_run.id, max_usd=Decimal("1"))
    journal.reserve("a", Decimal("0.4"))
    journal.reserve("a", Decimal("0.4"))
    journal.settle("a", Decimal("0.1"))
    assert journal.charged() == Decimal("0.5")
    with pytest.raises(BudgetError):
        journal.reserve("a", Decimal("0.6"))


def test_settling_what_was_never_reserved_is_an_error(store, merge_run):
    journal = StoreJournal(store, merge_run.id)
    with pytest.raises(StoreError, match="no price is set aside"):
        journal.settle("a", Decimal("0.1"))
    with pytest.raises(StoreError, match="no run"):
        StoreJournal(store, "merge-0").reserve("a", Decimal("0.1"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.decimals(0, 2, places=7),
            st.none() | st.decimals(0, 1, places=7),
        ),
        max_size=12,
    )
)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_spent_and_set_aside_never_exceed_the_budget(store, acts):
    """Whatever is reserved and settled (at no more than its reservation), in any order."""
    run = store.start_run(kind="merge", corpus=None, model="m", strategy="edit")
    journal = StoreJournal(store, run, max_usd=Decimal("2.5"))
    expected = Decimal(0)
    for key, usd, share in acts:
        try:
            journal.reserve(key, usd)
        except BudgetError:
            assert expected + usd > Decimal("2.5") - Decimal("0.0001")
            continue
        expected += usd
        if share is not None:
            journal.settle(key, usd * share)
            expected += usd * share - usd
        assert journal.charged() <= Decimal("2.5")
        assert abs(journal.charged() - expected) <= Decimal("0.0001")


def test_four_processes_lose_nothing(ready, clock, store, merge_run, make):
    def worker(who: int) -> Worker:
        def work(own: Store, tell: Callable) -> None:
            journal = StoreJournal(own, merge_run.id)
            for n in range(40):
                request = make.request((who, n))
                journal.reserve(request.key, Decimal("0.00001"))
                journal.put(request, make.reply(request), good=True, why="")
                journal.settle(request.key, Decimal("0.000001"))
                own.put_outline(f"{who}-{n}", "")

        return Worker(ready, clock, work)

    for each in [worker(who) for who in range(4)]:
        each.finish()
    charge = table_of(ChargeRow)
    assert total(store, table_of(ReplyRow)) == total(store, table_of(OutlineRow)) == 160
    assert total(store, charge) == total(store, charge, charge.c.settled_micro_usd == 1) == 160


def test_two_processes_race_for_a_budget_and_never_exceed_it(ready, clock, store, merge_run):
    def worker(who: int) -> Worker:
        def work(own: Store, tell: Callable) -> None:
            journal = StoreJournal(own, merge_run.id, max_usd=Decimal("0.0001"))
            fitted = 0
            with contextlib.suppress(BudgetError):
                while True:
                    journal.reserve(f"{who}-{fitted}", Decimal("0.000003"))
                    fitted += 1
            tell(fitted)

        return Worker(ready, clock, work)

    fitted = [each.hear() for each in [worker(who) for who in range(2)]]
    assert sum(fitted) == 33
    assert StoreJournal(store, merge_run.id).charged() == Decimal("0.000099")


def test_two_processes_answering_the_same_leave_one_good_reply(
    ready, clock, store, merge_run, make
):
    def worker(who: int) -> Worker:
        def work(own: Store, tell: Callable) -> None:
            journal = StoreJournal(own, merge_run.id)
            for n in range(40):
                request = make.request(n)
                journal.put(request, make.reply(request, f"by {who}"), good=True, why="")

        return Worker(ready, clock, work)

    for each in [worker(who) for who in range(2)]:
        each.finish()
    row = table_of(ReplyRow)
    assert (total(store, row, row.c.good), total(store, row)) == (40, 80)


def test_two_processes_saving_the_same_corpora_in_turn_do_not_lock_each_other(ready, clock, make):
    extractions = [make.extraction(30, f"{i}.md", f" of {i}") for i in range(8)]

    def worker(order: list) -> Worker:
        def work(own: Store, tell: Callable) -> None:
            for n in range(len(order)):
                tell(own.save_corpus(order[n:] + order[:n]))

        return Worker(ready, clock, work)

    open_store(ready, now=clock).close()
    one, two = worker(extractions), worker(extractions[::-1])
    one.finish(), two.finish()
    assert len({one.hear() for _ in extractions} | {two.hear() for _ in extractions}) == 16


def test_a_killed_process_leaves_a_journal_that_goes_on(ready, clock, make):
    def work(own: Store, tell: Callable) -> None:
        run = own.start_run(kind="merge", corpus=None, model="local/tiny", strategy="edit")
        journal = StoreJournal(own, run, max_usd=Decimal("1"))
        for n in range(26):
            request = make.request(n)
            journal.reserve(request.key, Decimal("0.00001"))
            if n == 25:
                tell(run)
                time.sleep(60)  # the call is in flight
            journal.put(request, make.reply(request), good=True, why="")
            journal.settle(request.key, Decimal("0.000001"))

    worker = Worker(ready, clock, work)
    run = worker.hear()
    worker.kill()
    with open_store(ready, now=clock) as store:
        assert store.find_resumable() == run
        assert store.resume_run(run)
        row, charge = table_of(ReplyRow), table_of(ChargeRow)
        assert total(store, row, row.c.good) == 25
        # 25 are settled; the one in flight stays charged at its worst case.
        assert total(store, charge, charge.c.settled_micro_usd.is_(None)) == 1
        journal = StoreJournal(store, run, max_usd=Decimal("0.00004"))
        assert journal.charged() == Decimal("0.000035")
        with pytest.raises(BudgetError):
            journal.reserve(make.request(25).key, Decimal("0.00001"))


def test_killed_at_any_moment_the_database_is_whole(ready, clock, make):
    """Killed eight times while writing as fast as it can: every reply that was reported as stored
    is there, and at most one more each time."""
    open_store(ready, now=clock).close()
    told = 0
    for who in range(8):

        def work(own: Store, tell: Callable, who: int = who) -> None:
            run = own.start_run(kind="merge", corpus=None, model="local/tiny", strategy="edit")
            journal = StoreJournal(own, run)
            for n in range(10**6):
                request = make.request((who, n))
                journal.put(request, make.reply(request), good=True, why="")
                tell(n)

        worker = Worker(ready, clock, work)
        worker.hear()
        time.sleep(0.017 * who)
        told += 1 + len(worker.kill())
    with open_store(ready, now=clock) as store:
        stored = total(store, table_of(ReplyRow))
        assert told <= stored <= told + 8
        assert len(reports.list_runs(store)) == 8
        assert {run["state"] for run in reports.list_runs(store)} == {"interrupted"}
        if store.database.is_sqlite:
            with store.database.read() as connection:
                assert connection.execute(sql("PRAGMA integrity_check")).scalar() == "ok"
                assert connection.execute(sql("PRAGMA foreign_key_check")).all() == []


def test_threads_share_a_store(store, merge_run, make):
    journal = StoreJournal(store, merge_run.id, max_usd=Decimal("0.05"))

    def work(n: int) -> int:
        request = make.request(n)
        try:
            journal.reserve(request.key, Decimal("0.001"))
        except BudgetError:
            return 0
        journal.put(request, make.reply(request), good=True, why="")
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(80))) == 50
    assert journal.charged() == Decimal("0.05")


def test_a_wait_for_another_writer_ends_well(tmp_path, clock):
    """A writer that holds the lock for half a second delays us; it does not fail us."""
    url = f"sqlite:///{tmp_path / 'st.sqlite'}"

    def work(own: Store, tell: Callable) -> None:
        with own.database.write():
            tell("held")
            time.sleep(0.5)

    with open_store(url, now=clock) as store:
        holder = Worker(url, clock, work)
        assert holder.hear() == "held"
        began = time.monotonic()
        store.put_outline("a", "")
        assert time.monotonic() - began > 0.2
        holder.finish()
