"""What is plainly alike and what is only near; and benefits that say nearly the same where no
goal's words bring two entries together. Likeness places and points; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from pipeline.compare.features import gist
from pipeline.entries import Entry, Link
from pipeline.stories import Story
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
