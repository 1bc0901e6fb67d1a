"""Ctrl-C at any step of a transaction leaves a database that the next one can write to."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import text

from pipeline.store.connection import interrupts
from pipeline.store.connection.database import Database
from pipeline.store.connection.interrupts import interrupts_held


class SignalAt:
    """Sends a signal at the n-th line that is run in a function called after ``sys.settrace``."""

    def __init__(self, line: int, number: signal.Signals = signal.SIGINT) -> None:
        self.left = line
        self.number = number

    def __call__(self, frame: FrameType, event: str, arg: object) -> SignalAt | None:
        if event == "line" and self.left:
            self.left -= 1
            if not self.left:
                signal.raise_signal(self.number)
        return self if self.left else None


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'a.sqlite'}", patience=0.1)
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE step (n INTEGER)"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_collection_between_steps() -> Iterator[None]:
    """What the collector calls, others' callbacks among it, is no step of ours: an exception that
    is raised there is swallowed, and told as a warning."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def ctrl_c_raises() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_at_any_step_of_the_end_of_a_transaction_is_told_and_locks_nothing(
    database: Database,
):
    """The end is where a connection is given back: without care one step in fifty loses it."""
    before = sys.gettrace()
    for steps in count(1):
        ctrl_c = SignalAt(steps)
        told: BaseException | None = None
        try:
            with database.write() as connection:
                connection.execute(text("INSERT INTO step VALUES (:n)"), {"n": steps})
                sys.settrace(ctrl_c)
        except BaseException as error:
            told = error  # with its traceback, which keeps alive what was lost
        finally:
            sys.settrace(before)
        if ctrl_c.left:
            break
        assert isinstance(told, KeyboardInterrupt), f"step {steps}: {told!r}"
        with database.write() as connection:  # within 0.1 s, or it is locked
            connection.execute(text("UPDATE step SET n = -n WHERE n = :n"), {"n": steps})
    assert steps > 50
    with database.read() as connection:
        kept = connection.execute(text("SELECT count(*) FROM step WHERE n < 0")).scalar_one()
    assert kept == steps - 1, "what was in a transaction when Ctrl-C came is stored as a whole"


def test_ctrl_c_before_the_first_statement_of_a_transaction_waits_for_its_end(database: Database):
    done = False
    with pytest.raises(KeyboardInterrupt), database.write() as connection:
        signal.raise_signal(signal.SIGINT)
        connection.execute(text("INSERT INTO step VALUES (1)"))
        done = True
    assert done
    with database.read() as connection:
        assert connection.execute(text("SELECT n FROM step")).scalars().all() == [1]


def test_a_second_ctrl_c_does_not_wait():
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        reached.append("the first waits")
        signal.raise_signal(signal.SIGINT)
        reached.append("the second does not")
    assert reached == ["the first waits"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_failure_in_the_block_does_not_hide_ctrl_c():
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("a statement failed")


def test_an_ignored_ctrl_c_stays_ignored_and_other_threads_are_left_alone():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_held():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN

    signal.signal(signal.SIGINT, signal.default_int_handler)
    seen = []

    def work() -> None:
        with interrupts_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_the_signal_that_cancels_a_run_waits_too_and_one_that_kills_is_left_alone():
    def cancelled(number: int, frame: FrameType | None) -> None:
        raise InterruptedError(number)

    before = signal.signal(signal.SIGTERM, cancelled)
    done = False
    try:
        with pytest.raises(InterruptedError), interrupts_held():
            signal.raise_signal(signal.SIGTERM)
            done = True
        assert done and signal.getsignal(signal.SIGTERM) is cancelled
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with interrupts_held():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_step_leaves_the_handlers_and_the_locks_beside_as_they_were(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
):
    """A lock that stays taken would keep the thread waiting for it for good."""
    lock = threading.RLock()
    monkeypatch.setattr(interrupts, "_beside", [lock])

    def terminated(*_: object) -> None:
        raise KeyboardInterrupt

    before, terminate = sys.gettrace(), signal.signal(signal.SIGTERM, terminated)
    try:
        for steps in count(1):
            at = SignalAt(steps, number)
            with suppress(KeyboardInterrupt):
                sys.settrace(at)
                try:
                    with interrupts_held():
                        pass
                finally:
                    sys.settrace(before)
            with ThreadPoolExecutor(1) as other:
                assert other.submit(lock.acquire, timeout=1).result(), f"step {steps}"
                other.submit(lock.release).result()
            for each in (signal.SIGINT, signal.SIGTERM):
                with pytest.raises(KeyboardInterrupt):
                    signal.raise_signal(each)
            if at.left:
                break
        assert steps > 20
    finally:
        signal.signal(signal.SIGTERM, terminate)
