"""Work shared among processes comes back as if one had done it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence

import psutil
import pytest

from pipeline.errors import InputError
from pipeline.extract import process_pool
from pipeline.extract.extraction import extract
from pipeline.extract.process_pool import beside, in_turns, shared_out


@pytest.fixture(autouse=True)
def three_processors(monkeypatch, request):
    """Whatever threads other tests have left in this process, but where threads are looked at."""
    monkeypatch.setattr(process_pool, "processors", lambda: 3)
    if "thread" not in request.node.name:
        monkeypatch.setattr(process_pool, "may_fork", lambda: True)


def children() -> set[int]:
    return {process.pid for process in psutil.Process().children()}


def squares(part: Sequence[int]) -> list[tuple[int, int]]:
    return [(n * n, os.getpid()) for n in part]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 11, 1000])
def test_results_come_in_order_from_as_many_processes_as_are_worth_it(n):
    found = shared_out(squares, range(n), least=2)
    assert [square for square, _ in found] == [i * i for i in range(n)]
    assert len({process for _, process in found}) == (0 if n == 0 else max(1, min(3, n // 2)))
    assert n == 0 or found[0][1] == os.getpid()


def test_items_taken_in_turns_come_in_order_and_by_whoever_is_free():
    here = os.getpid()

    def slow_here(n: int) -> tuple[int, int]:
        time.sleep(3 if os.getpid() == here else 0.2)
        return n * n, os.getpid()

    found = in_turns(slow_here, range(8))
    assert [square for square, _ in found] == [n * n for n in range(8)]
    mine = [process for _, process in found].count(here)
    assert len({process for _, process in found}) == 3 and mine == 1
    assert in_turns(slow_here, []) == []


def test_an_item_that_a_copy_took_and_died_of_is_done_here():
    here = os.getpid()

    def die_elsewhere(n: int) -> int:
        if os.getpid() != here:
            os._exit(9)
        time.sleep(0.1)
        return n

    before = children()
    assert in_turns(die_elsewhere, range(6)) == list(range(6))
    with pytest.raises(ZeroDivisionError):
        in_turns(lambda n: 1 // n, range(6))
    assert children() == before


def test_a_copy_makes_no_copies(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(process_pool, "processors", lambda: 3)
    monkeypatch.setattr(process_pool.threading, "active_count", lambda: 1)
    if not process_pool.may_fork():
        pytest.skip("no copies are made on this system")

    def inner(part: Sequence[int]) -> list[tuple[int, int]]:
        return [(os.getpid(), process) for _, process in shared_out(squares, part, least=1)]

    pairs = shared_out(inner, range(9), least=1)
    assert all(process == its for process, its in pairs if process != os.getpid())


def test_work_beside_this_process_leaves_its_results_on_the_disk(tmp_path):
    before, told = children(), tmp_path / "told"

    def slow() -> None:
        time.sleep(0.3)
        told.write_text(str(os.getpid()))

    wait = beside(slow)
    assert wait is not None and not told.exists()
    wait()
    assert int(told.read_text()) != os.getpid()
    assert children() == before


@pytest.mark.parametrize("end", [lambda: os._exit(9), lambda: 1 // 0])
def test_work_beside_this_process_that_fails_is_over_and_says_nothing(end, capfd):
    before = children()
    wait = beside(end)
    assert wait is not None
    wait()
    assert children() == before
    assert capfd.readouterr() == ("", "")


def test_nothing_is_begun_beside_another_thread_or_with_one_processor(monkeypatch):
    monkeypatch.setattr(process_pool, "may_fork", lambda: False)
    assert beside(lambda: None) is None
    monkeypatch.setattr(process_pool, "may_fork", lambda: True)
    monkeypatch.setattr(process_pool, "processors", lambda: 1)
    assert beside(lambda: None) is None


def test_with_another_thread_everything_is_done_here():
    wait = threading.Event()
    other = threading.Thread(target=wait.wait)
    other.start()
    try:
        assert {process for _, process in shared_out(squares, range(9), least=1)} == {os.getpid()}
    finally:
        wait.set()
        other.join()


def test_a_copy_that_dies_or_fails_is_replaced_by_doing_its_part_here():
    here = os.getpid()

    def die_elsewhere(part: Sequence[int]) -> list[int]:
        if os.getpid() != here:
            os._exit(9)
        return list(part)

    def fail_elsewhere(part: Sequence[int]) -> list[int]:
        if os.getpid() != here:
            raise ValueError("only there")
        return list(part)

    for work in (die_elsewhere, fail_elsewhere):
        assert shared_out(work, range(9), least=1) == list(range(9))


def test_an_error_is_the_callers_and_leaves_no_process_behind():
    def refuse(part: Sequence[int]) -> list[int]:
        if 8 in part or 0 in part:
            raise InputError(f"{part[0]} is refused.")
        return list(part)

    before = children()
    for first in (0, 1):
        with pytest.raises(InputError, match=f"{[0, 7][first]} is refused"):
            shared_out(refuse, range(first, 9 + first), least=1)
    assert children() == before


def test_documents_are_the_same_however_many_read_them(tmp_path, monkeypatch):
    for n in range(20):
        lines = [f"As a user{n}, I want thing {i} of {n}, so that it works." for i in range(n % 4)]
        (tmp_path / f"{n}.txt").write_text("\n".join(lines))
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    shared = list(extract([tmp_path]))
    monkeypatch.setattr(process_pool, "processors", lambda: 1)
    assert list(extract([tmp_path])) == shared
    assert sum(len(e.stories) for e in shared) == 30
    assert sum(e.document.problem is not None for e in shared) >= 1
