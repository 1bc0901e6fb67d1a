"""Characters that nobody sees, made visible: what a person reads is what a model is asked and what
stands in a document.

Control characters, overrides of the writing direction, tags, and halves of a character (lone
surrogates) can hide words from a reader, turn them round, or end a program that writes them. They
are shown as they are written in JSON and Python, ``\\u202e``. What joins letters and emoji stays.
"""

from __future__ import annotations

import os
import re

_SURROGATES = "\ud800-\udfff"
#: Controls but tab and line ends; marks of direction that embed, override and isolate; interlinear
#: notes; noncharacters; tags and what lies beside them; halves.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    f"\U000e0000-\U000e0fff{_SURROGATES}]"
)
_HALF = re.compile(f"[{_SURROGATES}]")


def visible(text: str) -> str:
    """The text with every character that nobody sees written out."""
    return _UNSEEN.sub(_written, text) if not text.isascii() or _UNSEEN.search(text) else text


def whole(text: str) -> str:
    """The text with the halves of characters written out: such a text can be stored and sent."""
    return text if text.isascii() else _HALF.sub(_written, text)


def shown_path(path: str) -> str:
    """A file's name as text; bytes that are none are written out, ``\\xff``."""
    if path.isascii() or not _HALF.search(path):
        return path
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def _written(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
