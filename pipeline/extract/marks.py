"""The mark that a document stays on this machine, found wherever its author may have put it.

A mark is the word "sovereignty" as a key: before ``:``, ``=`` and their like, alone on its line, in
a cell beside or above its value, in a tag, or as a property of the file's format. It counts in the
first characters of the text, in a head, in a table, and anywhere in the format's own metadata.

It fails closed. Only a value that plainly lets the document leave does so; an unknown value, none
at all, two that differ, and a word that is nearly this one keep the document here, and are said.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.extract.properties import Property, properties_of
from pipeline.extract.readers.delimited import find_rows, sniff_delimiter
from pipeline.stories import STAYS, Document

#: The key in a document's ``front_matter`` under which its mark stands, however it was written.
SOVEREIGNTY = "sovereignty"
#: Characters of a text that are looked through; a head is, to its end.
HEAD = 4096
_PROSE = frozenset({"gherkin", "markdown", "rst", "text"})
_LONGEST_HEAD, _LONGEST_VALUE, _MISTAKES = 65_536, 60, 2
#: Values that let a document leave, and those that are known to keep it.
_OPEN = frozenset({"any", "cloud", "none", "open", "public"})
_LOCAL = re.compile(r"(?:local|on.?prem\w*|internal|private|here|this machine)\b.{0,20}")

#: Letters that look like others, in a word that somebody may have typed on another keyboard.
_LOOK_ALIKE = str.maketrans("аеоѕуіїɡгтνοεіıｓｏ", "aeosyiigrtvoeiiso")
#: The word with signs or blanks between its letters: emphasis, hyphens, letters set apart.
_SPREAD = re.compile(r"[\W_]{0,3}".join(SOVEREIGNTY))
_ESCAPED = re.compile(
    r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})"
)
_FENCE = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*)*([-+;])\1{2,}[ \t]*\n", re.DOTALL)
_NAME = re.compile(r"[^\W\d_]{6,}")
#: What may stand between a key and its sign: marks that close a quotation, emphasis, code, a
#: bracket; further parts of its name.
_SIGN = re.compile(r"""[\w.-]*(?:[^\w\s:=→⇒<>]|_){0,6}\s{0,8}(?:[:=→⇒]|[-=]{1,2}>)+[ \t]*""")
_BESIDE = re.compile(r"[-_/@({\[ ]{1,2}([^\W_]{2,20})")
#: What stands before the word where it names an element of XML, or a processing instruction.
_ELEMENT = re.compile(r"<\??(?:[\w.-]+:)?[\w.-]*\Z")
_ELEMENT_SAYS = re.compile(r"""[\w.-]*(?:\s[^<>]*?["']([^"'<>]*)["'])?[^<>]*>?\s*([^<]*)""")
_ELEMENT_BESIDE = re.compile(
    r">\W{0,9}(?:[\w-]{1,20}\W)?"
    + SOVEREIGNTY
    + r"[^\w<>]{0,9}(?:<[^<>]{0,200}>\s{0,40})+([^<>]{1,60})"
)
_TAGGED_FORMATS = frozenset({"markdown", "html"})
#: "name: sovereignty, value: local": what stands before the word, and between it and its value.
_NAMED = re.compile(
    r"""(?<![^\W_])(?:name|key|field|property|attribute|rel|itemprop)["']?\s{0,4}[:=]\s{0,4}["']?"""
    r"""(?:[\w-]{1,20}[ _.-]){0,2}\Z"""
)
_PAIRED = re.compile(
    r"""[\w -]{0,20}(?:["']?[\s,;]{0,40}["']?(?:[\w-]+[:.-])?"""
    r"""(?:value|val|content|text|data|href|select)\w{0,8}["']?\s{0,4}[:=]"""
    r"""|["']?[ \t]*(?=[,;}/>\n]|\Z))[ \t]*"""
)
#: Strings of an object that are words of a story, not names.
_TOLD = re.compile(
    r'"[^"\n]{0,40}(?:title|summary|story|description|subject|text|body)[^"\n]{0,20}"\s*:\s*\Z'
)
_OPENERS = " \t#>*-+|@:.;/\"'`_~<!([{%«“‘"
_CLOSERS = " \t\r\n\"'`*_~)]}>»”’,;|!-"
_WORD = re.compile(r"[^\W_]+")
#: Words of a line that may be a key and its value without a sign between them.
_FEW = 3
_TAG = re.compile(r"[@#][\w./-]*\Z")
_TAGGED = re.compile(r"[\w./:=()-]*")


def is_open(value: str) -> bool:
    """Whether the value of a mark plainly lets its document leave this machine."""
    return value.strip().casefold() in _OPEN


def marked(document: Document, data: bytes) -> Document:
    """The document with its mark in ``front_matter``, and with a problem where that is not
    understood; the same document when it bears none.

    Args:
        data: the file's bytes, for the metadata of its format.
    """
    values = list(_values(document, data))
    if not values:
        return document
    # The one that keeps it decides; of those, the one that a person would recognise.
    value = min(values, key=lambda one: (is_open(one), not _is_local(one)))
    problem = document.problem
    if not is_open(value) and not _is_local(value):
        shown = f"“{value}”" if value else "nothing"
        said = (
            f"the mark “{SOVEREIGNTY}” says {shown}, which is not understood: the document stays "
            f"on this machine (write {SOVEREIGNTY}: local, or public)"
        )
        problem = f"{problem}; {said}" if problem else said
    return replace(
        document, front_matter={**document.front_matter, SOVEREIGNTY: value}, problem=problem
    )


def _is_local(value: str) -> bool:
    return _LOCAL.fullmatch(value.strip().casefold()) is not None


def _values(document: Document, data: bytes) -> Iterator[str]:
    """The value of every mark, as it stands there."""
    for name, value in document.front_matter.items():
        if _has_word(fold(name)):
            yield _bare(value)
    text = document.text
    head = text[: _head_length(text)]
    folded = fold(head)
    # Tables and objects count to their end; prose is not a table.
    whole = document.format not in _PROSE and _has_word(text.casefold())
    if _has_word(folded) or whole:
        text = text if whole else head
        yield from _in_cells(list(_rows(document.format, text)))
        if document.format in ("json", "jsonl"):
            yield from _in_objects(fold(_unescaped(text)))
    for shown in {folded, fold(_unescaped(head))}:
        yield from _in_text(shown)
    if document.format in _TAGGED_FORMATS:
        yield from _in_elements(data[:_LONGEST_HEAD].decode("utf-8", "replace"))
    for found in properties_of(data, document.format, document.encoding):
        yield from _in_property(found)


def _in_elements(source: str) -> Iterator[str]:
    """The mark as all that an element says, its value in the next one, or behind it: what is no
    plain value is a heading's text, or prose."""
    for found in _ELEMENT_BESIDE.finditer(fold(html.unescape(source))):
        if _is_local(_bare(found[1])):
            yield _bare(found[1])


def _in_property(found: Property) -> Iterator[str]:
    """The mark in one piece of a format's metadata."""
    name, value = fold(found.name), fold(_unescaped(found.value))
    if _is_key(name):
        yield _bare(value)
    elif found.kind == "text":
        yield from _in_text(value[: HEAD + _LONGEST_VALUE])
        yield from _in_cells(list(_rows("", value)))
    elif found.kind == "words" and _has_word(value):  # keywords are not prose
        yield next(_in_text(value), _bare(value))
    else:
        yield from _in_text(value, alone=False)


def fold(text: str) -> str:
    """Text as it is searched: one form of every letter, nothing invisible, small, the word in one
    piece."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Mn"))
    return _SPREAD.sub(SOVEREIGNTY, text.casefold().translate(_LOOK_ALIKE))


def _has_word(folded: str) -> bool:
    return SOVEREIGNTY in folded


def _unescaped(text: str) -> str:
    """The same with the escapes of JSON, YAML and HTML read."""

    def letter(found: re.Match[str]) -> str:
        code = int(next(filter(None, found.groups())), 16)
        return chr(code) if code <= 0x10FFFF else ""

    return html.unescape(_ESCAPED.sub(letter, text))


def _head_length(text: str) -> int:
    """How much of a text is looked through: its first characters, or its head if that is longer."""
    opened = _FENCE.match(text[:HEAD])
    if not opened:
        return HEAD
    closed = text.find("\n" + opened[1] * 3, opened.end(), _LONGEST_HEAD)
    return max(HEAD, closed)


def _is_key(name: str) -> bool:
    """Whether a name means the mark: it holds the word, or is it but for a slip or two."""
    return _has_word(name) or any(_is_slip(part[0]) for part in _NAME.finditer(name))


def _is_slip(word: str) -> bool:
    near = abs(len(word) - len(SOVEREIGNTY)) <= _MISTAKES and word[0] == SOVEREIGNTY[0]
    return near and _distance(word, SOVEREIGNTY) <= _MISTAKES


def _distance(a: str, b: str) -> int:
    """Letters to add, drop, change or swap with a neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _in_text(folded: str, *, alone: bool = True) -> Iterator[str]:
    """The values of the keys in a text.

    Args:
        alone: whether a key may stand alone on its line, its value below.
    """
    for found in _NAME.finditer(folded):
        word = found[0]
        if not _has_word(word) and not _is_slip(word):
            continue
        value = _value_of(folded, found.start(), found.end(), alone)
        if value is not None:
            yield value


def _value_of(text: str, start: int, end: int, alone: bool) -> str | None:
    """What the word at this place is a key of, None when it is a word of a sentence."""
    tag = _TAG.search(text, max(0, start - 80), start)
    if tag:
        whole = _TAGGED.match(text, end)
        return _bare(whole[0].lstrip(":=/(-_.") if whole else "")
    sign = _SIGN.match(text, end)
    if sign:
        return _bare(_value_after(text, sign.end()))
    before = text[max(0, start - 80) : start]
    if _ELEMENT.search(before):
        says = _ELEMENT_SAYS.match(text[end : end + 4 * _LONGEST_VALUE])
        return _bare((says[1] or says[2]) if says else "")
    if _NAMED.search(before) and (paired := _PAIRED.match(text, end)):
        return _bare(_value_after(text, paired.end())) if paired[0].strip(" \t\"'") else ""
    beside = _BESIDE.match(text, end)
    if beside and (beside[1] in _OPEN or beside[1] == STAYS):
        return str(beside[1])
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    if not alone or text[line_start:start].strip(_OPENERS):
        return None
    rest = _WORD.findall(text, end, line_end)
    if any(map(_is_local, rest[:_FEW])) and len(rest) <= _FEW:
        return str(next(filter(_is_local, rest)))
    return None if text[end:line_end].strip(_CLOSERS) else _short_line(text, line_end)


def _value_after(text: str, start: int) -> str:
    """What stands after a key's sign: on its line, or, where that is empty or announces it, on the
    next ones."""
    line, _, rest = text[start : start + 4 * _LONGEST_VALUE].partition("\n")
    if line.strip(" \t|>+-\"'[{"):
        return line
    return next((more for more in rest.split("\n") if more.strip(" \t-[]{}\"'")), "")


def _short_line(text: str, start: int) -> str | None:
    """The next line with words, None when it is a sentence or another heading: then the word above
    it is a title."""
    for line in text[start : start + 4 * _LONGEST_VALUE].split("\n"):
        if line.strip(" \t-=~*_"):
            few = len(line.split()) <= _FEW and not line.lstrip().startswith("#")
            return _bare(line) if few else None
    return None


def _bare(value: str) -> str:
    """A value without what surrounds it, cut where the next one begins."""
    several = re.match(r"\s*\[([^\[\]]{1,200})\]", value)
    if several and len(items := several[1].split(",")) > 1:
        return _worst([_bare(item) for item in items])
    line = value.strip(_CLOSERS + "-#:=<([{").split("\n", 1)[0]
    line = re.split(r"""-->|["']\s*[,}\]/>]|[<>\t]|\s\|""", line, maxsplit=1)[0]
    return " ".join(line.strip(_CLOSERS + "([{").split())[:_LONGEST_VALUE]


def _in_objects(folded: str) -> Iterator[str]:
    """The mark as a key of an object, or as a string that names one, wherever that stands."""
    for found in re.finditer(r'"[^"\n]{0,40}' + SOVEREIGNTY + r'[^"\n]{0,40}"(\s*:)?', folded):
        if found[1]:
            yield _bare(_value_after(folded, found.end()))
            continue
        told = _TOLD.search(folded, max(0, found.start() - 100), found.start())
        if not told and len(_WORD.findall(found[0])) <= _FEW:
            paired = _PAIRED.match(folded, found.end() - 1)
            named = paired is not None and paired[0].rstrip().endswith((":", "="))
            yield _bare(_value_after(folded, paired.end())) if paired and named else ""


def _rows(kind: str, text: str) -> Iterator[list[str]]:
    """The cells of every row of the tables in a text."""
    if kind in ("csv", "tsv"):
        for row in find_rows(text, "\t" if kind == "tsv" else sniff_delimiter(text)):
            yield [text[a:b] for a, b in row.cells]
        return
    for line in text.split("\n"):
        yield line.split("\t") if "\t" in line else line.strip(" |").split("|")


def _in_cells(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The value of every cell that is a key: beside it, or below it as far as the table goes. A
    cell that holds more than the word is one only where a known value is found there."""
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            name = fold(cell).strip(_OPENERS + _CLOSERS) if len(cell) <= 2 * _LONGEST_VALUE else ""
            words = len(name.split())
            if len(row) < 2 or not 0 < words <= _FEW or not _is_key(name):
                continue
            beside = _bare(fold(row[column + 1])) if column + 1 < len(row) else ""
            below = list(_below(rows, at, column))
            if below and all(map(is_open, below)):
                yield below[0]
            elif is_open(beside) or _is_local(beside):
                yield beside
            elif words == 1 or any(map(_is_local, below)):
                yield _worst([*below, beside])


def _below(rows: Sequence[Sequence[str]], at: int, column: int) -> Iterator[str]:
    for row in rows[at + 1 :]:
        if not any(cell.strip() for cell in row):
            return
        if all(set(cell.strip()) <= set("-: ") for cell in row):
            continue  # the line below the head of a Markdown table
        yield _bare(fold(row[column])) if column < len(row) else ""


def _worst(values: Sequence[str]) -> str:
    return min(values, key=lambda one: (is_open(one), not _is_local(one)), default="")
