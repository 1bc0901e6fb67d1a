"""Topics that the documents name themselves: headings and sheets that several entries stand under.

Documents use one heading in several forms ("Loan", "Loans", "Loans and reservations"): they are
one topic where the words of the shorter are all in the longer. A heading that names a part of any
document ("User stories", "Goals") or only counts ("Day 3") names no topic, and the one above it is
looked at. One that heads more than a section may hold tells too little apart.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.document.structure.content import Content
from pipeline.document.structure.order import Group
from pipeline.entries import Entry
from pipeline.stories import normalise
from pipeline.text.words import WORD, fold, is_content, stem, word_set

#: Entries under a heading that make it a topic: this many, and of all entries this share.
LEAST, _PART = 5, 200
#: Words that head a part of any document and say nothing of what is in it.
_ANY = word_set(
    "user story stories scenario scenarios feature features epic epics use case cases requirement"
    " requirements functional backlog item items task tasks ticket tickets issue issues"
    " acceptance criteria criterion goal goals non motivation summary proposal overview"
    " introduction background context description detail details note notes general misc"
    " miscellaneous other others rest optional appendix example examples section chapter part"
    " page sheet table list document draft version specification spec design risk risks"
    " mitigation mitigations caveat caveats constraint constraints unresolved alternatives"
    " implementation persona personas actor actors todo tbd wip theme themes topic topics category"
    " categories group groups area areas module modules sprint sprints iteration iterations"
    " release releases milestone milestones phase phases wave batch block objective objectives"
    " scope purpose terminology glossary assumption assumptions dependency dependencies open"
    " question questions workflow workflows references links changelog history"
)
#: A heading that only counts: "Workshop 3", "B-12".
_COUNTED = re.compile(r"[\W_]*[^\W\d_]+[\W_]*\d+[\W_]*")


@dataclass(frozen=True, slots=True)
class Heading:
    """What authors put entries under.

    Args:
        words: the stems of its words that carry content.
        title: as most of its authors spell it.
    """

    words: frozenset[str]
    title: str


def heading_topics(groups: Sequence[Group], content: Content, most: int) -> dict[int, str]:
    """The title of the heading that a group stands under, by the group's place, where the heading
    is shared by enough entries, and by ``most`` at most."""
    own = [_of_group(group, content) for group in groups]
    sizes = Counter[frozenset[str]]()
    for heading, group in zip(own, groups, strict=True):
        if heading is not None:
            sizes[heading.words] += len(group.entries)
    topic_of = _joined(sizes)
    n_entries = sum(len(group.entries) for group in groups)
    least = max(LEAST, n_entries // _PART)
    # What more than half of all stand under tells nothing apart.
    most = min(most, max(least, n_entries // 2))
    held = Counter[frozenset[str]]()
    spellings: dict[frozenset[str], Counter[str]] = defaultdict(Counter)
    for words, n in sizes.items():
        held[topic_of[words]] += n
    for heading in own:
        if heading is not None and topic_of[heading.words] == heading.words:
            spellings[heading.words][heading.title] += 1
    titles = {
        words: min(found, key=lambda title: (-found[title], title))
        for words, found in spellings.items()
        if least <= held[words] <= most
    }
    return {
        n: titles[topic_of[heading.words]]
        for n, heading in enumerate(own)
        if heading is not None and topic_of[heading.words] in titles
    }


def spoken_of(said: Collection[str], titles: Mapping[frozenset[str], str]) -> str:
    """The heading all of whose words are said, the one of most words; "" for none."""
    found = [words for words in titles if words <= set(said)]
    return titles[max(found, key=lambda words: (len(words), titles[words]))] if found else ""


def words_of(title: str) -> frozenset[str]:
    """The stems of a heading's words that carry content, those that head any document's part
    left out."""
    return frozenset(
        stem(word.casefold())
        for word in WORD.findall(fold(title))
        if is_content(word.casefold())
        and word.casefold() not in _ANY
        and not word[0].isdigit()
        and len(word) > 1
    )


def _of_group(group: Group, content: Content) -> Heading | None:
    """The heading that most of a group's entries stand under, the first of as many."""
    found = [heading for entry in group.entries if (heading := _of_entry(entry, content))]
    counts = Counter(heading.words for heading in found)
    return max(found, key=lambda heading: counts[heading.words], default=None)


def _of_entry(entry: Entry, content: Content) -> Heading | None:
    """The nearest heading above the standing telling that says more than the story's own title."""
    story = content.stories[entry.standing]
    locator = story.source.locator
    above = [*reversed(locator.heading), *([locator.sheet] if locator.sheet else [])]
    own = normalise(story.title)
    for title in above:
        words = words_of(title)
        if words and normalise(title) != own and not _COUNTED.fullmatch(title):
            return Heading(words, " ".join(title.split()))
    return None


def _joined(sizes: Mapping[frozenset[str], int]) -> dict[frozenset[str], frozenset[str]]:
    """For each heading the one it is a form of: the shortest whose words are all in it."""
    by_word: dict[str, list[frozenset[str]]] = defaultdict(list)
    for words in sizes:
        by_word[min(words)].append(words)
    return {
        words: min(
            (one for word in words for one in by_word.get(word, ()) if one <= words),
            key=lambda one: (len(one), -sizes[one], sorted(one)),
        )
        for words in sizes
    }
