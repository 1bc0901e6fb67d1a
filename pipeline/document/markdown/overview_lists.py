"""``merged.lists.md``: what the overview counts, named one by one. What contradicts what, which
needs are told more than once, which pairs nobody has decided about, what the newest document adds,
which stories are under the entry of another and by what right, what each topic and role holds,
which stories have which words, what of the documents is not shown, and where every story went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from pipeline.document.markdown.escape import plain
from pipeline.document.markdown.left import left_lines, residue_command
from pipeline.document.markdown.quoting import asks_for, clipped, marked_runs, quoted
from pipeline.document.markdown.since_text import counted, listed
from pipeline.document.markdown.story_index import (
    index_lines,
    no_role_lines,
    role_lines,
    topic_lines,
    word_lines,
)
from pipeline.document.markdown.tellings_file import fate, place
from pipeline.document.structure.content import about_told, file_name
from pipeline.document.structure.layout import LISTS, Layout
from pipeline.document.structure.needs import Need, most_told, shared_words
from pipeline.document.structure.since import beside_others
from pipeline.entries import Conflict, Outcome

#: Items of each list; the page and the JSON have all.
_SHOWN = 300
#: Words of what a need or a story asks for, of a name, of a side of a conflict and of a passage.
_ASKED, _NAMED, _SIDE, _PASSAGE = 30, 8, 60, 60
#: Stories named beside a need.
_NAMES = 40
_LIKENESS = (
    "In %: words in common, weighed by how rare they are; words of one sense count as one. Words "
    "decide nothing: what is near may be two needs, and one need in wholly other words is not "
    "found."
)


def lists_text(layout: Layout) -> Iterator[str]:
    """The lines of the file."""
    at = LISTS + layout.ending
    yield from ("# Lists", "", f"What [{layout.main}]({layout.main}) counts, one by one.", "")
    parts: tuple[tuple[str, str, str, Sequence[str]], ...] = (
        ("conflicts", "Conflicts", "", _conflicts(layout, at)),
        (
            "told-often",
            "Told more than once, a passage counted",
            "Tellings in the same words for role and goal, or alike; then passages of long stories "
            "that say something like it, which are not tellings.",
            _needs(layout, at),
        ),
        ("undecided", "Pairs that are alike and undecided", _LIKENESS, _pairs(layout, at)),
    )
    for part in parts:
        yield from _part(*part)
    if benefits := _benefits(layout, at):
        yield from _part(
            "benefits", "Other goals, a benefit in nearly the same words", "", benefits
        )
    yield from _newest(layout, at)
    rest: tuple[tuple[str, str, str, Sequence[str]], ...] = (
        ("folded", "Under the entry of another", "", _folded(layout, at)),
        ("topics", f"What each {layout.by} holds", "", topic_lines(layout, at)),
        ("roles", "Who tells what", "", role_lines(layout, at)),
        (
            "words",
            "Words, and the stories that speak of them",
            "Content words that at least three stories of two topics have, and few enough to tell "
            "them apart; in any form.",
            word_lines(layout),
        ),
        (
            "not-shown",
            "Not shown",
            f"What of each document's text is in no story; whole: "
            f"`{residue_command(layout.content)}`.",
            list(left_lines(layout.content)),
        ),
        ("stories", "Where each story went", "", index_lines(layout, at)),
    )
    for part in rest:
        yield from _part(*part)
        if part[0] == "roles":
            yield from no_role_lines(layout, at)


def _part(anchor: str, title: str, what: str, found: Sequence[str]) -> Iterator[str]:
    """A list under its heading, what belongs to an item below it."""
    items = [n for n, line in enumerate(found) if line.startswith("- ")]
    yield from (f'## <a id="{anchor}"></a>{title} ({len(items):,})', "")
    if what and found:
        yield from (what, "")
    end = items[_SHOWN] if len(items) > _SHOWN else len(found)
    yield from islice(found, end)
    if len(items) > _SHOWN:
        yield f"- and {len(items) - _SHOWN:,} more; the page has them"
    if not found:
        yield "None."
    yield ""


def _conflicts(layout: Layout, at: str) -> list[str]:
    return [line for one in layout.content.merge.conflicts for line in _conflict(one, layout, at)]


def _conflict(conflict: Conflict, layout: Layout, at: str) -> Iterator[str]:
    """A conflict with its sides, as whole as they may be long, and where each stands."""
    content = layout.content
    entry = content.entry_of[conflict.sides[0].story]
    section = clipped(layout.section_of[entry.id].title, _NAMED)
    kind = "Conflict" if conflict.kind == "conflict" else "Possible conflict"
    who = f", {plain(conflict.reason or conflict.by)}" if conflict.by != "code" else ", undecided"
    about = f" about {plain(about_told(conflict))}" if conflict.about else ""
    yield f"- {kind}{about}{who}: [{section}]({layout.entry(entry.id, at=at)})"
    for side in conflict.sides:
        told = quoted(side.text, side.differs, words=_SIDE)
        yield f"  - {layout.story(side.story, at=at)} {told} ({place(content.stories[side.story])})"


def _needs(layout: Layout, at: str) -> list[str]:
    groups = [group for section in layout.sections for group in section.groups]
    needs, _, _ = most_told(groups, layout.content)
    return [line for need in needs for line in _need(need, layout, at)]


def _need(need: Need, layout: Layout, at: str) -> Iterator[str]:
    content = layout.content
    roles = ", ".join(clipped(role, _NAMED) for role in need.roles) or "no role"
    told = quoted(asks_for(need.entries[0], content), words=_ASKED)
    yield f"- {times(need)} {roles}: {told}"
    by = [_teller(story, layout, at) for story in need.sources[:_NAMES]]
    more = [f"{len(need.sources) - _NAMES:,} more"] if len(need.sources) > _NAMES else []
    yield f"  - {'; '.join([*by, *more])}"
    found = (one for entry in need.entries for one in content.passages_of.get(entry.id, ()))
    for story, text in {one.story: one.text for one in found}.items():
        said = quoted(text, words=_PASSAGE)
        yield f"  - passage of {layout.story(story, at=at)}: {said}"


def _teller(story: str, layout: Layout, at: str) -> str:
    """A telling, who asks in it, where, and who wrote it."""
    one = layout.content.stories[story]
    known = (one.role or "no role", file_name(one.source.path), one.source.author)
    who = ", ".join(clipped(name, _NAMED) for name in known if name)
    return f"{layout.story(story, at=at)} {who}"


def times(need: Need) -> str:
    """ "3× alike", "2× + passage": how often a need is told."""
    n = len(need.passages)
    passages = f" + {f'{n:,} passages' if n > 1 else 'passage'}" if n else ""
    return f"{len(need.sources):,}×{' alike' if need.alike else ''}{passages}"


def _pairs(layout: Layout, at: str) -> list[str]:
    content = layout.content
    contested = {frozenset(s.story for s in one.sides) for one in content.merge.conflicts}
    return [
        _pair(a, b, layout, at)
        for a, b in content.merge.proposals
        if frozenset((a, b)) not in contested
    ]


def _pair(a: str, b: str, layout: Layout, at: str) -> str:
    """A pair with how near it is, by which words, and in which it differs."""
    content = layout.content
    one, two = content.entry_of[a], content.entry_of[b]
    link = next(
        (link for link in content.links_of.get(one.id, ()) if two.id in (link.a, link.b)), None
    )
    said = f"{_story(a, layout, at)} / {_story(b, layout, at)}"
    if link is None:
        return f"- {said}"
    shared = shared_words(content.stories[one.standing], content.stories[two.standing], content, 5)
    both = f"; in common by sense: {', '.join(map(plain, shared))}" if shared else ""
    mine, theirs = (link.only_a, link.only_b) if link.a == one.id else (link.only_b, link.only_a)
    return f"- {link.score:.0%}: {said}{both}; differ: {marked_runs(mine)} / {marked_runs(theirs)}"


def _benefits(layout: Layout, at: str) -> list[str]:
    """Pairs that no goal's words bring together, and whose benefits may say that they are one."""
    content = layout.content
    place = {entry: n for n, entry in enumerate(content.entries)}
    return [
        f"- {_with_benefit(one, layout, at)} / {_with_benefit(two, layout, at)}"
        for one, two in content.like_benefits.items()
        if place[one] < place[two]
    ]


def _with_benefit(entry: str, layout: Layout, at: str) -> str:
    content = layout.content
    standing = content.entries[entry].standing
    return (
        f"{_story(standing, layout, at)}, {quoted(content.stories[standing].benefit, words=_ASKED)}"
    )


def _newest(layout: Layout, at: str) -> Iterator[str]:
    """What the document with the latest date adds to the others."""
    latest = layout.content.newest
    if latest is None:
        return
    title = f"Newest: {clipped(file_name(latest.path), _NAMED)}, {latest.written}"
    beside = beside_others(layout, latest)
    yield from (f'## <a id="newest"></a>{title}', "")
    yield from (f"{counted(beside)}, seen from the other documents.", "")
    for name, what, lines in listed(layout, beside, at):
        yield from (f"### {name} ({len(lines):,})", "", what, "")
        yield from islice(lines, _SHOWN)
        yield ""


def _folded(layout: Layout, at: str) -> list[str]:
    content = layout.content
    under = (Outcome.DUPLICATE_OF, Outcome.MERGED_INTO)
    return [
        f"- {_story(story, layout, at)}, under {layout.story(row.other, at=at)}. "
        f"{plain(fate(story, content.entry_of[story], content))}".rstrip()
        for story, row in content.row_of.items()
        if row.outcome in under and row.other
    ]


def _story(story: str, layout: Layout, at: str) -> str:
    one = layout.content.stories[story]
    return f"{layout.story(story, at=at)} {quoted(one.goal or one.text, words=_ASKED)}"
