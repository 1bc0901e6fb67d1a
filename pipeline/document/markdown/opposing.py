"""What the sides of a conflict oppose each other in, and where in each side it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from pipeline.document.markdown.escape import plain
from pipeline.document.markdown.quoting import clipped
from pipeline.document.structure.content import about_told
from pipeline.entries import Conflict, Side

#: Words of one side in a label, and sides that are named.
_WORDS, _SIDES = 6, 4
#: Words of a side that are compared to find the place; a longer text is a narrative's.
_COMPARED = 400
_EDGE = re.compile(r"^\W+|\W+$")
_LETTER = re.compile(r"[^\W\d_]")
#: What a number counts: the word right after it.
_COUNTED = re.compile(r"\s*%|\s+[^\W\d_]+")
#: Words before a number without which it says little: "within 30 days", "up to 5 items".
_BEFORE = re.compile(
    r"(?:\b(?:up|no (?:more|less|fewer|later|earlier)|at|more|less|fewer|later|earlier)\s+)?"
    r"\b(?:within|after|before|under|over|above|below|than|least|most|until|every|per|by|to"
    r"|exceeds?|exceeding|minimum|maximum|exactly)\s+$",
    re.IGNORECASE,
)


def label(conflict: Conflict) -> str:
    """The opposed words of the sides, "within 30 days / within 60 days", as Markdown; what a
    conflict is about where no words are known."""
    return plain(opposed(conflict))


def opposed(conflict: Conflict) -> str:
    """The opposed words of the sides as plain text."""
    told = [_told(side) for side in conflict.sides]
    known = [one for one in told if one]
    if not known:
        return about_told(conflict)
    if len(known) == 1:
        return f"“{known[0]}” on one side only"
    shown = [one or "–" for one in told[:_SIDES]]
    more = [f"{len(told) - _SIDES:,} more"] if len(told) > _SIDES else []
    return " / ".join([*shown, *more])


def _told(side: Side) -> str:
    """The words of a side that the others deny, a bare number with what it counts."""
    runs = [_counted(" ".join(run.split()), side.text) for run in side.differs]
    words = " … ".join(runs).split()
    return " ".join(words[:_WORDS]) + ("…" if len(words) > _WORDS else "")


def _counted(run: str, text: str) -> str:
    """A number with the word before it that bounds it and the word after it, which it counts."""
    if not run[:1].isdigit():
        return run
    flat = " ".join(text.split())
    found = re.search(rf"(?<!\w){re.escape(run)}(?!\w)", flat)
    if found is None:
        return run
    before = _BEFORE.search(flat[: found.start()])
    bound = before[0] if before and before[0].strip().casefold() != "to" else ""
    after = None if _LETTER.search(run) else _COUNTED.match(flat[found.end() :])
    return f"{bound}{run}{after[0] if after else ''}"


def facing(sides: Sequence[Side]) -> list[int]:
    """For each side the number of the word where it parts from the first, so that what is shown
    of them is the same place: of two places the one where both have words of their own."""
    first, *others = [side.text.split() for side in sides]
    starts = [_parting(first, other, sides[0]) for other in others]
    return [starts[0][0] if starts else 0, *(mine for _, mine in starts)]


def _parting(one: Sequence[str], two: Sequence[str], side: Side) -> tuple[int, int]:
    if max(len(one), len(two)) > _COMPARED:
        return 0, 0
    folded = [[_EDGE.sub("", word).casefold() or word for word in words] for words in (one, two)]
    matcher = SequenceMatcher(None, folded[0], folded[1], autojunk=False)
    parted = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    denied = {_EDGE.sub("", word).casefold() for run in side.differs for word in run.split()}
    telling = [
        code
        for code in parted
        if code[0] == "replace" and denied.intersection(folded[0][code[1] : code[2]])
    ]
    # The places that oppose each other come before a benefit that only differs.
    chosen = next(iter(telling or parted), ("equal", 0, 0, 0, 0))
    return chosen[1], chosen[3]


def clipped_label(conflict: Conflict) -> str:
    """The label as far as there is room for it in an overview."""
    return clipped(opposed(conflict), 3 * _WORDS)
