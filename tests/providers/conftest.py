"""What the tests of the clouds share: specs, requests, a clock that does not wait, raw servers."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from pipeline.calls import Message, Reply, Request
from pipeline.models import ModelSpec, TokenRatio
from pipeline.providers.base import Model, ModelOptions
from pipeline.providers.claude import ClaudeModel
from pipeline.providers.gemini import GeminiModel
from pipeline.providers.openai import OpenAIModel
from pipeline.providers.provider_registry import providers
from pipeline.providers.remote.retries import Retries

KEY = "sk-test-0123456789-secret"
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": ["same", "different"]}},
        "required": ["answer"],
        "additionalProperties": False,
    }
)


@dataclass
class Clock:
    """Monotonic seconds that pass only by sleeping."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for the tokenizer vocabularies, unpacked once a session."""
    return tmp_path_factory.mktemp("vocabularies")


@pytest.fixture
def ask_for() -> Callable[..., Request]:
    """Requests that differ in their last turn."""

    def build(text: str = "S1: As a shopper, I want filters.", **changes: Any) -> Request:
        values: dict[str, Any] = {
            "model": "test",
            "revision": "test-x",
            "purpose": "pair",
            "prompt": "judge-pair.v1",
            "prompt_sha256": "0" * 64,
            "messages": (Message("system", "You merge user stories."), Message("user", text)),
            "max_tokens": 64,
            "schema": SCHEMA,
            "shared": 1,
        }
        return Request(**values | changes)

    return build


@dataclass
class Border:
    """One provider: how its model is opened, where it posts, what it answers."""

    name: str
    path: str
    spec: ModelSpec
    open: Callable[..., Model]
    answer: Callable[..., tuple[bytes, str]]
    error: Callable[[int, str], dict[str, Any]]


def _spec(name: str, provider: Any, **more: Any) -> ModelSpec:
    ratio = TokenRatio(
        "o200k_base", Decimal(1), Decimal("0.9"), Decimal("1.2"), "test", date(2026, 11, 21)
    )
    return ModelSpec(
        name=name,
        provider=providers()[provider],
        model_id="test-x",
        window=200_000,
        output_cap=8192,
        ratio=ratio,
        **more,
    )


def claude_events(
    text: str = "merged", stop: str | None = "end_turn", **usage: int
) -> list[dict[str, Any]]:
    """The events of one streamed message."""
    counts = {"input_tokens": 12, "output_tokens": 1} | usage
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "test-x-20261121",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }
    middle = len(text) // 2
    deltas = [text[:middle], text[middle:]]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": part},
            }
            for part in deltas
        ),
        {"type": "content_block_stop", "index": 0},
    ]
    if stop is not None:
        events.append(
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {"output_tokens": 7},
            }
        )
        events.append({"type": "message_stop"})
    return events


def server_sent(events: list[dict[str, Any]]) -> bytes:
    """Events as they go over the wire."""
    return "".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events
    ).encode()


def _claude_answer(text: str = "merged", finish: str = "end_turn") -> tuple[bytes, str]:
    return server_sent(claude_events(text, finish)), "text/event-stream"


def _claude_error(status: int, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "some_error", "message": message}}


def gemini_answer(text: str = "merged", finish: str = "STOP", **usage: int) -> dict[str, Any]:
    """One generateContent response."""
    counts = {"promptTokenCount": 12, "candidatesTokenCount": 7, "totalTokenCount": 19} | usage
    candidate = {
        "content": {"role": "model", "parts": [{"text": text}]},
        "finishReason": finish,
        "index": 0,
    }
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "test-x-002"}


def _gemini_answer(text: str = "merged", finish: str = "STOP") -> tuple[bytes, str]:
    return json.dumps(gemini_answer(text, finish)).encode(), "application/json"


def _gemini_error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": "SOME"}}


def openai_answer(
    text: str = "merged", finish: str = "stop", prompt_tokens: int = 40, **message: Any
) -> dict[str, Any]:
    """One chat completion."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "test-x-q4",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text} | message,
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": 7,
            "total_tokens": prompt_tokens + 7,
        },
    }


def _openai_answer(text: str = "merged", finish: str = "stop") -> tuple[bytes, str]:
    return json.dumps(openai_answer(text, finish)).encode(), "application/json"


def _openai_error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "t", "code": None, "param": None}}


@pytest.fixture
def open_border(vocabularies: Path, clock: Clock) -> Iterator[Callable[..., Border]]:
    """Borders whose models talk to an address of this machine and never wait for real."""
    opened: list[Model] = []

    def build(name: str, address: str, *, key: str = KEY, **more: Any) -> Border:
        def opening(
            spec: ModelSpec | None = None,
            attempts: int = 3,
            threads: int = 1,
            read: float = 5.0,
            **how: Any,
        ) -> Any:
            base = "" if name == "openai" else address
            options = ModelOptions(cache=vocabularies, key=key, base_url=base, **how)
            model = kinds[name][0](
                spec or border.spec,
                options,
                retries=Retries(attempts, clock=clock, sleep=clock.sleep, random=lambda: 0.0),
                threads=threads,
                timeout=httpx2.Timeout(read, connect=2.0),
            )
            opened.append(model)
            return model

        kinds: dict[str, tuple[Any, str, Any, Any]] = {
            "claude": (ClaudeModel, "/v1/messages", _claude_answer, _claude_error),
            "gemini": (
                GeminiModel,
                "/v1/models/test-x:generateContent",
                _gemini_answer,
                _gemini_error,
            ),
            "openai": (OpenAIModel, "/v1/chat/completions", _openai_answer, _openai_error),
        }
        if name == "openai":
            more = {"base_url": f"{address}v1", "tokenizer": "o200k_base"} | more
        border = Border(
            name,
            kinds[name][1],
            _spec(f"{name}/test-x", name, **more),
            opening,
            kinds[name][2],
            kinds[name][3],
        )
        return border

    yield build
    for model in opened:
        model.close()


@dataclass
class RawServer:
    """A TCP server that answers the n-th connection with the n-th bytes, as they are.

    ``None`` holds the connection open without a word; the last entry repeats.
    """

    replies: list[bytes | None]
    address: str = ""
    connections: int = 0
    released: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def raw_server() -> Iterator[Callable[[list[bytes | None]], RawServer]]:
    running: list[tuple[socketserver.ThreadingTCPServer, RawServer]] = []

    def start(replies: list[bytes | None]) -> RawServer:
        state = RawServer(replies)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _read_request(self.request)
                reply = state.replies[min(state.connections, len(state.replies) - 1)]
                state.connections += 1
                if reply is None:
                    state.released.wait(10)
                else:
                    self.request.sendall(reply)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        state.address = f"http://127.0.0.1:{server.server_address[1]}/"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        running.append((server, state))
        return state

    yield start
    for server, state in running:
        state.released.set()
        server.shutdown()
        server.server_close()


def _read_request(connection: Any) -> None:
    """Read one whole HTTP request, so that closing early does not reset what we sent."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)


def http(body: bytes, kind: str, *, cut: int | None = None) -> bytes:
    """An HTTP response; with ``cut`` only that many bytes of its body are sent."""
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + (body if cut is None else body[:cut])


@pytest.fixture
def wire() -> Any:
    """The builders of this file, for tests (test folders are not packages)."""

    class Wire:
        key = KEY
        schema = SCHEMA
        http = staticmethod(http)
        claude_events = staticmethod(claude_events)
        server_sent = staticmethod(server_sent)
        gemini_answer = staticmethod(gemini_answer)
        openai_answer = staticmethod(openai_answer)

    return Wire


def only(replies: Iterator[Reply]) -> Reply:
    """The one reply of a wave of one."""
    (reply,) = list(replies)
    return reply


@pytest.fixture(name="only")
def only_fixture() -> Callable[[Iterator[Reply]], Reply]:
    return only
