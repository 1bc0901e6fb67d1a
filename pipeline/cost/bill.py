"""What the calls of a plan add up to: tokens that are billed, and dollars, request by request."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.calls import Band, Call, LaterSize, Plan, Size, TokenCount, Usage
from pipeline.columns import Kinds
from pipeline.cost.prices import price, price_cliffs
from pipeline.models import ModelSpec


class Asked(NamedTuple):
    """The billed tokens of one request: least, likely, most."""

    low: Usage
    likely: Usage
    high: Usage


class Bill(NamedTuple):
    """Dollars of a list of requests; None is unknown."""

    usd: tuple[Decimal, Decimal, Decimal] | None
    usd_batch: Decimal | None
    source: str


def asked(spec: ModelSpec, plan: Plan) -> Kinds[Asked]:
    """What each request of ``plan.to_send``, and of what follows on its replies, is billed for.

    Where the model's client caches the shared prefix, the first request writes it and the others
    read it; at worst every request writes it.
    """
    sizes = plan.sizes_to_send
    found = [_of_size(spec, size, first=False) for size in sizes.each]
    of = list(sizes.of)
    written: set[str] = set()
    for place, size in enumerate(sizes.each):
        if size.prompt not in written:
            written.add(size.prompt)
            of[sizes.of.index(place)] = len(found)
            found.append(_of_size(spec, size, first=True))
    later = plan.sizes_to_follow
    before = len(found)
    found += [_of_later(spec, size, first=False) for size in later.each]
    of += [before + place for place in later.of]
    if later.of and not sizes.of:
        of[0] = len(found)
        found.append(_of_later(spec, later.each[later.of[0]], first=True))
    return Kinds(found, of)


def _of_size(spec: ModelSpec, size: Size, *, first: bool) -> Asked:
    tokens = Band(size.input.low, size.input.n, size.input.high)
    return _asked(spec, tokens, size.output, size.shared_tokens, first)


def _of_later(spec: ModelSpec, size: LaterSize, *, first: bool) -> Asked:
    """What a request is billed for that may not be made: none of it at least, a share of it
    likely, all of it at most."""
    one = _asked(spec, size.input, size.output, size.shared_tokens, first)
    if size.share is None:
        return one
    likely = Usage(*(round(n * size.share) for n in astuple(one.likely)))
    return Asked(Usage(), likely, one.high)


def n_likely(plan: Plan) -> int:
    """How many requests are likely sent."""
    return len(plan.sizes_to_send) + round(
        math.fsum(
            n * (1.0 if size.share is None else size.share)
            for size, n in plan.sizes_to_follow.counted
        )
    )


def worst_usage(spec: ModelSpec, call: Call) -> Usage:
    """The most that one call can be billed for: what a budget reserves before it is sent."""
    tokens = Band(call.input.low, call.input.n, call.input.high)
    return _asked(spec, tokens, call.output, call.shared_tokens, True).high


def caches(spec: ModelSpec, shared_tokens: int) -> bool:
    """Whether a prefix of so many tokens is cached: where the provider's client asks for it, and
    not below the model's minimum, where the mark is silently ignored."""
    return spec.provider.marks_cache and 0 < spec.min_cacheable <= shared_tokens


def bill(spec: ModelSpec, requests: Kinds[Asked], as_of: date) -> Bill:
    """The sums of single prices at a date."""
    counted = requests.counted
    low, likely, high = (
        total_usd(spec, [(request[end], n) for request, n in counted], as_of) for end in range(3)
    )
    batch = None
    if spec.leaves_machine:
        usages = [(request.likely, n) for request, n in counted]
        batch = total_usd(spec, usages, as_of, batch=True)
    one = price(spec, Usage(input=1), as_of=as_of)
    return Bill(
        usd=None if low is None or likely is None or high is None else (low, likely, high),
        usd_batch=batch,
        source=one.source if one else "unknown",
    )


def total_usd(
    spec: ModelSpec, usages: Iterable[tuple[Usage, int]], as_of: date, *, batch: bool = False
) -> Decimal | None:
    """The sum of single prices, None as soon as one is not known. No request costs nothing only
    where a request would have a price at all.

    Args:
        usages: and how many requests have each.

    Below the first cliff a price is a sum over tokens, so the tokens of those requests are added
    up first: pricing thousands of them one by one takes seconds.
    """
    cliff = min(price_cliffs(spec, as_of), default=math.inf)
    tokens = [0, 0, 0, 0]
    total = Decimal(0)
    for usage, n in usages:
        if usage.prompt <= cliff:
            tokens[0] += n * usage.input
            tokens[1] += n * usage.output
            tokens[2] += n * usage.cache_read
            tokens[3] += n * usage.cache_write
            continue
        found = price(spec, usage, as_of=as_of, batch=batch)
        if found is None:
            return None
        total += n * found.usd
    rates = _rates(spec, as_of, batch)
    if rates is None:
        return None
    return total + sum((n * rate for n, rate in zip(tokens, rates, strict=True)), Decimal(0))


@lru_cache(maxsize=1024)
def _rates(spec: ModelSpec, as_of: date, batch: bool) -> tuple[Decimal, ...] | None:
    """Dollars of one token of each kind, in the order of :class:`Usage`, below the first cliff."""
    thousand = [Usage(*(1_000 * (i == kind) for i in range(4))) for kind in range(4)]
    found = [price(spec, usage, as_of=as_of, batch=batch) for usage in thousand]
    if any(one is None for one in found):
        return None
    return tuple(one.usd / 1_000 for one in found if one is not None)


def total_input(plan: Plan) -> TokenCount:
    """Prompt tokens of all requests: exact when every one is counted exactly."""
    counts = [(size.input, n) for size, n in plan.sizes_to_send.counted]
    later = [
        (
            size.input
            if size.share is None
            else Band(0, round(size.input.likely * size.share), size.input.high),
            n,
        )
        for size, n in plan.sizes_to_follow.counted
    ]
    return TokenCount(
        n=sum(n * c.n for c, n in counts) + sum(n * band.likely for band, n in later),
        counter=counts[0][0].counter if counts else "",
        exact=all(c.exact for c, _ in counts) and not later,
        low=sum(n * c.low for c, n in counts) + sum(n * band.low for band, n in later),
        high=sum(n * c.high for c, n in counts) + sum(n * band.high for band, n in later),
    )


def total_output(requests: Kinds[Asked]) -> Band:
    """Reply tokens of all requests."""
    counted = requests.counted
    return Band(
        sum(n * request.low.output for request, n in counted),
        sum(n * request.likely.output for request, n in counted),
        sum(n * request.high.output for request, n in counted),
    )


def _asked(spec: ModelSpec, tokens: Band, reply: Band, shared: int, first: bool) -> Asked:
    if not caches(spec, shared):
        return Asked(*(Usage(n, out) for n, out in zip(tokens, reply, strict=True)))
    low, likely, high = (max(0, n - shared) for n in tokens)
    written, read = (shared, 0) if first else (0, shared)
    return Asked(
        Usage(low, reply.low, cache_read=read, cache_write=written),
        Usage(likely, reply.likely, cache_read=read, cache_write=written),
        Usage(high, reply.high, cache_write=shared),
    )
