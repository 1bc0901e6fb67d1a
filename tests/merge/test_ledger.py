"""The books: every partition balances, every cooked book is refused with the list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LedgerError
from pipeline.merge.ledger import balance, counts
from pipeline.outcomes import LedgerRow, MergedStory, Outcome, StoryText
from pipeline.stories import Locator, Source, Span, Story


def story(name: str) -> Story:
    return Story(name, "agile", Source("d", "b.md", Locator(), (Span(0, 1),)), name, goal=name)


def row(name: str, target: str, outcome: Outcome = Outcome.KEPT) -> LedgerRow:
    return LedgerRow(name, outcome, target, "", None, "why", "code")


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[Story], list[MergedStory], list[LedgerRow]]:
    groups = draw(st.lists(st.integers(0, 6), min_size=1, max_size=30))
    stories = [story(f"s{i}") for i in range(len(groups))]
    merged, rows = [], []
    for group in sorted(set(groups)):
        members = [f"s{i}" for i, g in enumerate(groups) if g == group]
        if group == 0:
            rows += [row(m, "", Outcome.SKIPPED) for m in members]
            continue
        merged.append(MergedStory(f"m{group}", StoryText(goal="g"), tuple(members), "union"))
        outcome = Outcome.MERGED_INTO if len(members) > 1 else Outcome.KEPT
        rows += [row(m, f"m{group}", outcome) for m in members]
    return stories, merged, draw(st.permutations(rows))


@given(partitions())
def test_any_partition_balances(books):
    stories, merged, rows = books
    ledger = balance(stories, rows, merged)
    assert [r.story for r in ledger] == [s.id for s in stories]
    assert sum(counts(ledger).values()) == len(stories)


@given(partitions(), st.data())
def test_cooked_books_are_refused_with_the_culprit(books, data):
    stories, merged, rows = books
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
        balance(stories, cooked, merged)
    assert ("nobody" if fault == "stranger" else victim.story) in str(error.value)


def test_a_merged_story_may_not_hold_what_the_ledger_does_not():
    merged = [MergedStory("m", StoryText(goal="g"), ("a", "b"), "union")]
    with pytest.raises(LedgerError, match="b has no row"):
        balance([story("a"), story("b")], [row("a", "m")], merged)
