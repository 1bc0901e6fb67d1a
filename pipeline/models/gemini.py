"""Gemini through the google-genai SDK: response schema, thinking billed as output.

Facts of the installed SDK (google-genai 3.4) that shape this file: it ignores ``retry-after``,
which stands in the headers or in the error's ``RetryInfo``; a wrong key is a 400 with the reason
``API_KEY_INVALID``; a client that nobody holds closes itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.catalog import ModelSpec
from pipeline.models.base import ModelOptions
from pipeline.models.cloud import TIMEOUT, Cloud, close_quietly
from pipeline.models.retries import Retries, retry_after, status_error

ADDRESS = "https://generativelanguage.googleapis.com/"

#: Finish reasons that are neither the end nor the limit: a filter stopped the reply.
_REFUSED = frozenset(
    ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION"]
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class GeminiModel(Cloud):
    """``gemini/…`` models. See :class:`~pipeline.models.cloud.Cloud` for arguments and errors."""

    variable = "GEMINI_API_KEY"

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        *,
        retries: Retries | None = None,
        threads: int = 4,
        timeout: httpx2.Timeout = TIMEOUT,
    ) -> None:
        super().__init__(spec, options, retries=retries, threads=threads, timeout=timeout)
        self._address = options.base_url or ADDRESS
        self._client = genai.Client(
            api_key=options.key,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self._address,
                timeout=int((timeout.read or 0) * 1000) or None,
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )

    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by the count endpoint.

        The endpoint of API keys counts no system instruction, so the system turn is sent as text.
        """
        contents = [
            types.Content(
                role="model" if turn.role == "assistant" else "user",
                parts=[types.Part(text=turn.content)],
            )
            for turn in request.messages
        ]
        found = self._retries.call(
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
        return {
            "sdk": f"google-genai {genai.version.__version__}",
            "address": self._address,
            "threads": str(self._threads),
        }

    def close(self) -> None:
        """Close the client's connections."""
        close_quietly(self._client.close)

    def _ask(self, request: Request) -> Reply:
        system = "\n\n".join(turn.content for turn in request.messages if turn.role == "system")
        contents = [
            types.Content(
                role="model" if turn.role == "assistant" else "user",
                parts=[types.Part(text=turn.content)],
            )
            for turn in request.messages
            if turn.role != "system"
        ]
        config = types.GenerateContentConfig(
            system_instruction=system or None,
            max_output_tokens=self.spec.reply_limit(request.max_tokens),
            temperature=request.temperature,
            seed=request.seed,
            stop_sequences=list(request.stop) or None,
        )
        if request.schema:
            config.response_mime_type = "application/json"
            config.response_json_schema = json.loads(request.schema)
        response = self._mapped(
            lambda: self._client.models.generate_content(
                model=self.spec.model_id, contents=contents, config=config
            )
        )
        text, finish, detail = _read(response)
        return Reply(
            key=request.key,
            text=text,
            finish=finish,
            usage=_usage(response.usage_metadata),
            seconds=0.0,
            model=response.model_version or "",
            detail=self._scrub(detail),
        )

    def _mapped(self, call: Callable[[], Any]) -> Any:
        """The one place where the SDK's exceptions become ours."""
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
                wait=_retry_after(exc),
            ) from exc
        except httpx2.TransportError as exc:
            raise self._connection_error(exc) from exc
        except (errors.UnknownApiResponseError, ValueError) as exc:
            raise self._garbled(self._scrub(str(exc))) from exc


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


def _usage(found: types.GenerateContentResponseUsageMetadata | None) -> Usage:
    """Thoughts are billed as output; cached tokens are part of the prompt count."""
    if found is None:
        return Usage()
    cached = found.cached_content_token_count or 0
    return Usage(
        input=(found.prompt_token_count or 0) - cached,
        output=(found.candidates_token_count or 0) + (found.thoughts_token_count or 0),
        cache_read=cached,
    )


def _retry_after(exc: errors.APIError) -> float | None:
    """Seconds to wait, from the headers or from ``RetryInfo.retryDelay`` ("17s")."""
    headers = getattr(exc.response, "headers", None) or {}
    told = retry_after(headers, datetime.now(UTC))
    if told is not None or not isinstance(exc.details, dict):
        return told
    for entry in (exc.details.get("error") or {}).get("details") or []:
        match = _SECONDS.fullmatch(str(entry.get("retryDelay", "")))
        if match:
            return float(match[1])
    return None
