"""A story that was found, and how it becomes a :class:`~pipeline.stories.Story`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.extract.assembly import Draft
from pipeline.extract.escapes import text_of
from pipeline.stories import Block, Document, Locator, Source, Span, Story, StoryKind, story_id
from pipeline.unseen import visible

_WRITTEN_KEYS = (
    "date",
    "written",
    "created",
    "creation-date",
    "creation_date",
    "updated",
    "last-updated",
)
_AUTHOR_KEYS = ("author", "authors", "owner", "reporter", "creator")
_WEEKDAY = re.compile(r"^[A-Z][a-z]{2,8}, (?=\d)")
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})")
_DATE_SHAPES = (
    "%d/%b/%y", "%d/%b/%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y",
    "%b %d, %Y", "%B %d, %Y", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Where a story stands and what it says. ``author`` and ``written`` win over the document's."""

    kind: StoryKind
    spans: tuple[Span, ...]
    locator: Locator
    draft: Draft
    author: str = ""
    written: date | None = None


def make_story(document: Document, found: Found) -> Story:
    """The story with its id, source and text, which is as its author wrote it."""
    told = found.draft.finish()
    front = {key.lower(): value for key, value in document.front_matter.items()}
    source = Source(
        document=document.sha256,
        path=document.path,
        locator=found.locator,
        spans=found.spans,
        key=found.draft.key,
        written=found.written or _first_date(front.get(key, "") for key in _WRITTEN_KEYS),
        author=found.author or next((front[key] for key in _AUTHOR_KEYS if front.get(key)), ""),
    )
    return Story(
        id=story_id(document.sha256, found.spans, found.kind),
        kind=found.kind,
        source=source,
        text=text_of(document, found.spans),
        role=visible(told.role),
        goal=visible(told.goal),
        benefit=visible(told.benefit),
        criteria=tuple(map(visible, told.criteria)),
        title=visible(told.title),
        body=tuple(map(visible, told.body)),
    )


def spans_of(blocks: Sequence[Block], text: str) -> tuple[Span, ...]:
    """The runs of text that blocks cover. What lies between two blocks (blank lines, list
    marks) belongs to the run unless a meta block (a comment, tags, a rule) stands there."""
    spans: list[Span] = []
    broken = True
    for block in blocks:
        if block.kind == "meta":
            broken = True
        elif block.start < block.end:
            if broken:
                spans.append(Span(block.start, block.end))
            else:
                spans[-1] = Span(spans[-1].start, block.end)
            broken = False
    return tuple(spans)


def join_spans(*groups: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in ascending order, touching and overlapping ones made one."""
    joined: list[Span] = []
    for span in sorted(span for group in groups for span in group):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def read_date(text: str) -> date | None:
    """The date that a text begins with, in ISO form or as Jira and people write it; day before
    month where both are numbers and the order cannot be told is refused (None)."""
    text = _WEEKDAY.sub("", text.strip())
    if match := _ISO_DATE.search(text[:40]):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    words = text.split()
    for count in (1, 3):
        candidate = " ".join(words[:count])
        if not any(map(str.isdigit, candidate)):  # every shape has a number: most texts have none
            continue
        for shape in _DATE_SHAPES:
            try:
                return datetime.strptime(candidate, shape).date()
            except ValueError:
                continue
    return None


def _first_date(texts: Iterable[str]) -> date | None:
    return next((found for text in texts if text and (found := read_date(text))), None)
