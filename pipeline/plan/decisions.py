"""What persons have decided, applied to the stories of a corpus: an input of every plan.

A decision holds for the very words it was taken on: stories are found by fingerprint, and a group
that is not here as a whole is asked about again. Where two decisions contradict each other, the
newer one holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations

from pipeline.calls import Cluster, SkippedStory, canonical_json
from pipeline.outcomes import Decision, Relation
from pipeline.plan.selection import Selection
from pipeline.stories import Story

#: The reason of a ``SkippedStory`` that a person has settled.
PERSON = "person"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Settled:
    """What decisions come to on some stories, all by story id.

    Args:
        links: a story → the story that is kept for it.
        groups: stories that a person merged or left in conflict; none in two of them.
        apart: pairs that must not be merged.
    """

    links: Mapping[str, tuple[str, Decision]] = field(default_factory=dict)
    groups: tuple[tuple[tuple[str, ...], Decision], ...] = ()
    apart: Mapping[frozenset[str], Decision] = field(default_factory=dict)

    @property
    def out(self) -> frozenset[str]:
        """Stories that nothing has to be asked about any more."""
        return frozenset(self.links) | {story for group, _ in self.groups for story in group}

    @property
    def sha256(self) -> str:
        """Hash of what was decided, whoever did and whenever; "" when nothing was."""
        used = [decision for _, decision in (*self.links.values(), *self.groups)]
        used += self.apart.values()
        bodies = {
            canonical_json(asdict(replace(decision, note="", by="", at=None))) for decision in used
        }
        return hashlib.sha256("\n".join(sorted(bodies)).encode()).hexdigest() if bodies else ""

    def forbids(self, stories: Sequence[str]) -> Decision | None:
        """The decision that keeps two of these stories apart, None when there is none."""
        if not self.apart:
            return None
        pairs = map(frozenset, combinations(stories, 2))
        return next((self.apart[pair] for pair in pairs if pair in self.apart), None)

    def root(self, story: str) -> str:
        """The story that is kept for this one in the end: itself, where nothing was decided."""
        while story in self.links:
            story = self.links[story][0]
        return story


def settle(decisions: Iterable[Decision], stories: Iterable[Story]) -> Settled:
    """Apply decisions, the newest first, to the stories that are here.

    Args:
        stories: one for each fingerprint; of several the first is taken.
    """
    here: dict[str, str] = {}
    for story in stories:
        here.setdefault(story.fingerprint, story.id)
    links: dict[str, tuple[str, Decision]] = {}
    groups: dict[tuple[str, ...], Decision] = {}
    apart: dict[frozenset[str], Decision] = {}
    together: set[frozenset[str]] = set()
    grouped: set[str] = set()
    for decision in sorted(decisions, key=_newest_first):
        members = tuple(here[f] for f in decision.fingerprints if f in here)
        pairs = [frozenset(pair) for pair in combinations(members, 2)]
        if decision.relation is Relation.DISTINCT:
            apart.update((p, decision) for p in pairs if p not in together and p not in apart)
            continue
        whole = len(members) == len(decision.fingerprints) > 1
        if not whole or any(pair in apart for pair in pairs):
            continue
        if decision.relation is Relation.SAME:
            keep = here.get(decision.keep)
            if keep not in members:
                continue
            for other in members:
                free = other not in links and other not in grouped
                if other != keep and free and Settled(links).root(keep) != other:
                    links[other] = (keep, decision)
                    together.add(frozenset((other, keep)))
        elif not any(member in grouped or member in links for member in members):
            groups[members] = decision
            grouped.update(members)
            together.update(pairs)
    return Settled(links, tuple(groups.items()), apart)


def apply(settled: Settled, selection: Selection) -> Selection:
    """The selection without what a person has settled, and without a cluster that holds two
    stories which must not be merged."""
    if not settled.out and not settled.apart:
        return selection
    clusters = [
        kept for cluster in selection.clusters if (kept := _allowed(cluster, settled)) is not None
    ]
    clustered = {member for cluster in clusters for member in cluster.members}
    loose = tuple(s for s in selection.stories if s not in clustered and s not in settled.out)
    skipped = [
        SkippedStory(story, PERSON, f"{keep} is kept for it, {decision}")
        for story, (keep, decision) in settled.links.items()
    ]
    skipped += [
        SkippedStory(story, PERSON, f"{decision.relation}, {decision}")
        for members, decision in settled.groups
        for story in members
    ]
    return replace(
        selection,
        stories={name: s for name, s in selection.stories.items() if name not in settled.out},
        clusters=tuple(clusters),
        loose=loose,
        skipped=(*selection.skipped, *skipped),
    )


def _allowed(cluster: Cluster, settled: Settled) -> Cluster | None:
    """The cluster with the members that are still in question and may stand together; None when
    fewer than two do."""
    members: list[str] = []
    for member in cluster.members:
        if member not in settled.out and not settled.forbids([*members, member]):
            members.append(member)
    if len(members) < 2:
        return None
    if len(members) == len(cluster.members):
        return cluster
    values = cluster.values
    if len(values) == len(cluster.members):
        of = dict(zip(cluster.members, values, strict=True))
        values = tuple(of[member] for member in members)
    return replace(cluster, members=tuple(members), values=values)


def _newest_first(decision: Decision) -> tuple[float, tuple[str, ...]]:
    return (-(decision.at or _LONG_AGO).timestamp(), decision.fingerprints)
