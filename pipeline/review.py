"""A person decides: questions one by one in the terminal, or answers from a file.

Every answer is stored before the next question is shown, so leaving at any moment loses nothing.
Input is read line by line: a keyboard and a script are the same to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.merge.questions import ANSWERS, Question, decisions_for
from pipeline.outcomes import Decision

#: Reads one line after showing a prompt; raises EOFError at the end.
Read = Callable[[str], str]
Show = Callable[[str], None]
#: Stores a decision.
Keep = Callable[[Decision], object]

_KEYS = {"a": "accept", "s": "split", "k": "keep", "n": "never", "m": "merge"}
_MOVES = {"": "skip", "b": "back", "q": "quit", "?": "help"}


def walk(
    questions: Sequence[Question], read: Read, show: Show, keep: Keep, *, by: str
) -> dict[str, int]:
    """Ask every question until the end, or until the person leaves.

    Returns:
        how many were answered with what, and how many are left ``open``.
    """
    given: dict[str, str] = {}
    place = 0
    while place < len(questions):
        question = questions[place]
        show(f"\n{place + 1} of {len(questions)} · {question.kind} · question {question.id}")
        for line in describe(question):
            show(line)
        try:
            step = _ask(question, read, show)
        except EOFError:
            break
        if isinstance(step, tuple):
            answer, number = step
            for decision in decisions_for(question, answer, number=number, by=by):
                keep(decision)
            given[question.id] = answer
            show(f"kept: {answer}" + (f" {number}" if number else ""))
        elif step == "quit":
            break
        place = max(0, place - 1) if step == "back" else place + 1
    counts = {answer: list(given.values()).count(answer) for answer in ANSWERS}
    return {a: n for a, n in counts.items() if n} | {"open": len(questions) - len(given)}


def describe(question: Question) -> Iterator[str]:
    """A question as lines: each story in full with its source, then what differs."""
    for number, story in enumerate(question.stories, 1):
        source = story.source
        written = source.written.isoformat() if source.written else ""
        told = ", ".join(filter(None, [str(source), source.key, written, source.author]))
        yield f"  [{number}] {told}"
        yield from (f"      {line}" for line in story.text.strip().splitlines())
    if question.because:
        yield f"  because: {question.because}"
    yield from (f"  differs: {told}" for told in question.differs)
    if question.text is not None and not question.kept:
        yield "  merged into:"
        yield from (f"      {line}" for line in _merged(question))
    if question.decided is not None:
        yield f"  before: {question.decided.relation}, {question.decided}"


def _merged(question: Question) -> Iterator[str]:
    text = question.text
    if text is not None:
        for name in ("title", "role", "goal", "benefit"):
            if getattr(text, name):
                yield f"{name}: {getattr(text, name)}"
        yield from (f"- {line}" for line in (*text.criteria, *text.body))


def _ask(question: Question, read: Read, show: Show) -> str | tuple[str, int | None]:
    """A move, or an answer with the number of a story."""
    keys = [key for key, answer in _KEYS.items() if answer in question.answers]
    prompt = "  ".join(f"{key} {_KEYS[key]}" for key in keys)
    while True:
        line = read(f"{prompt}  [Enter] skip  b back  q quit  ? > ").strip().lower()
        if line in _MOVES and _MOVES[line] != "help":
            return _MOVES[line]
        word, _, rest = line.partition(" ")
        answer = _KEYS.get(word, word)
        try:
            if answer not in question.answers:
                raise InputError("no such answer.")
            number = int(rest) if rest else None
            decisions_for(question, answer, number=number)
            return answer, number
        except (InputError, ValueError) as error:
            if line != "?":
                show(f"  {error}")
            for key in keys:
                show(f"  {key}  {_KEYS[key]}: {ANSWERS[_KEYS[key]]}")
            show("  k and s take the number of a story: k 2")


def take(file: Path, questions: Sequence[Question], keep: Keep, *, by: str) -> int:
    """Keep the decisions of a file of answers, all or none; see :func:`read_answers`."""
    decisions = read_answers(file, questions, by=by)
    for decision in decisions:
        keep(decision)
    return len(decisions)


def read_answers(file: Path, questions: Sequence[Question], *, by: str) -> list[Decision]:
    """The decisions of a file of answers, one JSON object a line.

    ``{"question": ID, "answer": "keep", "number": 2, "note": "…"}``; all of them are checked
    before the first is kept.

    Raises:
        InputError: the file or a line of it cannot be used; the message names the line.
    """
    known = {question.id: question for question in questions}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"cannot be read: {exc}.", where=str(file)) from exc
    decisions: list[Decision] = []
    for at, line in enumerate(lines, 1):
        if line.strip():
            decisions += _answer(line, known, f"{file}, line {at}", by)
    return decisions


def _answer(line: str, known: dict[str, Question], where: str, by: str) -> list[Decision]:
    shape = 'Write {"question": ID, "answer": "keep", "number": 2}.'
    try:
        told = json.loads(line)
        name, answer = told["question"], told["answer"]
        number, note = told.get("number"), str(told.get("note", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InputError("this is no answer.", where=where, next=shape) from exc
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise InputError(f"{number!r} is no number of a story.", where=where, next=shape)
    question = known.get(name) if isinstance(name, str) else None
    if question is None:
        raise InputError(
            f"there is no question {name!r} in this run.",
            where=where,
            next="`storytransformer review RUN --list` shows them; --again those decided before.",
        )
    try:
        return decisions_for(question, str(answer), number=number, note=note, by=by)
    except InputError as error:
        raise InputError(error.message, where=where, next=error.next) from error
