"""RTF to text and blocks: paragraphs, items, headings, tables.

striprtf (BSD-3) knows RTF's characters and destinations, and forgets what is struck or hidden, and
where cells end. So signs from Unicode's private area are put into the file first, and read again in
the text that it gives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich, Why, Words
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.word_styles import is_white
from pipeline.text.shifted import shift

_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'[0-9a-f]{2}|\\[^a-z]|[{}]", re.IGNORECASE)
_BEGINS: dict[Why, str] = {
    "struck out": "\ue000",
    "hidden": "\ue001",
    "deleted": "\ue002",
    "comment": "\ue003",
    "invisible": "\ue00e",
}
_WHYS = {sign: why for why, sign in _BEGINS.items()}
_END, _CELL, _ROW, _ROW_BEGINS, _ITEM = "\ue004", "\ue005", "\ue006", "\ue007", "\ue008"
_PARAGRAPH = "\ue009"
_HEADING = 0xE010
#: Where a link begins: a sign and, in eight digits of their own, which of the file's links it is.
_LINK, _DIGITS = "\ue00a", 0xE018
#: Where raised (a power) and lowered letters (an index) begin, and where they end.
_RAISED, _LOWERED, _LEVEL = "\ue00b", "\ue00c", "\ue00d"
_SIGN = re.compile("[\ue000-\ue004\ue00b-\ue00e]|\ue00a[\ue018-\ue01f]+")
#: A field's instruction in plain words, "\x00" for the backslash of a switch.
_HYPERLINK = re.compile(
    r'\s*HYPERLINK\b\s*(?:"(?P<to>[^"]*)"|(?P<bare>[^\s"\x00]+))?', re.IGNORECASE
)
_IN_DOCUMENT = re.compile(r'\x00l\s*(?:"([^"]*)"|(\S+))')
#: The file's colours, and whatever may be dark behind letters: where any of it is in the file,
#: white ones may be seen.
_COLOURS = re.compile(r"\{\\colortbl\s*([^{}]*)\}")
_MAY_BE_DARK = re.compile(
    r"\\(?:highlight[1-9]|cb[1-9]|chcbpat[1-9]|chcfpat|chshdng|cbpat[1-9]|cfpat|shading[1-9]|bg[a-z]+\b|"
    r"clcbpat[1-9]|clcfpat|clshdng|trcbpat[1-9]|trcfpat|trshdng|background\b|shp\b|do\b|pict\b)"
)
_CONTROL = re.compile(r"\\[a-z]{1,32}-?\d* ?|[{}\r\n]")
_AUTHOR = re.compile(r"\{\\author ([^{}\\]*)\}")
_MADE = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_OFF = "0"
#: Larger files are pictures with a little text around them.
MAX_RTF_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class _State:
    struck: bool = False
    hidden: bool = False
    deleted: bool = False
    comment: bool = False
    white: bool = False
    item: bool = False
    level: int = 0
    shifted: str = ""

    @property
    def why(self) -> Why | None:
        if self.comment:
            return "comment"
        if self.deleted:
            return "deleted"
        if self.hidden:
            return "hidden"
        return "struck out" if self.struck else "invisible" if self.white else None


def read_rtf(data: bytes, encoding: str | None) -> Reading:
    """The document's text with blocks, and its properties ("author", "created").

    Raises:
        Unreadable: no RTF, or too large.
    """
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip()[:5].startswith(b"{\\rtf"):
        raise Unreadable("not an RTF file: it does not begin as one does")
    if len(data) > MAX_RTF_BYTES:
        raise Unreadable(f"larger than {MAX_RTF_BYTES >> 20} MB; save it without its pictures")
    # RTF is ASCII; what is not stands for itself in the code page that striprtf then looks up.
    source = data.decode("utf-8", errors="surrogateescape")
    if any("\udc80" <= sign <= "\udcff" for sign in source):
        source = data.decode("cp1252", errors="replace")
    try:
        marked, links = _mark(source)
        text = str(rtf_to_text(marked, errors="replace"))  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, OverflowError) as error:
        raise Unreadable(f"damaged ({error})") from error
    builder = TextBuilder()
    _read_marked(text, builder, links)
    return built(builder, _properties(source))


def _properties(source: str) -> dict[str, str]:
    head = source[:65536]
    author = _AUTHOR.search(head)
    if not author or not author[1].strip():
        return {}
    values = {"author": author[1].strip()}
    if made := _MADE.search(head):
        values["created"] = f"{made[1]}-{int(made[2]):02}-{int(made[3]):02}"
    return values


def _escaped(signs: str) -> str:
    return "".join(f"{{\\uc0\\u{ord(sign)} }}" for sign in signs)


def _address(instruction: str) -> str:
    """Where the link of a field leads, "" where the field is none."""
    words = _CONTROL.sub("", instruction.replace("\\\\", "\x00"))
    link = _HYPERLINK.match(words)
    if link is None:
        return ""
    mark = _IN_DOCUMENT.search(words, link.end())
    address = link["to"] or link["bare"] or ""
    return f"{address}#{mark[1] or mark[2]}" if mark else address


def _numbered(number: int) -> str:
    return _LINK + "".join(chr(_DIGITS + int(digit)) for digit in f"{number:o}")


def _mark(source: str) -> tuple[str, list[str]]:
    """The file with signs where text begins and ends not to be current, at the ends of cells, rows
    and paragraphs, before items and links; where its links lead, in order."""
    marking = _Marking(source)
    position = 0
    for token in _TOKEN.finditer(source):
        if marking.skipped is None:
            marking.parts.append(source[position : token.start()])
        position = token.end()
        if token.group() == "{":
            marking.stack.append(marking.state)
        if token.group() == "}":
            marking.group_ends(token.start())
        elif marking.skipped is None:
            marking.token(token)
    if marking.skipped is None:
        marking.parts.append(source[position:])
    return "".join(marking.parts), marking.links


class _Marking:
    """What :func:`_mark` knows at a token.

    Args:
        skipped: how many groups are open below the one that is left out, None where none is.
        instructed: where the instruction of a field begins, 0 outside of one.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._white = _white_colours(source)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.stack: list[_State] = []
        self.state = _State()
        self.skipped: int | None = None
        self._instructed = 0
        self._why: Why | None = None
        self._shifted = ""

    def _switch(self) -> None:
        """Signs where what the text is differs from what it was at the last token."""
        state = self.state
        if state.shifted != self._shifted:
            self.parts.append(_escaped(state.shifted or _LEVEL))
            self._shifted = state.shifted
        if state.why != self._why:
            if self._why:
                self.parts.append(_escaped(_END))
            if state.why:
                self.parts.append(_escaped(_BEGINS[state.why]))
            self._why = state.why

    def group_ends(self, place: int) -> None:
        """A closing brace at ``place`` of the source."""
        kept = self.state
        state = self.stack.pop() if self.stack else _State()
        # What a paragraph is lasts until the next \pard, in whatever group it was said.
        self.state = replace(state, item=kept.item or state.item, level=kept.level or state.level)
        if self.skipped is None:
            self.parts.append("}")
            self._switch()
        elif len(self.stack) < self.skipped:
            self.skipped = None
            self.parts.append("}")
            instruction = self._source[self._instructed : place] if self._instructed else ""
            if instruction and (address := _address(instruction)):
                self.parts.append(_escaped(_numbered(len(self.links))))
                self.links.append(address)
            self._instructed = 0

    def token(self, token: re.Match[str]) -> None:
        """An opening brace or a control word, where nothing is left out."""
        said, word, number = token.group(), token.group(1), token.group(2)
        if word in ("pntext", "listtext"):
            self.state = replace(self.state, item=True)
            self.skipped = len(self.stack)
        elif word == "fldinst":
            self._instructed, self.skipped = token.end(), len(self.stack)
        elif word == "annotation":
            while self.parts and self.parts[-1].strip() in ("", "\\*"):
                self.parts.pop()
            self.state = replace(self.state, comment=True)
            self._switch()
        else:
            self.state = _after(self.state, word, number)
            if word == "cf":
                self.state = replace(self.state, white=number in self._white)
            self._text_token(said, word)

    def _text_token(self, said: str, word: str | None) -> None:
        if word in ("cell", "nestcell", "row", "nestrow", "trowd"):
            sign = _CELL if word.endswith("cell") else _ROW if word.endswith("row") else _ROW_BEGINS
            self.parts.append(_escaped(sign))
            return
        if word in ("par", "sect"):
            level, item = self.state.level, self.state.item
            sign = chr(_HEADING + level) if level else _ITEM if item else ""
            self.parts.append(_escaped(_PARAGRAPH) + (_escaped(sign) if sign else ""))
            self.state = replace(self.state, item=False)
        self.parts.append(said)
        self._switch()


def _white_colours(source: str) -> frozenset[str]:
    """The numbers of the colours that cannot be seen on the file's pages."""
    table = _COLOURS.search(source)
    if table is None or _MAY_BE_DARK.search(source):
        return frozenset()
    white = set()
    for number, colour in enumerate(table[1].split(";")):
        parts = [re.search(rf"\\{name}(\d+)", colour) for name in ("red", "green", "blue")]
        if all(parts) and is_white("".join(f"{int(p[1]) & 255:02x}" for p in parts if p)):
            white.add(str(number))
    return frozenset(white)


def _after(state: _State, word: str | None, number: str | None) -> _State:
    """The state after a control word."""
    on = number != _OFF
    if word in ("strike", "striked"):
        return replace(state, struck=on)
    if word == "v":
        return replace(state, hidden=on)
    if word == "deleted":
        return replace(state, deleted=on)
    if word in ("super", "sub"):
        return replace(state, shifted=(_RAISED if word == "super" else _LOWERED) if on else "")
    if word in ("up", "dn") and number != _OFF:  # in half points, six where none are said
        return replace(state, shifted=_RAISED if word == "up" else _LOWERED)
    if word in ("nosupersub", "up", "dn"):
        return replace(state, shifted="")
    if word == "plain":
        return replace(state, struck=False, hidden=False, deleted=False, shifted="", white=False)
    if word == "pard":
        return replace(state, item=False, level=0)
    if word == "ls":
        return replace(state, item=True)
    if word == "outlinelevel" and number and number.isdecimal() and int(number) < 6:
        return replace(state, level=int(number) + 1)
    return state


def _read_marked(text: str, builder: TextBuilder, links: Sequence[str]) -> None:
    """Paragraphs and rows of the text with signs in it."""
    why: Why | None = None
    rows: list[tuple[int, list[Words]]] = []

    def end_table() -> None:
        if rows:
            builder.add_table(rows[:])
            builder.write("\n")
            rows.clear()

    for piece in re.split(f"(?<={_ROW})", text):
        cells = piece.split(_CELL)
        before, _, first = (
            cells[0].rpartition(_ROW_BEGINS) if len(cells) > 1 else (cells[0], "", "")
        )
        for paragraph in _paragraphs(before):
            words, kind, level, why = _read_signs(paragraph, why, links)
            if words.text.strip():
                end_table()
                if kind == "heading":
                    builder.add(words, "heading", level)
                elif kind == "item":
                    builder.add(words, "item", 1)
                else:
                    builder.add(words, "paragraph")
                    builder.write("\n")
        if len(cells) > 1:
            row: list[Words] = []
            for cell in (first, *cells[1:-1]):
                words, _, _, why = _read_signs(cell.strip("\n"), why, links)
                row.append(words)
            rows.append((len(rows) + 1, row))
    end_table()


def _paragraphs(text: str) -> list[str]:
    """Each with the sign that tells its kind behind it."""
    return re.findall(rf"[^{_PARAGRAPH}]+(?:{_PARAGRAPH}[{_ITEM}\ue010-\ue016]?)?", text)


def _read_signs(
    text: str, why: Why | None, links: Sequence[str]
) -> tuple[Rich, str, int, Why | None]:
    """(words, kind, level, why the next words are not current) of a paragraph or cell."""
    kind, level = "paragraph", 0
    if text[-1:] == _ITEM:
        kind = "item"
    elif text and 0xE010 <= ord(text[-1]) <= 0xE016:
        kind, level = "heading", ord(text[-1]) - _HEADING
    words = Rich()
    position = 0
    shifted = ""

    def write(said: str) -> None:
        if shifted:
            said = shift(said, raised=shifted == _RAISED, before=words.text[-20:])
        words.write(said, why)

    for sign in _SIGN.finditer(text):
        write(_clean(text[position : sign.start()]))
        position = sign.end()
        if sign.group().startswith(_LINK):
            number = int("".join(str(ord(digit) - _DIGITS) for digit in sign.group()[1:]), 8)
            words.targets += links[number : number + 1]
        elif sign.group() in (_RAISED, _LOWERED, _LEVEL):
            shifted = sign.group().replace(_LEVEL, "")
        else:
            why = _WHYS.get(sign.group())
    write(_clean(text[position:]))
    return words.stripped(), kind, level, why


def _clean(text: str) -> str:
    return re.sub("[\ue000-\ue01f\xad]", "", text)
