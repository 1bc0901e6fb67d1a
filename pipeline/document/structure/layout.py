"""Which files an edition has, and where in them every entry and telling stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from pipeline.document.structure.content import Content
from pipeline.document.structure.topics import MOST, Grouping, Section, sections

#: The file that is read first.
MAIN = "merged.md"
TELLINGS = "merged.tellings.md"
#: All topics with their sizes, where the overview cannot hold them.
CONTENTS = "topics/contents.md"
#: What is new since an earlier run.
SINCE = "since.md"
#: What the overview counts, one by one.
LISTS = "merged.lists.md"


@dataclass(frozen=True)
class Layout:
    """An edition's sections and their files.

    Args:
        by: what its sections are, topics or roles.
        full: everything is in one file.
        split: each section has a file of its own, and one for its tellings.
        ending: what is put behind every file's name.
    """

    content: Content
    sections: Sequence[Section]
    by: Grouping = "topic"
    full: bool = False
    split: bool = False
    ending: str = ""

    @property
    def main(self) -> str:
        """The file that is read first."""
        return MAIN + self.ending

    @property
    def contents(self) -> str:
        """The file that lists all sections."""
        return CONTENTS + self.ending

    def index_file(self, first: int, last: int) -> str:
        """The file that says where stories went, those from one number to another; no topic's
        file has a name with "_"."""
        return f"topics/stories_{first}-{last}.md{self.ending}"

    @property
    def left_out(self) -> str:
        """The file that names the stories which are in no entry."""
        return self.main if self.full else self.contents if self.split else TELLINGS + self.ending

    def lists(self, said: str, anchor: str, *, at: str) -> str:
        """Words as a link to the list behind them; plain in an edition of one file."""
        return said if self.full else f"[{said}]({address(LISTS + self.ending, anchor, at=at)})"

    def file(self, section: Section) -> str:
        """The file a section's entries stand in."""
        return f"topics/{section.name}.md{self.ending}" if self.split else self.main

    def tellings_file(self, section: Section) -> str:
        """The file a section's tellings stand in."""
        if self.full:
            return self.main
        name = f"topics/{section.name}.tellings.md" if self.split else TELLINGS
        return name + self.ending

    @cached_property
    def section_of(self) -> Mapping[str, Section]:
        """By entry id."""
        return {entry.id: section for section in self.sections for entry in section.entries}

    def story(self, story: str, *, at: str) -> str:
        """A story's name as a link to its telling, from the file ``at``; plain where it is in no
        entry."""
        name = self.content.story_name[story]
        entry = self.content.entry_of.get(story)
        if entry is None:
            return name
        file = self.tellings_file(self.section_of[entry.id])
        return f"[{name}]({address(file, name.lower(), at=at)})"

    def entry(self, entry: str, *, at: str) -> str:
        """Where an entry stands, from the file ``at``: the entry itself in a topic's file; in one
        file, whose sections are short, its conflict or its section."""
        section = self.section_of[entry]
        anchor = section.name
        if self.split:
            anchor = self.content.entry_name[entry].lower()
        elif conflicts := self.content.conflicts_of.get(entry):
            anchor = self.conflict_anchor[conflicts[0].id]
        return address(self.file(section), anchor, at=at)

    def tellings(self, entry: str, *, at: str) -> str:
        """The address of an entry's tellings, from the file ``at``."""
        file = self.tellings_file(self.section_of[entry])
        return address(file, self.content.entry_name[entry].lower(), at=at)

    @cached_property
    def conflict_anchor(self) -> Mapping[str, str]:
        """By the id of a conflict."""
        return {one.id: f"c-{n}" for n, one in enumerate(self.content.merge.conflicts, 1)}

    def section(self, section: Section, *, at: str) -> str:
        """A section's address, from the file ``at``."""
        return address(self.file(section), "" if self.split else section.name, at=at)


def lay_out(content: Content, by: Grouping = "topic", *, full: bool = False) -> Layout:
    """An edition's files: one with its tellings beside it up to 300 entries, one for each topic
    above (where roles would be too many to be found), a single one where ``full``."""
    split = not full and len(content.merge.entries) > MOST
    grouping: Grouping = "topic" if split else by
    return Layout(content, sections(content, grouping), grouping, full, split)


def address(file: str, anchor: str = "", *, at: str) -> str:
    """A place as a link that stands in the file ``at`` gives it; both are below one folder."""
    if file == at:
        path = ""
    elif file.rpartition("/")[0] == at.rpartition("/")[0]:
        path = file.rpartition("/")[2]
    else:
        path = "../" * at.count("/") + file
    return quote(path) + (f"#{quote(anchor)}" if anchor or not path else "")
