"""The order of the merged document: its stories under the roles that want them, or by topic."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from pipeline.compare.synonyms import concept, topic
from pipeline.errors import InputError
from pipeline.outcomes import MergedStory, Outcomes
from pipeline.stories import normalise
from pipeline.text.words import WORD, fold, is_content, stem

Group = Literal["role", "topic"]
GROUPS: tuple[Group, ...] = ("role", "topic")
_REST = {"role": "stories without a role", "topic": "other topics"}

#: Stories that a topic must hold, and the share of all that it may hold: a word that half of a
#: backlog says tells nothing apart.
_LEAST, _SHARE = 3, 0.25


def parse_group(name: str) -> Group:
    """What a document may be grouped by.

    Raises:
        InputError: something else.
    """
    for group in GROUPS:
        if name == group:
            return group
    raise InputError(
        f"a document cannot be grouped by {name!r}.",
        where="--group",
        next=f"There are: {', '.join(GROUPS)}.",
    )


def grouped(outcomes: Outcomes, by: Group = "role") -> list[tuple[str, list[MergedStory]]]:
    """(heading, its merged stories); those without a role or topic come last."""
    found = by_topic(outcomes.merged) if by == "topic" else by_role(outcomes.merged)
    return [(heading or _REST[by], stories) for heading, stories in found]


def by_role(merged: Sequence[MergedStory]) -> list[tuple[str, list[MergedStory]]]:
    """Roles in alphabetical order, each in its commonest spelling, no role last."""
    groups: dict[str, list[MergedStory]] = defaultdict(list)
    for story in merged:
        groups[normalise(story.text.role)].append(story)
    return [
        (_commonest(story.text.role for story in groups[key]), groups[key])
        for key in sorted(groups, key=lambda role: (not role, role))
    ]


def by_topic(merged: Sequence[MergedStory]) -> list[tuple[str, list[MergedStory]]]:
    """Topics in alphabetical order: again and again the word that most of the stories not yet
    placed speak of, as long as it holds a few. No topic comes last."""
    spoken = {story.id: _topics(story) for story in merged}
    placed: dict[str, str] = {}
    most = max(_LEAST, int(len(merged) * _SHARE))
    spread = Counter(word for words in spoken.values() for word in words)
    while True:
        counts = Counter(
            word
            for story, words in spoken.items()
            if story not in placed
            for word in words
            if spread[word] <= most
        )
        word, n = min(counts.items(), key=lambda pair: (-pair[1], pair[0]), default=("", 0))
        if n < _LEAST:
            break
        placed |= {s: word for s, words in spoken.items() if s not in placed and word in words}
    names = {
        word: _commonest(spoken[story][word] for story in placed if word in spoken[story])
        for word in set(placed.values())
    }
    groups: dict[str, list[MergedStory]] = defaultdict(list)
    for story in merged:
        groups[names.get(placed.get(story.id, ""), "")].append(story)
    return sorted(groups.items(), key=lambda pair: (not pair[0], pair[0]))


def _topics(story: MergedStory) -> dict[str, str]:
    """What a story speaks of: topic → the word it says it with. Its title's words, and those of
    its goal after the first, which says what is done."""
    title = [w.lower() for w in WORD.findall(fold(story.text.title)) if is_content(w.lower())]
    goal = [w.lower() for w in WORD.findall(fold(story.text.goal)) if is_content(w.lower())]
    words = [word for word in (*goal[1:], *title) if not word.isdigit()]
    return {topic(concept(stem(word))): word for word in reversed(words)}


def _commonest(spellings: Iterable[str]) -> str:
    counts = Counter(spellings)
    return min(counts, key=lambda spelling: (-counts[spelling], spelling), default="")
