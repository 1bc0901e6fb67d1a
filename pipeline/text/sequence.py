"""How a story's lines are laid out, and whether the order of its criteria is part of what it says.

Fields hold the words of a list and not its levels, its groups or what is ticked off: those are
read from the story's own text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from pipeline.text.notation import is_month
from pipeline.text.typography import set_plainly

_ITEM = re.compile(
    r"(?P<indent>[ \t>]*)(?P<mark>[-*+•·‣◦–]|\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)])"
    r"(?P<box>[ \t]+\[[ xX]\])?[ \t]+(?P<words>\S.*)"
)
#: An item of a web page, whose bullets are in no text.
_BOX = re.compile(r"[ \t>]*\[(?P<tick>[ xX])\][ \t]+\S")
_HEADING = re.compile(r"\s*#{1,6}\s")
#: What opens and closes a text whose blanks count: Gherkin's doc strings, Markdown's code.
_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<mark>\"\"\"|`{3,}|~{3,})")
#: A link with words of its own; its target may hold brackets, one within another.
_LINK = re.compile(r"\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)|\[\[([^\[\]|\n]+)\|")
_SIGN = re.compile(r"(?:(?<=\s)|^)\((?:[/x!?+-]|on|off|[yn])\)(?=\s)", re.MULTILINE)
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
#: Whose text is as its author wrote it. That of every other format is set by this program, which
#: may write a bullet for a numbered item, too.
_AS_WRITTEN = (".md", ".markdown", ".mdown", ".txt", ".text", ".rst", ".adoc", ".csv", ".tsv")

#: The number of an item inside of a line, and what an item begins with: no month and no sum.
_INSIDE = re.compile(
    r"(?:(?<=\s)|^)(?P<open>\(?)(?:(?P<number>\d{1,2})|(?P<letter>[a-h]))(?P<close>[.)])(?=\s+\S)"
)
_BEGINS = re.compile(r"\s+(?:[^\W\d]|[\"'“‘`*_<(]|\d+\s+[^\W\d_A-Z][^\W\d_])")
_AHEAD = re.compile(r"(?:^[\s>*+•_-]*|[:–—][\s*_]*)$")

#: What the order of a story's criteria is: none, that of a numbered list, or as they stand.
Order = Literal["set", "numbered", "listed"]


def inline_items(line: str) -> list[int]:
    """Where the items of a list begin that is told inside of a line: "1. by card 2. by cash",
    "Criteria: a) by card b) by cash"; nothing where it holds none.

    Items are numbered from 1, or lettered from a), in one style, the first where the line begins or
    behind a colon. A number that could be the next one in two places leaves the line whole, and so
    does a date ("1. May"): versions, times, sums and "No. 3" are no items.
    """
    if ")" not in line and ". " not in line:
        return []
    marks = list(_INSIDE.finditer(line))
    first = next((n for n, mark in enumerate(marks) if _is_first(mark)), len(marks))
    alike = [mark for mark in marks[first:] if _style(mark) == _style(marks[first])]
    places: list[re.Match[str]] = []
    for n, mark in enumerate(alike, 1):
        name = mark["number"] or mark["letter"]
        wanted = (
            str(len(places) + 1) if mark["number"] else "abcdefgh"[len(places) : len(places) + 1]
        )
        if name != wanted:
            continue
        if any((other["number"] or other["letter"]) == name for other in alike[n:]):
            return []
        if not _is_item(mark):
            return []
        places.append(mark)
    return [mark.start() for mark in places] if len(places) > 1 else []


def _is_first(mark: re.Match[str]) -> bool:
    return (mark["number"] == "1" or mark["letter"] == "a") and bool(
        _AHEAD.search(mark.string[: mark.start()])
    )


def _style(mark: re.Match[str]) -> tuple[bool, str, str]:
    return mark["letter"] is None, mark["open"], mark["close"]


def _is_item(mark: re.Match[str]) -> bool:
    """Whether words of an item follow: "a." may be anything, "1. May" is a day."""
    if mark["letter"] and mark["close"] == ".":
        return False
    begins = _BEGINS.match(mark.string, mark.end())
    word = re.match(r"\W*([^\W\d_]+)", mark.string[mark.end() :])
    return begins is not None and not (word and is_month(word[1]))


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
        elif box := _BOX.match(line):
            marks.append("0" if box["tick"] == " " else "0x")
        elif _HEADING.match(line):
            marks.append("#")
        elif line.strip() and (not marks or marks[-1] == "#" or _is_new(line, marks)):
            marks.append("¶")
    first = next((n for n, mark in enumerate(marks) if mark[0].isdigit()), len(marks))
    plain = len(set(marks[first:])) <= 1 and not any(mark.endswith("x") for mark in marks)
    return () if plain else tuple(marks)


def fenced_lines(text: str) -> tuple[str, ...]:
    """The lines of every fenced text in ``text`` (doc strings, code), indented as they are below
    their closing fence; fields hold their words without it."""
    lines: list[str] = []
    inside: list[str] | None = None
    mark = ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if inside is None:
            if fence:
                inside, mark = [], fence["mark"]
        elif fence and fence["mark"].startswith(mark):
            margin = len(fence["indent"])
            lines += [_below(each, margin) for each in inside]
            lines.append(mark)
            inside = None
        else:
            inside.append(line)
    return (*lines, *(inside or ()))


def link_targets(text: str) -> tuple[str, ...]:
    """Where the links of a marked-up text lead, in order: "a.md" of "[the rules](a.md)", "Rules" of
    "[[Rules|the rules]]", as their words tell nothing of it."""
    if "](" not in text and "[[" not in text:
        return ()
    return tuple(found[1] or found[2].strip() for found in _LINK.finditer(text))


def signs_in(text: str) -> tuple[str, ...]:
    """The signs by which a tracker's wiki markup says what is done, warned of or asked, in order:
    "(/)", "(x)", "(!)"; fields hold the words behind them."""
    return tuple(_SIGN.findall(text)) if "(" in text else ()


def _below(line: str, margin: int) -> str:
    """A line without the indent of its fence; what stands left of it keeps all of its own."""
    return line if line[:margin].strip() else line[margin:]


def order_of(text: str, criteria: Sequence[str], body: Sequence[str] = (), path: str = "") -> Order:
    """Whether the order of ``criteria`` counts.

    It does, unless each stands in ``text`` as a bullet of one list without levels or groups, names
    no step and points at no other ("set"). A numbered list is never the same as a bulleted one:
    who numbers says that the order counts. English words alone are known: the caller keeps the
    order in every other language.

    Args:
        body: the story's further paragraphs, of which some may be numbered.
        path: of the document, "" for text as its author wrote it.
    """
    items = [item for line in text.splitlines() if (item := _ITEM.match(line))]
    numbered = [_flat(item["words"]) for item in items if item["mark"][-1] in ".)"]
    told = map(_flat, (*criteria, *body))
    if numbered and any(_begins(one, words) for one in told for words in numbered):
        return "numbered"
    if len(criteria) < 2 or (path and not path.lower().endswith(_AS_WRITTEN)) or outline(text):
        return "listed"
    if any(_STEP.search(words) or _POINTS.search(words) for words in criteria):
        return "listed"
    bullets = [_flat(item["words"]) for item in items if item["mark"][-1] not in ".)"]
    each = all(any(_begins(one, words) for words in bullets) for one in map(_flat, criteria))
    return "set" if each else "listed"


def _is_new(line: str, marks: Sequence[str]) -> bool:
    """A line after an item that is not set under it begins a paragraph of its own."""
    return marks[-1][0].isdigit() and not line[0].isspace()


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _flat(text: str) -> str:
    return " ".join(set_plainly(text, set()).replace("*", " ").replace("_", " ").split())
