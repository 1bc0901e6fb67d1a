"""The metadata of a GGUF file, without its tensors.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3. The reader
of the package ``gguf`` keeps a view of the file for each of the hundred thousand strings of a
vocabulary, which takes two seconds; an estimate needs nothing but the tokenizer.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

#: How a GGUF is read: part of the name of whatever a cache keeps of one. Raised when a release
#: reads weights or tokenizers in another way, so that what an older one made is made again.
READING = 2

_STRING, _ARRAY = 8, 9
#: Scalars by their number in the file: little-endian codes of ``struct``.
_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_VERSIONS = (2, 3)


#: Bytes that are read first, and at most: a vocabulary takes some four million.
_FIRST, _MOST = 1 << 23, 1 << 28


def read_fields(path: Path) -> dict[str, Any]:
    """Every field by its key: numbers, booleans, strings, and lists of them.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not valid GGUF of a version known here, or ends too early.
    """
    with path.open("rb") as file:
        data = file.read(_FIRST)
        while True:
            try:
                return _fields(_Bytes(data))
            except RecursionError:
                raise ValueError("its lists are nested too deeply") from None
            except EOFError:
                more = file.read(len(data))
                if not more or len(data) > _MOST:
                    raise ValueError("it ends in the middle of its metadata") from None
                data += more


def _fields(data: _Bytes) -> dict[str, Any]:
    if data.take(4) != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    version = data.number("I")
    if version not in _VERSIONS:
        raise ValueError(f"version {version:#x} of the format is not known")
    _tensors, n = data.number("Q"), data.number("Q")
    return dict(data.field() for _ in range(n))


class _Bytes:
    """Values read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, n: int) -> bytes:
        """The next bytes; EOFError when there are not so many."""
        taken = self._data[self._at : self._at + n]
        if len(taken) < n:
            raise EOFError
        self._at += n
        return taken

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]

    def string(self) -> str:
        return self.take(self.number("Q")).decode("utf-8")

    def field(self) -> tuple[str, Any]:
        return self.string(), self._value(self.number("I"))

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            kind, n = self.number("I"), self.number("Q")
            if kind in _SCALARS:
                code = _SCALARS[kind]
                return list(
                    struct.unpack(f"<{n}{code}", self.take(n * struct.calcsize(f"<{code}")))
                )
            return [self._value(kind) for _ in range(n)]
        if kind not in _SCALARS:
            raise ValueError(f"a field of an unknown kind, {kind}")
        return self.number(_SCALARS[kind])
