"""A PDF's lines to paragraphs: where one ends, and words that a line's end broke."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.extract.readers.pdf_layout import Line

_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪●○–—·\uf0b7]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-z][.)])\s+\S")
_NEW = re.compile(
    r"\s*(?:As\s+(?:an?|the)\s|In\s+order\s+to\b|(?:user\s+)?story\s+#?\d|acceptance\s+criteria|given\b|"
    r"scenario\b|[A-Z]{2,10}-\d+\b|notes?:)",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"([^\W\d_]+)-$")
_ENDED = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
#: First parts of words that keep their hyphen.
_PREFIXES = frozenset(
    {"self", "non", "well", "part", "full", "half", "multi", "cross", "high", "low", "long"}
    | {"short", "sign", "log", "check", "opt", "drop", "pop", "real", "read", "user", "third"}
    | {"first", "second", "end", "single", "double", "time", "up", "down", "off", "on", "in"}
    | {"out", "all", "e", "pre", "post", "co", "ex", "mid", "semi", "anti", "so", "state", "one"}
    | {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "year", "day"}
    | {"hand", "data", "cost", "client", "server"}
)
#: In pitches of its lines: a wider gap ends a paragraph.
_WIDER = 1.45


def split_paragraphs(
    lines: Sequence[Line], levels: Mapping[float, int]
) -> Iterator[tuple[int, str]]:
    """(heading level or 0, text): lines of one size joined until a line begins something new, or
    stands farther below than the others do.

    Args:
        levels: the heading levels of letters' sizes.
    """
    group: list[str] = []
    group_level = 0
    texts = [line.text for line in lines]
    widest = max(map(len, texts), default=0)
    gaps = sorted(
        one.base - other.base
        for one, other in pairwise(lines)
        if 0 < one.base - other.base < 3 * one.size
    )
    pitch = gaps[len(gaps) // 4] if gaps else 0.0
    for number, (line, text) in enumerate(zip(lines, texts, strict=True)):
        level = levels.get(line.size, 0)
        short_before = (
            bool(group) and len(group[-1]) < widest * 0.6 and group[-1].rstrip()[-1:] in ".!?:"
        )
        gap = lines[number - 1].base - line.base if number else 0.0
        new = (
            level != group_level
            or _ITEM.match(text)
            or (not level and (_NEW.match(text) or short_before))
            or (
                not level
                and pitch > 0
                and gap > _WIDER * pitch
                and _ENDED.search(texts[number - 1])
            )
        )
        if group and new:
            yield group_level, join_lines(group)
            group = []
        group.append(text)
        group_level = level
    if group:
        yield group_level, join_lines(group)


def join_lines(lines: Sequence[str]) -> str:
    """Lines of one paragraph, a line each; a word that a line's end broke is put together on the
    upper line. A hyphen that belongs to the word stays."""
    joined: list[str] = []
    for line in lines:
        broken = _BROKEN.search(joined[-1]) if joined else None
        if broken and line[:1].islower():
            head, _, rest = line.partition(" ")
            kept = broken[1].lower() in _PREFIXES
            joined[-1] = f"{joined[-1] if kept else joined[-1][:-1]}{head}"
            if rest:
                joined.append(rest)
            continue
        joined.append(line)
    return "\n".join(joined)


def ends_open(text: str) -> bool:
    """Whether a page's last paragraph is broken off: it ends in the middle of a sentence."""
    return len(text.split()) > 3 and not _ENDED.search(text.rstrip())


def opens_anew(text: str) -> bool:
    """Whether a page's first paragraph begins something of its own."""
    first = text.lstrip()[:1]
    return not (first.islower() or first.isdecimal()) or bool(_ITEM.match(text) or _NEW.match(text))
