"""The shapes of three protocols: what a prompt is read from, and what a reply, a batch and its
results look like on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.providers import HeldBatch, Provider


def tokens(text: str) -> int:
    """What this server calls the tokens of a text: a quarter of its characters."""
    return max(1, len(text) // 4)


def claude_prompt(body: Mapping[str, Any]) -> str:
    """The last turn of a request."""
    return str(body["messages"][-1]["content"][-1]["text"])


def claude_text(body: Mapping[str, Any]) -> str:
    """All text of a request."""
    blocks = [*body.get("system", []), *(b for m in body["messages"] for b in m["content"])]
    return "".join(block["text"] for block in blocks)


def claude_usage(provider: Provider, body: Mapping[str, Any]) -> dict[str, int]:
    """Prompt tokens, the marked prefix written to the cache once and read ever after."""
    blocks = [*body.get("system", []), *(b for m in body["messages"] for b in m["content"])]
    marked = [place for place, block in enumerate(blocks) if "cache_control" in block]
    total = provider.reports(tokens(claude_text(body)))
    if not marked:
        return {"input_tokens": total}
    prefix = "".join(block["text"] for block in blocks[: marked[-1] + 1])
    n = provider.reports(tokens(prefix))
    with provider.lock:
        read = prefix in provider.prefixes
        provider.prefixes.add(prefix)
    kind = "cache_read_input_tokens" if read else "cache_creation_input_tokens"
    return {"input_tokens": total - n, kind: n}


def claude_message(
    provider: Provider, body: Mapping[str, Any], text: str, stop: str
) -> dict[str, Any]:
    """A whole reply."""
    reasons = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "m"),
        "content": [{"type": "text", "text": text}],
        "stop_reason": reasons[stop],
        "stop_sequence": None,
        "usage": {**claude_usage(provider, body), "output_tokens": provider.reports(tokens(text))},
    }


def claude_stream(provider: Provider, body: Mapping[str, Any], text: str, stop: str) -> bytes:
    """A reply as the events of a stream."""
    message = claude_message(provider, body, text, stop)
    block = {"type": "text", "text": ""}
    events: list[dict[str, Any]] = [
        {
            "type": "message_start",
            "message": {**message, "content": [], "stop_reason": None},
        },
        {"type": "content_block_start", "index": 0, "content_block": block},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": text},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
            "usage": {"output_tokens": message["usage"]["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()


def claude_batch(provider: Provider, batch: HeldBatch) -> dict[str, Any]:
    """A batch, without its results."""
    ended, n = provider.ended(batch), len(batch.entries)
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    counts["succeeded" if ended else "processing"] = n
    results = f"{provider.url}/v1/messages/batches/{batch.id}/results"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": "ended" if ended else "in_progress",
        "request_counts": counts,
        "created_at": batch.created.isoformat(),
        "expires_at": (batch.created + timedelta(days=1)).isoformat(),
        "ended_at": datetime.now(UTC).isoformat() if ended else None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": results if ended else None,
    }


def claude_list(provider: Provider, after: str = "", limit: int = 20) -> dict[str, Any]:
    """A page of the batches there are, the newest first."""
    found = [claude_batch(provider, batch) for batch in reversed(provider.batches)]
    start = next((n for n, batch in enumerate(found, 1) if batch["id"] == after), 0)
    page = found[start : start + limit]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
    return {"first_id": None, "last_id": None, **ends,
            "data": page, "has_more": start + limit < len(found)}  # fmt: skip


def claude_result(
    provider: Provider, key: str, prompt: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """One line of the results of a batch."""
    ending = provider.entry(prompt)
    result: dict[str, Any] = {"type": ending}
    if ending == "errored":
        error = {"type": "invalid_request_error", "message": "this entry failed"}
        result["error"] = {"type": "error", "error": error, "request_id": None}
    elif not ending:
        message = claude_message(provider, body, provider.answer(prompt), "stop")
        result = {"type": "succeeded", "message": message}
    return {"custom_id": key, "result": result}


def gemini_prompt(body: Mapping[str, Any]) -> str:
    """The last turn of a request."""
    return str(body["contents"][-1]["parts"][-1]["text"])


def gemini_text(body: Mapping[str, Any]) -> str:
    """All text of a request."""
    turns = [body.get("systemInstruction", {}), *body["contents"]]
    return "".join(part["text"] for turn in turns for part in turn.get("parts", []))


def gemini_response(
    provider: Provider, body: Mapping[str, Any], text: str, stop: str
) -> dict[str, Any]:
    """A whole reply."""
    reasons = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}
    n_prompt = provider.reports(tokens(json.dumps(body)))
    n_reply = provider.reports(tokens(text))
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": text}]},
                "finishReason": reasons[stop],
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": n_prompt,
            "candidatesTokenCount": n_reply,
            "totalTokenCount": n_prompt + n_reply,
        },
        "modelVersion": "m",
    }


def gemini_job(provider: Provider, batch: HeldBatch) -> dict[str, Any]:
    """A batch, with its results once it has ended."""
    ended = provider.ended(batch)
    metadata: dict[str, Any] = {
        "name": batch.id,
        "displayName": batch.name,
        "state": "BATCH_STATE_SUCCEEDED" if ended else "BATCH_STATE_RUNNING",
        "createTime": batch.created.isoformat(),
    }
    if ended:
        results = [gemini_result(provider, *entry) for entry in batch.entries]
        metadata["output"] = {"inlinedResponses": {"inlinedResponses": results}}
        if results and all(provider.entry(prompt) == "expired" for _, prompt, _ in batch.entries):
            metadata |= {"state": "BATCH_STATE_EXPIRED", "output": {}}
    return {"name": batch.id, "metadata": metadata, "done": ended}


def gemini_result(
    provider: Provider, key: str, prompt: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """One result of a batch."""
    if provider.entry(prompt):
        return {"metadata": {"key": key}, "error": {"code": 13, "message": "this entry failed"}}
    response = gemini_response(provider, body, provider.answer(prompt), "stop")
    return {"metadata": {"key": key}, "response": response}


def openai_completion(
    provider: Provider, body: Mapping[str, Any], text: str, stop: str
) -> dict[str, Any]:
    """A whole reply."""
    n_prompt = provider.reports(tokens("".join(m["content"] for m in body["messages"])))
    n_reply = provider.reports(tokens(text))
    message = {"role": "assistant", "content": text}
    if stop == "refusal":
        message["refusal"] = "I will not."
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": provider.alias or body.get("model", "m"),
        "choices": [
            {
                "index": 0,
                "finish_reason": "length" if stop == "length" else "stop",
                "message": message,
            }
        ],
        "usage": {
            "prompt_tokens": n_prompt,
            "completion_tokens": n_reply,
            "total_tokens": n_prompt + n_reply,
        },
    }
