"""A backlog as the reader finds it, and the books of a merge of it, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.entries import (
    Conflict,
    Entry,
    Fold,
    LedgerRow,
    Line,
    Link,
    Merge,
    Outcome,
    RoleTold,
    Side,
    entry_id,
)
from pipeline.run.corpus import Corpus, read
from pipeline.store.reading.finished_run import FinishedRun
from pipeline.stories import Story

BACKLOG = """# Desk

- As a reader, I want to keep a book for **14 days**, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to delete a reader's account, so that our data stays clean.
- As a head librarian, I want to remove a reader's account, so that our data stays clean.
- As a librarian, I want to print a list of overdue books, so that I can write to the readers.
- As a librarian, I want to print a list of damaged books, so that I can write to the readers.
- As a librarian, I want to print a list of overdue films, so that I can write to the readers.
- As a librarian, I want to print a list of damaged films, so that I can write to the readers.
- As a reader, I want to be told when my book is due, so that I bring it back in time.
- As a reader, I want a message when my book is due, so that I bring it back in time.
"""


def alone(story: Story, *more: Line) -> Entry:
    """The entry of one story."""
    return Entry(
        entry_id((story.id,)),
        story.id,
        (story.id,),
        (RoleTold(story.role, (story.id,)),),
        (Line("sentence", story.text, (story.id,)), *more),
    )


def folded(standing: Story, other: Story) -> Entry:
    """An entry in which a judge put the second story's need under the first's."""
    entry = alone(standing)
    return replace(
        entry,
        id=entry_id((standing.id, other.id)),
        sources=(standing.id, other.id),
        roles=(*entry.roles, RoleTold(other.role, (other.id,))),
        folds=(
            Fold(other.id, "sentence", other.text, "judge", standing.id, reason="tiny, record r1",
                 likelihood=0.998),
        ),
    )  # fmt: skip


def merge_of(stories: list[Story]) -> Merge:
    """14 against 28 days in conflict, by code; delete and remove alike; the lists alike; the last
    two one need, by a judge."""
    entries = [*map(alone, stories[:8]), folded(stories[8], stories[9])]
    ids = [entry.id for entry in entries]
    rows = [
        LedgerRow(s.id, Outcome.KEPT, ids[min(n, 8)], "", "", "code") for n, s in enumerate(stories)
    ]
    rows[9] = replace(rows[9], outcome=Outcome.MERGED_INTO, other=stories[8].id, by="judge",
                      judge="tiny", record="r1")  # fmt: skip
    return Merge(
        tuple(entries),
        (
            Conflict(
                "c", "possible",
                (Side(stories[0].id, stories[0].text, ("14 days",)),
                 Side(stories[1].id, stories[1].text, ("28 days",))),
                "number", "code", "the same words but for a number",
            ),
        ),
        (
            Link(ids[4], ids[5], "alike", 0.9, ("overdue",), ("damaged",)),
            Link(ids[6], ids[7], "alike", 0.9, ("overdue",), ("damaged",)),
            Link(ids[0], ids[1], "alike", 0.8, ("14",), ("28",)),
        ),
        tuple(rows),
        proposals=((stories[2].id, stories[3].id),),
    )  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "desk.md").write_text(BACKLOG)
    found = read([str(tmp_path / "desk.md")])
    assert len(found.stories) == 10
    return found


@pytest.fixture
def stories(corpus: Corpus) -> list[Story]:
    return list(corpus.stories)


@pytest.fixture
def merge(stories: list[Story]) -> Merge:
    return merge_of(stories)


@pytest.fixture
def finished_from() -> Callable[[list[Story], Merge], FinishedRun]:
    def make(stories: list[Story], merge: Merge) -> FinishedRun:
        return FinishedRun(
            "merge-1",
            {story.id: story for story in stories},
            {story.id: f"S-{n}" for n, story in enumerate(stories, 1)},
            merge.entries,
            merge.conflicts,
            merge.links,
            {row.story: row for row in merge.ledger},
            merge.proposals,
        )

    return make


@pytest.fixture
def finished(finished_from, stories: list[Story], merge: Merge) -> FinishedRun:
    return finished_from(stories, merge)
