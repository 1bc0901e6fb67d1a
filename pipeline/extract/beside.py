"""A process beside this one that reads documents, for threads: limits of time and memory are a
process's own, and signals reach its main thread only.

It is a Python of its own, not a copy: a copy of a process with several threads may wait for ever
for a lock that one of them held.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.config.processes import keep_code_out
from pipeline.extract.reading_limits import OverLimit

R = TypeVar("R")

#: Behind everything else on the path: where this package is not installed, it is found there.
_COMMAND = (
    "import sys; sys.path.append(sys.argv[1]); from pipeline.extract.beside import main; main()"
)
#: Seconds in which a process without work ends.
_PARTING = 1.0
_ROOT = Path(__file__).resolve().parents[2]


def is_needed() -> bool:
    """Whether limits do not hold here: beside the main thread."""
    return threading.current_thread() is not threading.main_thread() and hasattr(
        signal, "setitimer"
    )


class ReaderProcess:
    """A process that calls functions of ours, one at a time. It starts with the first call, and
    anew after one that ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def call(self, work: Callable[..., R], *arguments: object) -> R:
        """``work(*arguments)``, there.

        Args:
            work: a function of a module; what it is given and returns can be pickled.

        Raises:
            OverLimit: the process ended without a result.
            whatever ``work`` raises.
        """
        process = self._process = self._process or self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((work, arguments), process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            ended, value = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as exc:
            self.close()
            code = process.returncode
            how = f"signal {-code}" if code and code < 0 else "no result"
            raise OverLimit(f"its reader ended with {how}") from exc
        if ended:
            result: R = value
            return result
        raise value

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        with suppress(BrokenPipeError):  # it has ended by itself
            process.stdin.close()
        try:
            process.wait(timeout=_PARTING)
        except subprocess.TimeoutExpired:  # still reading what nobody waits for
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        keep_code_out()
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )


def main() -> None:
    """In the process: call what comes in, tell what came of it, until nothing comes any more."""
    # A Ctrl-C is for who waits for this process, and ends it by its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints
    while True:
        try:
            work, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            out.write(_answer(work, arguments))
            out.flush()
        except BrokenPipeError:
            return  # nobody waits for it any more


def _answer(work: Callable[..., Any], arguments: tuple[object, ...]) -> bytes:
    try:
        told = (True, work(*arguments))
    except BaseException as error:
        told = (False, error)
    try:
        return pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
