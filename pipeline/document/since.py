"""What the documents say that an earlier run did not read: what contradicts, what nothing tells,
what is only alike, what is told in part, and what is told already word for word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from pipeline.document.content import Content, told
from pipeline.document.layout import SINCE, Layout
from pipeline.document.nearness import is_near
from pipeline.document.needs import Key, need_key
from pipeline.document.quoting import clipped, marked_runs, quoted
from pipeline.document.tellings import place
from pipeline.stories import Source, Story
from pipeline.text.canonical import canonical

#: Stories listed under each heading; the page and the JSON have all.
_SHOWN, _QUOTED = 100, 40
#: Entries named beside a new story that are like it, and parts of it that are quoted as new.
_NEAR, _PARTS = 3, 8


@dataclass(frozen=True, slots=True)
class Part:
    """What of a story no earlier one says that tells its need: a benefit, a criterion, a line."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Since:
    """The stories that an earlier run did not have, each in one place.

    Args:
        new: that nothing earlier tells or is plainly alike.
        alike: (story, the earlier story plainly alike): new or told in other words, undecided.
        partly: (story, the earlier story, what only the new one says): role and goal are told
            already in the same words, or by a judge or person that put them under one entry.
        told: (story, the earlier story): told already whole, in the same words.
        against: (story, the earlier story that it is, possibly, in conflict with).
        gone: how many stories of the earlier run are no longer in the documents.
    """

    new: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]
    partly: tuple[tuple[str, str, tuple[Part, ...]], ...]
    told: tuple[tuple[str, str], ...]
    against: tuple[tuple[str, str], ...]
    gone: int

    @property
    def n(self) -> int:
        """How many stories the earlier run did not have."""
        kinds = (self.new, self.alike, self.partly, self.told, self.against)
        return sum(map(len, kinds))


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
            alike.append((story, near))
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

    def alike(self, story: str) -> str:
        """An earlier story in an entry plainly alike, the nearest first, "" for none."""
        content, own = self._content, self._content.entry_of[story].id
        for link in content.links_of.get(own, ()):
            other = content.entries[link.b if link.a == own else link.a]
            if not is_near(link) and (found := [s for s in other.sources if s in self._old]):
                return found[0]
        return ""

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


def since_text(layout: Layout, earlier: Mapping[str, str], run: str) -> Iterator[str]:
    """The text of ``since.md``: contradicting first, then new, then what is told already.

    Args:
        earlier: fingerprint by story id, of all stories of ``run``.
    """
    return (f"{line}\n" for line in _lines(layout, compare(layout, earlier), run))


def counted(since: Since) -> str:
    """ "2 new, 1 alike and undecided, 1 told in part, 1 told already, 1 possibly
    contradicting"."""
    kinds = (
        (since.new, "new"),
        (since.alike, "alike and undecided"),
        (since.partly, "told in part"),
        (since.told, "told already"),
        (since.against, "possibly contradicting"),
    )
    return ", ".join(f"{len(found):,} {kind}" for found, kind in kinds)


def _lines(layout: Layout, since: Since, run: str) -> Iterator[str]:
    yield f"# Since run {clipped(run, 4)}: {told(since.n, 'story', 'stories')}"
    yield ""
    yield (
        f"{counted(since)}; {since.gone:,} of that run are no longer in the documents. "
        "S-numbers are those of this run."
    )
    for title, what, lines in listed(layout, since, SINCE):
        yield from ("", f"## {title} ({len(lines):,})", "", what, "")
        yield from islice(lines, _SHOWN)
        if len(lines) > _SHOWN:
            yield f"- and {len(lines) - _SHOWN:,} more"


def listed(layout: Layout, since: Since, at: str) -> Iterator[tuple[str, str, list[str]]]:
    """The stories of each kind that there is: what it is called, what it means, and a line a story
    in the file ``at``."""
    lines = _Lines(layout, at)
    parts: tuple[tuple[str, str, list[str]], ...] = (
        (
            "Possibly contradicting",
            "Both sides stand; in bold what the other denies.",
            [lines.of(a, f"against {lines.teller(b)}") for a, b in since.against],
        ),
        (
            "New",
            "Nothing else tells it in these words, and nothing that was there is plainly alike; "
            "what shares some words is named as near.",
            [lines.of(a, lines.near(a)) for a in since.new],
        ),
        (
            "Alike, undecided whether new",
            "A story that was there has most of the words. Nobody has decided whether it is one "
            "need.",
            [lines.of(a, f"alike {lines.teller(b)}{lines.differ(a, b)}") for a, b in since.alike],
        ),
        (
            "Told in part",
            "Role and goal are told already; what only this story says is quoted.",
            [
                lines.of(a, f"told by {lines.teller(b)}; only here: {lines.parts(parts)}")
                for a, b, parts in since.partly
            ],
        ),
        (
            "Told already",
            "Role, goal, benefit and criteria are told in the same words.",
            [lines.of(a, f"told by {lines.teller(b)}") for a, b in since.told],
        ),
    )
    return ((title, what, found) for title, what, found in parts if found)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Puts stories into lines of one file."""

    layout: Layout
    at: str

    def of(self, story: str, relation: str) -> str:
        """A story, its place, and what it has to do with earlier ones."""
        one = self.layout.content.stories[story]
        line = f"- {self.layout.story(story, at=self.at)} {self._says(one)} ({place(one)})"
        return f"{line}; {relation}" if relation else line

    def teller(self, story: str) -> str:
        """An earlier story with its entry, what it says and where."""
        content = self.layout.content
        one = content.stories[story]
        entry = content.entry_name[content.entry_of[story].id]
        return f"{self.layout.story(story, at=self.at)} ({entry}) {self._says(one)} ({place(one)})"

    def parts(self, parts: tuple[Part, ...]) -> str:
        """What only a new story says: "benefit “…”, criterion “…”"."""
        told = [f"{one.field} {quoted(one.text, words=_QUOTED)}" for one in parts[:_PARTS]]
        more = [f"{len(parts) - _PARTS:,} more"] if len(parts) > _PARTS else []
        return ", ".join([*told, *more])

    def differ(self, story: str, other: str) -> str:
        """The words in which the entries of two stories differ, of the sentences that stand."""
        content = self.layout.content
        own, theirs = content.entry_of[story].id, content.entry_of[other].id
        for link in content.links_of.get(own, ()):
            if theirs in (link.a, link.b):
                runs = link.only_a, link.only_b
                mine, others = runs if link.a == own else runs[::-1]
                return f"; differ: {marked_runs(mine)} / {marked_runs(others)}"
        return ""

    def near(self, story: str) -> str:
        """The entries that a new story's entry is tied to, and passages of long stories."""
        content = self.layout.content
        own = content.entry_of[story].id
        links = content.links_of.get(own, ())[:_NEAR]
        found = []
        for link in links:
            other = content.entries[link.b if link.a == own else link.a].standing
            kind = f"near, {link.score:.0%}:" if is_near(link) else "alike, new as well:"
            found.append(f"{kind} {self.layout.story(other, at=self.at)}")
        found += [
            f"a passage of {self.layout.story(one.story, at=self.at)} says something like it"
            for one in content.passages_of.get(own, ())
        ]
        return "; ".join(found)

    def _says(self, story: Story) -> str:
        """What a story asks for: the side of its conflict, its goal, or how it begins."""
        content = self.layout.content
        sides = (
            side
            for conflict in content.conflicts_of.get(content.entry_of[story.id].id, ())
            for side in conflict.sides
            if side.story == story.id
        )
        side = next(sides, None)
        if side is not None:
            return quoted(side.text, side.differs, words=_QUOTED)
        return quoted(story.goal or story.text, words=_QUOTED)
