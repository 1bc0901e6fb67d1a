"""Two processes never ask the same at once; a dead one's claims are taken over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text as sql

from pipeline.store.batch_register import StoreBatches
from pipeline.store.claims import StoreClaims, is_gone, this_process
from pipeline.store.journal import StoreJournal
from pipeline.store.record import Store
from tests.store.test_store_journal import Worker


@dataclass
class Watch:
    """A watch that goes on when it is told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_request_is_in_one_hand_until_it_is_released(store):
    one, two = StoreClaims(store), StoreClaims(store)
    with one.asking(), two.asking():
        assert one.claim("a") == one.claim("a") == "ours"
        assert two.claim("a") == "theirs" and two.claim("b") == "ours"
        assert set(two.askers(["a", "b"])) == {"a"} and set(one.askers(["a", "b"])) == {"b"}
        assert two.askers(["a"])["a"].startswith("process ")
        two.release("a")
        assert two.claim("a") == "theirs", "nobody gives free what another has"
        one.release("a")
        assert two.askers(["a"]) == {} and two.claim("a") == "ours"
    assert rows(store, "claim") == rows(store, "asker") == 0


def test_what_was_answered_meanwhile_is_not_claimed(store, merge_run, make):
    request, bad = make.request(1), make.request(2)
    journal, claims = StoreJournal(store, merge_run.id), StoreClaims(store)
    journal.put(request, make.reply(request), good=True)
    journal.put(bad, make.reply(bad), good=False, why="cut off")
    with claims.asking():
        assert claims.claim(request.key) == claims.claim(bad.key) == "answered", "both were paid"
        assert rows(store, "claim") == 0
    again = StoreClaims(store, again_before=store.now() + timedelta(seconds=1))
    with again.asking():
        assert again.claim(request.key) == "answered" and again.claim(bad.key) == "ours"
        nothing = make.request(3)
        came = replace(make.reply(nothing, text=""), finish="error")
        journal.put(nothing, came, good=False, why="429")
        assert again.claim(nothing.key) == "ours", "nothing came, nothing was paid"


def test_what_another_runs_batch_holds_is_asked_by_it(store, merge_run, make):
    """As long as its provider has it, or may have it; one that takes up batches is not kept from
    it."""
    batches = StoreBatches(store, merge_run.id)
    mine, other = make.request(1), make.request(2)
    batch = batches.open("claude/x", [mine])
    outside = StoreClaims(store, run=another(store, merge_run))
    own, taking = StoreClaims(store, run=merge_run.id), StoreClaims(store)
    keys = [mine.key, other.key]
    with outside.asking():
        assert outside.claim(mine.key) == "theirs", "its provider may have got it"
        batch = batches.submitted(batch, "msgbatch_1")
        assert outside.claim(mine.key) == "theirs" and outside.claim(other.key) == "ours"
        assert set(outside.batched(keys)) == {mine.key}
        assert f"run {merge_run.id}, since 20" in outside.batched(keys)[mine.key]
        assert own.batched(keys) == taking.batched(keys) == {}
        with own.asking(), taking.asking():
            assert own.claim(mine.key) == "ours"
            own.release(mine.key)
            assert taking.claim(mine.key) == "ours"
            taking.release(mine.key)
        batches.close(batch, "ended", [mine.key])
        assert outside.batched(keys) == {} and outside.claim(mine.key) == "ours"


def test_a_batch_that_no_provider_holds_any_more_is_in_nobodys_way(store, merge_run, make):
    batches, mine = StoreBatches(store, merge_run.id), make.request(1)
    batches.submitted(batches.open("claude/x", [mine]), "msgbatch_1")
    outside = StoreClaims(store, run=another(store, merge_run))
    with outside.asking():
        assert outside.claim(mine.key) == "theirs"
        put(store, "UPDATE batch SET created = '2020-01-01T00:00:00.000000Z'")
        assert outside.claim(mine.key) == "ours"


def test_claims_end_with_an_error(store):
    with pytest.raises(RuntimeError), StoreClaims(store).asking():
        raise RuntimeError("the model is gone")
    with pytest.raises(KeyboardInterrupt), StoreClaims(store).asking():
        raise KeyboardInterrupt
    assert rows(store, "asker") == 0


def test_a_killed_process_loses_its_claims_at_once(ready, clock, store):
    worker = Worker(ready, clock, _claiming)
    assert worker.hear() == "ours"
    claims = StoreClaims(store, lease=10**6)
    with claims.asking():
        assert claims.claim("a") == "theirs" and claims.askers(["a"])
        worker.kill()
        assert claims.askers(["a"]) == {} and claims.claim("a") == "ours"
    with StoreClaims(store).asking():
        assert rows(store, "asker") == 1, "the killed one's row is gone"


def _claiming(own: Store, tell: Callable) -> None:
    claims = StoreClaims(own)
    with claims.asking():
        tell(claims.claim("a"))
        time.sleep(60)


def test_another_host_is_believed_as_long_as_its_heart_beats(store):
    watch = Watch()
    claims = StoreClaims(store, lease=60, watch=watch)
    put(store, "INSERT INTO asker VALUES ('far', 'elsewhere:1:2', 7, '2026-11-21T12:00:00.0Z')")
    put(store, "INSERT INTO claim VALUES ('a', 'far')")
    with claims.asking():
        for _ in range(4):  # far longer than its lease
            assert claims.claim("a") == "theirs"
            assert claims.askers(["a"]) == {"a": "process 1 on elsewhere"}
            watch.seconds += 50
            put(store, "UPDATE asker SET beat = beat + 1 WHERE id = 'far'")
        assert claims.claim("a") == "theirs"
        watch.seconds += 59
        assert claims.claim("a") == "theirs"
        watch.seconds += 2
        assert claims.askers(["a"]) == {} and claims.claim("a") == "ours"


def test_the_heart_beats_while_a_reply_is_awaited(store):
    one, two = StoreClaims(store, beat=0.02), StoreClaims(store, lease=0.5)
    with one.asking(), two.asking():
        one.claim("a")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert two.claim("a") == "theirs"
            time.sleep(0.05)
        put(store, "DELETE FROM asker")  # as for one that stood still and is taken for dead
        assert two.claim("a") == "ours" and one.claim("a") == "theirs"


def test_many_processes_claim_each_request_once(ready, clock, store):
    def work(own: Store, tell: Callable) -> None:
        claims = StoreClaims(own)
        with claims.asking():
            tell([n for n in range(60) if claims.claim(str(n)) == "ours"])
            time.sleep(0.1)
            tell("done")
            time.sleep(60)

    workers = [Worker(ready, clock, work) for _ in range(4)]
    claimed = [n for worker in workers for n in worker.hear()]
    assert sorted(claimed) == list(range(60))
    for worker in workers:
        worker.kill()

    def take_over(own: Store, tell: Callable) -> None:
        claims = StoreClaims(own)
        with claims.asking():
            tell([n for n in range(60) if claims.claim(str(n)) == "ours"])
            time.sleep(60)

    heirs = [Worker(ready, clock, take_over) for _ in range(2)]
    claimed = [n for worker in heirs for n in worker.hear()]
    assert sorted(claimed) == list(range(60)), "the dead ones' claims, each once"
    for worker in heirs:
        worker.kill()


def test_a_process_is_known_by_its_id_and_when_it_began():
    here = this_process()
    assert is_gone(here) is False
    assert is_gone(here.rpartition(":")[0] + ":1") is True, "the id is another process's by now"
    assert is_gone("elsewhere:1:2") is None


def another(store: Store, run: SimpleNamespace) -> str:
    """A second run over the same documents."""
    return store.start_run(kind="merge", corpus=run.corpus, model="local/tiny", strategy="edit")


def rows(store: Store, table: str) -> int:
    with store.database.read() as connection:
        return connection.execute(sql(f"SELECT count(*) FROM {table}")).scalar_one()


def put(store: Store, statement: str) -> None:
    with store.database.write() as connection:
        connection.execute(sql(statement))
