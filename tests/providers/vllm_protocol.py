"""A server that speaks as much of vLLM's protocol as we use, over our own engine.

    python tests/providers/vllm_protocol.py serve FOLDER --host 127.0.0.1 --port N …

Started as vLLM's program is, with vLLM's options, so that starting, ending and killing are tested
on a real process. What it computes is real: ids in, tokens and log-probabilities out. What the real
server makes of the same requests is tested in test_vllm.py where its program is named.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.engine.story_transformer import Asked, StoryTransformer


class Served:
    """The engine and what the server says of it."""

    def __init__(self, folder: Path, name: str, key: str) -> None:
        self.cache = Path(tempfile.mkdtemp())
        self.engine = StoryTransformer.load(folder, cache=self.cache, threads=1, dtype="float32")
        self.folder, self.name, self.key = folder, name, key
        self.lock = threading.Lock()

    def models(self) -> dict[str, Any]:
        window = self.engine.window
        entry = {"id": self.name, "root": str(self.folder), "max_model_len": window}
        return {"data": [entry | {"owned_by": "vllm", "object": "model"}]}

    def complete(self, asked: dict[str, Any]) -> dict[str, Any]:
        ids = asked["prompt"]
        assert asked["add_special_tokens"] is False and all(isinstance(i, int) for i in ids)
        wanted = asked.get("logprob_token_ids")
        if wanted:
            return self._chosen(ids, wanted, asked)
        schema = (asked.get("structured_outputs") or {}).get("json")
        one = Asked(
            prompt=ids,
            max_tokens=asked["max_tokens"],
            stop=tuple(asked.get("stop") or ()),
            schema=json.dumps(schema) if schema else "",
            temperature=asked["temperature"],
            seed=asked["seed"],
        )
        (done,) = self.engine.answer([one])
        return _told(done.text, done.finish, len(ids), len(done.ids))

    def _chosen(self, ids: list[int], wanted: list[int], asked: dict[str, Any]) -> dict[str, Any]:
        logs = {}
        for token in wanted:
            logs[token] = -self.engine.losses([*ids, token], since=len(ids))[0]
        best = max(asked["allowed_token_ids"], key=logs.__getitem__)
        told = _told(self.engine.tokenizer.decode([best]), "length", len(ids), 1)
        listed = {f"token_id:{token}": log for token, log in logs.items()}
        told["choices"][0]["logprobs"] = {"top_logprobs": [listed]}
        return told


def _told(text: str, finish: str, n_prompt: int, n_reply: int) -> dict[str, Any]:
    usage = {"prompt_tokens": n_prompt, "completion_tokens": n_reply}
    return {"choices": [{"text": text, "finish_reason": finish}], "usage": usage}


def handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/health":
                self.tell({})
            elif self.path == "/version":
                self.tell({"version": "0.0-test"})
            elif self.allowed():
                self.tell(served.models())

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not self.allowed():
                return
            if self.path == "/tokenize":
                self.tell({"tokens": served.engine.tokenizer.encode(asked["prompt"])})
                return
            with served.lock:
                self.tell(served.complete(asked))

        def allowed(self) -> bool:
            if self.headers.get("Authorization") == f"Bearer {served.key}" or not served.key:
                return True
            self.send_error(401)
            return False

        def tell(self, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("verb", choices=["serve"])
    options.add_argument("folder", type=Path)
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--served-model-name", required=True)
    asked, _ = options.parse_known_args()
    if os.environ.get("REFUSE"):
        raise SystemExit("ValueError: this card has no room")
    served = Served(asked.folder, asked.served_model_name, os.environ.get("VLLM_API_KEY", ""))
    server = ThreadingHTTPServer((asked.host, asked.port), handler(served))
    print("pid", os.getpid(), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
