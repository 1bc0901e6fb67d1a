"""One notation for what tellings write in several: bounds, rates, fractions and units.

Proof has its own closed list (:mod:`pipeline.text.notation`), which folds; here more is united, as
what differs in nothing but its notation is no reason to silence a judge. What stays written in two
ways is compared as it stands.
"""

from __future__ import annotations

import re
from decimal import Decimal

from pipeline.compare.quantities import Quantity
from pipeline.text.language import ENGLISH
from pipeline.text.words import fold

_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_SPELLED = {word: n for n, word in enumerate(_COUNT[3:-1].split("|")[1:], 1)}
#: What a number counts that is measured: between 5 and 6 kg there is more.
_MEASURED = (
    r"(?:m?s|secs?|seconds?|min(?:ute)?s?|h|hrs?|hours?|days?|weeks?|months?|quarters?|years?|%"
    r"|per\s?cent|euros?|eur|dollars?|usd|pounds?|gbp|cents?|[kmgt]?b|bytes?|[kcm]?m|[mk]?g|m?l"
    r"|(?:kilo|centi|milli)?met(?:re|er)s?|(?:kilo)?gram(?:me)?s?|lit(?:re|er)s?|miles?|px|degrees?"
    r"|°c?)"
)
_LARGER = r"(?:greater|higher|older|longer|larger|bigger|later|heavier|wider)"
_SMALLER = r"(?:lower|younger|shorter|smaller|earlier|sooner|lighter|narrower)"
_MORE_OF_IT = rf"(?:or|and)\s+(?:more|over|above|up(?:wards)?|{_LARGER})"
_LESS_OF_IT = rf"(?:or|and)\s+(?:fewer|less|under|below|{_SMALLER})"

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), written)
    for pattern, written in (
        (rf"\bnot? (?:more|{_LARGER}) than\b", "at most"),
        (rf"\bnot? (?:less|fewer|{_SMALLER}) than\b", "at least"),
        (r"(?:<=|≤|=<)\s?(?=[$€£\d])", "at most "),
        (r"(?:>=|≥|=>)\s?(?=[$€£\d])", "at least "),
        (r"<\s?(?=[$€£\d]|eur|usd|gbp)", "less than "),
        (r">\s?(?=[$€£\d]|eur|usd|gbp)", "more than "),
        (rf"\b(?:under|below|(?:fewer|{_SMALLER}) than)\s(?={_COUNT}\b|[$€£])",
         "less than "),
        (rf"\b(?:over|above|{_LARGER} than)\s(?={_COUNT}\b|[$€£])",
         "more than "),
        (r"\bunder-(?=\d)", "less than "),
        (r"\bover-(?=\d)", "more than "),
        (rf"\b({_COUNT})((?:\s[a-z-]+){{0,2}}?)\s{_MORE_OF_IT}\b", r"at least \1\2"),
        (rf"\b({_COUNT})((?:\s[a-z-]+){{0,2}}?)\s{_LESS_OF_IT}\b", r"at most \1\2"),
        (rf"\b({_COUNT})((?:\s[a-z-]+){{0,2}}?),?\s(?:at (?:the )?most|max(?:imum|\.)?)(?!\w)",
         r"at most \1\2"),
        (rf"\b({_COUNT})((?:\s[a-z-]+){{0,2}}?),?\s(?:at (?:the )?least|min(?:imum|\.))(?!\w)",
         r"at least \1\2"),
        (rf"\b({_COUNT})((?:\s[a-z-]+){{0,2}}?),?\s(?:and )?(?:no|not) more\b(?! than)",
         r"at most \1\2"),
        (rf"\blimit(?:ed|s|ing)?\b((?:\s[\w'-]+){{0,5}}?)\sto (?={_COUNT}\b|[$€£])",
         r"limit\1 at most "),
        (r"\b(?:an?|one) (hour|day|week|month|year) and a half\b", r"1.5 \1s"),
        (rf"\bthan an? (?={_MEASURED}\b)", "than 1 "),
        (rf"\bup to (?={_COUNT}\b|[$€£])", "at most "),
        (r"\bminus (?=\d)", "-"),
        (r"\bplus (?=\d)", "+"),
        (r"(?:\bn[or]\.\s?|#)(?=\d)", ""),
        (r"\bthree quarters of an hour\b", "45 minutes"),
        (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
        (r"\b(?:once (?:an?|every|each|per)|every|each|per) (hour|day|week|month|quarter|year)\b",
         r"\1ly"),
        (r"\b(?:0|zero) (?=[a-z])(?!(?:to|or|and|in|at|on)\b)", "no "),
    )
)  # fmt: skip
_MANY = re.compile(r"\b(\d+(?:\.\d+)?)\s(dozen|thousand|million)\b", re.IGNORECASE)
_SIZES_OF = {"dozen": 12, "thousand": 1000, "million": 1_000_000}
_STRICT = re.compile(
    rf"\b(less|more) than ({_COUNT})\b(?![.,]\d)(?!\s?{_MEASURED}\b)", re.IGNORECASE
)


def in_one_notation(text: str, language: str) -> str:
    """A text, folded, with numbers, bounds, rates and "0 of it" in one notation; of other languages
    than English, numbers and what they measure."""
    text = fold(text)
    if language not in (ENGLISH, ""):
        for pattern, written in _NUMERALS:
            text = pattern.sub(written, text)
        return _MEASURE.sub(_measured, text)
    for pattern, written in _REWRITES:
        text = pattern.sub(written, text)
    text = text.replace("dayly", "daily")
    text = _MANY.sub(_multiplied, text)
    return _STRICT.sub(_bounded, text)


def _multiplied(found: re.Match[str]) -> str:
    return _plain(Decimal(found[1]) * _SIZES_OF[found[2].lower()])


def _bounded(found: re.Match[str]) -> str:
    """ "more than 5" of what is counted is at least 6 of it."""
    n = _SPELLED.get(found[2].lower()) or int(found[2])
    return f"at least {n + 1}" if found[1].lower() == "more" else f"at most {max(0, n - 1)}"


#: A bound that is part of a quantity, and no word beside it.
_BOUND = re.compile(rf"\b(?:at most|at least|less than|more than)\s(?={_COUNT}\b|[$€£])", re.I)


def without_bounds(text: str) -> str:
    """A text in one notation without the bounds of its quantities: they are compared with these."""
    return _BOUND.sub("", text)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


#: Number words from two on, by number: one is an article, too.
_SPELLED_ELSEWHERE = """
2 zwei deux dos due dois duas twee
3 drei trois tres tre três drie
4 vier quatre cuatro quattro quatro
5 fünf cinq cinco cinque vijf
6 sechs six seis sei zes
7 sieben sept siete sette sete zeven
8 acht huit ocho otto oito
9 neun neuf nueve nove negen
10 zehn dix diez dieci dez tien
12 zwölf douze doce dodici doze twaalf
20 zwanzig vingt veinte venti vinte twintig
"""
#: Of German, French, Spanish, Italian, Portuguese and Dutch.
_NUMERALS: tuple[tuple[re.Pattern[str], str], ...] = (
    *(
        (re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE), number)
        for number, *words in map(str.split, _SPELLED_ELSEWHERE.strip().splitlines())
    ),
    (re.compile(r"(?<=\d)[.\s\u202f\u00a0](?=\d{3}(?!\d))"), ""),
    (re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))"), "."),
    (re.compile(r"\b(\d{1,2})\s?(?:h|:)\s?00(?!\d)", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(\d{1,2})\s?(?:h|:)\s?(\d{2})(?!\d)", re.IGNORECASE), r"\1.\2"),
    (re.compile(r"\b(\d+)(?:er|ère|º|ª|\.)(?=\s)", re.IGNORECASE), r"\1"),
    (re.compile(r"\b0+(?=\d)(?!0\.)"), ""),
    (re.compile(r"\b(?:minus|moins|menos|meno|min) (?=\d)", re.IGNORECASE), "-"),
    (re.compile(r"\bplus (?=\d)", re.IGNORECASE), "+"),
)
#: A unit's name here, its size in it, and how it is written.
_UNITS: tuple[tuple[str, str, str], ...] = (
    ("seconds", "1", r"s|sek(?:unden?)?|secondes?|segundos?|secondi|secondo|seconden?"),
    ("seconds", "60", r"min|minuten?|minutes?|minutos?|minuti|minuto|minuut"),
    ("seconds", "3600", r"h|std|stunden?|heures?|horas?|ore|ora|uur|uren"),
    ("seconds", "86400", r"tage?n?|jours?|d[ií]as?|giorni|giorno|dag(?:en)?"),
    ("seconds", "604800", r"wochen?|semaines?|semanas?|settiman[ae]|we(?:ek|ken)"),
    ("percent", "1", r"%|prozent|pour cent|por ciento|per cento|por cento|procent"),
    ("euros", "1", r"€|euros?|eur"),
    ("grams", "1", r"g|gramm|grammes?|gramos?|grammi|grammo|gramas?"),
    ("grams", "1000", r"kg|kilo(?:s|gramm|grammes?|gramos?|grammi|grammo|gramas?)?"),
    ("metres", "0.01", r"cm|zentimeter|centimètres?|centímetros?|centimetri|centimetro"),
    ("metres", "1", r"m|meter|mètres?|metros?|metri|metro"),
    ("metres", "1000", r"km|kilometer|kilomètres?|kilómetros?|chilometri|quilômetros?"),
    ("litres", "0.001", r"ml|milliliter|millilitres?|mililitros?|millilitri"),
    ("litres", "1", r"l|liter|litres?|litros?|litri|litro"),
)
_MEASURE = re.compile(
    r"\b(\d+(?:\.\d+)?)[\s-]?(?:"
    + "|".join(f"(?P<u{i}>{names})" for i, (_, _, names) in enumerate(_UNITS))
    + r")(?!\w)",
    re.IGNORECASE,
)


def _measured(found: re.Match[str]) -> str:
    i = next(i for i in range(len(_UNITS)) if found[f"u{i}"])
    name, size, _ = _UNITS[i]
    return f"{_plain(Decimal(found[1]) * Decimal(size))}{name}"


#: Unit or counted noun → its dimension and its size in the smallest of it; data in two ways, as
#: writers count by 1,000 and by 1,024.
_SIZES = {
    "s": ("time", "1"), "month": ("calendar", "1"), "quarter": ("calendar", "3"),
    "year": ("calendar", "12"), "cent": ("money", "0.01"), "eur": ("money", "1"),
    "usd": ("money", "1"), "gbp": ("money", "1"), "byte": ("data", "0.001"), "kb": ("data", "1"),
    "mb": ("data", "1000"), "gb": ("data", "1000000"), "tb": ("data", "1000000000"),
    "mm": ("length", "0.001"), "cm": ("length", "0.01"), "m": ("length", "1"),
    "metr": ("length", "1"), "meter": ("length", "1"), "km": ("length", "1000"),
    "mile": ("length", "1609.344"), "g": ("weight", "1"), "gram": ("weight", "1"),
    "gramm": ("weight", "1"), "kg": ("weight", "1000"), "ml": ("volume", "0.001"),
    "l": ("volume", "1"), "litr": ("volume", "1"), "liter": ("volume", "1"),
}  # fmt: skip
_POWERS = {"kb": 0, "mb": 1, "gb": 2, "tb": 3}
_CURRENCIES = frozenset(("eur", "usd", "gbp"))


def dimension(one: Quantity) -> str:
    """What a quantity measures; "" where it counts."""
    name = _SIZES.get(one.unit or one.noun, (one.unit,))[0]
    return "time" if name == "calendar" else name


def are_equal(one: Quantity, two: Quantity) -> bool:
    """Whether two quantities are as large, whatever their units are called. Two currencies are
    never; a cent is one of any."""
    units = [each.unit or each.noun for each in (one, two)]
    if units[0] == units[1] or not (units[0] in _SIZES and units[1] in _SIZES):
        return (one.value, one.unit) == (two.value, two.unit)
    if _SIZES[units[0]][0] != _SIZES[units[1]][0] or set(units) <= _CURRENCIES:
        return False
    sizes = [Decimal(each.value) * Decimal(_SIZES[unit][1])
             for each, unit in zip((one, two), units, strict=True)]  # fmt: skip
    if sizes[0] == sizes[1]:
        return True
    if not set(units) <= _POWERS.keys():
        return False
    binary = [Decimal(each.value) * 1024 ** _POWERS[unit]
              for each, unit in zip((one, two), units, strict=True)]  # fmt: skip
    return bool(binary[0] == binary[1])
