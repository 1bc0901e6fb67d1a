"""A server on this machine that speaks the protocols of Claude, Gemini and OpenAI and answers
questions about pairs as :func:`tests.support.providers.judge` does.

Usage is counted from the text that went over the wire: for OpenAI with its own encoding; for
Claude and Gemini, whose tokenizers are not here, with the ratio of the catalogue, so their prompts
are as long as expected by construction and only their replies are news.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from pipeline.calls import canonical_json
from pipeline.tokens.token_counters import TokenCounter
from tests.support.providers import judge


@contextmanager
def answering(counters: Mapping[str, TokenCounter]) -> Iterator[str]:
    """The server's address.

    Args:
        counters: by ``claude``, ``gemini`` and ``openai``: what counts the usage.
    """

    class Handler(_Handler):
        counted = counters
        cached: ClassVar[set[str]] = set()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    counted: Mapping[str, TokenCounter]
    cached: ClassVar[set[str]]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One request of any of the three protocols."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/messages"):
            self._send(*_claude(body, self.counted["claude"], self.cached))
        elif ":generateContent" in self.path:
            self._send(*_gemini(body, self.counted["gemini"]))
        else:
            self._send(*_openai(body, self.counted["openai"]))

    def _send(self, content: str, kind: str = "application/json") -> None:
        data = content.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the benchmark prints its own table."""


def _usage(counter: TokenCounter, shown: Sequence[str], reply: str) -> tuple[int, int]:
    """Tokens read, the frame of the messages included, and written."""
    return sum(counter.count_text(text).n + 3 for text in shown) + 3, counter.count_text(reply).n


def _claude(body: Mapping[str, Any], counter: TokenCounter, cached: set[str]) -> tuple[str, str]:
    """What is marked for the cache is written to it once and read ever after."""
    blocks = [*body.get("system", []), *(b for turn in body["messages"] for b in turn["content"])]
    shown = [block["text"] for block in blocks]
    marked = max((i + 1 for i, block in enumerate(blocks) if "cache_control" in block), default=0)
    prefix = "\n".join(shown[:marked])
    reply = judge(shown[-1])
    schema = canonical_json(body["output_config"]["format"]["schema"])
    read, written = _usage(counter, [*shown, schema], reply)
    n = sum(counter.count_text(text).n + 3 for text in shown[:marked])
    kind = "cache_read_input_tokens" if prefix in cached else "cache_creation_input_tokens"
    cached.add(prefix)
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": read - n, kind: n, "output_tokens": 1},
    }  # fmt: skip
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": reply},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": written}},
        {"type": "message_stop"},
    ]
    wire = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
    return wire, "text/event-stream"


def _gemini(body: Mapping[str, Any], counter: TokenCounter) -> tuple[str]:
    shown = [part["text"] for part in body.get("systemInstruction", {}).get("parts", [])]
    shown += [part["text"] for turn in body["contents"] for part in turn["parts"]]
    reply = judge(shown[-1])
    schema = canonical_json(body["generationConfig"]["responseJsonSchema"])
    read, written = _usage(counter, [*shown, schema], reply)
    candidate = {
        "content": {"role": "model", "parts": [{"text": reply}]},
        "finishReason": "STOP",
        "index": 0,
    }
    usage = {
        "promptTokenCount": read,
        "candidatesTokenCount": written,
        "totalTokenCount": read + written,
    }
    found = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "answering"}
    return (json.dumps(found),)


def _openai(body: Mapping[str, Any], counter: TokenCounter) -> tuple[str]:
    shown = [turn["content"] for turn in body["messages"]]
    reply = judge(shown[-1])
    # A server that constrains decoding shows the model no schema.
    read, written = _usage(counter, shown, reply)
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": reply},
    }
    usage = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
    }
    found = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": body["model"],
        "choices": [choice], "usage": usage,
    }  # fmt: skip
    return (json.dumps(found),)
