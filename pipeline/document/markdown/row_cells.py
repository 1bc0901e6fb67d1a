"""A story that was a row of a table, as cells under what they are: who reads it again finds its
title, criteria and notes in it, where paragraphs around a table would be no part of the story."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from pipeline.stories import Story

#: A break within a cell, as it is written or as a text that means nothing but itself.
_BREAK = re.compile(r"\\?<br ?/?\\?>", re.IGNORECASE)
_WORD = re.compile(r"\w")


class Row(NamedTuple):
    """Cells by their heads, in their order, and the lines around them of which it is not known what
    they are."""

    before: Sequence[str]
    cells: Mapping[str, str]
    behind: Sequence[str]


def row_of(story: Story, told: Sequence[str], plain: Callable[[str], str]) -> Row | None:
    """A story's text as cells; None where role, goal and benefit are not lines of their own below
    each other.

    Args:
        told: the lines of its text, as they are to be written.
        plain: writes a text so.
    """
    fields = {"As a": story.role, "I want": story.goal, "So that": story.benefit}
    wanted = {name: plain(text) for name, text in fields.items() if text}
    if not (story.role and story.goal):
        return None
    start = next((n for n, line in enumerate(told) if line == wanted["As a"]), -1)
    cells = told[start : start + len(wanted)] if start >= 0 else []
    if len(cells) < len(wanted) or not all(map(is_cell, cells, wanted.values())):
        return None
    before, behind = told[:start], told[start + len(wanted) :]
    found = dict(zip(wanted, cells, strict=True))
    if story.title and list(before) == [plain(story.title)]:
        found, before = {"Title": before[0], **found}, ()
    if more := _more_cells(story, behind, plain):
        found, behind = found | more, ()
    return Row(before, found, behind)


def _more_cells(story: Story, behind: Sequence[str], plain: Callable[[str], str]) -> dict[str, str]:
    """The lines behind a row's cells as cells, by what they are; none where they are anything but
    the story's criteria and its notes, one after the other."""
    parts = {"Acceptance criteria": story.criteria, "Notes": story.body}
    for names in _orders([name for name, told in parts.items() if told]):
        for cut in range(1, len(behind) + 1):
            shares = (behind[:cut], behind[cut:])[: len(names)]
            if len(names) == 1 and cut < len(behind):
                continue
            texts = [_BREAK.sub("<br>", "<br>".join(share)) for share in shares]
            if all(
                _made_of(text, [*map(plain, parts[name])])
                for name, text in zip(names, texts, strict=True)
            ):
                return dict(zip(names, texts, strict=True))
    return {}


def _orders(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return iter(permutations(names)) if names else iter(())


def _made_of(text: str, parts: Sequence[str]) -> bool:
    """Whether a text is these, one after the other, with breaks and signs between them."""
    rest, position = [], 0
    for part in parts:
        at = text.find(part, position)
        if at < 0:
            return False
        rest.append(text[position:at])
        position = at + len(part)
    rest.append(text[position:])
    return not any(_WORD.search(gap.replace("<br>", "")) for gap in rest)


def is_cell(line: str, field: str) -> bool:
    """Whether a line is a cell that holds a field and nothing else."""
    return _bare(line) == _bare(field)


def _bare(cell: str) -> str:
    """A cell without the "to" that a goal may be told with."""
    return cell.casefold().removeprefix("to ").rstrip(".")
