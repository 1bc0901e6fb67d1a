"""How long reading one document may take, and how much memory: by its size, told when reached.

A document that a reader never ends with must not hold up the others. Processor time is measured,
not the clock's: a busy machine is no reason to give up. Threads beside the main one read in a
process of their own (:mod:`pipeline.extract.beside`); outside Unix there is no limit.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, TypeVar

from pipeline.extract.process_pool import may_fork

R = TypeVar("R")

_MB = 1_000_000
#: Seconds of processor time for any document, and for each MB of it.
SECONDS, SECONDS_A_MB = 30.0, 10.0
#: Bytes for any document, and for each byte of it.
BYTES, BYTES_A_BYTE = 768 << 20, 64
#: What an office file unpacks to is read this much faster than a text of that size.
_UNPACKED = 8


class OverLimit(BaseException):
    """A document took longer, or more memory, than one of its size may. (Not an ``Exception``: a
    reader that deals with every error of a library would take this for one.)"""


def size_of(data: bytes) -> int:
    """What a document's limits go by: its bytes, or what a packed one unpacks to."""
    if data.startswith(b"PK\x03\x04"):
        with contextlib.suppress(Exception):  # a damaged zip raises errors of many kinds
            unpacked = sum(m.file_size for m in zipfile.ZipFile(BytesIO(data)).infolist())
            return max(len(data), min(unpacked, 1 << 30) // _UNPACKED)
    return len(data)


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Work on a document of so many bytes within its limits.

    Raises:
        OverLimit: it took longer.
        MemoryError: it took more memory.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return
    seconds = SECONDS + SECONDS_A_MB * size / _MB

    def over(number: int, frame: object) -> None:
        raise OverLimit(f"more than {seconds:,.0f} seconds of processor time")

    before = signal.signal(signal.SIGPROF, over)
    # Again and again: whoever deals with the first one is told a second time.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        with _within_memory(BYTES + BYTES_A_BYTE * size):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def _within_memory(more: int) -> Iterator[None]:
    """Let this process grow by so many bytes, and no more."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            held = int(file.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError):  # not on Linux
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = held + more
    if resource.RLIM_INFINITY not in (soft, hard):
        limit = min(limit, soft, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def apart(work: Callable[[], R]) -> R:
    """Do something in a copy of this process, for readers in compiled code that end the process
    when they are damaged or short of memory. Where no copy can be made, here.

    Raises:
        OverLimit: the copy ended without a result.
        whatever ``work`` raises.
    """
    if not may_fork():
        return work()
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read)
        _answer(write, work)
    os.close(write)
    try:
        with os.fdopen(read, "rb") as pipe:
            answer = pipe.read()
    finally:
        _, status = os.waitpid(process, 0)
    try:
        ended, value = pickle.loads(answer)
    except (EOFError, pickle.UnpicklingError):
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "no result"
        raise OverLimit(f"its reader ended with {how}") from None
    if ended:
        result: R = value
        return result
    raise value


def _answer(write: int, work: Callable[[], Any]) -> None:
    """In the copy: work, tell, and end without the clean-up of the process it is a copy of."""
    try:
        try:
            told = (True, work())
        except BaseException as error:
            told = (False, error)
        try:
            data = pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            data = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        with os.fdopen(write, "wb") as pipe:
            pipe.write(data)
    finally:
        os._exit(0)
