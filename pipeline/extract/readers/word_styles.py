"""What a Word document's styles and lists say of a paragraph or run: hidden, struck, numbered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pipeline.extract.readers.leftout import Why

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_OFF = ("0", "false", "off", "none")
_LETTER = re.compile(r"[A-Za-z]")
_PLACE = re.compile(r"%(\d)")
#: A style may be based on another, and that on another; a circle ends here.
_DEEPEST = 12
_HEX = re.compile(r"[0-9A-Fa-f]{6}")
#: Of red, green and blue each, as PDF pages are read.
_NEARLY_WHITE = 0xF8
_UNSTYLED = "its styles are damaged: what they hide, strike or number is read as plain text"


class Styles:
    """The styles and the list counters of one document.

    Args:
        remarks: of the document; one is added where its styles cannot be read.
    """

    def __init__(self, document: Any, remarks: list[str]) -> None:
        self._styles: dict[str, Any] = {}
        try:
            for style in document.styles.element.iter(f"{_W}style"):
                self._styles[style.get(f"{_W}styleId", "")] = style
        except Exception:  # the library lets KeyError, AttributeError and lxml's own through
            remarks.append(_UNSTYLED)
        self._lists = _read_lists(document)
        self._related = document.part.rels
        self._page_coloured = document.element.find(f"{_W}background") is not None
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)

    def address_of(self, hyperlink: Any) -> list[str]:
        """Where a link leads: out of the document, or to a mark in it."""
        named = hyperlink.get(f"{_R}id", "")
        mark = hyperlink.get(f"{_W}anchor", "")
        address = str(self._related[named].target_ref) if named in self._related else ""
        return [f"{address}#{mark}" if mark else address] if address or mark else []

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

    def raised(self, run: Any) -> bool | None:
        """Whether a run's letters are raised (a power) or lowered (an index); None: neither."""
        for properties in (run.find(f"{_W}rPr"), *(s.find(f"{_W}rPr") for s in self._chain(run))):
            found = properties.find(f"{_W}vertAlign") if properties is not None else None
            if found is not None:
                return {"superscript": True, "subscript": False}.get(found.get(f"{_W}val", ""))
        return None

    def is_unseen(self, run: Any) -> bool:
        """Whether a run's letters are white on a page that is. Where anything around it may be
        dark (shading, a box, a table with a style that shades, a coloured page), it is seen."""
        return self._is_white(run) and not self._may_be_shaded(run)

    def _is_white(self, run: Any) -> bool:
        color = _color(run.find(f"{_W}rPr"))
        if color:
            return is_white(color)
        paragraph = next(run.iterancestors(f"{_W}p"), None)
        for style in (
            *self._chain(run),
            *(self._chain(paragraph) if paragraph is not None else ()),
        ):
            if color := _color(style.find(f"{_W}rPr")):
                return is_white(color)
        return False

    def _chain(self, element: Any) -> Iterator[Any]:
        """The style of a run, paragraph or table, and those that it is based on."""
        kinds = {"r": ("rPr", "rStyle"), "p": ("pPr", "pStyle"), "tbl": ("tblPr", "tblStyle")}
        inside, kind = kinds[element.tag.rpartition("}")[2]]
        style = element.find(f"{_W}{inside}/{_W}{kind}")
        style_id = style.get(f"{_W}val", "") if style is not None else ""
        for _ in range(_DEEPEST):
            found = self._styles.get(style_id)
            if found is None:
                return
            yield found
            based = found.find(f"{_W}basedOn")
            style_id = based.get(f"{_W}val", "") if based is not None else ""

    def _may_be_shaded(self, run: Any) -> bool:
        if self._page_coloured:
            return True
        own = run.find(f"{_W}rPr")
        if own is not None and (_shades(own) or own.find(f"{_W}highlight") is not None):
            return True
        if any(_shades(style) for style in self._chain(run)):
            return True
        for around in run.iterancestors():
            kind = around.tag.rpartition("}")[2] if isinstance(around.tag, str) else ""
            if kind == "txbxContent":
                return True
            if kind in ("p", "tc", "tr", "tbl"):
                properties = around.find(f"{_W}{kind}Pr")
                if properties is not None and _shades(properties):
                    return True
            if kind in ("p", "tbl") and any(_shades(style) for style in self._chain(around)):
                return True
        return False

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


def _color(properties: Any) -> str:
    """The colour that properties give to letters, "" where they give none."""
    found = properties.find(f"{_W}color") if properties is not None else None
    return str(found.get(f"{_W}val", "")) if found is not None else ""


def is_white(color: str) -> bool:
    """Whether letters of a colour cannot be seen on white, or nearly so."""
    return bool(_HEX.fullmatch(color)) and all(
        int(color[n : n + 2], 16) >= _NEARLY_WHITE for n in (0, 2, 4)
    )


def _shades(element: Any) -> bool:
    """Whether any shading in an element may be dark: of no colour that is known to be white."""
    return any(
        shading.get(f"{_W}themeFill") is not None
        or not ((fill := shading.get(f"{_W}fill", "auto")) == "auto" or is_white(fill))
        or shading.get(f"{_W}val", "clear") not in ("clear", "nil")
        for shading in element.iter(f"{_W}shd")
    )


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
