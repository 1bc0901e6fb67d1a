"""One file to one :class:`~pipeline.stories.Document`: which format it is, and who reads it.

A document that cannot be read comes back with ``problem`` set and says why; reading never raises
for what is in a file, only for a file that is not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.errors import InputError
from pipeline.extract.marks import marked
from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.condensing import RowKeeper, settle_stretches
from pipeline.extract.readers.decoding import Decoded, count_mojibake, decode
from pipeline.extract.readers.delimited import read_delimited
from pipeline.extract.readers.formats import FORMATS, format_of, is_refused, refusal, sniff
from pipeline.extract.readers.frontmatter import read_front_matter, read_head_lines
from pipeline.extract.readers.gherkin import (
    blank_marks,
    find_fault,
    find_markdown_fault,
    read_features,
)
from pipeline.extract.readers.leftout import LeftOut, say_left_out, spans_of_left_out
from pipeline.extract.readers.markup import Flavour, read_blocks
from pipeline.extract.readers.strikes import find_in_cells, find_in_markdown
from pipeline.stories import Block, Document, Locator, Target
from pipeline.unseen import whole

#: Part of every cache key: raise it when the same bytes would give another document or stories.
READER_VERSION = "15"


_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format's reader makes of a file."""

    text: str
    blocks: tuple[Block, ...]
    encoding: str = "utf-8"
    guessed: bool = False
    front_matter: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    left_out: Sequence[LeftOut] = ()
    targets: Sequence[Target] = ()
    #: The format, where the content tells it better than the name ("jira", "html" …).
    kind: str = ""


#: Formats that :func:`add_reader` told: another process does not know them.
ADDED: set[str] = set()


def add_reader(suffix: str, kind: str, read: Callable[[bytes, str | None], Reading]) -> None:
    """Read files of a further format.

    Args:
        suffix: of their names, such as ".org".
        kind: what the format is called.
        read: a file's bytes, in an encoding if that is known, to text and blocks. Raises
            :class:`.archive.Unreadable` with the reason where they cannot be read.
    """
    FORMATS[suffix] = kind
    _READERS[kind] = read
    ADDED.add(kind)


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


def read_as(kind: str, data: bytes, encoding: str | None) -> Reading:
    """Read a file as another format than its name tells."""
    reading = _READERS[kind](data, encoding)
    return reading if reading.kind else replace(reading, kind=kind)


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
    try:
        reading = _READERS[kind](data, encoding)
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


def decoded_text(data: bytes, encoding: str | None) -> tuple[Decoded, str | None]:
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


def join_problems(*problems: str | None) -> str | None:
    return "; ".join(problem for problem in problems if problem) or None


def _read_prose(flavour: Flavour) -> Callable[[bytes, str | None], Reading]:
    def read(data: bytes, encoding: str | None) -> Reading:
        decoded, problem = decoded_text(data, encoding)
        head = read_front_matter(decoded.text)
        blocks = []
        values = head.values or read_head_lines(decoded.text)
        if head.length:
            blocks.append(Block(0, head.length, "meta", Locator(line=1)))
        line = 1 + decoded.text.count("\n", 0, head.length)
        settle = settle_stretches(decoded.text) if flavour != "text" else None
        blocks += read_blocks(decoded.text, flavour, head.length, line=line, settle=settle)
        return Reading(
            decoded.text,
            tuple(blocks),
            decoded.encoding,
            decoded.guessed,
            values,
            join_problems(problem, head.problem),
            find_in_markdown(decoded.text, blocks) if flavour == "markdown" else (),
        )

    return read


def _read_gherkin(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    return Reading(
        decoded.text,
        tuple(read_features(decoded.text)),
        decoded.encoding,
        decoded.guessed,
        read_head_lines(decoded.text),
        join_problems(problem, find_fault(decoded.text)),
    )


def _read_gherkin_markdown(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    text = blank_marks(decoded.text)
    if text is None:
        return replace(_read_prose("markdown")(data, encoding), kind="markdown")
    return Reading(
        decoded.text,
        tuple(read_features(text)),
        decoded.encoding,
        decoded.guessed,
        read_head_lines(decoded.text),
        join_problems(problem, find_markdown_fault(decoded.text)),
        kind="gherkin",
    )


def _read_csv(delimiter: str | None) -> Callable[[bytes, str | None], Reading]:
    def read(data: bytes, encoding: str | None) -> Reading:
        decoded, problem = decoded_text(data, encoding)
        rows = RowKeeper(decoded.text, "csv", records=False)
        blocks, odd = read_delimited(decoded.text, delimiter, rows.keep)
        return Reading(
            decoded.text,
            tuple(blocks),
            decoded.encoding,
            decoded.guessed,
            problem=join_problems(problem, odd),
            left_out=rows.left_out,
        )

    return read


def read_html(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.web import read_web_page

    if not encoding and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        declared = re.search(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", data[:4096], re.I)
        encoding = _known_encoding(declared.group(1).decode("ascii")) if declared else None
    decoded, problem = decoded_text(data, encoding)
    builder, meta = read_web_page(decoded.text)
    return told(builder, "html", decoded, problem, meta)


def _known_encoding(name: str) -> str | None:
    try:
        "".encode(name)
    except LookupError:
        return None
    return name.lower()


def built(builder: TextBuilder, properties: Mapping[str, str] | None = None) -> Reading:
    """What was put together block by block."""
    return Reading(
        builder.text,
        tuple(builder.blocks),
        front_matter=properties or {},
        problem=join_problems(*builder.remarks),
        left_out=builder.left_out,
        targets=builder.targets,
    )


def told(
    builder: TextBuilder,
    kind: str,
    decoded: Decoded,
    problem: str | None,
    properties: Mapping[str, str] | None = None,
) -> Reading:
    """What was put together from a text file, of the kind that its content tells. What is struck
    in the marks of its records is left out."""
    builder.left_out += find_in_cells(builder.text, builder.blocks)
    reading = built(builder, properties)
    return replace(
        reading,
        encoding=decoded.encoding,
        guessed=decoded.guessed,
        problem=join_problems(problem, reading.problem),
        kind=kind,
    )


def _late(name: str) -> Callable[[bytes, str | None], Reading]:
    """A reader of :mod:`.packed`, whose libraries are loaded when one of its files is met."""

    def read(data: bytes, encoding: str | None) -> Reading:
        from pipeline.extract.readers import packed

        found: Callable[[bytes, str | None], Reading] = getattr(packed, name)
        return found(data, encoding)

    return read


_READERS: dict[str, Callable[[bytes, str | None], Reading]] = {
    "text": _read_prose("text"),
    "markdown": _read_prose("markdown"),
    "rst": _read_prose("rst"),
    "gherkin": _read_gherkin,
    "gherkin in markdown": _read_gherkin_markdown,
    "csv": _read_csv(None),
    "tsv": _read_csv("\t"),
    "html": read_html,
    **{
        kind: _late(f"read_{kind}")
        for kind in (
            *("docx", "doc", "odt", "odp", "pptx", "rtf", "xlsx", "xls", "ods", "pdf", "eml"),
            *("mhtml", "json", "jsonl", "yaml", "xml", "asciidoc", "zip"),
        )
    },
}
