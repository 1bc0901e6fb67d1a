"""One file to one :class:`~pipeline.stories.Document`: which format it is, and who reads it.

A document that cannot be read comes back with ``problem`` set and says why; reading never raises
for what is in a file, only for a file that is not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import InputError
from pipeline.extract.archive import Unreadable
from pipeline.extract.decoding import Decoded, decode
from pipeline.extract.delimited import read_delimited
from pipeline.extract.frontmatter import read_front_matter, read_head_lines
from pipeline.extract.gherkin import find_fault, read_features
from pipeline.extract.markup import Flavour, read_blocks
from pipeline.extract.mojibake import count_mojibake
from pipeline.stories import Block, Document, Locator

#: Part of every cache key: raise it when the same bytes would give another document or stories.
READER_VERSION = "5"

FORMATS: dict[str, str] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".feature": "gherkin",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".rst": "rst",
}

#: Documents that cannot be read here: met in a folder they are reported, not passed over.
FOREIGN = frozenset(
    {".doc", ".odt", ".ods", ".rtf", ".ppt", ".pptx", ".odp", ".pages", ".epub", ".msg", ".eml"}
    | {".adoc", ".asciidoc", ".org", ".tex", ".docm", ".xlsb", ".numbers", ".key", ".one"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format's reader makes of a file."""

    text: str
    blocks: tuple[Block, ...]
    encoding: str = "utf-8"
    guessed: bool = False
    front_matter: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None


def document_suffixes() -> frozenset[str]:
    """What is looked at in a folder; a file named outright is always looked at."""
    return frozenset(FORMATS) | FOREIGN


def add_reader(suffix: str, kind: str, read: Callable[[bytes, str | None], Reading]) -> None:
    """Read files of a further format.

    Args:
        suffix: of their names, such as ".org".
        kind: what the format is called.
        read: a file's bytes, in an encoding if that is known, to text and blocks. Raises
            :class:`~pipeline.extract.archive.Unreadable` with the reason where they cannot be read.
    """
    FORMATS[suffix] = kind
    _READERS[kind] = read


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


def format_of(path: str) -> str:
    """The format that a file's name tells, "" when it tells none."""
    return FORMATS.get(Path(path).suffix.lower(), "")


def read_bytes(data: bytes, paths: tuple[str, ...], *, encoding: str | None = None) -> Document:
    """Read a file's bytes; the first path names the format."""
    sha256 = hashlib.sha256(data).hexdigest()
    suffix = Path(paths[0]).suffix.lower()
    kind = format_of(paths[0]) or ("" if suffix in FOREIGN else _sniff(data))
    if not data.strip():
        return Document(sha256, paths, kind or "text", "", problem="the file is empty")
    if not kind:
        return Document(
            sha256,
            paths,
            "unknown",
            "",
            problem=f"{suffix or 'this format'} cannot be read here; save it in a format that can",
        )
    try:
        reading = _READERS[kind](data, encoding)
    except Unreadable as error:
        return Document(sha256, paths, kind, "", problem=str(error))
    except InputError:
        raise
    except MemoryError:
        return Document(sha256, paths, kind, "", problem="too large for this machine's memory")
    except Exception as error:  # a reader's defect must not stop the other documents
        reason = f"the {kind} reader failed ({type(error).__name__}: {error})"
        return Document(sha256, paths, kind, "", problem=reason)
    problem = reading.problem
    if not reading.text.strip():
        problem = problem or "no text in it"
    return Document(
        sha256=sha256,
        paths=paths,
        format=kind,
        text=reading.text,
        blocks=reading.blocks,
        encoding=reading.encoding,
        guessed=reading.guessed,
        front_matter=dict(reading.front_matter),
        problem=problem,
    )


def _sniff(data: bytes) -> str:
    """The format of a file whose name tells none: only what is certain, else text or ""."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        head = data[:4096]
        return "docx" if b"word/" in head else "xlsx" if b"xl/" in head else ""
    start = data[:2048].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" not in data[:8192]:
        return "markdown" if re.search(rb"(?m)^#{1,6} ", data[:8192]) else "text"
    return ""


def _decoded(data: bytes, encoding: str | None) -> tuple[Decoded, str | None]:
    decoded = decode(data, encoding)
    if "\r" in decoded.text and "\n" not in decoded.text:
        # Old Macintosh line ends; as many characters as before.
        decoded = replace(decoded, text=decoded.text.replace("\r", "\n"))
    problems = []
    if decoded.replaced:
        problems.append(
            f"{decoded.replaced} characters could not be read as {decoded.encoding}; "
            "name the right one with --encoding"
        )
    if (runs := count_mojibake(decoded.text)) > 0:
        problems.append(
            f"{runs} places look like UTF-8 read as Windows-1252 (mojibake); they can be repaired"
        )
    if (nulls := decoded.text.count("\0")) > 0:
        problems.append(f"{nulls} NUL characters in the text")
    return decoded, "; ".join(problems) or None


def _join(*problems: str | None) -> str | None:
    return "; ".join(problem for problem in problems if problem) or None


def _read_prose(flavour: Flavour) -> Callable[[bytes, str | None], Reading]:
    def read(data: bytes, encoding: str | None) -> Reading:
        decoded, problem = _decoded(data, encoding)
        head = read_front_matter(decoded.text)
        blocks = []
        values = head.values or read_head_lines(decoded.text)
        if head.length:
            blocks.append(Block(0, head.length, "meta", Locator(line=1)))
        line = 1 + decoded.text.count("\n", 0, head.length)
        blocks += read_blocks(decoded.text, flavour, head.length, line=line)
        return Reading(
            decoded.text,
            tuple(blocks),
            decoded.encoding,
            decoded.guessed,
            values,
            _join(problem, head.problem),
        )

    return read


def _read_gherkin(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = _decoded(data, encoding)
    return Reading(
        decoded.text,
        tuple(read_features(decoded.text)),
        decoded.encoding,
        decoded.guessed,
        read_head_lines(decoded.text),
        _join(problem, find_fault(decoded.text)),
    )


def _read_csv(delimiter: str | None) -> Callable[[bytes, str | None], Reading]:
    def read(data: bytes, encoding: str | None) -> Reading:
        decoded, problem = _decoded(data, encoding)
        blocks = tuple(read_delimited(decoded.text, delimiter))
        return Reading(decoded.text, blocks, decoded.encoding, decoded.guessed, problem=problem)

    return read


def _read_html(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.web import read_web_page

    if not encoding and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        declared = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", data[:4096], re.I)
        encoding = _known_encoding(declared.group(1).decode("ascii")) if declared else None
    decoded, problem = _decoded(data, encoding)
    builder, meta = read_web_page(decoded.text)
    return Reading(
        builder.text, tuple(builder.blocks), decoded.encoding, decoded.guessed, meta, problem
    )


def _known_encoding(name: str) -> str | None:
    try:
        "".encode(name)
    except LookupError:
        return None
    return name.lower()


def _read_docx(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.word import read_word

    builder, properties = read_word(data)
    return Reading(builder.text, tuple(builder.blocks), front_matter=properties)


def _read_xlsx(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.workbook import read_workbook

    builder, properties = read_workbook(data)
    return Reading(builder.text, tuple(builder.blocks), front_matter=properties)


def _read_xls(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.biff import read_old_workbook

    builder = read_old_workbook(data)
    return Reading(builder.text, tuple(builder.blocks))


def _read_pdf(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.pdf import read_pdf

    builder, properties, problem = read_pdf(data)
    return Reading(builder.text, tuple(builder.blocks), front_matter=properties, problem=problem)


def _read_json(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.records import read_records

    decoded, problem = _decoded(data, encoding)
    blocks, fault = read_records(decoded.text)
    return Reading(
        decoded.text,
        tuple(blocks),
        decoded.encoding,
        decoded.guessed,
        problem=_join(problem, fault),
    )


_READERS: dict[str, Callable[[bytes, str | None], Reading]] = {
    "text": _read_prose("text"),
    "markdown": _read_prose("markdown"),
    "rst": _read_prose("rst"),
    "gherkin": _read_gherkin,
    "csv": _read_csv(None),
    "tsv": _read_csv("\t"),
    "html": _read_html,
    "docx": _read_docx,
    "xlsx": _read_xlsx,
    "xls": _read_xls,
    "pdf": _read_pdf,
    "json": _read_json,
    "jsonl": _read_json,
}
