"""Powers and indices, written so that they keep apart from the words around: 10² is not 102."""

from __future__ import annotations

import html
import re

_PLAIN = "0123456789+-=()n"
_RAISED = str.maketrans(_PLAIN + "i", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ")
#: Raised and lowered digits and signs, as in a class of a pattern.
RAISED = "⁰¹²³⁴-⁾₀-₎ⁿⁱ"
_SIGNS = {"TM": "™", "SM": "℠", "®": "®", "©": "©", "™": "™"}
#: Read like the rest of the word: 1st, 2ème.
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|ère|ème|ième)")
#: The mark of a note, such as "[a]" or "†".
NOTE = re.compile(r"\[[^\[\]]{1,12}\]|[*†‡§]{1,3}")
#: A number after a word, not after a unit (km²) or a function (sin²).
_NOTE_NUMBER = re.compile(r"\d{1,3}(?:\s*,\s*\d{1,3})*")
_WORD_BEFORE = re.compile(r"[^\W\d_]{4,}[.,;:!?)\"'”’]*$")
#: An element that holds no other one. What goes over the end of a line is none.
ELEMENT = re.compile(r"<(su[pb])\b[^<>]*>((?:(?!</?su[pb]\b)[^\n]){0,200}?)</\1\s*>", re.IGNORECASE)
_CLOSED = re.compile(r"</su[pb]\s*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-z][^<>]{0,400}>", re.IGNORECASE)
#: A sentence or clause ends: what is cut there has half an element on either side.
_STOP = re.compile(r"[.!?…;]\s")
#: How deep elements nest, and how far is looked in front of one.
DEEPEST, _BEFORE = 4, 400


def shift(words: str, *, raised: bool, before: str) -> str:
    """Words that are set as a power or an index, so that they keep apart from those before: "10"
    and a raised "2" are 10²; the mark of a note and the end of "1st" are none.

    Args:
        before: what stands right before them.
    """
    bare = words.strip()
    if not bare or "\n" in bare:
        return words
    if not raised:
        written = _shifted(bare, _LOWERED, "_")
    elif bare in _SIGNS:
        written = _SIGNS[bare]
    elif _ORDINAL.fullmatch(bare) and before[-1:].isdigit():
        written = bare
    elif NOTE.fullmatch(bare):
        written = f" {bare}"
    elif _NOTE_NUMBER.fullmatch(bare) and _WORD_BEFORE.search(before):
        written = f" [{bare}]"
    else:
        written = _shifted(bare, _RAISED, "^")
    return words.replace(bare, written, 1)


def sign_of(words: str) -> str | None:
    """The sign that raised letters make, such as ™; None where they make none."""
    return _SIGNS.get(words)


def tags_shifted(text: str) -> str:
    """The text with the words of its tags ``sup`` and ``sub`` written as powers and indices."""
    for _ in range(DEEPEST if _CLOSED.search(text) else 0):
        before, text = text, ELEMENT.sub(element_written, text)
        if text == before:
            break
    return text


def element_written(element: re.Match[str]) -> str:
    """What an element says; itself where a sentence ends in it."""
    if _STOP.search(element[2]):
        return element[0]
    near = element.string[max(0, element.start() - _BEFORE) : element.start()]
    before = html.unescape(_ANY_TAG.sub("", near))
    words = html.unescape(_ANY_TAG.sub("", element[2]))
    if not words.strip():
        return " " if words else ""
    return shift(" ".join(words.split()), raised=element[1].lower() == "sup", before=before)


def _shifted(words: str, letters: dict[int, int], sign: str) -> str:
    """In Unicode's raised or lowered letters where there is one for each, else in brackets."""
    plain = words.replace("−", "-")
    return plain.translate(letters) if all(ord(c) in letters for c in plain) else f"{sign}({words})"
