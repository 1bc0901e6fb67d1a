"""How a text is set, not what it says: the changes that are harmless in every language.

Unicode's canonical composition (NFC) and never its compatibility forms (NFKC), which would make
102 of 10², 1⁄2 of ½ and TM of ™.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_LIGATURES = {
    ord("ﬀ"): "ff",
    ord("ﬁ"): "fi",
    ord("ﬂ"): "fl",
    ord("ﬃ"): "ffi",
    ord("ﬄ"): "ffl",
}
#: Primes are no quotation marks: 5′ is a length.
_QUOTES = dict.fromkeys(map(ord, "‘’‚‛ʼ‹›"), "'") | dict.fromkeys(map(ord, "“”„‟«»"), '"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–−"), "-")
#: Set close, "user—admin" parts two clauses where "user-admin" is one word.
_EM_DASH = re.compile(r"(?<=\s)—(?=\s)")
_ELLIPSIS = {ord("…"): "..."}


def set_plainly(text: str, used: set[str]) -> str:
    """``text`` in the plainest typography, white space kept; names of the rules that changed it
    are added to ``used``."""
    if text.isascii():
        return text
    for rule, change in _CHANGES:
        changed = change(text)
        if changed != text:
            used.add(rule)
            text = changed
    return text


_CHANGES = (
    ("unicode-composition", lambda text: unicodedata.normalize("NFC", text)),
    ("invisible-characters", lambda text: text.translate(_INVISIBLE)),
    ("ligatures", lambda text: text.translate(_LIGATURES)),
    ("quotation-marks", lambda text: text.translate(_QUOTES)),
    ("dashes", lambda text: _EM_DASH.sub("-", text).translate(_DASHES)),
    ("ellipsis", lambda text: text.translate(_ELLIPSIS)),
)
