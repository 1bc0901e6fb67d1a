"""What a section holds and who tells it, in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pipeline.document.markdown.quoting import clipped, within
from pipeline.document.structure.content import Content, told
from pipeline.document.structure.layout import Layout
from pipeline.document.structure.topics import Section
from pipeline.entries import Entry
from pipeline.stories import count_words

#: Words of the list of roles, of that of a topic's file, of one role, and of what ends a list.
_WHO, _SECTION, _ROLE, _FEW = 100, 120, 6, 4
#: Words of the list of a topic's roles in the lists, and roles in the overview.
_ALL, _FIRST = 400, 5
#: Words of a section's title.
_TITLE = 8


def holds(section: Section, layout: Layout) -> str:
    """ "18 stories, 8 documents; visitor 6, repair volunteer 4.": what a section holds and who
    tells it."""
    content = layout.content
    sources = [story for entry in section.entries for story in entry.sources]
    documents = {content.stories[story].source.document for story in sources}
    roles = _roles_of(section.entries, content)
    who = f"; {_who(roles, _SECTION)}" if roles and layout.by == "topic" else ""
    size = f"{told(len(sources), 'story', 'stories')}, {told(len(documents), 'document')}"
    return f"{size}{who}."


def roles_told(entries: Iterable[Entry], content: Content) -> str:
    """ "member 28, coordinator 16": who tells some entries, "" where nobody names a role."""
    return _who(_roles_of(entries, content), _ALL)


def stories_by_role(layout: Layout) -> list[tuple[str, list[str]]]:
    """The stories that each role tells, the role of most tellings first."""
    content = layout.content
    found: dict[str, list[str]] = {}
    for entry in content.merge.entries:
        for role in entry.roles:
            name = content.heading("role", " ".join(role.text.split()))
            found.setdefault(name, []).extend(role.stories)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def roles(layout: Layout) -> Iterator[str]:
    """Who tells the stories, the roles of most tellings."""
    roles = _roles_of(layout.content.merge.entries, layout.content)
    if roles and layout.by == "topic":
        often = Counter(dict(list(roles.items())[:_FIRST]))
        more = len(roles) - len(often)
        said = [_who(often, _WHO)]
        said += [layout.lists(f"{more:,} more", "roles", at=layout.main)] if more else []
        yield from (f"## Roles ({len(roles):,})", "", f"{'; '.join(said)}.", "")


def _roles_of(entries: Iterable[Entry], content: Content) -> Counter[str]:
    """Tellings by role, as the glossary calls it, the commonest first."""
    found = Counter[str]()
    for entry in entries:
        for role in entry.roles:
            found[content.heading("role", " ".join(role.text.split()))] += len(role.stories)
    return Counter(dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))))


def _who(roles: Counter[str], words: int) -> str:
    """ "member 28, coordinator 16; once each: fixer, parent; 3 more", in so many words."""
    often = [[f"{clipped(role, _ROLE)} {n:,}"] for role, n in roles.items() if n > 1]
    once = [[clipped(role, _ROLE)] for role, n in roles.items() if n == 1]
    shown = [one for some in within(words, often) for one in some]
    left = words - sum(map(count_words, shown))
    rest = [one for some in within(left - _FEW, once) for one in some]
    said = [", ".join(shown)] if shown else []
    said += [f"once each: {', '.join(rest)}"] if rest else []
    more = len(roles) - len(shown) - len(rest)
    return "; ".join([*said, f"{more:,} more"] if more else said)


def section_line(section: Section, layout: Layout, at: str) -> str:
    """A section as a link, with what it holds."""
    parts = [short(section, layout, at) + (" entry" if len(section.entries) == 1 else " entries")]
    if section.n_stories > len(section.entries):
        parts.append(told(section.n_stories, "telling"))
    for kind, name in (("conflict", "conflict"), ("possible", "possible conflict")):
        n = section.n_conflicts(kind)
        if n:
            parts.append(told(n, name))
    return ", ".join(parts)


def short(section: Section, layout: Layout, at: str, *, sized: bool = True) -> str:
    """A section as a link, with the number of its entries."""
    title = clipped(section.title, _TITLE)
    size = f" {len(section.entries):,}" if sized else ""
    return f"[{title}]({layout.section(section, at=at)}){size}"
