"""Powers, indices and links as a reader of an edition sees them, in letters of their own.

Written after what a page shows, apart from the code that writes editions: "10<sup>2</sup>" is 10²,
"x<sub>max</sub>" is x_(max), a note's mark stands in brackets, a link's address behind its words.
An element in which a line or a sentence ends stays as it is: half of it may be another unit.
"""

from __future__ import annotations

import re
import unicodedata

_SET = re.compile(
    r"<su(?P<which>p|b)(?:\s[^<>]*)?>(?P<words>[^<>\n]{0,200})</su(?P=which)\s*>", re.I
)
_QUOTED = r"(?:\"[^\"<>]*\"|'[^'<>]*')"
_LINK = re.compile(
    rf"<a\s+(?:[\w:-]+={_QUOTED}\s+)*?href=(?:\"(?P<two>[^\s\"'<>()]+)\"|'(?P<one>[^\s\"'<>()]+)')"
    r"(?:\s[^<>]*)?>(?P<words>[^\n<>\[\]]{1,400})</a\s*>",
    re.IGNORECASE,
)
_ANCHOR = re.compile(
    rf"<a(?:\s+(?:id|name|class)={_QUOTED})+\s*>(?P<words>[^\n<>]{{0,400}})</a\s*>", re.IGNORECASE
)
_ENDS = re.compile(r"[.!?…;]\s")
_MARKS = {"TM": "™", "SM": "℠", "™": "™", "®": "®", "©": "©"}
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "ère", "ème", "ième"})
_SIGN_OF_NOTE = re.compile(r"\[[^\[\]]{1,12}\]|[*†‡§]{1,3}")
_NUMBERS = re.compile(r"\d{1,3}(?:\s*,\s*\d{1,3})*")
#: A word that ends with four letters, and what closes a sentence or a bracket behind it.
_WORD = re.compile(r"[^\W\d_]{4}[.,;:!?)\"'”’]*$")
_TAG = re.compile(r"<[^<>]*>")


def _by_name(kind: str, names: dict[str, str]) -> dict[str, str]:
    return {plain: unicodedata.lookup(f"{kind} {name}") for plain, name in names.items()}


_NAMES = {
    **{str(n): f"{unicodedata.name(str(n)).removeprefix('DIGIT ')}" for n in range(10)},
    "+": "PLUS SIGN", "-": "MINUS", "=": "EQUALS SIGN", "(": "LEFT PARENTHESIS",
    ")": "RIGHT PARENTHESIS",
}  # fmt: skip
_UP = _by_name("SUPERSCRIPT", _NAMES) | {"n": "ⁿ", "i": "ⁱ"}
_DOWN = _by_name("SUBSCRIPT", _NAMES) | {"n": "ₙ"}


def spoken(text: str) -> str:
    """The text, its tags of formatting gone, with what its powers, indices and links say."""
    if "</" not in text:
        return text
    return _ANCHOR.sub(_there, _LINK.sub(_linked, _SET.sub(_set, text)))


def _set(found: re.Match[str]) -> str:
    words = " ".join(found["words"].split())
    if _ENDS.search(found["words"]):
        return found[0]
    if not words:
        return " " if found["words"] else ""
    up = found["which"] in "pP"
    before = _TAG.sub("", found.string[: found.start()][-400:])
    if up and words in _MARKS:
        return _MARKS[words]
    if up and words in _ORDINALS and before[-1:].isdigit():
        return words
    if up and _SIGN_OF_NOTE.fullmatch(words):
        return f" {words}"
    if up and _NUMBERS.fullmatch(words) and _WORD.search(before):
        return f" [{words}]"
    letters = _UP if up else _DOWN
    plain = words.replace("−", "-")
    if all(one in letters for one in plain):
        return "".join(letters[one] for one in plain)
    return f"{'^' if up else '_'}({words})"


def _linked(found: re.Match[str]) -> str:
    if _ENDS.search(found["words"]):
        return found[0]
    return f"[{found['words'].strip()}]({found['two'] or found['one']})"


def _there(found: re.Match[str]) -> str:
    return found[0] if _ENDS.search(found["words"]) else found["words"]
