"""Intervals, paired differences and effective length: no figure without its n and its doubt."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.amounts import told_length

#: Standard normal quantile of a two-sided 95 % interval.
Z95 = 1.959963984540054


class Interval(NamedTuple):
    """An estimate with its 95 % interval and the number of samples behind it."""

    mean: float
    low: float
    high: float
    n: int


class EffectiveLengths(NamedTuple):
    """How long a prompt this model really uses, in tokens, by three definitions; None: nowhere.
    Each is the longest length that was tried and passed: at least so long, and shorter than the
    next one that was tried (:func:`next_longer`), where one was.

    Args:
        absolute: the longest length up to which every mean is at least 0.856, what Llama-2-7B
            reaches at 4k (RULER, Hsieh et al. 2024).
        relative: the longest up to which every mean is at least 85 % of the shortest length's
            (NoLiMa, Modarressi et al. 2025).
        every_depth: the longest up to which every depth is found at every seed.
    """

    absolute: int | None
    relative: int | None
    every_depth: int | None


def wilson(hits: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a share (Wilson 1927), within [0, 1]; (0, 1) when nothing was measured.

    Args:
        hits: successes, 0 … n. A sum of partial scores is allowed: a mean in [0, 1] varies at
            most as a share does, so the interval errs on the wide side.

    Raises:
        ValueError: hits outside 0 … n.
    """
    if n == 0:
        return (0.0, 1.0)
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    share = hits / n
    spread = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / spread
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return (low, high)


def proportion(hits: float, n: int) -> Interval:
    """A share of n with its Wilson interval: 0 of 0 is 0, anywhere in [0, 1].

    Args:
        hits: successes, or a sum of partial scores, which rounding may put above n.
    """
    return Interval(hits / n if n else 0.0, *wilson(min(hits, n), n), n)


def share_of(value: float, n: int) -> Interval:
    """A share that is known, of n, with its Wilson interval."""
    return Interval(value, *wilson(min(n, max(0.0, value * n)), n), n)


def share(hits: Sequence[float]) -> Interval:
    """The share of samples that are true, or the mean of partial scores: :func:`proportion`."""
    return proportion(sum(hits), len(hits))


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("the mean of nothing")
    return math.fsum(values) / len(values)


def bootstrap(
    values: Sequence[float],
    *,
    seed: int,
    rounds: int = 2000,
) -> Interval:
    """Percentile bootstrap of the mean (Efron 1979), 95 %; the same for the same values and seed.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values to resample")
    draw = random.Random(seed)
    n = len(values)
    return _middle([mean(draw.choices(values, k=n)) for _ in range(rounds)], mean(values), n)


def cluster_bootstrap(
    groups: Iterable[Sequence[float]], *, seed: int, rounds: int = 2000
) -> Interval:
    """Bootstrap of the mean that resamples whole groups, for values that hang together (several
    stories of one document): Miller 2024, "Adding Error Bars to Evals". ``n`` counts groups.

    Raises:
        ValueError: no group with a value.
    """
    kept = [tuple(group) for group in groups if group]
    if not kept:
        raise ValueError("no values to resample")
    draw = random.Random(seed)
    found = []
    for _ in range(rounds):
        chosen = draw.choices(kept, k=len(kept))
        found.append(math.fsum(map(math.fsum, chosen)) / sum(map(len, chosen)))
    return _middle(found, mean([v for group in kept for v in group]), len(kept))


def _middle(drawn: list[float], value: float, n: int) -> Interval:
    """A value with the middle 95 % of what was drawn again."""
    drawn.sort()
    rounds, tail = len(drawn), 0.025
    high = drawn[min(rounds - 1, math.ceil((1 - tail) * rounds) - 1)]
    return Interval(value, drawn[int(tail * rounds)], high, n)


def ratio(parts: Sequence[tuple[float, float]], *, seed: int, rounds: int = 1000) -> Interval:
    """The sum of the first values over the sum of the second, pairs drawn again for the interval;
    ``n`` counts pairs.

    Raises:
        ValueError: the second values sum up to nothing.
    """

    def of(drawn: Sequence[tuple[float, float]]) -> float:
        below = math.fsum(b for _, b in drawn)
        return math.fsum(a for a, _ in drawn) / below if below else 0.0

    if not any(b for _, b in parts):
        raise ValueError("a ratio to nothing")
    draw = random.Random(seed)
    found = [of(draw.choices(parts, k=len(parts))) for _ in range(rounds)]
    return _middle(found, of(parts), len(parts))


def paired_difference(
    a: Mapping[str, float], b: Mapping[str, float], *, seed: int, rounds: int = 2000
) -> Interval:
    """Mean of ``b - a`` over the samples that both have, with its bootstrap interval.

    Pairing removes what makes samples hard or easy for both, so smaller differences show.

    Raises:
        ValueError: no sample in common.
    """
    common = sorted(a.keys() & b.keys())
    if not common:
        raise ValueError("the two runs have no sample in common")
    return bootstrap([b[key] - a[key] for key in common], seed=seed, rounds=rounds)


def unpaired_difference(a: Interval, b: Interval) -> Interval:
    """``b - a`` of two figures that are only known as such, from their own intervals (Newcombe
    1998, method 10, for shares with Wilson's). Wider than a paired one; ``n`` is the smaller."""
    difference = b.mean - a.mean
    low = math.hypot(b.mean - b.low, a.high - a.mean)
    high = math.hypot(b.high - b.mean, a.mean - a.low)
    return Interval(difference, difference - low, difference + high, min(a.n, b.n))


def effective_lengths(scores: Iterable[tuple[int, float, float]]) -> EffectiveLengths:
    """The three definitions from ``(length in tokens, depth, score)`` of every measured cell.

    A length counts only if all shorter measured lengths passed: a lucky long cell proves nothing.
    """
    by_length: dict[int, list[float]] = {}
    for length, _, score in scores:
        by_length.setdefault(length, []).append(score)
    lengths = sorted(by_length)
    if not lengths:
        return EffectiveLengths(None, None, None)
    means = {length: mean(by_length[length]) for length in lengths}
    base = means[lengths[0]]

    def longest(passes: Callable[[int], bool]) -> int | None:
        best = None
        for length in lengths:
            if not passes(length):
                break
            best = length
        return best

    return EffectiveLengths(
        absolute=longest(lambda length: means[length] >= 0.856),
        relative=longest(lambda length: base > 0 and means[length] >= 0.85 * base),
        every_depth=longest(lambda length: min(by_length[length]) >= 1.0),
    )


def next_longer(tried: Iterable[int], tokens: float | None) -> int | None:
    """The shortest length tried beyond ``tokens`` (None: beyond nothing); None where there is
    none, so that nothing is known of longer prompts."""
    return min((length for length in tried if length > (tokens or 0)), default=None)


def known_of_length(
    tokens: float | None, low: float | None, high: float | None, tried: Sequence[int]
) -> dict[str, Any]:
    """What is known of an effective length: ``tokens``, the longest length that passed (None: none
    did), ``below``, the next one tried (None: nothing longer was), ``told`` and ``band``, both in
    words, the second with its 95 % interval from ``low`` to ``high``."""
    below = next_longer(tried, tokens)
    return {
        "tokens": tokens,
        "below": below,
        "low": low,
        "high": high,
        "told": told_length(tokens, below),
        "band": told_length(low or None, next_longer(tried, high)),
    }


def effective_bands(
    scores: Sequence[tuple[int, float, float]], *, seed: int, rounds: int = 500
) -> dict[str, tuple[int, int]]:
    """A 95 % bootstrap interval of each definition, by its name: cells are drawn again within
    their length. Where a draw has no effective length, it counts as 0 tokens."""
    draw = random.Random(seed)
    by_length: dict[int, list[tuple[int, float, float]]] = {}
    for cell in scores:
        by_length.setdefault(cell[0], []).append(cell)
    drawn = [
        effective_lengths(
            cell for cells in by_length.values() for cell in draw.choices(cells, k=len(cells))
        )
        for _ in range(rounds)
    ]
    bands = {}
    for name in EffectiveLengths._fields:
        found = sorted(getattr(one, name) or 0 for one in drawn)
        bands[name] = (found[int(0.025 * rounds)], found[math.ceil(0.975 * rounds) - 1])
    return bands
