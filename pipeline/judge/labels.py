"""Pairs of tellings whose answer is known, read from a file: what a judge is examined with.

A file is JSON Lines. A written pair holds both tellings; a drawn one says where they stand in
documents that are not part of the file::

    {"id": "p1", "scene": "s1", "half": "report", "kind": "small word", "language": "en",
     "shape": "agile", "a": {"role": "…", "goal": "…", "benefit": "…", "criteria": ["…"]},
     "b": {…}, "answer": "contradicting"}
    {"id": "d1", "half": "report", "a": {"document": "x.md", "sha256": "…", "start": 0, "end": 9},
     "b": {…}, "readings": ["different", "different"], "answer": "different"}

``half`` says what a pair is for: ``threshold`` pairs set thresholds, ``report`` pairs decide what
is believed. Where it is missing it is dealt by the scene (or id), half and half.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.stories import Document, Extraction, Locator, Source, Span, Story, story_id

Half = Literal["threshold", "report"]
_HALVES: tuple[Half, ...] = ("threshold", "report")
#: Kind of a pair that the real search for candidates found.
DRAWN = "drawn"
#: What labels call a shape, and the kind of story that it is; criteria make no kind of their own.
_SHAPES = {"agile": "agile", "criteria": "agile", "narrative": "narrative",
           "scenario": "scenario", "gherkin": "scenario"}  # fmt: skip
_SHAPE_OF_A_LINE = (
    'Write {"id": "p1", "a": {"goal": "…"}, "b": {"goal": "…"}, "answer": "one_need"}.'
)
#: How a telling is written as a sentence: what its language is recognised by.
_FRAMES: Mapping[str, tuple[str, str, str]] = {
    "en": ("As {article} {role}, ", "I want to {goal}", ", so that {benefit}"),
    "de": ("Als {role} ", "möchte ich {goal}", ", damit {benefit}"),
    "fr": ("En tant que {role}, ", "je veux {goal}", " afin que {benefit}"),
    "es": ("Como {role}, ", "quiero {goal}", " para que {benefit}"),
    "it": ("Come {role}, ", "voglio {goal}", " in modo che {benefit}"),
    "pt": ("Como {role}, ", "eu quero {goal}", " para que {benefit}"),
    "nl": ("Als {role} ", "wil ik {goal}", ", zodat {benefit}"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a telling stands in a document.

    Args:
        document: its path below the folder of the corpora; sha256: of its bytes.
        start, end: of the story's envelope in the document's stored text.
    """

    document: str
    sha256: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label:
    """A pair with its answer.

    Args:
        a, b: tellings, or where they stand.
        kind: in what the two differ, by the words of who wrote the pair; :data:`DRAWN` for pairs of
            the real search for candidates.
        sovereignty: a mark that the pair bears, "" for none.
        where: file and line.
        scene: whose tellings they are, "" where nobody says: tellings of two scenes are of
            different needs.
    """

    id: str
    half: Half
    kind: str
    a: Story | Place
    b: Story | Place
    answer: Answer
    sovereignty: str
    where: str
    scene: str = ""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labelled pairs.

    Args:
        sha256: of its bytes.
        extraction: its text with the tellings of its written pairs as stories.
    """

    path: Path
    sha256: str
    labels: tuple[Label, ...]
    extraction: Extraction


def exam_hash(files: Sequence[LabelFile] | Sequence[str]) -> str:
    """What an exam is known by: the files' hashes, in whatever order they were named."""
    hashes = sorted(file if isinstance(file, str) else file.sha256 for file in files)
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def file_hash(path: Path) -> str | None:
    """The sha256 of a file's bytes, None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def read_labels(path: Path) -> LabelFile:
    """Every pair of a file; all of them are checked.

    Raises:
        InputError: the file or a line of it cannot be used; the message names file and line.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"cannot be read: {exc}.", where=str(path),
                         next="Labels are JSON Lines in UTF-8.") from exc  # fmt: skip
    sha256 = hashlib.sha256(data).hexdigest()
    labels: list[Label] = []
    seen: dict[str, str] = {}
    for number, start, line in _lines(text):
        label = _Line(path, sha256, number, start, len(line)).read(line)
        if label.id in seen:
            raise InputError(
                f"the id {label.id!r} is that of {seen[label.id]}, too.",
                where=label.where,
                next="Give every pair an id of its own.",
            )
        seen[label.id] = label.where
        labels.append(label)
    if not labels:
        raise InputError("this file holds no pair.", where=str(path), next=_SHAPE_OF_A_LINE)
    stories = tuple(s for label in labels for s in (label.a, label.b) if isinstance(s, Story))
    document = Document(sha256, (str(path),), "jsonl", text)
    return LabelFile(path, sha256, tuple(labels), Extraction(document, stories))


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, first character and text of every line that is not blank."""
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, start, line
        start += len(line) + 1


@dataclass(frozen=True, slots=True)
class _Line:
    """One line while it is read."""

    path: Path
    sha256: str
    number: int
    start: int
    length: int

    @property
    def where(self) -> str:
        return f"{self.path}, line {self.number}"

    def read(self, line: str) -> Label:
        try:
            told = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise InputError(f"this is not valid JSON: {exc}.", where=self.where,
                             next=_SHAPE_OF_A_LINE) from exc  # fmt: skip
        if not isinstance(told, dict):
            self._refuse("this is not an object.", _SHAPE_OF_A_LINE)
        name = self._text(told, "id")
        if not name:
            self._refuse("the pair has no id.", 'Add "id".')
        a, b = self._side(told, "a", name, 0), self._side(told, "b", name, 1)
        if isinstance(a, Place) != isinstance(b, Place):
            self._refuse("one telling is written here and the other stands in a document.",
                         "Write both, or give the place of both.")  # fmt: skip
        kind = self._text(told, "kind") or (DRAWN if isinstance(a, Place) else "unnamed")
        return Label(
            id=name,
            half=self._half(told, name),
            kind=kind,
            a=a,
            b=b,
            answer=self._answer(told),
            sovereignty=self._mark(told),
            where=self.where,
            scene=self._text(told, "scene"),
        )

    def _half(self, told: Mapping[str, Any], name: str) -> Half:
        given = self._text(told, "half")
        if not given:
            group = self._text(told, "scene") or name
            return _HALVES[hashlib.sha256(group.encode()).digest()[0] % 2]
        for half in _HALVES:
            if given == half:
                return half
        self._refuse(f"there is no half {given!r}.", "Write threshold or report.")

    def _answer(self, told: Mapping[str, Any]) -> Answer:
        given = self._text(told, "answer")
        try:
            return Answer(given)
        except ValueError:
            known = ", ".join(answer.value for answer in Answer)
            self._refuse(f"{given!r} is not an answer.", f"Answer {known}.")

    def _mark(self, told: Mapping[str, Any]) -> str:
        """Whatever stands under the mark's name: what is not understood counts as one."""
        if "sovereignty" not in told:
            return ""
        value = told["sovereignty"]
        return value if isinstance(value, str) and value else json.dumps(value)

    def _side(self, told: Mapping[str, Any], side: str, name: str, n: int) -> Story | Place:
        given = told.get(side)
        if not isinstance(given, dict):
            self._refuse(f"there is no telling {side!r}.", _SHAPE_OF_A_LINE)
        if "document" in given:
            return self._place(given, side)
        return self._story(given, told, name, n)

    def _place(self, given: Mapping[str, Any], side: str) -> Place:
        start, end = given.get("start"), given.get("end")
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
        if not whole or not 0 <= start < end:  # type: ignore[operator]
            self._refuse(f"{side}: {start!r} to {end!r} is not a run of text.",
                         "Give start and end in characters.")  # fmt: skip
        document, sha256 = self._text(given, "document"), self._text(given, "sha256")
        if not document or len(sha256) != 64:
            self._refuse(f"{side}: its document is not named by path and sha256.",
                         "Add both: the text is looked up by them.")  # fmt: skip
        return Place(document, sha256, int(start), int(end))  # type: ignore[arg-type]

    def _story(self, given: Mapping[str, Any], told: Mapping[str, Any], name: str, n: int) -> Story:
        shape = self._text(told, "shape") or ("agile" if given.get("goal") else "narrative")
        if shape not in _SHAPES:
            self._refuse(f"there is no shape {shape!r}.", f"There are: {', '.join(_SHAPES)}.")
        role, goal, benefit, title = (
            self._text(given, field) for field in ("role", "goal", "benefit", "title")
        )
        steps = self._texts(given, "criteria") + self._texts(given, "steps")
        body = self._texts(given, "body")
        if not (goal or title or steps or body):
            self._refuse("a telling says nothing.", "Give it a goal, steps or a body.")
        half = self.length // 2
        spans = (Span(self.start + n * half, self.start + half + n * (self.length - half)),)
        kind: Any = _SHAPES[shape]
        return Story(
            id=story_id(self.sha256, spans, kind),
            kind=kind,
            source=Source(self.sha256, str(self.path), Locator(line=self.number), spans, key=name),
            text=_sentence(self._text(told, "language"), role, goal, benefit, title, steps, body),
            role=role,
            goal=goal,
            benefit=benefit,
            criteria=steps,
            title=title,
            body=body,
        )

    def _text(self, told: Mapping[str, Any], name: str) -> str:
        value = told.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._refuse(f"{name!r} is not text.", "Write it in quotation marks.")
        return value.strip()

    def _texts(self, told: Mapping[str, Any], name: str) -> tuple[str, ...]:
        value = told.get(name)
        found = [value] if isinstance(value, str) else value if value is not None else []
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            self._refuse(f"{name!r} is not a list of texts.", 'Write it as ["…", "…"].')
        return tuple(one.strip() for one in found if one.strip())

    def _refuse(self, what: str, next_step: str) -> NoReturn:
        raise InputError(what, where=self.where, next=next_step)


def _sentence(
    language: str,
    role: str,
    goal: str,
    benefit: str,
    title: str,
    steps: Sequence[str],
    body: Sequence[str],
) -> str:
    """A telling as its author would have written it into a document."""
    as_, want, so_that = _FRAMES.get(language[:2].lower(), ("{role}: ", "{goal}", ", {benefit}"))
    article = "an" if role[:1].lower() in "aeio" and role else "a"
    parts = [title] if title else []
    if goal:
        told = as_.format(role=role, article=article) if role else ""
        told += want.format(goal=goal)
        told += so_that.format(benefit=benefit) if benefit else ""
        parts.append(told[:1].upper() + told[1:] + ("" if told.endswith(".") else "."))
    return "\n".join((*parts, *body, *(f"- {step}" for step in steps)))
