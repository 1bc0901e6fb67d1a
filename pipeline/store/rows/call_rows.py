"""What is asked, expected and answered, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, get_args

from pipeline.calls import FinishReason, Plan, Reply, Request, Usage
from pipeline.estimates import Estimate
from pipeline.store.connection.store_errors import reading
from pipeline.store.rows import Rows, content_hash, dollars, micro


def plan_row(plan: Plan, created: datetime) -> dict[str, Any]:
    """The head of a plan."""
    return {
        "sha256": plan.sha256,
        "strategy": plan.strategy,
        "model": plan.model,
        "n_stories": plan.n_stories,
        "n_clusters": plan.n_clusters,
        "n_calls": len(plan.calls),
        "limit_input": plan.limits.input_tokens,
        "limit_output": plan.limits.output_tokens,
        "limit_reason": plan.limits.reason,
        "parameters": dict(plan.parameters),
        "created": created,
    }


def request_row(request: Request) -> dict[str, Any]:
    """A request under its key, with everything that decides the reply."""
    return {
        "key": request.key,
        "model": request.model,
        "revision": request.revision,
        "purpose": request.purpose,
        "prompt": request.prompt,
        "prompt_sha256": request.prompt_sha256,
        "body": asdict(request),
    }


def planned_call_rows(plan: Plan) -> Rows:
    """The calls of a plan."""
    return [
        {
            "plan": plan.sha256,
            "position": position,
            "id": call.id,
            "stage": call.stage,
            "request": call.request.key,
            "handles": [list(pair) for pair in call.handles],
            "clusters": [list(handles) for handles in call.clusters],
            "input_tokens": call.input.n,
            "input_counter": call.input.counter,
            "input_exact": call.input.exact,
            "input_low": call.input.low,
            "input_high": call.input.high,
            "output_low": call.output.low,
            "output_likely": call.output.likely,
            "output_high": call.output.high,
            "found_by": ", ".join(plan.found_by.get(tuple(id for _, id in call.handles), ()))
            or None,
        }
        for position, call in enumerate(plan.calls)
    ]


def planned_skip_rows(plan: Plan) -> Rows:
    """The stories that are in no call."""
    return [
        {"plan": plan.sha256, "position": position, **skipped._asdict()}
        for position, skipped in enumerate(plan.skipped)
    ]


def estimate_row(
    run: str | None, corpus: str | None, estimate: Estimate, created: datetime
) -> dict[str, Any]:
    """An estimate under the hash of all it says, for whom."""
    usd = estimate.usd or (None, None, None)
    band = estimate.seconds_band or (None, None)
    learned = estimate.learned
    row: dict[str, Any] = {
        "run": run,
        "corpus": corpus,
        "plan_sha256": estimate.plan_sha256,
        "model": estimate.model,
        "strategy": estimate.strategy,
        "feasible": estimate.feasible,
        "reason": estimate.reason,
        "calls": estimate.calls,
        "journalled_calls": estimate.journalled_calls,
        "input_tokens": estimate.input_tokens.n,
        "input_counter": estimate.input_tokens.counter,
        "input_exact": estimate.input_tokens.exact,
        "input_low": estimate.input_tokens.low,
        "input_high": estimate.input_tokens.high,
        "output_low": estimate.output_tokens.low,
        "output_likely": estimate.output_tokens.likely,
        "output_high": estimate.output_tokens.high,
        "micro_usd_low": micro(usd[0]),
        "micro_usd_likely": micro(usd[1]),
        "micro_usd_high": micro(usd[2]),
        "micro_usd_batch": micro(estimate.usd_batch),
        "micro_usd_worst": micro(estimate.usd_worst),
        "micro_usd_energy": micro(estimate.usd_energy),
        "micro_usd_rent": micro(estimate.usd_rent),
        "price_date": estimate.price_date,
        "price_source": estimate.price_source,
        "notes": list(estimate.notes),
        "seconds": estimate.seconds,
        "seconds_low": band[0],
        "seconds_high": band[1],
        "peak_memory_bytes": estimate.peak_memory_bytes,
        "kwh": estimate.kwh,
        "past_runs": learned.runs or None,
        "past_timed_runs": learned.timed_runs or None,
        "input_factor": learned.input if learned.runs else None,
        "output_factor": learned.output if learned.runs else None,
        "seconds_factor": learned.seconds if learned.timed_runs else None,
    }
    return {"id": content_hash(row), **row, "created": created}


def reply_row(
    reply: Reply, *, run: str | None, good: bool, why: str, created: datetime
) -> dict[str, Any]:
    """A reply as it came back, and what we think of it."""
    row: dict[str, Any] = {
        "request": reply.key,
        "run": run,
        "good": good,
        "why": why,
        "text": reply.text,
        "finish": reply.finish,
        "model": reply.model,
        "detail": reply.detail,
        "input_tokens": reply.usage.input,
        "output_tokens": reply.usage.output,
        "cache_read_tokens": reply.usage.cache_read,
        "cache_write_tokens": reply.usage.cache_write,
        "micro_usd": micro(reply.usd),
        "seconds": reply.seconds,
    }
    if reply.likelihoods is not None:  # without any, a row's id is what it was before they came
        row["likelihoods"] = dict(reply.likelihoods)
    return {"id": content_hash(row), **row, "created": created}


def _check_unchanged(row: Mapping[str, Any]) -> None:
    """A reply's row is named by the hash of what it holds. (That of a run that was deleted since no
    longer names its run, and cannot be told.)

    Raises:
        ValueError: it holds something else by now.
    """
    if row["run"] is None:
        return
    held = {name: value for name, value in row.items() if name not in ("id", "created")}
    if held["likelihoods"] is None:
        del held["likelihoods"]
    if content_hash(held) == row["id"]:
        return
    # A whole number of seconds comes back from the database as a float.
    if content_hash({**held, "seconds": int(row["seconds"])}) != row["id"]:
        raise ValueError("it is not what was stored")


def reply_from_row(row: Mapping[str, Any]) -> Reply:
    """The reply of a journal row.

    Raises:
        StoreError: the row is damaged.
    """
    with reading("reply", row["id"]):
        _check_unchanged(row)
        if row["finish"] not in get_args(FinishReason):
            raise ValueError("no way in which a reply ends")
        return Reply(
            key=row["request"],
            text=row["text"],
            finish=row["finish"],
            usage=Usage(
                input=int(row["input_tokens"]),
                output=int(row["output_tokens"]),
                cache_read=int(row["cache_read_tokens"]),
                cache_write=int(row["cache_write_tokens"]),
            ),
            seconds=float(row["seconds"]),
            model=row["model"],
            detail=row["detail"],
            usd=dollars(row["micro_usd"]),
            likelihoods=row["likelihoods"],
        )
