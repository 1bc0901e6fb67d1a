"""``since.md``, and the same as JSON: what an earlier run did not have, each story in one place,
and which documents are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline.document.markdown.quoting import clipped, marked_runs, quoted
from pipeline.document.markdown.tellings_file import place
from pipeline.document.structure.content import file_name, told
from pipeline.document.structure.layout import SINCE, Layout
from pipeline.document.structure.nearness import is_near
from pipeline.document.structure.since import Alike, Earlier, Part, Since, compare, documents_since
from pipeline.stories import Story

#: Stories listed under each heading; the page and the JSON have all.
_SHOWN, _QUOTED = 100, 40
#: Entries named beside a new story that are like it, and parts of it that are quoted as new.
_NEAR, _PARTS = 3, 8
#: Documents named of a kind, and words of their names.
_DOCUMENTS, _NAMED = 40, 8


def since_text(layout: Layout, earlier: Earlier, run: str) -> Iterator[str]:
    """The text of ``since.md``: the documents, then contradicting first, then new, then what is
    told already.

    Args:
        earlier: what ``run`` read.
    """
    return (f"{line}\n" for line in _lines(layout, earlier, run))


def since_value(layout: Layout, earlier: Earlier, run: str) -> dict[str, Any]:
    """The same for ``merged.json``: ``{run, documents: {new, changed, gone}, new, alike: [{story,
    other, by}], told_in_part: [{story, other, only: [{field, text}]}], told, contradicting:
    [{story, other}], gone}``, stories by id, documents by path."""
    since = compare(layout, earlier.prints)
    documents = documents_since(layout.content, earlier.paths)
    return {
        "run": run,
        "documents": {name: list(paths) for name, paths in documents._asdict().items()},
        "new": list(since.new),
        "alike": [one._asdict() for one in since.alike],
        "told_in_part": [
            {
                "story": story,
                "other": other,
                "only": [{"field": part.field, "text": part.text} for part in parts],
            }
            for story, other, parts in since.partly
        ],
        "told": [{"story": story, "other": other} for story, other in since.told],
        "contradicting": [{"story": story, "other": other} for story, other in since.against],
        "gone": since.gone,
    }


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


def _lines(layout: Layout, earlier: Earlier, run: str) -> Iterator[str]:
    since = compare(layout, earlier.prints)
    yield f"# Since run {clipped(run, 4)}: {told(since.n, 'story', 'stories')}"
    yield ""
    yield (
        f"{counted(since)}; {since.gone:,} of that run are no longer in the documents. "
        "S-numbers are those of this run."
    )
    if documents := list(_documents(layout, since, earlier)):
        yield from ("", *documents)
    for title, what, lines in listed(layout, since, SINCE):
        yield from ("", f"## {title} ({len(lines):,})", "", what, "")
        yield from islice(lines, _SHOWN)
        if len(lines) > _SHOWN:
            yield f"- and {len(lines) - _SHOWN:,} more"


def _documents(layout: Layout, since: Since, earlier: Earlier) -> Iterator[str]:
    """The documents that are new, changed or gone, a line a kind. Which one has the latest date
    says nothing of that."""
    content = layout.content
    found = documents_since(content, earlier.paths)
    stories = Counter(story.source.path for story in content.stories.values())
    fresh = Counter(content.stories[story].source.path for story in since.fresh)
    new = [f"{_name(path)} ({told(stories[path], 'story', 'stories')})" for path in found.new]
    changed = [
        f"{_name(path)} ({fresh[path]:,} of {told(stories[path], 'story', 'stories')} not there "
        "before)"
        for path in found.changed
    ]
    kinds = (("New", new), ("Changed", changed), ("Gone", [_name(path) for path in found.gone]))
    for kind, names in kinds:
        if names:
            more = [f"{len(names) - _DOCUMENTS:,} more"] if len(names) > _DOCUMENTS else []
            documents = "document" if len(names) == 1 else "documents"
            yield f"- {kind} {documents}: {', '.join([*names[:_DOCUMENTS], *more])}"


def _name(path: str) -> str:
    return clipped(file_name(path), _NAMED)


def listed(layout: Layout, since: Since, at: str) -> Iterator[tuple[str, str, list[str]]]:
    """The stories of each kind that there is: what it is called, what it means, and a line a story
    in the file ``at``."""
    lines = _Lines(layout, at, since.fresh)
    parts: tuple[tuple[str, str, list[str]], ...] = (
        (
            "Possibly contradicting",
            "Both sides stand; in bold what the other denies.",
            [lines.of(a, f"against {lines.teller(b)}") for a, b in since.against],
        ),
        (
            "New",
            "Nothing else tells it in these words, and nothing that was there is plainly alike, "
            "has nearly the same benefit or tells it in passing; what shares some words is named "
            "as near.",
            [lines.of(a, *lines.near(a)) for a in since.new],
        ),
        (
            "Alike, undecided whether new",
            "A story that was there has most of the words, nearly the same benefit or a passage "
            "that says something like it. Nobody has decided whether it is one need.",
            [lines.of(one.story, *lines.alike(one), but=one.other) for one in since.alike],
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
    fresh: frozenset[str] = field(default_factory=frozenset)

    def of(self, story: str, *relations: str, but: str = "") -> str:
        """A story, its place, what it has to do with earlier ones, and what else the merged
        document says of it.

        Args:
            but: a story that is named already.
        """
        one = self.layout.content.stories[story]
        line = f"- {self.layout.story(story, at=self.at)} {self._says(one)} ({place(one)})"
        return "; ".join([line, *relations, *self.beside(story, but)])

    def alike(self, one: Alike) -> list[str]:
        """By what a story is like an earlier one; where by no goal, also what is near."""
        near = [] if one.by == "words" else self.near(one.story)
        return [self._likeness(one), *near]

    def _likeness(self, one: Alike) -> str:
        teller = self.teller(one.other)
        if one.by == "benefit":
            benefit = quoted(self.layout.content.stories[one.other].benefit, words=_QUOTED)
            return f"other goal, a benefit in nearly the same words: {teller}, {benefit}"
        if one.by == "passage":
            passage = self._passage(one.story, one.other)
            return f"a passage of {passage} says something like it"
        if one.by == "holds":
            return f"a passage of it says something like {teller}"
        return f"alike {teller}{self.differ(one.story, one.other)}"

    def _passage(self, story: str, long: str) -> str:
        content = self.layout.content
        found = content.passages_of.get(content.entry_of[story].id, ())
        text = next(one.text for one in found if one.story == long)
        return f"{self.layout.story(long, at=self.at)}, {quoted(text, words=_QUOTED)},"

    def beside(self, story: str, but: str = "") -> Sequence[str]:
        """What the merged document says of a story beside its links: a like benefit, and passages
        of long stories.

        Args:
            but: a story that is named already.
        """
        content = self.layout.content
        own = content.entry_of[story].id
        found = []
        if (other := content.like_benefits.get(own)) and but not in content.entries[other].sources:
            found.append(f"a benefit in nearly the same words: {self._named(other)}")
        for passage in content.passages_of.get(own, ()):
            if passage.story != but:
                new = " (new as well)" if passage.story in self.fresh else ""
                where = self._passage(story, passage.story)
                found.append(f"a passage of {where} says something like it{new}")
        for entry in content.passages_in.get(story, ()):
            if but not in content.entries[entry].sources:
                found.append(f"a passage of it says something like {self._named(entry)}")
        return found

    def _named(self, entry: str) -> str:
        standing = self.layout.content.entries[entry].standing
        new = " (new as well)" if standing in self.fresh else ""
        return f"{self.layout.story(standing, at=self.at)}{new}"

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

    def near(self, story: str) -> list[str]:
        """The entries that a new story's entry is tied to."""
        content = self.layout.content
        own = content.entry_of[story].id
        found = []
        for link in content.links_of.get(own, ())[:_NEAR]:
            other = content.entries[link.b if link.a == own else link.a].standing
            kind = f"near, {link.score:.0%}:" if is_near(link) else "alike, new as well:"
            found.append(f"{kind} {self.layout.story(other, at=self.at)}")
        return found

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
