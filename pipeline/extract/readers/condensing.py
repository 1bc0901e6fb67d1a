"""Long documents in little memory: the blocks of stretches that tell no story are let go of.

A block takes more memory than the line that it stands for. In a document of many megabytes they are
looked through in runs; of a run in which no story is found only the headings are kept that stand
above what follows, and the blocks at its end, where one may begin. Of a table's rows, and of a
program's records, those are kept that tell a story, that look like one, or that stand beside such.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from pipeline.extract.overlooked import is_called_story, wishes_in_cells
from pipeline.extract.readers.leftout import LeftOut
from pipeline.extract.readers.markup import Settle, name_table_columns
from pipeline.extract.readers.strikes import may_strike, struck_in_row
from pipeline.extract.readers.tables import field_role
from pipeline.extract.readers.wiki import is_jira
from pipeline.extract.stories.found import unescape_of
from pipeline.extract.stories.sections import find_in_sections
from pipeline.extract.stories.story_rows import find_in_rows
from pipeline.stories import Block

#: Characters of a document that are many, and blocks of one run.
LONG, RUN = 1_000_000, 50_000
#: Blocks at a run's end that are kept: none of the shapes of a story begins further up.
_KEPT = 300
#: Blocks at the top of a table that are kept: they name its columns.
_HEAD = 20
#: Rows of one run; those at a run's end that are looked at again with the next, where a table that
#: stands sideways may begin; and those that are kept before and after a row that is.
_ROWS, _AGAIN, _BEFORE, _AFTER = 2_000, 40, 4, 3
#: After a run of which more than half is kept, so many are kept unseen: where nearly every row
#: tells a story there is little to let go of, and each would be read twice.
_UNSEEN = 10
#: Rows that a short text may have: a page of short cells is many times as long as its text.
_SHORT = 20_000
#: Columns by which rows of one table tell of one another.
_SHARED = frozenset({"role", "goal"})


def settle_stretches(text: str, least: int | None = None) -> Settle | None:
    """What lets go of the blocks of a document's stretches, None for one that is not long."""
    return (
        Settle(RUN, letting_go(lambda: text))
        if len(text) >= (LONG if least is None else least)
        else None
    )


def letting_go(whole: Callable[[], str]) -> Callable[[list[Block]], list[Block]]:
    """What lets go of blocks each time that there are many more.

    Args:
        whole: tells the text, so far as it was read.
    """
    done = 0

    def settle(blocks: list[Block]) -> list[Block]:
        nonlocal done
        before, run = blocks[:done], blocks[done:]
        cut = len(run) - _KEPT
        if cut <= 0:
            return blocks
        text = whole()
        above = headings_above(before)
        named = name_table_columns(text, [*above, *run])
        if next(find_in_sections(text, named), None) is not None:
            done = len(blocks) - _KEPT
            return blocks
        top = cut
        while top > 0 and run[top].kind in ("row", "meta"):
            top -= 1
        head: list[Block] = []
        if top < cut:  # in a table: its columns are named by its first rows
            keeper = RowKeeper(text, "markdown", records=False)
            rows = named[len(above) + top + _HEAD : len(above) + cut]
            if any(row.kind == "row" and keeper.may_matter(row) for row in rows):
                cut = top
            else:
                head, cut = run[top : top + _HEAD], max(cut, top + _HEAD)
        if cut <= 0:
            return blocks
        past = run[: top if head else cut]
        trail = [block for block in headings_above([*above, *past]) if block not in above]
        done = len(before) + len(trail)
        return [*before, *trail, *head, *run[cut:]]

    return settle


def headings_above(blocks: Sequence[Block]) -> list[Block]:
    """The headings that stand above what follows these blocks, the highest first."""
    trail: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            trail = [above for above in trail if above.level < block.level]
            trail.append(block)
    return trail


class RowKeeper:
    """Which of a document's rows are kept.

    Args:
        kind: the document's format.
        records: the rows are a program's records, each of which stands alone.
        whole: keep every row, also of a long document.
    """

    def __init__(self, text: str, kind: str, *, records: bool, whole: bool = False) -> None:
        self._text = text
        self._unescape = unescape_of(kind)
        self._records = records
        #: Rows after which they are looked through; of a short document with fewer all are kept.
        self._first = sys.maxsize if whole else 0 if len(text) >= LONG else _SHORT
        self._wiki = False
        self._strikes = may_strike(text)
        self._struck: list[LeftOut] = []

    @property
    def left_out(self) -> list[LeftOut]:
        """What is struck out in the cells of all rows."""
        return sorted(self._struck, key=lambda each: (each.start, each.end))

    def keep(self, rows: Iterable[Block]) -> list[Block]:
        """The rows that are kept, in order."""
        coming = iter(rows)
        kept = list(islice(coming, _KEPT))
        self._wiki = not self._records and is_jira(self._text, kept)
        self._strikes = self._strikes or self._wiki
        again, marks = kept[-_AGAIN:], [True] * len(kept[-_AGAIN:])
        for row in kept:
            self.may_matter(row)
        del kept[-_AGAIN:]
        unseen, count = 0, len(kept)
        while run := list(islice(coming, _ROWS)):
            window = again + run
            count += len(run)
            seen = unseen == 0 and count > self._first
            unseen = max(0, unseen - 1)
            marks += [self.may_matter(row) or not seen for row in run]
            if seen:
                self._mark(window, marks)
            settled = len(window) - _AGAIN
            new = [row for row, marked in zip(window[:settled], marks, strict=False) if marked]
            if seen and len(new) * 2 > settled:
                unseen = _UNSEEN
            kept += new
            again, marks = window[settled:], marks[settled:]
        return kept + again

    def _mark(self, rows: Sequence[Block], marks: list[bool]) -> None:
        """Mark the rows that tell a story, and some before and after each that is marked."""
        told = [row for row in rows if row.kind == "row"]
        numbers = {row.locator.row: n for n, row in enumerate(rows)}
        starts = [row.start for row in rows]
        own = [n for n, marked in enumerate(marks) if marked]
        ranges = [(n, n + 1) for n in own]
        for found in find_in_rows(self._text, told, self._unescape, records=self._records):
            at = numbers[found.locator.row]
            last = max(at, bisect_left(starts, found.spans[-1].end) - 1)
            ranges.append((min(at, bisect_left(starts, found.spans[0].start)), last + 1))
        for first, after in ranges:
            first, after = max(0, first - _BEFORE), min(len(rows), after + _AFTER)
            marks[first:after] = [True] * (after - first)

    def may_matter(self, row: Block) -> bool:
        """Whether a row that tells no story says something to others: the head of a table, a row
        that adds to another or holds what is struck out, one that looks like a story; one of a
        role alone, or of a wish alone, whose role stands above. (A row of both stands by itself,
        and is judged with the rows about it.)"""
        if row.kind != "row":
            return True
        struck = struck_in_row(self._text, row, wiki=self._wiki) if self._strikes else []
        self._struck += struck
        holds = {field_role(name) for name, _, _ in row.columns}
        adds = "notes" in holds and not holds - {"notes", "benefit", "type", ""}
        return (
            len(holds & _SHARED) == 1
            or bool(struck)
            or (self._records and '"strike"' in self._text[row.start : row.end])
            or "criteria" in holds
            or (adds and not self._records)
            or is_called_story(self._text, row)
            or wishes_in_cells(self._text, row)
        )
