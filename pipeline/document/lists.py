"""``merged.lists.md``: what the overview counts, named one by one. Which needs are told more than
once, which pairs nobody has decided about, what the newest document adds, which stories are under
the entry of another and by what right, who tells what, and what of the documents is not shown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pipeline.document.content import Content, file_name, told
from pipeline.document.holding import stories_by_role
from pipeline.document.layout import LISTS, Layout
from pipeline.document.needs import most_told
from pipeline.document.quoting import asks_for, clipped, quoted
from pipeline.document.since import beside_others, listed
from pipeline.document.tellings import fate
from pipeline.entries import Outcome

#: Items of each list; the page and the JSON have all.
_SHOWN = 300
#: Words of what a need or a story asks for, of a name, and with which a passage begins that is in
#: no story.
_ASKED, _NAMED, _PASSAGE = 14, 8, 12
#: What the parts of a comparison with an earlier run are called where it is with other documents.
_AGAINST_OTHERS = {
    "New": "In no other document, role and goal in the same words",
    "Told already": "Role and goal told in the same words elsewhere",
}
#: Stories named beside a need or a role.
_NAMES = 40


def lists_text(layout: Layout) -> Iterator[str]:
    """The lines of the file."""
    at = LISTS + layout.ending
    yield from ("# Lists", "", f"What [{layout.main}]({layout.main}) counts, one by one.", "")
    yield "A passage of a long story that says something like it is no telling of a need here."
    yield ""
    yield from _part("told-often", "Told more than once", _needs(layout, at))
    yield from _part("undecided", "Pairs that are alike and undecided", _pairs(layout, at))
    yield from _newest(layout, at)
    yield from _part("folded", "Under the entry of another", _folded(layout, at))
    yield from _part("roles", "Who tells what", _roles(layout, at))
    yield from _part("not-shown", "Not shown", _left(layout.content))


def _part(anchor: str, title: str, found: list[str]) -> Iterator[str]:
    yield from (f'## <a id="{anchor}"></a>{title} ({len(found):,})', "")
    yield from islice(found, _SHOWN)
    if len(found) > _SHOWN:
        yield f"- and {len(found) - _SHOWN:,} more; the page has them"
    if not found:
        yield "None."
    yield ""


def _needs(layout: Layout, at: str) -> list[str]:
    content = layout.content
    groups = [group for section in layout.sections for group in section.groups]
    needs, _, _ = most_told(groups, content)
    return [
        f"- {len(need.sources):,}×{' alike' if need.alike else ''} "
        f"{', '.join(clipped(role, _NAMED) for role in need.roles) or 'no role'}: "
        f"{quoted(asks_for(need.entries[0], content), words=_ASKED)} "
        f"{layout.story(need.sources[0], at=at)}"
        + "".join(f", {content.story_name[one]}" for one in need.sources[1 : _NAMES + 1])
        for need in needs
    ]


def _pairs(layout: Layout, at: str) -> list[str]:
    content = layout.content
    contested = {frozenset(s.story for s in one.sides) for one in content.merge.conflicts}
    return [
        f"- {_story(a, layout, at)} / {_story(b, layout, at)}"
        for a, b in content.merge.proposals
        if frozenset((a, b)) not in contested
    ]


def _newest(layout: Layout, at: str) -> Iterator[str]:
    """What the document with the latest date adds to the others."""
    content = layout.content
    latest = content.newest
    if latest is None:
        return
    title = f"Newest: {clipped(file_name(latest.path), _NAMED)}, {latest.written}"
    yield from (f'## <a id="newest"></a>{title}', "")
    for name, lines in listed(layout, beside_others(layout, latest), at):
        yield from (f"### {_AGAINST_OTHERS.get(name, name)} ({len(lines):,})", "")
        yield from islice(lines, _SHOWN)
        yield ""


def _folded(layout: Layout, at: str) -> list[str]:
    content = layout.content
    under = (Outcome.DUPLICATE_OF, Outcome.MERGED_INTO)
    return [
        f"- {_story(story, layout, at)}, under {layout.story(row.other, at=at)}. "
        f"{fate(story, content.entry_of[story], content)}".rstrip()
        for story, row in content.row_of.items()
        if row.outcome in under and row.other
    ]


def _roles(layout: Layout, at: str) -> list[str]:
    return [
        f"- {clipped(role, _NAMED)} {len(stories):,}: {layout.content.names(stories, _NAMES)}"
        for role, stories in stories_by_role(layout)
    ] + _without_role(layout)


def _without_role(layout: Layout) -> list[str]:
    content = layout.content
    named = {story for _, stories in stories_by_role(layout) for story in stories}
    none = [story for story in content.entry_of if story not in named]
    return [f"- no role {len(none):,}: {content.names(none, _NAMES)}"] if none else []


def _left(content: Content) -> list[str]:
    """Each document's share that is in no story, and how its passages begin."""
    passages = dict(content.left.passages)
    found = []
    for path, n, of in sorted(content.left.residue, key=lambda one: -one[1] / max(1, one[2])):
        if n:
            begun = [f"“{clipped(each, _PASSAGE)}”" for each in passages.get(path, ()) if each]
            said = f": {' '.join(begun)}" if begun else ""
            found.append(f"- {clipped(file_name(path), _NAMED)} {n / max(1, of):.0%}{said}")
    found += [f"- {clipped(file_name(path), _NAMED)}: {why}" for path, why in content.left.problems]
    if content.skipped:
        found.append(f"- {told(len(content.skipped), 'story', 'stories')} left out")
    return found


def _story(story: str, layout: Layout, at: str) -> str:
    one = layout.content.stories[story]
    return f"{layout.story(story, at=at)} {quoted(one.goal or one.text, words=_ASKED)}"
