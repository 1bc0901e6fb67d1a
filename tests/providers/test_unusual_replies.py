"""Replies that no protocol promises: kept as they came, priced by what was set aside."""

from __future__ import annotations

import gzip
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
    assert server.connections == 1 and reply.came
    if json.loads(body) != json.loads(chat({})):  # no content at all is an empty reply
        assert (reply.finish, reply.text) == ("error", body.decode())


#: Bodies that are no reply in any protocol, and what is kept of them.
NO_REPLY: list[tuple[bytes, str]] = [
    (b"", "("), (b"5", "5"), (b"[]", "[]"), (b"null", "null"), (b'"merged"', '"merged"'),
    (b"{}", "{}"), (b"\xff\x00\x1b[2J", "\ufffd\x00"), (b"[" * 30_000, "[" * 20_000),
    (b'{"error": {"message": "busy"}}', '{"error"'), (HTML, "<html>"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/html"])
@pytest.mark.parametrize("way", ["complete", "choose"])
@pytest.mark.parametrize("name", CLOUDS)
def test_a_body_of_any_shape_is_kept_as_it_came_and_asked_once(
    name: str, way: str, kind: str,
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any,
) -> None:  # fmt: skip
    for body, kept in NO_REPLY:
        server = raw_server([wire.http(body, kind)])
        reply = only(getattr(open_border(name, server.address).open(), way)([ask_for()]))
        assert (server.connections, reply.finish, reply.broken) == (1, "error", 0), body
        if kind == "text/event-stream" and name == "claude" and body.startswith((b"\xff", b"[")):
            assert reply.text  # its SDK reads no further than it understands
        else:
            assert reply.text.startswith(kept) and len(reply.text) <= 20_000, body
        assert (reply.usage.prompt, reply.usage.output) == (0, 0), "priced by what was set aside"


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("packed", [gzip.compress(HTML, mtime=0), HTML])
def test_a_packed_page_is_kept_and_asked_once(
    name: str, packed: bytes, open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    head = b"content-encoding: gzip\r\nconnection: close"
    server = raw_server([wire.http(packed, "text/html").replace(b"connection: close", head)])
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (server.connections, reply.finish, reply.broken) == (1, "error", 0)
    assert ("Bad gateway" in reply.text) == (packed != HTML) and reply.came


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of nested JSON with one value in another's place."""
    copy = json.loads(json.dumps(value))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return copy


@pytest.mark.parametrize("new", [None, 5, "many", [], {}, 10**30, -1, "\ud800"])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        *[("claude", path) for path in [
            (0, "message"), (0, "message", "usage"), (0, "message", "usage", "input_tokens"),
            (0, "message", "content"), (0, "message", "model"), (1, "content_block"),
            (1, "content_block", "text"), (2, "delta"), (2, "delta", "text"), (2, "index"),
            (5, "delta"), (5, "delta", "stop_reason"), (5, "usage"), (5, "usage", "output_tokens"),
        ]],
        *[("gemini", path) for path in [
            ("candidates",), ("candidates", 0), ("candidates", 0, "content"),
            ("candidates", 0, "content", "parts"), ("candidates", 0, "content", "parts", 0, "text"),
            ("candidates", 0, "finishReason"), ("usageMetadata",),
            ("usageMetadata", "promptTokenCount"), ("modelVersion",),
        ]],
        *[("openai", path) for path in [
            ("choices",), ("choices", 0), ("choices", 0, "message"), ("model",), ("usage",),
            ("choices", 0, "message", "content"), ("choices", 0, "message", "refusal"),
            ("choices", 0, "finish_reason"), ("choices", 0, "logprobs"),
            ("usage", "prompt_tokens"), ("usage", "completion_tokens"), ("system_fingerprint",),
        ]],
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_a_value_of_any_kind_in_any_place_ends_as_one_reply(
    name: str, path: tuple[Any, ...], new: Any,
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any,
) -> None:  # fmt: skip
    whole = {"claude": wire.claude_events, "gemini": wire.gemini_answer,
             "openai": wire.openai_answer}[name]()  # fmt: skip
    told = changed(whole, path, new)
    body = wire.server_sent(told) if name == "claude" else json.dumps(told).encode()
    kind = "text/event-stream" if name == "claude" else "application/json"
    server = raw_server([wire.http(body, kind)])
    reply = only(open_border(name, server.address).open().choose([ask_for()]))
    assert server.connections == 1 and reply.came
    counts = (reply.usage.input, reply.usage.output, reply.usage.cache_read)
    assert all(isinstance(n, int) and 0 <= n < 10**9 for n in counts)
    assert isinstance(reply.text, str) and isinstance(reply.model, str)
    assert reply.finish == "stop" or reply.text or reply.detail


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
    cut = wire.http(body, kind, cut=len(body) // 2)
    server = raw_server([cut, wire.http(body, kind)])
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (reply.text, reply.broken) == ("merged", 1)
