"""Which entries tell one need: the same role and goal, whatever the benefit.

Nothing is folded by it. Many authors give one goal different benefits, and both matter: the
entries stand, and a reader is told in which words they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.compare.features import gist
from pipeline.compare.measures import subject_text
from pipeline.document.structure.content import Content
from pipeline.document.structure.order import Group
from pipeline.entries import Entry
from pipeline.stories import Story
from pipeline.text.canonical import canonical
from pipeline.text.words import WORD, fold

#: What a need is known by: its role, how it is wished for and its goal, as canonical tokens.
Key = tuple[tuple[str, ...], ...]

#: Likeness from which entries may be one need in other words: below, as a rule, they ask for the
#: same of different things.
CLOSE = 0.95


@dataclass(frozen=True, slots=True)
class Need:
    """Entries of one group that tell one need.

    Args:
        alike: they may be one need in other words; nobody has decided.
        passages: ids of long stories a sentence of which says something like it.
    """

    entries: tuple[Entry, ...]
    alike: bool = False
    passages: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of all its tellings, in the order of its entries."""
        return tuple(story for entry in self.entries for story in entry.sources)

    @property
    def times(self) -> int:
        """How often it is told, passages counted."""
        return len(self.sources) + len(self.passages)

    @property
    def roles(self) -> tuple[str, ...]:
        """Who tells it, each role once."""
        return tuple(dict.fromkeys(role.text for entry in self.entries for role in entry.roles))


def need_key(story: Story) -> Key | None:
    """What the need of a story is known by; None where it names no goal or no role, for then the
    rest may be anything."""
    if not (story.goal and story.role):
        return None
    role = canonical(story.role, "role", story.language).tokens
    goal = canonical(story.goal, "goal", story.language).tokens
    return role, story.lead_in.tokens, goal


def same_needs(entries: Iterable[Entry], content: Content) -> list[tuple[Entry, ...]]:
    """Of some entries those that have role and goal in common, two or more together."""
    found: dict[Key, list[Entry]] = {}
    for entry in entries:
        key = need_key(content.stories[entry.standing])
        if key is not None:
            found.setdefault(key, []).append(entry)
    return [tuple(several) for several in found.values() if len(several) > 1]


def shared_words(one: Story, two: Story, content: Content, most: int = 3) -> list[str]:
    """The words of the first story's need that the other's has too, in any form, the rarest
    first."""
    both = gist(subject_text(one)).topics & gist(subject_text(two)).topics
    found: dict[str, float] = {}
    for word in WORD.findall(fold(subject_text(one))):
        if topics := gist(word).topics & both:
            found.setdefault(word, max(content.weights.get(topic, 0.0) for topic in topics))
    return sorted(found, key=lambda word: -found[word])[:most]


def most_told(groups: Sequence[Group], content: Content) -> tuple[list[Need], int, int]:
    """The needs told most often, passages of long stories counted behind the tellings: of as many
    those in the same words first, and none that is a part of one in more words; how many needs are
    told in the same words, and how many may be."""
    often, alike = told_often(groups, content), told_alike(groups, content)
    inside = {entry.id for need in alike for entry in need.entries}
    apart = [need for need in often if not {entry.id for entry in need.entries} <= inside]
    inside |= {entry.id for need in apart for entry in need.entries}
    once = [
        Need((entry,))
        for group in groups
        for entry in group.entries
        if entry.id in content.passages_of and entry.id not in inside
    ]
    told = [_with_passages(need, content) for need in (*apart, *alike, *once)]
    told.sort(key=lambda need: (-need.times, -len(need.sources)))
    return told, len(often), len(alike)


def _with_passages(need: Need, content: Content) -> Need:
    found = (one for entry in need.entries for one in content.passages_of.get(entry.id, ()))
    return replace(need, passages=tuple(dict.fromkeys(one.story for one in found)))


def told_often(groups: Iterable[Group], content: Content) -> list[Need]:
    """The needs that two or more tellings have in the same words, the most often told first."""
    found: list[Need] = []
    for group in groups:
        same = same_needs(group.entries, content) if len(group.entries) > 1 else []
        inside = {entry.id for several in same for entry in several}
        found += [Need(several) for several in same]
        found += [
            Need((entry,))
            for entry in group.entries
            if len(entry.sources) > 1 and entry.id not in inside
        ]
    return sorted(found, key=lambda need: -len(need.sources))


def told_alike(groups: Iterable[Group], content: Content) -> list[Need]:
    """What may be one need in other words: entries that stand together because they are as alike
    as :data:`CLOSE`. The most tellings first; those of the same words are not among them."""
    found: list[Need] = []
    for group in groups:
        if len(group.entries) < 2 or group.conflicts:
            continue
        for close in _close(group, content):
            same = same_needs(close, content)
            if not any(len(several) == len(close) for several in same):
                found.append(Need(close, alike=True))
    return sorted(found, key=lambda need: -len(need.sources))


def _close(group: Group, content: Content) -> list[tuple[Entry, ...]]:
    """Of a group's entries those that a chain of close links joins, two or more together."""
    parts: list[set[str]] = []
    own = {entry.id for entry in group.entries}
    for entry in own:
        for link in content.links_of.get(entry, ()):
            if link.score >= CLOSE and {link.a, link.b} <= own:
                joined = [part for part in parts if link.a in part or link.b in part]
                parts = [part for part in parts if part not in joined]
                parts.append({link.a, link.b}.union(*joined))
    parted = [tuple(entry for entry in group.entries if entry.id in part) for part in parts]
    return sorted(parted, key=lambda part: group.entries.index(part[0]))
