"""What a needle grid costs, before any model is opened: its own prompts, counted and priced."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from evals.grids.grids import Grid
from evals.grids.trials import Trial, answer_tokens
from pipeline.calls import Band, Usage
from pipeline.cost.bill import total_usd
from pipeline.cost.hardware import Hardware, generation_seconds
from pipeline.cost.line import money
from pipeline.cost.remarks import rate_limit_minutes
from pipeline.models import ModelSpec
from pipeline.providers.opening import missing_weights, revision_of
from pipeline.tokens.token_counters import TokenCounter, counter_for


def worst_usage(spec: ModelSpec, trial: Trial) -> Usage:
    """The most that a cell can be billed for."""
    return Usage(trial.counted.high, spec.reply_limit(trial.request.max_tokens))


def price_needles(
    spec: ModelSpec,
    cache: Path,
    prompts: Path,
    *,
    grid: Grid,
    hardware: Hardware,
    as_of: date,
    known: Callable[[str], bool] = lambda key: False,
) -> dict[str, Any]:
    """The dry run of a grid. No model is opened and nothing is sent.

    Args:
        cache: folder of tokenizer files.
        known: whether the cell of a key has been measured already, and so costs nothing.

    Returns:
        What ``eval needle --dry-run --json`` prints: cells, known, skipped, input_tokens with
        band and exactness, output_tokens and usd (low, likely, high), seconds where they can be
        known, and ``obstacle``, why it could not be run here.
    """
    counter = counter_for(spec, cache=cache)
    asked: list[Trial] = []
    n_known = n_skipped = 0
    for trial in grid.trials(spec, revision_of(spec, cache), counter.count_request, prompts):
        if known(trial.key):
            n_known += 1
        elif trial.skip:
            n_skipped += 1
        else:
            asked.append(trial)
    replies = [_reply(spec, trial, counter) for trial in asked]
    inputs = [Band(t.counted.low, t.counted.n, t.counted.high) for t in asked]
    usages = [
        [Usage(band[i], reply[i]) for band, reply in zip(inputs, replies, strict=True)]
        for i in range(3)
    ]
    missing = missing_weights(spec, cache)
    return {
        "model": spec.name,
        "task": ",".join(grid.tasks),
        "cells": grid.n_cells,
        "known": n_known,
        "skipped": n_skipped,
        "asked": len(asked),
        "input_tokens": sum(band.likely for band in inputs),
        "input_band": {
            "low": sum(band.low for band in inputs),
            "high": sum(band.high for band in inputs),
        },
        "exact": all(trial.exact for trial in asked),
        "output_tokens": {
            name: sum(reply[i] for reply in replies) for i, name in enumerate(Band._fields)
        },
        **_costs(spec, usages, hardware, as_of),
        "price_date": as_of.isoformat(),
        "obstacle": "" if missing is None else str(missing),
    }


def quick_price(
    spec: ModelSpec, cache: Path, prompts: Path, *, grid: Grid, hardware: Hardware, as_of: date
) -> dict[str, Any]:
    """What a grid costs, near enough: the shortest prompt of each task is made, and the others
    counted by their lengths, which they come to by a token or two. The price of a grid up to a
    window of a million tokens is so told at once.

    Returns:
        cells, input_tokens, usd (low, likely, high), seconds, as :func:`price_needles` has them.
    """
    counter = counter_for(spec, cache=cache)
    one_each = replace(grid, lengths=grid.lengths[:1], depths=grid.depths[:1], seeds=1)
    revision = revision_of(spec, cache)
    usages: list[list[Usage]] = [[], [], []]
    for trial in one_each.trials(spec, revision, counter.count_request, prompts):
        reply, shown = _reply(spec, trial, counter), trial.counted
        for length in grid.lengths:
            for i, tokens in enumerate((shown.low, shown.n, shown.high)):
                read = round(length * tokens / max(1, shown.n))
                usages[i] += [Usage(read, reply[i])] * (len(grid.depths) * grid.seeds)
    return {
        "cells": grid.n_cells,
        "input_tokens": sum(usage.input for usage in usages[1]),
        **_costs(spec, usages, hardware, as_of),
    }


def _reply(spec: ModelSpec, trial: Trial, counter: TokenCounter) -> Band:
    """Billed tokens of a reply: the bare values, the full sentence with the thinking that goes
    with it, and all that the request allows."""
    bare = answer_tokens(" ".join(trial.expected), counter.count_request, trial.request)
    sentence = answer_tokens(trial.answer, counter.count_request, trial.request)
    likely = math.ceil(sentence * (1 + spec.thinking))
    most = spec.reply_limit(trial.request.max_tokens)
    return Band(min(bare, likely, most), min(likely, most), most)


def _costs(
    spec: ModelSpec, usages: Sequence[Sequence[Usage]], hardware: Hardware, as_of: date
) -> dict[str, Any]:
    """Dollars and seconds, each low, likely and high; None where unknown."""
    usd = [total_usd(spec, list(Counter(those).items()), as_of) for those in usages]
    return {
        "usd": None
        if None in usd
        else {name: money(amount) for name, amount in zip(Band._fields, usd, strict=True)},
        "seconds": _seconds(spec, usages, hardware),
    }


def _seconds(
    spec: ModelSpec, usages: Sequence[Sequence[Usage]], hardware: Hardware
) -> dict[str, float] | None:
    """Cell after cell on this machine; elsewhere the least that rate limits allow, if known."""
    found: list[float] = []
    for name, those in zip(Band._fields, usages, strict=True):
        if spec.leaves_machine:
            minutes = rate_limit_minutes(spec, [(usage, 1) for usage in those])
            seconds = None if minutes is None else 60 * minutes
        else:
            work = [(usage.input, usage.output) for usage in those]
            model = spec.architecture
            took = generation_seconds(model, work, hardware, rows=1) if model else None
            seconds = None if took is None else float(getattr(took, name))
        if seconds is None:
            return None
        found.append(seconds)
    return dict(zip(Band._fields, found, strict=True))
