"""Records of the catalogue: what exams found of its models, as dated lines of ``models.toml``.

    [[record]]
    id = "…"             # hash of what follows; a line whose id is another is refused
    made = 2026-11-30
    source = "how it was examined"
    reads = "likelihood"
    n = 2912
    judge = {model = "…", revision = "…", …}
    answers = […]

``storytransformer exam --toml`` prints such a line of a record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.errors import InputError
from pipeline.judge.judge_records import Record, as_mapping, from_mapping


def listed_records(tables: Mapping[str, Any], *, where: str) -> tuple[Record, ...]:
    """The records of a catalogue, the newest first.

    Args:
        tables: of the TOML file. where: its path, for messages.

    Raises:
        InputError: a line that is not a record, is not dated, or holds another than its id says.
    """
    return tuple(
        sorted(
            (_record(row, where) for row in tables.get("record", ())),
            key=lambda record: record.made.toordinal() if record.made else 0,
            reverse=True,
        )
    )


def _record(row: Mapping[str, Any], where: str) -> Record:
    name = str(row.get("id", "?"))
    try:
        found = from_mapping(row)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as exc:
        raise InputError(f"record {name!r} is incomplete: {exc!r}.", where=where) from exc
    if found.made is None or not row.get("source"):
        raise InputError(
            f"record {name!r} does not say when and how it was made.",
            where=where,
            next='Add made = YYYY-MM-DD and source = "…".',
        )
    if found.id != name:
        raise InputError(
            f"record {name!r} holds what {found.id!r} would: it was changed.",
            where=where,
            next="Print it again with `storytransformer exam --toml`.",
        )
    return found


def as_toml(record: Record, source: str) -> str:
    """A record as a line of the catalogue."""
    told = as_mapping(record)
    lines = ["[[record]]", f'id = "{record.id}"', f"made = {told.pop('made')}"]
    told["source"] = source
    lines += [f"{key} = {_value(value)}" for key, value in told.items() if value is not None]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        held: Iterable[tuple[str, Any]] = value.items()
        return "{" + ", ".join(f"{k} = {_value(v)}" for k, v in held if v is not None) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        # A TOML basic string is written as a JSON one is.
        return json.dumps(value)
    return repr(value)
