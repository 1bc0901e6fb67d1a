"""Long documents in little memory: the blocks of stretches that tell no story are let go of.

A block takes more memory than the line that it stands for. In a document of many megabytes they are
looked through in runs; of a run in which no story is found only the headings are kept that stand
above what follows, and the blocks at its end, where one may begin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.extract.markup import Settle, name_table_columns
from pipeline.extract.sections import find_in_sections
from pipeline.stories import Block

#: Characters of a document that are many, and blocks of one run.
_LONG, _RUN = 1_000_000, 50_000
#: Blocks at a run's end that are kept: none of the shapes of a story begins further up.
_KEPT = 300


def settle_stretches(text: str, least: int = _LONG) -> Settle | None:
    """What lets go of the blocks of a document's stretches, None for one that is not long."""
    return Settle(_RUN, _letting_go(text)) if len(text) >= least else None


def _letting_go(text: str) -> Callable[[list[Block]], list[Block]]:
    done = 0

    def settle(blocks: list[Block]) -> list[Block]:
        nonlocal done
        before, run = blocks[:done], blocks[done:]
        cut = len(run) - _KEPT
        while cut > 0 and run[cut].kind in ("row", "meta"):
            cut -= 1  # the columns of a table are named above it
        if cut <= 0:
            return blocks
        above = headings_above(before)
        named = name_table_columns(text, [*above, *run])
        if next(find_in_sections(text, named), None) is not None:
            done = len(blocks) - _KEPT
            return blocks
        trail = [block for block in headings_above([*above, *run[:cut]]) if block not in above]
        done = len(before) + len(trail)
        return [*before, *trail, *run[cut:]]

    return settle


def headings_above(blocks: Sequence[Block]) -> list[Block]:
    """The headings that stand above what follows these blocks, the highest first."""
    trail: list[Block] = []
    for block in blocks:
        if block.kind == "heading":
            trail = [above for above in trail if above.level < block.level]
            trail.append(block)
    return trail
