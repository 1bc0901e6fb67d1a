"""Which format a file is: by its name, else by its first bytes; and what is said of the others."""

from __future__ import annotations

import re
from pathlib import Path

FORMATS: dict[str, str] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".feature": "gherkin",
    ".feature.md": "gherkin in markdown",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".docx": "docx",
    ".docm": "docx",
    ".doc": "doc",
    ".odt": "odt",
    ".odp": "odp",
    ".pptx": "pptx",
    ".rtf": "rtf",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".mht": "mhtml",
    ".mhtml": "mhtml",
    ".eml": "eml",
    ".pdf": "pdf",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".xml": "xml",
    ".rst": "rst",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".zip": "zip",
}

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
