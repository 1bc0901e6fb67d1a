"""What is not current text: struck out, hidden, deleted, moved away, commented.

It stays in the stored text, so that nothing is lost, and is left out of every story: stories are
looked for in a copy of the text in which blanks stand for it, at the same places.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.stories import Block, Span
from pipeline.text.sentences import plain

Why = Literal[
    "struck out",
    "hidden",
    "deleted",
    "moved away",
    "comment",
    "invisible",
    "notes",
    "formula",
    #: A comment of the source text, of which nothing need be said.
    "aside",
]

_NOT_BREAK = re.compile(r"[^\n]")
_SHOWN = 40
#: What strikes words out, or makes a comment of them.
_MARKS = re.compile(
    r"^~~|~~$|</?(?:del|s|strike)\b[^<>]*>|^<!--+|--+>$|^%%|%%$|^\{-\}|\{-\}$", re.IGNORECASE
)
#: How a count of each is said: one, several.
_SAID: dict[Why, tuple[str, str]] = {
    "struck out": ("1 place struck out", "{} places struck out"),
    "hidden": ("1 hidden place", "{} hidden places"),
    "deleted": ("1 deleted place", "{} deleted places"),
    "moved away": ("1 place moved elsewhere", "{} places moved elsewhere"),
    "comment": ("1 comment", "{} comments"),
    "invisible": ("1 invisible place", "{} invisible places"),
    "notes": ("1 slide's notes", "the notes of {} slides"),
    "formula": ("1 formula without a value", "{} formulas without values"),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run of the stored text that is not current, and why."""

    start: int
    end: int
    why: Why


class Rich:
    """Words put together piece by piece, some of them not current."""

    def __init__(self, words: str = "", why: Why | None = None) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.left_out: list[LeftOut] = []
        #: Where links in the words lead.
        self.targets: list[str] = []
        self.write(words, why)

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def current(self) -> str:
        """The words without those that are left out."""
        return blank_out(self.text, self.left_out) if self.left_out else self.text

    def write(self, words: str, why: Why | None = None) -> None:
        if not words:
            return
        start = self._length
        self._parts.append(words)
        self._length += len(words)
        if why:
            last = self.left_out[-1] if self.left_out else None
            if last and last.end == start and last.why == why:
                self.left_out[-1] = replace(last, end=self._length)
            elif not words.isspace():
                self.left_out.append(LeftOut(start, self._length, why))

    def add(self, other: Rich) -> None:
        """Append another's words with what is left out of them."""
        self.left_out += moved(other.left_out, self._length)
        self.targets += other.targets
        self._parts.append(other.text)
        self._length += other._length

    def part(self, first: int, last: int) -> Rich:
        """The words from ``first`` to ``last``."""
        cut = Rich(self.text[first:last])
        cut.targets = self.targets
        cut.left_out = [
            LeftOut(max(each.start, first) - first, min(each.end, last) - first, each.why)
            for each in self.left_out
            if each.start < last and each.end > first
        ]
        return cut

    def stripped(self) -> Rich:
        """Without the blanks at both ends."""
        text = self.text
        first = len(text) - len(text.lstrip())
        return self.part(first, max(first, len(text.rstrip())))


class Copy(Rich):
    """The words of a cell that is merged over several rows, in one of the further rows."""


#: A piece of text that is put together with others.
Words = str | Rich


def copied(words: Words) -> Copy:
    """The words of a merged cell for another of its rows."""
    copy = Copy()
    copy.add(Rich(words) if isinstance(words, str) else words)
    return copy


def plain_words(words: Words) -> str:
    """All the words, those that are left out included."""
    return words if isinstance(words, str) else words.text


def moved(left_out: Iterable[LeftOut], by: int) -> list[LeftOut]:
    """The same runs in a text that begins ``by`` characters earlier."""
    return [LeftOut(each.start + by, each.end + by, each.why) for each in left_out]


def blank_out(text: str, runs: Sequence[LeftOut] | Sequence[Span]) -> str:
    """The text with blanks at these runs; as long as before, line breaks kept."""
    if not runs:
        return text
    parts: list[str] = []
    position = 0
    for run in runs:
        start, end = (run.start, run.end)
        if start < position:
            start = position
        if end <= start:
            continue
        parts += (text[position:start], _NOT_BREAK.sub(" ", text[start:end]))
        position = end
    parts.append(text[position:])
    return "".join(parts)


def spans_of_left_out(left_out: Iterable[LeftOut]) -> tuple[Span, ...]:
    """The runs as spans, ascending, overlapping ones made one."""
    joined: list[Span] = []
    for run in sorted(left_out, key=lambda each: (each.start, each.end)):
        if joined and run.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, run.end))
        elif run.start < run.end:
            joined.append(Span(run.start, run.end))
    return tuple(joined)


def say_left_out(text: str, left_out: Iterable[LeftOut]) -> str | None:
    """What a person is told of it, None when nothing is left out."""
    told: dict[Why, list[str]] = {}
    for run in left_out:
        if run.why == "aside":
            continue
        told.setdefault(run.why, []).append(plain(_MARKS.sub("", text[run.start : run.end])))
    if not told:
        return None
    parts = []
    for why, words in told.items():
        one, several = _SAID[why]
        first = words[0] if len(words[0]) <= _SHOWN else f"{words[0][:_SHOWN].rstrip()}…"
        count = one if len(words) == 1 else several.format(f"{len(words):,}")
        parts.append(f"{count} (“{first}”)")
    return f"left out of the stories: {', '.join(parts)}"


def current_blocks(text: str, blocks: Iterable[Block]) -> list[Block]:
    """The blocks that still say something in a text with blanks for what is left out."""
    kept: list[Block] = []
    for block in blocks:
        if block.columns:
            columns = tuple(cell for cell in block.columns if not text[cell[1] : cell[2]].isspace())
            if any(first < last for _, first, last in columns) and columns:
                kept.append(replace(block, columns=columns))
        elif block.kind == "meta" or not text[block.start : block.end].isspace():
            kept.append(block)
    return kept


def without(text: str, spans: Sequence[Span], left_out: Sequence[Span]) -> tuple[Span, ...]:
    """Spans with the runs that are left out taken out of them, blank rests dropped.

    Args:
        left_out: ascending, not overlapping.
    """
    rest: list[Span] = []
    for start, end in spans:
        position = start
        index = max(0, bisect_left(left_out, (start,)) - 1)
        while index < len(left_out) and left_out[index].start < end:
            first, last = left_out[index]
            if last > position:
                if first > position:
                    rest.append(Span(position, first))
                position = max(position, last)
            index += 1
        if position < end:
            rest.append(Span(position, end))
    return tuple(span for span in rest if not text[span.start : span.end].isspace())
