"""Batches are written down before they are sent, and found again whoever died in between."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.store.batch_register import StoreBatches
from pipeline.store.record import StoreJournal


def requests_of(make, n, start=0):
    return [make.request(f"prompt {i}") for i in range(start, start + n)]


def run_of(store, make):
    corpus = store.save_corpus([make.extraction()])
    return store.start_run(kind="merge", corpus=corpus, model="claude/x", strategy="edit")


@pytest.fixture
def batches(store, make):
    return StoreBatches(store, run_of(store, make))


def test_a_batch_is_there_before_it_is_sent(store, make, batches):
    requests = requests_of(make, 1200)  # more than a statement takes parameters
    batch = batches.open("claude/x", requests)
    (found,) = batches.pending([r.key for r in requests])
    assert found.id == batch.id and found.provider_id == "" and batches.unfinished()
    assert set(found.keys) == {r.key for r in requests}
    assert found.created == batch.created and found.created.tzinfo is not None
    kept = batches.submitted(batch, "msgbatch_1")
    assert batches.pending([requests[7].key]) == [kept.__class__(
        batch.id, "msgbatch_1", found.keys, batch.created)]  # fmt: skip
    assert batches.known() == {"msgbatch_1"}
    batches.close(kept, "1200 answered, 0 failed", [r.key for r in requests])
    assert batches.pending([r.key for r in requests]) == [] and not batches.unfinished()


def test_another_run_takes_what_it_needs_and_leaves_the_rest(store, make, batches):
    requests = requests_of(make, 4)
    keys = [r.key for r in requests]
    unsent = batches.open("claude/x", requests)
    other = StoreBatches(store, run_of(store, make))
    (unsure,) = other.pending(keys)
    assert unsure.provider_id == "", "whoever claims its requests asks whether it arrived"
    batches.submitted(unsent, "msgbatch_1")
    (shared,) = other.pending(keys[:2])
    other.close(shared, "2 answered, 0 failed", keys[:2])
    assert other.pending(keys[:2]) == [] and batches.unfinished()
    (left,) = batches.pending(keys)
    assert set(left.keys) == set(keys[2:])
    batches.close(left, "2 answered, 0 failed", keys[2:])
    assert not batches.unfinished()


def test_what_is_reserved_and_handed_over_is_in_flight(store, make, batches):
    a, b, c = requests_of(make, 3)
    journal = StoreJournal(store, batches.run, max_usd=Decimal(10))
    for request in (a, b):
        journal.reserve(request.key, Decimal(1))
    batch = batches.submitted(batches.open("claude/x", [a, b, c]), "msgbatch_1")
    keys = [a.key, b.key, c.key]
    assert batches.in_flight(keys) == {a.key, b.key}, "c was never paid for"
    assert StoreBatches(store, run_of(store, make)).in_flight(keys) == frozenset()
    journal.settle(a.key, Decimal("0.5"))
    assert batches.in_flight(keys) == {b.key}
    batches.close(batch, "it never reached the provider")
    assert batches.in_flight(keys) == frozenset()
