"""A story that was found, and how it becomes a :class:`~pipeline.stories.Story`; and what a file
format does to the text of a cell, undone: doubled quotes, ``\\n``, ``\\u00e9``.

A document's text is kept as it is stored, a story's as its author wrote it.
"""

from __future__ import annotations

import json
import re
import textwrap
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import yaml

from pipeline.extract.stories.assembly import Draft
from pipeline.stories import Block, Document, Locator, Source, Span, Story, StoryKind, story_id
from pipeline.text.invisible import visible

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
#: Values of a document's head that say in what state or scope its stories are.
_DRAFT = re.compile(r"(?:working )?draft ?(?:\d+(?:\.\d+)*)?", re.I)
_STATUS = re.compile(
    r"(?:status|state|stage|scope|phase|release|milestone|priority|moscow|decision|resolution"
    r"|tags?|labels?|categor(?:y|ies)|archived|deprecated|draft|statut|estado|stato|zustand)",
    re.I,
)
#: A box before a story, and how far before it a list's mark and a box reach.
_TICKED = re.compile(r"\[[xX✓✔]\][ \t*_]*$|[☑☒][ \t*_]*$")
_BEFORE = 12
_REFERENCE = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
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
    place = found.locator
    source = Source(
        document=document.sha256,
        path=document.path,
        locator=replace(
            place,
            beside=(
                *place.beside,
                *_tags_beside(place.beside, found.draft.tags),
                *_links_beside(document, found.spans),
            ),
            under=(*place.under, *_status(front), *_ticked(document.text, found.spans)),
        ),
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


def _status(front: Mapping[str, str]) -> list[str]:
    """What a document's head says of the state and the scope of all that is in it. That it is a
    draft, and which, is none: a draft asks what it says, as the document after it does."""
    return [
        f"{key}: {value}"
        for key, value in front.items()
        if _STATUS.fullmatch(key) and not _DRAFT.fullmatch(value.strip())
    ]


def _ticked(text: str, spans: Sequence[Span]) -> list[str]:
    """That the box of the item which is the story is ticked: it stands before the story."""
    before = text[max(0, spans[0].start - _BEFORE) : spans[0].start]
    return ["done"] if _TICKED.search(before) else []


def _tags_beside(told: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The tags before a story that no cell beside it tells."""
    values = {each.partition(": ")[2] for each in told}
    return [f"tags: {tag}" for tag in tags if tag not in values]


def _links_beside(document: Document, spans: Sequence[Span]) -> list[str]:
    """Where links in the story lead that its text does not say: in formats without marks, and by
    references that are defined elsewhere."""
    found = []
    targets = document.targets
    for start, end in spans if targets else ():
        at = bisect_left(targets, (start,))
        while at and targets[at - 1].end > start:
            at -= 1
        while at < len(targets) and targets[at].start < end:
            found.append(targets[at].address)
            at += 1
    for start, end in spans:
        if document.format == "markdown" and "][" in document.text[start:end]:
            for name in _REFERENCE.findall(document.text, start, end):
                called = re.escape(name[1] or name[0])
                defined = re.search(rf"(?mi)^ {{0,3}}\[{called}\]:\s*<?([^\s>]+)", document.text)
                found += [defined[1]] if defined else []
    return [f"link: {address}" for address in found]


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


def _unescape_quotes(raw: str) -> str:
    return raw.replace('""', '"')


def _unescape_json(raw: str) -> str:
    if "\\" not in raw:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw


_HEADER = re.compile(r"[|>][+-]?\d?[+-]?[ \t]*(?:#[^\n]*)?\n")


def unescape_yaml(raw: str) -> str:
    """A scalar's words from its text in the file: a block's header and indent taken off."""
    if header := _HEADER.match(raw):
        body = textwrap.dedent(raw[header.end() :])
        return body if raw[0] == "|" else re.sub(r"(?<!\n)\n(?!\n)", " ", body)
    if "\\" in raw or "''" in raw:
        for quote in ('"', "'"):
            try:
                read = yaml.safe_load(f"{quote}{raw}{quote}")
            except yaml.YAMLError:
                continue
            if isinstance(read, str):
                return read
    return re.sub(r"[ \t]*\n[ \t]*", " ", raw)


_UNESCAPE: dict[str, Callable[[str], str]] = {
    "csv": _unescape_quotes,
    "tsv": _unescape_quotes,
    "json": _unescape_json,
    "jsonl": _unescape_json,
    "yaml": unescape_yaml,
}


def unescape_of(kind: str) -> Callable[[str], str]:
    """What undoes the escapes of a document's format; for most there are none."""
    return _UNESCAPE.get(kind, str)


def text_of(document: Document, spans: Iterable[Span]) -> str:
    """A story's own text, from where it stands in its document: its runs on lines of their own, but
    for those between which something within a line is left out."""
    unescape = unescape_of(document.format)
    text = document.text
    pieces: list[str] = []
    last = -1
    for start, end in spans:
        if pieces and ("\n" in text[last:start] or Span(last, start) not in document.left_out):
            pieces.append("\n")
        elif pieces and not (text[last - 1].isspace() or text[start].isspace()):
            pieces.append(" ")
        pieces.append(unescape(text[start:end]))
        last = end
    return "".join(pieces)
