"""PDF to text and blocks, page by page. pdfium is not thread-safe: one document at a time."""

from __future__ import annotations

import ctypes
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pipeline.extract.archive import Unreadable
from pipeline.extract.builder import TextBuilder
from pipeline.extract.markup import read_blocks

_LOCK = threading.Lock()
_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪●○–—·\uf0b7]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-z][.)])\s+\S")
_NEW = re.compile(
    r"\s*(?:As\s+(?:an?|the)\s|In\s+order\s+to\b|(?:user\s+)?story\s+#?\d|acceptance\s+criteria|given\b|"
    r"scenario\b|[A-Z]{2,10}-\d+\b|notes?:)",
    re.IGNORECASE,
)
#: A heading's letters are at least this much larger than the text's.
_LARGER = 1.12


def read_pdf(data: bytes) -> tuple[TextBuilder, dict[str, str]]:
    """Text with blocks, and properties.

    Raises:
        Unreadable: encrypted, damaged, or no text layer at all (a scan or a drawing).
    """
    import pypdfium2

    with _LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            reason = str(error)
            if "password" in reason.lower():
                raise Unreadable("it is encrypted; save it without a password") from error
            raise Unreadable(f"damaged or cut off ({reason.strip('. ')})") from error
        try:
            return _read_pages(pdf)
        finally:
            pdf.close()


def _read_pages(pdf: Any) -> tuple[TextBuilder, dict[str, str]]:
    from pypdfium2 import PdfiumError

    pages: list[list[tuple[str, float]]] = []
    failed: list[int] = []
    for index in range(len(pdf)):
        try:
            pages.append(_lines(pdf[index]))
        except PdfiumError:
            failed.append(index + 1)
            pages.append([])
    if not any(pages):
        what = (
            "damaged pages" if failed else "no text layer: a scan or drawing; run OCR on it first"
        )
        raise Unreadable(what)
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line, size in lines:
            sizes[size] += len(line)
    usual = sizes.most_common(1)[0][0]
    larger = sorted((size for size in sizes if size >= usual * _LARGER), reverse=True)
    levels = {size: min(rank, 6) for rank, size in enumerate(larger, start=1)}
    builder = TextBuilder()
    for number, lines in enumerate(pages, start=1):
        _add_page(builder, number, lines, levels)
    empty = [n for n, lines in enumerate(pages, start=1) if not lines and n not in failed]
    if failed:
        builder.remarks.append(f"damaged pages: {_listed(failed)}")
    if empty and len(empty) * 2 > len(pages):
        builder.remarks.append(f"no text on pages {_listed(empty)}")
    return builder, _properties(pdf)


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:12]))
    return f"{shown} and {len(numbers) - 12} more" if len(numbers) > 12 else shown


def _lines(page: Any) -> list[tuple[str, float]]:
    """The page's lines with the size of their letters in points (0 when not told)."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        if count <= 0:
            return []
        buffer = (ctypes.c_ushort * (count + 1))()
        raw.FPDFText_GetText(textpage, 0, count, buffer)
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", errors="replace")
        lines = []
        position = 0
        for line in text.split("\n"):
            middle = position + len(line) // 2
            size = raw.FPDFText_GetFontSize(textpage, middle) if line.strip() else 0.0
            position += len(line) + 1
            clean = line.replace("\x00", "").replace("\ufffe", "-").replace("\x02", "-").rstrip()
            if clean.strip():
                lines.append((clean, round(size * _scale(textpage, middle), 1)))
        return lines
    finally:
        textpage.close()
        page.close()


def _scale(textpage: Any, index: int) -> float:
    """Font sizes are told before the text matrix; its vertical scale makes them comparable."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    if raw.FPDFText_GetMatrix(textpage, index, ctypes.byref(matrix)):
        return abs(matrix.d) or abs(matrix.b) or 1.0
    return 1.0


def _add_page(
    builder: TextBuilder, number: int, lines: list[tuple[str, float]], levels: dict[float, int]
) -> None:
    for kind_level, text in _paragraphs(lines, levels):
        if kind_level:
            builder.add(text, "heading", kind_level, page=number)
            continue
        blocks = [
            replace(block, kind="paragraph", level=0) if block.kind == "heading" else block
            for block in read_blocks(text, "text")
        ]
        builder.place(text + "\n\n", blocks, page=number)


def _paragraphs(
    lines: list[tuple[str, float]], levels: dict[float, int]
) -> Iterator[tuple[int, str]]:
    """(heading level or 0, text): lines of one size joined until a line begins something new."""
    group: list[str] = []
    group_level = 0
    widest = max((len(line) for line, _ in lines), default=0)
    for line, size in lines:
        level = levels.get(size, 0)
        short_before = (
            bool(group) and len(group[-1]) < widest * 0.6 and group[-1].rstrip()[-1:] in ".!?:"
        )
        new = (
            level != group_level
            or _ITEM.match(line)
            or (not level and (_NEW.match(line) or short_before))
        )
        if group and new:
            yield group_level, "\n".join(group)
            group = []
        group.append(line)
        group_level = level
    if group:
        yield group_level, "\n".join(group)


def _properties(pdf: Any) -> dict[str, str]:
    meta = pdf.get_metadata_dict()
    values = {}
    author = (meta.get("Author") or "").strip()
    if author and author.lower() not in ("anonymous", "(anonymous)", "unspecified"):
        values["author"] = author
    made = re.match(r"D:(\d{4})(\d{2})(\d{2})", meta.get("CreationDate") or "")
    if made and author:
        values["created"] = "-".join(made.groups())
    return values
