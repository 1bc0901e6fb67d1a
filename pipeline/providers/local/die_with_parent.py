"""Runs a program for as long as whoever started this lives: ``python -I leash.py PROGRAM …``.

A server that holds a graphics card must not outlive the run it was started for, however that ended:
a process that is killed outright tells nobody, but its end of a pipe is closed. So this waits for
the end of its standard input, and then ends the program with all that it started. Nothing but the
standard library: it is run as a file, by itself.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

#: Seconds in which a program may end by itself once it was asked to.
PATIENCE = 10.0


def main(command: list[str]) -> int:
    """Run the command until it ends, standard input ends, or a signal asks for it."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    ended = threading.Event()

    def until_the_pipe_ends() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=until_the_pipe_ends, daemon=True).start()
    while not ended.wait(0.2):
        if program.poll() is not None:
            break
    _end(program)
    return program.wait()


def _end(program: "subprocess.Popen[bytes]") -> None:
    """End a program and what it started: asked first, then killed."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while program.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
