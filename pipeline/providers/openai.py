"""Any server that speaks OpenAI's protocol (vLLM, llama.cpp, Ollama, TGI …), by the openai SDK.

Some of them cut a prompt that is longer than their context and answer what is left; that is found
by the prompt tokens they report (:mod:`~pipeline.providers.remote.served_model`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.errors import InputError, ModelError
from pipeline.models import ModelSpec, Provider
from pipeline.providers.base import ModelOptions
from pipeline.providers.remote.cloud import THREADS, Cloud, close_quietly, n_tokens
from pipeline.providers.remote.logprobs import Asking, TokenTold, as_told, likelihoods
from pipeline.providers.remote.retries import (
    RequestError,
    Retries,
    SilentError,
    UnreachableError,
    retry_after,
    status_error,
)
from pipeline.providers.remote.served_model import (
    PromptSizes,
    Served,
    entry_of,
    is_too_long,
    larger_context,
)

if TYPE_CHECKING:
    import httpx2
    import openai


def is_openais(address: str) -> bool:
    """Whether OpenAI itself answers there; other servers that speak its protocol keep to a schema
    by grammar, without showing it to the model."""
    return f".{urlsplit(address).hostname or ''}".endswith(".openai.com")


def _shows_schema(spec: ModelSpec) -> bool:
    return is_openais(spec.base_url)


def _unlisted(name: str, rest: str) -> ModelSpec:
    """``NAME@BASE_URL``: a model of any server.

    Raises:
        InputError: it names no server, or a password.
    """
    model_id, _, base_url = rest.partition("@")
    if "@" in base_url.partition("://")[2].partition("/")[0]:
        # A model's name stands in tables, files and logs, on pages and screens.
        raise InputError(
            "a user and a password stand in the address of the server, which is part of "
            "the model's name and would be stored with it.",
            where=f"{PROVIDER.name}/{model_id}@…",
            next=f"Leave them out, and give the server's key as {PROVIDER.key[0]}.",
        )
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise InputError(
            f"{name!r} names no server.",
            next=f"Write {PROVIDER.name}/NAME@http://HOST:PORT/v1.",
        )
    return ModelSpec(
        name=name,
        provider=PROVIDER,
        model_id=model_id,
        window=32_768,
        output_cap=8192,
        tokenizer="o200k_base",
        base_url=base_url,
        notes=("not in the catalogue: a window of 32,768 tokens is assumed",),
    )


PROVIDER = Provider(
    name="openai",
    place="address",
    part="cloud",
    modules=("openai", "httpx2"),
    package="openai",
    key=("OPENAI_API_KEY",),
    shows_schema=_shows_schema,
    unlisted=_unlisted,
)

_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "content_filter": "refusal",
}


class OpenAIModel(Cloud):
    """``openai/NAME@BASE_URL``, and the models of any provider that speaks this protocol. A server
    on this machine needs no key.

    See :class:`~pipeline.providers.remote.cloud.Cloud` for arguments and errors.
    """

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        *,
        retries: Retries | None = None,
        threads: int = THREADS,
        timeout: httpx2.Timeout | None = None,
    ) -> None:
        import openai

        super().__init__(spec, options, retries=retries, threads=threads, timeout=timeout)
        self._address = spec.base_url or options.base_url or spec.provider.address
        #: OpenAI itself, which takes other fields than those who speak its protocol.
        self._openais = is_openais(self._address)
        #: A cloud's: what it has loaded under a name is its own business, and no context of ours.
        self._hosted = self._openais or spec.provider.is_cloud
        self._tokenizes = not self._hosted
        self._sizes = PromptSizes()
        self._logprobs = Asking()
        self._served = Served(spec.name, self._entry, options.served)
        # Text for a server on this machine must not leave it by a proxy or a redirect.
        local = not spec.leaves_machine
        client = openai.DefaultHttpxClient(
            timeout=self.timeout,
            trust_env=not local,
            follow_redirects=not local,
            event_hooks=self._bodies.hooks,
        )
        self._client = openai.OpenAI(
            api_key=options.key or "none",
            base_url=self._address,
            timeout=self.timeout,
            max_retries=0,
            http_client=client,
        )

    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by vLLM's ``/tokenize``, else by the server's own usage report.

        The protocol has no count endpoint. A server on this machine is asked for one token; one
        that is elsewhere might bill the prompt, so it is not.
        """
        if self._tokenizes:
            counted = self.retries.call(lambda: self._tokenized(request))
            if counted is not None:
                return TokenCount(counted, "server tokenizer", True, counted, counted)
            self._tokenizes = False
        if self.spec.leaves_machine:
            raise ModelError("the server has no count endpoint.", where=self.spec.name)
        body = self._body(request) | {self._limit_name(): 1}
        completion = self.retries.call(lambda: self._send(body))
        if completion.usage is None or not completion.usage.prompt_tokens:
            raise ModelError("the server reports no usage.", where=self.spec.name)
        n = int(completion.usage.prompt_tokens)
        return TokenCount(n, "server usage", True, n, n)

    def describe(self) -> Mapping[str, str]:
        """SDK version, address, threads, and which model a server of one's own says it has loaded,
        for which it is asked.

        Raises:
            ModelError: another one than when this run began, or nobody answers.
        """
        import openai

        if not self._hosted:
            self.retries.call(self._served.check)
        return {
            "sdk": f"openai {openai.__version__}",
            "address": self._address,
            "threads": str(self._threads),
            "served": self._served.entry,
        }

    def close(self) -> None:
        """Close the client's connections."""
        close_quietly(self._client.close)

    def _ask(self, request: Request) -> Reply:
        self._served.check_if_doubted()
        completion = self._logprobs.ask(
            request, lambda n: self._send(self._body(request) | _wanting(n))
        )
        if not self._hosted:
            self._served.check_name(str(completion.model or ""))
        if not completion.choices or not isinstance(completion.choices, list):
            raise self._garbled("no choice")
        choice = completion.choices[0]
        usage = _usage(completion.usage)
        finish = _FINISH.get(str(choice.finish_reason or ""), "error")
        detail = "" if finish == "stop" else f"finish reason {choice.finish_reason}"
        message = choice.message
        if message is None or not hasattr(message, "content"):
            raise self._garbled("no message")
        text = _words(message.content)
        if text is None:
            raise self._garbled("its content is not text")
        if refusal := getattr(message, "refusal", None):
            finish, detail = "refusal", str(refusal)
        printed = str(completion.system_fingerprint or "")
        larger = "" if self._hosted else larger_context(fingerprint=printed)
        if cut := self._cut(request, usage):
            text, finish, detail = "", "error", f"{cut} {larger}".strip()
        elif finish == "length" and 0 < usage.output < self.spec.reply_limit(request.max_tokens):
            detail = f"{detail}: its context was full after {usage.output} tokens. {larger}".strip()
        elif not usage.prompt:
            detail = f"{detail} the server reports no usage".strip()
        return Reply(
            key=request.key,
            text=text,
            finish=finish,
            usage=usage,
            seconds=0.0,
            model=str(completion.model or ""),
            detail=self._scrub(detail),
            likelihoods=likelihoods(request, text, _tokens(choice)) if finish == "stop" else None,
        )

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.spec.model_id,
            "messages": [{"role": t.role, "content": t.content} for t in request.messages],
            self._limit_name(): self.spec.reply_limit(request.max_tokens),
        }
        if not self._openais:  # OpenAI's own reasoning models refuse both
            body |= {"temperature": request.temperature, "seed": request.seed}
        if request.stop:
            body["stop"] = list(request.stop)
        if request.schema:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.purpose,
                    "strict": True,
                    "schema": json.loads(request.schema),
                },
            }
        return body

    def _limit_name(self) -> str:
        """OpenAI renamed the limit; the other servers know the old name only."""
        return "max_completion_tokens" if self._openais else "max_tokens"

    def _cut(self, request: Request, usage: Usage) -> str:
        """Why the prompt must have been cut by the server, "" when it was not."""
        shown = self.spec.provider.shows_schema(self.spec)
        ours = self.count(request if shown else replace(request, schema=""))
        if usage.prompt == 0 or not self._sizes.were_cut(
            ours=ours.n, low=ours.low, reported=usage.prompt
        ):
            return ""
        return (
            f"the server read {usage.prompt} prompt tokens where we count {ours.n} "
            f"({ours.counter}): it cut the prompt."
        )

    def _tokenized(self, request: Request) -> int | None:
        """What vLLM's endpoint beside the protocol's root counts, None where there is none."""
        url = f"{self._address.rstrip('/').removesuffix('/v1')}/tokenize"
        body = self._body(request)
        asked = {"model": body["model"], "messages": body["messages"]}
        try:
            found = self._mapped(lambda: self._client.post(url, cast_to=object, body=asked))
        except RequestError:
            return None
        except ModelError as error:
            if error.retryable:
                raise
            return None
        n = found.get("count") if isinstance(found, dict) else None
        return n if isinstance(n, int) and n > 0 else None

    def _entry(self) -> str:
        """What the server's list says of this model, "" where it has none."""
        try:
            listed = self._mapped(lambda: list(self._client.models.list()))
        except (UnreachableError, SilentError):
            raise
        except ModelError:
            return ""
        return entry_of(
            self.spec.model_id, [entry.model_dump(mode="json", warnings=False) for entry in listed]
        )

    def _send(self, body: dict[str, Any]) -> Any:
        """One completion."""
        import openai

        raw = self._mapped(lambda: self._client.chat.completions.with_raw_response.create(**body))
        try:
            completion = raw.parse()
        except (openai.OpenAIError, ValueError, TypeError) as exc:
            if raw.text.lstrip().startswith("{"):
                raise self._unfinished(self._scrub(str(exc))) from exc
            raise self._garbled(self._scrub(str(exc)), raw.text) from exc
        if not isinstance(completion, openai.types.chat.ChatCompletion):
            raise self._garbled("not a JSON object", raw.text)
        return completion

    def _mapped(self, call: Callable[[], Any]) -> Any:
        """The one place where the SDK's exceptions become ours."""
        import httpx2
        import openai

        try:
            return call()
        except openai.APIStatusError as exc:
            # No quota left is a 429 that no waiting mends.
            status = 402 if exc.code == "insufficient_quota" else exc.status_code
            said = self._scrub(exc.message)
            error = status_error(
                status,
                said,
                where=self.spec.name,
                variable=self.variable,
                wait=retry_after(exc.response.headers, self._now()),
            )
            if isinstance(error, RequestError) and is_too_long(said) and not self._hosted:
                error.message = f"{error.message.rstrip('.')}."
                error.next = larger_context(refusal=said)
            raise error from exc
        except (openai.APIConnectionError, httpx2.TransportError) as exc:
            self._served.doubt()
            raise self._connection_error(exc) from exc
        except (openai.APIResponseValidationError, ValueError) as exc:
            raise self._garbled(self._scrub(str(exc))) from exc
        except openai.OpenAIError as exc:
            raise ModelError(self._scrub(str(exc)), where=self.spec.name) from exc


def _wanting(n: int) -> dict[str, Any]:
    """What is added to a question for the log-probabilities of so many alternatives a token."""
    return {"logprobs": True, "top_logprobs": n} if n else {}


def _tokens(choice: Any) -> list[TokenTold]:
    """The reply's tokens with their log-probabilities; none where they have no such shape."""
    try:
        return as_told(
            {
                "token": one.token,
                "logprob": one.logprob,
                "others": [
                    {"token": other.token, "logprob": other.logprob}
                    for other in one.top_logprobs or ()
                ],
            }
            for one in choice.logprobs.content or ()
        )
    except (AttributeError, TypeError):
        return []


def _usage(found: openai.types.CompletionUsage | None) -> Usage:
    """Cached tokens are part of the prompt count."""
    if found is None or not hasattr(found, "prompt_tokens"):
        return Usage()
    cached = n_tokens(getattr(getattr(found, "prompt_tokens_details", None), "cached_tokens", 0))
    prompt = n_tokens(found.prompt_tokens)
    output = n_tokens(getattr(found, "completion_tokens", 0))
    return Usage(max(0, prompt - cached), output, min(cached, prompt))


def _words(content: object) -> str | None:
    """The text of a reply's content, also where it comes in parts; None where it has none."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list):
        parts = [one if isinstance(one, str) else _part(one) for one in content]
        return None if None in parts else "".join(map(str, parts))
    return None


def _part(part: object) -> str | None:
    text = part.get("text") if isinstance(part, dict) else getattr(part, "text", None)
    return text if isinstance(text, str) else None


open_model = OpenAIModel
