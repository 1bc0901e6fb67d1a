"""What is plainly alike and what is only near; and benefits that say nearly the same where no
goal's words bring two entries together. Likeness places and points; it decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pipeline.compare import measures
from pipeline.compare.contrast import related
from pipeline.compare.features import gist
from pipeline.compare.measures import weight
from pipeline.entries import Entry, Link
from pipeline.stories import Story, count_words
from pipeline.text.sentences import sentences
from pipeline.text.words import WORD, fold, stem

#: Likeness from which two entries are plainly alike: below, two needs may have no more in common
#: than what they are about.
PLAIN = 0.7
#: Words that two like benefits share at least, and entries that a word of them may be told by.
_SHARED, _FEW = 4, 40


def is_near(link: Link) -> bool:
    """Whether two entries have some words in common, and are not plainly alike."""
    return link.kind == "alike" and link.score < PLAIN


def like_benefits(
    entries: Sequence[Entry], links: Iterable[Link], stories: Mapping[str, Story]
) -> dict[str, str]:
    """Entry id → the one whose benefit says nearly the same, both ways: half of all words, one of
    them of content. Only of entries that nothing is plainly alike; where more than two share a
    benefit it tells no need apart, and none is named."""
    tied = {entry for link in links if not is_near(link) for entry in (link.a, link.b)}
    said: dict[str, frozenset[str]] = {}
    holders: dict[str, list[str]] = {}
    for entry in entries:
        benefit = stories[entry.standing].benefit
        if benefit and entry.id not in tied:
            said[entry.id] = frozenset(stem(w.casefold()) for w in WORD.findall(fold(benefit)))
            for topic in gist(benefit).topics:
                holders.setdefault(topic, []).append(entry.id)
    partners: dict[str, set[str]] = {}
    for held in holders.values():
        for one, two in combinations(held, 2) if len(held) <= _FEW else ():
            both = said[one] & said[two]
            if len(both) >= _SHARED and 4 * len(both) >= len(said[one]) + len(said[two]):
                partners.setdefault(one, set()).add(two)
                partners.setdefault(two, set()).add(one)
    only = {entry: min(found) for entry, found in partners.items() if len(found) == 1}
    return {one: two for one, two in only.items() if only.get(two) == one}


#: Words from which a story without a goal of its own is a long one: more than a passage.
LONG = 150
#: Share of a need's words, by weight, that a sentence must have, and how many they must be; or,
#: where it says the benefit as well, the share of the goal's, and of both together. A sentence that
#: says one need better by so much says the other only because the two are alike. On the sample,
#: which they were set by, all that is found is true, and 23 of the 28 pairs of its truth are found.
HELD, LEAST, HELD_OF_BOTH, BOTH, BETTER = 0.725, 2, 0.4, 1.05, 0.15
#: Sentences of long stories that a word may be in and still lead to them.
_COMMON = 2000


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a long story that says something like a need.

    Args:
        story: id of the long story.
        held: share of the need's words, by weight, 0 to 1; of its benefit's too where it says it.
    """

    story: str
    text: str
    held: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    story: str
    text: str
    topics: frozenset[str]


def told_at_length(entry: Entry) -> bool:
    """Whether an entry is a long story without a sentence that says what it asks for."""
    if any(line.field in ("sentence", "criterion") for line in entry.lines):
        return False
    return sum(count_words(line.text) for line in entry.lines) >= LONG


def find_passages(
    entries: Sequence[Entry], stories: Mapping[str, Story], weights: Mapping[str, float]
) -> dict[str, tuple[Passage, ...]]:
    """By entry id the passages of long stories that say something like its need, one a story, the
    nearest first; entries without any are missing.

    Args:
        weights: rarity of stems in the corpus.
    """
    said = [
        _Sentence(entry.standing, text, gist(text).topics)
        for entry in entries
        if told_at_length(entry)
        for line in entry.lines
        if line.field != "title" and entry.standing in line.stories
        for text in sentences(line.text)
    ]
    places: dict[str, list[int]] = defaultdict(list)
    for n, one in enumerate(said):
        for topic in one.topics:
            places[topic].append(n)
    best: dict[tuple[str, str], tuple[float, int]] = {}
    top: dict[int, float] = defaultdict(float)
    for entry in entries if said else ():
        wanted = _Wanted(stories[entry.standing], weights)
        if len(wanted.goal) < LEAST or told_at_length(entry):
            continue
        for n in _candidates(wanted.goal, places):
            if share := wanted.held(said[n].topics):
                top[n] = max(top[n], share)
                key = entry.id, said[n].story
                best[key] = max(best.get(key, (0.0, -1)), (share, n))
    found: dict[str, list[Passage]] = defaultdict(list)
    for (name, story), (share, n) in best.items():
        if share > top[n] - BETTER:
            found[name].append(Passage(story, said[n].text, share))
    return {name: tuple(sorted(some, key=lambda one: -one.held)) for name, some in found.items()}


def _candidates(wanted: frozenset[str], places: Mapping[str, Sequence[int]]) -> set[int]:
    """Sentences with a word of a need that is in few of them."""
    rare = [topic for topic in wanted if 0 < len(places.get(topic, ())) <= _COMMON]
    return {n for topic in rare for n in places[topic]}


class _Wanted:
    """What a story asks for and why, to be looked for in a sentence."""

    def __init__(self, story: Story, weights: Mapping[str, float]) -> None:
        self.goal = gist(story.goal).topics
        self._benefit = gist(story.benefit).topics - self.goal
        self._weights = weights

    def held(self, said: frozenset[str]) -> float:
        """How much of it a sentence says, 0 to 1; 0 where that is too little."""
        goal = self._share(self.goal, said, LEAST)
        both = goal + self._share(self._benefit, said, 1)
        if goal < HELD and not (goal >= HELD_OF_BOTH and both >= BOTH):
            return 0.0
        return max(goal, both / 2)

    def _share(self, wanted: frozenset[str], said: frozenset[str], least: int) -> float:
        """The share of some words that a sentence has, by weight; 0 where they are too few."""
        shared = wanted & said
        kin = [one for one in wanted - said if any(related(one, other) for other in said)]
        if len(shared) + len(kin) < least:
            return 0.0
        held = weight(shared, self._weights) + sum(
            self._weights.get(one, measures.PLAIN) for one in kin
        )
        return held / weight(wanted, self._weights)
