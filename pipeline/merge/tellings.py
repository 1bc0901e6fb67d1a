"""A story's text as pieces, each in its author's words: what stands or folds in an entry.

The pieces of a telling are cut out of ``Story.text`` and together cover it, so that a document
made of them cannot lose a sentence. Extraction has found the fields; here each line of the
text is given to the field whose words it holds, and a line of none stands as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pipeline.compare.telling_sentence import of_cells, of_lines
from pipeline.entries import Piece
from pipeline.stories import Story, count_words
from pipeline.text.sentences import letters, plain, sentences
from pipeline.text.sequence import inline_items
from pipeline.text.tags import NOTHING, hide_code, tags_blanked, words_and_places

#: A form's own words, closed: nothing that an author tells.
_LABEL = re.compile(
    r"[\W_]*(?:h[1-6]\.\s*)?(?:user\s+story|story|acceptance\s+(?:criteria|criterion|tests?"
    r"|conditions?)|criteria|AC|description|details?|notes?|background|scenario|examples?"
    r"|(?:as\s+an?|i\s+want(?:\s+to)?|so\s+that)|role|goal|benefit)[\W_]*",
    re.IGNORECASE,
)
#: Lines that only draw: rules, table borders, code fences.
_DRAWN = re.compile(r"[\W_]*")
#: "Scenario: A tool in good order", "Feature: …", in any dialect.
_KEYWORD = re.compile(r"^[^\W\d_][^\W\d_ ]{2,20}(?: [^\W\d_]{3,20})?:\s")
_CLAUSE = re.compile(r"[,;:]\s")
#: Around the words of a unit: blanks, and where a tag stood.
_EDGES = f" \t\n\r\v\f\xa0\u3000{NOTHING}"
#: Where a link of Markdown leads: "](address)". A field has its words without it, and at times the
#: addresses behind them.
_TARGET = re.compile(r"\]\([^()\s]*\)")
_ADDRESSES = re.compile(r"(?:\s+(?:https?|ftp|mailto):\S+)+$")
#: How a tracker marks what is bold, in italics or in colour: "{*}As a{*} cook", "{color:red}".
_WIKI_STYLE = re.compile(r"\{([-*_+])\}(\S(?:[^\n]*?\S)?)\{\1\}")
_WIKI_COLOUR = re.compile(r"\{color(?::[^{}\n]*)?\}", re.IGNORECASE)
#: An item's number is a label, "1." as well as "1.2."; without a mark behind it ("1.2 litres") it
#: may be what is told. Whether an item is done ("[x]") is told with a criterion.
_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[a-zA-Z])[.)](?:\s+|$)")
_ITEM = re.compile(
    rf"\s*(?:>(?!\s*\d)\s*)*(?:[-*+•‣▪–]\s+)?(?P<number>{_NUMBER.pattern})?"
    r"(?:(?P<box>\[[ xX]\])\s+)?"
)


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of a telling."""

    field: Piece
    text: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What one story says, piece by piece, in the order of its text.

    Args:
        title: "" where it has none. sentence: role, goal and benefit as told; "" without a goal.
        rest: criteria and body lines. labels: a form's own words.
    """

    title: str
    sentence: str
    rest: tuple[Told, ...]
    labels: tuple[str, ...]

    @property
    def pieces(self) -> tuple[Told, ...]:
        """What stands when the story stands alone."""
        head = [Told("title", self.title)] if self.title else []
        head += [Told("sentence", self.sentence)] if self.sentence else []
        return (*head, *self.rest)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence of a line, or a line: its place in the text and the field it belongs to."""

    start: int
    end: int
    line: int
    owner: int  # index into the fields, -1 for none


@lru_cache(maxsize=1 << 15)
def telling(story: Story) -> Telling:
    """The pieces of a story."""
    text = tags_blanked(story.text)
    units = _owned(story, text)
    told: list[tuple[Piece, int, list[_Unit]]] = []
    fields = story.fields
    for unit in units:
        name = fields[unit.owner][0] if unit.owner >= 0 else "body"
        piece: Piece = _PIECES.get(name, "body")
        key = -2 if piece == "sentence" else unit.owner
        if told and told[-1][1] == key and key != -1:
            told[-1][2].append(unit)
        else:
            told.append((piece, key, [unit]))
    return _assembled(story, text, told)


def words_told(story: Story) -> int:
    """Words of a story as it is told: of cells that make a sentence, those that join them, too.
    What stands of it in an entry is never more."""
    one = telling(story)
    return sum(map(count_words, (*(piece.text for piece in one.pieces), *one.labels)))


_PIECES: dict[str, Piece] = {
    "title": "title", "role": "sentence", "goal": "sentence", "benefit": "sentence",
    "criterion": "criterion", "body": "body",
}  # fmt: skip


def _assembled(story: Story, text: str, told: Sequence[tuple[Piece, int, list[_Unit]]]) -> Telling:
    title = ""
    spoken: list[_Unit] = []
    rest: list[Told] = []
    labels: list[str] = []
    written = {i: value for i, (_, value) in enumerate(story.fields)}
    for piece, owner, units in told:
        raw = [text[u.start : u.end].strip(_EDGES) for u in units]
        whole = " ".join(filter(None, map(_clean, raw)))
        number = _NUMBER.match(whole)
        unnumbered = whole[number.end() :] if number else whole
        if owner == -1 and (_LABEL.fullmatch(whole) or _DRAWN.fullmatch(unnumbered)):
            labels += [part for part in raw if part]
        elif piece == "sentence":
            spoken += units
        elif piece == "title" and not title:
            title = _held(written[owner], whole, labels)
        elif owner == -1 and not title and not spoken and not rest and len(units) == 1:
            title = whole
        else:
            kind: Piece = "body" if owner == -1 or piece == "title" else piece
            held = _held(written.get(owner, ""), whole, labels)
            rest.append(Told(kind, f"{_box(raw[0])} {held}".strip()))
    sentence = _sentence(story, text, spoken) if spoken else ""
    if not (title or sentence or rest) and labels:
        title = labels.pop(0)  # all that the author wrote
    return Telling(title, sentence, tuple(rest), tuple(labels))


def _held(value: str, whole: str, labels: list[str]) -> str:
    """A field's text where it holds all that its lines say, else the lines. A keyword and a
    number that extraction took off ("Scenario:", "1.") are labels."""
    if not value:
        return whole
    words = _ADDRESSES.sub("", value)
    if words != value and _compact(_TARGET.sub("]", whole)) == _compact(words):
        return whole  # addresses are told where they stand, not behind it
    if _compact(whole) in _compact(value):
        return value
    number = _NUMBER.match(whole)
    if number and _compact(whole[number.end() :]) in _compact(value):
        labels.append(number[0].strip())
        return value
    keyword = _KEYWORD.match(whole)
    if keyword and _compact(whole[keyword.end() :]) in _compact(value):
        labels.append(keyword[0].strip())
        return value
    return whole


def _sentence(story: Story, text: str, units: Sequence[_Unit]) -> str:
    """The lines of role, goal and benefit as one sentence, each verbatim."""
    lines: list[str] = []
    last = -1
    for unit in units:
        part = _clean(text[unit.start : unit.end])
        if not part:
            continue
        if unit.line == last:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
        last = unit.line
    if len(lines) == 1:
        return lines[0]
    cells = {_compact(story.role), _compact(story.goal), _compact(story.benefit)} - {""}
    apart = [_compact(line).removeprefix("to") in cells or _compact(line) in cells
             for line in lines]  # fmt: skip
    if any(apart) and not _runs_on(lines, apart, story):
        return of_cells(lines, story)
    return of_lines(lines)


def _runs_on(lines: Sequence[str], apart: Sequence[bool], story: Story) -> bool:
    """Whether what looks like a cell is the rest of a sentence that was broken for its width: in
    front of it stands the role, and more than the role ("As a member I want to be able")."""
    before = _compact(_TARGET.sub("]", " ".join(lines[: apart.index(True)])))
    role = _compact(story.role)
    return bool(role) and role in before and not before.endswith(role)


def _owned(story: Story, text: str) -> list[_Unit]:
    """The units of a text, its tags blanked, with the field that each shares most characters
    with."""
    waiting = _places(story)[::-1]
    near: list[tuple[int, int, int]] = []
    units: list[_Unit] = []
    for number, (line_start, line_end) in enumerate(_lines(text)):
        for start, end in _sentences(text, line_start, line_end):
            while waiting and waiting[-1][0] < end:
                near.append(waiting.pop())
            near = [place for place in near if place[1] > start]
            best, most = -1, 0
            for from_, to, owner in near:
                shared = min(to, end) - max(from_, start)
                if shared > most:
                    best, most = owner, shared
            units.append(_Unit(start, end, number, best))
    return units


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip(_EDGES):
            found.append((start, start + len(line)))
        start += len(line)
    return found


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A line's sentences, and the items of a list inside of it; what stands between two of them
    goes with the first. A label is one, whatever marks it holds."""
    items = inline_items(text[start:end])
    if items:
        cuts = [0, *items] if items[0] else items
        pairs = pairwise([*cuts, end - start])
        return [each for a, b in pairs for each in _of_a_run(text, start + a, start + b)]
    return _of_a_run(text, start, end)


def _of_a_run(text: str, start: int, end: int) -> list[tuple[int, int]]:
    line = text[start:end]
    if _LABEL.fullmatch(line.strip()):
        return [(start, end)]
    cuts = [0]
    at = 0
    for part in sentences(line)[:-1]:
        place = line.find(part, at)
        if place < 0:
            break
        at = place + len(part)
        if part[-1] in ".!?" and not _NUMBER.fullmatch(_clean(line[:at])):
            cuts.append(at)
    cuts.append(len(line))
    return [(start + a, start + b) for a, b in pairwise(cuts)
            if line[a:b].strip(_EDGES)]  # fmt: skip


def _places(story: Story) -> list[tuple[int, int, int]]:
    """Where each field's words stand in the text: (start, end, index of the field), ascending.

    Markup, punctuation and line breaks between the words do not matter: letters and digits are
    looked for in their order.
    """
    text, places = words_and_places(hide_code(story.text))
    compact, at = letters(text)
    if links := [found.span() for found in _TARGET.finditer(text)]:
        compact, at = _unlinked(compact, at, links)
    at = [places[place] for place in at]
    found: list[tuple[int, int, int]] = []
    goal = compact.find(_compact(story.goal)) if story.goal else -1
    behind = 0
    for index, (name, value) in enumerate(story.fields):
        value = _ADDRESSES.sub("", _TARGET.sub("]", value)) if links else value
        words = _compact(value)
        if not words:
            continue
        for part, whole in [
            (words, True),
            *((_compact(p), False) for p in _CLAUSE.split(value)),
        ]:
            if not part:
                continue
            place = -1
            if name == "role" and goal >= 0:
                place = compact.rfind(part, 0, goal)
            elif name == "benefit" and goal >= 0:
                place = compact.find(part, goal + 1)
            elif name in ("criterion", "body"):
                place = compact.find(part, behind)
            if place < 0:
                place = compact.find(part)
            if place >= 0:
                found.append((at[place], at[place + len(part) - 1] + 1, index))
                if name in ("criterion", "body"):
                    behind = place + len(part)
                if whole:
                    break
    return sorted(found)


def _unlinked(
    compact: str, at: list[int], links: Sequence[tuple[int, int]]
) -> tuple[str, list[int]]:
    """The letters of a text and their places without those of addresses."""
    inside = {place for start, end in links for place in range(start, end)}
    kept = [n for n, place in enumerate(at) if place not in inside]
    return "".join(compact[n] for n in kept), [at[n] for n in kept]


@lru_cache(maxsize=1 << 14)
def _compact(text: str) -> str:
    return letters(text)[0]


def _clean(raw: str) -> str:
    """A line without list and quotation marks and check boxes, as one line of words."""
    raw = raw.lstrip(_EDGES)
    item = _ITEM.match(raw)
    number, words = (item["number"] or "", raw[item.end() :]) if item else ("", raw)
    if "{" in words:
        words = _WIKI_STYLE.sub(r"\2", _WIKI_COLOUR.sub("", words))
    return " ".join(plain(number + words).split())


def _box(raw: str) -> str:
    """A line's check box, "" where it has none."""
    item = _ITEM.match(raw)
    return (item and item["box"]) or ""
