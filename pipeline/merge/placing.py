"""What likeness may do: put entries next to each other, and mark a possible conflict.

It never folds anything. Pairs of similar stories are gathered into stars, whose entries stand
together in the document; where two of a pair seem to ask for things that cannot both hold, the
mark "possibly in conflict" shows the words in which they differ, and a person decides.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.compare.differences import Difference, changed_runs, contradiction
from pipeline.compare.features import features
from pipeline.compare.measures import statements, subject_text
from pipeline.compare.opposed import opposition
from pipeline.document.structure.nearness import PLAIN, told_at_length
from pipeline.entries import Answer, Conflict, Entry, Judgement, Link, Side
from pipeline.merge.settling import Settled
from pipeline.merge.tellings import telling
from pipeline.plan.near.similarity import Pair
from pipeline.stories import Story, normalise
from pipeline.text.language import ENGLISH, language_of
from pipeline.text.sentences import sentences

#: Likeness of two stories from which they are looked at for a possible conflict.
CONTESTED = 0.4
#: Entries that stand next to one, at most.
MOST_NEIGHBOURS = 7
#: Pairs of two entries that no star took and that are looked at again, at most.
_REFUSED = 6
#: Possible conflicts that one story is marked with, at most: in a numbered series each differs
#: from every other, and only the most alike are worth a person's look.
MOST_MARKS = 3
_STEP = re.compile(r"(?:.{0,120}?:\s*)?(?:given|when|then|and|but)\b", re.IGNORECASE)
_NO_RULES = ("role", "title", "benefit")


def find_links(
    entries: Sequence[Entry],
    pairs: Iterable[Pair],
    judgements: Sequence[Judgement] = (),
    settled: Settled | None = None,
) -> tuple[Link, ...]:
    """Which entries stand next to which: those that a person or a judge calls overlapping, then by
    likeness, the closest first; each entry joins one star only.

    Args:
        pairs: the most alike first.
    """
    entry_of = {story: entry for entry in entries for story in entry.sources}
    decided = settled or Settled()
    links: dict[frozenset[str], Link] = {}
    for a, b, decision in decided.together:
        _link(links, entry_of, a, b, 1.0, "overlapping", str(decision))
    for said in judgements:
        if said.answer is Answer.OVERLAPPING and not decided.decides(said.a, said.b):
            sure = said.likelihood or 1.0
            _link(links, entry_of, said.a, said.b, sure, "overlapping", said.judge)
    star: dict[str, str] = {}  # entry → the entry at the centre of its star
    size: dict[str, int] = {}
    for link in links.values():
        _join(star, size, link.a, link.b)
    open_pairs = (
        pair
        for pair in pairs
        if pair.a in entry_of and pair.b in entry_of and frozenset(pair[:2]) not in decided.apart
    )
    tied: set[str] = set()
    refused: list[Pair] = []
    held: Counter[str] = Counter()
    for a, b, score in open_pairs:
        one, two = entry_of[a], entry_of[b]
        if one.id == two.id or _is_passage(one, two):
            continue
        tied |= {one.id, two.id} if score >= PLAIN else set()
        if _join(star, size, one.id, two.id):
            _link(links, entry_of, a, b, score, "alike", "code")
        elif tied.isdisjoint((one.id, two.id)) and held[one.id] + held[two.id] < _REFUSED:
            held.update((one.id, two.id))
            refused.append(Pair(a, b, score))
    for a, b, score in _left_over(refused, entry_of, tied):
        _link(links, entry_of, a, b, score, "alike", "code")
    return tuple(sorted(links.values(), key=lambda one: (one.kind == "alike", -one.score)))


def _left_over(
    refused: Iterable[Pair], entry_of: Mapping[str, Entry], tied: set[str]
) -> Iterator[Pair]:
    """Pairs that no star took, of entries that nothing is plainly alike, one for each: two that
    have only each other are not parted by what each has a word or two in common with."""
    for pair in refused:
        own = {entry_of[pair.a].id, entry_of[pair.b].id}
        if own.isdisjoint(tied):
            tied |= own
            yield pair


def _is_passage(one: Entry, two: Entry) -> bool:
    """Whether what a need and a long story have in common is a passage at most: the document quotes
    it, and no star is made of it, which would keep the need from its like."""
    return any(
        told_at_length(long) and any(line.field == "sentence" for line in short.lines)
        for long, short in ((one, two), (two, one))
    )


def _join(star: dict[str, str], size: dict[str, int], one: str, two: str) -> bool:
    """Put two entries into one star where one of them is free and the other a centre, or free."""
    a, b = star.get(one), star.get(two)
    if a is None and b is None:
        star[one] = star[two] = one
        size[one] = 1
        return True
    for centre, held, free in ((a, one, two), (b, two, one)):
        if centre is None or free in star:
            continue
        if size[centre] == 1 and held != centre:
            # A pair has no centre yet: either of the two may become it.
            size[held] = size.pop(centre)
            for name in (held, centre):
                star[name] = held
            centre = held
        if held == centre and size[centre] < MOST_NEIGHBOURS:
            star[free] = centre
            size[centre] += 1
            return True
    return False


def _link(
    links: dict[frozenset[str], Link],
    entry_of: Mapping[str, Entry],
    a: str,
    b: str,
    score: float,
    kind: str,
    by: str,
) -> None:
    if a not in entry_of or b not in entry_of:
        return
    one, two = entry_of[a], entry_of[b]
    key = frozenset((one.id, two.id))
    if len(key) < 2 or key in links:
        return
    runs = changed_runs(one.sentence, two.sentence)
    links[key] = Link(
        one.id,
        two.id,
        "overlapping" if kind == "overlapping" else "alike",
        score,
        tuple(run for run, _ in runs if run),
        tuple(run for _, run in runs if run),
        by,
    )


def asserted_conflicts(
    stories: Mapping[str, Story], judgements: Sequence[Judgement], settled: Settled
) -> Iterator[Conflict]:
    """The conflicts that persons and judges name."""
    for found in settled.conflicts:
        sides = tuple(
            Side(story, told(stories[story]), (value,) if value else ())
            for story, value in zip(found.stories, found.values, strict=True)
        )
        yield _conflict("conflict", sides, found.about, str(found.decision), "a person decided")
    for one in judgements:
        if one.answer is not Answer.CONTRADICTING or settled.decides(one.a, one.b):
            continue
        if one.a in stories and one.b in stories:
            left, right = told(stories[one.a]), told(stories[one.b])
            runs = changed_runs(left, right)
            sides = (
                Side(one.a, left, tuple(run for run, _ in runs if run)),
                Side(one.b, right, tuple(run for _, run in runs if run)),
            )
            yield _conflict("conflict", sides, "", one.judge, f"record {one.record}")


def possible_conflicts(
    stories: Mapping[str, Story],
    pairs: Iterable[Pair],
    weights: Mapping[str, float],
    settled: Settled,
    known: Iterable[Conflict] = (),
) -> Iterator[Conflict]:
    """Pairs that may contradict each other, by the words in which they differ.

    Args:
        pairs: the most alike first.
        known: conflicts that are asserted already.
    """
    taken = {frozenset(side.story for side in one.sides) for one in known}
    marks: Counter[str] = Counter()
    for a, b, score in pairs:
        if score < CONTESTED:
            break
        key = frozenset((a, b))
        if a not in stories or b not in stories or key in taken or settled.decides(a, b):
            continue
        if marks[a] >= MOST_MARKS or marks[b] >= MOST_MARKS:
            continue
        one, two = stories[a], stories[b]
        if _language(one) != ENGLISH or _language(two) != ENGLISH:
            continue
        found = _possible(one, two, weights)
        if found is not None:
            taken.add(key)
            marks.update((a, b))
            yield found


def _possible(a: Story, b: Story, weights: Mapping[str, float]) -> Conflict | None:
    opposed = opposition(subject_text(a), subject_text(b))
    if opposed is not None:
        sides = (Side(a.id, told(a), opposed.one), Side(b.id, told(b), opposed.two))
        return _conflict("possible", sides, opposed.about, "code", "the same words but for these")
    found = _disagreement(a, b, weights)
    if found is None:
        return None
    values = found.values
    sides = (Side(a.id, told(a, found.texts[0]), (values[0],) if values[0] else ()),
             Side(b.id, told(b, found.texts[1]), (values[1],) if values[1] else ()))  # fmt: skip
    return _conflict("possible", sides, found.attribute, "code", "sentences that are alike differ")


@lru_cache(maxsize=1 << 16)
def _language(story: Story) -> str:
    """The language that a story is likely in: a mark may be wrong, so a guess is enough."""
    return language_of(story.text)


def told(story: Story, sentence: str = "") -> str:
    """A story's sentence, or where the given one is not part of it, that one."""
    whole = telling(story)
    spoken = whole.sentence or whole.title or (whole.rest[0].text if whole.rest else story.text)
    return spoken if not sentence or sentence in spoken else sentence


def _conflict(kind: str, sides: tuple[Side, ...], about: str, by: str, reason: str) -> Conflict:
    named = "|".join(sorted(side.story for side in sides))
    digest = hashlib.sha256(named.encode()).hexdigest()[:12]
    certain = kind == "conflict"
    return Conflict(digest, "conflict" if certain else "possible", sides, about, by, reason)


def _disagreement(a: Story, b: Story, weights: Mapping[str, float]) -> Difference | None:
    """The plainest contradiction between sentences of the two that say the same thing. What both
    say, word for word, contradicts neither."""
    people = frozenset(features(a.role).words) | frozenset(features(b.role).words)
    said_by_both = _said(a) & _said(b)
    found = [
        difference
        for mine in _comparable(a)
        for yours in _comparable(b)
        if _one_scenario(mine, yours)
        for one, words in mine.sentences
        if words not in said_by_both
        for two, others in yours.sentences
        if others not in said_by_both
        if (difference := contradiction(one, two, weights, people)) is not None
    ]
    return max(found, key=lambda d: (d.likeness, d.values, d.texts), default=None)


class _Field(NamedTuple):
    """A field's sentences, each with its normalised words; all words; whether one is a step."""

    sentences: tuple[tuple[str, str], ...]
    said: frozenset[str]
    steps: bool


@lru_cache(maxsize=1 << 14)
def _said(story: Story) -> frozenset[str]:
    """The words of a story's sentences."""
    return frozenset(normalise(text) for _, text in statements(story))


@lru_cache(maxsize=1 << 14)
def _comparable(story: Story) -> list[_Field]:
    """The sentences that ask for something, field by field; a benefit only says why."""
    told = [sentences(text) for field, text in story.fields if field not in _NO_RULES]
    return [_field(texts) for texts in told if texts] or [_field((subject_text(story),))]


def _field(texts: Sequence[str]) -> _Field:
    pairs = tuple((text, normalise(text)) for text in texts)
    steps = any(_STEP.match(text) for text in texts)
    return _Field(pairs, frozenset(words for _, words in pairs), steps)


def _one_scenario(a: _Field, b: _Field) -> bool:
    """Whether two criteria may contradict each other: not where they are scenarios that have less
    than half of their steps in common, for then their conditions differ."""
    if not (a.steps or b.steps):
        return True
    shared = len(a.said & b.said)
    return bool(shared) and 2 * shared >= min(len(a.said), len(b.said))
