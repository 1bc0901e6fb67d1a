"""The values at the centre: documents, their blocks, and the stories found in them.

Offsets are characters (Python ``str`` indices, half open) into ``Document.text``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from pipeline.text.canonical import Canonical, canonical, hash_tokens
from pipeline.text.language import ENGLISH, proven_language
from pipeline.text.scope import headings_that_change, names_that_change
from pipeline.text.sequence import Order, fenced_lines, link_targets, order_of, outline, signs_in
from pipeline.text.story_frames import article_in, heading_in, lead_in, purpose_in

StoryKind = Literal["agile", "scenario", "narrative"]
BlockKind = Literal["heading", "paragraph", "item", "row", "cell", "step", "meta", "code"]

#: The mark of what is made of documents of which one must stay on this machine.
STAYS = "local"
#: Characters whose words are held at once.
_WORDS_AT_ONCE = 1 << 20
_BLANK = re.compile(r"\s")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


class Span(NamedTuple):
    """A half-open run of characters of one document's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in a document that a person can follow. Counting starts at 1.

    Args:
        beside: of a table's row, what its cells say that are not part of the story ("status:
            rejected"): two rows that differ in them are not told to be one.
        under: what says of the story's surroundings in what scope it holds, and is not a heading: a
            label above it, its sheet, the status of its document, a ticked box before it.
        links: of a work item, the others that it names ("Parent: SHOP-1"). They keep its books, as
            its key does, and are not part of what it says.
    """

    line: int | None = None
    page: int | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    heading: tuple[str, ...] = ()
    table: int | None = None
    beside: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet}")
        if self.page is not None:
            parts.append(f"page {self.page}")
        if self.table is not None:
            parts.append(f"table {self.table}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.heading:
            parts.append(" › ".join(self.heading))
        return ", ".join(parts) or "whole document"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of a document's text with a locator: a paragraph, a list item, a table row, a step.

    Args:
        start, end: character offsets into ``Document.text``.
        level: heading level (1–6), list depth (1…) or 0.
        columns: for a row, (column name, start, end) of each cell, in order, repeats kept.
    """

    start: int
    end: int
    kind: BlockKind
    locator: Locator
    level: int = 0
    columns: tuple[tuple[str, int, int], ...] = ()


class Target(NamedTuple):
    """Where a link in a run of the text leads, which no word of the text says."""

    start: int
    end: int
    address: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. Byte-identical files are one document with several paths.

    Args:
        sha256: of the file's bytes; "" when it could not be read.
        paths: every path given that holds these bytes, sorted.
        text: the stored text that all offsets point into ("" when unreadable).
        encoding: as used; ``guessed`` says whether it had to be guessed.
        front_matter: values of a YAML head, as strings ("author", "date", "sovereignty" …).
        problem: why the document (or a part of it) could not be read; None when all is well.
        left_out: runs of the text that its author struck out, hid, moved away or put in a comment,
            ascending: they are not current text and in no story.
        targets: of the links in formats whose text does not hold them, ascending. They are for
            finding stories, which keep theirs, and not stored with the document.
    """

    sha256: str
    paths: tuple[str, ...]
    format: str
    text: str
    blocks: tuple[Block, ...] = ()
    encoding: str = "utf-8"
    guessed: bool = False
    front_matter: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    left_out: tuple[Span, ...] = ()
    targets: tuple[Target, ...] = field(default=(), compare=False, repr=False)

    @property
    def path(self) -> str:
        """The first of its paths, for people."""
        return self.paths[0]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a story stands.

    Args:
        document: sha256 of the document.
        spans: the story's runs of text, ascending, not overlapping, never empty.
        key: an id the document itself gives ("SHOP-12"), "" when it gives none.
        written: the date the document gives for it, None when it gives none.
        author: as the document gives it, "" when it gives none.
    """

    document: str
    path: str
    locator: Locator
    spans: tuple[Span, ...]
    key: str = ""
    written: date | None = None
    author: str = ""

    def __str__(self) -> str:
        return f"{self.path}, {self.locator}"


@dataclass(frozen=True)
class Story:
    """One user story, scenario or narrative, with its source.

    ``role``, ``goal`` and ``benefit`` hold the phrases only ("shopper", "filter by price",
    "I only see what I can afford"), without "As a", "I want", "so that". ``criteria`` are the
    acceptance criteria, one each. ``title`` is a heading or summary that says more than the
    story's own words. ``body`` is the rest: every further paragraph, word for word, so that the
    fields together hold everything the story says.
    """

    id: str
    kind: StoryKind
    source: Source
    text: str
    role: str = ""
    goal: str = ""
    benefit: str = ""
    criteria: tuple[str, ...] = ()
    title: str = ""
    body: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """By the id, which equal stories have in common: caches look stories up all the time."""
        return hash(self.id)

    @property
    def start(self) -> int:
        """First character of the story's envelope in its document."""
        return self.source.spans[0].start

    @property
    def end(self) -> int:
        """One past the last character of the story's envelope."""
        return self.source.spans[-1].end

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Everything the story says as (field name, text), empty fields left out."""
        pairs = [("title", self.title), ("role", self.role), ("goal", self.goal)]
        pairs.append(("benefit", self.benefit))
        pairs += [("criterion", c) for c in self.criteria]
        pairs += [("body", b) for b in self.body]
        return tuple((name, text) for name, text in pairs if text)

    @cached_property
    def language(self) -> str:
        """The language of the story's words by its English name, "" where they do not prove it."""
        return proven_language(self.text or " ".join(text for _, text in self.fields))

    @cached_property
    def lead_in(self) -> Canonical:
        """What the story says between role and goal, which ``goal`` leaves out: a wish in one form
        ("I want to"), else the words as they stand ("I", before "must print")."""
        if not self.goal:
            return Canonical((), frozenset())
        words, changed = lead_in(self.text, self.role, self.goal, self.language)
        return Canonical(words, frozenset({"story-frame"} if changed else ()))

    @cached_property
    def purpose(self) -> Canonical:
        """What joins the benefit to the goal: "so that", "in order to", else as it stands."""
        if not (self.goal and self.benefit):
            return Canonical((), frozenset())
        words, changed = purpose_in(self.text, self.goal, self.benefit, self.language)
        return Canonical(words, frozenset({"purpose-frame"} if changed else ()))

    @cached_property
    def criteria_order(self) -> Order:
        """What the order of the criteria tells: nothing ("set") for bullets without a step."""
        order = order_of(self.text, self.criteria, self.body, self.source.path)
        return "listed" if order == "set" and self.language != ENGLISH else order

    @property
    def criteria_free(self) -> bool:
        """Whether the order of the criteria tells nothing: bulleted, and no step among them."""
        return self.criteria_order == "set"

    @cached_property
    def scope(self) -> tuple[str, ...]:
        """The canonical tokens of the headings and labels above, the cells beside, the sheet, the
        file and its folders that may change what the story says ("Out of scope"), a "" after each;
        of a scenario, of every heading: it holds in its feature and rule."""
        place = self.source.locator
        headings = (*place.heading, *place.under)
        if self.kind != "scenario":
            headings = headings_that_change(headings, self.language)
        around = (*place.beside, *((place.sheet,) if place.sheet else ()))
        headings += headings_that_change(around, ENGLISH) + names_that_change(self.source.path)
        told = (canonical(heading, "title", self.language).tokens for heading in headings)
        return tuple(token for tokens in told for token in (*tokens, ""))

    @cached_property
    def link_targets(self) -> tuple[str, ...]:
        """Where the links in the story's text lead whose words do not say it, in order."""
        return link_targets(self.text)

    @property
    def links_beside(self) -> tuple[str, ...]:
        """Where links lead that stand beside the story and not in its text."""
        return tuple(each for each in self.source.locator.beside if each.startswith("link: "))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the canonical tokens of every field (:mod:`pipeline.text.canonical`): equal for
        stories that are proved to say the same, word for word but for harmless changes."""
        parts: list[tuple[str, tuple[str, ...]]] = [
            (name, canonical(text, name, self.language).tokens)
            for name, text in self.fields
            if name != "criterion"
        ]
        criteria = [canonical(text, "criterion", self.language).tokens for text in self.criteria]
        if self.criteria_free:
            criteria.sort()
        around: tuple[str, ...] = (article_in(self.text, self.role),) if self.role else ()
        if not self.title:
            around += heading_in(self.text, (self.role, self.goal, self.benefit))
        parts += [("around", around), ("outline", outline(self.text))]
        parts += [("lead-in", self.lead_in.tokens), ("purpose", self.purpose.tokens)]
        beside = tuple(" ".join(each.split()) for each in self.source.locator.beside)
        parts.append(("beside", beside))
        parts.append(("fenced", fenced_lines(self.text)))
        if signs := signs_in(self.text):
            parts.append(("signs", signs))
        if self.link_targets:
            parts.append(("links", self.link_targets))
        parts += [("scope", self.scope), ("order", (self.criteria_order,))]
        parts += [("criterion", tokens) for tokens in criteria]
        return hash_tokens(self.kind, self.language, parts)

    @cached_property
    def need(self) -> str:
        """Hash of the canonical tokens of what is wanted, whoever wants it: equal for stories that
        :func:`pipeline.judge.proof.prove_need` proves to be one need; "" without a goal."""
        if not self.goal:
            return ""
        parts = [
            ("scope", self.scope),
            ("links", (*self.link_targets, *self.links_beside)),
            ("lead-in", self.lead_in.tokens),
            ("goal", canonical(self.goal, "goal", self.language).tokens),
            ("purpose", self.purpose.tokens),
            ("benefit", canonical(self.benefit, "benefit", self.language).tokens),
        ]
        return hash_tokens(self.kind, self.language, parts)

    def know_fingerprint(self, fingerprint: str) -> None:
        """Take the fingerprint that a story of just these fields was found to have."""
        self.__dict__["fingerprint"] = fingerprint

    @cached_property
    def old_fingerprint(self) -> str:
        """The fingerprint before ``proof-1``, under which older decisions are stored: it told no
        case, sign or title apart."""
        ordered = [(n, t) for n, t in self.fields if n not in ("criterion", "title")]
        ordered += sorted((n, normalise(t)) for n, t in self.fields if n == "criterion")
        if not self.goal:
            ordered.append(("title", self.title))
        canonical = "\n".join(f"{name}:{normalise(text)}" for name, text in ordered)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Extraction:
    """What was found in one document.

    ``stories`` and ``residue`` together cover every character of ``document.text``: a character
    is in at least one story's span or in exactly one residue span.
    """

    document: Document
    stories: tuple[Story, ...] = ()
    residue: tuple[Span, ...] = ()

    @cached_property
    def residue_chars(self) -> int:
        """Characters in no story, blanks not counted."""
        return count_inked(self.document.text, self.residue)

    @cached_property
    def chars(self) -> int:
        """All characters, blanks not counted: whatever says which share is in no story says it of
        these."""
        return count_inked(self.document.text, [Span(0, len(self.document.text))])


_AN = re.compile(r"[aeio]|un(?!i)|u[mp]|hour|honest|heir", re.IGNORECASE)
_LIKE_ONE = re.compile(r"(?:eu|one\b|once\b)", re.IGNORECASE)
_DETERMINED = re.compile(r"(?:an?|the|my|our|any|every|each|one|someone|somebody)\b", re.IGNORECASE)


def as_role(role: str) -> str:
    """How a story begins, by the sound of the role and not its letter: "As a user", "As an
    editor", "As an hourly worker", "As the owner"."""
    if _DETERMINED.match(role):
        return f"As {role}"
    an = _AN.match(role) and not _LIKE_ONE.match(role)
    return f"As {'an' if an else 'a'} {role}"


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """Lower-cased words of ``text`` (Unicode NFKC), one blank between them, nothing else."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def count_words(text: str) -> int:
    """Number of runs of non-blank characters: what a word processor counts."""
    count, start = 0, 0
    while start < len(text):
        end = start + _WORDS_AT_ONCE
        if end < len(text):
            blank = _BLANK.search(text, end)  # not in the middle of a word
            end = blank.start() if blank else len(text)
        count += len(text[start:end].split())
        start = end
    return count


def count_inked(text: str, spans: Iterable[Span]) -> int:
    """Characters in some spans of a text, blanks not counted."""
    return sum(len("".join(text[start:end].split())) for start, end in spans)


def story_id(document_sha256: str, spans: tuple[Span, ...], kind: StoryKind) -> str:
    """The same story has the same id on any machine: 16 hex digits of a sha256 over the
    document's hash, the spans and the kind."""
    places = ",".join(f"{start}-{end}" for start, end in spans)
    return hashlib.sha256(f"{document_sha256}|{places}|{kind}".encode()).hexdigest()[:16]


def residue_of(length: int, spans: list[Span]) -> tuple[Span, ...]:
    """The parts of ``range(length)`` that no span covers, ascending."""
    gaps: list[Span] = []
    position = 0
    for start, end in sorted(spans):
        if start > position:
            gaps.append(Span(position, start))
        position = max(position, end)
    if position < length:
        gaps.append(Span(position, length))
    return tuple(gaps)
