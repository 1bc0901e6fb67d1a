"""The books: exactly one row for every source story, or the run does not end well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.errors import LedgerError
from pipeline.outcomes import LedgerRow, MergedStory, Outcome
from pipeline.stories import Story


def balance(
    stories: Iterable[Story], rows: Iterable[LedgerRow], merged: Sequence[MergedStory] = ()
) -> tuple[LedgerRow, ...]:
    """The rows in the order of the stories, once the books are proven to balance.

    Args:
        merged: the stories of the merged document. Each row but a skipped one must stand in one
            of them, and every source of theirs must have a row that says so.

    Raises:
        LedgerError: a story without a row or with two, a row of no story, a row that stands in
            no merged story. The message lists them all.
    """
    order = {story.id: i for i, story in enumerate(stories)}
    listed = list(rows)
    held = Counter(row.story for row in listed)
    faults = [f"{story} has no row" for story in order if not held[story]]
    faults += [f"{story} has {n} rows" for story, n in held.items() if n > 1 and story in order]
    faults += [f"{story} has a row and is no story" for story in held if story not in order]
    faults += _unheld(listed, merged)
    if faults:
        shown = "; ".join(sorted(faults)[:20])
        more = f" and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise LedgerError(
            f"the books do not balance: {shown}{more}.",
            where="ledger",
            next="Nothing was written. Please report this with the run's database.",
        )
    return tuple(sorted(listed, key=lambda row: order[row.story]))


def counts(ledger: Iterable[LedgerRow]) -> dict[str, int]:
    """Rows by outcome, every outcome named, in order of report."""
    found = Counter(row.outcome for row in ledger)
    order = (Outcome.KEPT, Outcome.DUPLICATE_OF, Outcome.MERGED_INTO, Outcome.CONFLICT_WITH)
    return {outcome.value: found[outcome] for outcome in (*order, Outcome.SKIPPED)}


def _unheld(rows: Sequence[LedgerRow], merged: Sequence[MergedStory]) -> list[str]:
    if not merged and all(row.outcome is Outcome.SKIPPED for row in rows):
        return []
    sources = {story.id: set(story.sources) for story in merged}
    faults = [
        f"{row.story} stands in {row.target or 'no merged story'}, which does not hold it"
        for row in rows
        if row.outcome is not Outcome.SKIPPED and row.story not in sources.get(row.target, ())
    ]
    targets = {row.story: row.target for row in rows}
    faults += [
        f"{story.id} holds {source}, whose row says otherwise"
        for story in merged
        for source in story.sources
        if targets.get(source) != story.id
    ]
    return faults
