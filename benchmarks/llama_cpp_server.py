"""The server of llama-cpp-python, taking schemas as OpenAI's protocol writes them.

    ENV/bin/python benchmarks/llama_cpp_server.py --model FILE.gguf [--model_alias NAME …]

Run it with the Python of an environment that has `llama-cpp-python[server]`; options are those of
`python -m llama_cpp.server`. That server knows `{"type": "json_object", "schema": …}` and refuses
OpenAI's `{"type": "json_schema", "json_schema": {"schema": …}}`, which llama.cpp's own server and
all others take: the one is rewritten into the other, and nothing else is touched. Likelihoods need
`--logits_all true`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Any], Awaitable[None]]


def rewritten(body: bytes) -> bytes:
    """A request's body with its schema as this server reads it."""
    told = json.loads(body)
    form = told.get("response_format") or {}
    if form.get("type") == "json_schema":
        told["response_format"] = {"type": "json_object", "schema": form["json_schema"]["schema"]}
    return json.dumps(told).encode()


class TakesSchemas:
    """An ASGI application in front of the server's."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        body = rewritten(body)
        headers = [(k, v) for k, v in scope["headers"] if k != b"content-length"]
        scope["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def main() -> None:
    from llama_cpp.server import __main__ as server

    create = server.create_app

    def with_schemas(*args: Any, **kwargs: Any) -> Any:
        app = create(*args, **kwargs)
        app.add_middleware(TakesSchemas)
        return app

    server.create_app = with_schemas
    server.main()


if __name__ == "__main__":
    main()
