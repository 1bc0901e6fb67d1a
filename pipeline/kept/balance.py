"""Whether an edition's books balance: who is listed, stands, folds, conflicts and is counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.kept.normal_form import find_whole, settle

_NAME = re.compile(r"S-(\d+)")


class Balance:
    """Who is where, and whether that is so exactly once."""

    def __init__(self, edition: Mapping[str, Any], stories: Sequence[str]) -> None:
        self._edition = edition
        self._stories = {story: place for place, story in enumerate(stories, 1)}
        self._order = stories
        self.entries = rows(edition, "entries")
        self._ledger = rows(edition, "ledger")
        self._places: dict[str, list[int]] = {}
        for at, entry in enumerate(self.entries):
            for story in dict.fromkeys(self.ids(entry.get("sources"))):
                self._places.setdefault(story, []).append(at)
        self.skipped = {
            str(row.get("story")) for row in self._ledger if row.get("outcome") == "skipped"
        } | set(self.ids(edition.get("skipped")))

    def place(self, story: str) -> int | None:
        """Which of the entries lists a story: the first that does."""
        return next(iter(self._places.get(story, ())), None)

    def faults(self) -> Iterator[str]:
        """What does not balance, one sentence each."""
        yield from map(str, self._edition.get("faults") or ())
        yield from self._in_one_place()
        for entry in self.entries:
            yield from self._of_entry(entry)
        yield from self._of_conflicts()
        if "ledger" in self._edition:
            yield from self._of_ledger()

    def ids(self, names: object) -> list[str]:
        """Story ids; a name such as S-12 is the twelfth story."""
        found = []
        for name in names if isinstance(names, list | tuple) else ():
            place = _NAME.fullmatch(str(name))
            known = str(name) in self._stories or not place
            number = int(place[1]) if place else 0
            if not known and 0 < number <= len(self._order):
                found.append(self._order[number - 1])
            else:
                found.append(str(name))
        return found

    def name(self, story: str) -> str:
        source = (self._edition.get("sources") or {}).get(story)
        if isinstance(source, Mapping) and source.get("name"):
            return str(source["name"])
        return f"S-{self._stories[story]}" if story in self._stories else story or "nobody"

    def _names(self, stories: Iterable[str]) -> str:
        return ", ".join(self.name(story) for story in stories)

    def _in_one_place(self) -> Iterator[str]:
        for story in self._stories:
            at = self._places.get(story, [])
            if not at and story not in self.skipped:
                yield f"{self.name(story)} is in no entry and is not skipped."
            if len(at) > 1:
                inside = ", ".join(called(self.entries[place]) for place in at)
                yield f"{self.name(story)} is in more than one entry: {inside}."
            if at and story in self.skipped:
                yield f"{self.name(story)} is skipped and in {called(self.entries[at[0]])}."
        for story in sorted(self.skipped - self._stories.keys()):
            if "ledger" not in self._edition:
                yield f"{story} is left out, but is not a story of the documents."
        for story, at in self._places.items():
            if story not in self._stories:
                yield f"{called(self.entries[at[0]])} lists {story}, no story of the documents."

    def _of_entry(self, entry: Mapping[str, Any]) -> Iterator[str]:
        name, sources = called(entry), self.ids(entry.get("sources"))
        inside = set(sources)
        standing = {s for line in rows(entry, "lines") for s in self.ids(line.get("stories"))}
        if not sources:
            yield f"{name} lists no story."
        for head in self.ids([entry.get("standing")]):
            if head not in inside:
                yield f"{name} stands in the words of {self.name(head)}, which it does not list."
            elif head not in standing:
                yield f"{name} has no line of {self.name(head)}, in whose words it stands."
        told = standing | {
            s for role in rows(entry, "roles") for s in self.ids(role.get("stories"))
        }
        if strangers := sorted(told - inside):
            yield f"{name} tells of {self._names(strangers)}, which it does not list."
        for fold in rows(entry, "folds"):
            story, *_ = self.ids([fold.get("story")])
            under = self.ids([fold["under"]] if fold.get("under") else [])
            if story not in inside:
                yield f"{name} folds {self.name(story)}, which it does not list."
            if "under" not in fold:
                continue
            if not under and fold.get("field") != "label":
                yield f"{name} folds {self.name(story)} under nothing."
            if _REPEATED in (fold.get("rules") or ()):
                # The one fold that points out of its entry: the paragraph stands there, once.
                if not under or under[0] not in self._places:
                    yield f"{name} folds a paragraph under a story that is in no entry."
                continue
            if under and under[0] not in inside:
                yield f"{name} folds under {self.name(under[0])}, which it does not list."
            elif under and under[0] not in standing:
                yield f"{name} folds under {self.name(under[0])}, of which no line stands."

    def _of_conflicts(self) -> Iterator[str]:
        for conflict in rows(self._edition, "conflicts"):
            name = str(conflict.get("id") or "A conflict")
            sides = rows(conflict, "sides")
            if len(sides) < 2:
                yield f"Conflict {name} has no two sides."
            for side in sides:
                (story,) = self.ids([side.get("story")])
                text = settle(str(side.get("text") or ""))
                at = self._places.get(story, [])
                if not at:
                    yield f"Conflict {name}: {self.name(story)} is in no entry."
                    continue
                entry = self.entries[at[0]]
                if not self._stands(entry, story, text):
                    yield f"Conflict {name}: the side of {self.name(story)} does not stand."
                if self._is_folded(entry, story, text):
                    yield f"Conflict {name}: the side of {self.name(story)} is folded."

    def _stands(self, entry: Mapping[str, Any], story: str, text: str) -> bool:
        lines = [line for line in rows(entry, "lines") if story in self.ids(line.get("stories"))]
        return bool(text) and any(
            find_whole(text, settle(str(line.get("text") or ""))) for line in lines
        )

    def _is_folded(self, entry: Mapping[str, Any], story: str, text: str) -> bool:
        own = [fold for fold in rows(entry, "folds") if self.ids([fold.get("story")]) == [story]]
        return any(find_whole(text, settle(str(fold.get("text") or ""))) for fold in own)

    def _of_ledger(self) -> Iterator[str]:
        rows = Counter(str(row.get("story")) for row in self._ledger)
        for story in self._stories:
            if rows[story] != 1:
                yield f"{self.name(story)} has {rows[story]} ledger rows."
        for story in rows:
            if story not in self._stories:
                yield f"The ledger tells of {story}, no story of the documents."
        by_id = {str(entry.get("id")): at for at, entry in enumerate(self.entries)}
        for row in self._ledger:
            story, skipped = str(row.get("story")), row.get("outcome") == "skipped"
            if not skipped and [by_id.get(str(row.get("entry")))] != self._places.get(story):
                yield f"The ledger's entry of {self.name(story)} is not the one that lists it."
        found = Counter(str(row.get("outcome")) for row in self._ledger)
        stated = self._edition.get("counts")
        for outcome, number in (stated if isinstance(stated, Mapping) else {}).items():
            if found[outcome] != number:
                yield f"{number} stories are counted as {outcome}, the ledger has {found[outcome]}."
        if isinstance(stated, Mapping):
            for outcome in sorted(set(found) - set(stated)):
                yield f"The ledger's {found[outcome]} {outcome} are not counted."


#: The rule of a fold whose paragraph stands in the entry of another story.
_REPEATED = "repeated paragraph"


def rows(value: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; what is none of them is as good as not there."""
    rows = value.get(key)
    return (
        [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []
    )


def called(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or entry.get("id") or "an entry")
