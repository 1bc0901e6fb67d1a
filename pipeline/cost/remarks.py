"""What has to be said beside a number: scheduled prices, ratios, caches, rate limits, and why a
line cannot run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pipeline.calls import Plan, Usage
from pipeline.cost.bill import caches
from pipeline.cost.prices import price_note, retirement_note, undated_note
from pipeline.models import ModelSpec


def notes(spec: ModelSpec, as_of: date, *, counted: bool = True) -> tuple[str, ...]:
    """What is known about this model's numbers, each with its name before it.

    Args:
        counted: tokens are counted by the model's ratio, and not assumed by the asker.
    """
    said = []
    change = price_note(replace(spec, retired=None), as_of)
    if change:
        said.append(f"the price {change}")
    if undated := undated_note(spec, as_of):
        said.append(undated)
    if counted and spec.ratio is not None and spec.leaves_machine:
        said.append(
            f"tokens are counted with {spec.ratio.base} times {spec.ratio.likely} "
            f"({spec.ratio.low} to {spec.ratio.high}, checked {spec.ratio.checked.isoformat()})"
        )
    return tuple(f"{spec.name}: {note}" for note in (*said, *spec.notes))


def obstacles(spec: ModelSpec, today: date, allow_cloud: bool | None) -> list[str]:
    """Why this model may not be asked at all; ``allow_cloud`` None does not judge that."""
    said = []
    if spec.retired is not None and spec.retired <= today:
        said.append(retirement_note(spec, today))
    if spec.leaves_machine and allow_cloud is False:
        said.append("the text would leave this machine: --allow-cloud has to name it")
    return said


def cache_note(spec: ModelSpec, plan: Plan) -> str:
    """Whether the shared prompt is cached and what share of the input that is, "" where nothing
    is shared or caches."""
    sizes = [(size.shared_tokens, size.input.n, n) for size, n in plan.sizes_to_send.counted]
    following = plan.sizes_to_follow.counted
    sizes += [(size.shared_tokens, size.input.likely, n) for size, n in following]
    shared = max((head for head, _, _ in sizes), default=0)
    if (
        sum(n for _, _, n in sizes) < 2
        or not spec.provider.marks_cache
        or not spec.min_cacheable
        or not shared
    ):
        return ""
    if not caches(spec, shared):
        return (
            f"{spec.name}: the shared prompt of {shared:,} tokens is below the "
            f"{spec.min_cacheable:,} that can be cached"
        )
    read = sum(n * head for head, _, n in sizes) - sizes[0][0]  # the first request writes it
    share = read / max(1, sum(n * tokens for _, tokens, n in sizes))
    return f"{spec.name}: {share:.0%} of the input is shared prompt read from the cache"


def effective_note(spec: ModelSpec, plan: Plan) -> str:
    """That a measurement of this database decided how much a call may hold, "" where not."""
    if not spec.measured_by or plan.limits.input_tokens != spec.effective:
        return ""
    return f"{spec.name}: windows bounded by the {plan.limits.reason}"


def rate_note(spec: ModelSpec, usages: Sequence[tuple[Usage, int]]) -> str:
    """The shortest time that the provider's rate limits allow, "" where they are not known or do
    not matter."""
    minutes = rate_limit_minutes(spec, usages)
    if minutes is None or minutes < 1:
        return ""
    return f"{spec.name}: rate limits allow it in {minutes:.1f} minutes at the earliest"


def rate_limit_minutes(spec: ModelSpec, usages: Sequence[tuple[Usage, int]]) -> float | None:
    """The scarcest of requests, input and output tokens a minute; cache reads are not counted.

    Args:
        usages: and how many requests have each.
    """
    if spec.rates is None:
        return None
    amounts = (
        (sum(n for _, n in usages), spec.rates.requests),
        (sum(n * (one.input + one.cache_write) for one, n in usages), spec.rates.input_tokens),
        (sum(n * one.output for one, n in usages), spec.rates.output_tokens),
    )
    return max((amount / most for amount, most in amounts if most), default=None)
