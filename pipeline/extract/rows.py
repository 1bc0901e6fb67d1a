"""Stories in tables: a row a story, a row of three columns, or a table standing on its side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.extract.assembly import Draft, add_criterion, add_inline_criteria, assemble
from pipeline.extract.cell_words import Flavour, flavour_of, read_cell_words
from pipeline.extract.fields import field_role
from pipeline.extract.found import Found, join_spans, read_date
from pipeline.extract.leads import is_criteria_label, split_lead
from pipeline.extract.markup import read_blocks
from pipeline.extract.names import key_rank
from pipeline.extract.phrases import Phrases, is_placeholder, read_phrases
from pipeline.extract.sentences import plain
from pipeline.extract.tables import column_role
from pipeline.extract.units import split_units
from pipeline.extract.wiki import has_jira_columns
from pipeline.stories import Block, Span, normalise

_ROLE_LABEL = re.compile(r"(?:as\s+an?|as|role|who|user|persona|actor)\W*$", re.I)
_GOAL_LABEL = re.compile(
    r"(?:i\s+(?:want|need|would\s+like)(?:\s+to)?(?:\s+be\s+able\s+to)?|goal|what|want)\W*$", re.I
)
_BENEFIT_LABEL = re.compile(r"(?:so(?:\s+that)?|in\s+order\s+to|benefit|why)\W*$", re.I)
_STORY_TYPE = re.compile(r".*\b(?:stor(?:y|ies)|requirement|product backlog item)\b", re.I)
_AS = re.compile(r"^as\s+(?:an?\s+|the\s+)?", re.I)
_SO = re.compile(r"^(?:so\s+(?:that\s+)?|in\s+order\s+to\s+)", re.I)
#: Where a story's own words are looked for, the likeliest column first.
_TOLD_IN = ("story", "description", "title", "")
#: Columns that say something of the story itself; the others (status, labels …) stay residue.
_TELLING = ("story", "title", "description", "criteria", "notes", "role", "goal", "benefit")
#: A story sentence has to begin within this many lines of a cell.
_WITHIN_LINES = 12
_REACH = 4000


@dataclass(frozen=True, slots=True)
class _Cell:
    """``holds``: what its column holds (see :func:`field_role`); ``words``: its value, marked up
    as ``flavour`` says."""

    holds: str
    name: str
    span: Span
    words: str
    flavour: Flavour


def find_in_rows(
    text: str, rows: Sequence[Block], unescape: Callable[[str], str] = str
) -> Iterator[Found]:
    """The stories of a run of row blocks (one table).

    Args:
        unescape: undoes what a file format does to a cell's text (doubled quotes, ``\\n``).
    """
    index = 0
    above: Found | None = None
    wiki = any(has_jira_columns(name for name, _, _ in row.columns) for row in rows[:50])
    while index < len(rows):
        upright, used = _read_sideways(text, rows, index)
        if upright:
            if above is not None:
                yield above
                above = None
            yield upright
            index += used
            continue
        cells = [
            _cell(name, Span(start, end), unescape(text[start:end]), wiki)
            for name, start, end in rows[index].columns
            if start < end
        ]
        found = _read_row(cells, rows[index])
        if above is not None and found is None and _goes_on(cells):
            above = _join_row(above, cells)
        else:
            if above is not None:
                yield above
                above = None
            if found is not None:
                *told, above = _split(found, cells, text)
                yield from told
        index += 1
    if above is not None:
        yield above


def _goes_on(cells: Sequence[_Cell]) -> bool:
    """Whether a row only adds to the story of the row above: criteria or notes, and no words in a
    column that begins one."""
    holds = {cell.holds for cell in cells}
    return bool(holds & {"criteria", "notes"}) and not holds - {"criteria", "notes", "type", ""}


def _join_row(above: Found, cells: Sequence[_Cell]) -> Found:
    """The story with the cells of a row that goes on with it."""
    for cell in cells:
        if cell.holds in ("criteria", "notes"):
            _read_more(cell, above.draft)
    added = [cell.span for cell in cells if cell.holds in ("criteria", "notes")]
    return replace(above, spans=join_spans(above.spans, added))


def _cell(name: str, span: Span, raw: str, wiki: bool) -> _Cell:
    words = read_cell_words(raw, wiki=wiki)
    return _Cell(field_role(name), name, span, words, flavour_of(words, wiki=wiki))


def _split(found: Found, cells: Sequence[_Cell], text: str) -> Iterator[Found]:
    """The stories of a row, of which one cell may tell several."""
    from pipeline.extract.sections import find_in_sections  # which reads rows, too

    telling = next((c for c in cells if c.holds in _TOLD_IN and _count_stories(c) > 1), None)
    if telling is None or telling.span not in found.told_in:
        yield found
        return
    blocks = read_blocks(telling.words, telling.flavour)
    each = [one for one in find_in_sections(telling.words, blocks) if one.kind == "agile"]
    starts = _places(telling, [one.spans[0] for one in each], text)
    if len(each) < 2 or starts is None:
        yield found
        return
    for number, (one, start) in enumerate(zip(each, starts, strict=True)):
        end = starts[number + 1] if number + 1 < len(starts) else telling.span.end
        while end > start and text[end - 1].isspace():
            end -= 1
        draft = one.draft
        draft.key = draft.key or found.draft.key
        shared = [span for span in found.spans if span.end <= telling.span.start]
        yield replace(
            found, draft=draft, spans=join_spans(shared if number == 0 else [], [Span(start, end)])
        )


def _count_stories(cell: _Cell) -> int:
    return sum(
        unit.phrases.strict and not unit.phrases.template
        for block in read_blocks(cell.words, cell.flavour)
        if block.kind in ("paragraph", "item")
        for unit in split_units(cell.words[block.start : block.end])
    )


def _places(cell: _Cell, spans: Sequence[Span], text: str) -> list[int] | None:
    """Where the stories of a cell begin in the document's own text, which may be marked up or
    escaped; None where a place cannot be found."""
    starts = []
    position = cell.span.start
    for span in spans:
        first = re.findall(r"\w+", cell.words[span.start : span.end])[:5]
        glue = r"(?:\\[nrt]|\W|<[^<>]*>|&\w+;)+"
        shape = re.compile(rf"(?:(?<!\w)|(?<=\\[nrt])){glue.join(map(re.escape, first))}")
        match = shape.search(text, position, cell.span.end)
        if match is None:
            return None
        starts.append(match.start())
        position = match.end()
    return starts


def _read_sideways(text: str, rows: Sequence[Block], first: int) -> tuple[Found | None, int]:
    """A vertical table: "As a | customer", "I want | …", "So that | …", one label a row."""
    if first + 1 >= len(rows) or not 2 <= len(rows[first].columns) <= 3:
        return None, 0
    if not _ROLE_LABEL.match(_label(text, rows[first])):
        return None, 0
    if not _GOAL_LABEL.match(_label(text, rows[first + 1])) or len(rows[first + 1].columns) < 2:
        return None, 0
    draft = Draft(role=plain(_value(text, rows[first])).strip(" ,."), strict=True)
    goal = _value(text, rows[first + 1])
    told = _read_wish(goal)
    draft.goal = told.goal if told else plain(goal)
    if told:
        draft.benefit = told.benefit
        draft.body += [told.after] if told.after else []
    used = [rows[first], rows[first + 1]]
    for row in rows[first + 2 : first + 22]:
        label = _label(text, row)
        if _ROLE_LABEL.match(label) or len(row.columns) < 2:
            break
        value = _value(text, row)
        if _BENEFIT_LABEL.match(label):
            draft.benefit = plain(value).rstrip(" .")
        elif column_role(label) == "criteria":
            _read_criteria(value, draft)
        elif column_role(label) == "key":
            draft.key = plain(value)
        else:
            draft.body.append(f"{plain(label)}: {plain(value)}")
        used.append(row)
    if not draft.role or not draft.goal or is_placeholder(draft.role):
        return None, 0
    spans = tuple(Span(row.start, row.end) for row in used)
    return Found("agile", spans, rows[first].locator, draft), len(used)


def _label(text: str, row: Block) -> str:
    _, start, end = row.columns[0]
    return text[start:end]


def _value(text: str, row: Block) -> str:
    if len(row.columns) < 2:
        return ""
    _, start, end = row.columns[1]
    return text[start:end]


def _read_row(cells: Sequence[_Cell], row: Block) -> Found | None:
    """One story in one row, whichever columns it is spread over."""
    if all(cell.words == cell.name for cell in cells):
        return None  # the header itself
    first = {cell.holds: cell for cell in reversed(cells)}
    if keys := [cell for cell in cells if cell.holds == "key"]:
        first["key"] = min(keys, key=lambda cell: key_rank(cell.name))
    if "role" in first and "goal" in first:
        draft = _read_columns(first)
        used = {first[holds].span for holds in ("role", "goal", "benefit") if holds in first}
        told_in: frozenset[Span] = frozenset()
    else:
        draft, telling = _read_telling(cells, first)
        used = {telling.span} if telling else set()
        told_in = frozenset(used)
    if draft is None or draft.template or not draft.told:
        return None
    for cell in cells:
        if cell.span not in used and cell.holds in _TELLING:
            _read_more(cell, draft)
            used.add(cell.span)

    def words(holds: str) -> str:
        return plain(first[holds].words) if holds in first else ""

    draft.key = draft.key or words("key")
    written = read_date(words("date")) or read_date(words("changed"))
    spans = join_spans(used)
    return Found("agile", spans, row.locator, draft, words("author"), written, told_in)


def _read_wish(goal: str) -> Phrases | None:
    """A cell that says what is wanted. The role stands elsewhere, so that "as a CSV file" at the
    end of the cell names none."""
    wish = goal if re.match(r"(?:I|we)\b", goal) else f"I want {goal}"
    return read_phrases(f"As a user, {wish}", expected=True)


def _read_columns(first: dict[str, _Cell]) -> Draft | None:
    """Role, goal and benefit in a column each, with or without their opening words."""
    role = _AS.sub("", plain(first["role"].words)).strip(" ,.")
    goal = plain(first["goal"].words)
    told = _read_wish(goal)
    if not role or not goal or told is None or is_placeholder(role):
        return None
    draft = Draft(role=role, goal=told.goal, benefit=told.benefit, strict=True)
    if "benefit" in first and (benefit := _SO.sub("", plain(first["benefit"].words)).rstrip(" .")):
        draft.body += [told.benefit] if told.benefit else []
        draft.benefit = benefit
    draft.body += [told.after] if told.after else []
    return draft


def _read_telling(
    cells: Sequence[_Cell], first: dict[str, _Cell]
) -> tuple[Draft | None, _Cell | None]:
    """A story told in one cell: the description, the summary, or any that begins like one."""
    is_story = "type" in first and _STORY_TYPE.match(first["type"].words) is not None
    told_in = sorted(
        (c for c in cells if c.holds in _TOLD_IN), key=lambda c: _TOLD_IN.index(c.holds)
    )
    for cell in told_in:
        expected = cell.holds == "story" or (is_story and cell.holds in ("title", "description"))
        if _begins_story(cell.words, expected):
            draft = assemble(cell.words, read_blocks(cell.words, cell.flavour), expected=expected)
            if draft.told and not draft.template:
                return draft, cell
    return None, None


def _begins_story(words: str, expected: bool) -> bool:
    """A story sentence within the first lines of a cell."""
    head = words[:_REACH]
    if read_phrases(split_lead(head)[2], expected=expected) is not None:
        return True
    for line in head.splitlines()[:_WITHIN_LINES]:
        found = read_phrases(split_lead(line.lstrip(" \t*_>#-•"))[2])
        if found and found.strict:
            return True
    return any(unit.phrases.strict and unit.phrases.goal for unit in split_units(head))


def _read_more(cell: _Cell, draft: Draft) -> None:
    """A story's further cells: title, criteria, description, notes."""
    if cell.holds == "title":
        old, draft.title = draft.title, plain(cell.words)
        if old and normalise(old) != normalise(draft.title):
            draft.body.append(old)
    elif cell.holds == "criteria":
        _read_criteria(cell.words, draft, cell.flavour)
    elif cell.holds in ("story", "description", "notes"):
        more = Draft(role=draft.role, goal=draft.goal)
        assemble(cell.words, read_blocks(cell.words, cell.flavour), draft=more)
        draft.criteria += [item for item in more.criteria if item not in draft.criteria]
        draft.body += [item for item in (more.title, *more.body) if item]
    else:
        draft.body.append(plain(cell.words))


def _read_criteria(words: str, draft: Draft, flavour: Flavour = "cell") -> None:
    """A criteria cell: one criterion a line or list item; one line may hold several by ";"."""
    lines = [line for line in words.splitlines() if line.strip()]
    if len(lines) == 1:
        add_inline_criteria(draft, lines[0])
        return
    for block in read_blocks(words, flavour):
        raw = words[block.start : block.end]
        if is_criteria_label(raw) or block.kind == "meta":
            continue
        for piece in raw.splitlines() if block.kind == "paragraph" else [raw]:
            add_criterion(draft, plain(piece))
