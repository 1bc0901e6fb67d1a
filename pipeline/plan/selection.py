"""What the strategies start from: which stories are asked about at all, and which never need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.calls import Cluster, SkippedStory
from pipeline.plan.near.similarity import Pair
from pipeline.stories import Story, normalise


@dataclass(frozen=True)
class Selection:
    """The stories a strategy works on.

    ``clusters`` (two or more members each), ``loose`` stories (in no cluster) and ``skipped`` ones
    share no story and together are the corpus.

    Args:
        pairs: to be asked about, the most promising first, none of them skipped.
        staying: ids of stories that no question to a model elsewhere may show.
    """

    stories: Mapping[str, Story]
    clusters: tuple[Cluster, ...]
    loose: tuple[str, ...]
    skipped: tuple[SkippedStory, ...]
    pairs: Sequence[Pair] = ()
    staying: frozenset[str] = frozenset()

    def of(self, cluster: Cluster) -> list[Story]:
        """The stories of a cluster, in its order."""
        return [self.stories[member] for member in cluster.members]

    @cached_property
    def in_order(self) -> list[Story]:
        """Every story once, near ones after one another: from each in corpus order to its nearest
        that is not placed yet, and on from there."""
        near: dict[str, list[str]] = {}
        for pair in reversed(self.pairs):  # the most promising is looked at first
            near.setdefault(pair.a, []).append(pair.b)
            near.setdefault(pair.b, []).append(pair.a)
        placed: dict[str, None] = {}
        for name in self.stories:
            waiting = [name]
            while waiting:
                one = waiting.pop()
                if one not in placed:
                    placed[one] = None
                    waiting += near.get(one, [])
        return [self.stories[name] for name in placed]


def select(
    stories: Sequence[Story],
    clusters: Sequence[Cluster],
    about: Sequence[str] = (),
    *,
    pairs: Sequence[Pair] = (),
    staying: frozenset[str] = frozenset(),
) -> Selection:
    """Leave out what is not ``about`` the keywords, and all but the first of exact duplicates.

    Args:
        clusters: measured on all stories; members that are left out leave their cluster, and a
            cluster of one is none.
    """
    gone = left_out(stories, about)
    skipped: list[SkippedStory] = []
    first: dict[str, str] = {}
    kept: dict[str, Story] = {}
    for story in stories:
        if story.id in gone:
            skipped.append(SkippedStory(story.id, "about", gone[story.id]))
        elif story.fingerprint in first:
            skipped.append(SkippedStory(story.id, "duplicate", first[story.fingerprint]))
        else:
            first[story.fingerprint] = story.id
            kept[story.id] = story
    real: list[Cluster] = []
    clustered: set[str] = set()
    for cluster in clusters:
        members = tuple(m for m in cluster.members if m in kept and m not in clustered)
        if len(members) > 1:
            clustered.update(members)
            real.append(Cluster(members, cluster.score))
    loose = tuple(name for name in kept if name not in clustered)
    here = [pair for pair in pairs if pair.a in kept and pair.b in kept]
    return Selection(kept, tuple(real), loose, tuple(skipped), here, staying)


def left_out(stories: Iterable[Story], about: Sequence[str]) -> dict[str, str]:
    """Story id → why, of the stories that name none of the keywords.

    Args:
        about: keywords or phrases; a story stays when it holds all words of one of them, longer
            forms included ("pay" finds "payment"). None keeps everything.
    """
    keywords = [words for phrase in about if (words := normalise(phrase).split())]
    if not keywords:
        return {}
    return {
        story.id: "names none of the keywords"
        for story in stories
        if not _is_about(story, keywords)
    }


def _is_about(story: Story, keywords: Sequence[Sequence[str]]) -> bool:
    words = normalise(" ".join([*(text for _, text in story.fields), story.text])).split()
    return any(
        all(any(word.startswith(wanted) for word in words) for wanted in phrase)
        for phrase in keywords
    )
