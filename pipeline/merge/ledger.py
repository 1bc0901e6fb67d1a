"""The books: exactly one row for every source story, or the run does not end well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pipeline.entries import Conflict, Entry, LedgerRow, Outcome
from pipeline.errors import LedgerError
from pipeline.judge.proof import prove, prove_need
from pipeline.merge.arrange import Group, Under, members
from pipeline.merge.settling import Settled
from pipeline.stories import Story

#: Said of a story that stands alone, which others may well be like.
_ALONE = "no other story says the same, word for word"


def make_rows(
    groups: Sequence[Group],
    entries: Sequence[Entry],
    stories: Mapping[str, Story],
    conflicts: Iterable[Conflict],
    settled: Settled,
    skipped: Mapping[str, str],
) -> list[LedgerRow]:
    """One row for each story.

    Args:
        groups, entries: in the same order.
        conflicts: those that are asserted; a possible one changes no row.
        skipped: story id → why it was left out.
    """
    against: dict[str, tuple[str, Conflict]] = {}
    for conflict in conflicts:
        sides = [side.story for side in conflict.sides]
        for side in sides:
            against.setdefault(side, (next(s for s in sides if s != side), conflict))
    rows = [
        LedgerRow(story, Outcome.SKIPPED, "", "", why, "code") for story, why in skipped.items()
    ]
    for group, entry in zip(groups, entries, strict=True):
        rows += _rows_of(group, entry, stories, against, settled)
    return rows


def _rows_of(
    group: Group,
    entry: Entry,
    stories: Mapping[str, Story],
    against: Mapping[str, tuple[str, Conflict]],
    settled: Settled,
) -> Iterable[LedgerRow]:
    first: dict[str, str] = {}
    for name in group.proved:
        print_ = stories[name].fingerprint
        copied = first.setdefault(print_, name)
        side = against.get(name) or against.get(copied)
        if side is not None:
            yield _contested(name, entry.id, *side)
        elif name == group.standing:
            others = len(members(group)) - 1
            why = f"stands for {others + 1} tellings" if others else _ALONE
            yield LedgerRow(name, Outcome.KEPT, entry.id, "", why, "code")
        elif copied != name:
            proof = prove(stories[name], stories[copied])
            rules = proof.rules if proof else ()
            why = "every field is the same, word for word"
            yield LedgerRow(name, Outcome.DUPLICATE_OF, entry.id, copied, why, "proof", rules)
        else:
            proof = prove_need(stories[name], stories[group.standing])
            rules = proof.rules if proof else ()
            why = "its goal and benefit are the same, word for word"
            yield LedgerRow(
                name, Outcome.MERGED_INTO, entry.id, group.standing, why, "proof", rules
            )
    for under in group.folded:
        for name in under.stories:
            yield _folded(name, under, entry.id, group.standing, settled)


def _contested(name: str, entry: str, other: str, conflict: Conflict) -> LedgerRow:
    why = f"they disagree on {conflict.about}" if conflict.about else "they contradict each other"
    if conflict.reason == "a person decided":
        return LedgerRow(
            name, Outcome.CONFLICT_WITH, entry, other, f"{why}, {conflict.by}", "person"
        )
    return LedgerRow(
        name, Outcome.CONFLICT_WITH, entry, other, why, "judge", judge=conflict.by,
        record=conflict.reason.removeprefix("record "),
    )  # fmt: skip


def _folded(name: str, under: Under, entry: str, standing: str, settled: Settled) -> LedgerRow:
    if under.why is None:
        decision = settled.decides(name, standing)
        why = "decided against" if under.whole else "its goal is told by another"
        return LedgerRow(
            name, Outcome.MERGED_INTO, entry, standing, f"{why}, {under.decision}", "person",
            at=decision.at if decision else None,
        )  # fmt: skip
    judged = under.why
    return LedgerRow(
        name, Outcome.MERGED_INTO, entry, standing, "one need in other words", "judge",
        judge=judged.judge, record=judged.record, likelihood=judged.likelihood,
    )  # fmt: skip


def balance(
    stories: Iterable[Story], rows: Iterable[LedgerRow], entries: Sequence[Entry] = ()
) -> tuple[LedgerRow, ...]:
    """The rows in the order of the stories, once the books are proven to balance.

    Args:
        entries: of the merged document. Each row but a skipped one must be in one of them, and
            every source of theirs must have a row that says so.

    Raises:
        LedgerError: a story without a row or with two, a row of no story, a row that is in no
            entry. The message lists them all.
    """
    order = {story.id: i for i, story in enumerate(stories)}
    listed = list(rows)
    held = Counter(row.story for row in listed)
    faults = [f"{story} has no row" for story in order if not held[story]]
    faults += [f"{story} has {n} rows" for story, n in held.items() if n > 1 and story in order]
    faults += [f"{story} has a row and is not a story" for story in held if story not in order]
    faults += _unheld(listed, entries)
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


def _unheld(rows: Sequence[LedgerRow], entries: Sequence[Entry]) -> list[str]:
    sources = {entry.id: set(entry.sources) for entry in entries}
    faults = [
        f"{row.story} is in {row.entry or 'no entry'}, which does not list it"
        for row in rows
        if row.outcome is not Outcome.SKIPPED and row.story not in sources.get(row.entry, ())
    ]
    targets = {row.story: row.entry for row in rows}
    faults += [
        f"{entry.id} lists {source}, whose row says otherwise"
        for entry in entries
        for source in entry.sources
        if targets.get(source) != entry.id
    ]
    return faults
