"""What the documents say that an earlier run did not read: what contradicts, what nothing tells,
what is only alike, what is told in part, and what is told already word for word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal, NamedTuple

from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import Layout
from pipeline.document.structure.nearness import is_near
from pipeline.document.structure.needs import Key, need_key
from pipeline.stories import Source, Story
from pipeline.text.canonical import canonical

#: How a story is like an earlier one: it is plainly alike; only their benefits are; the earlier
#: one is long, and a passage of it says something like it; the other way about.
By = Literal["words", "benefit", "passage", "holds"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run read.

    Args:
        prints: fingerprint by story id, of all its stories.
        paths: sha256 by path, of all its documents.
    """

    prints: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)


class Alike(NamedTuple):
    """A story that may be an earlier one: nobody has decided.

    Args:
        other: the earlier story.
    """

    story: str
    other: str
    by: By


class Documents(NamedTuple):
    """Paths of the documents that an earlier run did not read, read in another state, or read and
    this one did not. One that only has another path is none of these."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What of a story no earlier one says that tells its need: a benefit, a criterion, a line."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Since:
    """The stories that an earlier run did not have, each in one place.

    Args:
        new: that nothing earlier tells, is plainly alike, has a like benefit or tells in passing.
        alike: what an earlier story may tell in other words, undecided.
        partly: (story, the earlier story, what only the new one says): role and goal are told
            already in the same words, or by a judge or person that put them under one entry.
        told: (story, the earlier story): told already whole, in the same words.
        against: (story, the earlier story that it is, possibly, in conflict with).
        gone: how many stories of the earlier run are no longer in the documents.
    """

    new: tuple[str, ...]
    alike: tuple[Alike, ...]
    partly: tuple[tuple[str, str, tuple[Part, ...]], ...]
    told: tuple[tuple[str, str], ...]
    against: tuple[tuple[str, str], ...]
    gone: int

    @property
    def n(self) -> int:
        """How many stories the earlier run did not have."""
        kinds = (self.new, self.alike, self.partly, self.told, self.against)
        return sum(map(len, kinds))

    @property
    def fresh(self) -> frozenset[str]:
        """The stories the earlier run did not have."""
        pairs = (*self.told, *self.against)
        found = [*self.new, *(one.story for one in self.alike), *(one[0] for one in self.partly)]
        return frozenset([*found, *(story for story, _ in pairs)])


def compare(layout: Layout, earlier: Mapping[str, str]) -> Since:
    """What a merge has that an earlier run had not.

    A story is an earlier one by its id, or, where its document has changed around it, by its
    fingerprint; a copy of an earlier story that is still there is told already.

    Args:
        earlier: fingerprint by story id, of all stories of the earlier run.
    """
    content = layout.content
    left = Counter(print_ for story, print_ in earlier.items() if story not in content.stories)
    old = {story for story in content.stories if story in earlier}
    for one in content.stories.values():
        if one.id not in old and left[one.fingerprint]:
            left[one.fingerprint] -= 1
            old.add(one.id)
    known = _Known(content, old)
    new, alike, partly, again, against = [], [], [], [], []
    for story in content.stories:
        if story in old or story not in content.entry_of:
            continue
        tellers = known.tellers(story)
        if facing := known.facing(story):
            against.append((story, facing))
        elif tellers and (parts := known.only_here(story, tellers)):
            partly.append((story, tellers[0], parts))
        elif tellers:
            again.append((story, tellers[0]))
        elif near := known.alike(story):
            alike.append(near)
        else:
            new.append(story)
    found = tuple(new), tuple(alike), tuple(partly), tuple(again), tuple(against)
    return Since(*found, left.total())


class _Known:
    """What an earlier run knew, as far as it bears on a new story."""

    def __init__(self, content: Content, old: set[str]) -> None:
        self._content, self._old = content, old
        self._needs: dict[Key, list[str]] = {}
        for story in content.stories:
            key = need_key(content.stories[story]) if story in old else None
            if key is not None:
                self._needs.setdefault(key, []).append(story)

    def tellers(self, story: str) -> list[str]:
        """The earlier stories of its entry, or of its role and goal in the same words."""
        entry = self._content.entry_of[story]
        found = [source for source in entry.sources if source in self._old]
        key = need_key(self._content.stories[story])
        return list(dict.fromkeys([*found, *self._needs.get(key, ())] if key else found))

    def facing(self, story: str) -> str:
        """The earlier story that it is in conflict with, "" for none."""
        entry = self._content.entry_of[story]
        sides = (
            side.story
            for conflict in self._content.conflicts_of.get(entry.id, ())
            if any(side.story == story for side in conflict.sides)
            for side in conflict.sides
        )
        return next((side for side in sides if side != story and side in self._old), "")

    def alike(self, story: str) -> Alike | None:
        """An earlier story that the merged document says is like it: the nearest that is plainly
        alike, else by its benefit, else by a passage of a long story; None for none."""
        content, own = self._content, self._content.entry_of[story].id
        for link in content.links_of.get(own, ()):
            other = link.b if link.a == own else link.a
            if not is_near(link) and (found := self._of(other)):
                return Alike(story, found, "words")
        if (other := content.like_benefits.get(own, "")) and (found := self._of(other)):
            return Alike(story, found, "benefit")
        for passage in content.passages_of.get(own, ()):
            if passage.story in self._old:
                return Alike(story, passage.story, "passage")
        for other in content.passages_in.get(story, ()):
            if found := self._of(other):
                return Alike(story, found, "holds")
        return None

    def _of(self, entry: str) -> str:
        """The first earlier story of an entry, "" for none."""
        sources = self._content.entries[entry].sources
        return next((story for story in sources if story in self._old), "")

    def only_here(self, story: str, tellers: list[str]) -> tuple[Part, ...]:
        """What of a story none of those that tell its need says in the same words."""
        said = {told for one in tellers for told in _tokens(self._content.stories[one])}
        own = _tokens(self._content.stories[story])
        return tuple(Part(*part) for told, part in own.items() if told not in said)


def _tokens(story: Story) -> dict[tuple[str, ...], tuple[str, str]]:
    """The parts of a story by their tokens as proof has them."""
    return {
        (name, *canonical(text, name, story.language).tokens): (name, text)
        for name, text in story.fields
    }


def beside_others(layout: Layout, latest: Source) -> Since:
    """What one document has that the others have not."""
    others = (one for one in layout.content.stories.values())
    known = {one.id: one.fingerprint for one in others if one.source.document != latest.document}
    return compare(layout, known)


def documents_since(content: Content, earlier: Mapping[str, str]) -> Documents:
    """Which documents an earlier run did not read as they are.

    One document given from another folder has a longer or shorter path and is the same.

    Args:
        earlier: sha256 by path, of all documents of that run.
    """
    # Documents that could not be read have no hash of their own.
    paths = dict.fromkeys((path for path, _, _ in content.left.residue), "")
    paths |= {path: sha256 for sha256, one in content.documents.items() for path in one.paths}
    held, here = set(earlier.values()), set(paths.values())
    left = [path for path, sha256 in earlier.items() if sha256 not in here]
    new, changed = [], []
    for path in sorted(path for path, sha256 in paths.items() if sha256 not in held):
        if (before := _same_place(path, left)) is None:
            new.append(path)
        else:
            left.remove(before)
            changed.append(path)
    return Documents(tuple(new), tuple(changed), tuple(sorted(left)))


def _same_place(path: str, others: Iterable[str]) -> str | None:
    """The path that names the same place, given from the same folder or from another one."""
    own = PurePath(path).parts
    found = []
    for other in others:
        parts = PurePath(other).parts
        n = min(len(own), len(parts))
        if own[-n:] == parts[-n:]:
            found.append(other)
    return path if path in found else found[0] if len(found) == 1 else None
