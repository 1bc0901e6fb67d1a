"""Rows to row blocks: where a table's header is, and what its columns and a tracker's fields are
called and hold, whatever an export wraps around their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, pairwise

from pipeline.stories import Block, Locator

Cell = tuple[int, int]

#: How many rows from the top a header may hide.
_HEADER_WITHIN = 15
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: What a header may say behind "I want to": a form ("<goal>") or such words, not someone's wish.
_REST = (
    r"(?:\W*|\s*[<\[({….].*|(?:\s+(?:to|do|be|able|perform|achieve|some|this|a|an|the|"
    r"something|action|task|goal|feature|benefit|reason|value|type|kind|of|user|role|persona|actor|what|who|why|i|can))+\W*)"
)
#: The words of a form to be filled in: "As a <role> I want <goal> so that <reason>".
_FORM = (
    r"(?:[^\w<\[({]|[<\[({][^<>\[\](){}]*[>\])}]|\b(?:role|user|actor|persona|type|of|goal|feature|action|"
    r"task|something|some|benefit|reason|value|so that|to)\b)*"
)
#: Headers that only a story's table has; the others ("Role", "Goal", "Who") head many tables.
_CERTAIN_ROLE = (
    rf"(?:us\W+)?as an?(?: ?/ ?an?)?{_REST}|as|als(?: een)?|en tant qu(?:e|['’])|como|come"
)
_CERTAIN_GOAL = (
    rf"(?:us\W+)?i(?:['’]d)? (?:want|need|can|would like|like)\b{_REST}|(?:möchte|will) ich|"
    r"je (?:veux|souhaite)(?: pouvoir)?|quiero|voglio|quero|wil ik"
)
_CERTAIN = re.compile(rf"{_CERTAIN_ROLE}|{_CERTAIN_GOAL}", re.IGNORECASE)
_NAMES: dict[str, re.Pattern[str]] = {
    role: re.compile(pattern, re.IGNORECASE)
    for role, pattern in {
        "key": r"(?:issue |story |work item )?(?:key|i?id|no\.?|nr\.?|#|ref(?:erence)?|number)",
        "story": r"(?:the )?(?:user )?(?:story|stories)(?: text| description| statement)?|"
        r"user ?story|nutzergeschichte|récit utilisateur|historia de usuario|storia utente|"
        r"história de usuário|gebruikersverhaal|"
        rf"as an?{_FORM}\bi (?:want|need|would like)\b{_FORM}",
        "role": rf"{_CERTAIN_ROLE}|(?:user )?role|persona|actor|who|users?|user type|type of user|"
        r"rolle|rôle|rol|ruolo|papel",
        "goal": rf"{_CERTAIN_GOAL}|goal|wants?|what|needs?|wish|ziel|wunsch|bedarf|objectif|besoin|"
        r"objetivo|necesidad|obiettivo|bisogno|necessidade|doel",
        "benefit": rf"(?:us\W+)?so (?:that|i can)\b{_REST}|in order to{_REST}|benefits?|why|"
        r"because|value|reason|damit|nutzen|afin (?:de|que)|bénéfice|para(?: que)?|beneficio|"
        r"così da|benefício|zodat|baten",
        "criteria": r"(?:custom field \()?(?:acceptance (?:criteria|criterion|tests?|conditions?)"
        r"|criteria|ac|conditions? of satisfaction|definition of done|dod"
        r"|akzeptanzkriteri(?:en|um)|abnahmekriteri(?:en|um)|critères? d['’]acceptation"
        r"|criterios? de aceptación|critérios? de aceit\w+|criteri(?:o)? di accettazione"
        r"|acceptatiecriteri(?:a|um))\)?",
        "title": r"summary|title|name|feature|headline|subject",
        "description": r"description|details?|body|text|content",
        "notes": r"notes?|comments?|remarks?|additional info(?:rmation)?",
        "author": r"author|reporter|creator|created by|requested by|written by|owner",
        "date": r"date|created|created date|created at|date created|written|raised|created on",
        "changed": r"updated|changed date|last updated|modified",
        "type": r"(?:issue|work item|item) ?type|type|kind|tracker",
    }.items()
}


@lru_cache(maxsize=1 << 12)
def column_role(name: str) -> str:
    """What a column of this name holds ("title", "criteria" …), "" when nothing is known."""
    bare = _bare(name)
    for role, pattern in _NAMES.items():
        if pattern.fullmatch(bare):
            return role
    return ""


def is_certain(name: str) -> bool:
    """Whether a column of this name is one of a table of stories and of no other ("As a")."""
    return _CERTAIN.fullmatch(_bare(name)) is not None


def _bare(name: str) -> str:
    bare = _CAMEL.sub(" ", bare_name(name)).replace("_", " ")
    return " ".join(bare.strip().strip("*:….").split()).rstrip(":….")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the stored text: its cells' places and its number (from 1); ``odd``:
    it is not written by the rules of its format."""

    number: int
    line: int | None
    cells: Sequence[Cell]
    odd: bool = False


def find_header(text: str, rows: Sequence[Row]) -> int | None:
    """Index of the first row of known column names for the most part, else of the row with the
    most of them; None when no row has one.

    A lone known name counts only in the first row of a narrow table, so that a cell which
    happens to say "Goal" does not become a header.
    """
    if stands_sideways(text, rows):
        return None
    best, best_score = None, 0
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        names = [text[a:b].strip() for a, b in row.cells]
        known = [name for name in names if name and len(name) <= 60 and column_role(name)]
        score = len({column_role(name) for name in known})
        if score >= 2 and score * 2 > sum(map(bool, names)):
            return index
        if score > best_score and (
            score >= 2 or (index == 0 and len([n for n in names if n]) <= 4)
        ):
            best, best_score = index, score
    return best


def stands_sideways(text: str, rows: Sequence[Row]) -> bool:
    """Labels run down a column: "As a", "I want", "So that"."""
    near = rows[: _HEADER_WITHIN + 1]
    for above, below in pairwise(near):
        for upper, lower in zip(above.cells[:8], below.cells[:8], strict=False):
            labels = (column_role(text[slice(*upper)]), column_role(text[slice(*lower)]))
            if labels == ("role", "goal"):
                return True
    return False


def split_head(rows: Iterable[Row]) -> tuple[list[Row], Iterator[Row]]:
    """The rows among which a header is looked for, and all rows, those with them."""
    coming = iter(rows)
    head = list(islice(coming, _HEADER_WITHIN + 1))
    return head, chain(head, coming)


def row_blocks(text: str, rows: Iterable[Row], sheet: str | None = None) -> Iterator[Block]:
    """Row blocks named by their header; the header and what stands above it are meta blocks.

    A table ends where the header of another begins, and where, below blank rows, a row stands
    that is not a row of it. The columns of a table that stands sideways are named by their numbers.
    """
    head, rows = split_head(rows)
    header = find_header(text, head)
    sideways = header is None and stands_sideways(text, head)
    names: list[str] = []
    gap, above = False, 0
    for index, row in enumerate(rows):
        above, before = row.number, above
        filled = [(n, a, b) for n, (a, b) in enumerate(row.cells) if a < b]
        if not filled:
            gap = True
            continue
        gap = gap or (index > 0 and row.number > before + 1)
        place = Locator(line=row.line, sheet=sheet, row=row.number)
        start, end = filled[0][1], filled[-1][2]
        heads = header is not None and index >= header and _is_header(text, row, names, gap)
        if heads or index == header:
            names = [" ".join(text[a:b].split()) for a, b in row.cells]
        if heads or (header is not None and index <= header):
            yield Block(start, end, "meta", place)
            gap = False
            continue
        gap = False
        columns = tuple(
            (names[n] if n < len(names) else str(n) if sideways and n else "", a, b)
            for n, a, b in filled
        )
        yield Block(start, end, "row", place, 0, columns)


def _is_header(text: str, row: Row, names: Sequence[str], gap: bool) -> bool:
    """Whether a row below a table's header is the header of another table.

    Args:
        names: the columns of the table so far.
        gap: blank rows stand above.
    """
    cells = [" ".join(text[a:b].split()) for a, b in row.cells]
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(len(cell) > 60 for cell in filled):
        return False
    known = {column_role(cell) for cell in filled} - {""}
    if len(known) >= 2 and len(known) * 2 > len(filled):
        return True
    if not gap:
        return False
    # Names of columns that are not known here: a word or two each, where a wish would stand.
    goal = next((c for n, c in zip(names, cells, strict=False) if column_role(n) == "goal"), "")
    return bool(names) and len(goal.split()) < 2 and all(len(c.split()) <= 3 for c in filled)


#: "Custom field (Acceptance Criteria)", "System.Title", "Card Name" say what the last part says.
_WRAPPED = re.compile(r"custom field \((.*)\)", re.IGNORECASE)
_SPACED = re.compile(r"(?:[A-Za-z]\w*\.)+(\w+)")
_OF = re.compile(r"(?:card|issue|work item|task|page)[ _](name|title|description|id|key)", re.I)
#: A tree of work items has a title column for each of its levels, a form one for each criterion.
_LEVEL = re.compile(r"(title|(?:acceptance )?criteri(?:a|on)|acs?) ?#?\d{1,2}", re.IGNORECASE)
_SHORT = {
    "desc": "description",
    "idshort": "key",
    "iid": "key",
    "criterion": "criteria",
    "acceptance": "criteria",
}
#: Which of several keys people use, the likeliest first.
_KEYS = ("key", "issue key", "idshort", "iid", "number")


def bare_name(name: str) -> str:
    """ "Title" for "System.Title", "Name" for "Card Name"; a plain name as it is."""
    bare = name.strip()
    for shape in (_WRAPPED, _SPACED, _OF, _LEVEL):
        if found := shape.fullmatch(bare):
            bare = found[1]
            break
    return _SHORT.get(bare.lower(), bare)


def key_rank(name: str) -> int:
    """How good a work item's key this field gives; smaller is better."""
    bare = name.strip().lower()
    return _KEYS.index(bare) if bare in _KEYS else len(_KEYS)


_LINKS = re.compile(
    r"(?:in|out)ward issue link\b.*|(?:epic|parent|feature) link|parent work item|depends on|"
    r"(?:parent|epic)(?: (?:id|key|issue))?|related(?: to| work| issues)?|"
    r"linked (?:issues?|work items?)|sub-?tasks?|links?",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def field_role(name: str) -> str:
    """What a field of this name holds, as :func:`.tables.column_role` tells it; "link" for
    one that names another work item."""
    return column_role(name) or ("link" if _LINKS.fullmatch(bare_name(name)) else "")
