"""What the calls of a plan add up to: tokens that are billed, and dollars, request by request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypeVar

from pipeline.calls import Band, Call, Plan, TokenCount, Usage
from pipeline.catalog import ModelSpec
from pipeline.cost.prices import price, price_cliffs


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


def asked(spec: ModelSpec, plan: Plan) -> list[Asked]:
    """What each request of ``plan.to_send``, and of what follows on its replies, is billed for.

    Where the model's client caches the shared prefix, the first request writes it and the others
    read it; at worst every request writes it.
    """
    found: list[Asked] = []
    written: set[str] = set()
    # Thousands of questions come in a few hundred sizes.
    known: dict[tuple[TokenCount, Band, int, bool], Asked] = {}
    for call in plan.to_send:
        first = call.request.prompt not in written
        written.add(call.request.prompt)
        size = (call.input, call.output, call.shared_tokens, first)
        if size not in known:
            tokens = Band(call.input.low, call.input.n, call.input.high)
            known[size] = _asked(spec, tokens, call.output, call.shared_tokens, first)
        found.append(known[size])
    for later in plan.to_follow:
        one = _asked(spec, later.input, later.output, later.shared_tokens, not found)
        found.append(one if later.share is None else _perhaps(one, later.share))
    return found


def _perhaps(one: Asked, share: float) -> Asked:
    """A request that may not be made: none at least, a share of it likely, all of it at most."""
    likely = Usage(*(round(n * share) for n in astuple(one.likely)))
    return Asked(Usage(), likely, one.high)


def n_likely(plan: Plan) -> int:
    """How many requests are likely sent."""
    return len(plan.to_send) + round(
        math.fsum(1.0 if later.share is None else later.share for later in plan.to_follow)
    )


def worst_usage(spec: ModelSpec, call: Call) -> Usage:
    """The most that one call can be billed for: what a budget reserves before it is sent."""
    tokens = Band(call.input.low, call.input.n, call.input.high)
    return _asked(spec, tokens, call.output, call.shared_tokens, True).high


def caches(spec: ModelSpec, shared_tokens: int) -> bool:
    """Whether a prefix of so many tokens is cached: only Claude's clients ask for it, and below
    the model's minimum the mark is silently ignored. Gemini's implicit cache promises nothing."""
    return spec.provider == "claude" and 0 < spec.min_cacheable <= shared_tokens


def bill(spec: ModelSpec, requests: Sequence[Asked], as_of: date) -> Bill:
    """The sums of single prices at a date."""
    sums = [total_usd(spec, usages, as_of) for usages in zip(*requests, strict=True)]
    low, likely, high = sums or [total_usd(spec, (), as_of)] * 3
    batch = None
    if spec.leaves_machine:
        batch = total_usd(spec, [request.likely for request in requests], as_of, batch=True)
    one = price(spec, Usage(input=1), as_of=as_of)
    return Bill(
        usd=None if low is None or likely is None or high is None else (low, likely, high),
        usd_batch=batch,
        source=one.source if one else "unknown",
    )


def total_usd(
    spec: ModelSpec, usages: Iterable[Usage], as_of: date, *, batch: bool = False
) -> Decimal | None:
    """The sum of single prices, None as soon as one is not known. No request costs nothing only
    where a request would have a price at all.

    Below the first cliff a price is a sum over tokens, so the tokens of those requests are added
    up first: pricing thousands of them one by one takes seconds.
    """
    cliff = min(price_cliffs(spec, as_of), default=math.inf)
    tokens = [0, 0, 0, 0]
    total = Decimal(0)
    for usage, n in _repeated(usages):
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


_One = TypeVar("_One", Usage, Asked)


def _repeated(each: Iterable[_One]) -> list[tuple[_One, int]]:
    """Each of them and how often it comes: those of one size are one object (:func:`asked`)."""
    held = list(each)
    one_of = dict(zip(map(id, held), held, strict=True))
    return [(one_of[name], n) for name, n in Counter(map(id, held)).items()]


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
    counts = Counter(call.input for call in plan.to_send)
    later = [
        call.input
        if call.share is None
        else Band(0, round(call.input.likely * call.share), call.input.high)
        for call in plan.to_follow
    ]
    return TokenCount(
        n=sum(n * c.n for c, n in counts.items()) + sum(band.likely for band in later),
        counter=next(iter(counts)).counter if counts else "",
        exact=all(c.exact for c in counts) and not later,
        low=sum(n * c.low for c, n in counts.items()) + sum(band.low for band in later),
        high=sum(n * c.high for c, n in counts.items()) + sum(band.high for band in later),
    )


def total_output(requests: Sequence[Asked]) -> Band:
    """Reply tokens of all requests."""
    counted = _repeated(requests)
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
