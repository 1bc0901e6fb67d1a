"""Values inside a self-contained page: islands of JSON, and offsets as a browser counts them."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_UNSAFE = re.compile("[<\u2028\u2029\ud800-\udfff]")


def island(name: str, value: Any) -> str:
    """JSON inside the page: no "<" that could end the element, nothing that UTF-8 cannot hold."""
    return f'<script type="application/json" id="{name}">{_safe(value)}</script>\n'


def islands(name: str, values: Iterable[Any]) -> Iterator[str]:
    """A list as :func:`island` writes it, value by value, for lists that are too long to hold."""
    start, _, end = island(name, []).partition("[]")
    yield f"{start}["
    for n, value in enumerate(values):
        yield f"{',' if n else ''}{_safe(value)}"
    yield f"]{end}"


def _safe(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def utf16_units(text: str) -> Callable[[int], int]:
    """Turns an offset in characters into one in UTF-16 units, in which a browser counts."""
    astral = [found.start() for found in _ASTRAL.finditer(text)]
    return lambda offset: offset + bisect_left(astral, offset)
