"""What a careful reader tells of a small document, written before the code that reads it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Extraction


class Told(NamedTuple):
    """One story as it should be read. A criterion is told by its words, in order."""

    role: str
    goal: str
    benefit: str = ""
    criteria: tuple[str, ...] = ()
    key: str = ""


class Case(NamedTuple):
    """A document, the stories a reader counts in it, and what must be said of it.

    Args:
        name: as the file is called; its suffix names the format.
        make: the file's bytes.
        stories: every story of it, in order.
        said: words that the document's problem must hold; where there are none, it has no problem.
        place: a part of the last story's locator.
        kept: words that no story may hold, and the stored text must (struck, hidden, commented).
        absent: words that no field of a story may hold.
    """

    name: str
    make: Callable[[], bytes]
    stories: tuple[Told, ...]
    said: tuple[str, ...] = ()
    place: str = ""
    kept: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def text(words: str) -> Callable[[], bytes]:
    """A text file's bytes."""
    return lambda: words.encode()


def read(case: Case) -> Extraction:
    """The extraction of the case's document."""
    return find_stories(read_bytes(case.make(), (case.name,)))


def faults(case: Case) -> list[str]:
    """What is not as a reader tells it; none when all is right."""
    extraction = read(case)
    found = [Told(s.role, s.goal, s.benefit, s.criteria, s.source.key) for s in extraction.stories]
    wrong = _differences(case.stories, found)
    problem = extraction.document.problem or ""
    wrong += [
        f"not said: {words!r} (said: {problem!r})"
        for words in case.said
        if words.casefold() not in problem.casefold()
    ]
    if problem and not case.said:
        wrong.append(f"said for nothing: {problem}")
    if case.place and (
        not extraction.stories or case.place not in str(extraction.stories[-1].source.locator)
    ):
        wrong.append(f"last story is not at {case.place!r}")
    fields = "\n".join(
        "\n".join((s.title, s.role, s.goal, s.benefit, *s.criteria, *s.body))
        for s in extraction.stories
    )
    told = "\n".join((fields, *(story.text for story in extraction.stories)))
    wrong += [f"in a story: {words!r}" for words in case.kept if words in told]
    wrong += [f"in a story's field: {words!r}" for words in case.absent if words in fields]
    wrong += [
        f"not kept: {words!r}" for words in case.kept if words not in extraction.document.text
    ]
    return wrong


def _differences(expected: Sequence[Told], found: Sequence[Told]) -> list[str]:
    lines = difflib.ndiff([str(tuple(t)) for t in expected], [str(tuple(t)) for t in found])
    return [line for line in lines if line[0] in "+-"]
