"""Where sentences and clauses end, and what a run of marked-up text says without its marks.

Sentence ends follow punctuation, a blank and something that can begin a sentence, unless the
word before the stop is an abbreviation or an initial. That is the rule of the Punkt baseline
(Kiss and Strunk 2006) without training: story documents are short and use few abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipeline.text.notation import MONTH_NAMES
from pipeline.text.tags import (
    BLOCK_TAG,
    INLINE_TAG,
    character,
    has_hidden,
    has_tags,
    hide_code,
    read_entities,
    reveal,
    tags_as_code,
    tags_as_words,
    without_tags,
    words_and_places,
)

_END = re.compile(
    # A run of stops is tried from its first one only: each of a thousand would run to the last.
    r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?=\s+(?:[\"'“‘(\[*_`<]*[^\W_a-zß-öø-ÿ]|[#^][A-Za-z])|\s*$)"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.?g|i\.?e|etc|vs|cf|approx|resp|incl|excl|esp|fig|sec|ch|ver|"
    r"dr|mr|mrs|ms|prof|st|inc|ltd|co|corp|dept|est|min|max|temp|vol|no|nr|bzw|ca|z\.\s?b|usw|u\.\s?a|d\.\s?h)"
    r"|\b[A-Za-z])$",
    re.IGNORECASE,
)
_ALWAYS_INSIDE = re.compile(r"(?:\b(?:e\.?g|i\.?e|vs|cf|approx|dr|mr|mrs|ms|prof|z\.\s?b))$", re.I)

#: The number of a day with its stop, "am 1. Mai": a stop before a month's name ends nothing. But
#: for two names that begin English sentences: "in phase 2. May I …".
_DAY = re.compile(r"(?<![\w.,:/-])(?:0?[1-9]|[12]\d|3[01])$")
_MONTH_NEXT = re.compile(rf"\s+(?:{'|'.join(sorted(MONTH_NAMES - {'may', 'march'}))})\b", re.I)

_CLAUSE = re.compile(
    r"[,:;()–—]|\b(?:and|or|but|so that|because|when|if|while|unless|until|although)\b",
    re.IGNORECASE,
)
_STOP_MARK = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[\n\r]+|;(?=\s)")

#: Where a sentence ends whose author begins the next one with a small letter.
_SMALL_END = re.compile(r"(?<=[^\W\d_]{2})[.!?](?=\s+[^\W\d_]{2})")
_STOP_INSIDE = re.compile(r"[.!?](?=\s)")
_NUMBER_NEXT = re.compile(r"\s+\d")

#: Before a number it is a sign: "> 5 books".
_QUOTE_MARK = re.compile(r"(?m)^[ \t]*(?:>(?![ \t]*\d)[ \t]?)+")
_EMPHASIS = re.compile(
    r"(?<![\w*_])(\*{1,3}|_{1,3})(?=[^\s*_}])(.{1,600}?)(?<=[^\s*_\\])\1(?![\w*_])", re.DOTALL
)
_ENTITY = re.compile(r"&#?\w{2,8};")
_MARKUP = re.compile(rf"(?i:{BLOCK_TAG.pattern}|{INLINE_TAG.pattern})|{_ENTITY.pattern}")
_FORMATTED = re.compile(r"[<*_]|&#?\w")
_BLANKS = re.compile(r"\s+")
#: Characters that nobody sees: byte order marks, zero-width blanks and joins, direction marks.
_UNSEEN = re.compile("[\ufeff\u200b\u2060\u200e\u200f\u00ad\u202a\u202c]")
#: Its last stop is its own: what follows stands below, in a list.
_OWN_STOP = re.compile(r"\b(?:e\.g|i\.e)$", re.IGNORECASE)
#: Marks at a phrase's end that are none of its words.
TRAILING = " \t\n,;:.–—-"


def sentence_ends(text: str, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Offsets one past the last character of each sentence of ``text[start:end]``; the last is
    ``end`` without trailing blanks. Nothing is yielded for blank text."""
    stop = len(text) if end is None else end
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    last = start
    for match in _END.finditer(text, start, stop):
        before = text[max(start, match.start() - 12) : match.start()]
        if match[0] == "." and _is_day(before, text, match.end()):
            continue
        if text[match.start()] == "." and len(match.group().rstrip("\"'”’)]*_")) == 1:
            shortened = _ABBREVIATION.search(before)
            if shortened and (
                _ALWAYS_INSIDE.search(before)
                or len(shortened.group()) == 1
                or _NUMBER_NEXT.match(text, match.end())
            ):
                continue
        last = match.end()
        yield last
    if last < stop:
        yield stop


def _is_day(before: str, text: str, at: int) -> bool:
    """Whether a stop that ends at ``at`` is that of a day before its month."""
    return _DAY.search(before) is not None and _MONTH_NEXT.match(text, at) is not None


def first_sentence_end(text: str, start: int = 0, end: int | None = None) -> int:
    """Offset one past the first sentence that starts at ``start`` (``end``, or the text's, if it
    is the only one)."""
    stop = len(text) if end is None else end
    return next(sentence_ends(text, start, stop), stop)


def small_sentence_end(text: str) -> int:
    """Offset one past the first sentence of a text whose author begins sentences with small
    letters, its length where there is one only. A stop after a shortened word ends none."""
    for match in _SMALL_END.finditer(text):
        if not _ABBREVIATION.search(text[max(0, match.start() - 12) : match.start()]):
            return match.end()
    return len(text)


def has_sentence(text: str) -> bool:
    """Whether a sentence ends inside of a text, at a stop that a blank follows. "Plane vs. train"
    has none."""
    for match in _STOP_INSIDE.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        if match.group() == "." and _is_day(before, text, match.end()):
            continue
        found = _ABBREVIATION.search(before)
        if match.group() != "." or not found or len(found.group()) == 1:
            return True
    return False


@lru_cache(maxsize=16_384)
def sentences(text: str) -> tuple[str, ...]:
    """The pieces that texts are compared by: ``text`` cut at stops, whatever follows them, at
    semicolons and line breaks. A stop after an abbreviation ends none, so that a piece is rather
    too long than half a sentence."""
    found: list[str] = []
    start = 0
    for mark in _STOP_MARK.finditer(text):
        before = max(start, mark.start() - 12)
        if mark[0].startswith(".") and _ABBREVIATION.search(text, before, mark.start()):
            continue
        if mark[0] == "." and _is_day(text[before : mark.start()], text, mark.end()):
            continue
        found.append(text[start : mark.end()].strip())
        start = mark.end()
    found.append(text[start:].strip())
    return tuple(part for part in found if any(c.isalnum() for c in part))


@lru_cache(maxsize=16_384)
def clauses(text: str) -> tuple[str, ...]:
    """``text`` cut at commas, colons, dashes and the words that begin a clause."""
    return tuple(part for part in _CLAUSE.split(text) if any(c.isalnum() for c in part))


def letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text, those of tags left out and entities read, and the offset
    that each stands at."""
    text, places = words_and_places(hide_code(text))
    found: list[tuple[int, str]] = []
    start = 0
    for markup in _MARKUP.finditer(text) if "<" in text or "&" in text else ():
        found += _lettered(text, start, markup.start())
        if markup[0][0] == "&":
            found += [(markup.start(), c) for c in character(markup) if c.isalnum()]
        start = markup.end()
    found += _lettered(text, start, len(text))
    return "".join([character for _, character in found]), [places[at] for at, _ in found]


def _lettered(text: str, start: int, end: int) -> list[tuple[int, str]]:
    return [(at, c) for at, c in enumerate(text[start:end], start) if c.isalnum()]


def plain(text: str) -> str:
    """The words of ``text`` on one line: quote marks, emphasis, simple HTML tags and characters
    that nobody sees dropped, entities read, blanks collapsed. No word is changed."""
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    hidden = has_hidden(text)
    text = hide_code(text)
    if ">" in text:
        text = _QUOTE_MARK.sub("", text)
        if has_tags(text):
            text = tags_as_words(BLOCK_TAG.sub(" ", tags_as_code(text)))
    if "&" in text and ";" in text:
        text = read_entities(text)
    text = _BLANKS.sub(" ", text).strip()
    if "*" in text or "_" in text:
        text = without_emphasis(text)
    text = text.replace("\\'", "'")
    return text if hidden else reveal(text)


def without_emphasis(text: str) -> str:
    """The text without the marks around words that are bold or in italics."""
    return _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text))


def spoken_lines(text: str) -> str:
    """``text`` in its own lines without tags, which end a line where they end a block, marks of
    emphasis and entities. No other character is changed."""
    if not _FORMATTED.search(text):
        return text
    return reveal(read_entities(without_emphasis(without_tags(hide_code(text)))))


def trim_phrase(phrase: str) -> str:
    """A phrase without its closing stop or the quote that closes the whole sentence."""
    phrase = phrase.strip()
    stripped = phrase.rstrip(TRAILING + "*_")
    if _OWN_STOP.search(stripped) and phrase.startswith(".", len(stripped)):
        return f"{stripped}."
    if stripped.endswith("“") and "„" not in stripped:  # that of a whole German sentence
        stripped = stripped[:-1].rstrip(TRAILING)
    for opening, closing in (
        ("“", "”"),
        ("«", "»"),
        ("‘", "’"),
        ("»", "«"),
        ("`", "`"),
        ('"', '"'),
        ("'", "'"),
        ("(", ")"),
    ):
        if stripped.endswith(closing) and stripped.count(opening) < stripped.count(closing) + (
            opening == closing and stripped.count(closing) % 2
        ):
            stripped = stripped[:-1].rstrip(TRAILING)
    return stripped
