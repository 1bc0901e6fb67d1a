"""What of the documents is in no story, and so not in the merged document: each passage with its
kind, its place and its length, so that a reader knows what he does not see and where to look."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.document.boilerplate import boilerplate
from pipeline.stories import Block, Document, Extraction, count_words

#: What a passage is: running text; a table's row that holds no story; cells beside a story's;
#: a heading; the head of a document or table; a navigation bar or running line; what its author
#: struck out, hid or moved away.
Kind = Literal["prose", "row", "cells", "heading", "head", "bar", "left out"]
#: The order in which kinds are told: what may hold a wish first.
KINDS: tuple[Kind, ...] = ("prose", "row", "left out", "cells", "heading", "head", "bar")
_KIND_OF: dict[str, Kind] = {"heading": "heading", "meta": "head", "row": "row", "cell": "row"}
#: Passages of one kind in one document that are kept; the others are counted.
_HELD = 100
_WORD = re.compile(r"[^\W\d_]{2,}")
_APART = re.compile(r"[^\s,;|\"]+")


@dataclass(frozen=True, slots=True)
class Rest:
    """A passage that is in no story.

    Args:
        place: where it stands, "" where only its document is known.
        columns: of cells beside a story's, the names of their columns.
    """

    kind: Kind
    place: str
    text: str
    n_words: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotShown:
    """What of the documents is in no story.

    Args:
        residue: (path, characters in no story, characters) of every document, blanks not counted.
        problems: (path, why) of every document that could not be read, or not wholly.
        passages: (path, passages) of every document that has any, in its order, the first hundred
            of each kind.
        kinds: (kind, how many passages) over all documents, as far as there are any; a bar is
            several passages.
        boilerplate: navigation bars, menus and running lines of all documents together.
    """

    residue: tuple[tuple[str, int, int], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    boilerplate: int = 0
    passages: tuple[tuple[str, tuple[Rest, ...]], ...] = ()
    kinds: tuple[tuple[Kind, int], ...] = ()

    @property
    def share(self) -> float:
        """Of all characters, 0 to 1."""
        return sum(n for _, n, _ in self.residue) / max(1, sum(n for _, _, n in self.residue))


def not_shown(extractions: Iterable[Extraction]) -> NotShown:
    """What was read and is in no story."""
    residue, problems, passages = [], [], []
    bars, kinds = 0, Counter[Kind]()
    for extraction in extractions:
        document = extraction.document
        texts = [document.text[start:end] for start, end in extraction.residue]
        residue.append((document.path, _inked("".join(texts)), _inked(document.text)))
        if document.problem:
            problems.append((document.path, document.problem))
        found, prose = boilerplate(texts, document.format)
        bars += found
        kept = {line for text in prose for line in text.splitlines()} if found else None
        held, own = [], Counter[Kind]()
        for rest in _passages(extraction, kept):
            own[rest.kind] += 1
            if own[rest.kind] <= _HELD:
                held.append(rest)
        kinds += own
        if held:
            passages.append((document.path, tuple(held)))
    told = tuple((kind, kinds[kind]) for kind in KINDS if kinds[kind])
    return NotShown(tuple(residue), tuple(problems), bars, tuple(passages), told)


def _passages(extraction: Extraction, kept: set[str] | None) -> Iterator[Rest]:
    """The passages of one document in its order.

    Args:
        kept: the lines that are no bar; None where there is none.
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
    for n, parts in inside.items():
        text = " ".join(document.text[start:end] for start, end in parts)
        if _WORD.search(text):
            yield _rest(blocks[n], text, parts, document, kept)


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


def _inked(text: str) -> int:
    return len("".join(text.split()))
