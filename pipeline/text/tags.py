"""Tags of formatting in a text that is not a page: in a table's cell, a tracker's field, Markdown.

A tag that begins or ends a block ends a line; one inside of a word ends nothing. In code and where
nothing closes it, it is what the author says: what stands in code is meant as it stands, also where
it looks like markup. While markup is read, the signs of code that could be taken for some are put
aside: each is one character that no text has, so that every place in the text stays what it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.text.shifted import DEEPEST, ELEMENT, element_written, tags_shifted

#: Backticks as in Markdown, fenced or in a line, and the marks of trackers.
_CODE_SPAN = re.compile(
    r"(?P<fence>^[ \t>]*(?P<mark>`{3,}|~{3,})[^\n`]*\n.*?(?:^[ \t>]*(?P=mark)[`~]*[ \t]*$|\Z))"
    r"|(?<![`\\])(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)"
    r"|\{\{[^{}\n]+\}\}"
    r"|\{(?P<block>code|noformat)(?::[^{}\n]*)?\}.{0,20000}?\{(?P=block)\}",
    re.MULTILINE | re.DOTALL,
)
#: In no text, so that they can stand for others.
_ASIDE: Final = dict(zip("<>&*_", map(chr, range(0x10FE00, 0x10FE05)), strict=True))
_HIDE: Final = str.maketrans(_ASIDE)
_REVEAL: Final = str.maketrans({aside: sign for sign, aside in _ASIDE.items()})
_ANY_ASIDE = re.compile(f"[{''.join(_ASIDE.values())}]")
_BLOCK = r"div|p|br|ul|ol|li|h[1-6]"
_INLINE = (
    r"b|i|u|span|strong|em|font|tt|code|kbd|samp|small|big|mark"
    r"|ins|abbr|acronym|cite|dfn|q|var"
)
#: Tags between which words stand apart, and those that stand inside of a word: un<b>do</b>.
BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})\b[^<>]*>", re.I)
INLINE_TAG = re.compile(rf"<(/?)({_INLINE})\b[^<>]*>", re.I)
_BLOCKS = re.compile(rf"\n?[ \t]*+(?:{BLOCK_TAG.pattern}\s*+)+", re.I)
_BREAK_TAG = re.compile(r"<br\b[^<>]*>", re.I)
#: What stands in it is meant as it stands, tags written as entities too.
_CODE_TAG = re.compile(r"<(code|tt|kbd|samp)\b[^<>]*>(.{0,2000}?)</\1\s*>", re.I | re.DOTALL)
#: A program wrote all tags of a cell as text: it begins with one.
_BEGINS_AS_TEXT = re.compile(rf"^\s*&lt;(?:{_BLOCK})\b[^<>\n]*&lt;/(?:{_BLOCK})&gt;", re.I | re.M)
_TAG_AS_TEXT = re.compile(rf"&lt;/?(?:{_BLOCK}|{_INLINE})\b(?:(?!&[lg]t;)[^<>])*&gt;", re.I)
#: A link with its address: "<a href=address>words</a>".
_LINK = re.compile(
    r"<a\s+(?:[\w:-]+=(?:\"[^\"<>]*\"|'[^'<>]*')\s+)*?href=([\"'])([^\s\"'<>()]{1,2000})\1"
    r"(?:\s[^<>]*)?>"
    rf"((?:[^\n<>\[\]]|</?(?:{_INLINE})\b[^<>]*>){{1,400}}?)</a\s*>",
    re.I,
)
#: A place that links may lead to; its words are there.
_ANCHOR = re.compile(
    r"<a(?:\s+(?:id|name|class)=(?:\"[^\"<>]*\"|'[^'<>]*'))+\s*>"
    rf"((?:[^\n<>]|</?(?:{_INLINE})\b[^<>]*>){{0,400}}?)</a\s*>",
    re.I,
)
_STOP = re.compile(r"[.!?…;]\s")
_ENTITY = re.compile(r"&#?\w{2,8};")
_NO_MARKS = str.maketrans("", "", "<>&*_")
#: Takes the place of a tag's characters where places have to stay: nobody sees it.
NOTHING = "\u200b"


def has_tags(text: str) -> bool:
    """Whether a text, its code hidden, has tags that are markup: one closes, or a line breaks."""
    return "<" in text and ("</" in text or _BREAK_TAG.search(text) is not None)


def tags_read(text: str) -> str:
    """The text with its tags as such where all of them are written as entities."""
    if _is_as_text(text):
        return _TAG_AS_TEXT.sub(lambda tag: html.unescape(tag[0]), text)
    return text


def tags_as_code(text: str) -> str:
    """The text with backticks for the tags of code, and what stands between them hidden where it
    would be read as markup."""
    return _CODE_TAG.sub(_in_backticks, text) if "</" in text else text


def _in_backticks(tag: re.Match[str]) -> str:
    words = read_entities(without_inline_tags(BLOCK_TAG.sub(" ", tag[2]))).strip()
    marked = words != words.translate(_NO_MARKS)
    return hide(f"`{words}`") if marked and "`" not in words else words


def read_entities(text: str) -> str:
    """The text with the characters that its entities stand for."""
    return _ENTITY.sub(character, text)


def character(entity: re.Match[str]) -> str:
    """The one that an entity stands for; the entity where that is none."""
    one = html.unescape(entity.group())
    return one if len(one) == 1 else entity.group()


def without_inline_tags(text: str) -> str:
    """The text without the tags that are closed somewhere: "copy <b> to <i>" keeps its words."""
    closed = _closed(text)
    return INLINE_TAG.sub(lambda tag: "" if tag[2].lower() in closed else tag[0], text)


def without_tags(text: str) -> str:
    """The text, its code hidden, without tags of formatting: its lines end where blocks do."""
    text = tags_read(text)
    if not has_tags(text):
        return text
    return tags_as_words(_BLOCKS.sub("\n", tags_as_code(text)))


def tags_as_words(text: str) -> str:
    """The text, its code hidden, without tags inside of its lines. What would be lost with one is
    written in another way: powers and indices in letters of their own, links as in Markdown."""
    text = without_inline_tags(tags_shifted(text))
    if "</a" in text or "</A" in text:
        text = _ANCHOR.sub(_words_there, _LINK.sub(_as_in_markdown, text))
    return text


def words_and_places(text: str) -> tuple[str, Sequence[int]]:
    """The text with its powers, indices and links as :func:`tags_as_words` writes them, other tags
    left, and where each of its characters stands in the text given."""
    places: Sequence[int] = range(len(text))
    for _ in range(DEEPEST if "</" in text else 0):
        text, places, changed = _rewritten(text, places, ELEMENT, element_written)
        if not changed:
            break
    if "</a" in text or "</A" in text:
        text, places, _ = _rewritten(text, places, _LINK, _as_in_markdown)
        text, places, _ = _rewritten(text, places, _ANCHOR, _words_there)
    return text, places


def _rewritten(
    text: str,
    places: Sequence[int],
    shape: re.Pattern[str],
    write: Callable[[re.Match[str]], str],
) -> tuple[str, Sequence[int], bool]:
    """The text with what has a shape written otherwise, the places of what is written those of the
    first characters that it stands for, and whether there was any."""
    pieces: list[str] = []
    at: list[int] = []
    end = 0
    for found in shape.finditer(text):
        written = write(found)
        first, last = places[found.start()], places[found.end() - 1]
        pieces += (text[end : found.start()], written)
        at += places[end : found.start()]
        at += (min(first + n, last) for n in range(len(written)))
        end = found.end()
    if not end:
        return text, places, False
    at += places[end:]
    return "".join(pieces) + text[end:], at, True


def _words_there(anchor: re.Match[str]) -> str:
    return anchor[0] if _STOP.search(anchor[1]) else anchor[1]


def _as_in_markdown(link: re.Match[str]) -> str:
    """The link; as it is where a sentence ends in its words: what is cut there has half of it."""
    return link[0] if _STOP.search(link[3]) else f"[{link[3].strip()}]({link[2]})"


def tags_blanked(text: str) -> str:
    """The text with all characters in their places, and in place of tags of formatting the ends of
    lines and what nobody sees. Tags of code stay: what they hold is read with them."""
    hidden = hide_code(text)
    if _is_as_text(hidden):
        hidden = _TAG_AS_TEXT.sub(_as_text_blanked, hidden)
    elif has_tags(hidden):
        closed = _closed(hidden) - {"code", "tt", "kbd", "samp"}
        hidden = BLOCK_TAG.sub(_line_end, hidden)
        hidden = INLINE_TAG.sub(
            lambda tag: NOTHING * len(tag[0]) if tag[2].lower() in closed else tag[0], hidden
        )
    else:
        return text
    return reveal(hidden)


def _is_as_text(text: str) -> bool:
    return "&lt;" in text and "</" not in text and _BEGINS_AS_TEXT.search(text) is not None


def _closed(text: str) -> set[str]:
    return {tag[2].lower() for tag in INLINE_TAG.finditer(text) if tag[1]}


def _as_text_blanked(tag: re.Match[str]) -> str:
    block = BLOCK_TAG.fullmatch(html.unescape(tag[0]))
    return _line_end(tag) if block else NOTHING * len(tag[0])


def _line_end(tag: re.Match[str]) -> str:
    return "\n" + NOTHING * (len(tag[0]) - 1)


def has_hidden(text: str) -> bool:
    """Whether signs of a text are put aside."""
    return not text.isascii() and _ANY_ASIDE.search(text) is not None


def hide(text: str) -> str:
    """A text that is code, with its signs put aside."""
    return text.translate(_HIDE)


def hide_code(text: str) -> str:
    """A text with the signs put aside that stand in code; as long as before."""
    if ("`" not in text and "{" not in text and "~~~" not in text) or has_hidden(text):
        return text
    return _CODE_SPAN.sub(lambda code: hide(code[0]), text)


def reveal(text: str) -> str:
    """The text with its own signs again."""
    return text if text.isascii() else text.translate(_REVEAL)
