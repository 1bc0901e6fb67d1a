"""One question after the other in the terminal.

Every answer is stored before the next question is shown, so leaving at any moment loses nothing. A
terminal gives single keys; from a pipe they come as lines, one a line.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.amounts import counted
from pipeline.console import harmless
from pipeline.document.structure.readable import without_markup
from pipeline.errors import InputError
from pipeline.review.answers import ANSWERS, Answer, Given, answered, possible
from pipeline.review.comparison import Marks, Told, compared, side_by_side, stacked
from pipeline.review.questions import KINDS, Question

#: Gives one key or line after showing a prompt; raises EOFError at the end.
Read = Callable[[str], str]
#: Shows a line; what documents say in it is harmless already.
Show = Callable[[str], None]
#: Stores an answer.
Keep = Callable[[Answer], object]

_KEYS: Mapping[str, Given] = {
    "o": "one_need",
    "v": "overlapping",
    "c": "contradicting",
    "d": "different",
    "y": "as_before",
}
_MOVES = {"": "skip", "b": "back", "q": "quit", "?": "help"}
#: What a line may say in words, as the prompt does, and the key it stands for.
_IN_WORDS = {
    "one need": "o", "overlapping": "v", "contradicting": "c", "different": "d", "as before": "y",
    "preferred": "", "first": "1", "second": "2", "first is preferred": "1",
    "second is preferred": "2", "skip": "", "enter": "", "back": "b", "quit": "q", "help": "?",
}  # fmt: skip
_SAID: Mapping[Given, str] = {
    "preferred": "preferred",
    "one_need": "one need",
    "overlapping": "overlapping",
    "contradicting": "contradicting",
    "different": "different",
    "as_before": "as before",
}


@dataclass(frozen=True)
class _Step:
    """What a key comes to: a move, or an answer for one question or all that are like it."""

    move: str = ""
    given: Given | None = None
    number: int | None = None
    batch: bool = False


def walk(
    questions: Sequence[Question],
    read: Read,
    show: Show,
    keep: Keep,
    *,
    by: str,
    marks: Marks | None = None,
) -> dict[str, int]:
    """Ask every question until the end, or until the person leaves.

    Returns:
        how many were answered with what, and how many are left ``open``.
    """
    marks = marks or Marks()
    given: dict[str, Given] = {}
    saved = 0
    place = 0
    while place < len(questions):
        question = questions[place]
        like = [q for q in questions[place:] if q.batch == question.batch and q.id not in given]
        if question not in like:
            like.insert(0, question)
        show("")
        head = _head(place, len(questions), len(questions) - len(given), question, len(like))
        for line in textwrap.wrap(head, marks.width, break_long_words=False):
            show(line)
        for line in describe(question, marks):
            show(line)
        try:
            step = _ask(question, like, read, show, marks)
            if step.batch and not _is_sure(like, step, read, show):
                continue
        except EOFError:
            break
        if step.given is not None:
            done = like if step.batch else [question]
            for one in done:
                keep(answered(one, step.given, number=step.number, by=by))
                given[one.id] = step.given
            saved += sum(one.saves for one in done if step.given in ("preferred", "one_need"))
            told = _SAID[step.given] + (f" {step.number}" if step.number else "")
            more = f", {len(done)} times" if len(done) > 1 else ""
            show(f"kept: {told}{more}. {len(questions) - len(given):,} left.")
        elif step.move == "quit":
            break
        if step.move == "back":
            place = max(0, place - 1)
        else:
            place += 1
            while step.batch and place < len(questions) and questions[place].id in given:
                place += 1
    counts = {_SAID[name]: n for name, n in Counter(given.values()).items()}
    if saved:
        show(f"Up to {counted(saved, 'word')} less will stand in the next merge.")
    return counts | {"open": len(questions) - len(given)}


def _head(place: int, n: int, left: int, question: Question, like: int) -> str:
    parts = [f"{place + 1:,} of {n:,} ({left:,} left)", question.kind]
    if question.saves:
        parts.append(f"deciding saves up to {counted(question.saves, 'word')}")
    if like > 1:
        parts.append(f"{like} are like it")
    return " · ".join([*parts, f"question {question.id}"])


def describe(question: Question, marks: Marks | None = None) -> Iterator[str]:
    """A question as lines: two tellings side by side where there is room, else one below the other,
    the words marked in which they differ."""
    marks = marks or Marks()
    heads = [_source(question, n) for n in range(len(question.stories))]
    sides = [_harmless(told) for told in question.tellings]
    if len(sides) == 2 and marks.beside:
        yield from side_by_side((heads[0], heads[1]), compared(sides[0], sides[1]), marks)
    else:
        first, second = compared(sides[0], sides[1])
        lines = [first, second, *(compared(sides[0], told)[1] for told in sides[2:])]
        for head, told in zip(heads, lines, strict=True):
            yield from stacked(head, told, marks)
    before = question.decided
    for name, said in (
        ("about", without_markup(question.opposed) or question.about),
        ("because", question.because),
        ("decided before", "" if before is None else f"{_SAID[before.answer]}, {before}"),
    ):
        if said:
            text = f"{name}: {' '.join(harmless(said).split())}"
            yield from textwrap.wrap(
                text, marks.width, initial_indent="  ", subsequent_indent="      "
            )


def _source(question: Question, n: int) -> str:
    source = question.stories[n].source
    written = source.written.isoformat() if source.written else ""
    told = [question.names[n], str(source), source.key, written, source.author]
    return harmless(f"[{n + 1}] {' · '.join(filter(None, told))}").replace("\n", " ")


def _harmless(told: Sequence[Told]) -> list[Told]:
    return [Told(piece.field, harmless(piece.text)) for piece in told]


def _ask(
    question: Question, like: Sequence[Question], read: Read, show: Show, marks: Marks
) -> _Step:
    """What the person says to one question."""
    prompt = _prompt(question, len(like), marks.width)
    while True:
        line = read(prompt).strip()
        if _key(line) == "?":
            for text in _help(question, len(like)):
                show(text)
            continue
        try:
            return _step(question, line, len(like))
        except InputError as error:
            show(f"  {error.message} {error.next}".rstrip())


def _key(line: str) -> str:
    """A line as keys: "one need 2" is "o 2", "preferred 1" is "1"."""
    words = " ".join(line.casefold().replace("_", " ").split())
    told = words.rstrip("0123456789").rstrip()
    number = words[len(told) :].strip()
    if told not in _IN_WORDS or (number and told in ("first", "second")):
        return line
    return f"{_IN_WORDS[told]} {number}".strip()


def _step(question: Question, line: str, like: int) -> _Step:
    if len(line) > 1:
        if line.casefold() == "preferred":
            answered(question, "preferred")  # says what is missing
        line = _key(line)
    if line.casefold() in _MOVES:
        return _Step(move=_MOVES[line.casefold()])
    if line.isascii() and line.isdecimal():
        answered(question, "preferred", number=int(line))
        return _Step(given="preferred", number=int(line))
    key, number = line[:1], line[1:].strip()
    given = _KEYS.get(key.casefold())
    if given is None or given not in possible(question) or not (number == "" or number.isdecimal()):
        raise InputError(f"{line!r} is not an answer.", next="? tells them.")
    if key.isupper():
        if like < 2 or number:
            raise InputError("nothing else here is like it.", next=f"Type {key.lower()}.")
        return _Step(given=given, batch=True)
    told = int(number) if number else None
    answered(question, given, number=told)
    return _Step(given=given, number=told)


def _is_sure(like: Sequence[Question], step: _Step, read: Read, show: Show) -> bool:
    """Whether all of a batch are meant, once they were shown."""
    for question in like:
        show(f"  {' / '.join(question.names)}: " + " / ".join(
            harmless(told[0].text if told else "")[:60] for told in question.tellings
        ))  # fmt: skip
    assert step.given is not None
    while True:
        said = read(f"All {len(like)} {_SAID[step.given]}? y n > ").strip().casefold()
        if said in ("y", "yes", "n", "no", ""):
            return said in ("y", "yes")
        show("  y decides them all, n goes back to the question.")


def _prompt(question: Question, like: int, width: int) -> str:
    n = len(question.stories)
    wins = ["1 first is preferred", "2 second is preferred"] if n == 2 else [f"1–{n} preferred"]
    keys = [f"{key} {_SAID[given]}" for key, given in _KEYS.items() if given in possible(question)]
    every = [f"O V C D all {like}"] if like > 1 else []
    moves = ["Enter skip", "b back", "q quit", "? help >"]
    lines = [""]
    for word in [*wins, *keys, *every, *moves]:
        if lines[-1] and len(lines[-1]) + 2 + len(word) > width - 2:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else "") + word
    return "\n".join(lines) + " "


def _help(question: Question, like: int) -> Iterator[str]:
    yield f"  {question.kind}: {KINDS[question.kind]}"
    yield f"  1, 2 …  {ANSWERS['preferred']}"
    for key, given in _KEYS.items():
        if given in possible(question):
            yield f"  {key}       {ANSWERS[given]}"
    stands = question.stands
    yield f"  (one need: [{stands}] would stand; where lines are read, o 2 names another)"
    if like > 1:
        yield f"  O V C D the same for all {like} that differ in the same words"


def terminal_marks() -> Marks:
    """How wide the terminal is and what it can show; a pipe gets 80 columns and brackets."""
    if not sys.stdout.isatty():
        return Marks()
    width = shutil.get_terminal_size().columns
    return Marks(width, "\x1b[1;4m", "\x1b[0m", visible=False)


def terminal_read(prompt: str) -> str:
    """One key where a person sits at a terminal that can give it, else one line."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return input(prompt)
    try:
        import termios
        import tty
    except ImportError:  # Windows
        return input(prompt)
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        # At once, and what was typed ahead stays.
        tty.setcbreak(terminal, termios.TCSANOW)
        sys.stdout.write(prompt)
        sys.stdout.flush()
        key = os.read(terminal, 1)
        # An arrow is several characters, and none of them is an answer.
        while key.startswith(b"\x1b") and select.select([terminal], [], [], 0.02)[0]:
            key += os.read(terminal, 1)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    if key in (b"", b"\x04"):
        raise EOFError
    told = key.decode(errors="replace")
    sys.stdout.write("\n" if told == "\n" else f"{harmless(told)}\n")
    return told
