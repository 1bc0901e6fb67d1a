"""Window size against dollars, local hours and memory: where the cliffs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.calls import Usage
from pipeline.catalog import ModelSpec
from pipeline.cost.bill import total_usd
from pipeline.cost.formulas import ENGINE_SPARE, eager_score_bytes, peak_memory
from pipeline.cost.hardware import Hardware, generation_seconds
from pipeline.cost.prices import price_cliffs

#: Window sizes that are looked at, in prompt tokens.
SIZES = tuple(1_000 * 2**step for step in range(2, 11))


@dataclass(frozen=True, slots=True)
class Point:
    """One window size: how many calls, what they cost, and what they take locally.

    Args:
        window: tokens of a prompt.
        above_cliff: whether its prompts are longer than a price cliff.
        eager_bytes: one layer's score matrix without a fused kernel.
    """

    window: int
    calls: int
    usd: Decimal | None
    above_cliff: bool
    seconds: float | None
    peak_memory_bytes: int | None
    eager_bytes: int | None


def window_tradeoff(
    spec: ModelSpec,
    *,
    input_tokens: int,
    output_tokens: int,
    prompt_tokens: int,
    as_of: date,
    hardware: Hardware,
    sizes: Sequence[int] = SIZES,
    bits: int = 16,
) -> list[Point]:
    """The same job cut into windows of each size that the model allows; sizes on both sides of
    every cliff are added, so that a picture shows it.

    Args:
        input_tokens, output_tokens: of the whole job, without prompts.
        prompt_tokens: what every call adds.
    """
    cliffs = price_cliffs(spec, as_of)
    wanted = sorted({*sizes, *cliffs, *(cliff + 1 for cliff in cliffs)})
    points = []
    for size in wanted:
        room = size - prompt_tokens
        if room <= 0:
            continue
        calls = max(1, -(-input_tokens // room))
        reply = -(-output_tokens // calls)
        if size + reply > spec.window or reply > spec.output_cap:
            continue
        # The last window is shorter than the others: prices are summed over the real ones.
        shown = [min(room, input_tokens - i * room) + prompt_tokens for i in range(calls)]
        work = [(tokens, reply) for tokens in shown]
        model = spec.architecture
        time = None if model is None else generation_seconds(model, work, hardware, bits=bits)
        memory = model and peak_memory(
            model,
            size + reply,
            bits=bits,
            runtime_bytes=hardware.runtime_bytes,
            spare=ENGINE_SPARE,
        )
        points.append(
            Point(
                window=size,
                calls=calls,
                usd=total_usd(spec, [Usage(*call) for call in work], as_of),
                above_cliff=any(max(shown) > cliff for cliff in cliffs),
                seconds=time.likely if time else None,
                peak_memory_bytes=memory.total if memory else None,
                eager_bytes=eager_score_bytes(model.heads, size) if model else None,
            )
        )
    return points
