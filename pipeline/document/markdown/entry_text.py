"""An entry as Markdown: what stands, and in a few words what its other tellings say otherwise.

Every standing line is a source's, word for word; what is said of it (whose it is, how many tell
it, what a fold says otherwise) stands around it and never in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from pipeline.document.markdown.escape import marked, plain
from pipeline.document.markdown.opposing import label
from pipeline.document.structure.content import Content, told
from pipeline.document.structure.layout import Layout
from pipeline.document.structure.nearness import is_near, told_at_length
from pipeline.document.structure.needs import same_needs, shared_words
from pipeline.document.structure.order import ALONE, Group
from pipeline.entries import Conflict, Entry, Fold, Line, Link, Side
from pipeline.stories import count_words, normalise

#: Names of stories beside what is said of some of an entry's.
_NAMES = 6
#: Words of a body line from which on it is a paragraph, not an item.
_PARAGRAPH = 25
#: Words that introduce a benefit: "in order to".
_PURPOSE = 4
#: Words of short criteria that stand in one item; what has sentences, parts or a check box of
#: its own stands alone, for there it would be hard to see where the next begins.
_TOGETHER = 40
_WHOLE = re.compile(r"[.!?:](?=\s|$)|[;\[]")
_CLAUSE = re.compile(r"[.,;:!?–—]")
#: Words in common of two near entries that are looked at, and of a group that are named.
_COMMON, _WORDS = 9, 3
#: Entries elsewhere that are named as alike or near.
_ELSEWHERE = 3
#: What entries are called that have some words in common and are not plainly alike.
NEAR = "Near"


def group_text(group: Group, layout: Layout, at: str) -> Iterator[str]:
    """The lines of a group in the file ``at``: its heading where it has one, its entries. What is
    alone stands in one list with what is alone before it."""
    content = layout.content
    for conflict in group.conflicts:
        # The sides stand right below: they are named only where others stand among them.
        others = len(group.conflicts) > 1 or len(group.entries) > len(conflict.sides)
        anchor = "" if layout.split else f'<a id="{layout.conflict_anchor[conflict.id]}"></a>'
        title = conflict_title(conflict, content, named=others)
        # Where the opposed words are bold in all sides, the heading need not say them again.
        if others or not all(_is_marked(side, content) for side in conflict.sides):
            title = f"{title}: {label(conflict)}".removesuffix(": ")
        yield f"{anchor}**{title}**{_who(conflict)}"
        yield ""
    if len(group.entries) > 1 and not group.conflicts:
        yield _heading(group, content)
        yield ""
    before: list[str] = []
    together = [entry.id for entry in group.entries]
    for entry in group.entries:
        yield from entry_text(entry, layout, at, before, together)
        before.append(entry.id)
    if group.rank < ALONE:
        yield ""


def _is_marked(side: Side, content: Content) -> bool:
    """Whether the words that a side opposes are bold in its entry."""
    entry = content.entry_of[side.story]
    runs, _ = _marks(entry, content, (), ())
    return "**" in marked(entry.sentence, runs, "**") and runs == side.differs


def _heading(group: Group, content: Content) -> str:
    """ "**Alike** (4 tellings, 2 roles)": what a group is and, of more than two entries, what it
    holds; who says so; and which of its entries have role and goal in common."""
    entries = group.entries
    same = same_needs(entries, content)
    whole = any(len(several) == len(entries) for several in same)
    roles = {normalise(role.text) for entry in entries for role in entry.roles}
    size = []
    if len(entries) > 2:
        size = [told(group.n_stories, "telling")] if group.n_stories > len(entries) else []
        size += [told(len(roles), "role")] if len(roles) > 1 else []
        size = [", ".join(size)] if size else []
    if not whole:
        size += [
            f"{_standing(several, content)}: {_agreement(several, content).lower()}"
            for several in same
        ]
    size += [who] if (who := _who_ties(group, content)) else []
    tied = tie(group, content)
    return f"**{tied}**{_by_what(group, content) if tied == NEAR else ''}" + (
        f" ({'; '.join(size)})" if size else ""
    )


def _by_what(group: Group, content: Content) -> str:
    """ ", 34%: message, shift": how near entries are that are not plainly alike, at least, and by
    which words, as far as all of them share these."""
    own = {entry.id for entry in group.entries}
    links = dict.fromkeys(
        link
        for entry in group.entries
        for link in content.links_of.get(entry.id, ())
        if {link.a, link.b} <= own
    )
    shared = [_shared(link, content) for link in links]
    words = [word for word in shared[0] if all(word in other for other in shared[1:])]
    told_by = f": {', '.join(map(plain, words[:_WORDS]))}" if words else ""
    return f", {min(link.score for link in links):.0%}{told_by}"


def _shared(link: Link, content: Content) -> list[str]:
    a, b = (content.stories[content.entries[entry].standing] for entry in (link.a, link.b))
    return shared_words(a, b, content, _COMMON)


def tie(group: Group, content: Content) -> str:
    """What entries without a conflict have in common: role and goal, or that they are alike."""
    same = same_needs(group.entries, content)
    if any(len(several) == len(group.entries) for several in same):
        return _agreement(group.entries, content)
    return likeness(group, content)


def _agreement(entries: Sequence[Entry], content: Content) -> str:
    """What is said of entries that have role and goal in common. Whether their benefits are one in
    other words nobody knows."""
    benefits = {normalise(content.stories[entry.standing].benefit) for entry in entries}
    other = len(benefits) == len(entries) and "" not in benefits
    return "Same goal, benefits worded differently" if other else "Same role and goal"


def _standing(entries: Iterable[Entry], content: Content) -> str:
    return content.names(entry.standing for entry in entries)


def _who_ties(group: Group, content: Content) -> str:
    """Who says that entries of a group overlap, "" where nobody does."""
    own = {entry.id for entry in group.entries}
    found = dict.fromkeys(
        link.by
        for entry in group.entries
        for link in content.links_of.get(entry.id, ())
        if link.a in own and link.b in own and link.kind == "overlapping"
    )
    return plain("; ".join(found))


def likeness(group: Group, content: Content) -> str:
    """How entries without a conflict are tied: by likeness, or because a judge or a person says
    that they overlap."""
    own = {entry.id for entry in group.entries}
    links = [
        link
        for entry in own
        for link in content.links_of.get(entry, ())
        if link.a in own and link.b in own
    ]
    kinds = {link.kind for link in links}
    if kinds == {"overlapping"}:
        return "Overlapping"
    if "overlapping" in kinds:
        return "Overlapping or alike"
    return NEAR if links and all(map(is_near, links)) else "Alike"


def conflict_title(conflict: Conflict, content: Content, *, named: bool = True) -> str:
    """ "Conflict: S-16, S-71", or "Conflict"."""
    kind = "Conflict" if conflict.kind == "conflict" else "Possible conflict"
    names = content.names(side.story for side in conflict.sides)
    return f"{kind}: {names}" if named else kind


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
    anchor = f'<a id="{content.entry_name[entry.id].lower()}"></a>' if layout.split else ""
    stands = content.story_name[entry.standing]
    head = f"- {anchor}[{stands}]({layout.tellings(entry.id, at=at)})"
    for line in first:
        words = marked(line.text, marks, mark) if line is sentence else plain(line.text)
        colon = ":" if line is title and sentence and words[-1:] not in ".:!?" else ""
        head += f" {words}{colon}{_whose(line, entry, content)}"
    yield head + _size(entry, layout, at, before, together)
    if len(entry.roles) > 1:
        roles = (f"{plain(r.text)}, {content.names(r.stories, _NAMES)}" for r in entry.roles[1:])
        yield f"  - also as: {'; '.join(roles)}"
    rest = [line for line in entry.lines if line not in first]
    for lines in _listed(rest, content):
        yield from _line(lines, entry, content)
    yield from _otherwise(entry, content)


def _listed(rest: Sequence[Line], content: Content) -> Iterator[list[Line]]:
    """Lines as they are listed: each alone, short criteria of the same stories together."""
    items: list[Line] = []
    for line in rest:
        short = line.field == "criterion" and not _WHOLE.search(line.text)
        fits = sum(count_words(one.text) for one in [*items, line]) <= _TOGETHER
        if items and not (short and fits and line.stories == items[0].stories):
            yield items
            items = []
        if short:
            items.append(line)
        else:
            yield [line]
    if items:
        yield items


def _line(lines: Sequence[Line], entry: Entry, content: Content) -> Iterator[str]:
    line, whose = lines[0], _whose(lines[0], entry, content)
    words = plain(line.text)
    for following in lines[1:]:
        words += f"; {plain(following.text)}"
    prose = content.stories[line.stories[0]].kind == "narrative"
    if line.field == "body" and (prose or count_words(line.text) >= _PARAGRAPH):
        yield ""
        yield f"  {words}{whose}"
        yield ""
    elif line.field == "benefit":
        yield f"  - {f'{plain(purpose(line, content))} {words}'.strip()}{whose}"
    elif line.field in ("title", "sentence"):
        yield f"  - also: {words}{whose}"
    else:
        yield f"  - {words}{whose}"


def purpose(line: Line, content: Content) -> str:
    """The words before a benefit, as its author put them ("so that", "damit", "In order to");
    "so that:" where it stands without any, "" where they are part of the line."""
    story = content.stories[line.stories[0]]
    benefit = " ".join(line.text.split())
    if benefit != " ".join(story.benefit.split()):
        return ""
    before, found, _ = " ".join(story.text.split()).partition(benefit)
    # From the comma, the sentence's end or the last word of the goal on.
    words = _CLAUSE.split(before.rpartition(story.goal)[2] if story.goal else before)[-1].split()
    return " ".join(words) if found and 0 < len(words) <= _PURPOSE else "so that:"


def _whose(line: Line, entry: Entry, content: Content) -> str:
    """Who says a line, where it is not the standing telling."""
    if entry.standing in line.stories:
        return ""
    return f", {content.names(line.stories, _NAMES)}"


def _size(
    entry: Entry, layout: Layout, at: str, before: Collection[str], together: Collection[str]
) -> str:
    """ " (3 tellings with S-31, S-40; 2 roles; 1 conflict)", " (with S-31)" for two tellings,
    nothing for one: every source is named, for an entry says whose it is. Then what is alike or
    near and stands elsewhere, and the long stories of which a passage says something like it."""
    content = layout.content
    parts = []
    others = entry.sources[1:]
    if others:
        size = f"{told(len(entry.sources), 'telling')} " if len(others) > 1 else ""
        parts.append(f"{size}with {content.names(others)}")
    if len(entry.roles) > 1:
        parts.append(told(len(entry.roles), "role"))
    conflicts = content.conflicts_of.get(entry.id, ())
    for kind, one in (("conflict", "conflict"), ("possible", "possible conflict")):
        n = sum(conflict.kind == kind for conflict in conflicts)
        if n > 1 or (n and parts):  # one alone is told by the heading right above
            parts.append(told(n, one))
    parts += islice(_elsewhere(entry, layout, at, together), _ELSEWHERE)
    if other := content.like_benefits.get(entry.id):
        parts.append(f"like benefit {layout.story(content.entries[other].standing, at=at)}")
    # Of entries that stand together the first says it.
    known = {one for other in before for one in content.passages_of.get(other, ())}
    if found := [one for one in content.passages_of.get(entry.id, ()) if one not in known]:
        parts.append("passage " + ", ".join(layout.story(one.story, at=at) for one in found[:3]))
    return f" ({'; '.join(parts)})" if parts else ""


def _elsewhere(entry: Entry, layout: Layout, at: str, together: Collection[str]) -> Iterator[str]:
    """ "near S-57 41%": entries that this one is tied to and that do not stand with it; near ones
    only where it has no like."""
    content = layout.content
    if told_at_length(entry):
        return
    has_its_like = len(together) > 1
    for link in content.links_of.get(entry.id, ()):
        other = _seen_from(link, entry)[0]
        if other in together or told_at_length(content.entries[other]):
            continue
        if is_near(link) and has_its_like:
            continue
        kind = NEAR.lower() if is_near(link) else link.kind
        name = content.story_name[content.entries[other].standing]
        share = f" {link.score:.0%}" if is_near(link) else ""
        yield f"{kind} [{name}]({layout.tellings(other, at=at)}){share}"


def _otherwise(entry: Entry, content: Content) -> Iterator[str]:
    """What the folds say otherwise, the stories of the same words together."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for fold in entry.folds:
        words = " … ".join(map(plain, fold.otherwise))
        words = words or (plain(fold.text) if content.against(fold) else "")
        if words and fold.field != "label":
            said.setdefault((*_kind(fold, content), words), []).append(fold.story)
    for (kind, by, words), stories in said.items():
        named = content.names(dict.fromkeys(stories), _NAMES)
        yield f"  - {kind}: *{words}*, {named}{by}"


def _kind(fold: Fold, content: Content) -> tuple[str, str]:
    """What a fold is, and, where it is not proof, what makes it one with what stands."""
    if content.against(fold):
        return plain(content.against(fold)), ""
    kind = {"title": "also titled", "benefit": "also so that"}.get(fold.field, "also")
    if fold.by == "proof":
        return kind, ""
    return kind, f" ({plain(fold.reason)})" if fold.reason else f" (by a {fold.by})"


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
        other, mine = _seen_from(link, entry)
        if other in others:
            return mine, "*"
    return (), ""


def _seen_from(link: Link, entry: Entry) -> tuple[str, tuple[str, ...]]:
    """Of a link: the other entry, and what only this one says."""
    return (link.b, link.only_a) if link.a == entry.id else (link.a, link.only_b)


def _who(conflict: Conflict) -> str:
    """Who says that it is a conflict, "" where code marks it."""
    return f" ({plain(conflict.reason or conflict.by)})" if conflict.by != "code" else ""
