"""How times, texts and JSON are held, so that SQLite and PostgreSQL give back the same values.

SQLite forgets time zones and PostgreSQL refuses NUL characters; both refuse lone surrogates.
Documents and models produce all three.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

#: A Unicode noncharacter: no text of a document starts with it.
_ESCAPED = "\ufdd0"
#: Made once: `json.dumps` makes one a call.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class DamagedCell(ValueError):
    """A stored value that is not what was written.

    Args:
        stored: as it stands in the database.
    """

    def __init__(self, stored: object) -> None:
        super().__init__("a stored value is damaged")
        self.stored = stored


class UtcTime(TypeDecorator[datetime]):
    """A moment as ISO 8601 text in UTC, "2026-11-21T10:30:00.000000Z": sorts as it reads."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone.")
        in_utc = value.astimezone(UTC).replace(tzinfo=None)
        return in_utc.isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value)
        except (TypeError, ValueError) as exc:
            raise DamagedCell(value) from exc


class ExactText(TypeDecorator[str]):
    """Any Python string, given back as it was. The rare ones that no database takes (NUL, lone
    surrogates) are held as JSON behind a mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else as_told(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text without blanks, readable in any client.

    Args:
        kind: what the value is: a list or a dict.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[list[Any]] | type[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        text = _JSON.encode(value)
        if _encodable(text):
            return text
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else from_json(value, self.kind)


def from_json(stored: str, kind: type[Any] | None = None) -> Any:
    """The JSON value of a stored text.

    Raises:
        DamagedCell: it is none, or of another kind.
    """
    try:
        value = json.loads(stored)
    except (TypeError, ValueError, RecursionError) as exc:
        raise DamagedCell(stored) from exc
    if kind is not None and not isinstance(value, kind):
        raise DamagedCell(stored)
    return value


def storable(text: str) -> str:
    """``text`` as both databases take it; :class:`ExactText` reads it back."""
    if "\0" in text or text.startswith(_ESCAPED) or not _encodable(text):
        return _ESCAPED + json.dumps(text)
    return text


def as_told(text: str) -> str:
    """The text that :func:`storable` made this of.

    Raises:
        DamagedCell: it made no such text.
    """
    if not isinstance(text, str):  # SQLite holds anything in any column
        raise DamagedCell(text)
    if not text.startswith(_ESCAPED):
        return text
    try:
        told = json.loads(text[1:])
    except (ValueError, RecursionError) as exc:
        raise DamagedCell(text) from exc
    if not isinstance(told, str):
        raise DamagedCell(text)
    return told


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
