"""What is struck out or commented in marked-up text: places in the text itself.

Marks of Markdown (``~~…~~``, ``<del>…</del>``, ``<!-- … -->``, Obsidian's ``%%…%%``) and of Jira
(``-…-``, ``{-}…{-}``). Code keeps its marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.extract.leftout import LeftOut, Why
from pipeline.stories import Block

#: Longer runs are two marks that do not belong together.
_LONGEST = 2000
_WITHIN = rf"(?:(?!\n[ \t>]*\n)[\s\S]){{1,{_LONGEST}}}?"
_MARKDOWN = re.compile(
    r"(?P<code>`+[^`\n]*`+)"
    rf"|(?<![~\\])~~(?=[^\s~]){_WITHIN}(?<=[^\s~])~~(?!~)"
    rf"|<(?P<tag>del|s|strike)\b[^<>]*>[\s\S]{{0,{_LONGEST}}}?</(?P=tag)\s*>"
    rf"|(?P<comment><!--[\s\S]{{0,{_LONGEST}}}?-->|(?<![%\w])%%(?!%)[\s\S]{{1,{_LONGEST}}}?%%(?!%))",
    re.IGNORECASE,
)
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
    """Struck and commented runs outside code blocks."""
    if "~~" not in text and "<" not in text and "%%" not in text:
        return []
    found: list[LeftOut] = []
    for start, end in _outside_code(text, blocks):
        for match in _MARKDOWN.finditer(text, start, end):
            if match["code"]:
                continue
            why: Why = "struck out"
            if match["comment"]:
                why = "comment" if _STORY_LIKE.search(match["comment"]) else "aside"
            found.append(LeftOut(match.start(), match.end(), why))
    return found


def find_in_cells(text: str, blocks: Sequence[Block], *, wiki: bool = False) -> list[LeftOut]:
    """Struck runs inside the cells of rows.

    Args:
        wiki: the cells are written in Jira's markup.
    """
    if "~~" not in text and "</" not in text and not wiki:
        return []
    found: list[LeftOut] = []
    for block in blocks:
        for _, start, end in block.columns:
            for shape in (_CELL, _WIKI) if wiki else (_CELL,):
                found += [
                    LeftOut(match.start(), match.end(), "struck out")
                    for match in shape.finditer(text, start, end)
                    if not match.groupdict().get("code")
                ]
    return sorted(found, key=lambda each: (each.start, each.end))


def _outside_code(text: str, blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    position = 0
    for block in blocks:
        if block.kind == "code":
            yield position, block.start
            position = block.end
    yield position, len(text)
