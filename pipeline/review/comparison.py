"""What a story says, piece by piece and without its markup, where two tellings differ, and how
promising a question about them is by what a judge said."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from rich.cells import cell_len

from pipeline.document.structure.readable import without_markup
from pipeline.entries import Answer, Entry
from pipeline.store.judgements import JudgementTold
from pipeline.stories import Story

#: The order in which the pieces of a telling are shown.
_ORDER = ("title", "sentence", "benefit", "criterion", "body", "label")
_EDGES = ".,;:!?\"'“”‘’()"
#: What a judge may say of two tellings that makes them worth asking about.
_WORTH_ASKING = (Answer.ONE_NEED, Answer.CONTRADICTING)
#: How sure a judge counts that gives an answer no likelihood, where it says another.
_UNSAID = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of a telling: its field, and its words on one line."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a telling, and whether the other telling has another there."""

    text: str
    differs: bool = False


Line = tuple[Word, ...]


def telling(story: Story, entry: Entry | None) -> tuple[Told, ...]:
    """What a story says, in the words that its entry has of it: standing or folded.

    Args:
        entry: None where the story stands in none.
    """
    if entry is None:
        return (Told("sentence", without_markup(story.text)),)
    found = [Told(line.field, line.text) for line in entry.lines if story.id in line.stories]
    found += [Told(fold.field, fold.text) for fold in entry.folds if fold.story == story.id]
    told = [Told(piece.field, without_markup(piece.text)) for piece in found]
    return tuple(sorted((t for t in told if t.text), key=lambda piece: _ORDER.index(piece.field)))


def compared(
    one: Sequence[Told], other: Sequence[Told]
) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines of two tellings with the words marked that the other does not have in the same
    place, field by field. Letter case and the signs at a word's edges are not marked."""
    marks: tuple[list[Line], list[Line]] = ([], [])
    for field in _ORDER:
        sides = [[t.text.split() for t in told if t.field == field] for told in (one, other)]
        flat = [[word for line in lines for word in line] for lines in sides]
        keys = [[_key(word) for word in words] for words in flat]
        differs = [[True] * len(words) for words in flat]
        matcher = SequenceMatcher(None, keys[0], keys[1], autojunk=False)
        for block in matcher.get_matching_blocks():
            for n in range(block.size):
                differs[0][block.a + n] = differs[1][block.b + n] = False
        for side, lines in enumerate(sides):
            left = iter(zip(flat[side], differs[side], strict=True))
            marks[side].extend(
                tuple(Word(word, mark) for word, mark in (next(left) for _ in line))
                for line in lines
            )
    return tuple(marks[0]), tuple(marks[1])


def likeness(one: str, other: str) -> float:
    """The share of words that two texts have in common in order, 0 to 1."""
    keys = [[_key(word) for word in text.split()] for text in (one, other)]
    return SequenceMatcher(None, keys[0], keys[1], autojunk=False).ratio()


def differing(one: str, other: str) -> tuple[str, str]:
    """The words of each of two texts that the other does not have in the same place."""
    sides = compared((Told("sentence", one),), (Told("sentence", other),))
    left, right = (
        " ".join(_key(word.text) for line in lines for word in line if word.differs)
        for lines in sides
    )
    return left, right


@dataclass(frozen=True, slots=True)
class Marks:
    """How differing words are marked, and how wide a line may be.

    Args:
        opens, closes: around a run of differing words.
        visible: whether the two take up room; a terminal's own signs do not.
    """

    width: int = 80
    opens: str = "["
    closes: str = "]"
    visible: bool = True

    @property
    def beside(self) -> bool:
        """Whether there is room for two tellings side by side."""
        return self.width >= 110


def stacked(head: str, lines: Iterable[Line], marks: Marks) -> Iterator[str]:
    """One telling below its head."""
    yield from textwrap.wrap(
        head, marks.width, initial_indent="  ", subsequent_indent="      ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    for line in lines:
        yield from (f"      {text}" for text, _ in _wrapped(line, marks.width - 6, marks))


def side_by_side(
    heads: tuple[str, str], sides: tuple[Sequence[Line], Sequence[Line]], marks: Marks
) -> Iterator[str]:
    """Two tellings in two columns."""
    width = (marks.width - 5) // 2
    columns: list[list[tuple[str, int]]] = []
    for head, lines in zip(heads, sides, strict=True):
        column = list(_wrapped(tuple(map(Word, head.split())), width, marks))
        for line in lines:
            column += [(f"  {text}", n + 2) for text, n in _wrapped(line, width - 2, marks)]
        columns.append(column)
    for left, right in zip_longest(*columns, fillvalue=("", 0)):
        gap = " " * (width - left[1])
        yield f"  {left[0]}{gap} │ {right[0]}".rstrip()


def _wrapped(line: Line, width: int, marks: Marks) -> Iterator[tuple[str, int]]:
    """A line as lines of at most so many columns, each with the columns it takes."""
    words = list(_bracketed(line, marks)) if marks.visible else list(line)
    row: list[Word] = []
    taken = 0
    for word in words:
        for part in _cut(word, width):
            n = cell_len(part.text)
            if row and taken + 1 + n > width:
                yield _drawn(row, marks), taken
                row, taken = [], 0
            taken += n + (1 if row else 0)
            row.append(part)
    if row:
        yield _drawn(row, marks), taken


def _bracketed(line: Line, marks: Marks) -> Iterator[Word]:
    for differs, run in groupby(line, key=lambda word: word.differs):
        texts = [word.text for word in run]
        if differs:
            texts[0] = marks.opens + texts[0]
            texts[-1] += marks.closes
        yield from map(Word, texts)


def _cut(word: Word, width: int) -> Iterator[Word]:
    text = word.text
    while cell_len(text) > width:
        at = max(1, width // 2 if not text.isascii() else width)
        yield Word(text[:at], word.differs)
        text = text[at:]
    yield Word(text, word.differs)


def _drawn(row: Sequence[Word], marks: Marks) -> str:
    parts = []
    for differs, run in groupby(row, key=lambda word: word.differs):
        text = " ".join(word.text for word in run)
        parts.append(f"{marks.opens}{text}{marks.closes}" if differs else text)
    return " ".join(parts)


def _key(word: str) -> str:
    return word.strip(_EDGES).casefold() or word


def promise(likeness: float, judged: JudgementTold | None) -> float:
    """How likely deciding on two tellings saves something, 0 to 1: what a judge says of them where
    one was asked, and how alike they are."""
    if judged is None:
        return likeness
    if judged.answer in _WORTH_ASKING:
        return 1.0 if judged.likelihood is None else judged.likelihood
    sure = _UNSAID if judged.likelihood is None else judged.likelihood
    return likeness * (1.0 - sure)


def opinion(judged: JudgementTold | None) -> str:
    """What a judge says that makes two tellings worth asking about, "" where it does not."""
    if judged is None or judged.answer not in _WORTH_ASKING:
        return ""
    sure = "" if judged.likelihood is None else f" ({judged.likelihood:.2f})"
    return f"{judged.answer.replace('_', ' ')}, says {judged.judge}{sure}"
