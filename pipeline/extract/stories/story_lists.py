"""Stories that stand in lists.

- Plain text of one story a line: there a line is a record, whatever it says.
- Items under "User stories" that are not a story sentence, and are stories all the same.
- Requirements in sentences with "shall" (EARS: "When …, the SYSTEM shall …"; Mavin 2009): narrative
  stories, word for word, for their subject is a thing, which has no role and no wish. They count
  where a heading says "Requirements", and elsewhere on request, as contracts say "shall".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories import outline
from pipeline.extract.stories.assembly import Draft, add_criterion, assemble
from pipeline.extract.stories.found import Found, join_spans, spans_of
from pipeline.extract.stories.leads import levelled_key, split_heading
from pipeline.extract.stories.outline import Section
from pipeline.extract.stories.units import split_units
from pipeline.stories import Block, Span, count_words, normalise
from pipeline.text.sentences import plain, sentence_ends

#: So many lines make a list, and so large a part of them begins a story sentence each.
_LINES = 10
_SHARE = 0.9


def find_in_list(text: str, blocks: Sequence[Block]) -> tuple[list[Block], list[Found]]:
    """The blocks of a text cut at the lines that are not a story sentence, and those lines.

    Such a line counts as a story of its own ("agile"), because its place in the list says so, and
    is never the end of the story above it. Its words stay together in the body: no role and no
    wish can be read from them. A text that is not a list of one story a line comes back as it is:
    headings or items in it, fewer than ten lines, paragraphs of fewer than ten lines on average,
    or fewer than nine lines in ten that begin a role–goal story.
    """
    count = sum(text.count("\n", block.start, block.end) + 1 for block in blocks)
    if count < _LINES * max(len(blocks), 1) or any(b.kind != "paragraph" for b in blocks):
        return list(blocks), []
    others: list[Block] = []
    cut: list[Block] = []
    for block in blocks:
        run: Block | None = None
        for line in _lines(text, block):
            if _is_story(text[line.start : line.end]):
                run = replace(run, end=line.end) if run else replace(line, level=block.level)
                continue
            others.append(line)
            if len(others) > count * (1 - _SHARE):
                return list(blocks), []
            cut += [run] if run else []
            run = None
        cut += [run] if run else []
    return cut, [story for line in others if (story := _own_story(text, line))]


def _own_story(text: str, line: Block) -> Found | None:
    """A line's words as a story; None for a line of marks only, which says nothing."""
    words = plain(text[line.start : line.end])
    if not normalise(words):
        return None
    return Found("agile", (Span(line.start, line.end),), line.locator, Draft(body=[words]))


def _lines(text: str, block: Block) -> Iterator[Block]:
    """A paragraph's lines, each with its own number."""
    position = block.start
    for offset, line in enumerate(text[block.start : block.end].split("\n")):
        stripped = line.strip()
        if stripped:
            start = position + line.index(stripped)
            number = block.locator.line
            place = replace(block.locator, line=number + offset if number is not None else None)
            yield Block(start, start + len(stripped), "paragraph", place)
        position += len(line) + 1


def _is_story(line: str) -> bool:
    """The line opens with one role–goal story, after a key or number at most."""
    units = split_units(line)
    return bool(
        units
        and units[0].start == 0
        and units[0].phrases.role
        and units[0].phrases.goal
        and not units[0].phrases.template
    )


#: An item of fewer words is not a story of its own.
_ITEM_WORDS = 5


def add_siblings(text: str, section: Section, own: list[Found]) -> list[Found]:
    """Of a list under "User stories" in which some items are stories, the others, too: a
    narrative each."""
    taken = join_spans(span for found in own for span in found.spans)

    def is_free(block: Block) -> bool:
        after = bisect_left(taken, (block.end,))
        return after == 0 or taken[after - 1].end <= block.start

    more = []
    for run in _runs(section.own):
        depth = run[0].level
        tops = [n for n, block in enumerate(run) if block.level == depth]
        if all(is_free(run[n]) for n in tops):
            continue
        for position, after in zip(tops, [*tops[1:], len(run)], strict=True):
            block = run[position]
            words = _words(text, block)
            says_much = count_words(words) >= _ITEM_WORDS and not outline.SAYS_NOTHING.match(words)
            if not (is_free(block) and says_much):
                continue
            group = run[position:after]
            draft = assemble(text, group, expected=False)
            more.append(Found("narrative", spans_of(group, text), block.locator, draft))
    return sorted([*own, *more], key=lambda found: found.spans) if more else own


def find_listed(text: str, section: Section, title: str) -> Iterator[Found]:
    """What stands under "User stories" without any story sentence: an item a narrative, or
    all of it one narrative."""
    blocks = [b for b in section.own if b.kind != "meta"]
    if outline.USE_CASES.match(title) or not blocks or section.heading is None:
        return
    tops = [n for n, b in enumerate(blocks) if b.kind == "item" and b.level == 1]
    if tops:
        for start, after in zip(tops, [*tops[1:], len(blocks)], strict=True):
            group = blocks[start:after]
            while group[-1].level == 0 and len(group) > 1:
                group = group[:-1]
            if count_words(_words(text, group[0])) >= _ITEM_WORDS:
                draft = assemble(text, group, expected=False)
                yield Found("narrative", _run(text, section, group), group[0].locator, draft)
        return
    if section.children or section.heading.level > 6:
        return  # what leads in the sections below, or stands behind a label in running text
    said = " ".join(_words(text, b) for b in blocks if b.kind == "paragraph")
    if count_words(said) >= 8 and not outline.SAYS_NOTHING.match(said):
        draft = assemble(text, blocks, expected=False)
        yield Found("narrative", _run(text, section, blocks), blocks[0].locator, draft)


def _run(text: str, section: Section, blocks: Sequence[Block]) -> tuple[Span, ...]:
    """The spans of blocks from which meta blocks were taken: those still break a run."""
    first, last = blocks[0].start, blocks[-1].start
    return spans_of([b for b in section.own if first <= b.start <= last], text)


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Lists: items, with what is set below them, up to what is neither."""
    run: list[Block] = []
    for block in blocks:
        if block.kind == "item" or (run and block.level >= run[0].level):
            run.append(block)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _words(text: str, block: Block) -> str:
    return plain(text[block.start : block.end])


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


def requirements_in_rows(text: str, rows: Sequence[Block]) -> Iterator[Found]:
    """The requirements of a table, a row each, under the key that stands beside them."""
    for row in rows:
        told = [Span(a, b) for _, a, b in row.columns if is_requirement(text[a:b])]
        keys = [Span(a, b) for name, a, b in row.columns if column_role(name) == "key" and a < b]
        if told:
            draft = Draft(body=[plain(text[a:b]) for a, b in told], strict=True)
            draft.key = plain(text[slice(*keys[0])]) if keys else ""
            yield Found("narrative", join_spans([*keys[:1], *told]), row.locator, draft)


def _begins(raw: str) -> bool:
    words = plain(raw)
    if _SHALL.match(words):
        return True
    rest = split_heading(words)[1]
    return rest != words and _SHALL.match(rest) is not None
