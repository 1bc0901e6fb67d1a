"""What the three forms of the merged document share: the order of its stories, the numbers of
their sources, and each story as a sentence whose parts know where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.compare.union import purpose, wanted
from pipeline.merge.ledger import counts
from pipeline.outcomes import MergedStory, Outcomes, SourceSpan
from pipeline.stories import Document, Story, as_role

#: Characters of a source shown around the words that support a sentence.
AROUND = 180


#: How a reader is told what became of the stories.
_TOLD = {
    "kept": "kept", "duplicate_of": "duplicates", "merged_into": "merged",
    "conflict_with": "in conflict", "skipped": "left out",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a story's text: its field, the text before it that no source holds ("As a"), the
    text itself, and the places that support it."""

    field: str
    lead: str
    text: str
    sources: tuple[SourceSpan, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A source's own words: the supporting run in ``marked``, a little of what stands around."""

    before: str
    marked: str
    after: str


def balance_told(outcomes: Outcomes) -> list[tuple[int, str]]:
    """(how many, what became of them) for every outcome that occurred."""
    return [(n, _TOLD[name]) for name, n in counts(outcomes.ledger).items() if n]


def numbers(stories: Mapping[str, Story]) -> dict[str, int]:
    """The number of every source story, from 1, in corpus order."""
    return {story: i for i, story in enumerate(stories, 1)}


def sentence(merged: MergedStory, stories: Mapping[str, Story]) -> list[Part]:
    """The story as one sentence: "As a …, I want …, so that …". Empty without a goal."""
    text = merged.text
    if not text.goal:
        return []
    parts = []
    if text.role:
        parts.append(
            Part(
                "role",
                as_role(text.role).removesuffix(text.role),
                text.role,
                _places(merged, "role", text.role),
            )
        )
    words = "\n".join(stories[s].text for s in merged.sources)
    told = wanted(text.goal, words)
    lead = told.removesuffix(text.goal)
    parts.append(
        Part("goal", f", {lead}" if text.role else lead, text.goal,
             _places(merged, "goal", text.goal))
    )  # fmt: skip
    if text.benefit:
        places = _places(merged, "benefit", text.benefit)
        lead = purpose(text.benefit, words).removesuffix(text.benefit)
        parts.append(Part("benefit", f", {lead[0].lower()}{lead[1:]}", text.benefit, places))
    return parts


def standing(outcomes: Outcomes) -> dict[str, MergedStory]:
    """By source story, the merged story it stands in."""
    return {source: merged for merged in outcomes.merged for source in merged.sources}


def spoken(merged: MergedStory, stories: Mapping[str, Story]) -> str:
    """What a story that stands alone says, as one sentence."""
    parts = sentence(merged, stories)
    return "".join(part.lead + part.text for part in parts) or stories[merged.sources[0]].text


def lines(merged: MergedStory) -> list[Part]:
    """Everything else the story says: body, then criteria."""
    text = merged.text
    body = [Part("body", "", b, _places(merged, "body", b)) for b in text.body]
    return body + [Part("criterion", "", c, _places(merged, "criterion", c)) for c in text.criteria]


def title(merged: MergedStory) -> Part | None:
    """The story's title, when it has one."""
    if not merged.text.title:
        return None
    return Part("title", "", merged.text.title, _places(merged, "title", merged.text.title))


def echoes(merged: MergedStory, stories: Mapping[str, Story]) -> list[str]:
    """Sources of a merged story that no part of it cites: they say the same in other words."""
    heading = title(merged)
    parts = [*([heading] if heading else []), *sentence(merged, stories), *lines(merged)]
    named = {place.story for part in parts for place in part.sources}
    return [source for source in merged.sources if source not in named]


def cited(places: Sequence[SourceSpan], number: Mapping[str, int]) -> list[int]:
    """The numbers of the sources of some places, ascending, each once."""
    return sorted({number[place.story] for place in places})


def excerpt(
    place: SourceSpan, stories: Mapping[str, Story], documents: Mapping[str, Document]
) -> Excerpt:
    """A place's own words. Without the document's text, the story's words as they were read."""
    story = stories[place.story]
    document = documents.get(story.source.document)
    if document is None:
        return Excerpt("", story.text, "")
    start, end = place.span
    before = document.text[max(0, start - AROUND) : start]
    after = document.text[end : end + AROUND]
    if start > AROUND:
        before = "…" + before.partition(" ")[2]
    if end + AROUND < len(document.text):
        after = after.rpartition(" ")[0] + "…"
    return Excerpt(before, document.text[start:end], after)


def _places(merged: MergedStory, field: str, text: str) -> tuple[SourceSpan, ...]:
    """The places of every final sentence of a field's text."""
    found = dict.fromkeys(
        place
        for verdict in merged.verdicts
        if verdict.stage == "final" and verdict.field == field and verdict.text in text
        for place in verdict.sources
    )
    return tuple(found)
