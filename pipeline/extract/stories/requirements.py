"""Requirements in sentences with "shall" (EARS: "When …, the SYSTEM shall …"; Mavin 2009).

Each is a narrative story, word for word: its subject is a thing, which has no role and no wish.
They count where a heading says "Requirements", and elsewhere on request, as contracts say "shall".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.extract.stories.assembly import Draft, add_criterion
from pipeline.extract.stories.found import Found, spans_of
from pipeline.extract.stories.leads import levelled_key, split_heading
from pipeline.stories import Block
from pipeline.text.sentences import plain, sentence_ends

_SHALL = re.compile(
    r"(?:(?:when(?:ever)?|while|if|where|upon|after|before|during|once|unless|until|as\s+long\s+as)\b"
    r"[^.!?;]{2,300}?,\s*(?:then\s+)?)*"
    r"(?:(?:the|an?|each|every|all|any|no)\s+)?(?:[\w'’()/-]+\s+){1,8}?shall\s+(?:not\s+)?[a-z]\w+",
    re.IGNORECASE,
)
#: How far into a block a key or label may stand in front of its sentence.
_LEAD_MAX = 90


def is_requirement(raw: str) -> bool:
    """Whether a block's text begins, behind a key at most, with a shall-sentence that does not
    only lead a list in."""
    if "shall" not in raw:
        return False
    return not raw.rstrip().endswith((":", " that", " to")) and _begins(raw[: _LEAD_MAX + 600])


def read_requirements(text: str, block: Block, hanging: Sequence[Block]) -> Iterator[Found]:
    """The requirements of one block, a sentence each; a sentence without "shall" goes on with the
    one before it. What hangs below the block are the last one's criteria."""
    raw = text[block.start : block.end]
    starts = [0]
    for stop in sentence_ends(raw):
        after = stop + len(raw[stop:]) - len(raw[stop:].lstrip())
        if after < len(raw) and _begins(raw[after : after + _LEAD_MAX + 600]):
            starts.append(after)
    key = levelled_key(text, block.start)
    for first, last in zip(starts, [*starts[1:], len(raw)], strict=True):
        final = last == len(raw)
        words = plain(raw[first:last])
        found, title = split_heading(words) if not _SHALL.match(words) else ("", words)
        draft = Draft(key=found or key, body=[title], strict=True)
        own = replace(block, start=block.start + first, end=block.start + len(raw[:last].rstrip()))
        if own.locator.line is not None:
            line = own.locator.line + raw.count("\n", 0, first)
            own = replace(own, locator=replace(own.locator, line=line))
        for below in hanging if final else ():
            add_criterion(draft, plain(text[below.start : below.end]))
        key = ""
        yield Found(
            "narrative", spans_of([own, *(hanging if final else ())], text), own.locator, draft
        )


def _begins(raw: str) -> bool:
    words = plain(raw)
    if _SHALL.match(words):
        return True
    rest = split_heading(words)[1]
    return rest != words and _SHALL.match(rest) is not None
