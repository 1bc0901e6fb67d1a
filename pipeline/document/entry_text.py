"""An entry as Markdown: what stands, and in a few words what its other tellings say otherwise.

Every standing line is a source's, word for word; what is said of it (whose it is, how many tell
it, what a fold says otherwise) stands around it and never in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice

from pipeline.document.content import Content, against, told
from pipeline.document.escape import marked, plain
from pipeline.document.layout import Layout
from pipeline.document.order import Group
from pipeline.entries import Conflict, Entry, Fold, Line, Link
from pipeline.stories import count_words

#: Names of stories in one list; the tellings' file has them all.
_NAMES = 6
#: Words of a body line from which on it is a paragraph, not an item.
_PARAGRAPH = 25
#: Runs of words that two entries do not have in common are shown up to so many words each.
_RUN = 12
#: Entries elsewhere that are named as alike.
_ELSEWHERE = 3


def group_text(group: Group, layout: Layout, at: str) -> Iterator[str]:
    """The lines of a group in the file ``at``: its heading where it has one, its entries. What is
    alone stands in one list with what is alone before it."""
    content = layout.content
    for conflict in group.conflicts:
        yield f"**{conflict_title(conflict, content)}**{_about(conflict)}"
        yield ""
    if len(group.entries) > 1 and not group.conflicts:
        yield f"**Alike: {content.names(entry.standing for entry in group.entries)}**"
        yield ""
    before: list[str] = []
    together = [entry.id for entry in group.entries]
    for entry in group.entries:
        yield from entry_text(entry, layout, at, before, together)
        before.append(entry.id)
    if group.rank < 3:
        yield ""


def conflict_title(conflict: Conflict, content: Content) -> str:
    """ "Conflict: S-16, S-71"."""
    kind = "Conflict" if conflict.kind == "conflict" else "Possibly in conflict"
    return f"{kind}: {content.names(side.story for side in conflict.sides)}"


def entry_text(
    entry: Entry,
    layout: Layout,
    at: str,
    before: Collection[str] = (),
    together: Collection[str] = (),
) -> Iterator[str]:
    """An entry's lines in the file ``at``.

    Args:
        before: ids of the entries that it is placed next to and that stand before it.
        together: ids of all entries that it is placed next to.
    """
    content = layout.content
    marks, mark = _marks(entry, content, before, together)
    title = next((line for line in entry.lines if line.field == "title"), None)
    sentence = next((line for line in entry.lines if line.field == "sentence"), None)
    first = [line for line in (title, sentence) if line is not None] or list(entry.lines[:1])
    name = content.entry_name[entry.id].lower()
    head = f'- <a id="{name}"></a>{layout.story(entry.standing, at=at)}'
    for line in first:
        words = marked(line.text, marks, mark) if line is sentence else plain(line.text)
        colon = ":" if line is title and sentence and words[-1:] not in ".:!?" else ""
        head += f" {words}{colon}{_whose(line, entry, content)}"
    yield head + _size(entry, content)
    if len(entry.roles) > 1:
        roles = (f"{plain(r.text)}, {content.names(r.stories, _NAMES)}" for r in entry.roles[1:])
        yield f"  - also as: {'; '.join(roles)}"
    for line in entry.lines:
        if line not in first:
            yield from _line(line, entry, content)
    yield from _otherwise(entry, content)
    yield from _neighbours(entry, layout, at, together)


def _line(line: Line, entry: Entry, content: Content) -> Iterator[str]:
    words, whose = plain(line.text), _whose(line, entry, content)
    if line.field == "body" and count_words(line.text) >= _PARAGRAPH:
        yield ""
        yield f"  {words}{whose}"
        yield ""
    elif line.field == "benefit":
        yield f"  - so that: {words}{whose}"
    elif line.field in ("title", "sentence"):
        yield f"  - also: {words}{whose}"
    else:
        yield f"  - {words}{whose}"


def _whose(line: Line, entry: Entry, content: Content) -> str:
    """Who says a line, where it is not the standing telling."""
    if entry.standing in line.stories:
        return ""
    return f", {content.names(line.stories, _NAMES)}"


def _size(entry: Entry, content: Content) -> str:
    """ " (3 tellings with S-31, S-40; 2 roles; 1 conflict)", nothing for one telling."""
    parts = []
    others = entry.sources[1:]
    if others:
        names = content.names(others, _NAMES)
        parts.append(f"{told(len(entry.sources), 'telling')} with {names}")
    if len(entry.roles) > 1:
        parts.append(told(len(entry.roles), "role"))
    conflicts = content.conflicts_of.get(entry.id, ())
    for kind, one in (("conflict", "conflict"), ("possible", "possible conflict")):
        n = sum(conflict.kind == kind for conflict in conflicts)
        if n:
            parts.append(told(n, one))
    return f" ({'; '.join(parts)})" if parts else ""


def _otherwise(entry: Entry, content: Content) -> Iterator[str]:
    """What the folds say otherwise, the stories of the same words together."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for fold in entry.folds:
        words = " … ".join(map(plain, fold.otherwise)) or (
            plain(fold.text) if against(fold) else ""
        )
        if words and fold.field != "label":
            said.setdefault((_kind(fold), words, _by(fold)), []).append(fold.story)
    for (kind, words, by), stories in said.items():
        named = content.names(dict.fromkeys(stories), _NAMES)
        yield f"  - {kind}: *{words}*, {named}{by}"


def _kind(fold: Fold) -> str:
    if against(fold):
        return plain(fold.reason)
    return {"title": "also titled", "benefit": "also so that"}.get(fold.field, "also")


def _by(fold: Fold) -> str:
    """What makes a fold one with what stands, where it is not proof."""
    if against(fold) or fold.by == "proof":
        return ""
    return f" ({plain(fold.reason)})" if fold.reason else f" (by a {fold.by})"


def _marks(
    entry: Entry, content: Content, before: Collection[str], together: Collection[str]
) -> tuple[tuple[str, ...], str]:
    """The runs of an entry's sentence to be marked, and how: bold what the other side of a
    conflict denies, italic what the entry before it that it is most alike does not have, and of
    two that stand alone together, what either does not have."""
    for conflict in content.conflicts_of.get(entry.id, ()):
        for side in conflict.sides:
            if content.entry_of[side.story] is entry and side.differs:
                return side.differs, "**"
    others = before or (together if len(together) == 2 else ())
    for link in content.links_of.get(entry.id, ()):
        other, _, mine = _seen_from(link, entry)
        if other in others:
            return mine, "*"
    return (), ""


def _neighbours(entry: Entry, layout: Layout, at: str, together: Collection[str]) -> Iterator[str]:
    """A few of the entries that this one is alike and that stand elsewhere, and where."""
    content = layout.content
    links = (_seen_from(link, entry) for link in content.links_of.get(entry.id, ()))
    apart = (found for found in links if found[0] not in together)
    for other, theirs, mine in islice(apart, _ELSEWHERE):
        stands = content.story_name[content.entries[other].standing]
        section = layout.section_of[other]
        place = "" if section is layout.section_of[entry.id] else f" in {plain(section.title)}"
        differ = f" says {_runs(theirs)} where this says {_runs(mine)}" if theirs and mine else ""
        yield f"  - alike: [{stands}]({layout.entry(other, at=at)}){place}{differ}"


def _seen_from(link: Link, entry: Entry) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Of a link: the other entry, what only that one says, what only this one says."""
    if link.a == entry.id:
        return link.b, link.only_b, link.only_a
    return link.a, link.only_a, link.only_b


def _runs(runs: tuple[str, ...]) -> str:
    """Some runs of words, as many as are read at a glance."""
    left, out = _RUN, []
    for run in runs:
        words = run.split()
        if not left:
            break
        out.append(" ".join(words[:left]) + (" …" if len(words) > left else ""))
        left -= min(left, len(words))
    return " … ".join(f"*{plain(run)}*" for run in out) or "nothing more"


def _about(conflict: Conflict) -> str:
    """What a conflict is about and who says that it is one."""
    about = {"number": "a number", "date": "a date", "bound": "a bound", "negation": "a “not”",
             "modality": "must or may", "opposites": "opposed words"}.get(
        conflict.about, plain(conflict.about)
    )  # fmt: skip
    parts = [f": {about}"] if about else []
    if conflict.by != "code":
        parts.append(f" ({plain(conflict.reason or conflict.by)})")
    return "".join(parts)
