"""From stories, answers and decisions to a merge: a pure function, so that a run can be concluded
again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.entries import (
    Answer,
    Conflict,
    Decision,
    Entry,
    Judgement,
    Link,
    Merge,
    Side,
)
from pipeline.merge.arrange import arrange
from pipeline.merge.entry import fold_repeated, make_entry
from pipeline.merge.ledger import balance, make_rows
from pipeline.merge.placing import asserted_conflicts, find_links, possible_conflicts, told
from pipeline.merge.settling import Settled, settle
from pipeline.plan.near.similarity import Pair
from pipeline.plan.selection import left_out
from pipeline.stories import Story

#: Pairs that a person is asked about, at most; `review --most` shows more of them.
MOST_PROPOSALS = 2000


def conclude(
    stories: Mapping[str, Story],
    pairs: Iterable[Pair],
    weights: Mapping[str, float],
    *,
    judgements: Sequence[Judgement] = (),
    opinions: Sequence[Judgement] = (),
    decisions: Sequence[Decision] = (),
    about: Sequence[str] = (),
    failed_calls: Sequence[str] = (),
) -> Merge:
    """Put tellings under one another, place the entries, and balance the books.

    Args:
        stories: by id, in corpus order.
        pairs: similar stories, the most alike first; read more than once.
        weights: rarity of stems in the corpus.
        judgements: answers of judges that their records allow to act.
        opinions: answers of judges without a record: they only order the proposals.
        decisions: what persons decided, whether or not it concerns these stories.
        about: keywords; stories that name none of them are left out and listed as such.

    Raises:
        LedgerError: a story without exactly one row.
    """
    skipped = left_out(stories.values(), about)
    here = {name: story for name, story in stories.items() if name not in skipped}
    settled = settle(decisions, here.values())
    groups = arrange(here, judgements, settled)
    entries = fold_repeated([make_entry(group, here) for group in groups], here)
    asserted = list(asserted_conflicts(here, judgements, settled))
    possible = list(possible_conflicts(here, pairs, weights, settled, asserted))
    entry_of = {story: entry for entry in entries for story in entry.sources}
    folded_by_person = {fold.story for fold in settled.folds}
    marks = (_by_what_stands(one, entry_of, here) for one in possible)
    told_once = {
        frozenset(side.story for side in mark.sides): mark
        for mark in reversed([mark for mark in marks if mark is not None])
        if not _is_settled(mark, folded_by_person)
    }
    possible = list(reversed(told_once.values()))
    near = _contested_first(asserted, possible, pairs)
    links = find_links(entries, near, judgements, settled)
    rows = make_rows(groups, entries, here, asserted, settled, skipped)
    ledger = balance(stories.values(), rows, entries)
    return Merge(
        tuple(entries),
        (*asserted, *possible),
        links,
        ledger,
        _proposals(possible, links, opinions, entries, settled),
        tuple(failed_calls),
    )


def _is_settled(conflict: Conflict, folded: set[str]) -> bool:
    """Whether a person has put a side of a possible conflict under another telling."""
    return any(side.story in folded for side in conflict.sides)


def _by_what_stands(
    conflict: Conflict, entry_of: Mapping[str, Entry], stories: Mapping[str, Story]
) -> Conflict | None:
    """The mark with a sentence that proof has folded told by the one that stands for it; None where
    one sentence stands for both sides, or a side stands nowhere."""
    sides = []
    for side in conflict.sides:
        standing = entry_of[side.story].standing
        folded = side.story != standing and side.text == told(stories[side.story])
        text = told(stories[standing])
        sides.append(Side(standing, text, side.differs) if folded else side)
    if len({(side.story, side.text) for side in sides}) < len(sides):
        return None
    if not all(_stands(side, entry_of[side.story]) for side in sides):
        return None  # a paragraph that another entry tells is nobody's need here
    return replace(conflict, sides=tuple(sides))


def _stands(side: Side, entry: Entry) -> bool:
    said = " ".join(side.text.split())
    lines = (line.text for line in entry.lines if side.story in line.stories)
    return any(said in " ".join(line.split()) for line in lines)


def _contested_first(
    asserted: Sequence[Conflict], possible: Sequence[Conflict], pairs: Iterable[Pair]
) -> Iterable[Pair]:
    """Pairs with those that disagree first: both sides of a conflict stand in one place."""
    for conflict in (*asserted, *possible):
        first, *others = conflict.sides
        for other in others:
            yield Pair(first.story, other.story, 1.0)
    yield from pairs


def _proposals(
    possible: Sequence[Conflict],
    links: Sequence[Link],
    opinions: Sequence[Judgement],
    entries: Sequence[Entry],
    settled: Settled,
) -> tuple[tuple[str, str], ...]:
    """What a person may decide: what may be a conflict, then what a judge calls one need or
    a contradiction, then entries that are alike, the most alike first."""
    standing = {entry.id: entry.standing for entry in entries}
    entry_of = {story: entry.id for entry in entries for story in entry.sources}
    found = [(one.sides[0].story, one.sides[1].story) for one in possible]
    promising = (Answer.ONE_NEED, Answer.CONTRADICTING)
    surest = sorted(
        (one for one in opinions if one.answer in promising),
        key=lambda one: -(one.likelihood or 0.0),
    )
    found += [(one.a, one.b) for one in surest]
    alike = sorted((link for link in links if link.kind == "alike"), key=lambda one: -one.score)
    found += [(standing[link.a], standing[link.b]) for link in alike]
    taken: dict[frozenset[str], tuple[str, str]] = {}
    for pair in found:
        key = frozenset(entry_of.get(story, "") for story in pair)
        if len(key) == 2 and "" not in key and settled.decides(*pair) is None:
            taken.setdefault(key, pair)
    return tuple(taken.values())[:MOST_PROPOSALS]
