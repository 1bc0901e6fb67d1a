"""Replies that no protocol promises: kept as they came, priced by what was set aside."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

pytestmark = pytest.mark.enable_socket

HTML = b"<html><body>Bad gateway, but 200</body></html>"
CLOUDS = ["claude", "gemini", "openai"]


def chat(message: Any, usage: Any = "absent") -> bytes:
    body: dict[str, Any] = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "test-x-q4",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }  # fmt: skip
    if usage != "absent":
        body["usage"] = usage
    return json.dumps(body).encode()


@pytest.mark.parametrize("name", CLOUDS)
def test_a_page_with_200_is_kept_and_asked_once(
    name: str, open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    server = raw_server([wire.http(HTML, "text/html")] * 5)
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (reply.finish, reply.usage.prompt) == ("error", 0)
    assert server.connections == 1 and "Bad gateway" in reply.text and reply.broken == 0


@pytest.mark.parametrize(
    "body",
    [
        chat(None), chat({"role": "assistant", "content": 5}), chat("merged"), chat({}),
        chat({"content": {"text": "merged"}}), chat({"content": [5]}),
        b'{"choices": null}', b'{"choices": []}', b'{"choices": {"0": 1}}', b'{"choices": [null]}',
        b"[]", b"5", b'"merged"', b"null",
        json.dumps({"error": {"message": "busy"}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_text_is_kept_and_asked_once(
    body: bytes, open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    server = raw_server([wire.http(body, "application/json")] * 5)
    reply = only(open_border("openai", server.address).open().complete([ask_for()]))
    assert server.connections == 1
    assert reply.finish == "error" or reply.text == ""
    assert reply.text or reply.finish == "stop"


@pytest.mark.parametrize(
    "usage",
    [None, {}, "many", 12, [], {"prompt_tokens": "twelve"}, {"prompt_tokens": None},
     {"prompt_tokens": -5, "completion_tokens": True}, {"prompt_tokens": 1.5}],
)  # fmt: skip
def test_usage_of_any_shape_costs_no_reply(
    usage: Any, open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    parts = {"role": "assistant", "content": [{"type": "text", "text": "mer"}, "ged"]}
    server = raw_server([wire.http(chat(parts, usage), "application/json")] * 5)
    reply = only(open_border("openai", server.address).open().complete([ask_for()]))
    assert (reply.text, reply.finish, server.connections) == ("merged", "stop", 1)
    assert (reply.usage.prompt, reply.usage.output) == (0, 0), "the run prices it by its worst case"


def test_patience_is_the_whole_time_of_a_reply(open_border: Any, ask_for: Any, only: Any) -> None:
    """A byte a second is never silent."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + b" " * 60:
            try:
                connection.send(bytes([byte]))
            except OSError:
                return
            time.sleep(0.2)

    threading.Thread(target=drip, daemon=True).start()
    started = time.monotonic()
    border = open_border("openai", f"http://127.0.0.1:{listening.getsockname()[1]}/")
    model = border.open(attempts=1, read=1.0)
    try:
        reply = only(model.complete([ask_for()]))
    finally:
        listening.close()
    assert time.monotonic() - started < 8
    assert reply.finish == "error" and "timed out" in reply.detail and reply.broken >= 1


@pytest.mark.parametrize("name", CLOUDS)
def test_broken_attempts_are_counted(
    name: str, open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    border = open_border(name, "http://unused/")
    body, kind = border.answer()
    cut = wire.http(body[: len(body) // 2], kind)
    server = raw_server([cut, wire.http(body, kind)])
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (reply.text, reply.broken) == ("merged", 1)
