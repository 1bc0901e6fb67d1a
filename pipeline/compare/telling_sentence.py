"""A telling's sentence put together of lines and cells, each of them verbatim.

A story in prose is its own sentence. One that stands in cells ("member", "to pay by direct
debit", "I do not have to remember") is given the frame that its columns stand for; a story told on
lines of their own ("As a visitor", "I want to book a slot") is those lines, joined by commas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.stories import Story, as_role
from pipeline.text.words import word_set

#: Goals that are a thing, not an action: "I want a list", not "I want to a list".
_THING = re.compile(
    r"(?:an?|the|my|our|your|their|all|each|every|some|any|more|no|one|two|this|that|these|those"
    r"|it|its|us|only|both|nobody|everybody|everyone|\d[\d,.]*|\w+(?:tion|ment|ness|ity|ing))\b"
    r"|\w+[^s\W]s\b"
    r"|(?:[A-Z][\w-]*|[\w-]+)\s+(?:to\s+be\b|to\s+have\b)",
    re.IGNORECASE,
)
#: Cells that bring a frame of their own, in the languages that extraction knows.
_FRAMED_ROLE = re.compile(r"(?:as|als|en tant que?|como|in my role)\b", re.IGNORECASE)
_FRAMED_GOAL = re.compile(
    r"(?:i|we|users?|ich|wir|je|nous|quiero|queremos|eu|io|vorrei|voglio|ik|the system)\b",
    re.IGNORECASE,
)
_FRAMED_BENEFIT = re.compile(
    r"(?:so|in order|to|because|damit|um|afin|pour|para|a fim|affinché|per|zodat|om)\b",
    re.IGNORECASE,
)
#: Between two lines of one sentence: what ends the first, and what begins the next part of it.
_ENDED = re.compile(r"[,;:.!?…–—-][\"'”’)\]]*$")
#: A line this long may have been broken for its width.
_WIDE = 55
#: Words that no part of a sentence ends with.
_LEADS_ON = word_set("a an the my our your their his her its this these of and or that for by with")
_FRAME_WORD = re.compile(r"(?:as an?|as the|i|we|so that|in order)\b", re.IGNORECASE)


def wanted(goal: str) -> str:
    """A goal as a sentence: "I want to filter by price", "I want a list"."""
    if goal.lower().startswith("to ") or _THING.match(goal):
        return f"I want {goal}"
    return f"I want to {goal}"


def purpose(benefit: str) -> str:
    """A benefit as a clause: "so that I can plan"."""
    return benefit if _FRAMED_BENEFIT.match(benefit) else f"so that {benefit}"


def of_cells(cells: Sequence[str], story: Story) -> str:
    """Cells in the order of role, goal and benefit, with the frame that they lack."""
    texts = dict.fromkeys(cells)
    role = _cell(story.role, texts)
    goal = _cell(story.goal, texts)
    benefit = _cell(story.benefit, texts)
    told = []
    if role:
        told.append(role if _FRAMED_ROLE.match(role) else as_role(role))
    if goal:
        told.append(goal if _FRAMED_GOAL.match(goal) else wanted(goal))
    if benefit:
        told.append(purpose(benefit))
    return of_lines([*told, *texts])


def _cell(field: str, cells: dict[str, None]) -> str:
    """The cell that holds a field, taken out of ``cells``; "" where none does."""
    letters = _letters(field)
    for cell in list(cells):
        if letters and letters in _letters(cell):
            del cells[cell]
            return cell
    return ""


def of_lines(lines: Sequence[str]) -> str:
    """Lines of one sentence, a comma where one ends a part of it without a mark; none where a line
    was broken for its width, in front of a name or of what its last word belongs to."""
    told = lines[0] if lines else ""
    for before, line in pairwise(lines):
        framed = _FRAME_WORD.match(line) is not None
        ends = not _ENDED.search(told) and not _goes_on(before)
        comma = ends and (framed or (line[:1].isupper() and len(before) < _WIDE))
        told += f", {line}" if comma or _is_purpose(line, told) else f" {line}"
    return told


def _goes_on(line: str) -> bool:
    """Whether a line breaks off in the middle: in a bracket, or behind "the", "of", "so that"."""
    if any(line.count(one) > line.count(other) for one, other in ("()", "[]")):
        return True
    *_, last = line.split() or [""]
    return last.casefold() in _LEADS_ON


def _is_purpose(line: str, told: str) -> bool:
    return line.startswith(("so that ", "I want ")) and not _ENDED.search(told)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
