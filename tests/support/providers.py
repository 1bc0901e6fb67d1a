"""A server on this machine that speaks Claude's, Gemini's and OpenAI's protocols, faults included.

It stands in for the providers where the whole way is tried: real SDKs, real sockets, replies that
follow from the prompt alone, so that the same run twice makes the same document. It keeps the
books that a provider keeps: what was asked, what was answered, which batches were handed over.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs

from tests.support import protocols
from tests.support.allowance import Allowance
from tests.support.rewriters import rewritten

Fault = Literal[
    "403", "429", "500", "529", "drop", "half", "hang", "refusal", "length", "empty", "garbage",
    "page",
]  # fmt: skip
#: Faults that another attempt mends, and those that make a failed call.
PASSING: tuple[Fault, ...] = ("429", "500", "529", "drop")
LASTING: tuple[Fault, ...] = ("half", "refusal", "length", "empty", "garbage", "page")

_QUESTION = re.compile(r"\AA: .*\nB: ", re.DOTALL)
_HANDLE = re.compile(r"^[A-Z]\d+ \(", re.MULTILINE)
_WORDS = ("same", "overlap", "conflict", "different")


def digest(prompt: str) -> str:
    """What the server knows a request by: the hash of its last turn."""
    return hashlib.sha256(prompt.encode()).hexdigest()


def judge(prompt: str) -> str:
    """A valid reply to a prompt, out of its text alone: any of the four answers to a question
    about two stories, the stories written again where they are to be, else the prompt's begin."""
    if _QUESTION.match(prompt.strip()):
        return json.dumps({"answer": _WORDS[int(digest(prompt), 16) % len(_WORDS)]})
    return rewritten(prompt) if _HANDLE.search(prompt) else prompt[:200]


def chance(share: float, faults: Sequence[Fault], seed: int = 0) -> Callable[[str], Fault | None]:
    """Faults that befall a share of all requests, in an order that the seed decides."""
    drawn = random.Random(seed)
    lock = threading.Lock()

    def fault(prompt: str) -> Fault | None:
        with lock:
            return drawn.choice(faults) if drawn.random() < share else None

    return fault


#: The key, prompt and body of one request of a batch.
Entry = tuple[str, str, Mapping[str, Any]]


@dataclass
class HeldBatch:
    """A batch as the provider holds it: key, prompt and body of every entry."""

    id: str
    name: str
    entries: list[Entry]
    created: datetime
    looks: int = 0


@dataclass
class Provider:
    """The server. Use it as a context manager; ``url`` is its address.

    Args:
        answer: a prompt's reply.
        fault: what befalls a request, None for nothing.
        entry: what befalls an entry of a batch: ``errored``, ``expired``, ``canceled`` or "".
        seconds: a reply takes.
        looks: how often a batch is looked at before it has ended; None for never.
        lose_submission: batches arrive, and their answer does not.
        garble_submission: batches arrive, and the answer is a page of a proxy.
        submitted: called when a batch has arrived, before that is answered.
        lists: the HTTP status with which lists of batches are refused, 0 where they are given.
        reports: what it says of a number of tokens in a reply's usage.
        tokenizes: the endpoint that vLLM has beside OpenAI's protocol is there.
        allowance: above it, requests are refused with 429.
        weights: what vLLM's list of models names behind every name, "" for another kind of server.
        alias: what OpenAI's replies call the model, "" for what they were asked for.
    """

    answer: Callable[[str], str] = judge
    fault: Callable[[str], Fault | None] = lambda prompt: None
    entry: Callable[[str], str] = lambda prompt: ""
    seconds: float = 0.0
    looks: int | None = 1
    lose_submission: bool = False
    garble_submission: bool = False
    submitted: Callable[[], object] = lambda: None
    lists: int = 0
    reports: Callable[[int], int] = lambda n: n
    tokenizes: bool = False
    allowance: Allowance | None = None
    weights: str = ""
    alias: str = ""
    url: str = field(init=False, default="")
    #: Digests of single requests, when they came and when their whole reply had been sent.
    asked: list[tuple[str, float]] = field(init=False, default_factory=list)
    answered: list[tuple[str, float]] = field(init=False, default_factory=list)
    counted: int = field(init=False, default=0)
    batches: list[HeldBatch] = field(init=False, default_factory=list)
    #: Everything that clients sent, headers included.
    heard: list[tuple[str, Mapping[str, str], bytes]] = field(init=False, default_factory=list)
    lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    prefixes: set[str] = field(init=False, default_factory=set)
    #: Set where requests that hang need not hang any longer.
    released: threading.Event = field(init=False, default_factory=threading.Event)
    _dead: bool = field(init=False, default=False)
    _server: _Server = field(init=False)

    def __enter__(self) -> Self:
        self._listen(0)
        return self

    def die(self) -> None:
        """As a killed server: whatever is in flight drops, and nobody listens any more."""
        self._dead = True
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_all()

    def revive(self) -> None:
        """Listen again at the same address."""
        if not self._dead:
            return
        self._dead = False
        self._listen(int(self.url.rpartition(":")[2]))

    def _listen(self, port: int) -> None:
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        if not self._dead:
            self._server.shutdown()
            self._server.server_close()

    def held(self, batch_id: str) -> HeldBatch:
        """A batch by its id."""
        return next(batch for batch in self.batches if batch.id == batch_id)

    def ended(self, batch: HeldBatch) -> bool:
        """Whether a batch has been looked at often enough."""
        return self.looks is not None and batch.looks >= self.looks

    def hold(self, name: str, entries: list[Entry], kind: str) -> HeldBatch:
        """Take a batch."""
        with self.lock:
            batch = HeldBatch(f"{kind}{len(self.batches) + 1}", name, entries, datetime.now(UTC))
            self.batches.append(batch)
        return batch


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Remember who is connected while the request lasts."""
        self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.discard(request)

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may have been killed; any other failure is told as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Tells the protocols apart by path; each has its own shapes and nothing else."""

    protocol_version = "HTTP/1.1"
    provider: Provider

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self._hear(b"")
        if path in ("/v1/messages/batches", "/v1/batches") and self.provider.lists:
            self._json(self.provider.lists, {"error": {"message": "no list of batches here"}})
        elif path == "/v1/messages/batches":
            asked = parse_qs(self.path.partition("?")[2])
            page = (asked.get("after_id", [""])[0], int(asked.get("limit", ["20"])[0]))
            self._json(200, protocols.claude_list(self.provider, *page))
        elif path.startswith("/v1/messages/batches/"):
            batch = self.provider.held(path.split("/")[4])
            if path.endswith("/results"):
                lines = [protocols.claude_result(self.provider, *entry) for entry in batch.entries]
                text = "".join(json.dumps(line) + "\n" for line in reversed(lines))
                self._send(200, text.encode(), "application/x-jsonl")
            else:
                batch.looks += 1
                self._json(200, protocols.claude_batch(self.provider, batch))
        elif path == "/v1/batches":
            jobs = [protocols.gemini_job(self.provider, batch) for batch in self.provider.batches]
            self._json(200, {"operations": jobs})
        elif path.startswith("/v1/batches/"):
            batch = self.provider.held(path.removeprefix("/v1/"))
            batch.looks += 1
            self._json(200, protocols.gemini_job(self.provider, batch))
        elif path == "/v1/models":
            entry = {"id": "m", "created": int(time.time()), "owned_by": "vllm"}
            entry |= {"root": self.provider.weights} if self.provider.weights else {}
            self._json(200, {"object": "list", "data": [entry]})
        else:
            self._json(404, {"error": {"message": f"no such path: {path}"}})

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        if len(raw) < length:  # whoever sent it was killed half-way
            return
        self._hear(raw)
        body = json.loads(raw)
        path = self.path.partition("?")[0]
        if path == "/v1/messages/batches":
            entries = [
                (e["custom_id"], protocols.claude_prompt(e["params"]), e["params"])
                for e in body["requests"]
            ]
            batch = self.provider.hold("", entries, "msgbatch_")
            self._submitted(protocols.claude_batch(self.provider, batch))
        elif path.endswith(":batchGenerateContent"):
            given = body["batch"]["inputConfig"]["requests"]["requests"]
            entries = [
                (e["metadata"]["key"], protocols.gemini_prompt(e["request"]), e["request"])
                for e in given
            ]
            batch = self.provider.hold(body["batch"]["displayName"], entries, "batches/b")
            self._submitted(protocols.gemini_job(self.provider, batch))
        elif path == "/v1/messages/count_tokens":
            n = protocols.tokens(protocols.claude_text(body))
            self._count(protocols.claude_prompt(body), {"input_tokens": n})
        elif path.endswith(":countTokens"):
            n = protocols.tokens(json.dumps(body["contents"]))
            self._count(protocols.gemini_prompt(body), {"totalTokens": n})
        elif path == "/tokenize" and self.provider.tokenizes:
            n = protocols.tokens("".join(turn["content"] for turn in body["messages"]))
            self._count(body["messages"][-1]["content"], {"count": n})
        elif path == "/v1/messages":
            shown = protocols.claude_text(body)
            prompt, kind = protocols.claude_prompt(body), "text/event-stream"
            self._reply(prompt, shown, lambda text, stop: protocols.claude_stream(
                self.provider, body, text, stop), kind)  # fmt: skip
        elif path.endswith(":generateContent"):
            shown = protocols.gemini_text(body)
            self._reply(protocols.gemini_prompt(body), shown, lambda text, stop: json.dumps(
                protocols.gemini_response(self.provider, body, text, stop)).encode())  # fmt: skip
        elif path.endswith("/chat/completions"):
            prompt = body["messages"][-1]["content"]
            shown = "".join(turn["content"] for turn in body["messages"])
            self._reply(prompt, shown, lambda text, stop: json.dumps(
                protocols.openai_completion(self.provider, body, text, stop)).encode())  # fmt: skip
        else:
            self._json(404, {"error": {"message": f"no such path: {path}"}})

    def _reply(
        self,
        prompt: str,
        shown: str,
        write: Callable[[str, str], bytes],
        kind: str = "application/json",
    ) -> None:
        """Answer one request, or let it suffer its fault.

        Args:
            shown: everything that is read of it.
            write: the body of a reply with its text and how it ended.
        """
        provider, key = self.provider, digest(prompt)
        with provider.lock:
            provider.asked.append((key, time.monotonic()))
        time.sleep(provider.seconds)
        fault = provider.fault(prompt)
        if self._refused(fault):
            return
        if fault == "hang":
            provider.released.wait(600)
            self.close_connection = True
            return
        stop = fault if fault in ("refusal", "length") else "stop"
        text = {"empty": "", "garbage": '{"answer": ', "refusal": ""}.get(fault or "")
        text = provider.answer(prompt) if text is None else text
        sizes = protocols.tokens(shown), protocols.tokens(text)
        if provider.allowance and not provider.allowance.take(*sizes):
            self._refused("429")
            return
        whole = write(text, stop)
        if fault == "drop":
            self._send(200, whole, kind, cut=len(whole) // 2)
            return
        if fault == "page":  # a proxy's
            whole, kind = b"<html><body>Please log in</body></html>", "text/html"
        self._send(200, whole[: len(whole) // 2] if fault == "half" else whole, kind)
        if fault not in ("half", "page"):
            with provider.lock:
                provider.answered.append((key, time.monotonic()))

    def _count(self, prompt: str, body: Mapping[str, Any]) -> None:
        """Answer a question for a number of tokens, or let it suffer its fault."""
        with self.provider.lock:
            self.provider.counted += 1
        if not self._refused(self.provider.fault(prompt)):
            self._json(200, body)

    def _refused(self, fault: Fault | None) -> bool:
        """Answer with a fault that is an HTTP status."""
        if fault not in ("403", "429", "500", "529"):
            return False
        said = {"type": "error", "error": {"type": "api_error", "message": f"fault {fault}"}}
        self._json(int(fault), said, {"retry-after": "0.05"})
        return True

    def _submitted(self, body: Mapping[str, Any]) -> None:
        self.provider.submitted()
        if self.provider.garble_submission:
            self.provider.garble_submission = False
            self._send(200, b"<html>welcome</html>", "text/html")
        elif self.provider.lose_submission:
            self.provider.lose_submission = False
            self._send(200, json.dumps(body).encode(), "application/json", cut=0)
        else:
            self._json(200, body)

    def _hear(self, body: bytes) -> None:
        with self.provider.lock:
            self.provider.heard.append((self.path, dict(self.headers), body))

    def _json(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers=headers)

    def _send(
        self,
        status: int,
        body: bytes,
        kind: str,
        *,
        cut: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        try:
            self.send_response(status)
            for name, value in {"content-type": kind, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])
            self.wfile.flush()
        except ConnectionError:  # whoever asked was killed
            pass
        if cut is not None:
            self.close_connection = True
