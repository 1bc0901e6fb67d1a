"""Which local models fit a graphics card, with which window, and how long a corpus takes there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.cost.formulas import (
    ENGINE_SPARE,
    PREFILL_CHUNK,
    eager_score_bytes,
    energy_kwh,
    longest_window,
    rows_that_fit,
    weight_bytes,
)
from pipeline.cost.hardware import (
    GPU_RUNTIME_BYTES,
    ROWS,
    Hardware,
    generation_seconds,
    limit_seconds,
)
from pipeline.models import Gpu, ModelSpec

#: Bits a weight that are tried, the most exact first.
BITS = (16, 8, 4)


@dataclass(frozen=True, slots=True)
class Fit:
    """One model at one precision on one card.

    Args:
        window: longest prompt and reply together that fit and that the model can use, 0 when the
            weights alone do not fit.
        limit: what bounds that window: ``memory``, ``window``, ``effective context``.
        seconds: likely time for the corpus asked about; None where it cannot be told.
        seconds_band: best and worst case.
        limit_share: share of the card's speed limit that ``seconds`` reaches.
        eager_bytes: what one layer's score matrix would take at that window without a fused
            attention kernel.
    """

    model: str
    bits: int
    weights_bytes: int
    window: int
    limit: str
    windows_needed: int
    rows: int
    seconds: float | None
    seconds_band: tuple[float, float] | None
    limit_share: float | None
    kwh: float | None
    usd_rent: Decimal | None
    eager_bytes: int

    @property
    def fits(self) -> bool:
        """Whether a useful window fits beside the weights."""
        return self.window > 0


def rank_local(
    specs: Iterable[ModelSpec], gpu: Gpu, *, input_tokens: int, output_tokens: int
) -> list[Fit]:
    """Every local model at 16, 8 and 4 bit on a card, the most useful first.

    The order is by usable window up to what the corpus needs, then by precision, then by time.
    How well a model merges is not known here: that is what evals measure.

    Args:
        input_tokens, output_tokens: of the whole corpus and of what will be written.
    """
    found = [
        _fit(spec, gpu, bits, input_tokens, output_tokens)
        for spec in specs
        if spec.provider.is_local and spec.architecture is not None
        for bits in BITS
    ]
    enough = input_tokens + output_tokens
    return sorted(
        found,
        key=lambda fit: (
            -min(fit.window, enough),
            -fit.bits,
            fit.seconds if fit.seconds is not None else float("inf"),
            fit.model,
        ),
    )


def best_fit(fits: Iterable[Fit]) -> Fit | None:
    """The first of a ranking that fits at all."""
    return next((fit for fit in fits if fit.fits), None)


def _fit(spec: ModelSpec, gpu: Gpu, bits: int, input_tokens: int, output_tokens: int) -> Fit:
    model = spec.architecture
    assert model is not None
    in_memory = longest_window(
        model, gpu.memory_bytes, bits=bits, runtime_bytes=GPU_RUNTIME_BYTES, spare=ENGINE_SPARE
    )
    choices = [(in_memory, "memory"), (spec.window, "window")]
    if spec.effective is not None:
        choices.append((spec.effective, "effective context"))
    window, limit = min(choices)
    useful = window if window >= PREFILL_CHUNK else 0
    fit = Fit(
        model=spec.name,
        bits=bits,
        weights_bytes=weight_bytes(model, bits=bits),
        window=useful,
        limit=limit,
        windows_needed=0,
        rows=0,
        seconds=None,
        seconds_band=None,
        limit_share=None,
        kwh=None,
        usd_rent=None,
        eager_bytes=eager_score_bytes(model.heads, useful),
    )
    if not useful:
        return fit
    total = max(1, input_tokens + output_tokens)
    windows = -(-total // useful)
    if output_tokens > windows * spec.output_cap:
        windows = -(-output_tokens // spec.output_cap)
    work = [(-(-input_tokens // windows), -(-output_tokens // windows))] * windows
    rows = rows_that_fit(
        model,
        sum(work[0]),
        gpu.memory_bytes,
        at_most=min(ROWS, windows),
        bits=bits,
        runtime_bytes=GPU_RUNTIME_BYTES,
        spare=ENGINE_SPARE,
    )
    machine = Hardware(threads=1, memory_bytes=gpu.memory_bytes, gpu=gpu, gpu_name=gpu.name)
    time = generation_seconds(model, work, machine, rows=max(1, rows), bits=bits)
    fastest = limit_seconds(model, work, machine, rows=max(1, rows), bits=bits)
    assert time is not None and fastest is not None
    hours = Decimal(repr(time.likely)) / 3600
    rent = None if gpu.usd_per_hour is None else (gpu.usd_per_hour * hours)
    return replace(
        fit,
        windows_needed=windows,
        rows=rows,
        seconds=time.likely,
        seconds_band=(time.low, time.high),
        limit_share=fastest / time.likely if time.likely else None,
        kwh=energy_kwh(time.likely, gpu.watts),
        usd_rent=None if rent is None else rent.quantize(Decimal("0.0001")),
    )
