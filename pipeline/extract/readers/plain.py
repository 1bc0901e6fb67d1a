"""Text formats that are kept as they are stored: prose, Gherkin, CSV."""

from __future__ import annotations

from pipeline.extract.readers.condensing import RowKeeper, settle_stretches
from pipeline.extract.readers.delimited import read_delimited
from pipeline.extract.readers.frontmatter import read_front_matter, read_head_lines
from pipeline.extract.readers.gherkin import (
    blank_marks,
    find_fault,
    find_markdown_fault,
    read_features,
)
from pipeline.extract.readers.markup import Flavour, read_blocks
from pipeline.extract.readers.reading import Reading, as_stored, decoded_text
from pipeline.extract.readers.strikes import find_in_markdown
from pipeline.stories import Block, Locator


def _read_prose(flavour: Flavour, data: bytes, encoding: str | None, kind: str = "") -> Reading:
    decoded, problem = decoded_text(data, encoding)
    head = read_front_matter(decoded.text)
    values = head.values or read_head_lines(decoded.text)
    blocks = [Block(0, head.length, "meta", Locator(line=1))] if head.length else []
    line = 1 + decoded.text.count("\n", 0, head.length)
    settle = settle_stretches(decoded.text) if flavour != "text" else None
    blocks += read_blocks(decoded.text, flavour, head.length, line=line, settle=settle)
    struck = find_in_markdown(decoded.text, blocks) if flavour == "markdown" else ()
    return as_stored(
        decoded, blocks, problem, head.problem, values=values, left_out=struck, kind=kind
    )


def read_text(data: bytes, encoding: str | None) -> Reading:
    return _read_prose("text", data, encoding)


def read_markdown(data: bytes, encoding: str | None) -> Reading:
    return _read_prose("markdown", data, encoding)


def read_rst(data: bytes, encoding: str | None) -> Reading:
    return _read_prose("rst", data, encoding)


def read_gherkin(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    text = decoded.text
    fault = find_fault(text)
    return as_stored(decoded, read_features(text), problem, fault, values=read_head_lines(text))


def read_gherkin_markdown(data: bytes, encoding: str | None) -> Reading:
    """Gherkin behind Markdown's marks, and Markdown where it holds no feature."""
    decoded, problem = decoded_text(data, encoding)
    text = blank_marks(decoded.text)
    if text is None:
        return _read_prose("markdown", data, encoding, kind="markdown")
    return as_stored(
        decoded,
        read_features(text),
        problem,
        find_markdown_fault(decoded.text),
        values=read_head_lines(decoded.text),
        kind="gherkin",
    )


def read_csv(data: bytes, encoding: str | None, delimiter: str | None = None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    rows = RowKeeper(decoded.text, "csv", records=False)
    blocks, odd = read_delimited(decoded.text, delimiter, rows.keep)
    return as_stored(decoded, blocks, problem, odd, left_out=rows.left_out)


def read_tsv(data: bytes, encoding: str | None) -> Reading:
    return read_csv(data, encoding, "\t")
