"""What a web page says by its elements and not by letters: powers and indices, notes, code, ticked
boxes, pictures with a text. Their letters alone would say something else: 10² is not 102."""

from __future__ import annotations

from typing import Any

from pipeline.extract.readers.leftout import Why
from pipeline.text.shifted import NOTE, shift, sign_of

Piece = tuple[str, Why | None]

_CODE = frozenset({"code", "samp", "kbd", "tt"})
_MARKED = _CODE | {"sup", "sub"}
#: How far around an element is looked, and how deep marks nest: pages may be nested without end.
_AROUND, _DEEPEST = 12, 4


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


def _write(node: Any, words: str, before: str) -> str:
    if node.tag in ("sub", "sup"):
        if node.tag == "sup" and not NOTE.fullmatch(words) and _is_note(node):
            return sign_of(words) or f" [{words}]"
        return shift(words, raised=node.tag == "sup", before=before)
    return words if "`" in words else f"`{words}`"


def _is_note(node: Any) -> bool:
    """Whether what is raised leads to a note, or is inside a link that does."""
    around = node.parent
    links = list(node.css("a[href]"))
    if around is not None and around.tag == "a":
        links.append(around)
    return any((link.attributes.get("href") or "").startswith("#") for link in links)
