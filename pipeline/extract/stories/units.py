"""Story sentences inside one block: a line each, a sentence each, or the block's whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from pipeline.extract.stories import leads as labelled
from pipeline.extract.stories import purposes, templates
from pipeline.extract.stories.leads import is_lead
from pipeline.extract.stories.phrases import ROLE_COLON, Phrases, read_phrases
from pipeline.stories import Block
from pipeline.text.sentences import first_sentence_end, has_sentence

#: Where a story sentence may begin. The pattern begins with its first letters, since the engine
#: then looks for one of these alone, which is three times as fast.
_BEGIN = re.compile(
    r"[AISTWECNYODBUai](?<![^\W_].)(?:(?<=[Aa])[Ss][*_]{0,3}(?:\s|&nbsp;)+(?:an?|the|any|every|each|one)\b|"
    r"(?<=A)s\s+(?=[\w\"'*_<\[])|(?<=A)S\s|(?<=A)s\s*:|(?<=[Ii])n\s+order\s+(?:to|that)\b|"
    r"(?<=S)o\s+that\b|(?<=I)\s*,?\s*as\s|(?<=T)o(?=\s[^.!?\n]{2,200}?,\s+as\s+an?\s)|"
    r"(?<=W)hen(?:ever)?(?=[*_]{0,3}\s[^.!?]{3,200}?(?:[,\n]\s*|\s[*_]{1,3})(?:I|we)(?:\s+(?:want|need|would|wish)\b|['’]d\s))|"
    + "|".join(f"(?<={word[0]}){word[1:]}" for word in templates.BEGINS)
    + f"|(?:{'|'.join(f'(?<={word[0]}){word[1:]}' for word in purposes.FRONTS)})"
    + purposes.AFTER_FRONT
    + ")"
)
#: A line of a table of contents repeats a heading; the story stands where the link leads.
_CONTENTS_LINE = re.compile(r"\s*\[[^\n]*\]\(#[^)\s]*\)\s*$")
#: A short line right above a lone story sentence is its title.
_TITLE_ABOVE = re.compile(r"[^\n]{1,79}[^\s.!?:;,][ \t]*\r?\n[ \t>]*$")
_PURPOSE = re.compile(r"(?:in\s+order|so\s+that|to$)", re.IGNORECASE)
#: Inside a sentence a wish of someone else begins, too: "…; as an admin I want", "that as a …",
#: "…, and as a clerk I want", "As discussed, as a …".
_INSIDE = re.compile(
    r"(?:;|\bthat,?|[,;]\s+(?:and|but)|\bas\s+(?:discussed|agreed|said|mentioned|promised),)\s+$",
    re.I,
)
_JOINS = re.compile(r"[\s,;]+(?:and|but)\s*$", re.I)
_WISH_INSIDE = re.compile(r"as\s+an?\s[^,.;:!?]{2,60}?,?\s+I\s+(?:want|need|would\s+like)\b", re.I)
_AS_A = re.compile(r"As\s+an?\b", re.IGNORECASE)
_SENTENCE_BEFORE = re.compile(r"[.!?…:;\"”’)\]*_–—|-][\s\"'“‘*_(\[>]*$")
#: A purpose that begins a story of its own: "In order to park, as a driver I want".
_WHOLE = re.compile(
    r"\s*(?:in\s+order\s+to|so\s+that)\s[^.!?;:]{2,300}?(?:,\s+as\s+an?\s[^,.;:!?]{2,60}?,?|"
    r"\s+as\s+an?\s[^,.;:!?]{2,60}?,)\s+I\s+(?:want|need|would\s+like)\b",
    re.I,
)
_GOES_ON = re.compile(
    r"\s*(?:so\s+that|this\s+way|in\s+order|that\s+way|because|otherwise)\b", re.I
)
_LEAD_MAX = 90
#: A story sentence is looked for in this many characters after its first word.
_REACH = 3000


_ROLE_ALONE = re.compile(
    r"[\s*_>\"“]*(?:As\s+(?:(?:an?|the|any|every)\s+)?[^.!?\n]{2,120}\.?|In\s+order\s+(?:to|that)\s[^.!?]{2,300}?)"
    r"[,;:…*_\s]*$",
    re.IGNORECASE,
)
_WISH_NEXT = re.compile(
    r"[\s*_>]*(?:(?:I|we)\b\s*(?:['’]d|want|need|would|wish|can|must|should)|As\s+an?\s|"
    r"When(?:ever)?\s[^.!?]{3,200}?,\s+(?:(?:I|we)\s+(?:want|need|would|wish)|[^.!?,]{3,100}?\s(?:should|must|shall))\b)",
    re.I,
)
BENEFIT_NEXT = re.compile(r"[\s*_>]*(?:so\s+that\b|so\s+(?:I|we|they)\b|in\s+order\s+to\b)", re.I)


@dataclass(frozen=True, slots=True)
class Unit:
    """A story's run of text inside a block's: ``start`` ≤ ``sentence`` < ``end`` (offsets into
    the block's text). ``whole``: it runs to the end of the block or the next unit."""

    start: int
    sentence: int
    end: int
    phrases: Phrases
    whole: bool


@lru_cache(maxsize=1 << 12)
def split_units(raw: str, *, expected: bool = False) -> tuple[Unit, ...]:
    """The story sentences of a block's text with what belongs to each, ascending. Cached: whether
    a block begins a story is asked by the block above it, too.

    Args:
        expected: stories are known to stand here; "As an admin, I have …" counts.
    """
    if _CONTENTS_LINE.match(raw):
        return ()
    starts = _starts(raw, expected)
    if len(starts) == 1 and _TITLE_ABOVE.match(raw[: starts[0].start]):
        starts = [replace(starts[0], start=0)]
    units = []
    for one, following in zip_longest(starts, starts[1:]):
        end = len(raw) if following is None else following.start
        if not one.whole:
            # No further than the next story: looking for an end to the end of the block, again
            # for each story in it, would take quadratic time.
            stop = first_sentence_end(raw, one.sentence, end)
            if stop < end and _GOES_ON.match(raw, stop):
                stop = first_sentence_end(raw, stop, end)
            end = min(end, stop)
        if following and not following.whole and (joins := _JOINS.search(raw, one.start, end)):
            end = joins.start()
        while end > one.start and raw[end - 1].isspace():
            end -= 1
        units.append(replace(one, end=end))
    return tuple(units)


def _starts(raw: str, expected: bool) -> list[Unit]:
    """The story sentences of a block's text, ascending, each as if it ran to the text's end."""
    starts: list[Unit] = []
    purpose_first: bool | None = None
    skip_next = False
    for position, opening in _openings(raw):
        is_purpose = _PURPOSE.match(opening) is not None
        if skip_next and not is_purpose:
            skip_next = False
            continue
        if is_purpose and purpose_first is False and not _WHOLE.match(raw, position):
            continue
        # Only as far back as a lead may reach: looking for the line's start in a line of
        # millions of characters, again for each candidate, would take quadratic time.
        near = max(0, position - _LEAD_MAX - 1)
        line_start = raw.rfind("\n", near, position) + 1 or near
        lead = raw[line_start:position]
        at_line = len(lead) <= _LEAD_MAX and is_lead(lead)
        before = raw[max(0, position - 20) : position]
        inside = _INSIDE.search(before) and _WISH_INSIDE.match(raw, position)
        if opening[0].islower() and not (inside or _may_be_lower(raw, line_start, at_line)):
            continue
        if not (at_line or inside or _SENTENCE_BEFORE.search(before)):
            continue
        loose = expected and bool(_AS_A.match(opening) or ROLE_COLON.match(raw, position))
        if not opening.strip() and not all(
            labelled.belongs_above(line)
            for line in raw[max(0, position - 3 * _LEAD_MAX) : position].splitlines()[-3:]
        ):
            continue
        phrases = read_phrases(raw[position : position + _REACH], expected=loose)
        if phrases is None or not (phrases.strict or phrases.template or at_line or loose):
            continue
        if is_purpose:
            skip_next = True
        if purpose_first is None:
            purpose_first = is_purpose
        if (
            opening.startswith("When")
            and starts
            and _ROLE_ALONE.fullmatch(raw, starts[-1].sentence, position)
        ):
            continue  # the clause of the sentence that the role alone began
        own_line = at_line or (not inside and len(lead) <= _LEAD_MAX and not has_sentence(lead))
        start = (
            line_start
            if own_line and not (starts and starts[-1].sentence >= line_start)
            else position
        )
        while raw[start].isspace():
            start += 1
        starts.append(Unit(start, position, len(raw), phrases, own_line))
    return starts


def may_tell(raw: str) -> bool:
    """Whether there is a place in a text where a story sentence may begin: quick, to leave out
    the many texts without one."""
    return next(_openings(raw), None) is not None


def _openings(raw: str) -> Iterator[tuple[int, str]]:
    """Where a story sentence may begin, ascending, with its first words; labelled lines open with
    a blank."""
    lines = labelled.starts(raw) if ":" in raw or "=" in raw else []
    if not lines:
        for match in _BEGIN.finditer(raw):
            yield match.start(), match.group()
        return
    found = [(start, " ") for start, _ in lines]
    ends = dict(lines)
    for match in _BEGIN.finditer(raw):
        line = raw.rfind("\n", max(0, match.start() - _LEAD_MAX), match.start()) + 1
        if match.start() >= ends.get(line, 0):  # the "As a" of a label is taken
            found.append((match.start(), match.group()))
    yield from sorted(found)


def _may_be_lower(raw: str, line_start: int, at_line: bool) -> bool:
    """A small "as a" begins a story only where a line does, and the line before it ended."""
    before = raw[max(0, line_start - _LEAD_MAX) : line_start].rstrip()
    return at_line and (not before or before[-1] in ".!?;:")


def join_parts(text: str, blocks: Sequence[Block]) -> list[Block]:
    """Put together a story sentence that is spread over paragraphs: "As a citizen:", "I want
    …", "So that …" each on its own."""
    joined: list[Block] = []
    for block in blocks:
        previous = joined[-1] if joined else None
        if (
            previous is not None
            and block.kind == previous.kind
            and block.kind in ("paragraph", "item")
            and block.level - previous.level in (0, block.kind == "item")
            and previous.end - previous.start <= _REACH
            and _goes_on(text[previous.start : previous.end], text[block.start : block.end], block)
            and (len(joined) < 2 or not _is_card(text, joined[-2], previous))
        ):
            joined[-1] = replace(previous, end=block.end)
        else:
            joined.append(block)
    return joined


def _is_card(text: str, above: Block, block: Block) -> bool:
    """Whether a labelled role is one line of someone's card: "Name: Kim", "Role: nurse"."""
    return (
        above.kind == block.kind
        and labelled.begins_labelled(text[block.start : block.start + 80])
        and not labelled.belongs_above(text[above.start : above.end].rsplit("\n", 1)[-1])
    )


def _goes_on(before: str, after: str, block: Block) -> bool:
    """Whether a paragraph goes on with the story sentence that the one before it began."""
    if labelled.begins_labelled(before):
        line = after.split("\n", 1)[0]
        return labelled.label_of(line) in ("goal", "benefit", "other") or (
            block.kind == "item" and labelled.is_labelled(line)
        )
    if _WISH_NEXT.match(after):
        return _ROLE_ALONE.match(before) is not None and read_phrases(before) is None
    if not BENEFIT_NEXT.match(after) or _WHOLE.match(after):
        return False
    told = read_phrases(before)
    return told is not None and told.strict and not told.benefit and not told.after
