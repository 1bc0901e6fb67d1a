"""Answers as decisions: one key, or a line of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.entries import Decision, Word
from pipeline.errors import InputError
from pipeline.review.questions import Question
from pipeline.text.canonical import VERSION

Given = Literal["preferred", "one_need", "overlapping", "contradicting", "different", "as_before"]
#: What may be answered, and what follows.
ANSWERS: Mapping[Given, str] = {
    "preferred": "this one holds; the others are decided against and fold under it whole",
    "one_need": "whoever built one has built the other: one need stands, the others fold under it",
    "overlapping": "they share a part, or one contains the other: placed next to each other",
    "contradicting": "both cannot hold, and nobody has decided yet: both stand as a conflict",
    "different": "never put under one entry, nor asked about again",
    "as_before": "what was decided before holds",
}

#: Words that files of before the first release hold, by the kind of question; those that meant two
#: things are left out.
_OF_BEFORE: Mapping[str, Mapping[str, Given]] = {
    "conflict": {
        "accept": "contradicting", "keep": "preferred", "never": "different", "merge": "one_need",
    },
    "possible conflict": {"keep": "preferred", "never": "different", "merge": "one_need"},
    "earlier": {"never": "different", "merge": "one_need"},
    "alike": {"accept": "different", "never": "different", "merge": "one_need"},
    "fold": {"accept": "one_need", "never": "different", "merge": "one_need"},
    "decided": {"never": "different", "merge": "one_need"},
}  # fmt: skip
_ALL_OF_BEFORE = ("accept", "keep", "never", "merge", "split")


class Keeper(Protocol):
    """What stores decisions: the store."""

    def decide(self, decision: Decision, *, run: str = "") -> Decision: ...

    def confirm(self, old: Decision, decision: Decision, *, run: str = "") -> Decision: ...


@dataclass(frozen=True)
class Answer:
    """A question answered: the decisions it comes to."""

    question: Question
    given: Given
    decisions: tuple[Decision, ...]

    def keep(self, keeper: Keeper, run: str) -> None:
        """Store it; a decision of an older version that it confirms or replaces goes."""
        earlier = self.question.earlier
        for decision in self.decisions:
            if earlier is None:
                keeper.decide(decision, run=run)
            else:
                keeper.confirm(earlier, decision, run=run)


def possible(question: Question) -> tuple[Given, ...]:
    """What may be answered to a question."""
    return tuple(a for a in ANSWERS if a != "as_before" or question.earlier is not None)


def answered(
    question: Question, given: str, *, number: int | None = None, note: str = "", by: str = ""
) -> Answer:
    """An answer as the decisions it stands for.

    Args:
        given: of :data:`ANSWERS`.
        number: of the story that stands, counted from 1: needed for ``preferred``; for ``one_need``
            the one whose words the question says would stand, where it is None.

    Raises:
        InputError: no such answer to this question, or no such story.
    """
    found = next((known for known in possible(question) if known == given), None)
    where = f"question {question.id}"
    if found is None:
        raise InputError(
            f"{given!r} is not an answer to this question.",
            where=where,
            next=f"Answer {', '.join(possible(question))}.",
        )
    n = len(question.stories)
    if number is not None and not 1 <= number <= n:
        raise InputError(f"there is no story {number}.", where=where, next=f"There are 1 to {n}.")
    if found == "preferred" and number is None:
        raise InputError(
            "which of them is preferred?", where=where, next=f"Give its number, 1 to {n}."
        )
    if number is not None and found not in ("preferred", "one_need"):
        raise InputError(
            f"{found} takes no number.",
            where=where,
            next="Only preferred and one_need name a story.",
        )
    return Answer(question, found, (_decision(question, found, number, note, by),))


def _decision(question: Question, given: Given, number: int | None, note: str, by: str) -> Decision:
    earlier = question.earlier
    answer: Word
    if given == "as_before":
        assert earlier is not None
        answer, note = earlier.answer, note or earlier.note
    else:
        answer = given
    keep = number or question.stands
    prints = question.fingerprints
    order = sorted(range(len(prints)), key=prints.__getitem__)
    contradicts = answer == "contradicting"
    return Decision(
        fingerprints=tuple(prints[n] for n in order),
        answer=answer,
        keep=prints[keep - 1] if answer in ("one_need", "preferred") else "",
        note=note,
        about=question.about if contradicts else "",
        values=tuple(question.differs[n] for n in order) if contradicts else (),
        by=by,
        version=VERSION,
        sovereignty=question.sovereignty or (earlier.sovereignty if earlier else ""),
    )


def read_answers(file: Path, questions: Sequence[Question], *, by: str) -> list[Answer]:
    """The answers of a file, one JSON object a line.

    ``{"question": ID, "answer": "one_need", "number": 2, "note": "…"}``; all of them are checked
    before the first is returned.

    Raises:
        InputError: the file or a line of it cannot be used; the message names the line.
    """
    known = {question.id: question for question in questions}
    found: list[Answer] = []
    for where, told in read_lines(file):
        found += _answer(told, known, where, by)
    return found


def read_lines(file: Path) -> list[tuple[str, Any]]:
    """The JSON values of a file, one a line, each with the name of its line.

    Raises:
        InputError: the file cannot be read, or a line is not valid JSON.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"cannot be read: {exc}.", where=str(file)) from exc
    found = []
    for at, line in enumerate(lines, 1):
        if line.strip():
            where = f"{file}, line {at}"
            try:
                found.append((where, json.loads(line)))
            except ValueError as exc:
                raise InputError("this is not valid JSON.", where=where, next=_SHAPE) from exc
    return found


_SHAPE = 'Write {"question": ID, "answer": "preferred", "number": 2}.'


def _answer(told: Any, known: Mapping[str, Question], where: str, by: str) -> list[Answer]:
    try:
        name = str(told["question"])
        # In words as people write them: "one need", "One-need".
        given = "_".join(str(told["answer"]).casefold().replace("-", " ").split())
        number, note = told.get("number"), str(told.get("note", ""))
    except (KeyError, TypeError, AttributeError) as exc:
        raise InputError("this is not an answer.", where=where, next=_SHAPE) from exc
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise InputError(f"{number!r} is not a number of a story.", where=where, next=_SHAPE)
    question = known.get(name)
    if question is None:
        raise InputError(
            f"there is no question {name!r} in this run.",
            where=where,
            next="`storytransformer review RUN --list` shows them; --again those decided before.",
        )
    try:
        if given == "split":
            return _split(question, number, note, by)
        if given in _ALL_OF_BEFORE:
            given, number = _of_now(question, given, number)
        return [answered(question, given, number=number, note=note, by=by)]
    except InputError as error:
        raise InputError(error.message, where=where, next=error.next) from error


def _of_now(question: Question, given: str, number: int | None) -> tuple[Given, int | None]:
    """What a word of before the first release means."""
    meant = _OF_BEFORE[question.kind].get(given)
    if meant is None:
        raise InputError(
            f"{given!r} is a word of before the first release, and can mean several things now.",
            next=f"Write {', '.join(possible(question))} instead.",
        )
    return meant, number if meant in ("preferred", "one_need") else None


def _split(question: Question, number: int | None, note: str, by: str) -> list[Answer]:
    """A story that is another need than each of the rest, which stay in question."""
    n = len(question.stories)
    if n == 2:
        return [answered(question, "different", note=note, by=by)]
    if number is None or not 1 <= number <= n:
        raise InputError("which of them is split off?", next=f"Give its number, 1 to {n}.")
    off = question.stories[number - 1]
    decisions = tuple(
        replace(
            _decision(question, "different", None, note, by),
            fingerprints=tuple(sorted((off.fingerprint, other.fingerprint))),
        )
        for other in question.stories
        if other is not off
    )
    return [Answer(question, "different", decisions)]
