"""The first pages of a document, two at most whatever its size: what contradicts what, what is
told most often, what is undecided, what is not shown, and where everything stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.document.content import Content, file_name, told
from pipeline.document.layout import CONTENTS, Layout, address
from pipeline.document.order import Group
from pipeline.document.quoting import clipped, need, quoted, within
from pipeline.document.topics import Section
from pipeline.entries import Conflict, Side

#: Words of the whole overview: two pages.
WORDS = 900
#: Words of its parts at most; what a part does not use is nobody's.
_CONFLICTS, _POSSIBLE, _OFTEN, _LEFT, _TOPICS = 235, 115, 125, 60, 110
#: Words of a quotation.
_QUOTED = 12
#: Words of a name that came with the documents: a path, a role, a reason.
_NAMED = 8
#: Sides of a conflict, and stories named beside a need.
_SIDES, _NAMES = 4, 4


def overview(layout: Layout, at: str) -> Iterator[str]:
    """The lines of the overview in the file ``at``: :data:`WORDS` words at most."""
    content = layout.content
    yield from _opening(content)
    yield from _conflicts(layout, at)
    yield from _often(layout, at)
    yield from _undecided(content)
    yield from _left(content)
    yield from _topics(layout, at)


def _opening(content: Content) -> Iterator[str]:
    merge, head = content.merge, content.head
    yield f"# Merged: {told(len(content.stories), 'story', 'stories')} from " + told(
        len({story.source.document for story in content.stories.values()}), "document"
    )
    yield ""
    folded: Counter[str] = Counter(
        by for entry in merge.entries for by in {f.story: f.by for f in entry.folds}.values()
    )
    whose = {"proof": "by proof", "judge": "by a judge", "person": "by a person"}
    told_by = ", ".join(f"{folded[by]:,} {name}" for by, name in whose.items() if folded[by])
    several = sum(len(entry.sources) > 1 for entry in merge.entries)
    said = [
        f"{told(len(merge.entries), 'entry', 'entries')}, {several:,} of them told more than once"
        + (f"; tellings folded: {told_by}." if told_by else "; nothing is folded.")
    ]
    judge = head.get("judge")
    said.append(f"Judge: {clipped(str(judge), _NAMED)}." if judge else "No model was asked.")
    kept = head.get("kept")
    if isinstance(kept, dict):
        n, missing = kept.get("units", 0), len(kept.get("missing", ()))
        if missing:
            said.append(f"**{missing:,} of {n:,} sentences are missing: this is incomplete.**")
        else:
            said.append(f"All {n:,} sentences of the stories are here, standing or folded.")
    if content.merge.failed_calls:
        n = len(content.merge.failed_calls)
        said.append(f"{told(n, 'call')} to the judge failed.")
    yield " ".join(said)
    yield ""
    yield (
        "**Bold**: words in which two sides of a conflict differ. *Italics*: words in which "
        "entries differ that are only alike."
    )
    yield ""


def _conflicts(layout: Layout, at: str) -> Iterator[str]:
    """Conflicts, then possible ones, both sides with the words in which they differ."""
    for kind, title, none, words in (
        ("conflict", "Conflicts", "Nobody has said of any two stories that they conflict.",
         _CONFLICTS),
        ("possible", "Possibly in conflict", "", _POSSIBLE),
    ):  # fmt: skip
        found = [one for one in layout.content.merge.conflicts if one.kind == kind]
        if not found and not none:
            continue
        yield f"## {title} ({len(found):,})" if found else f"## {title}"
        yield ""
        shown = 0
        for lines in within(words, (_conflict(one, layout, at) for one in found)):
            yield from lines
            shown += 1
        if not found:
            yield none
        if shown < len(found):
            yield f"- and {_more(found[shown:], layout, at)}"
        yield ""


def _conflict(conflict: Conflict, layout: Layout, at: str) -> list[str]:
    entries = [layout.content.entry_of[side.story] for side in conflict.sides]
    roles = dict.fromkeys(layout.content.role(entry) for entry in entries)
    who = clipped(" / ".join(filter(None, roles)), _NAMED) or "no role"
    section = layout.section_of[entries[0].id]
    where = f"[{clipped(section.title, 4)}]({layout.entry(entries[0].id, at=at)})"
    sides = [_side(side, layout, at) for side in conflict.sides[:_SIDES]]
    if len(conflict.sides) > _SIDES:
        sides.append(f"  - and {len(conflict.sides) - _SIDES:,} more sides")
    return [f"- {who}, {where}", *sides]


def _side(side: Side, layout: Layout, at: str) -> str:
    story = layout.content.stories[side.story]
    written = f", {story.source.written.isoformat()}" if story.source.written else ""
    return (
        f"  - {quoted(side.text, side.differs, words=_QUOTED)} {layout.story(side.story, at=at)}, "
        f"{clipped(file_name(story.source.path), 3)}{written}"
    )


def _more(rest: Sequence[Conflict], layout: Layout, at: str) -> str:
    """How many conflicts are not shown, and where most of them stand."""
    places = Counter(
        layout.section_of[layout.content.entry_of[one.sides[0].story].id].name for one in rest
    )
    named = {section.name: section for section in layout.sections}
    where = ", ".join(
        f"[{clipped(named[name].title, 3)}]({layout.section(named[name], at=at)}) {n:,}"
        for name, n in places.most_common(4)
    )
    more = " and other topics" if len(places) > 4 else ""
    return f"{len(rest):,} more: {where}{more}"


def _often(layout: Layout, at: str) -> Iterator[str]:
    """The needs told most often and by whom; what is only alike is counted apart."""
    content = layout.content
    found = [group for section in layout.sections for group in section.groups]
    ranked = sorted(
        (group for group in found if group.n_stories > 1 and not group.conflicts),
        key=lambda group: (-_most(group), -group.n_stories),
    )
    yield "## Told most often"
    yield ""
    if not ranked:
        yield "No need is told more than once."
        yield ""
        return
    for lines in islice(within(_OFTEN, (_need(one, layout, at) for one in ranked)), 12):
        yield from lines
    several = sum(len(entry.sources) > 1 for entry in content.merge.entries)
    alike = sum(len(group.entries) > 1 and not group.conflicts for group in found)
    yield ""
    yield f"Told more than once: {several:,}. Groups of entries that are only alike: {alike:,}."
    yield ""


def _most(group: Group) -> int:
    return max(len(entry.sources) for entry in group.entries)


def _need(group: Group, layout: Layout, at: str) -> list[str]:
    content = layout.content
    entry = max(group.entries, key=lambda one: len(one.sources))
    roles = [clipped(role.text, 4) for role in entry.roles] or ["no role"]
    who = ", ".join(roles[:3]) + (f" and {len(roles) - 3} more roles" if len(roles) > 3 else "")
    first, *others = entry.sources
    names = layout.story(first, at=at)
    if others:
        names += f", {content.names(others, _NAMES)}"
    alike = [one.standing for one in group.entries if one is not entry]
    beside = f"; alike: {content.names(alike, _NAMES)}" if alike else ""
    n = f"**{len(entry.sources)}×** " if others else ""
    return [f"- {n}{quoted(need(entry, content), words=_QUOTED)} {who}: {names}{beside}"]


def _undecided(content: Content) -> Iterator[str]:
    merge = content.merge
    yield "## Undecided"
    yield ""
    kinds = Counter(conflict.kind for conflict in merge.conflicts)
    found = [
        (len(merge.proposals), "pair that may be one need", "pairs that may be one need"),
        (kinds["conflict"], "conflict", ""),
        (kinds["possible"], "possible conflict", ""),
    ]
    parts = [told(n, one, many) for n, one, many in found if n]
    run = str(content.head.get("run") or "RUN")
    if parts:
        yield f"{', '.join(parts)}. `storytransformer review {run.replace('`', '')}` asks them."
    else:
        yield "Nothing."
    yield ""


def _left(content: Content) -> Iterator[str]:
    """What of the documents is not in this one."""
    yield "## Not shown"
    yield ""
    left = content.left
    if left.residue:
        most = sorted((-n / max(1, of), path) for path, n, of in left.residue if n)[:2]
        paths = ", ".join(f"{clipped(file_name(path), 3)} {-share:.0%}" for share, path in most)
        yield (
            f"{left.share:.0%} of the documents' text is in no story"
            + (f" (most: {paths})" if paths else "")
            + "; `storytransformer extract … --page` shows it."
        )
    reasons = Counter(row.reason for row in content.skipped)
    items = [
        f"- {told(n, 'story', 'stories')} left out: {clipped(reason, _NAMED)}"
        for reason, n in reasons.most_common()
    ]
    items += [
        f"- {clipped(file_name(path), 3)}: {clipped(why, 2 * _NAMED)}"
        for path, why in left.problems
    ]
    shown = [line for lines in within(_LEFT, ([item] for item in items)) for line in lines]
    if not items:
        yield "Every document could be read, and no story was left out."
    yield from (["", *shown] if shown else [])
    if len(shown) < len(items):
        yield f"- and {len(items) - len(shown):,} more; the ledger of the page and JSON has them"
    yield ""


def _topics(layout: Layout, at: str) -> Iterator[str]:
    """The sections with links, the largest first, as far as the space goes."""
    yield "## Topics"
    yield ""
    sections = layout.sections
    few = len(sections) <= 15
    items = (
        (f"- {section_line(one, layout, at)}" if few else _short(one, layout, at))
        for one in sections
    )
    shown = [line for lines in within(_TOPICS, ([item] for item in items)) for line in lines]
    if few and len(shown) == len(sections):
        yield from shown
    else:
        yield " · ".join(shown)
    if len(shown) < len(sections):
        rest = len(sections) - len(shown)
        where = (
            f": [all topics]({address(CONTENTS, at=at)})" if layout.split else "; all stand below"
        )
        yield ""
        yield f"and {rest:,} more{where}."
    yield ""


def section_line(section: Section, layout: Layout, at: str) -> str:
    """A section as a link, with what it holds."""
    parts = [_short(section, layout, at) + (" entry" if len(section.entries) == 1 else " entries")]
    if section.n_stories > len(section.entries):
        parts.append(told(section.n_stories, "telling"))
    for kind, name in (("conflict", "conflict"), ("possible", "possible conflict")):
        n = section.n_conflicts(kind)
        if n:
            parts.append(told(n, name))
    return ", ".join(parts)


def _short(section: Section, layout: Layout, at: str) -> str:
    title = clipped(section.title, _NAMED)
    return f"[{title}]({layout.section(section, at=at)}) {len(section.entries):,}"
