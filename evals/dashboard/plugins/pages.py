"""What Datasette does for the pages: serves one database, read-only, to this machine only.

Every page has an address of its own, every card one for its rows as JSON and one as CSV.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from datasette import hookimpl
from datasette.database import Database
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import NotFound, Response

from evals.dashboard import card_rows, kinds, window_picture
from evals.dashboard.cards import Card, Page, load_pages
from evals.dashboard.merged import merged_file

NAME = "storytransformer"
#: A page may take this long to answer, a file of all rows this long.
PATIENCE_MS, PATIENCE_CSV_MS = 10_000, 120_000

_HERE = {"127.0.0.1", "localhost", "[::1]"}
#: Nothing from elsewhere, no code but ours, and no page elsewhere may frame it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: A merged page brings its own script and a policy of its own that lets run only that; here it runs
#: apart from these pages, whatever its file holds, and reaches nothing.
_MERGED_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: Longer addresses are nobody's questions: no SQL of a person has as many characters.
_QUERY_BYTES = 16_384
_VALUE_BYTES = 64 << 20
_PAGES = load_pages()

Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Any, Send], Awaitable[None]]


class ReadOnly(Database):  # type: ignore[misc]
    """A SQLite file that this process cannot write, whatever its name holds."""

    #: What was given as ``--db``, for the commands that pages show.
    option = ""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        uri = f"file:{quote(str(Path(self.path).resolve()))}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        card_rows.prepare(connection, self.option)
        # A value, and what SQL builds in memory, of so many bytes and no more.
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _QUERY_BYTES)
        self._all_file_connections.append(connection)
        return connection


@hookimpl  # type: ignore[untyped-decorator]
def startup(datasette: Any) -> None:
    """Serve the file named in the metadata as ``storytransformer``, so that links can be shared."""
    told = datasette.plugin_config(NAME)
    database = ReadOnly(datasette, path=told["database"], is_mutable=True)
    database.option = told["option"]
    datasette.add_database(database, name=NAME)
    datasette.remove_database("_memory")


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    """The pages stand first: ``/run`` is the page and not a database of that name."""
    names = "|".join(_PAGES)
    card = rf"^/cards/(?P<page>{names})/(?P<card>\w+)"
    return [
        (r"^/$", lambda: Response.redirect("/runs")),
        (r"^/-/dashboards", lambda: Response.redirect("/runs")),
        (rf"^/(?P<page>{names})$", page_view),
        (rf"{card}\.json$", card_view),
        (rf"{card}\.csv$", csv_view),
        (r"^/windows\.svg$", windows_view),
        (r"^/merged/(?P<run>[\w-]+)$", merged_view),
    ]


async def page_view(datasette: Any, request: Any) -> Response:
    """A page; where its address leaves out a filter that has a default, the address with it."""
    page = _PAGES[request.url_vars["page"]]
    given = _given(request)
    filled = await _read(datasette, lambda c: card_rows.filled(c, page, given), PATIENCE_MS)
    if filled != given:
        pairs = [(name, value) for name, values in filled.items() for value in values]
        return Response.redirect(f"/{page.name}?{urlencode(pairs)}")
    told = datasette.plugin_config(NAME)
    text = await datasette.render_template(
        "page.html",
        {
            "page": page,
            "pages": _PAGES,
            "given": given,
            "options": await _options(datasette, page, given),
            "tab": page.tab(given),
            "tallies": await _tallies(datasette, page, given),
            "cards": {name: card.shown() for name, card in page.cards.items()},
            "served": told,
            "runs": kinds.links(),
            "vega": datasette.urls.static_plugins("datasette_dashboards", ""),
        },
        request=request,
    )
    return Response.html(text, headers={"content-security-policy": _POLICY})


async def card_view(datasette: Any, request: Any) -> Response:
    """The rows of a card: ``{rows, total}``."""
    page, card = _card(request)
    values = page.values(_given(request))
    at = request.args.get("page") or "1"
    number = int(at) if at.isascii() and at.isdecimal() and len(at) < 10 else 1
    try:
        found = await _read(
            datasette, lambda c: card_rows.answer(c, card, values, number), PATIENCE_MS
        )
    except sqlite3.OperationalError as exc:
        return Response.json({"error": _said(exc)}, status=503)
    return Response.json(found._asdict())


async def csv_view(datasette: Any, request: Any) -> Response:
    """All rows of a card as a file."""
    page, card = _card(request)
    values = page.values(_given(request))
    try:
        text = await _read(datasette, lambda c: card_rows.as_csv(c, card, values), PATIENCE_CSV_MS)
    except sqlite3.OperationalError as exc:
        return Response.text(_said(exc), status=503)
    name = f"{page.name}-{card.name}.csv"
    return Response(
        text,
        headers={"content-disposition": f'attachment; filename="{name}"'},
        content_type="text/csv; charset=utf-8",
    )


async def windows_view(datasette: Any, request: Any) -> Response:
    """The trade-off of window sizes for a corpus, as a picture."""
    words = await _read(
        datasette, lambda c: window_picture.words(c, request.args.get("corpus") or ""), PATIENCE_MS
    )
    models_toml = datasette.plugin_config(NAME)["models_toml"]
    if words is None or not models_toml:
        raise NotFound("There is no such corpus.")
    today = datetime.now(UTC).date()
    picture = await _aside(lambda: window_picture.draw(words, models_toml, today))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(
        picture, headers={"content-security-policy": policy}, content_type="image/svg+xml"
    )


async def merged_view(datasette: Any, request: Any) -> Response:
    """The merged page that a run wrote, as long as it lies on this machine: browsers follow no
    link from a page of a server to a file."""
    run = request.url_vars["run"]
    file = await _read(datasette, lambda c: merged_file(c, run), PATIENCE_MS)
    if file is None:
        raise NotFound(
            f"The page that {run} wrote is not here: it was moved, was replaced by a later run, or "
            "lies on another machine. The same merge again writes it anew."
        )
    text = await _aside(lambda: file.read_text(encoding="utf-8"))
    return Response.html(text, headers={"content-security-policy": _MERGED_POLICY})


@hookimpl  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Refuse requests under a foreign name: a web page elsewhere could otherwise point its own
    domain at this machine and read the stories through the visitor's browser. Answer only to GET,
    with a policy on every page, and show no traceback."""

    def wrap(app: App) -> App:
        async def guarded(scope: dict[str, Any], receive: Any, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
            elif not _asked_here(scope):
                await _refuse(send, 403, b"Ask 127.0.0.1 by its name.")
            elif scope["method"] not in ("GET", "HEAD"):
                await _refuse(
                    send, 405, b"These pages answer only to GET.", (b"allow", b"GET, HEAD")
                )
            elif len(scope.get("query_string", b"")) > _QUERY_BYTES:
                await _refuse(send, 414, b"The address is too long.")
            else:
                await _answer(app, scope, receive, send)

        return guarded

    return wrap


async def _refuse(send: Send, status: int, why: bytes, *headers: tuple[bytes, bytes]) -> None:
    told = [*_headers(), (b"content-type", b"text/plain; charset=utf-8"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": why})


def _headers() -> list[tuple[bytes, bytes]]:
    return [
        (b"content-security-policy", _POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


async def _answer(app: App, scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The answer with a policy, where it has none of its own; a defect is told without its
    traceback, which shows paths and values."""
    begun = False

    async def with_policy(message: dict[str, Any]) -> None:
        nonlocal begun
        if message["type"] == "http.response.start":
            begun = True
            held = {name.lower() for name, _ in message["headers"]}
            more = [pair for pair in _headers() if pair[0] not in held]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    try:
        await app(scope, receive, with_policy)
    except Exception as exc:
        if begun:
            raise
        logging.getLogger(NAME).error("%s: %s", type(exc).__name__, exc)
        await _refuse(send, 500, b"This page failed; the log of the server says why.")


def _asked_here(scope: dict[str, Any]) -> bool:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return host.rpartition(":")[0] in _HERE or host in _HERE


def _card(request: Any) -> tuple[Page, Card]:
    page = _PAGES[request.url_vars["page"]]
    card = page.cards.get(request.url_vars["card"])
    if card is None or not (card.sql or card.measure):
        raise NotFound(f"There are no rows {request.url_vars['card']!r}.")
    return page, card


def _given(request: Any) -> dict[str, list[str]]:
    return {name: request.args.getlist(name) for name in request.args}


async def _options(
    datasette: Any, page: Page, given: dict[str, list[str]]
) -> dict[str, list[tuple[str, str]]]:
    values = page.values(given)
    found = {}
    for name, one in page.filters.items():
        if isinstance(one.options, str):
            found[name] = await _chosen_from(datasette, one.options, values)
        else:
            found[name] = [(value, value.replace("_", " ")) for value in one.options]
    return found


async def _tallies(datasette: Any, page: Page, given: dict[str, list[str]]) -> dict[str, int]:
    """How many things each tab shows, where its page counts them."""
    if not page.tallies:
        return {}
    values = page.values(given)
    found = await _read(
        datasette, lambda c: c.execute(page.tallies, values).fetchall(), PATIENCE_MS
    )
    return dict(found)


async def _chosen_from(datasette: Any, sql: str, values: card_rows.Values) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = await _read(
        datasette, lambda c: card_rows.options(c, sql, values), PATIENCE_MS
    )
    return found


async def _read(datasette: Any, does: Callable[[sqlite3.Connection], Any], patience: int) -> Any:
    """Run it on a connection of the database, in a thread, for so many milliseconds at most."""

    def limited(connection: sqlite3.Connection) -> Any:
        with sqlite_timelimit(connection, patience):
            return does(connection)

    return await datasette.get_database(NAME).execute_fn(limited)


async def _aside(does: Callable[[], Any]) -> Any:
    import asyncio

    return await asyncio.to_thread(does)


def _said(exc: sqlite3.OperationalError) -> str:
    if "interrupted" in str(exc):
        return "This takes too long; choose less with the filters."
    return f"The database cannot answer: {exc}."
