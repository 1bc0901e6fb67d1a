"""What is struck out or commented in marked-up text: places in the text itself.

Marks of Markdown (``~~…~~``, ``<del>…</del>``, ``<!-- … -->``, Obsidian's ``%%…%%``) and of Jira
(``-…-``, ``{-}…{-}``). Code keeps its marks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from pipeline.extract.readers.leftout import LeftOut, Why
from pipeline.stories import Block

#: Longer runs are two marks that do not belong together.
_LONGEST = 2000
_WITHIN = rf"(?:(?!\n[ \t>]*\n)[\s\S]){{1,{_LONGEST}}}?"
_CODE = re.compile(r"(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
# Each begins with letters that a search can look for: most texts hold none of them.
_TILDES = re.compile(rf"~~(?<![~\\]~~)(?=[^\s~]){_WITHIN}(?<=[^\s~])~~(?!~)")
_TAGS = re.compile(
    rf"<(?P<tag>del|s|strike)\b[^<>]*>[\s\S]{{0,{_LONGEST}}}?</(?P=tag)\s*>", re.IGNORECASE
)
_COMMENT = re.compile(rf"<!--[\s\S]{{0,{_LONGEST}}}?-->")
_PERCENTS = re.compile(rf"%%(?<![%\w]%%)(?!%)[\s\S]{{1,{_LONGEST}}}?%%(?!%)")
_CELL = re.compile(
    rf"~~(?=[^\s~])[^\n~]{{1,{_LONGEST}}}?(?<=[^\s~])~~"
    rf"|<(?P<tag>del|s|strike)\b[^<>]*>[\s\S]{{0,{_LONGEST}}}?</(?P=tag)\s*>",
    re.IGNORECASE,
)
_WIKI = re.compile(
    r"(?P<code>\{(?P<name>code|noformat)[^{}\n]*\}[\s\S]*?\{(?P=name)\})"
    r"|\{-\}[^\n{}]{1,400}?\{-\}"
    r"|(?<![\w\-{}/|.#])-(?=[^\s\-])[^\n\-]{0,200}?[^\s\-|]-(?![\w\-])",
)
#: A comment of the source text is said only where a story may be lost in it.
_STORY_LIKE = re.compile(r"\bas\s+(?:an?|the)\s[\s\S]{1,200}?\b(?:I|we)\b", re.IGNORECASE)


def find_in_markdown(text: str, blocks: Sequence[Block]) -> list[LeftOut]:
    """Struck and commented runs outside code."""
    hits = [
        (match.start(), match.end(), shape in (_COMMENT, _PERCENTS))
        for shape, first in ((_TILDES, "~~"), (_TAGS, "</"), (_COMMENT, "<!--"), (_PERCENTS, "%%"))
        if first in text
        for match in shape.finditer(text)
    ]
    found: list[LeftOut] = []
    code = [block for block in blocks if block.kind == "code"] if hits else []
    starts = [block.start for block in code]
    for start, end, comment in sorted(hits):
        if found and start < found[-1].end:
            continue
        within = bisect_right(starts, start) - 1
        if (within >= 0 and start < code[within].end) or _in_code(text, start):
            continue
        why: Why = "struck out"
        if comment:
            why = "comment" if _STORY_LIKE.search(text, start, end) else "aside"
        found.append(LeftOut(start, end, why))
    return found


def _in_code(text: str, place: int) -> bool:
    """Whether a place stands between the backticks of a line."""
    first = max(text.rfind("\n", 0, place) + 1, place - _LONGEST)
    if "`" not in text[first:place]:
        return False
    last = text.find("\n", place)
    last = len(text) if last < 0 else last
    spans = _CODE.finditer(text, first, min(last, place + _LONGEST))
    return any(span.start() < place < span.end() for span in spans)


def find_in_cells(text: str, blocks: Sequence[Block]) -> list[LeftOut]:
    """Struck runs inside the cells of rows."""
    if not may_strike(text):
        return []
    found = [each for block in blocks for each in struck_in_row(text, block)]
    return sorted(found, key=lambda each: (each.start, each.end))


def may_strike(text: str, *, wiki: bool = False) -> bool:
    """Whether a text holds a mark of those that strike something out in a cell."""
    return wiki or "~~" in text or "</" in text


def struck_in_row(text: str, row: Block, *, wiki: bool = False) -> list[LeftOut]:
    """Struck runs inside the cells of one row."""
    return [
        LeftOut(match.start(), match.end(), "struck out")
        for _, start, end in row.columns
        for shape in ((_CELL, _WIKI) if wiki else (_CELL,))
        for match in shape.finditer(text, start, end)
        if not match.groupdict().get("code")
    ]
