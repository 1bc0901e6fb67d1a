"""Commands of the product as processes that start at once.

A process that loads the product anew takes one to six seconds of a core. These are forks of one
that has it loaded: real processes, with a process id, signals, streams, an exit status, a working
directory and an environment of their own. What a test says of loading (which modules, how long,
the order of sets, which another process has) needs ``fresh=True``; an environment that is read
as an interpreter starts, and a ``preexec_fn``, get a fresh one by themselves.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.command_server import NUMBER, received

ROOT = Path(__file__).resolve().parents[2]
#: The beginnings of variables that an interpreter or a library reads as it is loaded.
_READ_EARLY = (
    "PYTHON",
    "LC_",
    "LANG",
    "OMP_",
    "LD_",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "TERMINAL_WIDTH",
)


class Server:
    """The process that is forked.

    Args:
        environment: in which the product is loaded.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.lock = threading.Lock()
        self.environment = dict(environment)
        program = str(Path(__file__).with_name("command_server.py"))
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, program, str(theirs.fileno())],
                cwd=ROOT, env=self.environment, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self.stop)

    def stop(self) -> None:
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:  # a fork of this process holds the socket
            self.process.kill()
            self.process.wait()

    def serves(self, environment: Mapping[str, str]) -> bool:
        """Whether what is read early has the values that it had here."""
        return all(
            environment.get(name) == self.environment.get(name)
            for name in environment.keys() | self.environment.keys()
            if name.startswith(_READ_EARLY)
        )

    def start(self, order: dict[str, Any], streams: Sequence[int]) -> tuple[int, socket.socket]:
        """The process id, and what will be told the status."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, self.lock:
            body = json.dumps(order).encode()
            socket.send_fds(self.control, [NUMBER.pack(len(body))], [*streams, theirs.fileno()])
            self.control.sendall(body)
        return NUMBER.unpack(received(mine, NUMBER.size))[0], mine


@functools.cache
def server() -> Server:
    """The one of this process, started when it is first needed."""
    return Server(os.environ | {"PYTHONPATH": str(ROOT)})


class Command(subprocess.Popen[Any]):
    """As `subprocess.Popen` of ``python -m pipeline``, or of ``python -c`` where there is code.

    Args:
        arguments: what stands behind that.
        fresh: by an interpreter of its own.
        of: what is forked, where it is not the usual one.
        how: as of `subprocess.Popen`.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        code: str = "",
        fresh: bool = False,
        of: Server | None = None,
        **how: Any,
    ) -> None:
        self._code = code
        self._words = list(arguments)
        self._told: socket.socket | None = None
        how["env"] = {"PYTHONPATH": str(ROOT)} | dict(how.get("env") or os.environ)
        self._of = of
        self._fresh = fresh or how.get("preexec_fn") is not None
        if not self._fresh:
            self._of = of or server()
            self._fresh = not self._of.serves(how["env"])
        what = ["-c", code] if code else ["-m", "pipeline"]
        super().__init__([sys.executable, *what, *self._words], **how)

    def _execute_child(self, *given: Any) -> None:
        if self._of is None or self._fresh:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        names = list(inspect.signature(subprocess.Popen._execute_child).parameters)[1:]  # type: ignore[attr-defined]
        value = dict(zip(names, given, strict=True))
        order = {
            "arguments": self._words,
            "code": self._code,
            "cwd": str(Path(value["cwd"] or ".").resolve()),
            "env": dict(value["env"]),
            "new_session": value["start_new_session"],
        }
        ends = [value[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        streams = [number if end == -1 else end for number, end in enumerate(ends)]
        try:
            self.pid, self._told = self._of.start(order, streams)
        finally:
            self._close_pipe_fds(*(value[name] for name in (  # type: ignore[attr-defined]
                "p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")))  # fmt: skip
        self._child_created = True

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """As `os.waitpid`, which knows children alone."""
        if self._told is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc,no-any-return]
        self._told.setblocking(not wait_flags)
        try:
            status = received(self._told, NUMBER.size)
        except BlockingIOError:
            return 0, 0
        self._told.close()
        return self.pid, NUMBER.unpack(status)[0]

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:
        if self._told is None:
            return super()._internal_poll(*given, **named)  # type: ignore[misc,no-any-return]
        if self.returncode is None and self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def run(
    arguments: Sequence[str],
    *,
    input: str | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **how: Any,
) -> subprocess.CompletedProcess[Any]:
    """As `subprocess.run`, of a :class:`Command`."""
    if input is not None:
        how["stdin"] = subprocess.PIPE
    if capture_output:
        how["stdout"] = how["stderr"] = subprocess.PIPE
    with Command(arguments, **how) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


_EMBEDS = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from pipeline.extract.extraction import extract
from pipeline.run.corpus_vectors import all_vectors
from pipeline.store.record import open_store

database, cache, *paths = sys.argv[1:]
stories = [story for found in extract(paths) for story in found.stories]
with open_store(f"sqlite:///{database}", now=lambda: datetime.now(UTC)) as store:
    all_vectors(store, stories, cache=Path(cache), say=print)
"""


def embed(paths: Sequence[Path], database: Path, cache: Path) -> None:
    """Make a database that holds the sentence vectors of documents and nothing else: to copy where
    merge after merge would load the encoder and compute them."""
    database.parent.mkdir(parents=True, exist_ok=True)
    run(
        [str(path) for path in (database, cache, *paths)],
        code=_EMBEDS,
        check=True,
        capture_output=True,
    )
