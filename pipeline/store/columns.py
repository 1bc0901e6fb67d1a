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
        return None if value is None else datetime.fromisoformat(value)


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
    """A JSON value as text without blanks, readable in any client."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if _encodable(text):
            return text
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def storable(text: str) -> str:
    """``text`` as both databases take it; :class:`ExactText` reads it back."""
    if "\0" in text or text.startswith(_ESCAPED) or not _encodable(text):
        return _ESCAPED + json.dumps(text)
    return text


def as_told(text: str) -> str:
    """The text that :func:`storable` made this of."""
    return str(json.loads(text[1:])) if text.startswith(_ESCAPED) else text


def _encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
