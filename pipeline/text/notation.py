"""One notation for a number, unit, amount, date or time where a language leaves no doubt.

What can be read in two ways stays as it stands: 1.000 (one or a thousand), 01/02/2026 (which
month), 5 min (minutes or a minimum), 5 pounds (money or weight), kB and KB (1000 or 1024), 12 pm,
"one" and "second". A conversion (60 minutes, 1 hour) is not a notation.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping

from pipeline.text.words import word_set

#: English alone: elsewhere a comma is a decimal one. Only groups of three noughts, because
#: "80,443" may be two ports.
_THOUSANDS = re.compile(r"(?<![\w.,%/:-])([1-9]\d{0,2}(?:,000)+)(?![\w/:]|[.,]\d)")
_PERCENT_WORDS = {
    "English": "percent|per cent", "German": "Prozent", "French": "pour cent|pourcents?",
    "Spanish": "por ciento", "Italian": "per cento", "Portuguese": "por cento",
    "Dutch": "procent",
}  # fmt: skip
_COMPARISON = re.compile(r"(?<![-=<>])(<=?|>=?|≤|≥)\s*(?=[-+]?\d)")
_SIGN = {"≤": "<=", "≥": ">="}

#: Written apart from their number and close to it: no case of these letters is ever changed.
_GLUED_UNIT = re.compile(
    r"(?<![\w.,/-])(\d+(?:\.\d+)?)"
    r"(MB|Mb|kB|KB|GB|TB|kb|mb|gb|tb|ms|kg|km|cm|mm|px|GHz|MHz|kHz|kWh|dpi|°C)(?![\w/-])"
)
_UNIT_NAMES: Mapping[str, Mapping[str, str]] = {
    "English": {
        "milliseconds": "ms", "seconds": "s", "secs": "s", "hours": "h", "hrs": "h",
        "kilograms": "kg", "kilometres": "km", "kilometers": "km", "centimetres": "cm",
        "centimeters": "cm", "millimetres": "mm", "millimeters": "mm", "megabytes": "MB",
        "gigabytes": "GB", "terabytes": "TB", "megabits": "Mb", "pixels": "px",
    },
    "German": {"Millisekunden": "ms", "Sekunden": "s", "Stunden": "h", "Kilogramm": "kg",
               "Kilometer": "km", "Zentimeter": "cm", "Megabyte": "MB", "Gigabyte": "GB"},
    "French": {"secondes": "s", "heures": "h", "kilogrammes": "kg", "kilomètres": "km"},
    "Spanish": {"segundos": "s", "horas": "h", "kilogramos": "kg", "kilómetros": "km"},
    "Italian": {"secondi": "s", "ore": "h", "chilogrammi": "kg", "chilometri": "km"},
    "Portuguese": {"segundos": "s", "horas": "h", "quilogramas": "kg"},
    "Dutch": {"seconden": "s", "kilogram": "kg"},
}  # fmt: skip

_AMOUNT = r"(\d+(?:[.,]\d+)*)"
#: Not before a scale, a range or another number: "€5 million", "€5-10".
_ENDS = (
    r"(?![\w%]|[.,]\d|\s?[-/]\s?\d|\s+(?:million|billion|thousand|hundred|k|m|Mio|Mrd|Millionen)\b)"
)
_BEGINS = r"(?<![\w.,/$€£-])"
_MONEY_BEFORE = re.compile(rf"(?<!\d ){_BEGINS}(US\$|[$€£]|EUR|GBP|USD)\s?{_AMOUNT}{_ENDS}")
_MONEY_AFTER: dict[str, re.Pattern[str]] = {
    language: re.compile(rf"{_BEGINS}{_AMOUNT}\s?(€|£|(?:EUR|GBP|USD|{words})(?!\w))(?![\d])")
    for language, words in {
        "English": "euros?|dollars", "German": "Euro", "French": "euros?", "Spanish": "euros?",
        "Italian": "euro", "Portuguese": "euros?", "Dutch": "euro",
    }.items()
}  # fmt: skip
_CURRENCY = {
    "€": "EUR", "£": "GBP", "$": "$", "US$": "USD", "euro": "EUR", "euros": "EUR", "Euro": "EUR",
    "dollars": "$",
}  # fmt: skip

_MONTHS: Mapping[str, str] = {
    "English": "January February March April May June July August September October November "
    "December",
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre "
    "décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
    "novembre dicembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro "
    "novembro dezembro",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november "
    "december",
}
#: The full names of months, in small letters, whatever their language.
MONTH_NAMES = frozenset(" ".join(_MONTHS.values()).casefold().split())
_MONTH_NUMBERS: Mapping[str, Mapping[str, int]] = {
    language: {name: n for n, name in enumerate(names.split(), 1)}
    | ({name[:3]: n for n, name in enumerate(names.split(), 1)} if language == "English" else {})
    for language, names in _MONTHS.items()
}
_ANY_MONTH = frozenset(name.casefold() for numbers in _MONTH_NUMBERS.values() for name in numbers)
_ORDINAL = {"English": r"(?:st|nd|rd|th)?", "German": r"\.", "French": r"(?:er)?", "Italian": "º?"}
_OF = {
    "English": r"\s+(?:of\s+)?", "Spanish": r"\s+de\s+", "Portuguese": r"\s+de\s+",
}  # fmt: skip
_NO_DATE_BEFORE = r"(?<![\w./-])(?<!\d[-/ ])"
_DAY_FIRST = {
    language: re.compile(
        rf"{_NO_DATE_BEFORE}(?P<d>\d\d?){_ORDINAL.get(language, '')}{_OF.get(language, ' +')}"
        rf"(?P<m>{'|'.join(sorted(names, key=len, reverse=True))})"
        rf"{',?' if language == 'English' else ''}"
        rf"{_OF[language] if language in ('Spanish', 'Portuguese') else ' +'}"
        r"(?P<y>[12]\d{3})(?!\w)"
    )
    for language, names in _MONTH_NUMBERS.items()
}
_MONTH_FIRST = re.compile(
    rf"(?<!\w)(?P<m>{'|'.join(sorted(_MONTH_NUMBERS['English'], key=len, reverse=True))})"
    r" +(?P<d>\d\d?)(?:st|nd|rd|th)?,? +(?P<y>[12]\d{3})(?!\w)"
)
#: Day, month, year is the only order that German writes with points.
_GERMAN_DATE = re.compile(r"(?<![\w./-])(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>[12]\d{3})(?!\w)")
#: "5 PM" without a colon may be five product managers.
_TIME = re.compile(
    r"(?<![\w.:,/-])(?P<h>0?[1-9]|1[01])(?:(?P<m>:[0-5]\d)\s?(?P<half>[ap]m|[ap]\.m\.|[AP]M)"
    r"|\s?(?P<only>[ap]m|[ap]\.m\.))(?!\w)"
)

_SIGNS = frozenset({"%"}).union(*(names.values() for names in _UNIT_NAMES.values()))
NUMBER_WORDS: Mapping[str, Mapping[str, str]] = {
    language: {word: str(n) for n, word in enumerate(words.split(), 2) if word != "-"}
    for language, words in {
        # Left out: what is another word too, such as "neuf" (new), "sei" (you are), "sieben" (to
        # sieve), "acht" (heed), "vier" (celebrate, Dutch), and every "one".
        "English": "two three four five six seven eight nine ten eleven twelve",
        "German": "zwei drei vier fünf sechs - - neun zehn elf zwölf",
        "French": "deux trois quatre cinq six sept huit - dix onze douze",
        "Spanish": "dos tres cuatro cinco seis siete ocho nueve diez once doce",
        "Italian": "due tre quattro cinque - sette otto nove dieci undici dodici",
        "Portuguese": "dois três quatro cinco seis sete oito nove dez onze doze",
        "Dutch": "twee drie - vijf zes - - negen tien - twaalf",
    }.items()
}
#: Beside these, or beside digits, a word may be part of a longer number.
_LARGER = word_set(
    "zero one twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million point"
).union(*NUMBER_WORDS.values())


def is_month(word: str) -> bool:
    """Whether a word is the name of a month, in any language that has notations of its own."""
    return word.casefold() in _ANY_MONTH


def write_notations(text: str, language: str, used: set[str]) -> str:
    """``text`` with its unambiguous notations in one form: 5 %, 10 MB, EUR5, 2026-11-21, 17:00,
    <=5. Only a text with a digit has any."""
    for rule, holds, change in _CHANGES.get(language, ()):
        if holds and not any(part in text for part in holds):
            continue
        changed = change(text)
        if changed != text:
            used.add(rule)
            text = changed
    return text


def number_of(language: str, words: list[str], at: int) -> str:
    """The digits of the number word ``words[at]``, "" where it is none or part of a longer one."""
    digits = NUMBER_WORDS.get(language, {}).get(words[at], "")
    if not digits:
        return ""
    # A unit belongs to the number before it.
    before = 2 if at > 1 and words[at - 1] in _SIGNS else 1
    beside = words[max(at - before, 0) : at] + words[at + 1 : at + 2]
    return (
        "" if any(w in _LARGER or w[:1].isdigit() or w[-1:].isdigit() for w in beside) else digits
    )


def _percent(words: str) -> Callable[[str], str]:
    pattern = re.compile(rf"(?<=\d)\s*(?:%(?![\w%])|(?<=\s)(?:{words})(?!\w))")
    return lambda text: pattern.sub(" %", text)


def _compare(text: str) -> str:
    return _COMPARISON.sub(lambda m: _SIGN.get(m[1], m[1]), text)


def _join_thousands(text: str) -> str:
    return _THOUSANDS.sub(lambda m: m[1].replace(",", ""), text)


def _units(language: str) -> Callable[[str], str]:
    signs = _UNIT_NAMES[language]
    names = re.compile(rf"(?<![\w.,/-])(\d+(?:[.,]\d+)*) ({'|'.join(signs)})(?![\w/-])")

    def change(text: str) -> str:
        text = _GLUED_UNIT.sub(r"\1 \2", text)
        return names.sub(lambda m: f"{m[1]} {signs[m[2]]}", text)

    return change


def _money(language: str) -> Callable[[str], str]:
    after = _MONEY_AFTER[language]

    def change(text: str) -> str:
        text = _MONEY_BEFORE.sub(lambda m: f"{_CURRENCY.get(m[1], m[1])}{m[2]}", text)
        return after.sub(lambda m: f"{_CURRENCY.get(m[2], m[2])}{m[1]}", text)

    return change


def _dates(language: str) -> Callable[[str], str]:
    numbers, patterns = _MONTH_NUMBERS[language], [_DAY_FIRST[language]]
    patterns += [_MONTH_FIRST] if language == "English" else []
    patterns += [_GERMAN_DATE] if language == "German" else []

    def write(found: re.Match[str]) -> str:
        year, day = int(found["y"]), int(found["d"])
        month = int(found["m"]) if found["m"].isdigit() else numbers[found["m"]]
        real = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
        return f"{year}-{month:02d}-{day:02d}" if real else found[0]

    def change(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(write, text)
        return text

    return change


def _time(text: str) -> str:
    return _TIME.sub(_write_time, text)


def _write_time(found: re.Match[str]) -> str:
    half = (found["half"] or found["only"]).lower()
    minutes = found["m"] or ":00"
    if half[0] == "p":
        return f"{int(found['h']) + 12}{minutes}"
    # 05:00 may be meant on a clock of twelve hours: the half stays.
    return f"{int(found['h'])}{minutes} am"


#: Of a rule: its name, what a text must hold for it to change anything, and the change.
_Change = tuple[str, tuple[str, ...], Callable[[str], str]]
_CHANGES: Mapping[str, tuple[_Change, ...]] = {
    language: (
        *((("thousands-separator", (",000",), _join_thousands),) if language == "English" else ()),
        ("date", (*_MONTH_NUMBERS[language], "."), _dates(language)),
        *(
            (("time-of-day", ("am", "pm", ".m.", "AM", "PM"), _time),)
            if language == "English"
            else ()
        ),
        ("unit", (), _units(language)),
        ("percent", ("%", "cent", "ciento", "Prozent"), _percent(words)),
        ("money", ("€", "£", "$", "EUR", "GBP", "USD", "uro", "dollar"), _money(language)),
        ("comparison-sign", ("<", ">", "≤", "≥"), _compare),
    )
    for language, words in _PERCENT_WORDS.items()
}
#: The languages that have rules of their own.
RULED = tuple(_CHANGES)
