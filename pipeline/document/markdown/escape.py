"""Text of sources as Markdown that means nothing but itself.

Characters that a reader does not see (controls, marks that turn the direction of writing, zero
width, tags, halves of a pair) are shown by their number, so that nobody is told what they are
not: ``<U+202E>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What begins a link, a tag, a table, emphasis or an entity.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
#: What means something only at the beginning of a line: a list, a rule, a heading's underline.
_OPENING = re.compile(r"^(?:([-+=])|(\d{1,9})([.)])(?=\s|$))")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile(r"\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
_LETTER = re.compile(r"\w")
#: What emphasised words may begin and end with.
_FIRST, _LAST = re.compile(r"[\w\"'“‘«(<$€£@/-]"), re.compile(r"[\w\"'”’»)>%€$£/-]")


def visible(text: str) -> str:
    """Characters that are not seen, shown by their number."""
    return _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def plain(text: str) -> str:
    """A text on one line, as Markdown that means nothing but itself, at a line's beginning too."""
    return _OPENING.sub(_literal, _escaped(" ".join(text.split())))


def lines(text: str) -> list[str]:
    """The lines of a text as Markdown that means nothing but itself, empty ones at its ends left
    out; each begins where the text's line has its first character that is not blank."""
    found = [plain(line) for line in _BREAKS.split(text)]
    while found and not found[-1]:
        found.pop()
    return found[_first(found) :]


def marked(text: str, runs: Iterable[str], mark: str) -> str:
    """A text on one line with ``mark`` around the given runs of its words, each once, in their
    order; a run that does not stand there as whole words is passed over."""
    flat = " ".join(text.split())
    out, position = [], 0
    for run in runs:
        wanted = " ".join(run.split()).rstrip(".,;:!?")
        at = _find(flat, wanted, position)
        if at < 0:
            continue
        out += [_escaped(flat[position:at]), mark, _escaped(wanted), mark]
        position = at + len(wanted)
    return "".join([*out, _escaped(flat[position:])])


def _find(text: str, run: str, position: int) -> int:
    """Where a run stands as whole words and emphasis is read as such (CommonMark, flanking)."""
    if not run or not _FIRST.match(run[0]) or not _LAST.match(run[-1]):
        return -1
    while (at := text.find(run, position)) >= 0:
        before, after = text[at - 1 : at] if at else " ", text[at + len(run) :][:1] or " "
        fits = not _LETTER.match(before) if _LETTER.match(run[0]) else before.isspace()
        if fits and (not _LETTER.match(after) if _LETTER.match(run[-1]) else after.isspace()):
            return at
        position = at + 1
    return -1


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text).replace("&", "&amp;"))


def _literal(found: re.Match[str]) -> str:
    sign, number, dot = found.groups()
    return f"\\{sign}" if sign else f"{number}\\{dot}"


def _first(found: list[str]) -> int:
    return next((n for n, line in enumerate(found) if line), 0)
