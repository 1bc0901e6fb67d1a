"""Serve the pages over a database: Datasette in a process of its own, on 127.0.0.1, read-only.

Needs nothing from the network: every script and style is in a package. A plugin opens the file
with ``mode=ro``, so that no request can write, and new rows show up while runs go on. A PostgreSQL
database is copied first (:mod:`pipeline.store.reading.snapshot`), and the pages say when.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.egress import without_password
from pipeline.config.installer import how_to_add
from pipeline.config.processes import keep_code_out
from pipeline.errors import InputError, StoreError

if TYPE_CHECKING:
    from pipeline.store.record import Store

HOST = "127.0.0.1"
PORT = 8001
PAGE = "/runs"
_FOLDER = Path(__file__).resolve().parent
_SETTINGS = {
    "default_cache_ttl": 0,
    "max_returned_rows": 2000,
    "sql_time_limit_ms": 5000,
    "suggest_facets": "off",
    "allow_download": "off",
}


def merged_address(run: str, port: int = PORT) -> str:
    """Where the pages of this machine show the merged page that a run wrote."""
    return f"http://{HOST}:{port}/merged/{run}"


@dataclass(frozen=True)
class Served:
    """What the pages are drawn from.

    Args:
        database: a SQLite file of ours.
        source: what it is called on the pages; "" for the file itself.
        taken: when it was copied from there, "" when it is the thing itself.
        models_toml: the model catalogue, for pictures of prices; None for none.
        option: what was given as ``--db``, for the commands that pages show; "" for nothing.
    """

    database: Path
    source: str = ""
    taken: str = ""
    models_toml: Path | None = None
    option: str = ""


def serve(
    served: Served,
    port: int = PORT,
    open: bool = False,
    *,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the pages until Ctrl-C.

    Args:
        served: a SQLite file of ours; it is brought to the newest version first.
        port: on 127.0.0.1; 0 for any that is free.
        open: show the page in the default browser.
        say: told where the pages are, once they answer.

    Raises:
        InputError: no such file, a database from a newer release, or the port is taken.
        StoreError: the file is not a database, or Datasette does not start.
    """
    with pages(served, port) as (url, process):
        name = served.source or served.database
        copied = f" (a copy, taken {served.taken})" if served.taken else ""
        say(f"{url}\nServing {name}{copied} read-only; Ctrl-C ends it.")
        if open:
            import webbrowser

            webbrowser.open(url)
        try:
            process.wait()
        except KeyboardInterrupt:
            return
        raise StoreError(f"Datasette ended with code {process.returncode}.", where=str(name))


@contextmanager
def pages(served: Served, port: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The pages as long as the context lasts: their address, and the process that serves them."""
    check_database(served.database)
    port = _free_port(port)
    with tempfile.TemporaryDirectory(prefix="storytransformer-pages-") as folder:
        metadata = Path(folder) / "metadata.json"
        metadata.write_text(json.dumps(_metadata(served)), encoding="utf-8")
        # Its log names every query; what matters of it is shown when it does not start.
        log = Path(folder) / "log"
        keep_code_out()
        with log.open("wb") as out:
            process = subprocess.Popen(
                _command(metadata, port), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        with _terminated_with_us(process):
            _wait_until_up(process, port, log)
            yield f"http://{HOST}:{port}{PAGE}", process


@contextmanager
def drawn_from(
    url: str,
    open_store: Callable[[], Store],
    *,
    models_toml: Path | None,
    option: str = "",
    say: Callable[[str], None] = print,
) -> Iterator[Served]:
    """A database as a file that pages can be drawn from; PostgreSQL is copied first.

    Args:
        url: of the database.
        open_store: opens it, where it has to be copied.
        models_toml, option: as :class:`Served` has them.
        say: told that it is copied.
    """
    if url.startswith("sqlite:///"):
        file = Path(url.removeprefix("sqlite:///"))
        yield Served(file, models_toml=models_toml, option=option)
        return
    from pipeline.store.reading.snapshot import snapshot

    with tempfile.TemporaryDirectory(prefix="storytransformer-") as folder:
        copy = Path(folder) / "snapshot.sqlite"
        with open_store() as store:
            say("Copying the database, so that the pages can be drawn from a file …")
            taken = f"{snapshot(store, copy):%Y-%m-%d %H:%M} UTC"
        name = without_password(url)
        yield Served(copy, name, taken, models_toml, name if option else "")


def _metadata(served: Served) -> dict[str, object]:
    """What the plugin is told."""
    told = {
        "database": str(served.database.resolve()),
        "source": served.source or str(served.database),
        "taken": served.taken,
        "option": served.option,
        "models_toml": str(served.models_toml.resolve()) if served.models_toml else "",
    }
    return {"title": "StoryTransformer", "plugins": {"storytransformer": told}}


def _command(metadata: Path, port: int) -> list[str]:
    command = [sys.executable, "-P", "-m", "datasette", "serve"]
    command += ["--host", HOST, "--port", str(port)]
    command += ["--metadata", str(metadata), "--plugins-dir", str(_FOLDER / "plugins")]
    command += ["--template-dir", str(_FOLDER / "templates")]
    command += ["--static", f"pages:{_FOLDER / 'static'}"]
    for name, value in _SETTINGS.items():
        command += ["--setting", name, str(value)]
    return command


def check_database(database: Path) -> None:
    """Open it once as the store does: what is wrong with it is said before anything starts."""
    from pipeline.store.record import open_store

    url = f"sqlite:///{database}"
    open_store(url, create=False, now=lambda: datetime.now(UTC)).close()


def _free_port(port: int) -> int:
    if not 0 <= port <= 65_535:
        raise InputError(f"{port} is not a port.", where="--port", next="Choose one up to 65535.")
    with socket.socket() as probe:
        # As the server itself will: a port whose last connection is just closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as exc:
            raise InputError(
                f"port {port} cannot be used ({exc.strerror}).",
                where=f"{HOST}:{port}",
                next=f"Choose another with --port, or look whether the pages are there already: "
                f"http://{HOST}:{port}{PAGE}",
            ) from exc
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    patience = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < patience:
        try:
            opener.open(f"http://{HOST}:{port}/-/versions.json", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise StoreError(
        f"Datasette did not start: {said[-1] if said else 'it said nothing'}.",
        where=f"{HOST}:{port}",
        next=f"`{how_to_add('datasette', 'datasette-dashboards')}` mends an incomplete "
        "installation.",
    )


@contextmanager
def _terminated_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """No server is left behind, also when we are told to terminate."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, leave)
    except ValueError:  # not the main thread: whoever owns it sees to this
        before = None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
