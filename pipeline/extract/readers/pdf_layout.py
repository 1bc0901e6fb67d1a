"""A page's words in the order in which they are read: lines, columns, tables.

Lines are words of one height. Where lines leave a lane free from top to bottom, texts stand side by
side and are read one after the other, whatever order they are drawn in; where a line names columns,
a table stands below it. Where texts stand side by side and leave no lane, no order can be known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.extract.readers.pdf_bare import find_bare_rows
from pipeline.extract.readers.pdf_beside import (
    LABEL,
    are_labels,
    goes_on,
    is_leader,
    joined,
    stand_beside,
)
from pipeline.extract.readers.pdf_words import Word
from pipeline.extract.readers.regions import is_header
from pipeline.extract.readers.tables import column_role

#: In sizes of a letter: words farther apart are not neighbours in a sentence.
_WIDE = 0.9
#: In sizes of a letter: a cell ends where as much is free.
_CELL = 0.5
#: Lines on each side before a lane counts as one between columns.
_LINES = 3
#: In sizes of a letter: a lane with fewer lines beside it is wider, and those have more words.
_FAR, _WORDS = 1.5, 2
_DEEPEST = 4
#: Free lanes beyond which words are strewn over a page, and stand in no columns.
_MOST_LANES = 60
#: No table's header is longer.
_HEADER_CHARS = 300
#: What a list's item or a numbered line begins with.
_MARK = re.compile(r"(?:[^\w\s]{1,3}|\(?[A-Za-z]{0,3}\d[\w.-]{0,8}[.):]?|\(?[A-Za-z]{1,2}[.):])$")
Span = tuple[float, float]
#: A horizontal rule: (height, left, right).
Rule = tuple[float, float, float]


class Line:
    """Words of one height, from left to right. ``size``: of most of its letters, in points."""

    __slots__ = ("base", "left", "right", "size", "text", "words")

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.left = words[0].left
        self.right = max(word.right for word in words)
        self.base = words[0].base
        self.size = words[0].size
        if any(word.size != self.size for word in words):
            sizes: dict[float, int] = {}
            for word in words:
                sizes[word.size] = sizes.get(word.size, 0) + len(word.text)
            self.size = max(sizes, key=lambda size: sizes[size])
            self.base = max(words, key=lambda word: word.size).base
        parts: list[str] = []
        previous: Word | None = None
        for word in words:
            glued = (
                previous is not None
                and word.apart
                and -0.2 * word.size < word.left - previous.right < 0.08 * word.size
            )
            parts += ["" if previous is None or glued else " ", word.text]
            previous = word
        self.text = "".join(parts)


@dataclass(slots=True)
class Table:
    """Rows of cells, each a list of lines' words; ``edges``: where columns end, in points;
    ``bare``: its columns are named nowhere."""

    rows: list[list[list[Line]]]
    edges: list[Span]
    headed: bool = True
    bare: bool = False


@dataclass(slots=True)
class Flow:
    """Lines that follow one another. ``unsure``: in an order that cannot be known."""

    lines: list[Line] = field(default_factory=list)
    unsure: bool = False


Region = Flow | Table


def lay_out(words: Sequence[Word], rules: Sequence[Rule] = ()) -> list[Region]:
    """The page's regions in reading order.

    Args:
        rules: horizontal rules of the page, (height, left, right).
    """
    return _read_region(group_lines(words), rules, 0)


def group_lines(words: Sequence[Word]) -> list[Line]:
    """Words of one height made lines, from the top of the page to its foot."""
    lines: list[list[Word]] = []
    largest: list[Word] = []  # of each line: looking for it among thousands of words takes minutes
    for word in sorted(words, key=lambda word: (-word.base, word.left)):
        for n in range(len(lines) - 1, max(-1, len(lines) - 4), -1):
            if abs(largest[n].base - word.base) <= 0.4 * max(word.size, largest[n].size):
                lines[n].append(word)
                largest[n] = max(largest[n], word, key=lambda each: each.size)
                break
        else:
            lines.append([word])
            largest.append(word)
    made = [Line(sorted(line, key=lambda word: word.left)) for line in lines]
    return sorted(made, key=lambda line: -line.base)


def _read_region(lines: list[Line], rules: Sequence[Rule], depth: int) -> list[Region]:
    regions: list[Region] = []
    flow = Flow()
    index = 0
    while index < len(lines):
        if (found := _find_table(lines, index, rules)) is not None:
            table, index = found
            if flow.lines:
                regions.append(flow)
                flow = Flow()
            regions.append(table)
            continue
        if (bare := find_bare_rows(lines, index, rules)) is not None:
            numbers, edges = bare
            rows = [_cells([lines[n] for n in row], edges) for row in numbers]
            regions += [flow] if flow.lines else []
            flow = Flow()
            regions.append(Table(rows, edges, headed=False, bare=True))
            index = numbers[-1][-1] + 1
            continue
        band = _find_columns(lines, index) if depth < _DEEPEST else None
        if band is not None:
            end, lanes = band
            if flow.lines:
                regions.append(flow)
                flow = Flow()
            if _is_labelled(lines[index:end], lanes):
                rows = [_cells(row, lanes) for row in _group_labelled(lines[index:end], lanes)]
                regions.append(Table(rows, list(lanes), headed=False))
                index = end
                continue
            for column in _cut(lines[index:end], lanes):
                regions += _read_region(column, rules, depth + 1)
            index = end
            continue
        flow.lines.append(lines[index])
        index += 1
    if flow.lines:
        regions.append(flow)
    return [part for region in regions for part in _doubtful(region)]


def _find_columns(lines: Sequence[Line], start: int) -> tuple[int, list[Span]] | None:
    """Where a band of columns that begins with this line ends, and the lanes in it."""
    best: tuple[int, list[Span]] | None = None
    lanes: list[Span] | None = None
    low, high = lines[start].left, lines[start].right
    least = _WIDE * lines[start].size
    for end in range(start, len(lines)):
        line = lines[end]
        if names_columns(line):
            break
        outside = [
            (float("-inf"), line.left),
            *_gaps(line, _WIDE * line.size),
            (line.right, float("inf")),
        ]
        lanes = outside if lanes is None else _meet(lanes, outside, least)
        if len(lanes) > _MOST_LANES:
            break
        low, high = min(low, line.left), max(high, line.right)
        inner = [lane for lane in lanes if lane[0] >= low and lane[1] <= high]
        if not inner and (end - start > _LINES or best is not None):
            break
        if inner:
            best = (end + 1, inner)
    if best is None or best[0] - start < 2:
        return None
    end, inner = best
    real = _real_lanes(lines[start:end], inner)
    return (end, real) if real else None


def _gaps(line: Line, least: float) -> list[Span]:
    gaps = []
    reach = line.words[0].right
    for number, word in enumerate(line.words[1:]):
        if word.left - reach >= least and not (number == 0 and _MARK.match(line.words[0].text)):
            gaps.append((reach, word.left))
        reach = max(reach, word.right)
    return gaps


def _meet(some: Sequence[Span], others: Sequence[Span], least: float) -> list[Span]:
    """What is free in both, as wide as ``least``."""
    met = []
    for left, right in some:
        for first, last in others:
            start, end = max(left, first), min(right, last)
            if end - start >= least:
                met.append((start, end))
    return met


def _real_lanes(lines: Sequence[Line], lanes: Sequence[Span]) -> list[Span]:
    """The lanes that part text from text: enough lines on both sides, side by side."""
    real: list[Span] = []
    for lane in lanes:
        since = real[-1][1] if real else float("-inf")
        left = [part for line in lines if (part := _part(line, since, lane[0] + 0.1))]
        right = [part for line in lines if (part := _part(line, lane[1] - 0.1, float("inf")))]
        if not left or not right:
            continue
        if len(lines) < _LINES and min(len(left), len(right)) < len(lines):
            continue
        if min(len(left), len(right)) < _LINES and (
            lane[1] - lane[0] < _FAR * lines[0].size
            or any(max(map(len, parts)) < _WORDS for parts in (left, right))
        ):
            continue
        if goes_on(left, right):
            continue
        if are_labels(left, right):
            continue
        if is_leader(left) or not stand_beside(left, right):
            continue
        real.append(lane)
    return real


def _is_labelled(lines: Sequence[Line], lanes: Sequence[Span]) -> bool:
    """Whether a table stands here on its side: names of fields down the left."""
    if len(lanes) != 1:
        return False
    left = [joined(part) for line in lines if (part := _part(line, -1e9, lanes[0][0] + 0.1))]
    known = [column_role(words) for words in left]
    return "role" in known and "goal" in known and 2 * sum(map(bool, known)) >= len(known)


def _group_labelled(lines: Sequence[Line], lanes: Sequence[Span]) -> list[list[Line]]:
    """The lines of each label: from it to the next."""
    rows: list[list[Line]] = []
    for line in lines:
        if not rows or _part(line, -1e9, lanes[0][0] + 0.1):
            rows.append([])
        rows[-1].append(line)
    return rows


def _part(line: Line, low: float, high: float) -> list[Word]:
    return [word for word in line.words if word.left >= low and word.right <= high]


def _cut(lines: Sequence[Line], lanes: Sequence[Span]) -> list[list[Line]]:
    """The lines of each column."""
    edges = [float("-inf"), *((left + right) / 2 for left, right in lanes), float("inf")]
    columns: list[list[Line]] = []
    for low, high in pairwise(edges):
        column = []
        for line in lines:
            inside = [w for w in line.words if low <= (w.left + w.right) / 2 < high]
            if inside:
                column.append(Line(inside))
        columns.append(column)
    return columns


def split_cells(line: Line) -> list[Line]:
    """The parts of a line that stand apart."""
    parts: list[list[Word]] = [[line.words[0]]]
    for word in line.words[1:]:
        if word.left - max(w.right for w in parts[-1]) >= _CELL * line.size:
            parts.append([])
        parts[-1].append(word)
    return [Line(part) for part in parts]


def names_columns(line: Line) -> bool:
    """Whether a line is the header of a table."""
    if len(line.words) < 2 or len(line.text) > _HEADER_CHARS:
        return False
    cells = split_cells(line)
    return len(cells) > 1 and is_header([cell.text for cell in cells])


def may_hold_table(words: Sequence[Word]) -> bool:
    """Whether a line of a page names columns, or several stand in columns as a table's rows do."""
    lines = group_lines(words)
    if any(names_columns(line) for line in lines):
        return True
    gaps = [_gaps(line, _CELL * line.size) for line in lines]
    places = Counter(round(right) for each in gaps for _, right in each)
    return sum(len(each) > 1 for each in gaps) >= _LINES or max(places.values(), default=0) > _LINES


def _find_table(
    lines: Sequence[Line], start: int, rules: Sequence[Rule]
) -> tuple[Table, int] | None:
    """A table whose header is this line, and where it ends."""
    if not names_columns(lines[start]):
        return None
    head = split_cells(lines[start])
    frees: list[list[Span]] = [[(one.right, other.left)] for one, other in pairwise(head)]
    bounds = [(one.left, other.right) for one, other in pairwise(head)]
    end = start + 1
    pitch = 0.0
    while end < len(lines):
        gap = lines[end - 1].base - lines[end].base
        if pitch and gap > 4 * max(pitch, 1.5 * lines[end].size):
            break
        met = []
        for free, (low, high) in zip(frees, bounds, strict=True):
            here = [
                (max(a, low), min(b, high))
                for a, b in (
                    (float("-inf"), lines[end].left),
                    *_gaps(lines[end], 1.0),
                    (lines[end].right, float("inf")),
                )
            ]
            wide = [(a, b) for a, b in (*here, (low, high)) if b > a]
            met.append(_meet(free, wide[:-1] or [(low, high)], 1.0))
        if not all(met) or names_columns(lines[end]):
            break
        frees = met
        pitch = pitch or gap
        end += 1
    if end - start < 2:
        return None
    edges = [max(free, key=lambda span: span[1] - span[0]) for free in frees]
    rows = [_cells([lines[start]], edges)]
    rows += [_cells(row, edges) for row in _group_rows(lines[start + 1 : end], edges, rules)]
    return Table(rows, edges), end


def continue_table(
    lines: Sequence[Line], edges: Sequence[Span], rules: Sequence[Rule]
) -> tuple[Table, int] | None:
    """The rows with which a page goes on with the table of the page before, and how many lines
    they are; None when it does not."""
    end = 0
    while end < len(lines):
        free = [
            (float("-inf"), lines[end].left),
            *_gaps(lines[end], 1.0),
            (lines[end].right, float("inf")),
        ]
        if not all(_meet([edge], free, 0.5) for edge in edges):
            break
        end += 1
    shared = [sum(bool(cell) for cell in _cells([line], edges)) for line in lines[:end]]
    if not end or max(shared, default=0) < 2:
        return None
    rows = [_cells(row, edges) for row in _group_rows(lines[:end], edges, rules)]
    return Table(rows, list(edges), headed=False), end


def _group_rows(
    lines: Sequence[Line], edges: Sequence[Span], rules: Sequence[Rule]
) -> list[list[Line]]:
    """A table's lines in rows, of which each may be several lines high: by the rules between
    them, by the wider gaps, or by the first column, in this order."""
    if not lines:
        return []
    middle = (lines[0].left + lines[0].right) / 2
    heights = sorted({round(y, 1) for y, left, right in rules if left <= middle + 200 and right})
    rows: list[list[Line]] = [[lines[0]]]
    gaps = [one.base - other.base for one, other in pairwise(lines)]
    inner = [y for y in heights if lines[-1].base < y < lines[0].base]
    smallest = min((gap for gap in gaps if gap > 0), default=0.0)
    apart = bool(gaps) and max(gaps) > 1.25 * smallest
    first = [bool(_cells([line], edges)[0]) for line in lines]
    for number, (line, gap) in enumerate(zip(lines[1:], gaps, strict=True), start=1):
        above = lines[number - 1].base
        if inner:
            new = any(line.base < y <= above + 0.5 for y in inner)
        elif apart:
            new = gap > 1.25 * smallest
        else:
            new = first[number] or all(first)
        if new:
            rows.append([])
        rows[-1].append(line)
    return rows


def _cells(lines: Sequence[Line], edges: Sequence[Span]) -> list[list[Line]]:
    """A row's cells, each the lines of it that stand in the cell's column."""
    cells: list[list[Line]] = []
    for column in _cut(lines, edges):
        cells.append(column)
    return cells


def _doubtful(region: Region) -> list[Region]:
    """A flow parted where texts stand side by side and leave no lane between them."""
    if isinstance(region, Table):
        return [region]
    gapped = [_words_beside(line) for line in region.lines]
    parts: list[Region] = []
    start = 0
    index = 0
    while index < len(region.lines):
        end = index
        while end < len(region.lines) and gapped[end]:
            end += 1
        if end - index >= _LINES and sum(n > 1 for n in gapped[index:end]) > 1:
            if index > start:
                parts.append(Flow(region.lines[start:index]))
            parts.append(Flow(region.lines[index:end], unsure=True))
            start = end
        index = max(end, index + 1)
    if start < len(region.lines):
        parts.append(Flow(region.lines[start:]))
    return parts


def _words_beside(line: Line) -> int:
    """Of two texts that a line holds, how many words the shorter part has; 0 where it holds one:
    no gap is much wider than its others, or what stands before it is a label."""
    gaps = [(other.left - one.right, n) for n, (one, other) in enumerate(pairwise(line.words), 1)]
    if len(gaps) < 3:
        return 0
    wide, at = max(gaps)
    usual = sorted(gap for gap, _ in gaps)[len(gaps) // 2]
    if wide < _WIDE * line.size or wide < 2.5 * usual:
        return 0
    if at == 1 and LABEL.match(line.words[0].text):
        return 0
    return min(at, len(line.words) - at)
