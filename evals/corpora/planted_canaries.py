"""Canaries: stories that stand nowhere else, planted in real documents and looked for in the
merged one. A needle test measures a model; a canary measures the whole pipeline: extraction, plan,
merge and document.

A canary stands alone, or as twins in two places with another benefit each, which a merge may put
together. Documents of plain text carry them, in the shape of the line they are put behind; the
others come along as they are.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import InputError
from pipeline.stories import Extraction, Story, normalise

#: Formats whose text is the file: a story can be put into them without their tools.
PLAIN = ("text", "markdown", "rst")

Kind = Literal["single", "twin"]
Stage = Literal["extract", "plan", "merge", "mutated", "source", ""]

_ROLES = ("lighthouse keeper", "glass blower", "bell founder", "ferry pilot", "clock mender")
_VERBS = ("rinse", "balance", "seal", "polish", "rewind")
_THINGS = ("valve", "lantern", "gearbox", "mooring", "furnace")
_SYLLABLES = ("vel", "ko", "mir", "tas", "qua", "ned", "ob", "ril", "zim", "pa")
_MARK = re.compile(r"[ \t]*(?:[-*+•]|\d+[.)])[ \t]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a canary was put.

    Args:
        document: position of the document in the corpus, from 0.
        path: of the planted document.
        depth: percent of the document's stories before it, as asked for.
        depth_actual: as it came out.
        benefit: what this copy says behind "so that".
    """

    document: int
    path: str
    depth: float
    depth_actual: float
    benefit: str


@dataclass(frozen=True, slots=True)
class Canary:
    """A planted story; ``word`` stands nowhere else in the corpus."""

    word: str
    kind: Kind
    role: str
    goal: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What became of one canary at one place.

    Args:
        lost_at: the first stage that lost it: ``extract`` (not found, or not as it was written),
            ``plan`` (left out), ``merge`` (not in the document), ``mutated`` (a field is not as
            it was), ``source`` (not told to come from this place); "" when all is well.
        fields: the share of role, goal and benefit that its entry has word for word.
    """

    canary: Canary
    place: Place
    lost_at: Stage
    fields: float


def plant(
    corpus: Sequence[Extraction],
    folder: Path,
    *,
    n: int,
    depths: Sequence[float] = (0, 50, 100),
    seed: int = 0,
) -> list[Canary]:
    """Write the corpus with canaries into a folder, one numbered sub-folder a document.

    Args:
        corpus: the documents as they were extracted.
        n: canaries; every second one has a twin in another document, or at another depth.

    Raises:
        InputError: no document of plain text holds a story; a depth that is not a percentage.
    """
    for depth in depths:
        if not 0 <= depth <= 100:
            raise InputError(f"a depth of {depth:g} is not a percentage.", next="Give 0 to 100.")
    hosts = [i for i, e in enumerate(corpus) if e.stories and e.document.format in PLAIN]
    if not hosts:
        raise InputError(
            f"none of the {len(corpus)} documents can carry a canary.",
            next=f"Add a document of plain text ({', '.join(PLAIN)}) with stories.",
        )
    rng = random.Random(seed)
    everything = "\n".join(e.document.text for e in corpus).lower()
    paths = [folder / f"{i:03}" / Path(e.document.path).name for i, e in enumerate(corpus)]
    lines: dict[int, list[tuple[int, str]]] = {host: [] for host in hosts}
    canaries = []
    for number in range(n):
        kind: Kind = "twin" if number % 2 else "single"
        word = _new_word(rng, everything)
        everything += word
        figure = rng.randrange(1000, 10_000)
        role = f"{word} {rng.choice(_ROLES)}"
        goal = f"{rng.choice(_VERBS)} the {word} {rng.choice(_THINGS)} within {figure} seconds"
        places = []
        for copy in range(1 + (kind == "twin")):
            at = hosts[(number * len(hosts) // max(n, 1) + copy) % len(hosts)]
            depth = float(depths[(number + copy) % len(depths)])
            benefit = f"{rng.choice(_THINGS)} {rng.randrange(10, 100)} of the {word} stays dry"
            story = f"As a {role}, I want to {goal}, so that {benefit}."
            offset, line, actual = _behind(corpus[at], depth, story)
            lines[at].append((offset, line))
            places.append(Place(at, str(paths[at]), depth, actual, benefit))
        canaries.append(Canary(word, kind, role, goal, tuple(places)))
    for i, extraction in enumerate(corpus):
        paths[i].parent.mkdir(parents=True, exist_ok=True)
        if lines.get(i):
            paths[i].write_text(_with(extraction.document.text, lines[i]), encoding="utf-8")
        else:
            shutil.copyfile(extraction.document.path, paths[i])
    return canaries


def _new_word(rng: random.Random, text: str) -> str:
    while True:
        word = "".join(rng.sample(_SYLLABLES, 4))
        if word not in text:
            return word


def _behind(extraction: Extraction, depth: float, story: str) -> tuple[int, str, float]:
    """(offset, what is put there, depth as it came out): behind the story at this depth, or in
    front of the first one; as an item where that story is one."""
    text, stories = extraction.document.text, extraction.stories
    before = round(depth / 100 * len(stories))
    neighbour = stories[max(0, before - 1)]
    start = text.rfind("\n", 0, neighbour.start) + 1
    mark = _MARK.match(text, start)
    end = text.find("\n", neighbour.end)
    end = len(text) if end < 0 else end + 1
    gap = "" if mark or _is_line(text, start, neighbour) else "\n"
    line = f"{mark.group() if mark else ''}{story}\n"
    actual = 100 * before / len(stories)
    if before == 0:
        return start, f"{line}{gap}", actual
    return end, f"{'' if text[end - 1] == chr(10) else chr(10)}{gap}{line}{gap}", actual


def _is_line(text: str, start: int, story: Story) -> bool:
    """Whether the story is one line among others, with no blank line around it."""
    return "\n" not in text[story.start : story.end].strip() and text[start - 2 : start] != "\n\n"


def _with(text: str, lines: Iterable[tuple[int, str]]) -> str:
    for offset, line in sorted(lines, key=lambda placed: placed[0], reverse=True):
        text = text[:offset] + line + text[offset:]
    return text


def look_for(
    canaries: Sequence[Canary], corpus: Sequence[Story], document: Mapping[str, Any]
) -> list[Sighting]:
    """What became of every canary, place by place.

    Args:
        corpus: the stories of the planted documents.
        document: the merged document as it was written (JSON).
    """
    skipped = {row["story"] for row in document["ledger"] if row["outcome"] == "skipped"}
    homes = {source: entry for entry in document["entries"] for source in entry["sources"]}
    return [
        _sighting(canary, place, story, skipped, homes)
        for canary, place, story in _found(canaries, corpus)
    ]


def look_in(canaries: Sequence[Canary], corpus: Sequence[Story], text: str) -> list[Sighting]:
    """The same of a text that does not say what comes from where: a place is lost at ``merge``
    where the canary's word is not in the text, and ``mutated`` where a field of it is not."""
    written = normalise(text)
    seen = []
    for canary, place, story in _found(canaries, corpus):
        fields = sum(wanted in written for wanted in _wanted(canary, place)) / 3
        stage: Stage = "mutated" if fields < 1 else ""
        if story is None:
            stage = "extract"
        elif canary.word not in written:
            stage = "merge"
        seen.append(Sighting(canary, place, stage, fields))
    return seen


def _found(
    canaries: Sequence[Canary], corpus: Sequence[Story]
) -> Iterator[tuple[Canary, Place, Story | None]]:
    """Every place with the one story that was read there as it was written, None for none."""
    by_word: dict[str, list[Story]] = {canary.word: [] for canary in canaries}
    for story in corpus:
        for word in by_word.keys() & set(normalise(story.text).split()):
            by_word[word].append(story)
    for canary in canaries:
        for place in canary.places:
            hits = [
                story
                for story in by_word[canary.word]
                if story.source.path == place.path
                and [normalise(t) for t in (story.role, story.goal, story.benefit)]
                == _wanted(canary, place)
            ]
            yield canary, place, hits[0] if len(hits) == 1 else None


def _wanted(canary: Canary, place: Place) -> list[str]:
    return [normalise(canary.role), normalise(canary.goal), normalise(place.benefit)]


def _sighting(
    canary: Canary,
    place: Place,
    story: Story | None,
    skipped: set[str],
    homes: Mapping[str, Mapping[str, Any]],
) -> Sighting:
    if story is None:
        return Sighting(canary, place, "extract", 0.0)
    if story.id in skipped:
        return Sighting(canary, place, "plan", 0.0)
    if story.id not in homes:
        return Sighting(canary, place, "merge", 0.0)
    wanted = _wanted(canary, place)
    own, everything = _texts(homes[story.id], story.id)
    fields = sum(text in everything for text in wanted) / 3
    stage: Stage = ""
    if canary.word not in everything:
        stage = "merge"
    elif fields < 1:
        stage = "mutated"
    elif not all(text in own for text in wanted):
        stage = "source"
    return Sighting(canary, place, stage, fields)


def _texts(entry: Mapping[str, Any], story: str) -> tuple[str, str]:
    """What an entry says and names the story for, and all that it says."""
    lines = [(line["text"], line["stories"]) for line in entry["lines"]]
    lines += [(fold["text"], [fold["story"]]) for fold in entry["folds"]]
    own = (text for text, stories in lines if story in stories)
    return normalise("\n".join(own)), normalise("\n".join(text for text, _ in lines))
