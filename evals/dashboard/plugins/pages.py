"""What runs inside Datasette: the database under one fixed name, opened read-only, and no answer
to anybody who did not ask for this machine by its own name."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasette import Response, hookimpl
from datasette.database import Database

NAME = "storytransformer"
FRONT = f"/-/dashboards/{NAME}"
_HERE = {"127.0.0.1", "localhost", "[::1]"}

Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Any, Send], Awaitable[None]]


class ReadOnly(Database):  # type: ignore[misc]
    """A SQLite file that this process cannot write, whatever its name holds."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        uri = f"file:{quote(str(Path(self.path).resolve()))}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        self._all_file_connections.append(connection)
        return connection


@hookimpl  # type: ignore[untyped-decorator]
def startup(datasette: Any) -> None:
    """Serve the file named in the metadata as ``storytransformer``, so that links can be shared."""
    path = datasette.plugin_config(NAME)["database"]
    datasette.add_database(ReadOnly(datasette, path=path, is_mutable=True), name=NAME)
    datasette.remove_database("_memory")


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[[], Any]]]:
    """The front page is the dashboard."""
    return [(r"^/$", lambda: Response.redirect(FRONT))]


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Refuse requests under a foreign name: a web page elsewhere could otherwise point its own
    domain at this machine and read the stories through the visitor's browser."""

    def wrap(app: App) -> App:
        async def guarded(scope: dict[str, Any], receive: Any, send: Send) -> None:
            if scope["type"] == "http" and not _asked_here(scope):
                start = {"type": "http.response.start", "status": 403, "headers": []}
                await send(start)
                await send({"type": "http.response.body", "body": b"Ask 127.0.0.1 by its name."})
            else:
                await app(scope, receive, send)

        return guarded

    return wrap


def _asked_here(scope: dict[str, Any]) -> bool:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return host.rpartition(":")[0] in _HERE or host in _HERE
