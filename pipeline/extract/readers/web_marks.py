"""What a web page says by its elements and not by letters: powers and indices, notes, code, ticked
boxes, pictures with a text. Their letters alone would say something else: 10² is not 102."""

from __future__ import annotations

import re
from typing import Any

from pipeline.extract.readers.leftout import Why

Piece = tuple[str, Why | None]

_CODE = frozenset({"code", "samp", "kbd", "tt"})
_MARKED = _CODE | {"sup", "sub"}
#: How far around an element is looked, and how deep marks nest: pages may be nested without end.
_AROUND, _DEEPEST = 12, 4

_PLAIN = "0123456789+-=()n"
_RAISED = str.maketrans(_PLAIN + "i", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ")
_SIGNS = {"TM": "™", "SM": "℠", "®": "®", "©": "©", "™": "™"}
#: Read like the rest of the word: 1st, 2ème.
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|ère|ème|ième)")
_NOTE = re.compile(r"\[[^\[\]]{1,12}\]|[*†‡§]{1,3}")
#: A number after a word, not after a unit (km²) or a function (sin²).
_NOTE_NUMBER = re.compile(r"\d{1,3}(?:\s*,\s*\d{1,3})*")
_WORD_BEFORE = re.compile(r"[^\W\d_]{4,}[.,;:!?)\"'”’]*$")


def is_marked(node: Any) -> bool:
    """Whether an element's words are written in another way once all of them are read. Code inside
    of code is not."""
    if node.tag not in _MARKED:
        return False
    around, deep = node.parent, 0
    for _ in range(_AROUND):
        if around is None:
            break
        if node.tag in _CODE and (around.tag == "pre" or around.tag in _CODE):
            return False
        deep += around.tag in _MARKED
        around = around.parent
    return deep < _DEEPEST


def said_alone(node: Any) -> str:
    """The words for an element that holds none: a picture's text, a box and its state."""
    attributes = node.attributes
    if node.tag == "img":
        text = " ".join((attributes.get("alt") or "").split())
        return f" {text} " if text else ""
    kind = (attributes.get("type") or "").strip().lower()
    if node.tag == "input" and kind in ("checkbox", "radio"):
        return " [x] " if "checked" in attributes else " [ ] "
    return ""


def target_of(node: Any) -> list[str]:
    """Where a link leads, in the page ("#rules") or out of it."""
    address = (node.attributes.get("href") or "").strip() if node.tag == "a" else ""
    return [address] if address and not address.lower().startswith("javascript:") else []


def write_marked(node: Any, pieces: list[Piece], start: int) -> None:
    """Write the words of a marked element, ``pieces[start:]``, so that they keep apart from the
    words around them. Words that are not current text stay as they are."""
    current = [n for n in range(start, len(pieces)) if pieces[n][1] is None]
    words = "".join(pieces[n][0] for n in current)
    if not words.strip() or "\v" in words or "\n" in words.strip():
        return
    before = "".join(text for text, why in pieces[:start][-8:] if why is None)
    written = _write(node, words.strip(), before)
    lead = words[: len(words) - len(words.lstrip())]
    for n in current:
        pieces[n] = ("", None)
    pieces[current[0]] = (f"{lead}{written}{words[len(words.rstrip()) :]}", None)


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
    elif _NOTE.fullmatch(bare):
        written = f" {bare}"
    elif _NOTE_NUMBER.fullmatch(bare) and _WORD_BEFORE.search(before):
        written = f" [{bare}]"
    else:
        written = _shifted(bare, _RAISED, "^")
    return words.replace(bare, written, 1)


def _write(node: Any, words: str, before: str) -> str:
    if node.tag in ("sub", "sup"):
        if node.tag == "sup" and not _NOTE.fullmatch(words) and _is_note(node):
            return _SIGNS.get(words, f" [{words}]")
        return shift(words, raised=node.tag == "sup", before=before)
    return words if "`" in words else f"`{words}`"


def _is_note(node: Any) -> bool:
    """Whether what is raised leads to a note, or is inside a link that does."""
    around = node.parent
    links = list(node.css("a[href]"))
    if around is not None and around.tag == "a":
        links.append(around)
    return any((link.attributes.get("href") or "").startswith("#") for link in links)


def _shifted(words: str, letters: dict[int, int], sign: str) -> str:
    """In Unicode's raised or lowered letters where there is one for each, else in brackets."""
    plain = words.replace("−", "-")
    return plain.translate(letters) if all(ord(c) in letters for c in plain) else f"{sign}({words})"
