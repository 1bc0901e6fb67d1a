"""The form in which texts are compared, and whether one holds another whole.

White space, markup, escaping and characters that nobody sees are apart; case, punctuation, signs
and digits count. Tags that only format are markup, and an entity is the character it stands for;
tags that change what is said (del) and signs that are not a tag ("a < b") count; powers, indices
and links are what an edition writes of them (:mod:`pipeline.kept.raised`). Nothing is decomposed
for likeness: 10² is not 102.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache, partial
from html.entities import html5
from typing import Final

from pipeline.kept.raised import spoken

#: Characters that are not printed: controls, zero-width ones, marks of direction, tags.
_UNSEEN: Final = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f"
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_OR_BLANK = re.compile(rf"[{_UNSEEN}\s]")
#: How such a character is written to be seen: \x1b, \u200b, <U+200B>, and pictures such as ␛.
_SHOWN = re.compile(
    r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|<U\+([0-9a-fA-F]{4,6})>|([\u2400-\u241f\u2421])"
)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+))*\s*"
#: Tags that set words apart from one another.
BLOCK_TAG: Final = rf"<br\s*/?>|</?(?:p|div|ul|ol|li|h[1-6]){_ATTRIBUTES}>"
_BLOCK_TAG = re.compile(BLOCK_TAG, re.IGNORECASE)
_FORMAT = (
    r"(b|i|u|em|strong|span|font|tt|code|kbd|samp|small|big|mark"
    r"|ins|abbr|acronym|cite|dfn|q|var)"
)
_CLOSING_TAG = re.compile(rf"</{_FORMAT}\s*>", re.IGNORECASE)
_OPENING_TAG = re.compile(rf"<{_FORMAT}{_ATTRIBUTES}>", re.IGNORECASE)
_BEGINNING = re.compile(r"[\w\"'“‘«(\[<$€£*_`-]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
#: Marks of emphasis, at the edge of a word only: 5 * 3, a*b and some_name keep theirs.
_OPENING = re.compile(r"(?<![\w*_~])(?:\*{1,3}|_{1,3}|~~)+(?=[\w\"'“‘«(\[<$€£@#/-])")
_CLOSING = re.compile(r"(?<=[\w\"'”’»)\]>.,;:!?%…€$£/-])(?:\*{1,3}|_{1,3}|~~)+(?![\w*_~])")
#: What a text says of code counts to the letter, also where it looks like markup: characters that
#: no text has stand for its signs.
_CODE = re.compile(
    r"(?<![`\\])(`+)(?!`)([^\n]*?[^`\n])\1(?!`)"
    r"|<(code|tt|kbd|samp)(?:\s[^<>]*)?>([^<>]*)</\3\s*>",
    re.IGNORECASE,
)
_LITERAL = {ord(sign): chr(0x10FF80 + n) for n, sign in enumerate("<>&")}
_AS_SIGN = {ord(aside): chr(sign) for sign, aside in _LITERAL.items()}
#: Markup of a page. Escaped characters are put aside meanwhile, where no text has any.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ASIDE: Final = 0x10FF00
_PUT_ASIDE = re.compile("[\U0010ff21-\U0010ff7e]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
#: Marks of wiki markup: {{monospaced}}, {color:red}, [~person], [words|address], +inserted+.
_WIKI_MONOSPACED = re.compile(r"\{\{([^{}\n]+)\}\}")
_WIKI_STYLE = re.compile(r"\{(?:color(?::[^{}\n]*)?|anchor:[^{}\n]*|[-+*_])\}", re.IGNORECASE)
_WIKI_PERSON = re.compile(r"\[~(?:accountid:)?([^\]\s]+)\]")
_WIKI_LINK = re.compile(
    r"\[([^\]\[\n|]+)\|((?:https?|mailto|ftp|file):[^\]\n|]*|[#/][^\]\n|]*)(?:\|[^\]\n]*)?\]"
)
_WIKI_MARKED = {
    sign: re.compile(
        rf"(?<![\w{re.escape(sign[0])}]){re.escape(sign)}(?=\S)([^\n]{{1,400}}?)(?<=\S)"
        rf"{re.escape(sign)}(?![\w{re.escape(sign[0])}])"
    )
    for sign in ("+", "??", "^")
}
_BARS = re.compile(r"\s*\|\s*")
#: Scripts written without blanks between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
#: Between two letters or digits, these make one word of them: e-mail, user's, and/or, 1.5, a@b.
_JOINING = frozenset("-\u2010\u2011'’/.@:,_+#&*\\")
#: In front of a number, and behind one, these are part of it.
_SIGNS = frozenset("<>≤≥=±≠≈~-−+$€£¥#№§×")
_UNITS = frozenset("%‰°€$£¥<>≤≥=±≠≈")


@lru_cache(maxsize=1 << 16)
def settle(text: str) -> str:
    """The text as it is compared: markup and unseen characters away, one blank for white space."""
    text = without_markup(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "\\" in text or "<U+" in text or not text.isascii():
        text = _SHOWN.sub(_unshown, text)
    if not text.isprintable():
        text = _HIDDEN.sub("", text)
    text = without_wiki_marks(text.replace("`", ""))
    if "|" in text:  # cells, however wide
        text = _BARS.sub(" | ", text)
    if "*" in text or "_" in text or "~~" in text:
        text = _CLOSING.sub("", _OPENING.sub("", text))
    return " ".join(text.split())


def without_wiki_marks(text: str) -> str:
    """The text without the marks that trackers' wiki markup sets inside of a line."""
    if "{" in text:
        text = _WIKI_MONOSPACED.sub(r"\1", _WIKI_STYLE.sub("", text))
    if "[" in text:
        text = _WIKI_LINK.sub(r"\1 (\2)", _WIKI_PERSON.sub(r"@\1", text))
    for sign, marked in _WIKI_MARKED.items():
        if sign in text:
            text = marked.sub(r"\1", text)
    return text


def without_markup(text: str) -> str:
    """The text with its entities read and its tags of formatting gone, lines kept as they are.

    As often as there are any: what is settled twice, an edition's line, is what is settled once.
    """
    text = literal_code(text)
    before = ""
    while before != text and ("<" in text or "&" in text):
        before = text
        if "&" in text:
            text = _ENTITY.sub(_character, text)
        if "<" in text:
            text = _BLOCK_TAG.sub(" ", text)
            closed = {tag[1].lower(): tag.start() for tag in _CLOSING_TAG.finditer(text)}
            text = _OPENING_TAG.sub(partial(_unopened, closed=closed), text)
            text = spoken(_CLOSING_TAG.sub("", text))
    return text


def literal_code(text: str) -> str:
    """The text with the signs of its code in place of those that could be markup, and backticks in
    place of its tags."""
    if "`" not in text and "</" not in text:
        return text
    return _CODE.sub(_literal, text)


def as_written(text: str) -> str:
    """The text with the signs of its code again."""
    return text if text.isascii() else text.translate(_AS_SIGN)


def _literal(code: re.Match[str]) -> str:
    if code[1]:
        return code[0].translate(_LITERAL)
    words = _ENTITY.sub(_character, code[4])
    return f"`{words}`".translate(_LITERAL) if "`" not in words else words


def _unopened(tag: re.Match[str], closed: Mapping[str, int]) -> str:
    """ "" for a tag that is closed behind it, or stands where words begin (the sentence that
    closes it may be another unit); else what looks like one: "a<b>c", "copy <b> to <i>".
    """
    text, start, end = tag.string, tag.start(), tag.end()
    if closed.get(tag[1].lower(), -1) > start:
        return ""
    begins = not _is_word(text[start - 1 : start] or " ") and _BEGINNING.match(text, end)
    return "" if begins else tag[0]


def _character(entity: re.Match[str]) -> str:
    """What an entity stands for; the text as it is where there is none of that name."""
    known = entity[0][1] == "#" or entity[0][1:] in html5
    return html.unescape(entity[0]) if known else entity[0]


def _unshown(found: re.Match[str]) -> str:
    """The character that is shown; the text as it is where that one needs no showing."""
    code = found[1] or found[2] or found[3]
    number = int(code, 16) if code else ord(found[4]) - 0x2400
    if number > 0x10FFFF:
        return found[0]
    character = "\x7f" if found[4] == "\u2421" else chr(number)
    return character if _HIDDEN_OR_BLANK.match(character) else found[0]


def unmark(line: str) -> str:
    """A line of Markdown as its reader sees it: tags, links, emphasis and escapes resolved."""
    if "\\" in line:
        line = _ESCAPED.sub(lambda found: chr(_ASIDE + ord(found[1])), line)
    line = literal_code(line)
    if "<" in line:
        line = _TAG.sub("", _LINE_BREAK.sub(" ", line))
    if "](" in line:
        line = _LINK.sub(r"\1", line)
    line = _CLOSING.sub("", _OPENING.sub("", line.replace("`", "")))
    if "&" in line:
        line = html.unescape(line)
    return _PUT_ASIDE.sub(lambda found: chr(ord(found[0]) - _ASIDE), line)


def has_words(text: str) -> bool:
    """Whether anything is said: a rule or the border of a table says nothing."""
    return any(c.isalnum() or unicodedata.category(c) in ("So", "Sc") for c in text)


def find_whole(unit: str, text: str) -> bool:
    """Whether ``text`` holds ``unit`` with no word, number or sign of it continued at either end.

    Args:
        unit, text: both settled.
    """
    start = text.find(unit)
    while start >= 0:
        if _begins(text, start) and _ends(text, start + len(unit)):
            return True
        start = text.find(unit, start + 1)
    return False


def _is_word(character: str) -> bool:
    return (
        character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")
    )


def _begins(text: str, at: int) -> bool:
    if at == 0:
        return True
    first, before = text[at], text[at - 1]
    if not _is_word(first):
        return True
    if _is_word(before):
        return bool(_UNSPACED.match(first))
    if before in _JOINING and at > 1 and _is_word(text[at - 2]):
        return before in ":," and not first.isdigit()
    if first.isdigit():
        sign = text[at - 2] if before == " " and at > 1 else before
        return sign not in _SIGNS or (before == " " and sign in "-#")
    return True


def _ends(text: str, at: int) -> bool:
    if at == len(text):
        return True
    last, behind = text[at - 1], text[at]
    if unicodedata.category(behind).startswith("M"):
        return False
    if not _is_word(last):
        return True
    if _is_word(behind):
        return bool(_UNSPACED.match(last))
    if behind in "+#":
        return False
    if behind in _JOINING and at + 1 < len(text) and _is_word(text[at + 1]):
        return False
    if last.isdigit():
        sign = text[at + 1] if behind == " " and at + 1 < len(text) else behind
        return sign not in _UNITS
    return True
