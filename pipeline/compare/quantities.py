"""Numbers with their units, dates, times and versions, each in one normal form.

"3,000", "3000" and "three thousand" are one number; "2 hours" and "120 minutes" one duration;
"$5" and "5 dollars" one amount; "21 Nov 2026" and "2026-11-21" one date. Months are not turned
into days: that would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from pipeline.text.shifted import RAISED
from pipeline.text.words import is_content, stem, word_set


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A number: its value as plain decimal digits, a normal unit ("s", "month", "%", "usd", "mb",
    "" when none), and the bound a text puts on it: "<" at most, ">" at least, "" neither.

    ``noun`` is the stem of the word it counts ("attempts"), for telling which numbers of two
    texts speak of the same thing; ``words`` are the text's own.
    """

    value: str
    unit: str = ""
    bound: str = ""
    noun: str = ""

    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.words or f"{self.value} {self.unit or self.noun}".strip()


class Quantities(NamedTuple):
    """What :func:`quantities` found; ``rest`` is the text with every find blanked out."""

    numbers: tuple[Quantity, ...]
    dates: tuple[str, ...]
    versions: tuple[str, ...]
    rest: str


_SECONDS = {
    "ms": "0.001", "millisecond": "0.001", "s": "1", "sec": "1", "second": "1",
    "min": "60", "minute": "60", "h": "3600", "hr": "3600", "hour": "3600",
    "day": "86400", "week": "604800", "fortnight": "1209600",
}  # fmt: skip
_UNITS = {
    "month": "month", "quarter": "quarter", "year": "year", "%": "%", "percent": "%",
    "percentage": "%", "usd": "usd", "dollar": "usd", "eur": "eur", "euro": "eur", "€": "eur",
    "gbp": "gbp", "pound": "gbp", "£": "gbp", "$": "usd", "cent": "cent", "pence": "cent",
    "kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb", "byte": "byte", "kilobyte": "kb",
    "megabyte": "mb", "gigabyte": "gb", "km": "km", "kilometre": "km", "kilometer": "km",
    "mile": "mile", "kg": "kg", "px": "px", "pixel": "px", "°c": "°c",
}  # fmt: skip
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS = {word: n for n, word in enumerate(_SMALL.split())} | {
    word: 10 * n for n, word in enumerate(_TENS.split(), 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12}
_MONTHS = "january february march april may june july august september october november december"
_MONTH_NUMBER = {name[:3]: n for n, name in enumerate(_MONTHS.split(), 1)}

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|" \
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"  # fmt: skip
_DATE = re.compile(
    rf"\b(?P<y1>\d{{4}})-(?P<m1>\d\d?)-(?P<d1>\d\d?)\b"
    rf"|\b(?P<d2>\d\d?)(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH})\b\.?(?:,?\s+(?P<y2>\d{{4}}))?"
    rf"|\b(?P<m3>{_MONTH})\b\.?\s+(?P<d3>\d\d?)(?:st|nd|rd|th)?\b(?!:)(?:,?\s+(?P<y3>\d{{4}}))?"
    rf"|\b(?P<m4>{_MONTH})\s+(?P<y4>\d{{4}})\b"
    r"|\b(?P<slash>\d\d?[/.]\d\d?[/.]\d{4})\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d)?\s*(?P<half>[ap]\.?m\b\.?)?"
    r"|\b(?P<h2>1[0-2]|0?[1-9])\s*(?P<half2>[ap]\.?m\b\.?)|\b(?P<word>noon|midnight)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\bv(?:ersion)?\.?\s?\d+(?:\.\d+)*\b|\b\d+(?:\.\d+){2,}\b", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"\b[A-Za-z][A-Za-z]*[-_]?\d[\w-]*|\b\d+(?![\d,.])(?!(?:ms|s|sec|secs|min|mins|h|hr|hrs|kb|mb|gb"
    r"|tb|km|kg|px|k|st|nd|rd|th|x|d)\b)[A-Za-z]\w*",
    re.IGNORECASE,
)
_WORDS = "|".join(sorted((*_NUMBER_WORDS, *_SCALES), key=len, reverse=True))
#: A power is none: 10² is neither 10 nor 102, and 20¹ may be 20 with a note.
_NUMBER = re.compile(
    r"(?P<money>[$€£])?\s?(?<![\w.])(?P<digits>\d{1,3}(?:[,'\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?!\d*[{RAISED}])"
    r"(?P<kilo>k\b)?"
    rf"|\b(?P<words>(?:{_WORDS})(?:(?:\s+and)?[\s-]+(?:{_WORDS}))*)\b",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(r"[\s-]{0,2}(?P<unit>%|€|£|\$|°C|[^\W\d_]+)", re.IGNORECASE)
_ARTICLE_UNIT = re.compile(
    r"\b(?:within|after|in|for|every|than|least|most|last|past|next|of)\s+(?P<count>an?|half\s+an?)"
    r"\s+(?P<unit>second|minute|hour|day|week|month|quarter|year)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:-|–|to|or|and)\s*$", re.IGNORECASE)
#: Comparatives of more and of less: a bound each, and the other one behind "no" and "not".
_MORE = r"(?:more|longer|later|greater|higher|larger|bigger|older|heavier|wider|farther|further)"
_LESS = r"(?:less|fewer|shorter|sooner|earlier|smaller|lower|younger|lighter|narrower|nearer)"
_NOT = r"(?:\bno|\bnot)"
_DENIED = r"(?<!\bno )(?<!\bnot )"
_AT_MOST = re.compile(
    rf"(?:at most|maximum(?: of)?|max\.?|up to|{_NOT} {_MORE} than|{_DENIED}\b{_LESS} than"
    r"|under|below|within|≤|<=?|limit(?:ed)?(?: of| to)?"
    r"|(?:can|must|may|does) ?not exceed)\s*$",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    rf"(?:at least|minimum(?: of)?|min\.?|{_NOT} {_LESS} than|{_DENIED}\b{_MORE} than"
    r"|over|above|exceed(?:s|ing)?|≥|>=?)\s*$",
    re.IGNORECASE,
)


#: Words without which, and without a digit, a text holds no quantity, date or version.
_TRIGGERS = word_set("noon midnight second minute hour day week month quarter year").union(
    _NUMBER_WORDS, _SCALES
)
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+")


def quantities(text: str) -> Quantities:
    """Every quantity, date and version of ``text`` (already folded), in order."""
    # Most texts hold none, and a look at their words is ten times faster than the search.
    if not _DIGIT.search(text) and _TRIGGERS.isdisjoint(_LETTERS.findall(text.lower())):
        return Quantities((), (), (), text)
    dates: list[str] = []
    versions: list[str] = []
    rest = _take(_DATE, text, lambda m: dates.append(_date(m)))
    rest = _take(_TIME, rest, lambda m: dates.append(_time(m)))
    rest = _take(_VERSION, rest, lambda m: versions.append(_version(m[0])))
    # Identifiers such as SHOP-12 or ISO27001 hold digits that count nothing.
    bare = _IDENTIFIER.sub(lambda m: " " * len(m[0]), rest)
    numbers: list[tuple[int, Quantity]] = []
    spans: list[tuple[int, int]] = []
    for found in _NUMBER.finditer(bare):
        number = _number(found, bare)
        if number is not None:
            quantity, end = number
            words = text[found.start() : _word_end(bare, end, quantity)].strip()
            numbers.append((found.start(), replace(quantity, words=words)))
            spans.append((found.start(), end))
    for found in _ARTICLE_UNIT.finditer(bare):
        half = found["count"].lower().startswith("half")
        quantity = _with_unit(Decimal("0.5") if half else Decimal(1), found["unit"], bare, found)
        written = replace(quantity, words=text[found.start("count") : found.end()])
        numbers.append((found.start("count"), written))
        rest = rest[: found.start("unit")] + " " * len(found["unit"]) + rest[found.end("unit") :]
    numbers.sort(key=lambda pair: pair[0])
    ordered = [quantity for _, quantity in numbers]
    if len(ordered) == len(spans):
        _share_units(ordered, spans, bare)
    for start, end in spans:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    return Quantities(tuple(ordered), tuple(dates), tuple(versions), rest)


def _word_end(text: str, end: int, quantity: Quantity) -> int:
    """Where a number's words end: after its unit, or after the word it counts."""
    after = _UNIT_AFTER.match(text, end) if quantity.noun else None
    return after.end() if after else end


def written_dates(text: str) -> dict[str, str]:
    """The dates and times of a text (folded), by normal form, as the text writes them."""
    return {_date(found): found[0] for found in _DATE.finditer(text)} | {
        _time(found): found[0] for found in _TIME.finditer(_DATE.sub(" ", text))
    }


def _take(pattern: re.Pattern[str], text: str, keep: Callable[[re.Match[str]], None]) -> str:
    def blank(found: re.Match[str]) -> str:
        keep(found)
        return " " * len(found[0])

    return pattern.sub(blank, text)


def _date(found: re.Match[str]) -> str:
    if found["slash"]:
        return found["slash"].replace(".", "/")
    year = found["y1"] or found["y2"] or found["y3"] or found["y4"] or "????"
    month = found["m1"] or found["m2"] or found["m3"] or found["m4"]
    number = int(month) if month.isdigit() else _MONTH_NUMBER[month[:3].lower()]
    day = found["d1"] or found["d2"] or found["d3"]
    return f"{year}-{number:02d}" + (f"-{int(day):02d}" if day else "")


def _time(found: re.Match[str]) -> str:
    if found["word"]:
        return "12:00" if found["word"].lower() == "noon" else "00:00"
    hour, minute = int(found["h"] or found["h2"]), int(found["m"] or 0)
    half = (found["half"] or found["half2"] or "").lower()
    if half.startswith("p") and hour < 12:
        hour += 12
    if half.startswith("a") and hour == 12:
        hour = 0
    return f"{hour:02d}:{minute:02d}"


def _version(text: str) -> str:
    return re.sub(r"^v(?:ersion)?\.?\s?", "", text.lower())


def _number(found: re.Match[str], text: str) -> tuple[Quantity, int] | None:
    """The quantity of a match and where it ends, or None for "one" that counts nothing."""
    if found["words"]:
        words = found["words"].lower()
        value = _spelled(words)
        after = _UNIT_AFTER.match(text, found.end())
        counts_time = after is not None and _singular(after["unit"]) in (_SECONDS | _UNITS)
        if words == "one" and not counts_time:
            return None
    else:
        value = Decimal(re.sub(r"[^\d.]", "", found["digits"]))
        if found["kilo"]:
            value *= 1000
    if found["money"]:
        bound = _bound(text[: found.start()])
        return Quantity(_plain(value), _UNITS[found["money"]], bound), found.end()
    after = _UNIT_AFTER.match(text, found.end())
    quantity = _with_unit(value, after["unit"] if after else "", text, found)
    return quantity, after.end() if after and quantity.unit else found.end()


def _with_unit(value: Decimal, word: str, text: str, found: re.Match[str]) -> Quantity:
    bound = _bound(text[: found.start()])
    unit = _singular(word)
    if unit in _SECONDS:
        return Quantity(_plain(value * Decimal(_SECONDS[unit])), "s", bound)
    if unit in _UNITS:
        return Quantity(_plain(value), _UNITS[unit], bound)
    return Quantity(_plain(value), "", bound, stem(unit) if is_content(unit) else "")


def _bound(before: str) -> str:
    tail = before[-24:]
    if _AT_MOST.search(tail):
        return "<"
    return ">" if _AT_LEAST.search(tail) else ""


def _share_units(found: list[Quantity], spans: list[tuple[int, int]], text: str) -> None:
    """ "3 to 5 days" and "3-5 days": the first number takes the second's unit."""
    for i in range(len(found) - 1):
        gap = text[spans[i][1] : spans[i + 1][0]]
        if not found[i].unit and found[i + 1].unit == "s" and _RANGE.fullmatch(gap):
            last = Decimal(found[i + 1].value)
            shown = _NUMBER.match(text, spans[i + 1][0])
            if shown and shown["digits"]:
                size = last / Decimal(re.sub(r"[^\d.]", "", shown["digits"]) or 1)
                value = _plain(Decimal(found[i].value) * size)
                found[i] = replace(found[i], value=value, unit="s", noun="")


def _singular(word: str) -> str:
    word = word.lower()
    return word[:-1] if word.endswith("s") and len(word) > 2 and word != "ms" else word


def _spelled(words: str) -> Decimal:
    total = current = 0
    for word in re.split(r"[\s-]+", words):
        if word in _SCALES:
            current = (current or 1) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, current = total + current, 0
        elif word != "and":
            current += _NUMBER_WORDS[word]
    return Decimal(total + current)


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
