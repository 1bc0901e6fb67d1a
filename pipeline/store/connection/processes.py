"""Which process does something in the database, and whether it is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Host, id, and when it began, as ids are used again: "host:123:4567"."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_gone(owner: str) -> bool | None:
    """Whether a process that called itself so is gone; None for one on another host, which cannot
    be asked."""
    host, _, process = owner.partition(":")
    pid, _, began = process.partition(":")
    if host != socket.gethostname():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, and is somebody else's
        pass
    return _began(int(pid)) != began


def shown(owner: str) -> str:
    """A process as a person is told of it."""
    host, _, process = owner.partition(":")
    here = "" if host == socket.gethostname() else f" on {host}"
    return f"process {process.partition(':')[0]}{here}"


def _began(pid: int) -> str:
    """When a process began, in clock ticks since the machine did; "" where /proc is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
