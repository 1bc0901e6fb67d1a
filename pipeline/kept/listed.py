"""Lists that stand inside of a line: "Criteria: 1. by card 2. by cash"."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: How an item's number is written, and what the numbers are.
_STYLES = (("{}.", "123456789"), ("{})", "123456789"), ("({})", "123456789"),
           ("{})", "abcdefgh"), ("({})", "abcdefgh"))  # fmt: skip
_SECOND = re.compile(r"\s\(?[2b][.)]\s")
#: In front of the first item: nothing but marks of a list, or a colon or dash.
_OPENS = re.compile(r"(?:\A[\s>*+•_-]*|[:–—][\s*_]*)\Z")
#: What is counted may begin an item ("3 attempts"), a sum or a time does not.
_ITEM = re.compile(r"\s+(?:[^\W\d]|[\"'“‘`*_<(]|\d+\s+[^\W\d_A-Z][^\W\d_])")
_WORD = re.compile(r"[^\w]*([^\W\d_]+)")
#: A number before one of these is a day.
_MONTHS = frozenset(
    word
    for line in (
        "january february march april may june july august september october november december",
        "jan feb mar apr jun jul aug sep oct nov dec",
        "januar februar märz mai juni juli oktober dezember",
        "janvier février mars avril juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre",
        "janeiro fevereiro março maio junho julho setembro outubro novembro dezembro",
        "januari februari maart mei augustus",
    )
    for word in line.split()
)


def items(line: str) -> Iterator[str]:
    """What stands before the list of a line, and its items without their numbers; the whole line
    where it holds none, or where its numbers can be read in two ways."""
    marks: list[re.Match[str]] = []
    if _SECOND.search(line):
        marks = next(filter(None, (_numbers(line, how, names) for how, names in _STYLES)), [])
    if marks:
        yield line[: marks[0].start()]
        ends = [*(mark.start() for mark in marks[1:]), len(line)]
        yield from (line[mark.end() : end] for mark, end in zip(marks, ends, strict=True))
    else:
        yield line


def _numbers(line: str, how: str, names: str) -> list[re.Match[str]]:
    """The numbers of a list's items in one style, at least two; nothing where there is none."""
    marks: list[re.Match[str]] = []
    for name in names:
        shape = re.compile(rf"(?:\A|(?<=\s)){re.escape(how.format(name))}(?=\s+\S)")
        found = list(shape.finditer(line, marks[-1].end() if marks else 0))
        if not marks:
            found = [each for each in found if _OPENS.search(line[: each.start()])][:1]
            again = shape.finditer(line, found[0].end()) if found else ()
            if any(True for _ in again):
                return []
        if len(found) != 1:
            return marks if not found and len(marks) > 1 else []
        word = _WORD.match(line, found[0].end())
        dated = word is not None and word[1].casefold() in _MONTHS
        if dated or not _ITEM.match(line, found[0].end()):
            return []
        marks += found
    return marks if len(marks) > 1 else []
