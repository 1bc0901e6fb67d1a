"""The bodies of HTTP responses as they came: what an SDK makes of one that it does not understand
is not what was paid for."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

#: Bytes that a character may take.
_WIDEST = 4
#: zlib: a header of gzip's or of its own.
_ANY_HEADER = 47


class Bodies:
    """The beginning of the last body that each thread was sent.

    Args:
        most: characters that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._last = threading.local()

    @property
    def hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """What a client of httpx is given as its ``event_hooks``."""
        return {"response": [self._listen]}

    def forget(self) -> None:
        """Nothing came to this thread yet."""
        self._last.kept = None

    @property
    def text(self) -> str:
        """What came to this thread last, bytes that are not text replaced; "" for nothing, or what
        is packed otherwise than by gzip."""
        kept: _Kept | None = getattr(self._last, "kept", None)
        return "" if kept is None else kept.text[: self._most]

    def _listen(self, response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            self._last.kept = response.stream = _Kept(response, response.stream, self._most)


class _Kept(httpx2.SyncByteStream):
    """A response's stream whose beginning is kept while it is read."""

    def __init__(self, response: httpx2.Response, stream: httpx2.SyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = _WIDEST * most
        self._packed = response.headers.get("content-encoding", "identity").strip().lower()
        self._begin = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if len(self._begin) < self._most:
                self._begin += chunk[: self._most - len(self._begin)]
            yield chunk

    def close(self) -> None:
        self._stream.close()

    @property
    def text(self) -> str:
        begin = bytes(self._begin)
        if self._packed in ("gzip", "x-gzip", "deflate"):
            try:
                begin = zlib.decompressobj(_ANY_HEADER).decompress(begin, self._most)
            except zlib.error:
                return ""
        elif self._packed != "identity":
            return ""
        return begin.decode(errors="replace")
