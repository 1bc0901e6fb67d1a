"""What the strategies start from: which stories are asked about at all, and which never need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.calls import Cluster, SkippedStory
from pipeline.stories import Story, normalise
from pipeline.text.language import foreign


@dataclass(frozen=True, slots=True)
class Selection:
    """The stories a strategy works on.

    ``clusters`` (two or more members each), ``loose`` stories (in no cluster) and ``skipped`` ones
    share no story and together are the corpus.
    """

    stories: Mapping[str, Story]
    clusters: tuple[Cluster, ...]
    loose: tuple[str, ...]
    skipped: tuple[SkippedStory, ...]

    def of(self, cluster: Cluster) -> list[Story]:
        """The stories of a cluster, in its order."""
        return [self.stories[member] for member in cluster.members]


def select(
    stories: Sequence[Story], clusters: Sequence[Cluster], about: Sequence[str] = ()
) -> Selection:
    """Leave out what is not ``about`` the keywords, all but the first of exact duplicates, and
    stories in a language that no rule here knows: these stand word for word.

    Args:
        clusters: measured on all stories; members that are left out leave their cluster, and a
            cluster of one is none.
        about: keywords or phrases; a story stays when it holds all words of one of them, longer
            forms included ("pay" finds "payment"). None keeps everything.
    """
    keywords = [normalise(phrase).split() for phrase in about]
    keywords = [words for words in keywords if words]
    skipped: list[SkippedStory] = []
    languages = foreign(stories)
    first: dict[str, str] = {}
    kept: dict[str, Story] = {}
    for story in stories:
        if keywords and not _is_about(story, keywords):
            skipped.append(SkippedStory(story.id, "about", "names none of the keywords"))
        elif story.fingerprint in first:
            skipped.append(SkippedStory(story.id, "duplicate", first[story.fingerprint]))
        elif story.id in languages:
            first[story.fingerprint] = story.id
            why = (
                f"in {languages[story.id]}, which the gate's rules do not know: kept word for word"
            )
            skipped.append(SkippedStory(story.id, "language", why))
        else:
            first[story.fingerprint] = story.id
            kept[story.id] = story
    representative = {s.id: first[s.fingerprint] for s in stories if s.fingerprint in first}
    gated = {entry.story for entry in skipped if entry.reason in ("about", "language")}
    real: list[Cluster] = []
    clustered: set[str] = set()
    for cluster in clusters:
        present = [member for member in cluster.members if member not in gated]
        members = tuple(
            dict.fromkeys(
                name for name in map(representative.__getitem__, present) if name not in clustered
            )
        )
        if len(members) > 1:
            clustered.update(members)
            real.append(_with_members(cluster, members, representative))
    loose = tuple(name for name in kept if name not in clustered)
    return Selection(kept, tuple(real), loose, tuple(skipped))


def _with_members(
    cluster: Cluster, members: tuple[str, ...], representative: Mapping[str, str]
) -> Cluster:
    """The cluster with fewer members; a conflict keeps the value of each member that stays."""
    if members == cluster.members:
        return cluster
    values = cluster.values
    if len(values) == len(cluster.members):
        of: dict[str, str] = {}
        for member, value in zip(cluster.members, values, strict=True):
            of.setdefault(representative.get(member, ""), value)
        values = tuple(of[member] for member in members)
    return replace(cluster, members=members, values=values)


def _is_about(story: Story, keywords: Sequence[Sequence[str]]) -> bool:
    words = normalise(" ".join([*(text for _, text in story.fields), story.text])).split()
    return any(
        all(any(word.startswith(wanted) for word in words) for wanted in phrase)
        for phrase in keywords
    )
