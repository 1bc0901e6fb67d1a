"""How a story's lines are laid out, and whether the order of its criteria is part of what it says.

Fields hold the words of a list and not its levels, its groups or what is ticked off: those are
read from the story's own text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.text.typography import set_plainly

_ITEM = re.compile(
    r"(?P<indent>[ \t>]*)(?P<mark>[-*+•·‣◦–]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)])"
    r"(?P<box>[ \t]+\[[ xX]\])?[ \t]+(?P<words>\S.*)"
)
_HEADING = re.compile(r"\s*#{1,6}\s")
#: Words that place a criterion in a course of events, or point at what stands before it.
_STEP = re.compile(
    r"\b(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|after(?:wards?)?|before|finally"
    r"|last(?:ly)?|later|earlier|subsequent(?:ly)?|previous(?:ly)?|once|until|steps?|above|below"
    r"|following|former|latter|now|again|given|when|scenario|otherwise|else|instead|however|also"
    r"|same|such|this|that|these|those|it|its|they|them|their|he|she|his|her|others?|another"
    r"|except|exceptions?)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"[:;,]\W*$|^\W*(?:\d|[a-z][.)]|[ivx]+[.)])|^\W*(?:and|or|but)\b", re.IGNORECASE
)
#: The text of these is set by this program, which writes a bullet for a numbered item, too.
_SET_HERE = (".html", ".htm", ".xhtml", ".mhtml")


@lru_cache(maxsize=8)
def outline(text: str) -> tuple[str, ...]:
    """The levels, groups and ticks of a story's lists: a mark for each paragraph ("¶"), heading
    ("#") and item (its level, with "x" where it is ticked), in order.

    Returns:
        Nothing for the plain case: paragraphs, then at most one list of one level, nothing ticked.
    """
    marks: list[str] = []
    levels: list[int] = []
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item:
            width = len(item["indent"].expandtabs(4))
            # What opens the story may be an item of a list itself.
            level = 0 if not marks else width
            levels.append(level)
            ticked = "x" if (item["box"] or "").strip().lower() == "[x]" else ""
            marks.append(f"{level}{ticked}" if marks else f"¶{ticked}")
        elif _HEADING.match(line):
            marks.append("#")
        elif line.strip() and (not marks or marks[-1] == "#" or _is_new(line, marks)):
            marks.append("¶")
    first = next((n for n, mark in enumerate(marks) if mark[0].isdigit()), len(marks))
    plain = len(set(marks[first:])) <= 1 and not any(mark.endswith("x") for mark in marks)
    return () if plain else tuple(marks)


def has_order(text: str, criteria: Sequence[str], path: str = "") -> bool:
    """Whether the order of ``criteria`` counts: always, unless each stands in ``text`` as a bullet
    of one list without levels or groups, names no step and points at no other. English words alone
    are known: the caller keeps the order in every other language.
    """
    if len(criteria) < 2 or path.lower().endswith(_SET_HERE) or outline(text):
        return True
    if any(_STEP.search(words) or _POINTS.search(words) for words in criteria):
        return True
    items = [_ITEM.match(line) for line in text.splitlines()]
    bullets = [_flat(item["words"]) for item in items if item and item["mark"][-1] not in ".)"]
    return not all(any(_begins(_flat(c), words) for words in bullets) for c in criteria)


def _is_new(line: str, marks: Sequence[str]) -> bool:
    """A line after an item that is not set under it begins a paragraph of its own."""
    return marks[-1][0].isdigit() and not line[0].isspace()


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _flat(text: str) -> str:
    return " ".join(set_plainly(text, set()).replace("*", " ").replace("_", " ").split())
