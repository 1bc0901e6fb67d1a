"""Stories in prose: under their own headings, in lists, in paragraphs, line by line.

A document is read as a tree of headed sections. A heading that announces a story ("Story 3:
Refunds", any heading under "User stories") makes its whole section one story. Elsewhere a story
is a story sentence with what hangs on it: nested items, a list of criteria, a scenario.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from pipeline.extract.stories import outline as headings
from pipeline.extract.stories.assembly import Draft, assemble
from pipeline.extract.stories.found import Found, join_spans, spans_of
from pipeline.extract.stories.leads import is_criteria_label, split_heading, split_lead
from pipeline.extract.stories.outline import (
    PROPERTIES,
    ROLE_WORDS,
    SOMEONE_WANTS,
    WANTS,
    Section,
    hanging_on,
    is_beside_story,
    label_in,
    outline,
    wants_below,
)
from pipeline.extract.stories.phrases import read_phrases
from pipeline.extract.stories.story_lists import (
    add_siblings,
    find_listed,
    is_requirement,
    read_requirements,
    requirements_in_rows,
)
from pipeline.extract.stories.story_rows import find_in_rows
from pipeline.extract.stories.units import Unit, split_units
from pipeline.stories import Block, Span, StoryKind, count_words
from pipeline.text.sentences import plain

#: So many sections (notes, a description) may stand between a story and its criteria.
_BETWEEN = 6
#: A headed introduction of fewer words tells no story of its own.
_INTRODUCTION_WORDS = 15


def find_in_sections(
    text: str,
    blocks: Sequence[Block],
    unescape: Callable[[str], str] = str,
    *,
    ears: bool = False,
    records: bool = False,
) -> Iterator[Found]:
    """The stories of a document's blocks, in order.

    Args:
        unescape: for its table cells.
        ears: shall-sentences count wherever they stand, not under "Requirements" only.
        records: its rows are a program's records.
    """
    reader = _Reader(text, unescape, records=records)
    yield from reader.read(outline(text, blocks), stories=False, shall=ears)


def _is_listed(block: Block) -> bool:
    return block.kind in ("item", "code") or (block.kind == "paragraph" and block.level > 0)


class _Reader:
    def __init__(self, text: str, unescape: Callable[[str], str], *, records: bool) -> None:
        self.text = text
        self.unescape = unescape
        self.records = records
        self.counted = (0, 0, 0)
        #: The label, no heading, that the stories read now stand below.
        self.label: tuple[str, ...] = ()

    def read(self, section: Section, *, stories: bool, shall: bool) -> Iterator[Found]:
        """The stories of a section. ``stories``: it stands under "User stories"; ``shall``: under
        "Requirements"."""
        title = self._title(section)
        is_list = headings.announces_stories(title)
        announced = (
            bool(title)
            and not is_list
            and (
                bool(headings.STORY.match(title)) or (stories and not headings.GENERAL.match(title))
            )
        )
        if section.heading and (announced or self._one_story(section, title, is_list)):
            story = self._headed(section)
            if story:
                yield from self._wishes_of(story, section)
                return
            if headings.STORY.match(title) and (told := self._introduction(section)):
                yield told
        inner = stories or is_list or announced
        shall = shall or headings.announces_requirements(title)
        own = list(self._own(section, inner, shall))
        below = [list(self.read(c, stories=inner, shall=shall)) for c in section.children]
        if is_list and own:
            own = add_siblings(self.text, section, own)
        elif is_list and not any(below):
            own = list(find_listed(self.text, section, title))
        elif stories and not own and headings.TOPIC.match(title) and not any(below):
            listed = find_listed(self.text, section, title)
            own = [found for found in listed if headings.ALLOWS.search(" ".join(found.draft.body))]
        groups = [own, *below]
        if any(groups):
            for index, child in enumerate(section.children):
                if not groups[index + 1] and is_criteria_label(self._title(child)):
                    self._hand_over(child, groups, index, section.children)
        self._take_first_criteria(section, groups)
        for group in groups:
            yield from group

    def _take_first_criteria(self, section: Section, groups: list[list[Found]]) -> None:
        """Give the criteria that a section begins with, below a label, to its only story."""
        own = [block for block in section.own if block.kind != "meta"]
        if sum(map(len, groups)) != 1 or not own or not is_criteria_label(self._raw(own[0])):
            return
        place = next(n for n, group in enumerate(groups) if group)
        first = groups[place][0].spans[0].start
        if first >= own[0].end:
            before = list(takewhile(lambda block: block.end <= first, own))
            groups[place] = [self._with_criteria(groups[place][0], before)]

    def _with_criteria(self, found: Found, blocks: Sequence[Block]) -> Found:
        assemble(self.text, blocks, draft=found.draft)
        return replace(found, spans=join_spans(found.spans, spans_of(blocks, self.text)))

    def _title(self, section: Section) -> str:
        return self._words(section.heading) if section.heading else ""

    def _hand_over(
        self,
        criteria: Section,
        groups: list[list[Found]],
        index: int,
        siblings: Sequence[Section],
    ) -> None:
        """Give the criteria of a section of their own to the one story of the section before it
        (notes and such between them passed over), or to the only one that there is."""
        assert criteria.heading is not None
        place = index
        while (
            place > max(0, index - _BETWEEN)
            and not groups[place]
            and self._is_inner(siblings[place - 1])
        ):
            place -= 1
        if not groups[place] and index < _BETWEEN:
            # Criteria may stand first; then there is but one story that they can be of.
            place = next((n for n, group in enumerate(groups) if group), index)
            if place < index or any(groups[place + 1 :]):
                return
        if len(groups[place]) != 1:
            return
        blocks = [criteria.heading, *criteria.blocks]
        groups[place] = [self._with_criteria(groups[place][0], blocks)]

    def _words(self, block: Block) -> str:
        return plain(self.text[block.start : block.end])

    def _raw(self, block: Block) -> str:
        return self.text[block.start : block.end]

    def _one_story(self, section: Section, title: str, is_list: bool) -> bool:
        """A section that begins with its only story sentence is that story, whatever its
        heading, unless the heading is one that any document has."""
        if is_list or headings.GENERAL.match(title):
            return False
        if section.heading and read_phrases(split_heading(title)[1]):
            return all(self._is_inner(child) for child in section.children)
        first = next((b for b in section.own if not self._says_of_itself(b)), None)
        if first is None or first.kind not in ("paragraph", "item"):
            return False
        units = split_units(self._raw(first))
        if not units or not units[0].whole or first.kind == "item":
            return False
        alone = sum(block.kind != "meta" for block in section.blocks) == 1
        if alone and section.heading and section.heading.level == 1 and not split_heading(title)[0]:
            # The title of a document that happens to hold one sentence is not the story's.
            return False
        return all(self._is_inner(child) for child in section.children)

    def _says_of_itself(self, block: Block) -> bool:
        """Whether a block is not text: a comment, tags, or the properties of a page."""
        return block.kind == "meta" or (
            block.kind == "paragraph" and PROPERTIES.fullmatch(self._raw(block)) is not None
        )

    def _spans(self, blocks: Sequence[Block], aside: Sequence[Block]) -> tuple[Span, ...]:
        """The runs of text that blocks cover, those that stand aside cut out."""
        if not aside:
            return spans_of(blocks, self.text)
        cut = aside[-1].start
        before = [b for b in blocks if b.start < cut]
        after = [b for b in blocks if b.start > cut]
        return join_spans(spans_of(before, self.text), spans_of(after, self.text))

    def _is_inner(self, child: Section) -> bool:
        title = self._title(child)
        return bool(headings.INNER.match(title)) or is_criteria_label(title)

    def _count_units(self, blocks: Sequence[Block]) -> int:
        count = 0
        for block in blocks:
            if block.kind in ("paragraph", "item", "heading"):
                count += sum(not unit.phrases.template for unit in split_units(self._raw(block)))
        return count

    def _headed(self, section: Section) -> Found | None:
        """The whole section as one story; None when it holds several or says nothing."""
        assert section.heading is not None
        aside = [b for b in section.own if b.kind == "paragraph" and self._says_of_itself(b)]
        blocks = [section.heading, *(b for b in section.blocks if b not in aside)]
        if any(headings.STORY.match(self._words(b)) for b in section.blocks if b.kind == "heading"):
            return None
        if self._count_units(blocks) > 1 or self._tells_in_rows(section.blocks):
            return None
        while blocks and blocks[-1].kind == "meta":
            blocks.pop()
        draft = assemble(self.text, blocks, expected=False)
        if draft.template:
            return None
        if not draft.told:
            draft = self._loosely(blocks, draft)
        said = [self._words(b) for b in blocks[1:] if b.kind not in ("meta", "heading")]
        if not draft.told and (
            not said
            or all(headings.SAYS_NOTHING.match(words) for words in said)
            or count_words(" ".join(said)) < 4
        ):
            return None
        kind: StoryKind = "agile" if draft.told else "narrative"
        place = section.heading.locator
        beside = [line.strip() for b in aside for line in self._raw(b).splitlines()]
        place = replace(place, beside=(*place.beside, *beside))
        return Found(kind, self._spans(blocks, aside), place, draft)

    def _wishes_of(self, story: Found, section: Section) -> Iterator[Found]:
        """The wishes, a list item each, of a headed story that names no other ("As an owner, I want
        to:"); the story itself where it does, or where nothing is listed."""
        draft = story.draft
        wants = [] if draft.goal or not draft.told else self._listed_wants(section)
        many = list(self._many_wants(*wants[0])) if wants else []
        if len(many) > 1:
            yield from many
            return
        if many and draft.criteria:
            told = many[0].draft
            draft.goal, draft.benefit = told.goal, told.benefit
            draft.criteria[:1] = []
            draft.body += told.body
        yield story

    def _listed_wants(self, section: Section) -> list[tuple[Block, Unit, list[Block]]]:
        """What leaves the wish open, its role, and the items right below it; empty where it is not
        a heading or the first paragraph that does."""
        assert section.heading is not None
        leads = [section.heading, *section.own[:1]]
        for at, lead in enumerate(leads):
            raw = self._raw(lead)
            said = read_phrases(split_lead(raw)[2], expected=bool(at))
            if said and said.role and not said.goal:
                below = list(takewhile(_is_listed, section.own[at:]))
                if below and below[0].kind == "item":
                    return [(lead, Unit(0, 0, len(raw), said, True), below)]
        return []

    def _tells_in_rows(self, blocks: Sequence[Block]) -> bool:
        """Whether a table below tells stories of its own."""
        rows = [block for block in blocks if block.kind == "row"]
        return bool(rows) and any(True for _ in self._in_rows(rows))

    def _in_rows(self, rows: Sequence[Block], *, expected: bool = False) -> Iterator[Found]:
        return find_in_rows(self.text, rows, self.unescape, expected=expected, records=self.records)

    def _introduction(self, section: Section) -> Found | None:
        """What a headed story tells before it lists several wishes, which are stories too."""
        assert section.heading is not None
        before = []
        for block in section.own:
            if block.kind not in ("paragraph", "item", "code") or split_units(self._raw(block)):
                break
            before.append(block)
        said = " ".join(self._words(b) for b in before if b.kind == "paragraph")
        if count_words(said) < _INTRODUCTION_WORDS:
            return None
        blocks = [section.heading, *before]
        draft = assemble(self.text, blocks, expected=False)
        return Found("narrative", spans_of(blocks, self.text), section.heading.locator, draft)

    def _loosely(self, blocks: Sequence[Block], strict: Draft) -> Draft:
        """A headed story whose first words are loose: "As a PM, dashboards …", "I need …"."""
        first = next((b for b in blocks[1:] if b.kind in ("paragraph", "item")), None)
        if first is None:
            return strict
        words = self._words(first)
        if re.match(r"As\s+an?\s", words) or WANTS.match(words) or SOMEONE_WANTS.match(words):
            return assemble(self.text, blocks, expected=True)
        return strict

    def _own(self, section: Section, expected: bool, shall: bool) -> Iterator[Found]:
        """Stories among a section's own blocks."""
        blocks = section.own
        index = 0
        self.label = ()
        while index < len(blocks):
            block = blocks[index]
            if block.kind == "row":
                after = index
                while after < len(blocks) and blocks[after].kind in ("row", "meta"):
                    after += 1
                rows = [b for b in blocks[index:after] if b.kind == "row"]
                told = self._in_rows(rows, expected=expected)
                if shall:
                    told = iter(list(told) or list(requirements_in_rows(self.text, rows)))
                yield from map(self._labelled, told)
                index = after
                continue
            raw = self._raw(block)
            if label := label_in(raw, block):
                self.label = (label,)
            if block.kind not in ("paragraph", "item"):
                index += 1
                continue
            units = split_units(raw, expected=expected)
            if not units and expected and (block.kind == "item" or headings.is_able(raw)):
                units = self._expected_unit(raw)
            elif not units and block.kind == "item" and is_beside_story(self.text, blocks, index):
                units = split_units(raw, expected=True)
            if units:
                wants = wants_below(self.text, units[-1], blocks, index)
                for unit in units[:-1] if wants else units:
                    last = unit is units[-1]
                    more = hanging_on(self.text, blocks, index) if last and unit.whole else []
                    yield from map(self._labelled, self._unit(block, unit, more))
                    index += len(more)
                if wants:
                    many = self._many_wants(self._part(block, units[-1]), units[-1], wants)
                    yield from map(self._labelled, many)
                    index += len(wants)
            elif shall and is_requirement(raw):
                more = hanging_on(self.text, blocks, index) if block.kind == "item" else []
                yield from read_requirements(self.text, block, more)
                index += len(more)
            elif section.heading and block.kind == "item" and WANTS.match(raw):
                more = hanging_on(self.text, blocks, index)
                told = self._under_role(section.heading, [block, *more])
                yield from map(self._labelled, told)
                index += len(more)
            index += 1

    def _labelled(self, found: Found) -> Found:
        """The story with the label that stands above it in its section."""
        if not self.label:
            return found
        under = (*found.locator.under, *self.label)
        return replace(found, locator=replace(found.locator, under=under))

    def _expected_unit(self, raw: str) -> tuple[Unit, ...]:
        if opened := headings.ABLE_TO.match(raw):  # "A trainer should be able to:" above a list
            told = read_phrases(f"{opened['said']} do it", expected=True)
            return (Unit(0, 0, len(raw), replace(told, goal=""), True),) if told else ()
        phrases = read_phrases(raw, expected=True)
        if phrases is None or not phrases.goal or not (phrases.role or phrases.benefit):
            return ()
        return (Unit(0, 0, len(raw), phrases, True),)

    def _unit(self, block: Block, unit: Unit, more: Sequence[Block]) -> Iterator[Found]:
        """One story sentence with the blocks that hang on it."""
        if unit.phrases.template or not unit.phrases.goal:
            return
        own = self._part(block, unit)
        draft = assemble(self.text, [own, *more], expected=True)
        if draft.told and not draft.template:
            yield Found("agile", spans_of([own, *more], self.text), own.locator, draft)

    def _part(self, block: Block, unit: Unit) -> Block:
        """The unit's own part of a block, with its own line."""
        start, end = block.start + unit.start, block.start + unit.end
        line = block.locator.line
        if line is not None:
            line += self._newlines(block.start, start)
        return Block(start, end, "paragraph", replace(block.locator, line=line))

    def _newlines(self, first: int, last: int) -> int:
        """Line ends between two places, counted on from the last answer: a block of ten thousand
        stories would otherwise be counted from its start ten thousand times."""
        start, end, count = self.counted
        if start != first or last < end:
            end, count = first, 0
        count += self.text.count("\n", end, last)
        self.counted = (first, last, count)
        return count

    def _many_wants(self, lead: Block, unit: Unit, wants: Sequence[Block]) -> Iterator[Found]:
        """One story a top-level item; the lead with the role is shared by all."""
        said = unit.phrases
        depth = wants[0].level
        position = 0
        while position < len(wants):
            after = position + 1
            while after < len(wants) and (
                wants[after].level > depth or wants[after].kind != "item"
            ):
                after += 1
            group = wants[position:after]
            words = self._words(group[0])
            glue = f"{said.goal.rstrip(':')} " if said.goal else ""
            own = glue == "" and re.match(r"(?:I|we)\b", words)
            told = read_phrases(words if own else f"I want {glue}{words}", expected=True)
            if told and told.goal and not said.template and not headings.SAYS_NOTHING.match(words):
                draft = Draft(role=said.role, goal=told.goal, benefit=told.benefit, strict=True)
                draft.key, draft.title, _ = split_lead(self._raw(lead))
                if told.after:
                    draft.body.append(told.after)
                assemble(self.text, group[1:], draft=draft)
                spans = join_spans([Span(lead.start, lead.end)], spans_of(group, self.text))
                yield Found("agile", spans, group[0].locator, draft)
            position = after

    def _under_role(self, heading: Block, blocks: Sequence[Block]) -> Iterator[Found]:
        """ "I need …, so …" below a heading that names the role."""
        told = read_phrases(self._raw(blocks[0]), expected=True)
        title = self._words(heading)
        if told is None or not told.goal or told.template or headings.GENERAL.match(title):
            return
        role = (
            ""
            if headings.STORIES.match(title)
            else ROLE_WORDS.sub("", ROLE_WORDS.sub("", title)).strip()
        )
        if count_words(role) > 8:
            return
        draft = Draft(role=told.role or role, goal=told.goal, benefit=told.benefit, strict=True)
        if told.after:
            draft.body.append(told.after)
        assemble(self.text, blocks[1:], draft=draft)
        shared = [Span(heading.start, heading.end)] if role else []
        spans = join_spans(shared, spans_of(blocks, self.text))
        yield Found("agile", spans, blocks[0].locator, draft)
