"""The process that ``tests.support.commands`` starts once: the product is loaded in it, and every
command is a fork of it. A fork ends as an interpreter does, but for taking its modules apart.

``python command_server.py FD``: orders come through the socket FD, each with the three standard
streams and a socket that is told the process id and, in the end, the status as of `waitpid`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
import threading
import time
import types
from contextlib import suppress
from typing import Any, NoReturn

#: What commands load as they go: a second or two of each, several with a model.
LOADED = (
    "pipeline.cli.commands",
    "evals.cli.eval_commands",
    "pipeline.run.job",
    "pipeline.run.sending",
    "pipeline.review.dialogue",
    "pipeline.document.page.page_writing",
    "pipeline.engine.embeddings",
    "pipeline.engine.story_transformer",
    "pipeline.providers.claude",
    "pipeline.providers.gemini",
    "pipeline.providers.openai",
    "alembic.command",
    "psycopg",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.bert.modeling_bert",
)
NUMBER = struct.Struct("=q")


def received(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; fewer where the other side has closed."""
    parts = b""
    while len(parts) < size and (part := connection.recv(size - len(parts))):
        parts += part
    return parts


def next_order(control: socket.socket) -> dict[str, Any] | None:
    """Fork for one order after another; in a fork, the order that it is for. None at the end."""
    bell, ringer = socket.socketpair()
    for end in (bell, ringer):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(ringer.fileno(), warn_on_full_buffer=False)
    running: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, bell], [], [])
        if bell in ready:
            with suppress(BlockingIOError):
                bell.recv(4096)
            _tell_ends(running)
        if control not in ready:
            continue
        size, streams, _, _ = socket.recv_fds(control, NUMBER.size, 4)
        if not size:
            return None
        order: dict[str, Any] = json.loads(received(control, NUMBER.unpack(size)[0]))
        told = socket.socket(fileno=streams.pop())
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for connection in (control, bell, ringer, told, *running.values()):
                connection.close()
            return order | {"streams": streams}
        for stream in streams:
            os.close(stream)
        running[pid] = told
        told.sendall(NUMBER.pack(pid))


def _tell_ends(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as told, suppress(OSError):  # nobody may be waiting any more
            told.sendall(NUMBER.pack(status))


def become(order: dict[str, Any]) -> None:
    """Run a command in this process as if it had just been started."""
    if order["new_session"]:
        os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    for number, stream in enumerate(order["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        before = getattr(sys, name)
        fresh = open(  # noqa: SIM115 - as long as the process
            number, mode, 1 if name == "stderr" or os.isatty(number) else -1,
            encoding=before.encoding, errors=before.errors, closefd=False,
        )  # fmt: skip
        setattr(sys, name, fresh)
        setattr(sys, f"__{name}__", fresh)
    sys.path[0] = order["cwd"] if not order["code"] else ""
    if order["code"]:
        sys.argv = ["-c", *order["arguments"]]
        sys.modules["__main__"] = main = types.ModuleType("__main__")
        exec(compile(order["code"], "<string>", "exec"), main.__dict__)
    else:
        sys.argv = ["", *order["arguments"]]
        runpy.run_module("pipeline", run_name="__main__", alter_sys=True)


def last(order: dict[str, Any]) -> NoReturn:
    """Run a command, and end: threads are waited for, `atexit` is heard, streams are flushed."""
    status = 0
    try:
        become(order)
    except SystemExit as wanted:
        if wanted.code is not None and not isinstance(wanted.code, int):
            print(wanted.code, file=sys.stderr)
            wanted.code = 1
        status = wanted.code or 0
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        status = -signal.SIGINT
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        status = 120
    sys.stderr.flush()
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # instead of this folder
    for _name in LOADED:
        try:
            importlib.import_module(_name)
        except ImportError as _error:  # a part that is not installed, but none of ours
            if (_error.name or "").startswith(("pipeline", "evals")):
                raise
    gc.collect()
    gc.freeze()  # pages that a fork only reads stay shared
    with suppress(KeyboardInterrupt):
        _order = next_order(socket.socket(fileno=int(sys.argv[1])))
    if _order is not None:
        last(_order)
