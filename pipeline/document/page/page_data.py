"""What the page is drawn from, as lists of short records: a story is named by its number (S-12 is
12), an entry by its place in the document, a path by its place in the list of paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.compare.telling_sentence import of_cells
from pipeline.document.markdown.entry_text import purpose, tie
from pipeline.document.markdown.opposing import opposed
from pipeline.document.markdown.quoting import asks_for
from pipeline.document.markdown.row_cells import is_cell
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import Layout
from pipeline.document.structure.needs import most_told
from pipeline.document.structure.order import Group
from pipeline.document.structure.readable import readable, shown
from pipeline.entries import Conflict, Entry, Fold
from pipeline.extract.page.islands import utf16_units
from pipeline.stories import Document, Story

#: Characters of document text that one page holds.
TEXT_LIMIT = 30_000_000
#: Needs listed as told most often.
_OFTEN = 20


def page_data(layout: Layout, text_limit: int = TEXT_LIMIT) -> Iterator[tuple[str, Any]]:
    """(name of an island, its value; an iterator is a long list)."""
    content = layout.content
    made = _Data(layout)
    held = _held(content, text_limit)
    yield "sections", made.sections()
    yield "entries", map(made.entry, made.entries)
    yield "conflicts", list(map(made.conflict, content.merge.conflicts))
    yield "links", made.links()
    yield "stories", made.stories(held)
    yield "paths", list(made.paths)
    yield "often", made.often()
    yield "review", content.command("review", str(content.head.get("run") or "RUN"))
    yield "proposals", [[made.number[a], made.number[b]] for a, b in content.merge.proposals]
    yield (
        "left",
        {
            "share": content.left.share,
            "residue": [list(one) for one in content.left.residue],
            "problems": [list(one) for one in content.left.problems],
            "boilerplate": content.left.boilerplate,
        },
    )
    yield "texts", (document.text for document in held.values())


def _held(content: Content, text_limit: int) -> dict[str, Document]:
    """The documents whose text the page holds, by sha256."""
    held: dict[str, Document] = {}
    for sha256 in dict.fromkeys(story.source.document for story in content.stories.values()):
        document = content.documents.get(sha256)
        if document is not None and len(document.text) <= text_limit:
            text_limit -= len(document.text)
            held[sha256] = document
    return held


class _Data:
    """Makes the records and numbers what they name."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._content = content = layout.content
        self.entries: list[Entry] = [e for one in layout.sections for e in one.entries]
        self.number = {story: n for n, story in enumerate(content.stories, 1)}
        self.paths = {
            path: n
            for n, path in enumerate(
                dict.fromkeys(story.source.path for story in content.stories.values())
            )
        }
        self._place = {entry.id: n for n, entry in enumerate(self.entries)}
        self._conflict = {one.id: n for n, one in enumerate(content.merge.conflicts)}

    def sections(self) -> list[dict[str, Any]]:
        return [
            {"title": one.title, "groups": list(map(self._group, one.groups))}
            for one in self._layout.sections
        ]

    def entry(self, entry: Entry) -> dict[str, Any]:
        return {
            "name": self._content.entry_name[entry.id],
            "sources": self._numbers(entry.sources),
            "roles": [[role.text, self._numbers(role.stories)] for role in entry.roles],
            "lines": [
                [
                    line.field,
                    shown(line.text),
                    self._numbers(line.stories),
                    purpose(line, self._content) if line.field == "benefit" else "",
                ]
                for line in entry.lines
            ],
            "folds": [self._fold(fold) for fold in entry.folds],
            "conflicts": [
                self._conflict[one.id] for one in self._content.conflicts_of.get(entry.id, ())
            ],
        }

    def often(self) -> list[dict[str, Any]]:
        """The needs told most often, in the same words or, perhaps, in others."""
        found = [group for one in self._layout.sections for group in one.groups]
        needs, _, _ = most_told(found, self._content)
        return [
            {
                "n": need.times,
                "alike": need.alike,
                "passages": self._numbers(need.passages),
                "entries": [self._place[entry.id] for entry in need.entries],
                "roles": list(need.roles),
                "asks": shown(asks_for(need.entries[0], self._content)),
            }
            for need in needs[:_OFTEN]
        ]

    def conflict(self, conflict: Conflict) -> dict[str, Any]:
        return {
            "kind": conflict.kind,
            "about": shown(opposed(conflict)),
            "by": conflict.by,
            "reason": conflict.reason,
            "sides": [
                [self.number[side.story], shown(side.text), list(map(shown, side.differs))]
                for side in conflict.sides
            ],
        }

    def links(self) -> Iterator[list[Any]]:
        for link in self._content.merge.links:
            a, b = self._place[link.a], self._place[link.b]
            only = [list(map(shown, words)) for words in (link.only_a, link.only_b)]
            yield [a, b, link.kind, *only]

    def stories(self, held: dict[str, Document]) -> Iterator[dict[str, Any]]:
        numbered = {sha256: n for n, sha256 in enumerate(held)}
        units = {sha256: utf16_units(one.text) for sha256, one in held.items()}
        for story in self._content.stories.values():
            source = story.source
            at = units.get(source.document, int)
            entry = self._content.entry_of.get(story.id)
            yield {
                "entry": self._place[entry.id] if entry else -1,
                # As a person reads it; as it was written, it stands in its document.
                "text": readable(story.text),
                # Where it stands in cells, the same as sentences.
                "said": _said(story),
                "document": numbered.get(source.document, -1),
                "spans": [[at(start), at(end)] for start, end in source.spans],
                "path": self.paths[source.path],
                "place": str(source.locator),
                "key": source.key,
                "by": source.author,
                "on": source.written.isoformat() if source.written else "",
                "role": story.role,
                "went": self._went(story),
            }

    def _went(self, story: Story) -> dict[str, Any]:
        row = self._content.row_of.get(story.id)
        if row is None:
            return {}
        return {
            "outcome": row.outcome.value,
            "other": self.number.get(row.other, 0),
            "reason": row.reason,
            "by": row.judge or row.by,
            "rules": list(row.rules),
            "likelihood": row.likelihood,
        }

    def _group(self, group: Group) -> dict[str, Any]:
        return {
            "entries": [self._place[entry.id] for entry in group.entries],
            "conflicts": [self._conflict[one.id] for one in group.conflicts],
            "kind": tie(group, self._content) if len(group.entries) > 1 else "",
        }

    def _fold(self, fold: Fold) -> dict[str, Any]:
        return {
            "story": self.number[fold.story],
            "field": fold.field,
            "text": shown(fold.text),
            "by": fold.by,
            "under": self.number.get(fold.under, 0),
            "rules": list(fold.rules),
            "otherwise": list(map(shown, fold.otherwise)),
            "reason": self._content.against(fold) or fold.reason,
            "likelihood": fold.likelihood,
            "against": bool(self._content.against(fold)),
        }

    def _numbers(self, stories: tuple[str, ...]) -> list[int]:
        return [self.number[story] for story in stories]


def _said(story: Story) -> str:
    """What a story in cells says, its role, goal and benefit as one sentence; "" for a story whose
    text is that already."""
    told = readable(story.text).splitlines()
    wanted = [shown(one) for one in (story.role, story.goal, story.benefit) if one]
    if not (story.role and story.goal):
        return ""
    for start in range(len(told) - len(wanted) + 1):
        cells = told[start : start + len(wanted)]
        if all(map(is_cell, cells, wanted)):
            behind = told[start + len(wanted) :]
            return "\n".join([*told[:start], of_cells(cells, story), *behind])
    return ""
