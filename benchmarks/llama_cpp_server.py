"""The server of llama-cpp-python, taking schemas as OpenAI's protocol writes them.

    ENV/bin/python benchmarks/llama_cpp_server.py --model FILE.gguf [--model_alias NAME …]

Run it with the Python of an environment that has `llama-cpp-python[server]`; options are those of
`python -m llama_cpp.server`. That server knows `{"type": "json_object", "schema": …}` and refuses
OpenAI's `{"type": "json_schema", "json_schema": {"schema": …}}`, which llama.cpp's own server and
all others take: the one is rewritten into the other.

A question whose answer is one word of a closed list, with log-probabilities wanted, is read in one
pass: what the schema forces (`{"answer":"`) is read with the prompt, and the next token's
log-probabilities say how likely each word is. The server's own way writes one forced token after
the other and needs `--logits_all true`, which keeps every prompt token's row of the whole
vocabulary and sorts it in Python: 30 s a question against 5 on the same cores. Of 16
log-probabilities of answers that were read in both ways the largest gap was 0.17, as sums of other
batches are rounded otherwise. The prompt that two questions share stays in the context; how much
was held and how long the rest took is told on stderr. Use one thread where other programs run.
"""

from __future__ import annotations

import json
import sys
import time
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


def closed(response_format: Any) -> tuple[str, list[str]] | None:
    """The name of the one property that a schema asks for and the words that it may have; None for
    any other schema."""
    schema = (response_format or {}).get("schema") or {}
    if isinstance(schema, str):
        schema = json.loads(schema)
    properties = schema.get("properties") or {}
    if len(properties) != 1:
        return None
    ((name, asked),) = properties.items()
    words = asked.get("enum") or []
    return (name, words) if len(words) > 1 and all(isinstance(w, str) for w in words) else None


def answered_at_once(
    llama: Any, messages: list[Any], name: str, words: list[str], top: int, alias: str
) -> dict[str, Any] | None:
    """The completion of a question with a closed list of answers, by one pass over what its context
    does not hold; None where two of the words begin with the same token."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata["tokenizer.chat_template"]
    formatter = Jinja2ChatFormatter(
        template=template,
        eos_token=llama._model.token_get_text(llama.token_eos()),
        bos_token=llama._model.token_get_text(llama.token_bos()),
    )
    rendered = formatter(messages=messages)
    prompt = llama.tokenize(
        rendered.prompt.encode(), add_bos=not rendered.added_special, special=True
    )
    opening = f'{{"{name}":"'
    forced = llama.tokenize(opening.encode(), add_bos=False, special=False)
    first = {}
    for word in words:
        written = llama.tokenize(f"{opening}{word}".encode(), add_bos=False, special=False)
        if written[: len(forced)] != forced:
            return None
        first[word] = written[len(forced)]
    if len(set(first.values())) < len(words):
        return None
    row = next_token(llama, [*prompt, *forced])
    chosen = max(words, key=lambda word: row[first[word]])
    ranked = row.argsort()[::-1][:top]
    listed = [_told(llama, token, row) for token in ranked]
    closing = '"}'
    content = [
        {"token": opening, "logprob": 0.0, "bytes": None, "top_logprobs": []},
        {**_told(llama, first[chosen], row), "top_logprobs": listed},
        {"token": chosen[len(_text(llama, first[chosen])) :] + closing, "logprob": 0.0,
         "bytes": None, "top_logprobs": []},
    ]  # fmt: skip
    message = {"role": "assistant", "content": opening + chosen + closing}
    choice = {"index": 0, "message": message, "logprobs": {"content": content, "refusal": None},
              "finish_reason": "stop"}  # fmt: skip
    written = len(forced) + 2
    usage = {"prompt_tokens": len(prompt), "completion_tokens": written,
             "total_tokens": len(prompt) + written}  # fmt: skip
    return {"id": f"chatcmpl-{time.time_ns()}", "object": "chat.completion",
            "created": int(time.time()), "model": alias, "choices": [choice],
            "usage": usage}  # fmt: skip


def next_token(llama: Any, tokens: list[int]) -> Any:
    """Log-probabilities (nats) of all tokens that may come after these, shape (vocabulary,)."""
    import numpy as np

    held = 0
    for have, want in zip(llama._input_ids.tolist(), tokens[:-1], strict=False):
        if have != want:
            break
        held += 1
    llama.n_tokens = held
    started = time.perf_counter()
    llama.eval(tokens[held:])
    seconds = time.perf_counter() - started
    print(f"{held} tokens held, {len(tokens) - held} read in {seconds:.2f} s", file=sys.stderr)
    at = llama._ctx.get_logits_ith(-1)
    row = np.ctypeslib.as_array(at, shape=(llama.n_vocab(),)).astype(np.float64)
    row -= row.max()
    return row - np.log(np.exp(row).sum())


def _text(llama: Any, token: int) -> str:
    return str(llama.detokenize([int(token)]).decode("utf-8", errors="ignore"))


def _told(llama: Any, token: int, row: Any) -> dict[str, Any]:
    return {"token": _text(llama, token), "logprob": float(row[token]), "bytes": None}


def patched(original: Callable[..., Any]) -> Callable[..., Any]:
    """The server's completion, with closed questions answered at once."""

    def create(self: Any, messages: list[Any], **options: Any) -> Any:
        asked = closed(options.get("response_format"))
        told = None
        if asked is not None and options.get("logprobs") and not options.get("stream"):
            top, alias = options.get("top_logprobs") or 0, str(options.get("model") or "")
            told = answered_at_once(self, messages, *asked, top, alias or self.model_path)
        return told or original(self, messages, **options)

    return create


def main() -> None:
    import llama_cpp
    from llama_cpp.server import __main__ as server

    llama_cpp.Llama.create_chat_completion = patched(llama_cpp.Llama.create_chat_completion)
    create = server.create_app

    def with_schemas(*args: Any, **kwargs: Any) -> Any:
        app = create(*args, **kwargs)
        app.add_middleware(TakesSchemas)
        return app

    server.create_app = with_schemas
    server.main()


if __name__ == "__main__":
    main()
