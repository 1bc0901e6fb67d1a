"""Words of sources for people to read: without markup, one cell apart from the next."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from pipeline.text.sentences import plain
from pipeline.text.shifted import tags_shifted
from pipeline.text.tags import (
    BLOCK_TAG,
    INLINE_TAG,
    hide,
    hide_code,
    reveal,
    tags_as_code,
    tags_read,
)

#: Between two cells, or a title and what it stands over, that come on one line.
APART = " · "
#: Only what is HTML, or has a name space as in exports of wikis: "<5 items>" is a bound.
_BLOCK = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|figcaption|"
    "figure|footer|form|h[1-6]|head|header|hr|html|li|main|nav|ol|p|pre|section|summary|table|"
    "tbody|tfoot|thead|title|tr|ul"
)
#: Not ``sup``, ``sub`` and ``del``: what they say would be lost with them.
_INLINE = (
    "a|abbr|acronym|b|big|button|cite|code|dfn|em|font|i|ins|kbd|label|mark|q|samp|small|"
    "span|strong|time|tt|u|var|[a-z]+:[a-z-]+"
)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:\s[^<>]*)?\s*/?>", re.IGNORECASE)
_ITEM_TAG = re.compile(r"<li(?:\s[^<>]*)?>", re.IGNORECASE)
#: A blank that no text has: its line begins where a block does.
_TAG = "\x1f"
_CELL_TAG = re.compile(r"</?(?:td|th)(?:\s[^<>]*)?>", re.IGNORECASE)
_EMPTY_TAG = re.compile(r"<(?:col|colgroup|img|input|wbr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(rf"<(/?)({_INLINE})(\s[^<>]*)?/?>", re.IGNORECASE)
#: Where no reader has left it out, it is still no current text.
_STRUCK = re.compile(
    r"<(del|s|strike)(?:\s[^<>]*)?>\s*([^<>\s](?:[^<>]*[^<>\s])?)\s*</\1\s*>", re.I
)
_COMMENT = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()]*\))?[^()]*\)|\[[^\[\]]*\])")
_WIKI_LINK = re.compile(r"\[([^\[\]|]+)\|[^\[\]\s]+\]")
_ADDRESS = re.compile(r"<((?:https?|mailto):[^<>\s]+)>")
#: Headings, lists and boxes to tick, in Markdown and in wikis.
_LEAD = re.compile(r"^\s*(?:#{1,6}\s+|h[1-6]\.\s+|(?:[-*+•]\s+)+(?:\[[ xX]\]\s+)?)")
_ITEM = re.compile(r"\s*[-*+•]\s")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s")
#: A line of so many characters may have been wrapped.
_WRAPPED = 60
#: Behind these nothing more is needed between two lines.
_CLOSED = ".,;:!?…"
#: A rule, the line below a table's head, the border of a drawn table, a fence of code.
_RULE = re.compile(
    r"^\s*(?:\|[|:\s-]*-[|:\s-]*|[|+:=\s-]*(?:-{3,}|={3,})[|+:=\s-]*|(?:`{3,}|~{3,})[\w-]*)\s*$"
)
_BARS = re.compile(r"\s*(?<!\\)\|[\s|]*|(?<=\S)\t\s*(?=\S)")
_WIKI = re.compile(r"\{(?:color(?::[\w#]+)?|quote|noformat|code(?::[\w|=]+)?|panel)\}|\{\{|\}\}")
_FENCE = re.compile(r"`+")
#: A mark of bold that its partner is missing for, or that stands inside of a word: not 2**3.
_BOLD = re.compile(r"(?<![\w*\\])\*{2,3}(?=[^\s*])|(?<=[^\s*\\])\*{2,3}(?![\w*])")
_BOLD_INSIDE = re.compile(r"(?<![\\*])(\*{2,3})(?=[^\s*])([^*\n]+?)(?<=[^\s*\\])\1(?!\*)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|~.()!+-])")
_CELLS = re.compile(rf"(?:\s*{APART.strip()}\s*){{2,}}")
#: What a text without any of these needs no reading for.
_MARKED = re.compile(r"[<>&*_|`\\{}\t\[#]|^\s*(?:[-+•]\s|h[1-6]\. )|-{3}|={3}", re.MULTILINE)
_EDGES = f" {APART.strip()}"


def without_markup(text: str) -> str:
    """The words of a text on one line: no emphasis, tag, link address, list, heading or table
    mark, and no escape. No word is changed; cells, items of a list and titles stand apart."""
    told = ""
    before = ""
    for line, begins in _lines(text):
        if told:
            cells = APART in line or APART in before
            told += APART if cells or (begins and before[-1] not in _CLOSED) else " "
        told += line
        before = line
    return _apart(told)


def shown(text: str) -> str:
    """The same for a line of an entry, in which tags of formatting are read; one without any markup
    stays as it is, character by character."""
    if not _MARKED.search(text):
        return text
    text = hide_code(text)
    for tag in (BLOCK_TAG, INLINE_TAG):  # those that are left are words: "copy <b>"
        text = tag.sub(lambda found: hide(found[0]), text) if "<" in text else text
    return without_markup(text)


def on_one_line(text: str, lengths: Sequence[int] = ()) -> str:
    """The words of a story on one line without markup, its pieces apart.

    Args:
        lengths: of the pieces that the text is put together of, a line end between each and the
            next, as cells of a row are.
    """
    if "\n" not in text and not _MARKED.search(text):
        return text.strip()
    return _apart(APART.join(filter(None, map(without_markup, _pieces(text, lengths)))))


def readable(text: str) -> str:
    """A text without markup, in its own lines: items of a list begin with a dot, and what is
    indented stays so."""
    if not _MARKED.search(text):
        return text
    shown = []
    for line in _unmarked(text).splitlines():
        told = "" if _RULE.match(line) else _line(line)
        if told:
            blank = line[: len(line) - len(line.lstrip())].removeprefix(_TAG)
            shown.append(f"{blank}{'• ' if _ITEM.match(line) else ''}{told}")
    return "\n".join(shown)


def _apart(told: str) -> str:
    return _CELLS.sub(APART, told).strip(_EDGES) if APART.strip() in told else told


def _pieces(text: str, lengths: Sequence[int]) -> list[str]:
    found, start = [], 0
    for length in lengths[:-1]:
        if text[start + length : start + length + 1] != "\n":
            break
        found.append(text[start : start + length])
        start += length + 1
    return [*found, text[start:]]


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """The lines that say something, and whether one begins something of its own: an item of a list,
    or with a capital where the line before had room for its first word."""
    width = 0
    apart = False
    for line in _unmarked(text).splitlines():
        if _RULE.match(line):
            continue
        told = _line(line)
        apart = apart or line.startswith(_TAG)
        if told:
            item = _LEAD.match(line) or _NUMBERED.match(line)
            yield told, bool(item) or apart or (width < _WRAPPED and told[0].isupper())
            width = len(line)
            apart = False


def _unmarked(text: str) -> str:
    """The text without what may run over several of its lines."""
    hidden = tags_as_code(tags_read(hide_code(text)))
    return _WIKI.sub("", _without_tags(_ADDRESS.sub(r"\1", hidden)))


def _line(text: str) -> str:
    source = text
    text = _WIKI_LINK.sub(r"\1", _LINK.sub(r"\1", _LEAD.sub("", text))).removesuffix("\\")
    if "|" in text or "\t" in text:
        text = _BARS.sub(APART, text).strip(_EDGES)
    if "**" in text:
        text = _BOLD.sub("", _BOLD_INSIDE.sub(r"\2", text))
    text = _FENCE.sub("", plain(text))
    told = html.unescape(_ESCAPED.sub(r"\1", text)).strip()
    # Escaped once more by what exported it; a tag that nothing closes is a word: "copy <b>".
    if "</" in told and "<" not in source:
        told = " ".join(_without_tags(told).split())
    return reveal(told)


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _EMPTY_TAG.sub(" ", _COMMENT.sub("", text))
    text = _CELL_TAG.sub(APART, _ITEM_TAG.sub(f"\n{_TAG}- ", text))
    text = _BLOCK_TAG.sub(f"\n{_TAG}", text)
    text = _STRUCK.sub(r"~~\2~~", tags_shifted(text))
    closed = {tag[2].casefold() for tag in _INLINE_TAG.finditer(text) if tag[1]}
    return _INLINE_TAG.sub(
        lambda tag: "" if tag[3] or tag[2].casefold() in closed else tag[0], text
    )
