"""What of the documents is in no story, and so not in the merged document: each passage with its
kind, its place and its length, so that a reader knows what he does not see and where to look."""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import day_abbr, day_name, month_abbr, month_name
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.extract.stories.found import read_date
from pipeline.stories import Block, Document, Extraction, Story, count_words

#: Words of a menu's item, items that make a menu of lines below each other, and words of a running
#: line that stands on every page.
_ITEM, _ITEMS, _RUNNING = 4, 4, 14
#: Pages on which a line without a number is a running one.
_PAGES = 3
#: Words of a bar of one line.
_BAR = 24
#: Items beside each other: "Home | Contact | Imprint".
_BESIDE = re.compile(r"\S\s*[|·›»•]\s*\S")
_SENTENCE = re.compile(r"[.!?:;,]\s*$")
_MARKED = re.compile(r"^\s*(?:[#>*+=~`-]|\d+[.)])")
_NUMBER = re.compile(r"\d+")


def boilerplate(texts: Iterable[str], format: str) -> tuple[int, list[str]]:
    """How many bars and running lines some texts of a document hold, and the texts without them.

    Args:
        format: the document's: web pages have bars and menus, pages to be printed running lines;
            elsewhere a short line may be code, a cell or a step.
    """
    given = list(texts)
    if format not in ("html", "pdf"):
        return 0, given
    lines = [text.splitlines() for text in given]
    running = _running(line for some in lines for line in some) if format == "pdf" else set()
    count = len(running)
    left = []
    for some in lines:
        kept, menu = [], list[str]()
        for line in [*some, ""]:
            if _repeated(line) in running:
                continue
            if format == "html" and line.strip() and _is_item(line):
                menu.append(line)
                continue
            count += len(menu) >= _ITEMS
            kept += menu if len(menu) < _ITEMS else []
            menu = []
            bar = (
                format == "html"
                and bool(_BESIDE.search(line))
                and not _SENTENCE.search(line)
                and "||" not in line
            )
            bar = bar and len(line.split()) <= _BAR
            count += bar
            if not bar:
                kept.append(line)
        left.append("\n".join(kept))
    return count, left


def _is_item(line: str) -> bool:
    """Whether a line may be a menu's item: a few words, not a sentence, heading or bullet."""
    bare = not (_SENTENCE.search(line) or _MARKED.match(line) or _BESIDE.search(line))
    return bare and len(line.split()) <= _ITEM


def _running(lines: Iterable[str]) -> set[str]:
    """The lines that stand on page after page, alike but for a number or three times the same."""
    forms: dict[str, set[str]] = {}
    seen = Counter[str]()
    for line in lines:
        told = " ".join(line.split())
        if told and len(told.split()) <= _RUNNING and not _MARKED.match(line):
            forms.setdefault(_repeated(told), set()).add(told)
            seen[_repeated(told)] += 1
    return {
        line
        for line, told in forms.items()
        if (len(told) > 1 and len(told) == seen[line]) or (len(told) == 1 and seen[line] >= _PAGES)
    }


def _repeated(line: str) -> str:
    return _NUMBER.sub("0", " ".join(line.split()))


#: What a passage is: running text; a table's row that holds no story; cells beside a story's;
#: a heading; the head of a document or table; a navigation bar or running line; what its author
#: struck out, hid or moved away.
Kind = Literal["prose", "row", "cells", "heading", "head", "bar", "left out"]
#: The order in which kinds are told: what may hold a wish first.
KINDS: tuple[Kind, ...] = ("prose", "row", "left out", "cells", "heading", "head", "bar")
_KIND_OF: dict[str, Kind] = {"heading": "heading", "meta": "head", "row": "row", "cell": "row"}
#: Passages of one kind in one document that are kept; all are counted.
_HELD = 100
#: Words that a date may have beside its numbers: a cell with any other says more than a date.
_OF_DATES = frozenset(
    name.casefold() for names in (month_name, month_abbr, day_name, day_abbr) for name in names
) | {"t", "z", "utc", "am", "pm"}
_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_APART = re.compile(r"[^\s,;|\"]+")


@dataclass(frozen=True, slots=True)
class Rest:
    """A passage that is in no story.

    Args:
        place: where it stands, "" where only its document is known.
        columns: of cells beside a story's, the names of their columns; those whose words its
            telling's place has (key, author, date) are not among them.
    """

    kind: Kind
    place: str
    text: str
    n_words: int
    columns: tuple[str, ...] = ()


class Count(NamedTuple):
    """How many passages of a kind there are, and their words."""

    kind: Kind
    n: int
    words: int


@dataclass(frozen=True, slots=True)
class NotShown:
    """What of the documents is in no story.

    Args:
        residue: (path, characters in no story, characters) of every document, blanks not counted.
        problems: (path, why) of every document that could not be read, or not wholly.
        passages: (path, passages) of every document that has any, in its order, the first hundred
            of each kind.
        counts: (path, all its passages by kind) of the same documents: whatever says how many there
            are says these.
    """

    residue: tuple[tuple[str, int, int], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    passages: tuple[tuple[str, tuple[Rest, ...]], ...] = ()
    counts: tuple[tuple[str, tuple[Count, ...]], ...] = ()

    @property
    def share(self) -> float:
        """Of all characters, 0 to 1."""
        return sum(n for _, n, _ in self.residue) / max(1, sum(n for _, _, n in self.residue))

    @property
    def kinds(self) -> tuple[tuple[Kind, int], ...]:
        """(kind, how many passages) over all documents, as far as there are any."""
        found = Counter[Kind]()
        for _, counts in self.counts:
            found.update({one.kind: one.n for one in counts})
        return tuple((kind, found[kind]) for kind in KINDS if found[kind])

    @property
    def boilerplate(self) -> int:
        """Lines of navigation bars, menus, headers and footers of all documents together."""
        return dict(self.kinds).get("bar", 0)


def not_shown(extractions: Iterable[Extraction]) -> NotShown:
    """What was read and is in no story."""
    residue, problems, passages, counts = [], [], [], []
    for extraction in extractions:
        document = extraction.document
        texts = [document.text[start:end] for start, end in extraction.residue]
        residue.append((document.path, extraction.residue_chars, extraction.chars))
        if document.problem:
            problems.append((document.path, document.problem))
        found, prose = boilerplate(texts, document.format)
        kept = {line for text in prose for line in text.splitlines()} if found else None
        held, own, words = [], Counter[Kind](), Counter[Kind]()
        for rest in _passages(extraction, kept):
            own[rest.kind] += 1
            words[rest.kind] += rest.n_words
            if own[rest.kind] <= _HELD:
                held.append(rest)
        if held:
            passages.append((document.path, tuple(held)))
            told = (Count(kind, own[kind], words[kind]) for kind in KINDS if own[kind])
            counts.append((document.path, tuple(told)))
    return NotShown(tuple(residue), tuple(problems), tuple(passages), tuple(counts))


def _passages(extraction: Extraction, kept: set[str] | None) -> Iterator[Rest]:
    """The passages of one document in its order.

    Args:
        kept: the lines that are not a bar; None where there is none.
    """
    document = extraction.document
    blocks = sorted(document.blocks, key=lambda one: (one.start, one.end))
    inside: dict[int, list[tuple[int, int]]] = {}
    first = 0
    for start, end in extraction.residue:
        while first < len(blocks) and blocks[first].end <= start:
            first += 1
        held = False
        for n in range(first, len(blocks)):
            block = blocks[n]
            if block.start >= end:
                break
            if block.end > start:
                held = True
                inside.setdefault(n, []).append((max(start, block.start), min(end, block.end)))
        if not held and _WORD.search(text := document.text[start:end]):
            kind: Kind = "left out" if _is_left_out(start, end, document) else "prose"
            yield Rest(kind, "", text, count_words(text))
    known = _Known(extraction.stories)
    for n, parts in inside.items():
        parts = known.unknown(blocks[n], parts, document)
        text = " ".join(document.text[start:end] for start, end in parts)
        if _WORD.search(text):
            yield _rest(blocks[n], text, parts, document, kept)


class _Known:
    """What the tellings' places say of stories: their keys, authors and dates."""

    def __init__(self, stories: Sequence[Story]) -> None:
        spans = ((span.start, story) for story in stories for span in story.source.spans)
        self._spans = sorted(spans, key=lambda one: one[0])
        self._starts = [start for start, _ in self._spans]

    def unknown(
        self, block: Block, parts: list[tuple[int, int]], document: Document
    ) -> list[tuple[int, int]]:
        """The parts of a block without those cells whose words the place of a story in it has."""
        first, last = (bisect_left(self._starts, at) for at in (block.start, block.end))
        stories = {story.id: story for _, story in self._spans[first:last]}.values()
        if not (block.columns and stories):
            return parts
        for _, start, end in block.columns:
            if _is_placed(document.text[start:end].strip(" \t\n\"'"), stories):
                parts = list(_without(parts, start, end))
        return parts


def _is_placed(cell: str, stories: Iterable[Story]) -> bool:
    sources = [story.source for story in stories]
    if any(cell and cell in (source.key, source.author) for source in sources):
        return True
    written = {source.written for source in sources if source.written}
    plain = all(word.casefold() in _OF_DATES for word in _LETTERS.findall(cell))
    return bool(written) and plain and read_date(cell) in written


def _without(parts: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Parts of a text without one stretch of it."""
    for from_, to in parts:
        if from_ < min(to, start):
            yield from_, min(to, start)
        if max(from_, end) < to:
            yield max(from_, end), to


def _rest(
    block: Block,
    text: str,
    parts: Sequence[tuple[int, int]],
    document: Document,
    kept: set[str] | None,
) -> Rest:
    kind = _KIND_OF.get(block.kind, "prose")
    columns: tuple[str, ...] = ()
    # A tab alone is between two cells of one story.
    whole = sum(end - start for start, end in parts) >= len(
        document.text[block.start : block.end].strip()
    )
    if kind == "row" and not whole:
        kind = "cells"
        columns = tuple(
            name
            for name, start, end in block.columns
            if any(from_ < end and to > start for from_, to in parts)
            and document.text[start:end].strip()
        )
    if any(_is_left_out(start, end, document) for start, end in parts):
        kind = "left out"
    elif kept is not None and kind != "heading":
        lines = [line for line in text.splitlines() if line.strip()]
        kind = kind if any(line in kept for line in lines) else "bar"
    # A table's cells may stand without a blank between them.
    words = len(_APART.findall(text)) if block.columns or kind == "row" else count_words(text)
    return Rest(kind, str(block.locator), text, words, columns)


def _is_left_out(start: int, end: int, document: Document) -> bool:
    at = bisect_left(document.left_out, start, key=lambda span: span.end - 1)
    return at < len(document.left_out) and document.left_out[at].start < end
