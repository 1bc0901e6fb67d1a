"""Stories in Gherkin: a feature with a narrative is one story whose criteria are its scenarios;
where a feature has none, each scenario is a story of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.extract.readers.gherkin import BACKGROUND, EXAMPLES, FEATURE, RULE, SCENARIO
from pipeline.extract.stories.assembly import Draft, assemble, take_phrases
from pipeline.extract.stories.found import Found, join_spans, spans_of
from pipeline.extract.stories.phrases import Phrases, read_phrases
from pipeline.extract.stories.units import join_parts
from pipeline.stories import Block
from pipeline.text.sentences import plain

#: Characters of a narrative that are read to see whether it is one.
_REACH = 3000
#: The older form, a line or more each: "In order to …", "A writer", "Should be able to …"; who may
#: stand on the line of what they need.
_BY_LINES = re.compile(
    r"\s*(?:In\s+order\s+(?:to|that)|So\s+that|To)\s+(?P<benefit>(?:(?!\s*As\s)[^\n]+\n){1,3}?)"
    r"[ \t]*(?P<story>(?!(?:I|we)\b)(?:(?:an?|the|any|every|each|all)\s+)?"
    r"[^\W\d_][^\n.,;:!?]{1,60}?(?:\n|(?=[ \t]))[ \t]*"
    r"(?:(?:should|must|shall|will|can)|(?:wants?|needs?|wish(?:es)?)\b|would\s+like)\b.+)",
    re.IGNORECASE | re.DOTALL,
)


def find_in_features(text: str, blocks: Sequence[Block]) -> Iterator[Found]:
    """The stories of a feature file's blocks, as :mod:`.gherkin` reads them."""
    starts = [n for n, b in enumerate(blocks) if b.kind == "heading" and b.level == FEATURE]
    starts = starts or [0]
    if not blocks:
        return
    for first, after in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield from _read_feature(text, blocks[first:after])


def _read_feature(text: str, blocks: Sequence[Block]) -> Iterator[Found]:
    parts = _split(blocks)
    head = parts[0] if parts and parts[0][0].level in (0, FEATURE) else []
    told = _read_narrative(text, head)
    if told is None:
        yield from _read_scenarios(text, parts)
        return
    rule = ""
    for part in parts[1:]:
        opening = part[0]
        if opening.level == RULE:
            rule = _name(text, opening)
            told.body += [plain(text[b.start : b.end]) for b in part[1:] if b.kind == "paragraph"]
            if not any(p[0].level == SCENARIO for p in parts):
                told.criteria.append(rule)
        elif opening.level == BACKGROUND:
            told.body.append(_criterion(text, part))
        elif opening.level == SCENARIO:
            words = _criterion(text, part)
            if words:
                told.criteria.append(f"{rule}: {words}" if rule else words)
        else:
            told.body.append(_criterion(text, part))
    yield Found(
        "agile",
        spans_of(blocks, text),
        blocks[0].locator if blocks[0].kind == "heading" else head[0].locator,
        told,
    )


def _split(blocks: Sequence[Block]) -> list[list[Block]]:
    """A list of blocks for the feature's head and each background, rule and scenario (with its
    examples)."""
    parts: list[list[Block]] = []
    for block in blocks:
        new = block.kind == "heading" and (
            block.level != EXAMPLES or not parts or parts[-1][0].level != SCENARIO
        )
        if new or not parts:
            parts.append([block])
        else:
            parts[-1].append(block)
    return parts


def _read_narrative(text: str, head: Sequence[Block]) -> Draft | None:
    """The feature's description read as a story; None when it tells none."""
    described = join_parts(text, [b for b in head if b.kind not in ("heading", "meta")])
    opening = next((n for n, b in enumerate(described) if _opens(text, b)), None)
    if opening is None:
        return None
    told = Draft()
    for block in described[:opening]:
        told.body.append(plain(text[block.start : block.end]))
    first = described[opening]
    if by_lines := _read_by_lines(text[first.start : first.end]):
        take_phrases(told, by_lines)
        opening += 1
    assemble(text, described[opening:], expected=True, draft=told)
    if not told.told or told.template:
        return None
    if head[0].kind == "heading" and (name := _name(text, head[0])):
        told.title, told.body = name, ([told.title] if told.title else []) + told.body
    return told


def _opens(text: str, block: Block) -> bool:
    """A narrative somewhere in a paragraph of a feature's description."""
    raw = text[block.start : block.end]
    if _read_by_lines(raw):
        return True
    # A sentence reaches so far and no further: reading on to the end of a long description, again
    # for each of its lines, would take quadratic time.
    position = 0
    for line in raw.splitlines(keepends=True):
        if line.strip() and read_phrases(raw[position : position + _REACH]) is not None:
            return True
        position += len(line)
    return False


def _read_by_lines(raw: str) -> Phrases | None:
    """A narrative whose lines are the purpose, who, and what they should be able to do."""
    lines = _BY_LINES.match(raw[:_REACH])
    told = read_phrases(lines["story"], expected=True) if lines else None
    if lines is None or told is None or not told.role or told.benefit:
        return None
    return replace(told, benefit=plain(lines["benefit"]).rstrip(" ,;:."), strict=True)


def _read_scenarios(text: str, parts: Sequence[Sequence[Block]]) -> Iterator[Found]:
    shared: list[Sequence[Block]] = []
    background: list[Sequence[Block]] = []
    in_rule = False
    for part in parts:
        if part[0].level == BACKGROUND and part[0].kind == "heading":
            background = [*shared, part] if in_rule else [part]
            shared = shared if in_rule else [part]
        elif part[0].level == RULE:
            background, in_rule = shared, True
        elif part[0].level == SCENARIO and part[0].kind == "heading":
            described = _count_described(part[1:])
            steps = _steps(text, part[1 + described :])
            if not steps or part[1 + described].level == EXAMPLES:
                continue  # examples of no step tell nothing
            draft = Draft(title=_name(text, part[0]), criteria=[steps], strict=True)
            draft.body += [
                plain(text[block.start : block.end])
                for block in part[1 : 1 + described]
                if block.kind == "paragraph"
            ]
            draft.body += [_criterion(text, each) for each in background]
            spans = join_spans(*(spans_of(each, text) for each in background), spans_of(part, text))
            yield Found("scenario", spans, part[0].locator, draft)


def _count_described(blocks: Sequence[Block]) -> int:
    """How many of a scenario's blocks describe it: what stands before its first step, if it has
    one. Lines between steps are steps whose keyword is none."""
    if not any(block.kind == "step" for block in blocks):
        return 0
    return next(n for n, b in enumerate(blocks) if b.kind not in ("paragraph", "meta"))


def _name(text: str, heading: Block) -> str:
    """A heading without its keyword."""
    words = plain(text[heading.start : heading.end])
    return words.partition(":")[2].strip()


def _criterion(text: str, part: Sequence[Block]) -> str:
    """ "Name: Given …; When …; Then …", the keyword standing in for a missing name."""
    name = (
        _name(text, part[0])
        if part[0].level == SCENARIO
        else plain(text[part[0].start : part[0].end]).rstrip(":")
    )
    steps = _steps(text, part[1:])
    return f"{name}: {steps}" if name and steps else name or steps


def _steps(text: str, blocks: Sequence[Block]) -> str:
    """Steps joined by "; ", tables and texts set right after the step they belong to."""
    words = ""
    for block in blocks:
        said = (
            plain(text[block.start : block.end])
            if block.kind != "code"
            else " ".join(text[block.start : block.end].split())
        )
        if block.kind == "meta" or not said:
            continue
        if block.kind in ("row", "code"):
            words = f"{words} {said}".strip()
        else:
            words = f"{words}; {said}" if words else said
    return words
