"""The formats: which a file is, by its name or else by its first bytes, and who reads it.

A document that cannot be read comes back with ``problem`` set and says why; reading never raises
for what is in a file, only for a file that is not there.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from pipeline.errors import InputError
from pipeline.extract.marks import marked
from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.contents import TEXTS, other_than_text
from pipeline.extract.readers.leftout import say_left_out, spans_of_left_out
from pipeline.extract.readers.reading import Reading, join_problems
from pipeline.stories import Document
from pipeline.text.invisible import whole

__all__ = ["FORMATS", "Reading", "add_reader", "read_bytes", "read_document"]

#: Part of every cache key: raise it when the same bytes would give another document or stories.
READER_VERSION = "21"

Reader = Callable[[bytes, str | None], Reading]

#: Format → its reader in this room (file:function, loaded when one of its files is met), and the
#: suffixes of its files. A new format is a line here, or a call of :func:`add_reader`.
_TABLE: dict[str, tuple[str, ...]] = {
    "text": ("plain:read_text", ".txt", ".text"),
    "markdown": ("plain:read_markdown", ".md", ".markdown", ".mdx"),
    "gherkin": ("plain:read_gherkin", ".feature"),
    "gherkin in markdown": ("plain:read_gherkin_markdown", ".feature.md"),
    "csv": ("plain:read_csv", ".csv"),
    "tsv": ("plain:read_tsv", ".tsv", ".tab"),
    "xlsx": ("workbook:read_xlsx", ".xlsx", ".xlsm"),
    "xls": ("biff:read_xls", ".xls"),
    "ods": ("biff:read_ods", ".ods"),
    "docx": ("word:read_docx", ".docx", ".docm"),
    "doc": ("word:read_doc", ".doc"),
    "odt": ("opendocument:read_open_document", ".odt"),
    "odp": ("opendocument:read_open_document", ".odp"),
    "pptx": ("slides:read_pptx", ".pptx"),
    "rtf": ("rtf:read_rtf", ".rtf"),
    "html": ("web:read_html", ".html", ".htm", ".xhtml"),
    "mhtml": ("mail:read_mail", ".mht", ".mhtml"),
    "eml": ("mail:read_mail", ".eml"),
    "pdf": ("pdf:read_pdf", ".pdf"),
    "json": ("records:read_json", ".json"),
    "jsonl": ("records:read_json", ".jsonl", ".ndjson"),
    "yaml": ("yaml_records:read_yaml", ".yaml", ".yml"),
    "xml": ("xml_records:read_xml", ".xml"),
    "rst": ("plain:read_rst", ".rst"),
    "asciidoc": ("asciidoc:read_asciidoc", ".adoc", ".asciidoc"),
    "zip": ("bundles:read_zip", ".zip"),
}
#: Suffix → format.
FORMATS: dict[str, str] = {
    suffix: kind for kind, (_, *suffixes) in _TABLE.items() for suffix in suffixes
}
#: Formats that :func:`add_reader` told: another process does not know them.
ADDED: dict[str, Reader] = {}

#: Documents that cannot be read here, by suffix: what they are, and what to do instead. Met in a
#: folder they are reported, not passed over.
REFUSED: dict[str, str] = {
    ".epub": "an EPUB book: unpack it and read its HTML files",
    ".org": "an Org file: export it as Markdown or HTML",
    ".textile": "a Textile file: export it as HTML",
    ".tex": "a TeX source: read the PDF made of it",
    ".ppt": "an old binary slide deck: save it as .pptx",
    ".pages": "an Apple Pages file: export it as .docx",
    ".numbers": "an Apple Numbers file: export it as .xlsx",
    ".key": "an Apple Keynote file: export it as .pptx",
    ".msg": "an Outlook message: save it as .eml",
    ".one": "a OneNote file: export its pages as .docx or .pdf",
    ".xlsb": "a binary workbook: save it as .xlsx",
    ".vsdx": "a Visio drawing: export it as .pdf",
    ".7z": "an archive: unpack it, or pack it as .zip",
    ".rar": "an archive: unpack it, or pack it as .zip",
    ".gz": "an archive: unpack it, or pack it as .zip",
    ".tar": "an archive: unpack it, or pack it as .zip",
}
#: Pictures say nothing to a reader of text; in a folder they are passed over.
_PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".svg", ".heic"}
)
_PICTURE_MARKS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_HALF = re.compile("[\ud800-\udfff]")


def add_reader(suffix: str, kind: str, read: Reader) -> None:
    """Read files of a further format.

    Args:
        suffix: of their names, such as ".org".
        kind: what the format is called.
        read: a file's bytes, in an encoding if that is known, to text and blocks. Raises
            :class:`.archive.Unreadable` with the reason where they cannot be read.
    """
    FORMATS[suffix] = kind
    ADDED[kind] = read


def reader_of(kind: str) -> Reader:
    """Who reads a format.

    Raises:
        KeyError: there is no such format.
    """
    return ADDED[kind] if kind in ADDED else _load(_TABLE[kind][0])


@cache
def _load(name: str) -> Reader:
    module, _, function = name.partition(":")
    found: Reader = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    return found


def read_as(kind: str, data: bytes, encoding: str | None) -> Reading:
    """Read a file as another format than its name tells."""
    reading = reader_of(kind)(data, encoding)
    return reading if reading.kind else replace(reading, kind=kind)


def document_suffixes() -> frozenset[str]:
    """What is looked at in a folder; a file named outright is always looked at."""
    return frozenset(FORMATS) | frozenset(REFUSED)


def format_of(path: str) -> str:
    """The format that a file's name tells, "" when it tells none."""
    name = Path(path).name.lower()
    if name.endswith(".feature.md"):
        return FORMATS[".feature.md"]
    return FORMATS.get(Path(name).suffix, "")


def refusal(path: str, data: bytes) -> str:
    """Why a file that is of no known format cannot be read."""
    suffix = Path(path).suffix.lower()
    if suffix in REFUSED:
        return f"{REFUSED[suffix]}; {suffix} cannot be read here"
    if suffix in _PICTURES or data.startswith(_PICTURE_MARKS):
        return f"a picture{f' ({suffix})' if suffix else ''}: run OCR on it first, as PDF or text"
    return f"{suffix or 'this format'} cannot be read here; save it in a format that can"


def is_refused(path: str) -> bool:
    """Whether a file's suffix names a format that is known and cannot be read."""
    suffix = Path(path).suffix.lower()
    return suffix in REFUSED or suffix in _PICTURES


def sniff(data: bytes) -> str:
    """The format of a file by its content: only what is certain, else text or ""."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        head = data[:4096]
        for mark, kind in (
            (b"word/", "docx"),
            (b"xl/", "xlsx"),
            (b"ppt/", "pptx"),
            (b"opendocument.text", "odt"),
            (b"opendocument.spreadsheet", "ods"),
            (b"opendocument.presentation", "odp"),
        ):
            if mark in head:
                return kind
        return ""
    if data.startswith(b"{\\rtf"):
        return "rtf"
    start = data[:2048].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"\xef\xbb\xbf<html")):
        return "html"
    if start.startswith((b"mime-version:", b"from:", b"message-id:", b"date:", b"received:")):
        return "eml"
    if start.startswith(b"<?xml"):
        return "html" if b"<html" in start else "xml"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" not in data[:8192]:
        return "markdown" if re.search(rb"(?m)^#{1,6} ", data[:8192]) else "text"
    return ""


def read_document(path: str | Path, *, encoding: str | None = None) -> Document:
    """Read a file.

    Args:
        encoding: of text formats, when it is known; else found or guessed.
    Raises:
        InputError: there is no such file, or no such encoding.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError(
            "There is no such file.", where=str(path), next="Check the path and its spelling."
        ) from error
    except OSError as error:
        return unreadable(path, f"cannot be opened ({error.strerror or error})")
    return read_bytes(data, (str(path),), encoding=encoding)


def unreadable(path: str | Path, problem: str, *, sha256: str = "") -> Document:
    """A document of which nothing could be read."""
    return Document(sha256, (str(path),), format_of(str(path)) or "unknown", "", problem=problem)


def read_bytes(data: bytes, paths: tuple[str, ...], *, encoding: str | None = None) -> Document:
    """Read a file's bytes; the first path names the format."""
    sha256 = hashlib.sha256(data).hexdigest()
    kind = format_of(paths[0]) or ("" if is_refused(paths[0]) else sniff(data))
    if not data or data.isspace():
        return Document(sha256, paths, kind or "text", "", problem="the file is empty")
    if not kind:
        return Document(sha256, paths, "unknown", "", problem=refusal(paths[0], data))
    if kind in TEXTS and (what := other_than_text(data, encoding)):
        said = f"not the {kind} that its name says: {what}" if format_of(paths[0]) else what
        return Document(sha256, paths, kind, "", problem=said)
    try:
        reading = reader_of(kind)(data, encoding)
    except Unreadable as error:
        return Document(sha256, paths, kind, "", problem=str(error))
    except (InputError, MemoryError):  # whoever set the limit knows it
        raise
    except Exception as error:  # a reader's defect must not stop the other documents
        reason = f"the {kind} reader failed ({type(error).__name__}: {error})"
        return Document(sha256, paths, kind, "", problem=reason)
    problem = reading.problem
    if not reading.text or reading.text.isspace():
        problem = problem or "no text in it"
    problem = join_problems(problem, say_left_out(reading.text, reading.left_out))
    document = Document(
        sha256=sha256,
        paths=paths,
        format=reading.kind or kind,
        text=reading.text,
        blocks=reading.blocks,
        encoding=reading.encoding,
        guessed=reading.guessed,
        front_matter=dict(reading.front_matter),
        problem=problem,
        left_out=spans_of_left_out(reading.left_out),
        targets=tuple(sorted(reading.targets, key=lambda each: each[:2])),
    )
    return marked(_whole(document), data)


def _whole(document: Document) -> Document:
    """The document without halves of characters, which some encodings and escapes can spell: they
    can be neither stored nor sent. Each is replaced by one sign, so that every place stays."""
    text = _HALF.sub("\ufffd", document.text) if not document.text.isascii() else document.text
    front = {whole(name): whole(value) for name, value in document.front_matter.items()}
    if text == document.text:
        return replace(document, front_matter=front)
    said = "halves of characters in the text, shown as \ufffd"
    return replace(
        document, text=text, front_matter=front, problem=join_problems(document.problem, said)
    )
