"""Lists under "User stories": items that are no story sentence, and are stories all the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pipeline.extract.stories import headings
from pipeline.extract.stories.assembly import assemble
from pipeline.extract.stories.found import Found, join_spans, spans_of
from pipeline.extract.stories.outline import Section
from pipeline.stories import Block, Span, count_words
from pipeline.text.sentences import plain

#: An item of fewer words is no story of its own.
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
            says_much = count_words(words) >= _ITEM_WORDS and not headings.SAYS_NOTHING.match(words)
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
    if headings.USE_CASES.match(title) or not blocks or section.heading is None:
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
    if count_words(said) >= 8 and not headings.SAYS_NOTHING.match(said):
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
