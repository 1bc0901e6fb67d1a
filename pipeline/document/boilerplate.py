"""What of a document's rest is not prose: navigation bars, menus, running headers and footers.

They say nothing that anybody asked for, but they are not in the merged document either, so they
are counted; and what is quoted of the rest is prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

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
    """Whether a line may be a menu's item: a few words that are not a sentence, heading or bullet."""
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
