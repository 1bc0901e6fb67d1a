"""What is known beforehand of a backlog: which stories are one need, which disagree, and which only
look alike. Read from a file beside real documents, or planted.

A truth file is JSON in one of two shapes. Written by hand: ``{"stories": [{"id", "document", "key",
"starts"}], "duplicates": [{"stories": […]}], "overlaps": …, "conflicts": …, "lookalikes": [[…]]}``;
a story is found by the key that its document gives it, else by its first words. As
:func:`evals.corpora.planting.write_corpus` writes it: ``[{"id", "document", "line", "cluster",
"of", "relation"}]``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from evals.corpora.planting import Planted, write_corpus
from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.run.corpus import Corpus
from pipeline.stories import Story, normalise

Pair = frozenset[str]
#: Kinds of copies that are a part of what they were made of, or share a part with it.
_OVERLAPPING = ("overlap", "split", "harmless")


class Place(NamedTuple):
    """Where a story of a truth stands: by line, by key, or by its first words."""

    document: str
    line: int | None = None
    key: str = ""
    starts: str = ""


@dataclass(frozen=True)
class Truth:
    """What is known of a backlog, by the names that the truth gives its stories.

    Args:
        clusters: every story's cluster; stories of one cluster say the same or overlap.
        conflicts: pairs that disagree.
        lookalikes: pairs that look alike and are two needs.
        copies: pairs that belong together, by how the second was made of the first ("light"), or
            by what the truth calls them ("exact", "reworded", "overlap").
    """

    clusters: Mapping[str, str]
    places: Mapping[str, Place]
    conflicts: frozenset[Pair] = frozenset()
    lookalikes: frozenset[Pair] = frozenset()
    copies: Mapping[str, frozenset[Pair]] = field(default_factory=dict)

    @property
    def belonging(self) -> frozenset[Pair]:
        """Pairs that say the same or overlap."""
        return frozenset(pair for pairs in self.copies.values() for pair in pairs)

    def answer(self, one: str, other: str) -> Answer:
        """What is known of two of its stories, by name.

        What holds for a story holds for what is one need with it: a copy of a copy is a copy, and
        what contradicts the one contradicts the other. A part of a story overlaps with all of them.
        """
        if frozenset((one, other)) in self.conflicts or other in self._contradicted.get(one, ()):
            return Answer.CONTRADICTING
        if self.clusters[one] != self.clusters[other]:
            return Answer.DIFFERENT
        if other in self._needs(one):
            return Answer.ONE_NEED
        return Answer.OVERLAPPING if {one, other} & self._parts else Answer.ONE_NEED

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Stories that overlap with another: their copies are not known to say the same."""
        overlapping = (pairs for kind, pairs in self.copies.items() if kind in _OVERLAPPING)
        return frozenset(name for pairs in overlapping for pair in pairs for name in pair)

    @cached_property
    def _contradicted(self) -> dict[str, frozenset[str]]:
        """By story, those that contradict it or a story that is one need with it."""
        found: dict[str, set[str]] = {}
        for a, b in (sorted(pair) for pair in self.conflicts):
            for x in self._needs(a):
                for y in self._needs(b):
                    found.setdefault(x, set()).add(y)
                    found.setdefault(y, set()).add(x)
        return {name: frozenset(others) for name, others in found.items()}

    def _needs(self, name: str) -> frozenset[str]:
        """A story and what is one need with it."""
        return self._same.get(name, frozenset()) | {name}

    @cached_property
    def _same(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for kind, pairs in self.copies.items():
            for name, pair in ((n, p) for p in pairs if kind not in _OVERLAPPING for n in p):
                found[name] = found.get(name, frozenset()) | pair
        return found


class Arrangement(NamedTuple):
    """How a backlog is cut into documents.

    Args:
        seed: shuffles the documents, and planted stories among them; None leaves their order.
        per_document: stories of a planted document.
    """

    name: str
    seed: int | None = None
    per_document: int = 50


@dataclass(frozen=True, slots=True)
class Backlog:
    """Documents with their truth, to be laid out in one way or another.

    Args:
        documents: paths of real documents; none where the stories are planted.
    """

    truth: Truth | None = None
    documents: Sequence[str] = ()
    planted: Sequence[Planted] = field(default=())

    def lay_out(self, folder: Path, how: Arrangement) -> tuple[list[str], Truth]:
        """The paths to merge, and where in them the stories of the truth stand."""
        rng = random.Random(how.seed)
        if self.truth is not None:
            paths = list(self.documents)
            if how.seed is not None:
                rng.shuffle(paths)
            return paths, self.truth
        planted = list(self.planted)
        if how.seed is not None:
            rng.shuffle(planted)
        file = write_corpus(planted, folder, per_document=how.per_document)
        truth = read_truth(file)
        file.unlink()  # what lies in the folder is read
        return [str(folder)], truth


def read_truth(file: Path) -> Truth:
    """A truth in either shape.

    Raises:
        InputError: the file cannot be read, or has neither shape.
    """
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        return _planted(body) if isinstance(body, list) else _written(body)
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError("cannot be read.", where=str(file)) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InputError(
            f"this is not a truth of a backlog: {exc!r}.",
            where=str(file),
            next="data/sample/truth.json is one.",
        ) from exc


def recognise(truth: Truth, corpus: Corpus) -> dict[str, str]:
    """The extracted story (id) of every story of the truth (name).

    Raises:
        InputError: a story of the truth was not extracted.
    """
    by_document: dict[str, list[Story]] = {}
    for story in corpus.stories:
        by_document.setdefault(Path(story.source.path).name, []).append(story)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name, place in truth.places.items():
        here = [s for s in by_document.get(place.document, ()) if s.id not in taken]
        hits = [story for story in here if _stands(place, story, corpus)]
        if not hits:
            raise InputError(
                f"{name} of the truth was not extracted.",
                where=f"{place.document}, {_told(place)}",
                next="`storytransformer extract PATHS --page FILE` shows what was read.",
            )
        found[name] = min(hits, key=lambda s: s.end - s.start).id
        taken.add(found[name])
    return found


def _stands(place: Place, story: Story, corpus: Corpus) -> bool:
    if place.line is not None:
        return story.source.locator.line == place.line
    if place.key:
        return story.source.key == place.key
    text = corpus.documents[story.source.document].text
    words = [text[story.start : story.end], *(value for _, value in story.fields)]
    return normalise(place.starts) in normalise("\n".join(words))


def _told(place: Place) -> str:
    if place.line is not None:
        return f"line {place.line}"
    return place.key or f"“{place.starts}”"


def _planted(rows: Iterable[Mapping[str, Any]]) -> Truth:
    rows = list(rows)

    def pairs(relation: Answer) -> frozenset[Pair]:
        return frozenset(
            frozenset((row["of"], row["id"]))
            for row in rows
            if row["of"] and row["relation"] == relation
        )

    return Truth(
        {row["id"]: row["cluster"] for row in rows},
        {row["id"]: Place(row["document"], line=row["line"]) for row in rows},
        pairs(Answer.CONTRADICTING),
        pairs(Answer.DIFFERENT),
        _by_kind(
            (row["change"], (row["of"], row["id"]))
            for row in rows
            if row["of"] and row["relation"] in (Answer.ONE_NEED, Answer.OVERLAPPING)
        ),
    )


def _written(body: Mapping[str, Any]) -> Truth:
    rows = body["stories"]
    clusters: dict[str, str] = {row["id"]: row["id"] for row in rows}
    for group in (*body.get("duplicates", ()), *body.get("overlaps", ())):
        joined = {clusters[name] for name in group["stories"]}
        first = min(joined)
        clusters.update({name: first for name, of in clusters.items() if of in joined})

    def pairs(groups: Iterable[Iterable[str]]) -> frozenset[Pair]:
        return frozenset(frozenset(pair) for group in groups for pair in combinations(group, 2))

    return Truth(
        clusters,
        {
            row["id"]: Place(row["document"], None, row.get("key", ""), row.get("starts", ""))
            for row in rows
        },
        pairs(group["stories"] for group in body.get("conflicts", ())),
        pairs(body.get("lookalikes", ())),
        _by_kind(
            [(g.get("kind", "same"), g["stories"]) for g in body.get("duplicates", ())]
            + [("overlap", g["stories"]) for g in body.get("overlaps", ())]
        ),
    )


def _by_kind(groups: Iterable[tuple[str, Sequence[str]]]) -> dict[str, frozenset[Pair]]:
    found: dict[str, set[Pair]] = {}
    for kind, names in groups:
        found.setdefault(kind, set()).update(frozenset(p) for p in combinations(names, 2))
    return {kind: frozenset(found[kind]) for kind in sorted(found)}
