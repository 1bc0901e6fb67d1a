"""Everything a document is written from: the merge, its stories, and what of the documents is in
no story; with the look-ups that every form of it needs."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import PurePath
from typing import Any

from pipeline.compare.measures import stem_weights
from pipeline.document.structure.nearness import (
    Passage,
    find_passages,
    like_benefits,
    told_at_length,
)
from pipeline.document.structure.residue import NotShown
from pipeline.entries import Conflict, Entry, Fold, LedgerRow, Link, Merge, Outcome
from pipeline.stories import Document, Source, Story, normalise


def story_names(stories: Mapping[str, Story]) -> dict[str, str]:
    """Story id → "S-12": its place in corpus order, from 1."""
    return {story: f"S-{n}" for n, story in enumerate(stories, 1)}


def entry_names(entries: Iterable[Entry]) -> dict[str, str]:
    """Entry id → "E-7": its place in the order of the merge, from 1."""
    return {entry.id: f"E-{n}" for n, entry in enumerate(entries, 1)}


#: How the ledger's reason, or a fold's, begins where a person decided against a telling.
AGAINST = "decided against"


@dataclass(frozen=True)
class Content:
    """A merge as its document is written from it.

    Args:
        stories: by id, in corpus order; a story's name is its place in it.
        documents: by sha256.
        head: the run's figures ("run", "judge", "kept" …), as they stand in the JSON.
        left: what of the documents is in no story.
        glossary: roles and topics that a person calls one: (``role`` or ``topic``, the text as
            :func:`~pipeline.stories.normalise` has it) → what the heading says.
    """

    merge: Merge
    stories: Mapping[str, Story]
    documents: Mapping[str, Document] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    left: NotShown = field(default_factory=NotShown)
    glossary: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def stays(self) -> str:
        """The mark of documents that may leave for no cloud, which what is made of one carries; ""
        where all may leave."""
        return str(self.head.get("sovereignty") or "")

    @property
    def newest(self) -> Source | None:
        """A source in the document with the latest date; None where no document has one."""
        dated = (s.source for s in self.stories.values() if s.source.written)
        return max(dated, key=lambda source: (str(source.written), source.path), default=None)

    @property
    def paths(self) -> list[str]:
        """What the documents were read from, as it was given, for a command."""
        given = [str(path) for path in self.head.get("paths", ())]
        return given if 0 < len(given) <= _PATHS else ["PATHS"]

    def command(self, *words: str) -> str:
        """A command of ours that can be pasted: with the database of the run."""
        database = self.head.get("db")
        more = ["--db", str(database)] if database else []
        return f"storytransformer {shlex.join([*words, *more])}".replace("`", "")

    def heading(self, kind: str, text: str) -> str:
        """What a role or topic is called in headings: by the glossary, else as it is told."""
        return self.glossary.get((kind, normalise(text)), text)

    @cached_property
    def story_name(self) -> dict[str, str]:
        """Story id → "S-12"."""
        return story_names(self.stories)

    @cached_property
    def entry_name(self) -> dict[str, str]:
        """Entry id → "E-7"."""
        return entry_names(self.merge.entries)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Entries by id, in the order of the merge."""
        return {entry.id: entry for entry in self.merge.entries}

    @cached_property
    def entry_of(self) -> dict[str, Entry]:
        """The entry that a story is in, by story id; none for a skipped story."""
        return {story: entry for entry in self.merge.entries for story in entry.sources}

    @cached_property
    def conflicts_of(self) -> dict[str, list[Conflict]]:
        """The conflicts that an entry has a side in, by entry id."""
        found: dict[str, list[Conflict]] = defaultdict(list)
        for conflict in self.merge.conflicts:
            sides = (self.entry_of[side.story].id for side in conflict.sides)
            for entry in dict.fromkeys(sides):
                found[entry].append(conflict)
        return dict(found)

    @cached_property
    def links_of(self) -> dict[str, list[Link]]:
        """The links of an entry, the most alike first, by entry id."""
        found: dict[str, list[Link]] = defaultdict(list)
        for link in self.merge.links:
            found[link.a].append(link)
            found[link.b].append(link)
        return dict(found)

    @cached_property
    def passages_of(self) -> dict[str, tuple[Passage, ...]]:
        """The passages of long stories that say something like an entry's need, by entry id."""
        if not any(map(told_at_length, self.merge.entries)):
            return {}
        return find_passages(self.merge.entries, self.stories, self.weights)

    @cached_property
    def passages_in(self) -> dict[str, list[str]]:
        """The entries whose need a passage of a long story says something like, by its id."""
        found: dict[str, list[str]] = defaultdict(list)
        for entry, passages in self.passages_of.items():
            for passage in passages:
                found[passage.story].append(entry)
        return dict(found)

    @cached_property
    def like_benefits(self) -> dict[str, str]:
        """Entry id → the other entry whose benefit says nearly the same, where no goal does."""
        return like_benefits(self.merge.entries, self.merge.links, self.stories)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Rarity of stems in all stories."""
        return stem_weights(self.stories.values())

    @cached_property
    def row_of(self) -> dict[str, LedgerRow]:
        """What became of a story, by story id."""
        return {row.story: row for row in self.merge.ledger}

    @cached_property
    def skipped(self) -> list[LedgerRow]:
        """The stories that are in no entry."""
        return [row for row in self.merge.ledger if row.outcome is Outcome.SKIPPED]

    def names(self, stories: Iterable[str], most: int | None = None) -> str:
        """ "S-6, S-81"; beyond ``most``, how many more."""
        named = [self.story_name[story] for story in stories]
        if most is not None and len(named) > most:
            named[most:] = [f"{len(named) - most:,} more"]
        return ", ".join(named)

    def against(self, fold: Fold) -> str:
        """ "decided against by … on …" where a person decided against what a fold's story says,
        "" where nobody did."""
        row = self.row_of.get(fold.story)
        if fold.by != "person":
            return ""
        if fold.reason.startswith(AGAINST):
            return fold.reason
        lost = row is not None and row.by == "person" and row.reason.startswith(AGAINST)
        return AGAINST + fold.reason.removeprefix("decided") if lost else ""

    def role(self, entry: Entry) -> str:
        """The role that the standing telling names, "" for none."""
        return entry.roles[0].text if entry.roles else ""


def file_name(path: str) -> str:
    """The last part of a document's path."""
    return PurePath(path).name or path


def day(moment: datetime | None) -> str:
    """A moment's date, "" for none."""
    return f"{moment:%Y-%m-%d}" if moment else ""


def told(n: int, one: str, many: str = "") -> str:
    """ "1 telling", "1,200 tellings"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


#: Paths that a command names; of more a reader fills in his own.
_PATHS = 3
#: What code says a conflict is about, for a reader.
_ABOUT = {
    "number": "a number", "date": "a date", "bound": "a bound", "negation": "a “not”",
    "modality": "must or may", "opposites": "opposed words", "opposite": "opposed words",
    "role": "who may", "small words": "opposed words", "order": "the order of the words",
}  # fmt: skip


def about_told(conflict: Conflict) -> str:
    """What a conflict is about, "" where nobody knows."""
    return _ABOUT.get(conflict.about, conflict.about)


def judge_told(head: Mapping[str, Any]) -> str:
    """The judge of a run and its record, "" where none was asked.

    Args:
        head: its "judge" is a name, or ``{"model": …, "record": …}``.
    """
    judge = head.get("judge")
    if isinstance(judge, Mapping):
        named = [str(judge[key]) for key in ("model", "record") if judge.get(key)]
        return ", record ".join(named)
    return str(judge or "")
