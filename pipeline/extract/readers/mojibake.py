"""UTF-8 that was once read as Windows-1252 ("cafÃ©", "itâ€™s"): recognised, repaired on request.

The stored text is never changed, so that every offset keeps its meaning; only the words of
stories' fields are repaired.
"""

from __future__ import annotations

import re

#: A lead byte of UTF-8 and the bytes that follow it, as Windows-1252 shows them. Bytes that have
#: no Windows-1252 character show as C1 controls.
_FOLLOW = (
    "[\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
)
_RUN = re.compile(
    f"[\u00c2-\u00df]{_FOLLOW}|[\u00e0-\u00ef]{_FOLLOW}{{2}}|[\u00f0-\u00f4]{_FOLLOW}{{3}}"
)
_LEAD = re.compile("[\u00c2-\u00f4]")


def count_mojibake(text: str) -> int:
    """How many runs of ``text`` look like UTF-8 read as Windows-1252."""
    if _LEAD.search(text) is None:
        return 0
    return sum(_repaired(match.group()) != match.group() for match in _RUN.finditer(text))


def repair_mojibake(text: str) -> str:
    """``text`` with those runs read as what they were; nothing else is changed."""
    return _RUN.sub(lambda match: _repaired(match.group()), text)


def _repaired(run: str) -> str:
    try:
        return b"".join(_byte(character) for character in run).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return run


def _byte(character: str) -> bytes:
    return bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252")
