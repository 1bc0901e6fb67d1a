"""A PDF page's words with their places, sizes and whether they can be seen."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from pipeline.extract.readers.leftout import Why

#: A hyphen at a line's end comes as a sign of its own, and the next line right behind it.
_WORD = re.compile(r"[^\s\x00\x02\ufffe]+[\x02\ufffe]?")
#: Letters that a font draws as one sign.
_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\ufffe": "-",
        "\x02": "-",
        "\u00ad": "",
    }
)
_INVISIBLE_MODES = (3, 7)
#: Every part of a colour from here on looks like paper.
_WHITE = 250
_TEXT, _PATH, _IMAGE, _SHADING, _FORM = 1, 2, 3, 4, 5
Box = tuple[float, float, float, float]
#: So many of the largest painted areas are looked at behind white words.
_MOST_AREAS = 500


@dataclass(frozen=True, slots=True)
class Word:
    """Places in points, the page's foot at 0. ``why``: it cannot be seen. ``ocr``: it lies
    unseen over a picture. ``turned``: it does not run as the page's other words do. ``apart``: it
    stands on another line than the word before it in the file."""

    text: str
    left: float
    right: float
    base: float
    size: float
    why: Why | None = None
    ocr: bool = False
    turned: bool = False
    apart: bool = False


def read_words(page: Any) -> list[Word]:
    """The words of a page in the order of the file, and closed again."""
    textpage = page.get_textpage()
    try:
        return _Reader(page, textpage).read()
    finally:
        textpage.close()


class _Reader:
    def __init__(self, page: Any, textpage: Any) -> None:
        import pypdfium2.raw as raw

        self.raw = raw
        self.page = page
        self.textpage = textpage
        #: Of each text object, by its address: how large its letters are, whether they are seen,
        #: and the quarter turns they are written at.
        self.known: dict[int, tuple[float, str, float]] = {}
        self._areas: tuple[list[Box], list[Box]] | None = None
        self._large: list[Box] = []
        self._small: set[tuple[int, int]] | None = None

    def read(self) -> list[Word]:
        raw, textpage = self.raw, self.textpage
        count = textpage.count_chars()
        if count <= 0:
            return []
        buffer = (ctypes.c_ushort * (count + 1))()
        raw.FPDFText_GetText(textpage, 0, count, buffer)
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", errors="replace")
        box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        words: list[Word] = []
        angles: Counter[float] = Counter()
        turns: list[float] = []
        before = 0
        for match in _WORD.finditer(text):
            first, last = match.span()
            size, seen, angle = self._told(first)
            raw.FPDFText_GetLooseCharBox(textpage, first, ctypes.byref(box))
            left, bottom, right, top = box.left, box.bottom, box.right, box.top
            raw.FPDFText_GetCharOrigin(textpage, first, ctypes.byref(x), ctypes.byref(y))
            if last - first > 1:
                raw.FPDFText_GetLooseCharBox(textpage, last - 1, ctypes.byref(box))
                right, top = box.right, box.top
            if angle:
                left, right, base = _turned(angle, (left, bottom, right, top), x.value, y.value)
            else:
                base = y.value
            said = match.group().translate(_LIGATURES)
            apart = "\n" in text[before:first]
            before = last
            if not said:
                continue
            word = Word(said, min(left, right), max(left, right), base, size, apart=apart)
            words.append(self._judged(word, seen, angle))
            turns.append(angle)
            angles[angle] += len(said)
        if len(angles) > 1:
            usual = angles.most_common(1)[0][0]
            words = [
                word if turn == usual else replace(word, turned=True)
                for word, turn in zip(words, turns, strict=True)
            ]
        return words

    def _told(self, index: int) -> tuple[float, str, float]:
        """(size of letters, "seen", "unseen" or "white", angle) of the object a letter is of."""
        raw = self.raw
        handle = raw.FPDFText_GetTextObject(self.textpage, index)
        address = ctypes.cast(handle, ctypes.c_void_p).value or 0
        if address in self.known:
            return self.known[address]
        matrix = raw.FS_MATRIX()
        scale, angle = 1.0, 0.0
        if raw.FPDFText_GetMatrix(self.textpage, index, ctypes.byref(matrix)):
            scale = abs(matrix.d) or abs(matrix.b) or 1.0
            angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
            if angle % 90:
                scale = math.hypot(matrix.b, matrix.d)
        size = round(raw.FPDFText_GetFontSize(self.textpage, index) * scale, 1)
        seen = "seen"
        if handle and raw.FPDFTextObj_GetTextRenderMode(handle) in _INVISIBLE_MODES:
            seen = "unseen"
        else:
            parts = [ctypes.c_uint() for _ in range(4)]
            got = raw.FPDFText_GetFillColor(self.textpage, index, *map(ctypes.byref, parts))
            if got and parts[3].value == 0:
                seen = "unseen"
            elif got and all(part.value >= _WHITE for part in parts[:3]):
                seen = "white"
        told = (size, seen, float(angle))
        if address:
            self.known[address] = told
        return told

    def _judged(self, word: Word, seen: str, angle: float) -> Word:
        if seen == "seen":
            return word
        middle = ((word.left + word.right) / 2, word.base + word.size / 3)
        pictures, fills = self._find_areas()
        if angle:  # its place was turned, so what lies beneath cannot be asked
            return replace(word, why="invisible") if seen == "unseen" else word
        if _covers(pictures, middle):
            return replace(word, ocr=seen == "unseen")
        if seen == "white" and _covers(self._large, middle):
            return word
        if seen == "unseen" and self._is_drawn(fills, word):
            return word  # its letters are drawn as outlines
        return replace(word, why="invisible")

    def _find_areas(self) -> tuple[list[Box], list[Box]]:
        """Where pictures lie, and where something is painted that is not white."""
        if self._areas is None:
            pictures: list[Box] = []
            fills: list[Box] = []
            for item in self.page.get_objects(max_depth=4):
                try:
                    box = item.get_bounds() if hasattr(item, "get_bounds") else item.get_pos()
                except Exception:  # an object without a place covers nothing
                    continue
                if item.type == _IMAGE:
                    pictures.append(box)
                elif item.type == _SHADING or (item.type == _PATH and self._is_painted(item)):
                    fills.append(box)
            self._areas = (pictures, fills)
            large = [box for box in fills if box[3] - box[1] > 4 and box[2] - box[0] > 4]
            self._large = sorted(large, key=_area, reverse=True)[:_MOST_AREAS]
        return self._areas

    def _is_drawn(self, fills: list[Box], word: Word) -> bool:
        """Whether something painted, no larger than letters are, stands where the word does."""
        if self._small is None:
            self._small = set()
            for left, bottom, right, top in fills:
                if top - bottom < 2 * word.size:
                    self._small.add((int((left + right) / 2), int((bottom + top) / 2)))
        low, high = int(word.base - 0.3 * word.size), int(word.base + word.size)
        return any(
            (x, y) in self._small
            for x in range(int(word.left), int(word.right) + 1)
            for y in range(low, high + 1)
        )

    def _is_painted(self, item: Any) -> bool:
        raw = self.raw
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        if not raw.FPDFPath_GetDrawMode(item, ctypes.byref(mode), ctypes.byref(stroke)):
            return False
        parts = [ctypes.c_uint() for _ in range(4)]
        got = raw.FPDFPageObj_GetFillColor(item, *map(ctypes.byref, parts))
        return bool(
            mode.value and got and parts[3].value and any(p.value < _WHITE for p in parts[:3])
        )


def read_rules(page: Any) -> list[tuple[float, float, float]]:
    """The page's horizontal rules, edges of boxes included: (height, left, right)."""
    import pypdfium2.raw as raw

    rules = []
    parts = [ctypes.c_float() for _ in range(4)]
    places = [ctypes.byref(part) for part in parts]
    for index in range(raw.FPDFPage_CountObjects(page)):
        item = raw.FPDFPage_GetObject(page, index)
        if raw.FPDFPageObj_GetType(item) == _PATH and raw.FPDFPageObj_GetBounds(item, *places):
            left, bottom, right, top = (part.value for part in parts)
            if right - left > 20:
                rules.append((bottom, left, right))
                if top - bottom > 4:
                    rules.append((top, left, right))
    return rules


def _area(box: Box) -> float:
    left, bottom, right, top = box
    return (right - left) * (top - bottom)


def _covers(areas: list[Box], point: tuple[float, float]) -> bool:
    x, y = point
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in areas)


def _turned(angle: float, box: Box, x: float, y: float) -> tuple[float, float, float]:
    """(left, right, base) of a word as the page is read when turned so that it runs level."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    left, bottom, right, top = box
    across = [px * cosine + py * sine for px in (left, right) for py in (bottom, top)]
    return min(across), max(across), -x * sine + y * cosine
