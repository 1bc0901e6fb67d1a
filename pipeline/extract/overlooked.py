"""What looks like stories and was read as none, said with its lines and what would read it.

Silence is the worst a reader can do: a document of ten stories of which nine go unread looks like
a document of one. So every document is judged by what is left over once its stories are taken out:
lines that wish or serve a purpose, where they are many among their neighbours; items beside
stories; rows that a table calls stories; a heading that announces stories above none.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories import outline
from pipeline.extract.stories.found import join_spans
from pipeline.extract.stories.purposes import is_thing
from pipeline.extract.stories.story_lists import is_requirement
from pipeline.extract.stories.story_rows import STORY_TYPE
from pipeline.extract.stories.units import may_tell, split_units
from pipeline.stories import Block, Document, Span, Story, count_inked, count_words, normalise
from pipeline.text.sentences import plain

#: Fewer lines of one section that only may be stories are a way of writing, not a list of wishes.
_LEAST = 3
#: So large a part of a section's lines has to look like stories.
_SHARE = 0.5
#: A line of more words is a paragraph of prose, whatever it says.
_WORDS = 60
_NAMED = 5
#: A line that looks like a story does so within so many characters.
_REACH = 200

_PURPOSE = re.compile(
    r"\b(?:so\s+that|so\s+(?:I|we|they)\b|in\s+order\s+(?:to|that)|damit|sodass|afin\s+(?:de|que|d['’])|"
    r"para\s+que|affinché|zodat)\b",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"(?P<actor>(?:(?:an?|the|all|any|every|each)\s+)?[A-Za-z][\w'’/-]*(?:\s+[\w'’/-]+){0,3}?)\s+"
    r"(?:should\s+be\s+able\s+to|would\s+like\s+to|wants?\s+to|wish(?:es)?\s+to|needs?\s+to|must\s+be\s+able\s+to)\s",
    re.IGNORECASE,
)
_I_WISH = re.compile(r"(?:I|we)\s+(?:want|need|wish|would\s+like)\b", re.IGNORECASE)


#: What every line that looks like a story holds: most sections need no closer look.
_HINT = re.compile(
    r"\b(?=[salwnISWdDzpi])(?:shall|(?:able|like|wants?|wish(?:es)?|needs?)\s+to|(?:I|[Ww]e)\s+(?:want|need|wish|would)|"
    r"[Ss]o\s+(?:that|I|we|they)|[Ii]n\s+order\s+t|[Dd]amit|sodass|afin|para\s+que|affinché|zodat)\b"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way to look like a story. ``advice``: what would read it."""

    says: str
    advice: str
    fits: Callable[[str], bool]


def _wishes(words: str) -> bool:
    match = _WISH.match(words)
    if match and not is_thing(match["actor"]):
        return True
    return _I_WISH.match(words) is not None


#: The patterns are those of ``--pattern``, which makes a story of each line that they match.
_KINDS = (
    _Kind("shall-sentences", r"--pattern '\bshall\b'", is_requirement),
    _Kind(
        "lines that say who wants what",
        r"--pattern '(wants?|needs?|would like|able) to'",
        lambda raw: _wishes(plain(raw)),
    ),
    _Kind(
        "lines that say what something is for",
        r"--pattern 'so that|in order to'",
        lambda raw: _PURPOSE.search(raw) is not None,
    ),
)
_COLUMNS = 'columns named "As a", "I want to" and "So that" are'


def judge(document: Document, stories: Sequence[Story], residue: Sequence[Span]) -> str:
    """What to say of the text that is in no story, "" when there is nothing to say."""
    if document.format == "gherkin" or not document.text:
        return ""
    judged = _Judge(document, stories)
    said = [*judged.lines(), *judged.rows(), *judged.items(), *judged.announced()]
    if not said:
        return ""
    whole = Span(0, len(document.text))
    left = count_inked(document.text, residue) / max(1, count_inked(document.text, [whole]))
    return "; ".join([*said, f"{left:.0%} of its text is in no story"])


class _Judge:
    def __init__(self, document: Document, stories: Sequence[Story]) -> None:
        self.document = document
        self.text = document.text
        self.stories = stories
        self.taken = join_spans(span for story in stories for span in story.source.spans)
        self.said: set[int] = set()

    def _is_left(self, block: Block) -> bool:
        """Whether a block is in no story."""
        after = bisect_left(self.taken, (block.end,))
        return after == 0 or self.taken[after - 1].end <= block.start

    def _raw(self, block: Block) -> str:
        return self.text[block.start : block.end]

    def lines(self) -> Iterator[str]:
        """Lines that look like stories, where they are many in their section."""
        found: dict[_Kind, list[Block]] = {}
        for section in self._sections():
            hinted = [block for block in section if self._is_hinted(block)]
            if len(hinted) < _LEAST:
                continue
            left = [block for block in section if self._is_left(block)]
            for kind in _KINDS:
                like = [b for b in hinted if self._is_like(b, kind) and self._is_left(b)]
                if len(like) >= _LEAST and len(like) >= len(left) * _SHARE:
                    found.setdefault(kind, []).extend(like)
                    break
        for kind, blocks in found.items():
            self.said.update(block.start for block in blocks)
            yield (
                f"{_subject(blocks, 'looks', 'look')} like stories ({kind.says}), read as none: "
                f"{kind.advice} reads them"
            )
        coded = [block for block in self.document.blocks if self._is_coded(block)]
        if coded:
            yield f"{_subject(coded, 'holds', 'hold')} story sentences set as code, read as none"

    def _sections(self) -> Iterator[list[Block]]:
        """The paragraphs and items below each heading."""
        section: list[Block] = []
        for block in self.document.blocks:
            if block.kind == "heading":
                yield section
                section = []
            elif block.kind in ("paragraph", "item"):
                section.append(block)
        yield section

    def _is_hinted(self, block: Block) -> bool:
        """Whether a closer look is worth its time: by its first words, where it is short."""
        start = block.start
        if block.end - start > _WORDS * 12:
            return False
        return _HINT.search(self.text, start, min(block.end, start + _REACH)) is not None

    def _is_like(self, block: Block, kind: _Kind) -> bool:
        raw = self._raw(block)
        return count_words(raw) <= _WORDS and kind.fits(raw)

    def _is_coded(self, block: Block) -> bool:
        return (
            block.kind == "code"
            and may_tell(self._raw(block))
            and self._is_left(block)
            and any(
                unit.phrases.strict and unit.phrases.goal for unit in split_units(self._raw(block))
            )
        )

    def rows(self) -> Iterator[str]:
        """Rows that their table calls stories, or whose cells wish, and that tell none."""
        left = [b for b in self.document.blocks if b.kind == "row" and self._is_left(b)]
        called = [block for block in left if is_called_story(self.text, block)]
        if called:
            yield f"{_subject(called, 'is', 'are')} said to be stories, in no form known here"
        named = {block.start for block in called}
        wishing = [b for b in left if b.start not in named and wishes_in_cells(self.text, b)]
        if len(wishing) >= _LEAST:
            yield f"{_subject(wishing, 'looks', 'look')} like stories, read as none: {_COLUMNS}"

    def items(self) -> Iterator[str]:
        """Items in none beside items that are stories, where they are the greater part."""
        left: list[Block] = []
        for run in self._runs():
            mine = [block for block in run if self._is_left(block) and block.start not in self.said]
            if len(mine) >= _LEAST and len(mine) * 2 >= len(run) and len(mine) < len(run):
                left += mine
        if left:
            self.said.update(block.start for block in left)
            yield (
                f"{_subject(left, 'stands', 'stand')} beside stories, read as none: --pattern with "
                "what they begin with reads them"
            )

    def _runs(self) -> Iterator[list[Block]]:
        """Lists: items of one level with nothing of a higher one between them."""
        run: list[Block] = []
        for block in self.document.blocks:
            if block.kind == "item" and (not run or block.level == run[0].level):
                run.append(block)
            elif run and (block.kind == "heading" or block.level <= run[0].level):
                yield run
                run = [block] if block.kind == "item" else []
        yield run

    def announced(self) -> Iterator[str]:
        """A heading that announces stories, with words below it and no story."""
        blocks = self.document.blocks
        for index, block in enumerate(blocks):
            if block.kind != "heading" or not outline.announces_stories(self._raw(block)):
                continue
            below = list(_section(blocks, index))
            words = " ".join(self._raw(b) for b in below if b.kind in ("paragraph", "item", "row"))
            if (
                below
                and count_words(words[:2000]) >= 8
                and all(self._is_left(b) for b in below)
                and not outline.SAYS_NOTHING.match(plain(words[:2000]))
            ):
                place = _places([block])
                yield f"nothing below {place} ({plain(self._raw(block))[:60]}) was read as a story"


def is_called_story(text: str, row: Block) -> bool:
    """Whether a row's table calls it a story."""
    for name, start, end in row.columns:
        holds = column_role(name)
        if start < end and holds in ("type", "story"):
            words = text[start:end]
            if normalise(words) != normalise(name) and (
                STORY_TYPE.match(words) if holds == "type" else count_words(words) >= 4
            ):
                return True
    return False


def wishes_in_cells(text: str, row: Block) -> bool:
    """Whether a cell of a row begins as a wish or a purpose does."""
    cells = (text[start:end] for _, start, end in row.columns if end - start < 600)
    return any(_I_WISH.match(cell) or _PURPOSE.match(cell) for cell in cells)


def _section(blocks: Sequence[Block], index: int) -> Iterator[Block]:
    """The blocks below a heading, up to the next of its level."""
    for position in range(index + 1, len(blocks)):
        block = blocks[position]
        if block.kind == "heading" and block.level <= blocks[index].level:
            return
        yield block


def _subject(blocks: Sequence[Block], one: str, several: str) -> str:
    """The places of some blocks with the verb for so many."""
    return f"{_places(blocks)} {one if len(blocks) == 1 else several}"


def _places(blocks: Sequence[Block]) -> str:
    """ "9 lines (3, 5, 7, 8, 9 …)", rows by their sheet."""
    first = blocks[0].locator
    noun, numbers = "line", [block.locator.line for block in blocks]
    if blocks[0].kind == "row" and first.row is not None:
        noun, numbers = "row", [block.locator.row for block in blocks]
    elif first.line is None:
        noun, numbers = ("page", [block.locator.page for block in blocks])
    known = list(dict.fromkeys(n for n in numbers if n is not None))
    named = ", ".join(map(str, known[:_NAMED])) + (" …" if len(known) > _NAMED else "")
    sheet = f" of sheet {first.sheet}" if first.sheet else ""
    if noun == "page" and not known:
        return f"{len(blocks)} line{'s' * (len(blocks) > 1)}"
    if noun == "page":
        where = f"page{'s' if len(known) > 1 else ''} {named}"
        return f"{len(blocks)} line{'s' * (len(blocks) > 1)} on {where}"
    if len(blocks) == 1:
        return f"{noun} {named}{sheet}" if named else f"1 {noun}{sheet}"
    return f"{len(blocks)} {noun}s ({named}){sheet}" if named else f"{len(blocks)} {noun}s{sheet}"
