"""Stories in tables: a row a story, a row of three columns, or a table standing on its side."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.tables import field_role, key_rank
from pipeline.extract.readers.wiki import has_jira_columns
from pipeline.extract.stories.assembly import Draft, assemble
from pipeline.extract.stories.found import Found, join_spans, read_date
from pipeline.extract.stories.phrases import Phrases, read_phrases
from pipeline.extract.stories.purposes import is_placeholder
from pipeline.extract.stories.story_cells import (
    Flavour,
    flavour_of,
    places_in,
    read_cell_stories,
    read_cell_words,
    read_criteria,
)
from pipeline.extract.stories.story_tables import read_sideways, wishing_columns
from pipeline.stories import Block, Span, normalise
from pipeline.text.sentences import plain

STORY_TYPE = re.compile(r".*\b(?:stor(?:y|ies)|requirement|product backlog item)\b", re.I)
_AS = re.compile(r"^as\s+(?:an?\s+|the\s+)?", re.I)
_SO = re.compile(r"^(?:so\s+(?:that\s+)?|in\s+order\s+to\s+)", re.I)
#: Where a story's own words are looked for, the likeliest column first: in that of a wish ("What")
#: where nobody is named beside it, too.
_TOLD_IN = ("story", "description", "title", "", "goal")
#: Columns that say something of the story itself; the others (status, labels …) stay residue.
_TELLING = ("story", "title", "description", "criteria", "notes", "role", "goal", "benefit")
#: Columns with which a further row goes on with the story above it.
_ADDING = ("criteria", "notes", "benefit")
#: Columns that only keep the books of a row: who, when, under what number.
_BOOKS = re.compile(
    r"(?<![a-z])(?:ids?|keys?|no|nr|number|rank|order|index|uuid|guid|url|links?|self|created|updated"
    r"|changed|modified|dates?|author|reporter|creator|owner|assignees?|assigned|watchers|votes)"
    r"(?![a-z])|#",
    re.I,
)
#: A cell without a name that says no more than the number, the date or the address of its row.
_COUNTS = re.compile(
    r"[#\W]*(?:[A-Z][A-Z0-9]{0,9}[-_.])?\d{1,9}[\W]*|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.{0,20}|https?://\S+",
    re.S,
)


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
    text: str,
    rows: Sequence[Block],
    unescape: Callable[[str], str] = str,
    *,
    expected: bool = False,
    records: bool = False,
) -> Iterator[Found]:
    """The stories of a run of row blocks (tables right below one another).

    Args:
        unescape: undoes what a file format does to a cell's text (doubled quotes, ``\\n``).
        expected: the tables stand where stories are expected.
        records: the rows are a program's records, each of which stands alone, and whose fields are
            named on purpose.
    """
    table = _Table(text, rows, unescape, expected=expected, records=records)
    index = 0
    while index < len(rows):
        upright, used = read_sideways(text, rows, index)
        if upright:
            yield from table.take_pending()
            yield from upright
            index += used
            continue
        yield from table.read(rows[index])
        index += 1
    yield from table.take_pending()


class _Table:
    """What is known of a table from the rows above: its last story, which the next row may go on
    with, and the role that stands for the rows below it, too."""

    def __init__(
        self,
        text: str,
        rows: Sequence[Block],
        unescape: Callable[[str], str],
        *,
        expected: bool,
        records: bool,
    ) -> None:
        self.text = text
        self.unescape = unescape
        self.records = records
        self.wiki = any(has_jira_columns(name for name, _, _ in row.columns) for row in rows[:50])
        self.pending: list[Found] = []
        self.row: Block | None = None
        self.role: _Cell | None = None
        self.wishes = wishing_columns(text, rows, expected=expected, records=records)

    def take_pending(self) -> list[Found]:
        """The stories of the last row, which no row goes on with any more."""
        pending, self.pending = self.pending, []
        self.role = self.row = None
        return pending

    def read(self, row: Block) -> Iterator[Found]:
        """Take a row; the stories of the one before it are finished where it goes on with none."""
        cells = [self._cell(*column) for column in row.columns if column[1] < column[2]]
        below = self.row is not None and not self.records and _number(row) <= _number(self.row) + 1
        if not below:
            yield from self.take_pending()
        elif self.pending and _goes_on(cells):
            self.pending = [_joined(found, cells) for found in self.pending]
            self.row = row
            return
        yield from self.pending
        self.pending = []
        self.row = row
        for part in _side_by_side(cells):
            self.pending += self._read_part(part, row)

    def _cell(self, name: str, start: int, end: int) -> _Cell:
        words = read_cell_words(self.unescape(self.text[start:end]), wiki=self.wiki)
        flavour = flavour_of(words, wiki=self.wiki)
        return _Cell(field_role(name), name, Span(start, end), words, flavour)

    def _read_part(self, cells: Sequence[_Cell], row: Block) -> list[Found]:
        if all(cell.words == cell.name for cell in cells) and not any(map(_tells, cells)):
            return []  # the header itself, and no story that stands in its place
        first = {cell.holds: cell for cell in reversed(cells)}
        if "role" in first:
            self.role = first["role"]
        elif self.role and "goal" in first:
            cells = [self.role, *cells]
        return _read_row(cells, row, self.text, self.wishes)


def _tells(cell: _Cell) -> bool:
    """Whether a cell is a whole story sentence."""
    told = read_phrases(cell.words)
    return told is not None and told.strict and not told.template and bool(told.goal)


def _number(row: Block) -> int:
    return row.locator.row or row.locator.line or 0


def _goes_on(cells: Sequence[_Cell]) -> bool:
    """Whether a row only adds to the story above it: criteria, notes or a benefit beside them, and
    no words in a column that begins one."""
    holds = {cell.holds for cell in cells}
    return bool(holds & {"criteria", "notes"}) and not holds - {*_ADDING, "type", ""}


def _joined(found: Found, cells: Sequence[_Cell]) -> Found:
    """The story with the cells of a row that goes on with it."""
    added = [cell for cell in cells if cell.holds in _ADDING]
    for cell in added:
        if cell.holds == "benefit":
            found.draft.body.append(plain(cell.words))
        else:
            _read_more(cell, found.draft)
    return replace(found, spans=join_spans(found.spans, (cell.span for cell in added)))


def _side_by_side(cells: Sequence[_Cell]) -> Iterator[Sequence[_Cell]]:
    """The parts of a row that runs through several tables: where role and goal come again."""
    holds = [cell.holds for cell in cells]
    if holds.count("role") < 2 or holds.count("goal") < 2:
        yield cells
        return
    part: list[_Cell] = []
    for cell in cells:
        if cell.holds in ("role", "key") and {"role", "goal"} <= {c.holds for c in part}:
            yield part
            part = []
        part.append(cell)
    yield part


def _read_row(
    cells: Sequence[_Cell], row: Block, text: str, wishes: Collection[tuple[str, str]]
) -> list[Found]:
    """The stories of one row, whichever columns they are spread over."""
    first = {cell.holds: cell for cell in reversed(cells)}
    if keys := [cell for cell in cells if cell.holds == "key"]:
        first["key"] = min(keys, key=lambda cell: key_rank(cell.name))
    told: list[tuple[Draft, set[Span]]] = []
    if "role" in first and "goal" in first:
        draft = None
        if (first["role"].name, first["goal"].name) in wishes:
            draft = _read_columns(first)
        used = {first[holds].span for holds in ("role", "goal", "benefit") if holds in first}
        told = [(draft, used)] if draft else []
    if not told:
        told = _read_telling(cells, first, text)
    stories = []
    for draft, used in told:
        if draft.template or not draft.told:
            continue
        spans = list(used)
        others = [
            cell
            for cell in cells
            if not any(a >= cell.span.start and b <= cell.span.end for a, b in used)
        ]
        for cell in others:
            if cell.holds in _TELLING:
                _read_more(cell, draft)
                spans.append(cell.span)
        place = replace(row.locator, beside=_beside(others), links=_links(cells))

        def words(holds: str) -> str:
            return plain(first[holds].words) if holds in first else ""

        draft.key = draft.key or words("key")
        written = read_date(words("date")) or read_date(words("changed"))
        stories.append(
            Found(
                "agile",
                join_spans(spans),
                place,
                draft,
                author=words("author"),
                written=written,
            )
        )
    return stories


def _beside(cells: Sequence[_Cell]) -> tuple[str, ...]:
    """What cells say that are not part of a story: a status, a limit, a version. A cell that is
    named by no header may say as much; one that only counts or dates the row does not."""
    return tuple(
        f"{cell.name}: {plain(cell.words)}"
        for cell in cells
        if cell.holds in ("", "type")
        and not (_BOOKS.search(cell.name) if cell.name else _COUNTS.fullmatch(cell.words.strip()))
    )


def _links(cells: Sequence[_Cell]) -> tuple[str, ...]:
    """The work items that a row names, each with the name of its column."""
    links = (f"{cell.name}: {plain(cell.words)}" for cell in cells if cell.holds == "link")
    return tuple(dict.fromkeys(links))


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
    cells: Sequence[_Cell], first: dict[str, _Cell], text: str
) -> list[tuple[Draft, set[Span]]]:
    """Stories told in one cell: the description, the summary, or any that begins like one."""
    is_story = "type" in first and STORY_TYPE.match(first["type"].words) is not None
    told_in = sorted(
        (c for c in cells if c.holds in _TOLD_IN and not (c.holds == "goal" and "role" in first)),
        key=lambda c: _TOLD_IN.index(c.holds),
    )
    for cell in told_in:
        expected = cell.holds == "story" or (is_story and cell.holds in ("title", "description"))
        told = read_cell_stories(cell.words, cell.flavour, expected=expected)
        if told:
            places = places_in(text[cell.span.start : cell.span.end], cell.words, told)
            return [
                (draft, {Span(cell.span.start + a, cell.span.start + b)})
                for (_, _, draft), (a, b) in zip(told, places, strict=True)
            ]
    return []


def _read_more(cell: _Cell, draft: Draft) -> None:
    """A story's further cells: title, criteria, description, notes."""
    if cell.holds == "title":
        old, draft.title = draft.title, plain(cell.words)
        if old and normalise(old) != normalise(draft.title):
            draft.body.append(old)
    elif cell.holds == "criteria":
        read_criteria(cell.words, draft, cell.flavour)
    elif cell.holds in ("story", "description", "notes"):
        more = Draft(role=draft.role, goal=draft.goal, benefit=draft.benefit)
        assemble(cell.words, read_blocks(cell.words, cell.flavour), draft=more)
        draft.benefit = more.benefit
        draft.criteria += [item for item in more.criteria if item not in draft.criteria]
        draft.body += [item for item in (more.title, *more.body) if item]
    elif cell.holds == "benefit" and not draft.benefit:
        draft.benefit = _SO.sub("", plain(cell.words)).rstrip(" .")
    elif not _says_again(cell, draft):
        draft.body.append(plain(cell.words))


def _says_again(cell: _Cell, draft: Draft) -> bool:
    """Whether a role, goal or benefit column says what the row's sentence says of it."""
    told = {"role": draft.role, "goal": draft.goal, "benefit": draft.benefit}.get(cell.holds, "")
    return bool(told) and plain(cell.words).rstrip(" .") == told
