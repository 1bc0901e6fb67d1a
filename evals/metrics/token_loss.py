"""How well a local model predicts real text, by how much of it came before.

A text longer than the context is read in windows that overlap: each scores only the tokens that no
window before it scored, so every token counts once, with at least ``context - stride`` tokens
before it from the second window on. Sums and counts are kept, never a mean alone.

Plain perplexity at long context does not predict what a model finds there (LongPPL, Fang et al.
2024): this is an alarm for kernels, dtypes and quantisation, and stands beside the needles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evals.metrics.statistics import Interval, cluster_bootstrap
from pipeline.errors import InputError

Losses = Callable[[Sequence[int]], list[float]]


class Window(NamedTuple):
    """Tokens ``start`` to ``end`` of a text, of which those from ``scored`` on are new."""

    start: int
    end: int
    scored: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens with ``low`` to ``high`` (exclusive) tokens before them: summed loss (nats), count."""

    low: int
    high: int
    nll_sum: float
    n: int


@dataclass(frozen=True, slots=True)
class Loss:
    """What was measured.

    Args:
        perplexity: e to the mean loss, with a 95 % bootstrap interval over windows; ``n`` counts
            windows.
        nll_sum, n_tokens: what it is made of.
        buckets: the same by tokens before, in powers of two; empty ones are left out.
    """

    perplexity: Interval
    nll_sum: float
    n_tokens: int
    buckets: tuple[Bucket, ...]


def windows(n: int, context: int, stride: int) -> Iterator[Window]:
    """The windows over ``n`` tokens; the first token of a text is never scored.

    Raises:
        InputError: a context of less than two tokens, or a stride outside 1 … context - 1
            (a window needs a token before the first that it scores).
    """
    if context < 2 or not 1 <= stride < context:
        raise InputError(
            f"a context of {context} with a stride of {stride} cannot be.",
            next="Give a stride of at least 1 and less than the context.",
        )
    end, scored = min(context, n), 1
    while scored < end:
        yield Window(max(0, end - context), end, scored)
        scored, end = end, min(end + stride, n)


def measure(
    texts: Iterable[Sequence[int]],
    losses: Losses,
    *,
    context: int,
    stride: int,
    progress: Callable[[int], None] = lambda tokens: None,
) -> Loss:
    """The loss of a model on texts, given as token ids.

    Args:
        losses: the loss of every token of a window but the first.
        progress: told of tokens scored after each window.

    Raises:
        InputError: nothing to score; as :func:`windows`.
    """
    sums: dict[int, list[float]] = {}
    groups: list[list[float]] = []
    count = 0
    for ids in texts:
        for window in windows(len(ids), context, stride):
            new = losses(ids[window.start : window.end])[window.scored - window.start - 1 :]
            for before, loss in enumerate(new, window.scored - window.start):
                sums.setdefault(before.bit_length(), []).append(loss)
            groups.append(new)
            count += len(new)
            progress(count)
    if count == 0:
        raise InputError("no text of two tokens or more.", next="Give documents with text.")
    spread = cluster_bootstrap(groups, seed=0)
    return Loss(
        Interval(math.exp(spread.mean), math.exp(spread.low), math.exp(spread.high), len(groups)),
        math.fsum(map(math.fsum, groups)),
        count,
        tuple(
            Bucket(1 << (bits - 1), 1 << bits, math.fsum(found), len(found))
            for bits, found in sorted(sums.items())
        ),
    )
