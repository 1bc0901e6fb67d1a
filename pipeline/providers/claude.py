"""Claude through the anthropic SDK: structured output, prompt caching, streams, Message Batches.

Facts of the installed SDK (anthropic 2.11) that shape this file: ``messages`` takes no
``temperature``; the schema goes into ``output_config.format``; an error can arrive inside a
stream whose HTTP status is 200. Replies are streamed because a long one outlives any single
read time-out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pipeline.calls import Batch, FinishReason, Message, Reply, Request, TokenCount, Usage
from pipeline.config.egress import without_password
from pipeline.errors import ModelError
from pipeline.models import ModelSpec, Provider
from pipeline.providers.base import ModelOptions
from pipeline.providers.remote.batches import Arrival, BatchLimits, BatchProgress
from pipeline.providers.remote.cloud import THREADS, Cloud, close_quietly, failed, n_tokens
from pipeline.providers.remote.retries import (
    Retries,
    broken_off,
    retry_after,
    server_time,
    shorten,
    status_error,
)

if TYPE_CHECKING:
    import anthropic
    import httpx2

PROVIDER = Provider(
    name="claude",
    place="elsewhere",
    part="cloud",
    modules=("anthropic", "httpx2"),
    package="anthropic",
    key=("ANTHROPIC_API_KEY",),
    address="https://api.anthropic.com",
    address_variable="ANTHROPIC_BASE_URL",
    batches=True,
    marks_cache=True,
    price_id="anthropic",
)

_FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}

#: Error types of the protocol and the HTTP status they stand for, for errors inside a stream.
_STATUS = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "api_error": 500,
    "authentication_error": 401,
    "permission_error": 403,
    "billing_error": 402,
    "not_found_error": 404,
}

#: Why an entry of a batch has no reply.
_UNANSWERED = {
    "expired": "the batch expired before this call was answered",
    "canceled": "the batch was cancelled before this call was answered",
}
#: How far two looks at the clocks may differ, and how long handing a batch over may take.
_SKEW = timedelta(minutes=2)
_HANDOVER = timedelta(minutes=30)
#: The newest batches of an account that one is looked for among: pages, and of how many.
_PAGES, _PAGE = 20, 100


class ClaudeModel(Cloud):
    """``claude/…`` models. See :class:`~pipeline.providers.remote.cloud.Cloud` for arguments and
    errors."""

    _cached_counts = False
    #: 256 MB by the provider's word, less what JSON adds.
    batch_limits = BatchLimits(100_000, 200_000_000)

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        *,
        retries: Retries | None = None,
        threads: int = THREADS,
        timeout: httpx2.Timeout | None = None,
    ) -> None:
        import anthropic

        super().__init__(spec, options, retries=retries, threads=threads, timeout=timeout)
        self._address = options.base_url or spec.provider.address
        self._cache_filled = False
        #: Ended batches of the account that hold none of the requests that were looked for.
        self._foreign: set[str] = set()
        self._client = anthropic.Anthropic(
            api_key=options.key,
            base_url=self._address,
            timeout=self.timeout,
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(
                timeout=self.timeout, event_hooks=self._bodies.hooks
            ),
        )

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """As :meth:`Cloud.complete`; the very first request goes alone when its prefix is cached.

        Requests sent together would each pay for writing the same cache entry: it can be read
        only after the first reply has begun.
        """
        waiting = iter(requests)
        if not self._cache_filled:
            first = list(islice(waiting, 1))
            if first and self._cached_turns(first[0]):
                yield from super().complete(first, progress)
                self._cache_filled = True
            else:
                waiting = chain(first, waiting)
        yield from super().complete(waiting, progress)

    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by the count endpoint: free, an estimate by its documentation."""
        body = self._prompt(request)
        if request.schema:
            body["output_config"] = _schema(request)
        found = self.retries.call(
            lambda: self._mapped(lambda: self._client.messages.count_tokens(**body))
        )
        n: int = found.input_tokens
        return TokenCount(n, "anthropic count_tokens", False, n, n)

    def describe(self) -> Mapping[str, str]:
        """SDK version, address and threads."""
        import anthropic

        return {
            "sdk": f"anthropic {anthropic.__version__}",
            "address": without_password(self._address),
            "threads": str(self._threads),
        }

    def close(self) -> None:
        """Close the client's connections."""
        close_quietly(self._client.close)

    def submit(self, batch: Batch, requests: Sequence[Request]) -> str:
        """Hand a batch over; a request's key is its ``custom_id``."""
        entries: list[Any] = [{"custom_id": r.key, "params": self._body(r)} for r in requests]
        made: Any = self._mapped(lambda: self._client.messages.batches.create(requests=entries))
        if isinstance(made, str):  # a proxy's page, which the SDK hands on
            raise self._garbled("it is a page, not a batch", made)
        return str(made.id)

    def find_submitted(self, batch: Batch, known: frozenset[str]) -> Arrival:
        """A batch that nobody knows, of the same size, that holds our requests.

        The protocol gives batches no name, and tells the ids of requests, which are our mark, when
        a batch has ended: whenever that was made. Those that have not, and were made when ours was
        by the provider's clock, are undecided.
        """

        def newest() -> tuple[datetime, list[Any]]:
            told = self._client.messages.batches.with_raw_response.list(limit=_PAGE)
            now = self._now()
            first: Any = told.parse()
            if isinstance(first, str):
                raise self._unfinished("it is a page, not a list of batches")
            pages = islice(first.iter_pages(), _PAGES)
            listed = [made for page in pages for made in page.data]
            return batch.created + (server_time(told.headers, now) - now), listed

        created, listed = self._mapped(newest)
        alike = [
            made
            for made in listed
            if made.id not in known | self._foreign and _size(made) == len(batch.keys)
        ]
        for made in alike:
            if made.processing_status == "ended" and made.results_url:
                results = self._mapped(partial(self._results, made.id))
                if any(entry.custom_id in batch.keys for entry in results):
                    return Arrival(str(made.id))
                self._foreign.add(made.id)
        return Arrival(
            undecided=tuple(
                str(made.id)
                for made in alike
                if made.processing_status != "ended"
                and created - _SKEW <= made.created_at <= created + _HANDOVER
            )
        )

    def look(self, provider_id: str) -> BatchProgress:
        """How far a batch is; its counts move only when all of it has ended."""
        found: Any = self._mapped(lambda: self._client.messages.batches.retrieve(provider_id))
        if isinstance(found, str):
            raise self._unfinished("it is a page, not a batch")
        total = _size(found)
        answered = total - found.request_counts.processing
        return BatchProgress(answered, total, found.processing_status == "ended")

    def collect(self, provider_id: str, requests: Mapping[str, Request]) -> Iterator[Reply]:
        """The results of an ended batch; only succeeded entries are billed."""
        for entry in self._mapped(lambda: self._results(provider_id)):
            request = requests.get(entry.custom_id)
            if request is None:
                continue
            result = entry.result
            if result.type == "succeeded":
                body = str(result.message.model_dump_json(warnings=False))
                try:
                    reply = self._reply(request, result.message)
                except ModelError as garbled:  # asking again would bring the same
                    reply = failed(request, str(garbled))
                yield self._kept(reply, body)
            elif result.type == "errored":
                said = self._scrub(result.error.error.message)
                yield failed(request, f"failed in the batch: {shorten(said)}")
            else:
                yield failed(request, _UNANSWERED.get(result.type, f"in the batch: {result.type}"))

    def _results(self, provider_id: str) -> list[Any]:
        return list(self._client.messages.batches.results(provider_id))

    def _ask(self, request: Request) -> Reply:
        body = self._body(request)

        def ask() -> anthropic.types.Message:
            with self._client.messages.stream(**body) as stream:
                kind = stream.response.headers.get("content-type", "")
                if "event-stream" not in kind:  # a proxy's page
                    raise self._garbled(
                        f"it is {kind or 'of no kind'}",
                        stream.response.read().decode(errors="replace"),
                    )
                return stream.get_final_message()

        return self._reply(request, self._mapped(ask))

    def _reply(self, request: Request, message: anthropic.types.Message) -> Reply:
        if message.stop_reason is None:
            raise self._unfinished("the stream ended before the reply did")
        finish = _FINISH.get(message.stop_reason, "error")
        detail = "" if finish == "stop" else f"stop reason {message.stop_reason}"
        if message.stop_details is not None and message.stop_details.explanation:
            detail = f"{detail}: {message.stop_details.explanation}"
        usage = message.usage
        return Reply(
            key=request.key,
            text="".join(block.text for block in message.content if block.type == "text"),
            finish=finish,
            usage=Usage(
                input=n_tokens(usage.input_tokens),
                output=n_tokens(usage.output_tokens),
                cache_read=n_tokens(usage.cache_read_input_tokens),
                cache_write=n_tokens(usage.cache_creation_input_tokens),
            ),
            seconds=0.0,
            model=str(message.model or ""),
            detail=self._scrub(detail),
        )

    def _body(self, request: Request) -> dict[str, Any]:
        """Everything that is sent for one reply."""
        body = self._prompt(request)
        body["max_tokens"] = self.spec.reply_limit(request.max_tokens)
        if request.schema:
            body["output_config"] = _schema(request)
        stops = [stop for stop in request.stop if stop.strip()]
        if stops:
            body["stop_sequences"] = stops
        return body

    def _prompt(self, request: Request) -> dict[str, Any]:
        """Model, system and messages, with the shared prefix marked for the cache."""
        cached = self._cached_turns(request)
        system: list[dict[str, Any]] = []
        messages: list[dict[str, Any]] = []
        for place, turn in enumerate(request.messages, start=1):
            block: dict[str, Any] = {"type": "text", "text": turn.content}
            if place == cached:
                block["cache_control"] = {"type": "ephemeral"}
            if turn.role == "system":
                system.append(block)
            else:
                messages.append({"role": turn.role, "content": [block]})
        body: dict[str, Any] = {"model": self.spec.model_id, "messages": messages}
        if system:
            body["system"] = system
        return body

    def _cached_turns(self, request: Request) -> int:
        """How many leading turns to cache: the shared ones if they reach the model's minimum,
        below which a cache mark is silently ignored; else none."""
        if request.shared == 0 or self.spec.min_cacheable == 0:
            return 0
        prefix = Request(
            **{
                name: getattr(request, name)
                for name in ("model", "revision", "purpose", "prompt", "prompt_sha256")
            },
            messages=tuple(Message(*turn) for turn in request.messages[: request.shared]),
            max_tokens=1,
        )
        return request.shared if self.count(prefix).n >= self.spec.min_cacheable else 0

    def _mapped(self, call: Callable[[], Any]) -> Any:
        """The one place where the SDK's exceptions become ours."""
        import anthropic
        import httpx2

        try:
            return call()
        except anthropic.APIStatusError as exc:
            begun = exc.status_code < 400  # an error inside a stream
            status = _STATUS.get(exc.type or "", 500) if begun else exc.status_code
            error = status_error(
                status,
                self._scrub(exc.api_message or str(exc)),
                where=self.spec.name,
                variable=self.variable,
                wait=retry_after(exc.response.headers, self._now()),
            )
            raise (broken_off(error) if begun and error.retryable else error) from exc
        except (anthropic.APIConnectionError, httpx2.TransportError) as exc:
            raise self._connection_error(exc) from exc
        except ValueError as exc:
            raise self._unfinished(self._scrub(str(exc))) from exc
        except anthropic.APIResponseValidationError as exc:
            raise self._garbled(self._scrub(str(exc)), str(exc.body or "")) from exc
        except anthropic.AnthropicError as exc:
            raise ModelError(self._scrub(str(exc)), where=self.spec.name) from exc


def _schema(request: Request) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": json.loads(request.schema)}}


def _size(batch: anthropic.types.messages.MessageBatch) -> int:
    """How many requests a batch holds."""
    counts = batch.request_counts
    done = counts.succeeded + counts.errored + counts.canceled + counts.expired
    return counts.processing + done


open_model = ClaudeModel
