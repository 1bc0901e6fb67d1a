"""Which entries stand next to each other: those in conflict, those that are alike, the rest.

Nothing is decided here: a group is a place, and says only what its conflicts and links say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.document.structure.content import Content
from pipeline.document.structure.nearness import PLAIN, is_near, told_at_length
from pipeline.entries import Conflict, Entry

#: Entries that likeness puts together at most: a chain of pairs that are alike two by two soon
#: holds what is alike in nothing. Sides of conflicts are together whatever their number.
MOST = 8
#: The rank of an entry that stands next to none in particular.
ALONE = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are placed next to each other.

    Args:
        entries: the first by the order of the merge, then each after what it is most alike.
        conflicts: that have all their sides among them.
    """

    entries: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def rank(self) -> int:
        """Conflicts come first, then possible ones, then what is alike, then what is alone."""
        kinds = {conflict.kind for conflict in self.conflicts}
        if kinds:
            return 0 if "conflict" in kinds else 1
        return 2 if len(self.entries) > 1 else ALONE

    @property
    def n_stories(self) -> int:
        """Tellings of all its entries."""
        return sum(len(entry.sources) for entry in self.entries)


def is_long(group: Group) -> bool:
    """Whether a group is one long story that stands for itself."""
    return len(group.entries) == 1 and not group.conflicts and told_at_length(group.entries[0])


def groups(content: Content) -> list[Group]:
    """Every entry in exactly one group, in the order of the groups' first entries."""
    joined = _Joined(content.entries)
    long = {name for name, entry in content.entries.items() if told_at_length(entry)}
    for conflict in content.merge.conflicts:
        first, *others = (content.entry_of[side.story].id for side in conflict.sides)
        for other in others:
            joined.join(first, other)
    tied = {
        entry
        for link in content.merge.links
        if link.kind == "overlapping" or link.score >= PLAIN
        for entry in (link.a, link.b)
    }
    for link in content.merge.links:  # the most alike first
        if is_near(link) and not tied.isdisjoint((link.a, link.b)):
            continue  # of what has its like, it is said what else is near
        if link.kind == "alike" and not {link.a, link.b}.isdisjoint(long):
            continue  # what a long story is alike in is a passage of it
        if joined.size(link.a) + joined.size(link.b) <= MOST:
            joined.join(link.a, link.b)
    inside: dict[str, list[Conflict]] = {}
    for conflict in content.merge.conflicts:
        head = joined.head(content.entry_of[conflict.sides[0].story].id)
        inside.setdefault(head, []).append(conflict)
    members: dict[str, list[str]] = {}
    for entry in content.entries:
        members.setdefault(joined.head(entry), []).append(entry)
    return [
        Group(
            tuple(content.entries[entry] for entry in _nearest(found, content)),
            tuple(inside.get(head, ())),
        )
        for head, found in members.items()
    ]


def _nearest(members: list[str], content: Content) -> Iterator[str]:
    """A group's entries, each directly after the one placed last that it is tied to, if any."""
    if len(members) == 1:
        yield members[0]
        return
    own = set(members)
    ties: dict[str, list[str]] = {entry: [] for entry in members}
    for entry in members:
        for conflict in content.conflicts_of.get(entry, ()):
            sides = (content.entry_of[side.story].id for side in conflict.sides)
            ties[entry] += [side for side in sides if side != entry]
        for link in content.links_of.get(entry, ()):
            other = link.b if link.a == entry else link.a
            if other in own:
                ties[entry].append(other)
    # Sides of conflicts first; where one is told against several, they come around it.
    start = next((e for e in members if e in content.conflicts_of), members[0])
    left = {entry: None for entry in members if entry != start}
    placed = [start]
    yield start
    while left:
        tied = (other for entry in reversed(placed) for other in ties[entry] if other in left)
        following = next(tied, next(iter(left)))
        del left[following]
        placed.append(following)
        yield following


class _Joined:
    """Union-find over ids, with sizes."""

    def __init__(self, ids: dict[str, Entry]) -> None:
        self._above = {one: one for one in ids}
        self._size = dict.fromkeys(ids, 1)

    def head(self, one: str) -> str:
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def size(self, one: str) -> int:
        """Of the set that it is in."""
        return self._size[self.head(one)]

    def join(self, one: str, other: str) -> None:
        one, other = self.head(one), self.head(other)
        if one != other:
            self._above[other] = one
            self._size[one] += self._size[other]
