"""Whether every unit of every story stands or is folded in its own entry, and nowhere but there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.kept.balance import Balance, called, rows
from pipeline.kept.normal_form import find_whole, settle
from pipeline.kept.text_units import parts, units
from pipeline.kept.wording import altered

#: Who folds, in the order they are told of; what an edition does not say.
BY = ("proof", "judge", "person")
UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class Told:
    """A story as extracted: its text verbatim, and its kind (agile, scenario or narrative)."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a check comes to: ``units == standing + sum(folded.values()) + len(missing)``.

    Args:
        units: sentences, table cells, Gherkin steps and titles of all stories that were not
            skipped, repeats counted.
        standing: those found in a line of their entry.
        folded: the others, found in a fold of their own, by who folded.
        missing: (story id, unit) of those found in neither.
        faults: what is wrong with the edition's books, one sentence each.
    """

    units: int
    standing: int
    folded: Mapping[str, int]
    missing: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is missing and the books balance."""
        return not self.missing and not self.faults


class _Text(NamedTuple):
    """A line or fold as it is searched: whole, and the units and parts it consists of."""

    text: str
    told: frozenset[str]


def check(edition: Mapping[str, Any], stories: Mapping[str, Told]) -> Kept:
    """Look for every unit of the stories in the entries that list them.

    Args:
        edition: as :func:`~pipeline.kept.edition.read_edition` returns it, or the same value
            before it is written.
        stories: every story of the documents by its id, in corpus order.
    """
    balance = Balance(edition, list(stories))
    tells_twice = edition.get("format") == "markdown"
    missing: list[tuple[str, str]] = []
    faults: list[str] = []
    folded = Counter(dict.fromkeys(BY, 0))
    standing = n = 0
    prepared: dict[int, _Entry] = {}
    said: dict[int, dict[str, list[str]]] = {}
    for story, told in stories.items():
        at = balance.place(story)
        if at is None and story in balance.skipped:
            continue
        own = units(told.text, told.kind)
        n += len(own)
        if at is None:
            missing += [(story, unit) for unit in own]
            continue
        if at not in prepared:
            prepared[at] = _Entry(balance.entries[at], balance.ids)
        search = prepared[at].search(story)
        said.setdefault(at, {})[story] = own
        for unit in own:
            by = search.find(unit)
            if by is None:
                missing.append((story, unit))
            elif by:
                folded[by] += 1
            else:
                standing += 1
                if tells_twice and not search.is_folded(unit):
                    faults.append(f"The telling of {balance.name(story)} lacks {unit!r}.")
    faults = [*balance.faults(), *faults]
    if tells_twice:
        for at, by_story in sorted(said.items()):
            for head in balance.ids([balance.entries[at].get("standing")]):
                if not any(map(prepared[at].search(head).is_standing, by_story.get(head, ()))):
                    name = called(balance.entries[at])
                    faults.append(f"{name} stands in no words of {balance.name(head)}.")
            lines = [str(line.get("text")) for line in rows(balance.entries[at], "lines")]
            faults += [
                f"{called(balance.entries[at])} says {part!r}; {balance.name(story)} does not."
                for story, part in altered(lines, by_story)
            ]
    return Kept(n, standing, dict(folded), tuple(missing), tuple(faults))


class _Entry:
    """An entry's lines and folds, ready to be searched for what one story says."""

    def __init__(self, entry: Mapping[str, Any], ids: Callable[[object], list[str]]) -> None:
        self._lines: dict[str, list[_Text]] = {}
        self._folds: dict[str, list[tuple[str, _Text]]] = {}
        everything: set[str] = set()
        for line in rows(entry, "lines"):
            text = _prepare(line.get("text"))
            everything |= text.told
            for story in ids(line.get("stories")):
                self._lines.setdefault(story, []).append(text)
        for fold in rows(entry, "folds"):
            by = str(fold.get("by") or UNSTATED)
            for story in ids([fold.get("story")]):
                self._folds.setdefault(story, []).append((by, _prepare(fold.get("text"))))
        self._everything = frozenset(everything)
        self._many = len(rows(entry, "lines"))

    def search(self, story: str) -> _Search:
        """What finds the units of one of its stories."""
        lines = self._lines.get(story, [])
        # many stories of one entry may share all of its lines
        in_lines = self._everything if len(lines) == self._many else _join(lines)
        return _Search(lines, in_lines, self._folds.get(story, []), self._everything)


class _Search:
    """Finds what one story says: whole units first, then inside of the story's own texts.

    Another story's line counts where the unit is a whole unit of it.
    """

    def __init__(
        self,
        lines: list[_Text],
        in_lines: frozenset[str],
        folds: list[tuple[str, _Text]],
        everything: frozenset[str],
    ) -> None:
        self._lines, self._in_lines = lines, in_lines
        self._folds, self._everything = folds, everything
        self._in_folds: dict[str, str] = {}
        for by, fold in folds:
            for told in fold.told:
                self._in_folds.setdefault(told, by)

    def find(self, unit: str) -> str | None:
        """ "" where it stands, else who folded it (of its parts: one of them); None: missing."""
        found = self._whole_or_in_parts(unit, self._find)
        if found == UNSTATED and len(own := parts(unit)) > 1:
            # A telling of a Markdown edition is whole whatever of it stands.
            return "" if all(self._find(settle(part)) == "" for part in own) else found
        return found

    def is_standing(self, unit: str) -> bool:
        """Whether it, or a part of it, is in a line."""
        return any(self._find(settle(text)) == "" for text in (unit, *parts(unit)))

    def is_folded(self, unit: str) -> bool:
        """Whether it is among the story's folds, wherever else it is."""
        return self._whole_or_in_parts(unit, self._find_fold) is not None

    def _whole_or_in_parts(self, unit: str, find: Callable[[str], str | None]) -> str | None:
        found = find(settle(unit))
        if found is not None:
            return found
        places = [find(settle(part)) for part in parts(unit)]
        if len(places) < 2 or None in places:
            return None
        return next((by for by in places if by), "")

    def _find(self, text: str) -> str | None:
        if text in self._in_lines or any(find_whole(text, line.text) for line in self._lines):
            return ""
        by = self._find_fold(text)
        return "" if by is None and text in self._everything else by

    def _find_fold(self, text: str) -> str | None:
        if (by := self._in_folds.get(text)) is not None:
            return by
        return next((by for by, fold in self._folds if find_whole(text, fold.text)), None)


def _join(texts: list[_Text]) -> frozenset[str]:
    return frozenset[str]().union(*(text.told for text in texts))


def _prepare(text: object) -> _Text:
    whole = str(text or "")
    told = {settle(whole)}
    for unit in units(whole, ""):
        told.add(settle(unit))
        told.update(settle(part) for part in parts(unit))
    return _Text(settle(whole), frozenset(told))
