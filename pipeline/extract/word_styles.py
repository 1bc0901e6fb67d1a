"""What a Word document's styles and lists say of a paragraph or run: hidden, struck, numbered."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from pipeline.extract.leftout import Why

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OFF = ("0", "false", "off", "none")
_LETTER = re.compile(r"[A-Za-z]")
_PLACE = re.compile(r"%(\d)")
#: A style may be based on another, and that on another; a circle ends here.
_DEEPEST = 12


class Styles:
    """The styles and the list counters of one document."""

    def __init__(self, document: Any) -> None:
        self._styles: dict[str, Any] = {}
        for style in document.styles.element.iter(f"{_W}style"):
            self._styles[style.get(f"{_W}styleId", "")] = style
        self._lists = _read_lists(document)
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)

    def name(self, paragraph: Any) -> str:
        """The name of a paragraph's style, "" when it has none."""
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        style_id = style.get(f"{_W}val", "") if style is not None else ""
        found = self._styles.get(style_id)
        named = found.find(f"{_W}name") if found is not None else None
        return str(named.get(f"{_W}val", "")) if named is not None else str(style_id)

    def why_left_out(self, element: Any) -> Why | None:
        """Why the text of a run or of a paragraph's style is not current, None when it is."""
        inside, kind = ("rPr", "rStyle") if element.tag == f"{_W}r" else ("pPr", "pStyle")
        properties = element.find(f"{_W}{inside}")
        if properties is None:
            return None
        if inside == "rPr":
            decided = _decides(properties)
            if decided is not None:
                return decided[0]
        style = properties.find(f"{_W}{kind}")
        style_id = style.get(f"{_W}val", "") if style is not None else ""
        for _ in range(_DEEPEST):
            found = self._styles.get(style_id)
            if found is None:
                return None
            written = found.find(f"{_W}rPr")
            decided = _decides(written) if written is not None else None
            if decided is not None:
                return decided[0]
            based = found.find(f"{_W}basedOn")
            style_id = based.get(f"{_W}val", "") if based is not None else ""
        return None

    def number(self, paragraph: Any) -> tuple[str, int | None]:
        """(key, list level): the number that Word shows before a paragraph where letters are part
        of it, as in "US-4"; a bare number says nothing. The level counts from 1, None: no list."""
        numbering = paragraph.find(f"{_W}pPr/{_W}numPr")
        if numbering is None:
            return "", None
        level = _value(numbering.find(f"{_W}ilvl"), 0)
        list_id = str(_value(numbering.find(f"{_W}numId"), 0))
        levels = self._lists.get(list_id, {})
        counts = self._counts[list_id]
        if level in levels:
            counts[level] = counts.get(level, levels[level][0] - 1) + 1
            for deeper in [n for n in counts if n > level]:
                del counts[deeper]
        shape = levels[level][1] if level in levels else ""
        if not _LETTER.search(shape):
            return "", level + 1
        shown = _PLACE.sub(
            lambda place: str(
                counts.get(int(place[1]) - 1, levels.get(int(place[1]) - 1, (1,))[0])
            ),
            shape,
        )
        return shown.strip(), level + 1


def _decides(properties: Any) -> tuple[Why | None] | None:
    """Why text with these properties is not current, None in it where they say that it is; None
    where they say nothing."""
    said = False
    whys: dict[str, Why] = {"vanish": "hidden", "strike": "struck out", "dstrike": "struck out"}
    for name, why in whys.items():
        found = properties.find(f"{_W}{name}")
        if found is not None:
            if found.get(f"{_W}val", "1") not in _OFF:
                return (why,)
            said = True
    return (None,) if said else None


def _value(element: Any, default: int) -> int:
    value = element.get(f"{_W}val", "") if element is not None else ""
    return int(value) if value.isdigit() else default


def _read_lists(document: Any) -> dict[str, dict[int, tuple[int, str]]]:
    """Of each list, by level from 0: where it starts, and how its numbers look ("US-%1")."""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError, AttributeError):
        return {}
    shapes: dict[str, dict[int, tuple[int, str]]] = {}
    for abstract in root.iter(f"{_W}abstractNum"):
        levels = {}
        for level in abstract.iter(f"{_W}lvl"):
            shown = level.find(f"{_W}lvlText")
            text = shown.get(f"{_W}val", "") if shown is not None else ""
            number = level.get(f"{_W}ilvl", "0")
            numbered = level.find(f"{_W}numFmt")
            if numbered is not None and numbered.get(f"{_W}val") == "bullet":
                text = ""
            levels[int(number) if number.isdigit() else 0] = (
                _value(level.find(f"{_W}start"), 1),
                text,
            )
        shapes[abstract.get(f"{_W}abstractNumId", "")] = levels
    lists = {}
    for made in root.iter(f"{_W}num"):
        of = made.find(f"{_W}abstractNumId")
        lists[made.get(f"{_W}numId", "")] = dict(
            shapes.get(of.get(f"{_W}val", ""), {}) if of is not None else {}
        )
    return lists
