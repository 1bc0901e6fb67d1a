"""Gemini through the google-genai SDK: response schema, thinking budget, batches.

Facts of the installed SDK (google-genai 3.4) that shape this file: it ignores ``retry-after``,
which stands in the headers or in the error's ``RetryInfo``; a wrong key is a 400 with the reason
``API_KEY_INVALID``; a client that nobody holds closes itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.calls import Batch, FinishReason, Reply, Request, TokenCount, Usage
from pipeline.config.egress import without_password
from pipeline.models import ModelSpec, Provider
from pipeline.providers.base import ModelOptions
from pipeline.providers.remote.batches import Arrival, BatchLimits, BatchProgress
from pipeline.providers.remote.cloud import THREADS, Cloud, close_quietly, failed, n_tokens
from pipeline.providers.remote.logprobs import Asking, TokenTold, as_told, likelihoods
from pipeline.providers.remote.retries import Retries, retry_after, shorten, status_error

if TYPE_CHECKING:
    import httpx2
    from google.genai import errors, types

PROVIDER = Provider(
    name="gemini",
    place="elsewhere",
    part="cloud",
    modules=("google.genai", "httpx2"),
    package="google-genai",
    key=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    address="https://generativelanguage.googleapis.com/",
    address_variable="GEMINI_BASE_URL",
    batches=True,
    price_id="google",
)

#: Finish reasons that are neither the end nor the limit: a filter stopped the reply.
_REFUSED = frozenset(
    ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION"]
)
#: The smallest thinking budget that models which always think accept.
_LEAST_BUDGET = 128
#: Thinks as much as it likes when nothing is said, and need not think at all.
_THINKS_UNLESS_TOLD = "gemini-2.5-flash"
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiModel(Cloud):
    """``gemini/…`` models. See :class:`~pipeline.providers.remote.cloud.Cloud` for arguments and
    errors."""

    #: 20 MB for requests inside the call by the provider's word, less what JSON adds.
    batch_limits = BatchLimits(10_000, 15_000_000)

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        *,
        retries: Retries | None = None,
        threads: int = THREADS,
        timeout: httpx2.Timeout | None = None,
    ) -> None:
        from google import genai
        from google.genai import types

        super().__init__(spec, options, retries=retries, threads=threads, timeout=timeout)
        self._address = options.base_url or spec.provider.address
        self._logprobs = Asking()
        self._client = genai.Client(
            api_key=options.key,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self._address,
                timeout=int((self.timeout.read or 0) * 1000) or None,
                retry_options=types.HttpRetryOptions(attempts=1),
                client_args={"event_hooks": self._bodies.hooks},
            ),
        )

    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by the count endpoint.

        The endpoint of API keys counts no system instruction, so the system turn is sent as text.
        """
        from google.genai import types

        contents = [
            types.Content(
                role="model" if turn.role == "assistant" else "user",
                parts=[types.Part(text=turn.content)],
            )
            for turn in request.messages
        ]
        found = self.retries.call(
            lambda: self._mapped(
                lambda: self._client.models.count_tokens(
                    model=self.spec.model_id, contents=contents
                )
            )
        )
        n = int(found.total_tokens or 0)
        return TokenCount(n, "gemini countTokens", False, n, n)

    def describe(self) -> Mapping[str, str]:
        """SDK version, address and threads."""
        from google import genai

        return {
            "sdk": f"google-genai {genai.version.__version__}",
            "address": without_password(self._address),
            "threads": str(self._threads),
        }

    def close(self) -> None:
        """Close the client's connections."""
        close_quietly(self._client.close)

    def submit(self, batch: Batch, requests: Sequence[Request]) -> str:
        """Hand a batch over under our own name for it; a request's key is in its metadata."""
        from google.genai import types

        entries = [
            types.InlinedRequest(contents=contents, config=config, metadata={"key": request.key})
            for request in requests
            for contents, config in [self._prompt(request)]
        ]
        made = self._mapped(
            lambda: self._client.batches.create(
                model=self.spec.model_id,
                src=types.BatchJobSource(inlined_requests=entries),
                config=types.CreateBatchJobConfig(display_name=batch.id),
            )
        )
        return str(made.name)

    def find_submitted(self, batch: Batch, known: frozenset[str]) -> Arrival:
        """The batch that bears our name."""
        from google.genai import types

        def search() -> str:
            jobs = self._client.batches.list(config=types.ListBatchJobsConfig(page_size=100))
            return next((str(job.name) for job in jobs if job.display_name == batch.id), "")

        return Arrival(self._mapped(search))

    def look(self, provider_id: str) -> BatchProgress:
        """Whether a batch has ended; the protocol tells no count before."""
        job = self._mapped(lambda: self._client.batches.get(name=provider_id))
        stats = job.completion_stats
        answered = (stats.successful_count or 0) + (stats.failed_count or 0) if stats else 0
        total = answered + ((stats.incomplete_count or 0) if stats else 0)
        return BatchProgress(answered, total, job.done)

    def collect(self, provider_id: str, requests: Mapping[str, Request]) -> Iterator[Reply]:
        """The results of an ended batch; a batch that failed as a whole fails every call."""
        job = self._mapped(lambda: self._client.batches.get(name=provider_id))
        entries = (job.dest.inlined_responses if job.dest else None) or []
        if not entries:
            state = (job.state.name if job.state else "unknown").removeprefix("JOB_STATE_").lower()
            said = self._scrub(job.error.message or "") if job.error else ""
            for request in requests.values():
                yield failed(request, f"the batch ended as {state}. {shorten(said)}".strip())
        for entry in entries:
            wanted = requests.get((entry.metadata or {}).get("key", ""))
            if wanted is None:
                continue
            if entry.response is not None:
                body = entry.response.model_dump_json(warnings=False)
                yield self._kept(self._reply(wanted, entry.response), body)
            else:
                said = self._scrub(
                    (entry.error.message if entry.error else "") or "no reason given"
                )
                yield failed(wanted, f"failed in the batch: {shorten(said)}")

    def _ask(self, request: Request) -> Reply:
        contents, config = self._prompt(request)

        def send(n: int) -> types.GenerateContentResponse:
            wanting = {"response_logprobs": True, "logprobs": n} if n else {}
            found: types.GenerateContentResponse = self._mapped(
                lambda: self._client.models.generate_content(
                    model=self.spec.model_id,
                    contents=contents,
                    config=config.model_copy(update=wanting),
                )
            )
            return found

        return self._reply(request, self._logprobs.ask(request, send))

    def _prompt(self, request: Request) -> tuple[list[types.Content], types.GenerateContentConfig]:
        """Everything that is sent for one reply."""
        from google.genai import types

        system = "\n\n".join(turn.content for turn in request.messages if turn.role == "system")
        contents = [
            types.Content(
                role="model" if turn.role == "assistant" else "user",
                parts=[types.Part(text=turn.content)],
            )
            for turn in request.messages
            if turn.role != "system"
        ]
        limit = self.spec.reply_limit(request.max_tokens)
        config = types.GenerateContentConfig(
            system_instruction=system or None,
            max_output_tokens=limit,
            temperature=request.temperature,
            seed=request.seed,
            stop_sequences=list(request.stop) or None,
        )
        if self.spec.thinking:
            # What the limit has room for beside the reply, so that thoughts cannot eat it up.
            room = limit - min(request.max_tokens, limit)
            config.thinking_config = types.ThinkingConfig(thinking_budget=max(room, _LEAST_BUDGET))
        elif self.spec.model_id.startswith(_THINKS_UNLESS_TOLD):
            config.thinking_config = types.ThinkingConfig(thinking_budget=0)
        if request.schema:
            config.response_mime_type = "application/json"
            config.response_json_schema = json.loads(request.schema)
        return contents, config

    def _reply(self, request: Request, response: types.GenerateContentResponse) -> Reply:
        text, finish, detail = _read(response)
        return Reply(
            key=request.key,
            text=text,
            finish=finish,
            usage=_usage(response.usage_metadata),
            seconds=0.0,
            model=response.model_version or "",
            detail=self._scrub(detail),
            likelihoods=likelihoods(request, text, _tokens(response)) if finish == "stop" else None,
        )

    def _mapped(self, call: Callable[[], Any]) -> Any:
        """The one place where the SDK's exceptions become ours."""
        import httpx2
        import pydantic
        from google.genai import errors

        try:
            return call()
        except errors.APIError as exc:
            text = f"{exc.message or ''} {exc.details}"
            wrong_key = exc.code == 400 and ("API_KEY_INVALID" in text or "API key" in text)
            raise status_error(
                401 if wrong_key else exc.code,
                self._scrub(exc.message or str(exc)),
                where=self.spec.name,
                variable=self.variable,
                wait=_retry_after(exc, self._now()),
            ) from exc
        except httpx2.TransportError as exc:
            raise self._connection_error(exc) from exc
        except (errors.UnknownApiResponseError, ValueError) as exc:
            said = str(exc)
            if isinstance(exc, json.JSONDecodeError) and exc.doc.lstrip()[:1] not in ("{", "["):
                raise self._garbled(self._scrub(said), exc.doc) from exc
            if isinstance(exc, pydantic.ValidationError):
                raise self._garbled(self._scrub(said)) from exc
            raise self._unfinished(self._scrub(said)) from exc


def _read(response: types.GenerateContentResponse) -> tuple[str, FinishReason, str]:
    """Text, finish reason and detail of a response."""
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        return "", "refusal", f"the prompt was blocked: {feedback.block_reason.value}"
    if not response.candidates:
        return "", "error", "the reply holds no candidate"
    candidate = response.candidates[0]
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text or "" for part in parts if not part.thought)
    reason = candidate.finish_reason.value if candidate.finish_reason else "none"
    if reason == "STOP":
        return text, "stop", ""
    detail = f"finish reason {reason}"
    if reason == "MAX_TOKENS":
        return text, "length", detail
    if reason in _REFUSED:
        return text, "refusal", detail
    return text, "error", detail


def _tokens(response: types.GenerateContentResponse) -> list[TokenTold]:
    """The reply's tokens with their log-probabilities; none where they have no such shape."""
    told = response.candidates[0].logprobs_result if response.candidates else None
    if told is None or not told.chosen_candidates:
        return []
    others = told.top_candidates or []
    if len(others) != len(told.chosen_candidates):
        return []
    return as_told(
        {
            "token": one.token,
            "logprob": one.log_probability,
            "others": [
                {"token": other.token, "logprob": other.log_probability}
                for other in top.candidates or ()
            ],
        }
        for one, top in zip(told.chosen_candidates, others, strict=True)
    )


def _usage(found: types.GenerateContentResponseUsageMetadata | None) -> Usage:
    """Thoughts are billed as output; cached tokens are part of the prompt count."""
    if found is None:
        return Usage()
    prompt = n_tokens(found.prompt_token_count)
    cached = min(prompt, n_tokens(found.cached_content_token_count))
    return Usage(
        input=prompt - cached,
        output=n_tokens(found.candidates_token_count) + n_tokens(found.thoughts_token_count),
        cache_read=cached,
    )


def _retry_after(exc: errors.APIError, now: datetime) -> float | None:
    """Seconds to wait, from the headers or from ``RetryInfo.retryDelay`` ("17s")."""
    headers = getattr(exc.response, "headers", None) or {}
    told = retry_after(headers, now)
    if told is not None or not isinstance(exc.details, dict):
        return told
    for entry in (exc.details.get("error") or {}).get("details") or []:
        match = _SECONDS.fullmatch(str(entry.get("retryDelay", "")))
        if match:
            return float(match[1])
    return None


open_model = GeminiModel
