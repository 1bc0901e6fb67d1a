"""What stands on a PDF's pages beside their text: running heads and feet, numbers, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pipeline.extract.readers.pdf_layout import Line, split_cells
from pipeline.extract.readers.pdf_words import Word
from pipeline.extract.readers.tables import column_role

_Shape = tuple[str, int, int]
#: So many lines from the top and the foot of a page may be repeated on others.
_OUTER = 3
_NUMBER = re.compile(r"\d{1,9}")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.?)\s*)?\d{1,4}(?:\s*(?:of|/|von|de)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_PAGE_WORD = re.compile(r"(?:page|slide|sheet|seite|blatt|p[áa]gina|pag)\.?\s*$", re.IGNORECASE)
_OF = re.compile(r"\s*(?:of|/|von|de|sur)\s*\d")
_NOTE = re.compile(r"(?:\d{1,2}|[*†‡]{1,3})(?:[.):]?\s+|(?=[A-Z]))\S")
#: A footnote's letters are at most this much of the text's.
_SMALLER = 0.88


def split_running(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[list[Line]]]:
    """(the pages' own lines, their running heads and feet): outer lines that stand at the same
    height on other pages with the same words, a number of the page aside; and page numbers by
    themselves."""
    seen: Counter[_Shape] = Counter()
    shapes: list[dict[int, list[_Shape]]] = []
    for page, lines in enumerate(pages):
        at = {*range(min(_OUTER, len(lines))), *range(max(0, len(lines) - _OUTER), len(lines))}
        here = {n: _shapes(lines[n], page) for n in at}
        shapes.append(here)
        seen.update({shape for each in here.values() for shape in each})
    often = max(1, len(pages) // 3)
    own: list[list[Line]] = []
    running: list[list[Line]] = []
    for lines, here in zip(pages, shapes, strict=True):
        repeated = {n for n, each in here.items() if any(seen[shape] > often for shape in each)}
        edges = {0, len(lines) - 1}
        repeated |= {n for n in edges & set(here) if _PAGE_NUMBER.match(lines[n].text)}
        # Only an unbroken run from the edge of the page runs.
        running_at = _from_edge(range(len(lines)), repeated)
        running_at |= _from_edge(range(len(lines) - 1, -1, -1), repeated)
        own.append([line for n, line in enumerate(lines) if n not in running_at])
        running.append([line for n, line in enumerate(lines) if n in running_at])
    return own, running


def _from_edge(numbers: Sequence[int], repeated: set[int]) -> set[int]:
    found = set()
    for n in numbers:
        if n not in repeated:
            break
        found.add(n)
    return found


def _shapes(line: Line, page: int) -> list[_Shape]:
    """A line's words and height; once more for each number that may be the page's, with how far it
    is from the page's own, so that lines whose numbers count the pages are alike. A table's header
    is repeated on every page, and is none of its heads."""
    if _names_columns(line):
        return []
    height = round(line.base / 3)
    shapes = [(line.text, height, 0)]
    apart = {cell.text for cell in split_cells(line)}
    for number in list(_NUMBER.finditer(line.text))[:6]:
        before, after = line.text[: number.start()], line.text[number.end() :]
        if number.group() in apart or _PAGE_WORD.search(before) or _OF.match(after):
            shapes.append((f"{before}#{after}", height, int(number.group()) - page))
    return shapes


def _names_columns(line: Line) -> bool:
    """A table's header is repeated on every page, and is none of its heads."""
    return sum(bool(column_role(cell.text)) for cell in split_cells(line)) >= 2


def split_line_numbers(lines: Sequence[Line]) -> tuple[list[Line], list[Word]]:
    """(the lines without their numbers, the numbers): a number left of nearly every line, one
    more each time."""
    numbered = [
        (n, int(line.words[0].text))
        for n, line in enumerate(lines)
        if len(line.words) > 1
        and line.words[0].text.isdecimal()
        and len(line.words[0].text) <= 5
        and line.words[1].left - line.words[0].right > 0.6 * line.words[1].size
    ]
    if len(numbered) < 5 or len(numbered) * 5 < len(lines) * 4:
        return list(lines), []
    steps = Counter(b - a for (_, a), (_, b) in pairwise(numbered))
    step, often = steps.most_common(1)[0]
    starts = [line.words[1].left for line in lines if len(line.words) > 1]
    alike = sum(abs(start - starts[0]) < 2 for start in starts)
    wrapped = any(
        line.words[0].text[:1].islower() or not line.words[1].text[:1].isupper()
        for line in lines
        if len(line.words) > 1
    )
    if step <= 0 or often * 5 < (len(numbered) - 1) * 4 or alike * 2 < len(starts) or not wrapped:
        return list(lines), []
    at = {n for n, _ in numbered}
    rest = [Line(line.words[1:]) if n in at else line for n, line in enumerate(lines)]
    return rest, [lines[n].words[0] for n in sorted(at)]


def split_footnotes(lines: Sequence[Line], usual: float) -> tuple[list[Line], list[Line]]:
    """(the text's lines, the footnotes'): smaller lines at the foot of the page, of which the
    first begins with a mark.

    Args:
        usual: size of the text's letters, in points.
    """
    start = len(lines)
    while start and 0 < lines[start - 1].size <= usual * _SMALLER:
        start -= 1
    if start == 0:
        return list(lines), []
    while start < len(lines) and not _NOTE.match(lines[start].text):
        start += 1
    return list(lines[:start]), list(lines[start:])
