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
        (r"\bthree quarters of an hour\b", "45 minutes"),
        (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
        (r"\b(?:once (?:an?|every|each|per)|every|each|per) (hour|day|week|month|quarter|year)\b",
         r"\1ly"),
        (r"\b(?:0|zero) (?=[a-z])(?!(?:to|or|and|in|at|on)\b)", "no "),
    )
)  # fmt: skip
_THOUSANDS = re.compile(r"\b(\d+(?:\.\d+)?)\s(thousand|million)\b", re.IGNORECASE)
_STRICT = re.compile(
    rf"\b(less|more) than ({_COUNT})\b(?![.,]\d)(?!\s?{_MEASURED}\b)", re.IGNORECASE
)


def in_one_notation(text: str, language: str) -> str:
    """A text (folded) with bounds, rates, fractions and "0 of it" in one notation; of other
    languages than English, durations."""
    if language not in (ENGLISH, ""):
        return _DURATION.sub(_seconds, text)
    for pattern, written in _REWRITES:
        text = pattern.sub(written, text)
    text = text.replace("dayly", "daily")
    text = _THOUSANDS.sub(_multiplied, text)
    return _STRICT.sub(_bounded, text)


def _multiplied(found: re.Match[str]) -> str:
    size = 1000 if found[2].lower() == "thousand" else 1_000_000
    return f"{(Decimal(found[1]) * size).normalize():f}"


def _bounded(found: re.Match[str]) -> str:
    """ "more than 5" of what is counted is at least 6 of it."""
    n = _SPELLED.get(found[2].lower()) or int(found[2])
    return f"at least {n + 1}" if found[1].lower() == "more" else f"at most {max(0, n - 1)}"


#: Of German, French, Spanish, Italian, Portuguese and Dutch.
_SPANS = {
    1: r"s|sek(?:unden?)?|secondes?|segundos?|secondi|secondo|seconden?",
    60: r"min|minuten?|minutes?|minutos?|minuti|minuto|minuut",
    3600: r"h|std|stunden?|heures?|horas?|ore|ora|uur|uren",
    86400: r"tage?n?|jours?|d[ií]as?|giorni|giorno|dias?|dag(?:en)?",
    604800: r"wochen?|semaines?|semanas?|settiman[ae]|we(?:ek|ken)",
}
_DURATION = re.compile(
    r"\b(\d+)[\s-]?(?:" + "|".join(f"(?P<s{n}>{names})" for n, names in _SPANS.items()) + r")\b",
    re.IGNORECASE,
)


def _seconds(found: re.Match[str]) -> str:
    size = next(n for n in _SPANS if found[f"s{n}"])
    return f"{int(found[1]) * size}seconds"


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
