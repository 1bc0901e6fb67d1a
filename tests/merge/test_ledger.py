"""The books: every partition balances, every cooked book is refused with the list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.entries import Entry, LedgerRow, Outcome
from pipeline.errors import LedgerError
from pipeline.merge.ledger import balance, counts
from pipeline.stories import Story
from tests.support.stories import story


def row(name: str, target: str, outcome: Outcome = Outcome.KEPT) -> LedgerRow:
    return LedgerRow(name, outcome, target, "", "why", "code")


def entry(name: str, *stories: str) -> Entry:
    return Entry(name, stories[0], stories, (), ())


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[Story], list[Entry], list[LedgerRow]]:
    groups = draw(st.lists(st.integers(0, 6), min_size=1, max_size=30))
    stories = [story(f"s{i}") for i in range(len(groups))]
    entries, rows = [], []
    for group in sorted(set(groups)):
        members = [f"s{i}" for i, g in enumerate(groups) if g == group]
        if group == 0:
            rows += [row(m, "", Outcome.SKIPPED) for m in members]
            continue
        entries.append(entry(f"m{group}", *members))
        outcome = Outcome.MERGED_INTO if len(members) > 1 else Outcome.KEPT
        rows += [row(m, f"m{group}", outcome) for m in members]
    return stories, entries, draw(st.permutations(rows))


@given(partitions())
def test_any_partition_balances(finished):
    stories, entries, rows = finished
    ledger = balance(stories, rows, entries)
    assert [r.story for r in ledger] == [s.id for s in stories]
    assert sum(counts(ledger).values()) == len(stories)


@given(partitions(), st.data())
def test_cooked_books_are_refused_with_the_culprit(finished, data):
    stories, entries, rows = finished
    victim = data.draw(st.sampled_from(rows))
    fault = data.draw(st.sampled_from(["lost", "twice", "stranger", "nowhere"]))
    cooked = [r for r in rows if r is not victim]
    if fault == "twice":
        cooked = [*rows, victim]
    elif fault == "stranger":
        cooked = [*rows, row("nobody", "m1")]
    elif fault == "nowhere":
        cooked.append(row(victim.story, "m-none"))
    with pytest.raises(LedgerError) as error:
        balance(stories, cooked, entries)
    assert ("nobody" if fault == "stranger" else victim.story) in str(error.value)


def test_an_entry_may_not_list_what_the_ledger_does_not():
    with pytest.raises(LedgerError, match="b has no row"):
        balance([story("a"), story("b")], [row("a", "m")], [entry("m", "a", "b")])
