"""Tables without a header: lines in columns that begin at the same places, and where a row ends.

Rules between the rows tell one; without them, a column that is filled where a row begins and
nowhere else does ("V-3", "open"), since columns of an article are filled on every line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from pipeline.extract.readers.pdf_words import Word

Span = tuple[float, float]
Rule = tuple[float, float, float]
#: Points by which cells of one column may begin apart.
_NEAR = 2.0
#: In sizes of a letter: a cell ends where as much is free.
_CELL = 0.5
#: Rows that make a table where no rule is drawn, and columns that it then has.
_ROWS, _COLUMNS = 3, 3
#: A cell of more words is not a name and no number.
_PHRASE = 3
#: Of names that a column's cells themselves tell.
_NAMED = (
    ("Story", re.compile(r"As\s+an?\s.*\bI\s+(?:want|need|would|wish|can|should|must)\b", re.S)),
    ("As a", re.compile(r"As\s+an?\s")),
    ("I want to", re.compile(r"(?:I|We)\s+(?:want|need|wish|would\s+like)\b")),
    ("So that", re.compile(r"(?:So\s+that|In\s+order\s+to|So\s+(?:I|we))\b", re.I)),
    ("Key", re.compile(r"[A-Z][A-Z0-9]{0,9}[-_.]\d{1,6}$")),
)


class _Line(Protocol):
    words: list[Word]
    base: float
    size: float


def find_bare_rows(
    lines: Sequence[_Line], start: int, rules: Sequence[Rule]
) -> tuple[list[list[int]], list[Span]] | None:
    """The rows of a table without a header that begins with a line, each as the numbers of its
    lines, and what is free between its columns; None where none begins."""
    lefts = _starts(lines[start])
    if len(lefts) < 2:
        return None
    filled: list[list[int]] = []
    for number in range(start, len(lines)):
        far = number > start and lines[number - 1].base - lines[number].base
        if far and far > 4 * lines[number].size:
            break
        here = _columns_of(lines[number], lefts)
        if here is None:
            break
        filled.append(here)
    # A word that runs over its column's end, in the first line already, makes no table.
    opens = _opening(lines, start, filled, rules) if filled else None
    if opens is None:
        return None
    rows: list[list[int]] = []
    for offset, new in enumerate(opens):
        if new or not rows:
            rows.append([])
        rows[-1].append(start + offset)
    return rows, _free(lines[start : start + len(filled)], lefts)


def _starts(line: _Line) -> list[float]:
    starts = [line.words[0].left]
    reach = line.words[0].right
    for word in line.words[1:]:
        if word.left - reach >= _CELL * line.size:
            starts.append(word.left)
        reach = max(reach, word.right)
    return starts


def _columns_of(line: _Line, lefts: Sequence[float]) -> list[int] | None:
    """How many words a line has in each column; None where it does not keep to them."""
    ends = [*(left - 0.5 for left in lefts[1:]), float("inf")]
    filled = [0] * len(lefts)
    for word in line.words:
        column = next(n for n, end in enumerate(ends) if word.left < end)
        if word.right > ends[column] or word.left < lefts[0] - _NEAR:
            return None
        if not filled[column] and abs(word.left - lefts[column]) > _NEAR:
            return None
        filled[column] += 1
    return filled


def _opening(
    lines: Sequence[_Line], start: int, filled: Sequence[Sequence[int]], rules: Sequence[Rule]
) -> list[bool] | None:
    """Of each line, whether a row begins with it; None where no table stands here."""
    own = lines[start : start + len(filled)]
    left, right = own[0].words[0].left, max(word.right for line in own for word in line.words)
    middle = (left + right) / 2
    heights = sorted({round(y, 1) for y, a, b in rules if a <= middle and b >= left})
    inner = [y for y in heights if own[-1].base < y < own[0].base]
    if inner:
        opens = [True, *(any(b.base < y <= a.base + 0.5 for y in inner) for a, b in pairwise(own))]
        sides = [sum(map(any, zip(*row, strict=True))) for row in _grouped(filled, opens)]
        return opens if sum(n > 1 for n in sides) > len(sides) / 2 and len(sides) > 2 else None
    full = [all(each) for each in filled]
    if len(filled[0]) < _COLUMNS or sum(full) < _ROWS:
        return None
    if all(full):  # a row a line, where a column of an article has more words than names have
        return full if min(map(max, zip(*filled, strict=True))) < _PHRASE else None
    sparse = any(
        all(whole for whole, words in zip(full, column, strict=True) if words)
        for column in zip(*filled, strict=True)
    )
    runs = sum(now and not before for before, now in pairwise([False, *full]))
    return full if sparse and runs > 1 else None


def _grouped(filled: Sequence[Sequence[int]], opens: Sequence[bool]) -> list[list[Sequence[int]]]:
    rows: list[list[Sequence[int]]] = []
    for each, new in zip(filled, opens, strict=True):
        if new or not rows:
            rows.append([])
        rows[-1].append(each)
    return rows


def _free(lines: Sequence[_Line], lefts: Sequence[float]) -> list[Span]:
    """What is free on every line between a column and the next."""
    free = []
    for left in lefts[1:]:
        reach = max(
            (w.right for line in lines for w in line.words if w.left < left - _NEAR), default=left
        )
        free.append((min(reach, left - 0.1), left))
    return free


def names_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """What the cells of most rows say that their columns hold; "" where they do not say it."""
    names = []
    for column in zip(*rows, strict=True):
        cells = [cell for cell in column if cell]
        found = (
            name
            for name, shape in _NAMED
            if cells and 2 * sum(bool(shape.match(cell)) for cell in cells) > len(cells)
        )
        names.append(next(found, ""))
    return names


def tells_much(rows: Iterable[Sequence[str]]) -> bool:
    """Whether the cells of a column are sentences for the most part."""
    return any(
        2 * sum(len(cell.split()) > _PHRASE for cell in column) > len(column)
        for column in zip(*rows, strict=True)
    )
