"""What the documents say that an earlier run did not read: new, told already, contradicting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from pipeline.document.content import told
from pipeline.document.layout import SINCE, Layout
from pipeline.document.needs import need_key
from pipeline.document.quoting import clipped, quoted
from pipeline.document.tellings import place
from pipeline.stories import Source, Story

#: Stories listed under each heading; the page and the JSON have all.
_SHOWN, _QUOTED = 100, 40
#: Entries named beside a new story that are like it.
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Since:
    """The stories that an earlier run did not have, each in one place.

    Args:
        new: in entries that no earlier story is in, with a role and goal in no earlier one's words.
        told: (story, the earlier story that stands or is first in its entry, or tells its need).
        against: (story, the earlier story that it is, possibly, in conflict with).
        gone: how many stories of the earlier run are no longer in the documents.
    """

    new: tuple[str, ...]
    told: tuple[tuple[str, str], ...]
    against: tuple[tuple[str, str], ...]
    gone: int


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
    facing: dict[str, list[str]] = {}
    for conflict in content.merge.conflicts:
        sides = [side.story for side in conflict.sides]
        for side in sides:
            facing.setdefault(side, []).extend(other for other in sides if other in old)
    needs = {need_key(one): one.id for one in [*content.stories.values()][::-1] if one.id in old}
    needs.pop(None, None)
    new, again, against = [], [], []
    for story in content.stories:
        entry = content.entry_of.get(story)
        if story in old or entry is None:
            continue
        known = next((source for source in entry.sources if source in old), "")
        known = known or needs.get(need_key(content.stories[story]), "")
        if facing.get(story):
            against.append((story, facing[story][0]))
        elif known:
            again.append((story, known))
        else:
            new.append(story)
    return Since(tuple(new), tuple(again), tuple(against), left.total())


def beside_others(layout: Layout, latest: Source) -> Since:
    """What one document has that the others have not."""
    others = (one for one in layout.content.stories.values())
    known = {one.id: one.fingerprint for one in others if one.source.document != latest.document}
    return compare(layout, known)


def since_text(layout: Layout, earlier: Mapping[str, str], run: str) -> Iterator[str]:
    """The text of ``since.md``: contradicting first, then new, then told already.

    Args:
        earlier: fingerprint by story id, of all stories of ``run``.
    """
    return (f"{line}\n" for line in _lines(layout, compare(layout, earlier), run))


def _lines(layout: Layout, since: Since, run: str) -> Iterator[str]:
    n = len(since.new) + len(since.told) + len(since.against)
    yield f"# Since run {clipped(run, 4)}: {told(n, 'story', 'stories')}"
    yield ""
    yield (
        f"{len(since.new):,} new, {len(since.told):,} told already, {len(since.against):,} "
        f"possibly contradicting; {since.gone:,} of that run are no longer in the documents. "
        "S-numbers are those of this run."
    )
    for title, lines in listed(layout, since, SINCE):
        yield from ("", f"## {title} ({len(lines):,})", "")
        yield from islice(lines, _SHOWN)
        if len(lines) > _SHOWN:
            yield f"- and {len(lines) - _SHOWN:,} more"


def listed(layout: Layout, since: Since, at: str) -> Iterator[tuple[str, list[str]]]:
    """The stories of each kind, a line each in the file ``at``: contradicting, new, told."""
    parts: tuple[tuple[str, tuple[tuple[str, str], ...], str], ...] = (
        ("Possibly contradicting", since.against, "against"),
        ("New", tuple((story, "") for story in since.new), ""),
        ("Told already", since.told, "told by"),
    )
    for title, found, relation in parts:
        if found:
            yield title, [_line(story, other, relation, layout, at) for story, other in found]


def _line(story: str, other: str, relation: str, layout: Layout, at: str) -> str:
    content = layout.content
    one = content.stories[story]
    line = f"- {layout.story(story, at=at)} {_says(one, layout)} ({place(one)})"
    if not other and (near := _alike(one, layout, at)):
        line += f"; alike: {near}"
    if other:
        beside = content.stories[other]
        line += f"; {relation} {layout.story(other, at=at)} {_says(beside, layout)}"
    return line


def _alike(story: Story, layout: Layout, at: str) -> str:
    """The entries that a new story's entry stands next to, the most alike first."""
    content = layout.content
    own = content.entry_of[story.id].id
    beside = [link.b if link.a == own else link.a for link in content.links_of.get(own, ())]
    return ", ".join(
        layout.story(content.entries[entry].standing, at=at) for entry in beside[:_NEAR]
    )


def _says(story: Story, layout: Layout) -> str:
    """What a story asks for: the side of its conflict, its goal, or how it begins."""
    sides = (
        side
        for conflict in layout.content.conflicts_of.get(layout.content.entry_of[story.id].id, ())
        for side in conflict.sides
        if side.story == story.id
    )
    side = next(sides, None)
    if side is not None:
        return quoted(side.text, side.differs, words=_QUOTED)
    return quoted(story.goal or story.text, words=_QUOTED)
