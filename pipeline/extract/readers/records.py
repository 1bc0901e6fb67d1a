"""JSON and JSON Lines to row blocks: an object with story-like fields is a row.

Offsets point at the strings' own text in the file, escapes and all, so that a place can be found
again. A description in Atlassian's document format is one cell: the text of its object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from pipeline.extract.readers.condensing import RowKeeper
from pipeline.extract.readers.leftout import LeftOut
from pipeline.extract.readers.objects import Objects
from pipeline.extract.readers.reading import Reading, as_stored, decoded_text, told
from pipeline.extract.readers.tables import field_role
from pipeline.extract.readers.trello import read_board
from pipeline.stories import Block

_BARE = re.compile(r'[{}\[\],:]|[^\s{}\[\],:"]++')
_TOKEN = re.compile(rf'"((?:[^"\\]++|\\.)*+)(?:"|(?P<unclosed>\\?\Z))|{_BARE.pattern}', re.DOTALL)
_DOCUMENT = re.compile(r'\{\s*(?:"version"\s*:\s*\d+\s*,\s*)?"type"\s*:\s*"doc"')
#: Looked ahead for: a list that names it a thousand times is gone through once.
_STRIKES = r'"marks"\s*:\s*\[(?=[^\[\]]*"strike")[^\[\]]*+\]'
_STRUCK_NODE = re.compile(
    rf'"text"\s*:\s*"((?:[^"\\]|\\.)*)"\s*,\s*{_STRIKES}'
    rf'|{_STRIKES}\s*,\s*"text"\s*:\s*"((?:[^"\\]|\\.)*)"'
)


def read_records(
    text: str, keep: Callable[[Iterable[Block]], list[Block]] = list
) -> tuple[list[Block], list[LeftOut], str | None]:
    """Row blocks for the objects of a JSON or JSONL text, what is struck out in its documents, and
    what is wrong with it.

    Args:
        keep: takes the rows one by one, and gives those that are wanted.
    """
    blocks = keep(_read_objects(text))
    problem = None
    try:
        _check(text)
    except (ValueError, RecursionError) as error:
        if not _is_lines(text):
            problem = f"invalid JSON ({error}); read as far as it goes"
    struck = []
    if '"strike"' in text:
        for found in _STRUCK_NODE.finditer(text):
            start, end = found.span(1 if found[1] is not None else 2)
            struck.append(LeftOut(start, end, "struck out"))
    return blocks, struck, problem


def _check(text: str) -> None:
    """Raises a ValueError where a text is not valid JSON. Its values are let go of as they are read: of a
    list of small objects they would take twenty times the text."""
    json.loads(text, object_pairs_hook=_nothing, parse_int=_nothing, parse_float=_nothing)


def _nothing(value: object) -> None:
    return None


def _is_lines(text: str) -> bool:
    """Whether every line that is not blank is JSON of its own."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].strip()
        if line:
            try:
                _check(line)
            except (ValueError, RecursionError):
                return False
        start = end + 1
    return True


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Strings, signs and bare words. Where one string does not end, no later one does, and each
    would be read to the end of the text."""
    for match in _TOKEN.finditer(text):
        if match["unclosed"] is not None:
            yield from _BARE.finditer(text, match.start() + 1)
            return
        yield match


def _read_objects(text: str) -> Iterator[Block]:
    objects = Objects(text)
    key = ""
    pending: str | None = None
    #: How deep inside a description's document the next token stands, and where that began.
    inside, began, named = 0, 0, ""
    for match in _tokens(text):
        token = match.group()
        if inside:
            inside += (token in "{[") - (token in "}]") if len(token) == 1 else 0
            if not inside:
                objects.value(named, began, match.end())
            continue
        if token[0] == '"' and len(token) > 1:
            if objects.inside == "object" and not key:
                pending = match.group(1)
                continue
            objects.value(key, *match.span(1))
            key = ""
        elif token == ":":
            if pending is not None and objects.inside == "object":
                key, pending = pending, None
        elif token in ("{", "["):
            if token == "{" and field_role(key) and _DOCUMENT.match(text, match.start()):
                inside, began, named, key = 1, match.start(), key, ""
                continue
            if objects.full:
                break
            objects.open("object" if token == "{" else "list", match.start(), key)
            key = ""
        elif token in ("}", "]"):
            objects.close(match.end())
            key = ""
        elif token == ",":
            key = ""
        else:
            role = field_role(key)
            if (
                key
                and token != "null"
                and (not role or (role in ("key", "link") and token[0].isdigit()))
            ):
                objects.value(key, *match.span())
            key = ""
    return objects.rows()


def read_json(data: bytes, encoding: str | None) -> Reading:
    """JSON or JSON Lines; a Trello board is known by its shape."""
    decoded, problem = decoded_text(data, encoding)
    if (board := read_board(decoded.text)) is not None:
        return told(board, "trello", decoded, problem)
    rows = RowKeeper(decoded.text, "json", records=True)
    blocks, struck, fault = read_records(decoded.text, rows.keep)
    return as_stored(decoded, blocks, problem, fault, left_out=[*struck, *rows.left_out])
