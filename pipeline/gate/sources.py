"""Where a merged sentence comes from: the places in the source documents that support it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.compare.features import Features, features
from pipeline.compare.measures import statements
from pipeline.outcomes import SourceSpan
from pipeline.stories import Span, Story
from pipeline.text.words import WORD, compatible, fold

#: Places named for one sentence, at most.
MOST = 6
#: Two words of one family share this many first letters ("register", "registration").
_FAMILY = 5


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a source story: its field, its text, and what it commits to."""

    story: Story
    field: str
    text: str
    features: Features
    words: str


@lru_cache(maxsize=16_384)
def statements_of(story: Story) -> tuple[Statement, ...]:
    """Every sentence of a story, and every field of several sentences as a whole."""
    parts = [*statements(story)]
    parts += [pair for pair in story.fields if pair not in parts]
    return tuple(Statement(story, f, t, features(t), without_lead(t)) for f, t in parts)


def verbatim(text: str, known: Sequence[Statement]) -> list[Statement]:
    """The source sentences that are this text, word for word."""
    words = without_lead(text)
    return [statement for statement in known if statement.words == words]


def alike(a: Features, b: Features) -> float:
    """Dice coefficient of two sentences' stems."""
    total = len(a.stems) + len(b.stems)
    return 2 * len(a.stems & b.stems) / total if total else 0.0


def of_family(root: str, there: frozenset[str]) -> bool:
    """Whether a stem, or one of its family ("registr", "regist"), is among the sources'."""
    return root in there or (
        len(root) >= _FAMILY
        and any(
            other.startswith(root) or (len(other) >= _FAMILY and root.startswith(other))
            for other in there
        )
    )


def supporting(text: str, known: Sequence[Statement]) -> list[Statement]:
    """The source sentences a text rests on: those that are it word for word, else the fewest
    that together hold its words, the closest first."""
    exact = verbatim(text, known)
    if exact:
        return list({s.story.id: s for s in reversed(exact)}.values())[::-1][:MOST]
    wanted = features(text)
    left = set(wanted.stems)
    ranked = sorted(known, key=lambda s: -alike(wanted, s.features))
    chosen: list[Statement] = []
    for statement in ranked:
        gained = left & statement.features.stems
        if gained and len(chosen) < MOST:
            chosen.append(statement)
            left -= gained
    return chosen or ranked[:1]


def places(
    chosen: Sequence[Statement], sources: Sequence[Story], texts: Mapping[str, str]
) -> tuple[SourceSpan, ...]:
    """The statements as runs of characters of their documents, each once.

    Args:
        texts: document texts by sha256; a story whose text is not there gives its own spans.
    """
    spans = {
        SourceSpan(statement.story.id, span): None
        for statement in chosen
        for span in locate(statement.text, statement.story, texts)
    }
    if not spans:
        spans = {SourceSpan(sources[0].id, span): None for span in sources[0].source.spans}
    return tuple(spans)


def locate(text: str, story: Story, texts: Mapping[str, str]) -> tuple[Span, ...]:
    """Where a story's sentence stands in its document; the story's own spans when its words do
    not stand there in one run (a table row, a field put together from several cells)."""
    document = texts.get(story.source.document)
    if document is not None:
        found = _find(text, document, story.source.spans)
        if found is not None:
            return (found,)
    return story.source.spans


@lru_cache(maxsize=32_768)
def _find(text: str, document: str, spans: tuple[Span, ...]) -> Span | None:
    words = WORD.findall(fold(text))[:400]
    if not words:
        return None
    # White space, marks and markup between the words may differ; one kind of apostrophe is kept.
    quote = {"'": "['’‘ʼ`]"}
    pattern = re.compile(
        r"[\W_]+".join("".join(quote.get(c, re.escape(c)) for c in word) for word in words),
        re.IGNORECASE,
    )
    for start, end in spans:
        found = pattern.search(document, start, end)
        if found:
            return Span(found.start(), found.end())
    found = pattern.search(document, spans[0].start, spans[-1].end)
    return Span(found.start(), found.end()) if found else None


_TRIM = re.compile(r"^[\s\-*•·–—>#]+|[\s.;,:]+$")
_LEAD = re.compile(r"^(?:i want(?: to)?|so that|in order to) ")


def same_words(text: str) -> str:
    """What two texts share when they differ in case, spacing, list mark or final stop only.

    Signs are kept: "5 %" and "5 $" are not the same.
    """
    folded = " ".join(compatible(text).casefold().split())
    return _TRIM.sub("", _TRIM.sub("", folded))


def without_lead(text: str) -> str:
    """:func:`same_words` without the frame before a goal or a benefit."""
    return _LEAD.sub("", same_words(text))
