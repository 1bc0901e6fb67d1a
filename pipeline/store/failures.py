"""What a driver's exception means for the person who runs us, and what to do next."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError


class _Meaning(NamedTuple):
    """Words of a driver's message, and what they mean; ``{said}`` is that message."""

    words: tuple[str, ...]
    message: str
    next: str


_SQLITE = (
    _Meaning(  # the driver's words hold the text
        ("could not decode",),
        "a stored text is damaged: its bytes are not valid UTF-8.",
        "Restore a copy of the database, or name another one with --db.",
    ),
    _Meaning(
        ("not a database", "malformed"),
        "this file is not a database we can read ({said}).",
        "Move it away, or name another file with --db.",
    ),
    _Meaning(
        ("locked", "busy"),
        "another program keeps it locked.",
        "Wait for it to finish or stop it; what is stored stays.",
    ),
    _Meaning(
        ("full", "disk i/o error"),
        "it cannot grow ({said}).",
        "Free some space and run the same command again; what is stored stays.",
    ),
    _Meaning(
        ("readonly", "read-only", "unable to open", "not authorized"),
        "it cannot be written ({said}).",
        "Check the permissions of the file and its folder, or use another --db.",
    ),
)
_POSTGRESQL = (
    _Meaning(
        ("no space left", "could not extend"),
        "the server's disk is full ({said}).",
        "Free some space there and run the same command again; what is stored stays.",
    ),
    _Meaning(
        ("permission denied", "read-only transaction"),
        "it cannot be written ({said}).",
        "Give this user the right to create tables, or use another --db.",
    ),
    _Meaning(
        ("connect", "terminating", "server closed", "starting up"),
        "the server does not answer ({said}).",
        "Start it, or check the host, port, user and name in --db; what is stored stays.",
    ),
)


def failure(exc: DBAPIError, where: str) -> StoreError:
    """The error that a person sees instead of a driver's exception."""
    said = (str(exc.orig).strip() or repr(exc.orig)).splitlines()[0].rstrip(".")
    known = _SQLITE if isinstance(exc.orig, sqlite3.Error) else _POSTGRESQL
    for meaning in known:
        if any(words in said.lower() for words in meaning.words):
            return StoreError(meaning.message.format(said=said), where=where, next=meaning.next)
    return StoreError(f"{said}.", where=where)
