"""How much one call of a model may hold, and which limit decides."""

from __future__ import annotations

from datetime import date

from pipeline.calls import WindowLimits
from pipeline.cost.formulas import ENGINE_SPARE, longest_window
from pipeline.cost.hardware import CPU_RUNTIME_BYTES
from pipeline.cost.prices import price_cliffs
from pipeline.models import ModelSpec


def window_limits(
    spec: ModelSpec,
    *,
    as_of: date | None = None,
    memory_bytes: int | None = None,
    runtime_bytes: int = CPU_RUNTIME_BYTES,
    bits: int = 16,
    cliffs: bool = True,
) -> WindowLimits:
    """How much one call of this model may hold, and which limit decides.

    The smallest of: the window less the longest reply, the measured effective context, the first
    price cliff at that date, the input tokens that the account may send a minute (a longer prompt
    could never be sent), and, locally, what fits into memory.

    Args:
        as_of: the date whose price cliffs count; None takes those of the catalogue's spec.
        memory_bytes: of the device a local model would run on; None leaves memory out.
        cliffs: whether a price cliff is a limit; it is one of money only.
    """
    bits = bits_held(spec, bits)
    output = min(spec.output_cap, spec.window // 2)
    choices = [(spec.window - output, f"window of {spec.window:,} tokens less the longest reply")]
    if spec.effective is not None:
        choices.append((spec.effective, _effective(spec)))
    prices = price_cliffs(spec, as_of) if cliffs else ()
    if prices:
        choices.append((prices[0], f"price cliff at {prices[0]:,} tokens"))
    if spec.rates is not None and (a_minute := spec.rates.input_tokens):
        choices.append((a_minute, f"rate limit of {a_minute:,} input tokens a minute"))
    if memory_bytes is not None and spec.architecture is not None:
        fits = longest_window(
            spec.architecture,
            memory_bytes,
            bits=bits,
            runtime_bytes=runtime_bytes,
            spare=ENGINE_SPARE,
        )
        choices.append((max(0, fits - output), f"memory for {fits:,} tokens"))
    tokens, reason = min(choices, key=lambda choice: choice[0])
    return WindowLimits(input_tokens=tokens, output_tokens=output, reason=reason)


def bits_held(spec: ModelSpec, bits: int = 16) -> int:
    """Bits of a local model's weights: as asked, or fewer where its name says so (``@4bit``)."""
    return min(bits, spec.setup.bits)


def _effective(spec: ModelSpec) -> str:
    return spec.measured_by or f"measured effective context of {spec.effective:,} tokens"


def usable_window(
    spec: ModelSpec, *, memory_bytes: int, runtime_bytes: int = CPU_RUNTIME_BYTES, bits: int = 16
) -> int | None:
    """Tokens of prompt and reply together that fit into memory and that the model can use: the
    least of memory, window and measured effective context. 0 when the weights alone do not fit,
    None where the configuration is not known."""
    if spec.architecture is None:
        return None
    fits = longest_window(
        spec.architecture,
        memory_bytes,
        bits=bits_held(spec, bits),
        runtime_bytes=runtime_bytes,
        spare=ENGINE_SPARE,
    )
    return min(fits, spec.window, spec.effective or spec.window)
