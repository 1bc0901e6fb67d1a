"""Numbers as a spreadsheet shows them: "0 %" makes 0.15 "15 %", '#,##0.00 "€"' 1234.5 "1,234.50 €".

Only what changes how a person reads the number is followed: per cent, currency signs and other
literal words, decimals, thousands. Anything else (fractions, powers of ten, conditions) is shown
plainly; a format without digits, and "General", say nothing.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?,*|\.[#0?]+,*")
_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]'
    r"|_.|\*.|(?P<other>.)",
    re.DOTALL,
)
_UNKNOWN = re.compile(r"[Ee][+-]|/|[@]|General|[dmyhs]", re.IGNORECASE)
_HOLE = "\0"


def show_number(value: float | int, shape: str) -> str | None:
    """The number as the format shows it, None where the format is not followed.

    Args:
        shape: a spreadsheet's format code, such as ``0.0%`` or ``[$€-407] #,##0.00``.
    """
    sections = _sections(shape)
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    read = _read(section)
    if read is None:
        return None
    frame, digits, percent = read
    number = Decimal(repr(value)) * (100 if percent else 1)
    while digits.endswith(","):
        number, digits = number / 1000, digits[:-1]
    decimals = digits.partition(".")[2]
    least = decimals.count("0")
    shown = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    if value < 0 and len(sections) > 1:
        shown = abs(shown)
    words = f"{shown:,f}" if "," in digits else f"{shown:f}"
    if len(decimals) > least and "." in words:
        whole, _, rest = words.partition(".")
        rest = rest[:least] + rest[least:].rstrip("0")
        words = f"{whole}.{rest}" if rest else whole
    sign, words = ("-", words[1:]) if words.startswith("-") else ("", words)
    return f"{sign}{frame.replace(_HOLE, words)}".strip()


@lru_cache(maxsize=256)
def _sections(shape: str) -> tuple[str, ...]:
    parts = re.findall(r'(?:"[^"]*"|\\.|[^;])+', shape)
    return tuple(parts) or ("",)


@lru_cache(maxsize=256)
def _read(section: str) -> tuple[str, str, bool] | None:
    """(words around the number, its digits' shape, whether it is a per cent) of one section."""
    words: list[str] = []
    bare = ""
    for piece in _PIECE.finditer(section):
        literal = piece["quoted"] or piece["escaped"] or piece["currency"]
        if piece["other"]:
            bare += piece["other"]
        elif literal:
            bare += _HOLE
            words.append(literal)
        elif piece.group().startswith("_"):
            bare += " "
    found = _DIGITS.search(bare)
    if not found or _UNKNOWN.search(bare) or _DIGITS.search(bare, found.end()):
        return None
    taken = iter(words)

    def around(part: str) -> str:
        return "".join(next(taken) if sign == _HOLE else sign for sign in part)

    before = around(bare[: found.start()])
    after = around(bare[found.end() :])
    frame = f"{before}{_HOLE}{after}"
    return frame, found.group(), "%" in bare
