"""The sections of a document: topics, or roles; long stories stand in a section of their own.

A topic is a heading of the documents that several entries stand under, else a word that a few
entries say and not too many: of all words, again and again the one that most entries say which
have no topic yet. The same merge has the same topics every time.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.document.structure.content import Content
from pipeline.document.structure.order import Group, groups, is_long
from pipeline.document.structure.topic_headings import heading_topics, spoken_of, words_of
from pipeline.entries import Entry
from pipeline.errors import InputError
from pipeline.stories import normalise
from pipeline.text.words import WORD, fold, is_content, stem, word_set

Grouping = Literal["topic", "role"]
GROUPINGS: tuple[Grouping, ...] = ("topic", "role")

#: Entries of one section, and so of one file, at most.
MOST = 300
#: Entries that a topic must hold, and the share of all that may say its word: what a third of a
#: backlog says tells nothing apart.
_LEAST, _SHARE = 3, 0.3
_OTHER = {"topic": "Other topics", "role": "Without a role"}
#: The section of long stories.
LONG = "Long stories"
#: Words of an entry that are looked at; a long narrative says a little of everything.
_WORDS = 40
#: Words that carry content and name no topic.
_NO_TOPIC = word_set(
    "two three four five six seven eight nine ten first second third last next new old same "
    "different certain given whole full good bad better best right wrong able"
)
#: Names that a file must not have on every system.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)\d")


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading.

    Args:
        title: in words of its tellings; a number where one of several parts.
        name: its file's name and its anchor: letters, digits and "-", no two the same.
    """

    title: str
    name: str
    groups: tuple[Group, ...]

    @property
    def entries(self) -> list[Entry]:
        """In the order of the document."""
        return [entry for group in self.groups for entry in group.entries]

    @property
    def n_stories(self) -> int:
        """Tellings of all its entries."""
        return sum(group.n_stories for group in self.groups)

    def n_conflicts(self, kind: str) -> int:
        """Conflicts of a kind that stand in it."""
        found = (conflict for group in self.groups for conflict in group.conflicts)
        return sum(conflict.kind == kind for conflict in found)


def parse_grouping(name: str) -> Grouping:
    """What a document may be grouped by.

    Raises:
        InputError: something else.
    """
    for grouping in GROUPINGS:
        if name == grouping:
            return grouping
    raise InputError(
        f"a document cannot be grouped by {name!r}.",
        where="--group",
        next=f"There are: {', '.join(GROUPINGS)}.",
    )


def sections(content: Content, by: Grouping = "topic", most: int = MOST) -> list[Section]:
    """Every entry in exactly one section of at most ``most`` entries, the largest topic first;
    entries that are placed next to each other are in one."""
    found, long = _apart(groups(content), content)
    titled = _by_role(found, content) if by == "role" else _by_topic(found, content, most)
    titled += [(LONG, long)] if long else []
    taken: set[str] = set()
    out = []
    for title, members in titled:
        parts = list(_parts(sorted(members, key=lambda group: group.rank), most))
        for n, part in enumerate(parts, 1):
            named = f"{title} {n}" if len(parts) > 1 else title
            out.append(Section(named, _file_name(named, taken), part))
    return out


def _apart(found: list[Group], content: Content) -> tuple[list[Group], list[Group]]:
    """Groups, and those of one long story each, which have a section of their own where they are
    few: of many, topics are what tells them apart."""
    long = [group for group in found if is_long(group)]
    if len(long) > _SHARE * len(content.entries):
        return found, []
    apart = {group.entries[0].id for group in long}
    return [group for group in found if group.entries[0].id not in apart], long


def _parts(members: Sequence[Group], most: int) -> Iterator[tuple[Group, ...]]:
    """Groups in turn, as many as hold at most so many entries; a group of more than that alone
    is cut."""
    part: list[Group] = []
    held = 0
    for group in members:
        for at in range(0, len(group.entries), most):
            piece = group.entries[at : at + most]
            if held + len(piece) > most:
                yield tuple(part)
                part, held = [], 0
            part.append(Group(piece, group.conflicts if at == 0 else ()))
            held += len(piece)
    if part:
        yield tuple(part)


def _by_role(found: Sequence[Group], content: Content) -> list[tuple[str, list[Group]]]:
    """Roles, the one of most entries first, each in its commonest spelling, no role last."""
    members: dict[str, list[Group]] = defaultdict(list)
    for group in found:
        members[normalise(_role(group, content))].append(group)
    titled = [
        (_commonest(_role(group, content) for group in of), of, not role)
        for role, of in members.items()
    ]
    titled.sort(key=lambda one: (one[2], -_n_entries(one[1]), one[0]))
    return [(_OTHER["role"] if none else _titled(title), of) for title, of, none in titled]


def _role(group: Group, content: Content) -> str:
    """The role of a group's first entry as headings have it."""
    role = content.role(group.entries[0])
    return content.heading("role", role) if role else ""


def _by_topic(found: Sequence[Group], content: Content, most: int) -> list[tuple[str, list[Group]]]:
    done = _deeds(content)
    texts = (line.text for entry in content.merge.entries for line in entry.lines)
    known = {stem(word.casefold()) for text in texts for word in _content(text)} - done
    spoken = [
        _of_group(
            [_said(entry, content) | _headed(entry, content, known) for entry in group.entries]
        )
        for group in found
    ]
    spread = Counter[str]()
    for words, group in zip(spoken, found, strict=True):
        for word in words:
            spread[word] += len(group.entries)
    widest = min(most, max(_LEAST, int(_SHARE * len(content.entries))))
    speak: dict[str, list[int]] = defaultdict(list)
    for n, words in enumerate(spoken):
        for word in words:
            if _LEAST <= spread[word] <= widest and word not in done:
                speak[word].append(n)
    headed = heading_topics(found, content, most)
    titles = {words_of(title): title for title in headed.values()}
    for n, words in enumerate(spoken):
        if n not in headed and (title := spoken_of(words, titles)):
            headed[n] = title
    topic: dict[int, str] = dict.fromkeys(headed, "")
    # Counts only fall, so that a word whose count is as it was is the commonest of all.
    queue = [(-spread[word], word) for word in speak]
    heapq.heapify(queue)
    while queue:
        count, word = heapq.heappop(queue)
        left = [n for n in speak[word] if n not in topic]
        now = sum(len(found[n].entries) for n in left)
        if now < _LEAST:
            continue
        if now < -count:
            heapq.heappush(queue, (-now, word))
            continue
        topic |= dict.fromkeys(left, word)
    members: dict[str, list[int]] = defaultdict(list)
    named: dict[str, list[Group]] = defaultdict(list)
    for n in range(len(found)):
        if n in headed:
            named[content.heading("topic", headed[n])].append(found[n])
        else:
            members[topic.get(n, "")].append(n)
    for word, of in members.items():
        title = _commonest(spoken[n][word] for n in of) if word else ""
        named[content.heading("topic", title) if title else ""] += [found[n] for n in of]
    titled = list(named.items())
    titled.sort(key=lambda one: (not one[0], -_n_entries(one[1]), one[0]))
    return [(_titled(title) or _OTHER["topic"], of) for title, of in titled]


def _said(entry: Entry, content: Content) -> dict[str, str]:
    """What an entry speaks of: stem → the word as it is said. The words of its title, and those
    of its need after the first, which says what is done."""
    title = next((line.text for line in entry.lines if line.field == "title"), "")
    standing = content.stories[entry.standing]
    need = _content(standing.goal)[1:] or _content(title) or _content(entry.sentence)
    words = [*_content(title), *need][:_WORDS]
    return {stem(word.casefold()): word for word in reversed(words)}


def _headed(entry: Entry, content: Content, known: Collection[str]) -> dict[str, str]:
    """The words of the heading or sheet that the standing telling's author put it under, as far
    as tellings say them."""
    locator = content.stories[entry.standing].source.locator
    over = locator.heading[-1] if locator.heading else locator.sheet or ""
    words = {stem(word.casefold()): word for word in reversed(_content(over))}
    return {word: spelling for word, spelling in words.items() if word in known}


def _deeds(content: Content) -> set[str]:
    """The words that goals begin with so often that they say what is done, not what about."""
    first, inside = Counter[str](), Counter[str]()
    for entry in content.merge.entries:
        words = [stem(word.casefold()) for word in _content(content.stories[entry.standing].goal)]
        first.update(words[:1])
        inside.update(set(words[1:]))
    return {word for word, n in first.items() if n >= _LEAST and 2 * n >= inside[word]}


def _content(text: str) -> list[str]:
    return [
        word
        for word in WORD.findall(fold(text))
        if is_content(word.casefold())
        and word.casefold() not in _NO_TOPIC
        and not word[0].isdigit()
        and len(word) > 1
    ]


def _of_group(said: Sequence[dict[str, str]]) -> dict[str, str]:
    """What entries speak of that stand together: the words that half of them say."""
    if len(said) == 1:
        return said[0]
    counts = Counter(word for words in said for word in words)
    together = {word: spelling for words in reversed(said) for word, spelling in words.items()}
    return {word: together[word] for word, n in counts.items() if 2 * n >= len(said)}


def _n_entries(members: Iterable[Group]) -> int:
    return sum(len(group.entries) for group in members)


def _commonest(spellings: Iterable[str]) -> str:
    counts = Counter(spellings)
    return min(counts, key=lambda spelling: (-counts[spelling], spelling), default="")


def _titled(words: str) -> str:
    return words[:1].upper() + words[1:]


def _file_name(title: str, taken: set[str]) -> str:
    """A name for a file, other than those that are taken on systems that tell no case apart."""
    letters = unicodedata.normalize("NFC", title).casefold()
    name = re.sub(r"[\W_]+", "-", letters).strip("-")[:60].strip("-") or "topic"
    if _RESERVED.fullmatch(name):
        name = f"topic-{name}"
    free, n = name, 1
    while free in taken:
        n += 1
        free = f"{name}-{n}"
    taken.add(free)
    return free
