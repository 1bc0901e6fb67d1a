"""A local model whose replies are written by vLLM: the same seam, counts and answers.

Prompts are rendered and encoded here, by the tokenizer that counts them, and sent as ids: what is
counted is what is read. A closed question is one token behind each place where its answers part,
with the log-probabilities of the tokens that lead on: the numbers that our own engine reads off.
vLLM holds what prompts begin with and keeps to a schema by a grammar.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.errors import EngineError, ModelError
from pipeline.models import ModelSpec
from pipeline.providers.base import Model, ModelOptions, choices, likeliest, shares
from pipeline.providers.local import vllm_server
from pipeline.providers.local.generators import VARIABLE, Choice, choose_generator
from pipeline.providers.local.local_model import LocalModel
from pipeline.providers.remote.cloud import Cloud, close_quietly, failed
from pipeline.providers.remote.retries import retry_after, status_error
from pipeline.providers.remote.served_model import Served, entry_of
from pipeline.tokens.token_counters import open_tokenizer

#: Requests in flight at once: a wave, which vLLM reads and writes together.
IN_FLIGHT = 32
_FINISH: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}


def open_local(spec: ModelSpec, options: ModelOptions) -> Model:
    """A local model, by vLLM where it can answer for it.

    Raises:
        EngineError: the weights are missing or damaged.
    """
    weights = locate_weights(spec.weights)
    choice = choose_generator(spec, options.vllm, weights, options.card)
    if choice.ours:
        return LocalModel(spec, options, choice.reason)
    return VllmModel(spec, options, choice)


class VllmModel(LocalModel):
    """A local model behind a vLLM server, started with the first wave where none is named.

    Where it cannot be started or holds other weights, and from the moment when what only our
    engine can do is wanted, our engine answers, and ``describe`` says why.
    """

    def __init__(self, spec: ModelSpec, options: ModelOptions, choice: Choice) -> None:
        super().__init__(spec, options, choice.reason)
        self._choice = choice
        self._server: vllm_server.Server | None = None
        self._client: Client | None = None
        self._given_up = False

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer a wave together; requests whose words are restricted go to our engine."""
        client = self._opened()
        if client is None:
            yield from super().complete(requests, progress)
            return
        worded: list[Request] = []

        def sent() -> Iterator[Request]:
            for request in requests:
                if request.vocabulary:
                    worded.append(request)
                else:
                    yield request

        yield from client.complete(sent(), progress)
        if worded:
            self._give_up("only our engine keeps to the words of the sources")
            yield from super().complete(worded, progress)

    def choose(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Questions with a closed list of answers, by the likelihood of each answer."""
        client = self._opened()
        if client is None:
            yield from super().choose(requests, progress)
        else:
            yield from client.choose(requests, progress)

    def engine(self) -> Any:
        """Our engine; the server is ended first, for both do not fit a card."""
        if self._engine is None:
            self._give_up("what only our engine tells was wanted")
        return super().engine()

    def describe(self) -> Mapping[str, str]:
        """Who generates and why, beside what our engine says."""
        facts = dict(super().describe())
        return facts | dict(self._client.describe() if self._client is not None else {})

    def close(self) -> None:
        """End the server where it is ours, and let go of the weights."""
        if self._client is not None:
            self._client.close()
        if self._server is not None:
            self._server.close()
        self._client = self._server = None
        super().close()

    def _opened(self) -> Client | None:
        """The client of a server that has these weights; None where our engine answers."""
        if self._client is None and not self._given_up:
            try:
                self._client = self._connected()
            except EngineError as error:
                self._give_up(error.message)
        return self._client

    def _connected(self) -> Client:
        folder = vllm_server.folder_of(self._path, self._options.cache)
        address, key = self._choice.address, self._options.key
        if self._choice.command:
            self._server = vllm_server.Server(
                self._choice.command,
                folder,
                self.spec.model_id,
                self._options.cache / "vllm.log",
                dtype=self.spec.setup.dtype,
                more=self._choice.options,
            )
            address, key = self._server.address, self._server.key
        return connect(self.spec, self._options, address, key, (self._path, folder), self.revision)

    def _give_up(self, why: str) -> None:
        """From here on our engine answers, for the first reason that there was."""
        if self._given_up:
            return
        self._given_up = True
        self._reason = f"{self._choice.reason}, but {why}"
        client, server, self._client, self._server = self._client, self._server, None, None
        if client is not None:
            client.close()
        if server is not None:
            server.close()


def connect(
    spec: ModelSpec,
    options: ModelOptions,
    address: str,
    key: str,
    weights: Sequence[Path],
    revision: str,
) -> Client:
    """The client of a server, once it is known to be vLLM with these weights.

    Args:
        weights: where they lie: the file or folder that is named, and the folder that is served.

    Raises:
        EngineError: nobody answers, another program does, or with other weights or another
            tokenizer.
    """
    listed = vllm_server.asked(address, "/models", key)
    entries = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list) or not entries:
        raise EngineError(f"no server lists its models at {address}")
    entry = next((one for one in entries if one.get("id") == spec.model_id), entries[0])
    if entry.get("owned_by") != "vllm":
        raise EngineError(f"the server at {address} is not vLLM")
    root = Path(str(entry.get("root") or ""))
    other = root.is_dir() and root.resolve() not in {path.resolve() for path in weights}
    if other and weights_sha256(root, options.cache) != revision:
        raise EngineError(f"the server at {address} has other weights: {root}")
    tokenizer = open_tokenizer(spec.weights, options.cache)
    text = "As a user, I want 1,234 “naïve” résumés\n\tby 2031-02-28 – 上海 🎈 isn't it?"
    told = vllm_server.asked(
        address.removesuffix("/v1"),
        "/tokenize",
        key,
        {"model": entry["id"], "prompt": text, "add_special_tokens": False},
    )
    ids = told.get("tokens") if isinstance(told, dict) else None
    if ids != tokenizer.encode(text):
        raise EngineError(f"the server at {address} reads text with another tokenizer")
    version = vllm_server.asked(address.removesuffix("/v1"), "/version", key) or {}
    window = entry.get("max_model_len")
    return Client(
        spec,
        options,
        address,
        key,
        model=str(entry["id"]),
        entry=entry_of(str(entry["id"]), entries),
        version=str(version.get("version", "")),
        window=window if isinstance(window, int) else spec.window,
    )


class Client(Cloud):
    """One vLLM server, asked with ids. See :class:`~pipeline.providers.remote.cloud.Cloud`.

    Args:
        model: what it calls the weights. entry: what its list says of them.
        window: tokens of prompt and reply that it holds.
    """

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        address: str,
        key: str,
        *,
        model: str,
        entry: str,
        version: str,
        window: int,
    ) -> None:
        super().__init__(spec, options, threads=IN_FLIGHT)
        self.window = window
        self._name, self._version, self._address = model, version, address
        self._secrets = [key] if key else []
        self._tokenizer = open_tokenizer(spec.weights, options.cache)
        self._served = Served(spec.name, self._entry, options.served or entry)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # What a local model is asked must not leave the machine by a proxy or a redirect.
        self._http = httpx2.Client(
            base_url=address, headers=headers, timeout=self.timeout, trust_env=False
        )
        self._served.check()

    def count_online(self, request: Request) -> TokenCount:
        """As counted here: the ids are ours."""
        return self.count(request)

    def describe(self) -> Mapping[str, str]:
        """Version, address, and what the server says of its weights."""
        return {
            "generator": f"vLLM {self._version}".strip(),
            "address": self._address,
            "in_flight": str(self._threads),
            "served": self._served.entry,
            "served_window": str(self.window),
        }

    def close(self) -> None:
        """Close the connections."""
        close_quietly(self._http.close)

    def _ask(self, request: Request) -> Reply:
        self._served.check_if_doubted()
        ids = self._tokenizer.apply_chat_template(request.messages)
        answers = choices(request)
        # Whether the longest answer fits is asked too, as our own engine asks.
        texts = {word: self._tokenizer.encode(text) for word, text in answers.items()}
        most = max([request.max_tokens, *map(len, texts.values())])
        if len(ids) + most > self.window:
            return failed(
                request,
                f"a prompt of {len(ids):,} tokens and a reply of {most:,} do not fit vLLM's "
                f"window of {self.window:,}.",
            )
        if len(answers) > 1:
            return self._chosen(request, ids, texts)
        return self._written(request, ids)

    def _written(self, request: Request, ids: Sequence[int]) -> Reply:
        """A text, under its schema where it has one."""
        body: dict[str, Any] = {
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stop_token_ids": list(self._tokenizer.eos_ids),
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.schema:
            # As our own engine writes it: room for white space is room to ramble.
            schema = {"json": json.loads(request.schema), "disable_any_whitespace": True}
            body["structured_outputs"] = schema
        said = self._completion(ids, body)
        choice = said["choices"][0]
        finish = _FINISH.get(str(choice.get("finish_reason")), "error")
        detail = "" if finish == "stop" else f"finish reason {choice.get('finish_reason')}"
        return Reply(
            key=request.key,
            text=str(choice["text"]),
            finish=finish,
            usage=_usage(said),
            seconds=0.0,
            model=self.spec.name,
            detail=detail,
            usd=Decimal(0),
        )

    def _chosen(
        self, request: Request, ids: Sequence[int], texts: Mapping[str, Sequence[int]]
    ) -> Reply:
        """The likelihood of each answer: at every place where they part, the model's probabilities
        of the tokens that lead on to one, scaled to add up to 1."""
        from pipeline.engine.decoding.best_of import forks

        logs = dict.fromkeys(texts, 0.0)
        taken = Usage()
        for fork in forks(list(texts.values())):
            said = self._completion(
                [*ids, *fork.path],
                {
                    "max_tokens": 1,
                    "temperature": 0.0,
                    "seed": request.seed,
                    "allowed_token_ids": list(fork.tokens),
                    "logprobs": len(fork.tokens),
                    "logprob_token_ids": list(fork.tokens),
                    "return_tokens_as_token_ids": True,
                },
            )
            told = _told(said, fork.tokens)
            if told is None:
                raise self._garbled("it gives no log-probabilities of the answers' tokens")
            total = _log_sum(told.values())
            for word, text in texts.items():
                n = len(fork.path)
                if tuple(text[:n]) == fork.path and text[n] in told:
                    logs[word] += told[text[n]] - total
            one = _usage(said)
            taken = Usage(taken.input + one.input, 0, 0, taken.cache_read + one.cache_read)
        likelihoods = shares(logs)
        if likelihoods is None:
            return failed(request, "the model gives no likelihoods: its logits are not numbers")
        word = likeliest(likelihoods, list(texts))
        cached = min(taken.cache_read, len(ids))
        return Reply(
            key=request.key,
            text=choices(request)[word],
            finish="stop",
            usage=Usage(len(ids) - cached, len(texts[word]), cached),
            seconds=0.0,
            model=self.spec.name,
            usd=Decimal(0),
            likelihoods=likelihoods,
        )

    def _completion(self, ids: Sequence[int], body: Mapping[str, Any]) -> Any:
        """One completion, as it came.

        Raises:
            ModelError: as the protocol's errors are mapped.
        """
        whole = {"model": self._name, "prompt": list(ids), "add_special_tokens": False, **body}
        try:
            answer = self._http.post("/completions", json=whole)
        except httpx2.TransportError as exc:
            self._served.doubt()
            raise self._connection_error(exc) from exc
        if answer.status_code != 200:
            raise status_error(
                answer.status_code,
                self._scrub(answer.text),
                where=self.spec.name,
                variable=VARIABLE,
                wait=retry_after(answer.headers, self._now()),
            )
        try:
            said = answer.json()
        except ValueError as exc:
            raise self._garbled(self._scrub(str(exc)), answer.text) from exc
        if not isinstance(said, dict) or not said.get("choices"):
            raise self._garbled("no choice", answer.text)
        return said

    def _entry(self) -> str:
        listed = vllm_server.asked(self._address, "/models", self._secret())
        entries = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(entries, list):
            raise ModelError("nobody answers at its address.", where=self.spec.name)
        return entry_of(self._name, entries)

    def _secret(self) -> str:
        return self._secrets[0] if self._secrets else ""


def _usage(said: Mapping[str, Any]) -> Usage:
    """Cached tokens are part of the prompt count."""
    told = said.get("usage") or {}
    details = told.get("prompt_tokens_details") or {}
    prompt, cached = int(told.get("prompt_tokens") or 0), int(details.get("cached_tokens") or 0)
    return Usage(max(0, prompt - cached), int(told.get("completion_tokens") or 0), cached)


def _told(said: Mapping[str, Any], tokens: Sequence[int]) -> dict[int, float] | None:
    """Log-probabilities (nats) of these tokens at the first place; None where one is missing."""
    listed = ((said["choices"][0].get("logprobs") or {}).get("top_logprobs") or [{}])[0] or {}
    found: dict[int, float] = {}
    for text, log in listed.items():
        name, _, number = str(text).partition(":")
        if name == "token_id" and number.isdigit() and isinstance(log, int | float):
            found[int(number)] = float(log)
    return {token: found[token] for token in tokens} if set(tokens) <= found.keys() else None


def _log_sum(values: Iterable[float]) -> float:
    """The logarithm of a sum of exponentials."""
    terms = list(values)
    most = max(terms)
    return most + math.log(math.fsum(math.exp(value - most) for value in terms))
