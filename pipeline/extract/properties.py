"""What a format says beside its text: document properties, meta elements, headers, hidden cells.

Read from the file's bytes by itself, bounded, and never failing: it is looked through for the mark
that a document stays here, which no reader's defect may hide.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

#: Bytes of one part of a file, and of all its parts together, that are looked through.
_PART, _ALL = 1 << 20, 32 << 20
#: How much of a main part is: its first characters of text are what counts.
_MAIN = 256 << 10
#: Properties that hold keywords, not prose.
_WORDS = frozenset(
    {"category", "comments", "contentstatus", "description", "keyword", "keywords", "subject"}
)
#: What a part is taken to say that cannot be read, and might have said so.
_MARK = "sovereignty"
# Every run is taken whole and from its start: a damaged part may hold a megabyte of one.
_ELEMENT = re.compile(r"<(?P<tag>[\w:.-]++)(?P<with>[^<>]*+)>(?P<text>[^<]*+)")
_ATTRIBUTE = re.compile(
    r"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++))"""
)
_SCRIPT = re.compile(r"<(script|style)\b(?:[^<]++|<(?!/?(?:script|style)\b))*+</\1>", re.IGNORECASE)
_NAMING = frozenset(
    {"name", "property", "http-equiv", "itemprop", "val", "tag", "key", "id", "long-name", "label"}
)
_VALUED = frozenset({"content", "value", "val", "text", "the-value", "default"})
#: Elements of a page that say something by a name and a value, and what names it.
_SAYING = re.compile(
    r"""<(?:meta|link|input|select|param|data)\b(?:[^<>"']|"[^"]{0,4000}"|'[^']{0,4000}')*+>"""
    r"""|<meta\b[^<>]{0,4000}>""",
    re.IGNORECASE,
)
_PAGE_NAMING = ("name", "property", "http-equiv", "itemprop", "rel")
#: How the mark's word begins, and the slips of it: other attributes' names need no closer look.
_STEM = re.compile(r"so[uv]", re.IGNORECASE)
#: Elements whose text is the name of what the next one says: a tracker's fields.
_NAMES_NEXT = re.compile(r"(?:\w*name|key|field|label)", re.IGNORECASE)
_LINE_END = re.compile(
    r"</(?:\w+:)?(?:p|si|comment|row|title|h\d|tr|div|dd|li)>|<(?:\w+:)?br\b[^>]*>"
)
_CELL_END = re.compile(r"</(?:\w+:)?(?:tc|c|td|th|dt)>|<(?:\w+:)?tab\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that a format says.

    Args:
        name: of the property, "" where it has none.
        kind: ``text``, which is read as the document's first lines are; ``words``, keywords, where
            every word counts; ``value``, prose such as a title.
    """

    name: str
    value: str
    kind: Literal["text", "words", "value"] = "value"


def properties_of(data: bytes, kind: str, encoding: str = "utf-8") -> Iterator[Property]:
    """Everything a file's format says beside the text that is read of it.

    Args:
        kind: the format, as :class:`~pipeline.stories.Document` names it.
        encoding: that its text was read in.
    """
    if data.startswith(b"PK"):
        try:
            yield from _in_archive(data)
        except zipfile.BadZipFile:
            pass  # no reader gets a word out of it either
        except Exception as error:  # a damaged zip raises errors of many kinds
            yield Property(_MARK, f"not readable ({type(error).__name__})")
    elif data.startswith(b"%PDF") or kind == "pdf":
        yield from _in_pdf(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        yield from _in_compound_file(data)
    elif data.lstrip()[:5] == b"{\\rtf":
        yield from _in_rtf(data[:_PART])
        yield from _in_raw_text(data, kind, encoding)
    elif kind in ("eml", "mhtml"):
        yield from _in_mail(data[:_ALL])
        yield from _in_raw_text(data, kind, encoding)
    else:
        yield from _in_raw_text(data, kind, encoding)


def _in_raw_text(data: bytes, kind: str, encoding: str) -> Iterator[Property]:
    """The first characters as they stand in the file, in its encoding and in any of two bytes a
    letter; of a page, its head."""
    start = data[: 4 * 4096]
    with suppress(LookupError):
        yield Property("", start.decode(encoding, errors="replace")[:4096], "text")
    yield Property("", start.replace(b"\0", b"").decode("latin-1")[:4096], "text")
    if kind in ("html", "xml", "") or start.lstrip()[:1] == b"<":
        page = data[:_ALL].decode(encoding, errors="replace")
        yield from _in_meta_elements(page)
        yield Property("", _text_of(page[:_MAIN])[:4096], "text")
        if kind != "html":
            # A record far down may bear the mark: all are looked at where the word is there.
            yield from _in_elements(page if _MARK in page.casefold() else page[:_MAIN])


def _in_meta_elements(page: str) -> Iterator[Property]:
    for element in _SAYING.finditer(page):
        held = {name.lower().removeprefix("data-"): html.unescape(a or b or c)
                for name, a, b, c in _ATTRIBUTE.findall(element[0])}  # fmt: skip
        for name in _PAGE_NAMING:
            if name in held:
                words: Literal["words", "value"] = (
                    "words" if held[name].lower() in _WORDS else "value"
                )
                said = (held[key] for key in ("content", "value", "href") if key in held)
                yield Property(held[name], next(said, ""), words)


def _in_mail(data: bytes) -> Iterator[Property]:
    """The headers of a mail and of its parts, encoded words read, and the parts' own heads."""
    from email import message_from_bytes, policy

    for part in message_from_bytes(data, policy=policy.compat32).walk():
        for name, raw in part.items():
            value = _header(str(raw))
            listed = name.lower() in ("keywords", "comments")
            yield Property(name, value, "words" if listed else "value")
            yield Property("", value[:4096], "text")
        if part.get_content_maintype() == "text":
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                kind = "html" if part.get_content_subtype() == "html" else "text"
                yield from _in_raw_text(text, kind, part.get_content_charset() or "utf-8")


def _header(raw: str) -> str:
    from email.header import decode_header, make_header

    with suppress(Exception):  # encodings that nobody knows, words that are cut off
        return str(make_header(decode_header(raw)))
    return raw


_RTF_ESCAPE = re.compile(r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,5}) ?\??")
_RTF_PAIR = re.compile(
    r"\{\\propname\s+([^{}]*)\}\s*(?:\\proptype\d+\s*)?\{\\staticval\s+([^{}]*)\}"
    r"|\\docvar\s*\{([^{}]*)\}\s*\{([^{}]*)\}"
)
_RTF_INFO = re.compile(
    r"\\(title|subject|author|manager|company|operator|category|keywords|comment|doccomm)\s+([^{}]*)"
)


def _in_rtf(data: bytes) -> Iterator[Property]:
    """The information group of an RTF file, its user's properties and document variables."""

    def letter(found: re.Match[str]) -> str:
        return chr(int(found[1], 16) if found[1] else int(found[2]) % 0x10000)

    found = _RTF_ESCAPE.sub(letter, data.decode("latin-1"))
    for pair in _RTF_PAIR.finditer(found):
        yield Property(pair[1] or pair[3] or "", (pair[2] or pair[4] or "").strip()[:200])
    for info in _RTF_INFO.finditer(found):
        prose = info[1] in ("title", "author", "manager", "company", "operator")
        yield Property(info[1], info[2].strip()[:4096], "value" if prose else "words")


def _in_archive(data: bytes) -> Iterator[Property]:
    """The parts of an office file: properties, headers, comments, settings, hidden cells."""
    left = _ALL
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith((".xml", ".rels", ".opf"))]
        for name in sorted(names, key=lambda n: not n.startswith(("docProps/", "meta"))):
            main = name.rpartition("/")[2] in ("document.xml", "content.xml")
            try:
                with archive.open(name) as part:
                    raw = part.read(min(left, _MAIN if main else _PART))
            except Exception:  # a damaged zip raises errors of many kinds
                if not main:  # a mark may have stood there
                    yield Property(_MARK, f"not readable, {name}")
                continue
            left -= len(raw)
            wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
            found = raw.decode("utf-16" if wide else "utf-8", errors="replace")
            yield from _in_elements(found)
            yield from _in_part(name, found)
            if left <= 0:
                return


def _in_part(name: str, found: str) -> Iterator[Property]:
    if name == "xl/sharedStrings.xml":
        # Cells of hidden sheets stand here too, one after the other.
        cells = [
            _text_of(f"<si{one.partition('</si>')[0]}") for one in re.split(r"<si\b", found)[1:]
        ]
        for cell, after in zip(cells, [*cells[1:], ""], strict=True):
            yield Property("", cell.strip()[:200], "value")
            if len(cell) < 40 and " " not in cell.strip():
                yield Property(f"cell {cell.strip()}", after.strip()[:200])
    elif not name.startswith("xl/worksheets/"):
        yield Property("", _text_of(found)[:4096], "text")


def _in_elements(found: str) -> Iterator[Property]:
    """What elements say by their names and attributes: ``<cp:keywords>draft</cp:keywords>``,
    ``<property name="…"><vt:lpwstr>…</vt:lpwstr></property>``, ``<w:docVar w:name w:val>``."""
    named = ""
    for element in _ELEMENT.finditer(found):
        tag = element["tag"].rpartition(":")[2]
        text = html.unescape(element["text"]).strip()
        if text:
            if named:
                yield Property(named, text[:200])
            named = text if len(text) < 40 and _NAMES_NEXT.fullmatch(tag) else ""
            yield Property(tag, text[:4096], "words" if tag.lower() in _WORDS else "value")
        held = [(name.rpartition(":")[2].lower(), html.unescape(a or b or c))
                for name, a, b, c in _ATTRIBUTE.findall(element["with"])]  # fmt: skip
        for name, value in held:
            if _STEM.search(name):
                yield Property(name, value[:200])
        naming = [value for name, value in held if name in _NAMING]
        for name in naming:
            if len(name) > 200 or not any(letter.isalpha() for letter in name):
                continue
            values = [value for key, value in held if key in _VALUED and value != name]
            inside = re.sub(r"<[^<>]*>", " ", _inside(found, element))
            yield Property(name, " ".join([*values, inside]).strip()[:200])


def _inside(found: str, element: re.Match[str]) -> str:
    """What an element holds, "" when it closes itself."""
    if element["with"].endswith("/"):
        return ""
    start = element.start("text")
    end = found.find(f"</{element['tag']}>", start, start + 2000)
    return html.unescape(found[start:end]) if end >= 0 else ""


def _text_of(page: str) -> str:
    """The words of XML or HTML: lines for paragraphs and rows, tabs between cells."""
    page = _SCRIPT.sub("", page)
    page = _CELL_END.sub("\t", _LINE_END.sub("\n", page))
    return html.unescape(re.sub(r"<[^<>]*>", "", page)).strip()


_PACKET = re.compile(rb"<x:xmpmeta(?:[^<]++|<(?!/?x:xmpmeta))*+</x:xmpmeta>")
_STREAM = re.compile(rb"stream\r?\n")
#: An entry whose value is not a string: a name, a number, another object.
_PDF_OTHER = re.compile(
    rb"/([^\s/()<>\[\]{}%]{6,80})\s*(/[^\s/()<>\[\]{}%]{1,60}|\[|\d|true|false)"
)
_PDF_NAME = re.compile(
    rb"/([^\s/()<>\[\]{}%]{1,80})\s*(?:\(((?:[^()\\]|\\[\s\S])*)\)|<([0-9A-Fa-f\s]*)>)"
)


def _in_pdf(data: bytes) -> Iterator[Property]:
    """Entries of dictionaries, those in object streams too, and XMP packets."""
    for raw in (data[:_ALL], *_inflated(data)):
        for found in _PDF_NAME.finditer(raw):
            name = re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), found[1])
            value = found[2] if found[2] is not None else _unhex(found[3])
            title = name.decode("latin-1")
            words: Literal["words", "value"] = "words" if title.lower() in _WORDS else "value"
            yield Property(title, _pdf_string(value), words)
        for other in _PDF_OTHER.finditer(raw):
            name = re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), other[1])
            if _STEM.search(name.decode("latin-1")):
                yield Property(name.decode("latin-1"), other[2].decode("latin-1").strip("/[0"))
        wide = b"x\0:\0x\0m\0p\0m\0e\0t\0a" in raw
        for packet in _PACKET.findall(raw.replace(b"\0", b"") if wide else raw):
            yield from _in_elements(packet[:_PART].decode("utf-8", errors="replace"))


def _inflated(data: bytes) -> Iterator[bytes]:
    """The streams that hold objects or metadata, unpacked."""
    left = _ALL
    for found in _STREAM.finditer(data):
        before = data[max(0, found.start() - 400) : found.start()]
        before = before[before.rfind(b"obj") :]
        if (b"ObjStm" in before or b"Metadata" in before) and left > 0:
            with suppress(zlib.error):
                part = zlib.decompressobj().decompress(data[found.end() :][:left], min(left, _PART))
                left -= len(part)
                yield part


def _unhex(digits: bytes) -> bytes:
    clean = re.sub(rb"\s", b"", digits)
    with suppress(ValueError):
        return bytes.fromhex((clean + b"0" * (len(clean) % 2)).decode())
    return b""


def _pdf_string(value: bytes) -> str:
    value = re.sub(rb"\\(?:\r\n?|\n)", b"", value[:8192])  # a line that goes on
    value = re.sub(rb"\\([()\\])", rb"\1", value)[:4096]
    if value.startswith((b"\xfe\xff", b"\xff\xfe")):
        return value.decode("utf-16", errors="replace")
    octal = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8) & 255]), value)
    wide = octal.startswith((b"\xfe\xff", b"\xff\xfe"))
    return octal.decode("utf-16" if wide else "latin-1", errors="replace")


#: How property sets begin in an old office file: the ids of summary, document summary, custom.
_SETS = (
    bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9"),
    bytes.fromhex("02d5cdd59c2e1b10939708002b2cf9ae"),
    bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae"),
)
_SET_BYTES = 8192


def _in_compound_file(data: bytes) -> Iterator[Property]:
    """The property sets of an old office file. Names and values lie apart in them, so that every
    word counts."""
    for id_ in _SETS:
        at = data.find(id_)
        while at >= 0:
            raw = data[at : at + _SET_BYTES]
            for text in (raw.decode("latin-1"), raw.decode("utf-16-le", errors="replace"),
                         raw[1:].decode("utf-16-le", errors="replace")):  # fmt: skip
                for words in re.findall(r"[\w .,:;=/@#()-]{6,}", text):
                    yield Property("", words, "words")
            at = data.find(id_, at + 16)
