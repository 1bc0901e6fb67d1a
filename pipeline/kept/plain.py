"""The form in which texts are compared, and whether one holds another whole.

White space, markup, and characters that nobody sees are apart; case, punctuation, signs and digits
count. Nothing is decomposed for likeness: 10² is not 102.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

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
#: Marks of emphasis, at the edge of a word only: 5 * 3, a*b and some_name keep theirs.
_OPENING = re.compile(r"(?<![\w*_~])(?:\*{1,3}|_{1,3}|~~)+(?=[\w\"'“‘«(\[<$€£@#/-])")
_CLOSING = re.compile(r"(?<=[\w\"'”’»)\]>.,;:!?%…€$£/-])(?:\*{1,3}|_{1,3}|~~)+(?![\w*_~])")
#: Markup of a page. Escaped characters are put aside meanwhile, where no text has any.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ASIDE: Final = 0x10FF00
_PUT_ASIDE = re.compile("[\U0010ff21-\U0010ff7e]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
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
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "\\" in text or "<U+" in text or not text.isascii():
        text = _SHOWN.sub(_unshown, text)
    if not text.isprintable():
        text = _HIDDEN.sub("", text)
    if "<" in text:
        text = _LINE_BREAK.sub(" ", text)
    text = text.replace("`", "")
    if "*" in text or "_" in text or "~~" in text:
        text = _CLOSING.sub("", _OPENING.sub("", text))
    return " ".join(text.split())


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
