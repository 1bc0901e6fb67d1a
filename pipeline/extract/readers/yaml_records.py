"""YAML to row blocks, as :mod:`.records` reads JSON: a mapping with story-like fields is a row.

The parser's events are taken, never its values: anchors are not followed, so that nothing grows,
and places stay those of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import yaml

from pipeline.extract.readers.condensing import RowKeeper
from pipeline.extract.readers.objects import Objects, apart
from pipeline.extract.readers.reading import Reading, as_stored, decoded_text
from pipeline.stories import Block

#: PyYAML reads some hundred kilobytes a second; larger files are data, not backlogs.
MAX_YAML_BYTES = 8 << 20


def read_yaml(data: bytes, encoding: str | None) -> Reading:
    decoded, problem = decoded_text(data, encoding)
    rows = RowKeeper(decoded.text, "yaml", records=True)
    blocks, values, fault = _read_objects(decoded.text, rows.keep)
    return as_stored(decoded, blocks, problem, fault, values=values, left_out=rows.left_out)


def _read_objects(
    text: str, keep: Callable[[Iterable[Block]], list[Block]] = list
) -> tuple[list[Block], dict[str, str], str | None]:
    """Row blocks, the first document's own plain values, and what is wrong with the text.

    Args:
        keep: takes the rows one by one, and gives those that are wanted.
    """
    if len(text) > MAX_YAML_BYTES:
        return [], {}, f"larger than {MAX_YAML_BYTES >> 20} MB of YAML; export less at once"
    reader = _Reader(text)
    problem = None
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if not reader.take(event):
                problem = "nested deeper than any backlog; read as far as that"
                break
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:160]
        problem = f"invalid YAML ({reason}); read as far as it goes"
    return keep(apart(reader.objects.rows())), reader.values, problem


class _Reader:
    """``keys``: of each open node, the key whose value comes next; None where a mapping's next
    key comes, "" in a list."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.objects = Objects(text)
        self.values: dict[str, str] = {}
        self.keys: list[str | None] = []

    def take(self, event: Any) -> bool:
        """Take one event; whether to go on."""
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if self.objects.full:
                return False
            name = self._value_begins()
            mapping = isinstance(event, yaml.MappingStartEvent)
            self.objects.open("object" if mapping else "list", _index(event.start_mark), name)
            self.keys.append(None if mapping else "")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.objects.close(_index(event.end_mark))
            self.keys.pop()
        elif isinstance(event, yaml.ScalarEvent):
            if self.keys and self.keys[-1] is None:
                self.keys[-1] = str(event.value) or " "
                return True
            name = self._value_begins()
            start, end = _inside(self.text, _index(event.start_mark), _index(event.end_mark))
            self.objects.value(name, start, end)
            if len(self.keys) == 1 and name:
                self.values.setdefault(name, " ".join(str(event.value).split()))
        elif isinstance(event, yaml.AliasEvent):
            self._value_begins()
        return True

    def _value_begins(self) -> str:
        """The key of the value that begins; after it, a mapping's next key comes."""
        if not self.keys or self.keys[-1] == "":
            return ""
        name, self.keys[-1] = self.keys[-1] or "", None
        return name


def _index(mark: Any) -> int:
    return int(mark.index)


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """A scalar's own place without its quotes."""
    while end > start and text[end - 1].isspace():
        end -= 1
    if end - start >= 2 and text[start] in "\"'" and text[end - 1] == text[start]:
        return start + 1, end - 1
    return start, end
