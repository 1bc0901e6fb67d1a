"""What a file format does to the text of a cell, undone: doubled quotes, ``\\n``, ``\\u00e9``.

A document's text is kept as it is stored, a story's as its author wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from pipeline.extract.readers.yaml_records import unescape_yaml
from pipeline.stories import Document, Span


def _unescape_quotes(raw: str) -> str:
    return raw.replace('""', '"')


def _unescape_json(raw: str) -> str:
    if "\\" not in raw:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw


_UNESCAPE: dict[str, Callable[[str], str]] = {
    "csv": _unescape_quotes,
    "tsv": _unescape_quotes,
    "json": _unescape_json,
    "jsonl": _unescape_json,
    "yaml": unescape_yaml,
}


def unescape_of(kind: str) -> Callable[[str], str]:
    """What undoes the escapes of a document's format; for most there are none."""
    return _UNESCAPE.get(kind, str)


def text_of(document: Document, spans: Iterable[Span]) -> str:
    """A story's own text, from where it stands in its document."""
    unescape = unescape_of(document.format)
    return "\n".join(unescape(document.text[start:end]) for start, end in spans)
