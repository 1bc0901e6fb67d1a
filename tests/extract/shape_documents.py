"""The documents under ``documents_shapes/`` and what a reader finds in them (README there)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.stories import Extraction, Story

FOLDER = Path(__file__).parent / "documents_shapes"
_BEGINS = "##### "
#: What is said of each story, in order.
_FIELDS: dict[str, Callable[[Story], str]] = {
    "roles": lambda story: story.role,
    "goals": lambda story: story.goal,
    "benefits": lambda story: story.benefit,
    "keys": lambda story: story.source.key,
    "titles": lambda story: story.title,
    "criteria": lambda story: str(len(story.criteria)),
}


@dataclass(frozen=True)
class ShapeDocument:
    """A document's name and text, and what a reader says of it."""

    kind: str
    name: str
    text: str
    said: dict[str, str]


def documents(folder: Path = FOLDER) -> Iterator[ShapeDocument]:
    """Every document of the folder, by kind and in order."""
    for path in sorted(folder.glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split(_BEGINS)[1:]:
            head, _, text = part.partition("\n-----\n")
            name, *lines = head.split("\n")
            said = dict(line.split(": ", 1) for line in lines)
            yield ShapeDocument(path.stem, name.strip(), text.rstrip("\n") + "\n", said)


def faults(document: ShapeDocument, extraction: Extraction) -> list[str]:
    """What was read otherwise than a reader reads it, each in words; empty when all is right."""
    stories, said = extraction.stories, document.said
    found = []
    if len(stories) != int(said["stories"]):
        told = [(story.kind, story.role, story.goal) for story in stories]
        found.append(f"{len(stories)} stories instead of {said['stories']}: {told}")
    for name, value_of in _FIELDS.items():
        if name in said and len(stories) == int(said["stories"]):
            found += _compare(name, [value_of(story) for story in stories], said[name])
    roles = {story.role for story in stories}
    for role in _parted(said.get("not", "")):
        if role in roles:
            found.append(f"a role {role!r}")
    fields = " ".join(" ".join(text for _, text in story.fields) for story in stories)
    for words in _parted(said.get("within", "")):
        if words not in fields:
            found.append(f"{words!r} is in no field")
    for words in _parted(said.get("without", "")):
        if any(words in story.text for story in stories):
            found.append(f"{words!r} is in a story")
    return found + _problems(said.get("says", ""), extraction.document.problem or "")


def _compare(name: str, ours: list[str], told: str) -> list[str]:
    theirs = ["" if value == "-" else value for value in told.split(" / ")]
    right = len(theirs) == len(ours) and all(
        t in ("?", o) for t, o in zip(theirs, ours, strict=True)
    )
    return [] if right else [f"{name} {ours} instead of {theirs}"]


def _problems(says: str, problem: str) -> list[str]:
    if says == "-":
        return [f"a problem: {problem}"] if problem else []
    return [f"the problem lacks {w!r}: {problem!r}" for w in _parted(says) if w not in problem]


def _parted(line: str) -> list[str]:
    return [part for part in line.split(" / ") if part]
