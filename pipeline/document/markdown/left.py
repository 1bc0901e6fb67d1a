"""What of each document is not shown, as lists: what it is, where it stands, how long it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from pipeline.document.markdown.escape import plain
from pipeline.document.markdown.quoting import clipped
from pipeline.document.structure.content import Content, file_name, told
from pipeline.document.structure.residue import Count, Kind, Rest

#: Words of a passage, and of one that is whole where it is short; of a name.
_BEGINS, _WHOLE, _NAMED = 24, 30, 8
#: Words of a passage that is whole where there are not more passages than that in all.
_LONG, _FEW = 120, 300
#: Headings and the like that are named of one document.
_EACH = 30
#: Passages listed over all documents, and of one at least.
_LISTED, _LEAST = 600, 5
#: What kinds are called, for one and for many.
NAMES: dict[Kind, tuple[str, str]] = {
    "prose": ("passage of prose", "passages of prose"),
    "row": ("row without a story", "rows without a story"),
    "left out": ("passage its author struck out, hid or moved", "passages their authors struck "
                 "out, hid or moved"),
    "cells": ("row's other cells", "rows' other cells"),
    "heading": ("heading", "headings"),
    "head": ("file's or table's head", "heads"),
    "bar": ("bar or footer line", "bar and footer lines"),
}  # fmt: skip
#: Kinds that are told together, a line a kind.
_TOGETHER: tuple[Kind, ...] = ("cells", "heading", "head", "bar")


def kinds_told(kinds: Sequence[tuple[Kind, int]]) -> str:
    """ "25 passages of prose, 4 rows without a story"."""
    return ", ".join(told(n, *NAMES[kind]) for kind, n in kinds)


def residue_command(content: Content) -> str:
    """The command that prints all of it."""
    return shlex.join(["storytransformer", "extract", *content.paths, "--show", "residue"])


def left_lines(content: Content) -> Iterator[str]:
    """A line a document, the one of the largest share first, and under it what is not shown."""
    passages, counts = dict(content.left.passages), dict(content.left.counts)
    each = max(_LEAST, _LISTED // max(1, len(passages)))
    alone = sum(n for kind, n in content.left.kinds if kind not in _TOGETHER)
    whole = _LONG if alone <= _FEW else _WHOLE
    shares = sorted(content.left.residue, key=lambda one: -one[1] / max(1, one[2]))
    for path, n, of in shares:
        if n:
            own = counts.get(path, ())
            what = kinds_told([(one.kind, one.n) for one in own])
            name = clipped(file_name(path), _NAMED)
            yield f"- {name} {n / max(1, of):.0%}{f': {what}' if what else ''}"
            yield from _of_document(passages.get(path, ()), own, each, whole)
    yield from (
        f"- {clipped(file_name(path), _NAMED)}: {plain(why)}" for path, why in content.left.problems
    )
    if content.skipped:
        yield f"- {told(len(content.skipped), 'story', 'stories')} left out"


def _of_document(
    held: Sequence[Rest], counts: Sequence[Count], most: int, whole: int
) -> Iterator[str]:
    """The passages of a document that are listed: those that may hold a wish one by one.

    Args:
        counts: of all its passages.
        most: listed one by one.
        whole: words of one that is quoted whole.
    """
    alone = [one for one in held if one.kind not in _TOGETHER]
    for one in alone[:most]:
        name = NAMES[one.kind][0]
        where = f"{plain(one.place)}, " if one.place else ""
        yield f"  - {name}, {where}{told(one.n_words, 'word')}: “{_begins(one.text, whole)}”"
    more = sum(one.n for one in counts if one.kind not in _TOGETHER) - len(alone[:most])
    if more > 0:
        yield f"  - {more:,} more of these"
    together = {one.kind: one for one in counts if one.kind in _TOGETHER}
    for kind in _TOGETHER:
        if of := together.get(kind):
            found = [one for one in held if one.kind == kind]
            yield f"  - {told(of.n, *NAMES[kind])}, {told(of.words, 'word')}: {_each(found, of.n)}"


def _each(found: Sequence[Rest], n: int) -> str:
    """Passages of one kind in a line: their words and places; of cells their columns and rows."""
    if found[0].kind == "cells":
        columns = dict.fromkeys(column for one in found for column in one.columns)
        named = ", ".join(map(plain, columns)) or f"“{_begins(found[0].text)}”"
        return f"{named} ({plain(found[0].place)} to {plain(found[-1].place)})"
    shown = [f"“{_begins(one.text)}” ({_short(one.place)})".replace(" ()", "") for one in found]
    more = [f"{n - _EACH:,} more"] if n > _EACH else []
    return ", ".join([*shown[:_EACH], *more])


def _short(place: str) -> str:
    """A place without the headings that lead to it: a heading's own would say it twice."""
    first = place.split(", ")[0]
    return plain(first) if first.split(" ")[0] in ("line", "page", "row", "sheet", "table") else ""


def _begins(text: str, whole: int = _WHOLE) -> str:
    return clipped(text, whole if len(text.split()) <= whole else _BEGINS)
