"""Window size against dollars, local hours and memory: where the cliffs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.cost.bill import total_usd
from pipeline.cost.formulas import ENGINE_SPARE, eager_score_bytes, peak_memory
from pipeline.cost.hardware import Hardware, generation_seconds
from pipeline.cost.model_choice import TOKENS_PER_WORD, WRITTEN_SHARE, Choice
from pipeline.cost.prices import price_cliffs
from pipeline.models import Architecture, ModelSpec

#: Window sizes that are looked at, in prompt tokens.
SIZES = tuple(1_000 * 2**step for step in range(2, 11))

#: Finer steps, for a picture.
FINE_SIZES = tuple(round(4_000 * 2 ** (step / 4)) for step in range(33))
#: What every call adds to its stories: rules, examples and schema of the released edit prompt.
PROMPT_TOKENS = 900


@dataclass(frozen=True, slots=True)
class Point:
    """One window size: how many calls, what they cost, and what they take locally.

    Args:
        window: tokens of a prompt.
        above_cliff: whether its prompts are longer than a price cliff.
        seconds_band: best and worst case.
        eager_bytes: one layer's score matrix without a fused kernel.
    """

    window: int
    calls: int
    usd: Decimal | None
    above_cliff: bool
    seconds: float | None
    seconds_band: tuple[float, float] | None
    peak_memory_bytes: int | None
    eager_bytes: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One model over window sizes, with the price cliffs of the day."""

    model: str
    bits: int
    local: bool
    cliffs: tuple[int, ...]
    points: tuple[Point, ...]

    @property
    def label(self) -> str:
        """The name without its provider, and in how many bits where these are not the usual 16."""
        name = self.model.partition("/")[2] or self.model
        return name if self.bits == 16 else f"{name}, {self.bits} bit"


def tradeoff_curves(
    choices: Sequence[Choice],
    catalog: Catalog,
    *,
    words: int,
    tokens_per_word: Decimal | None,
    as_of: date,
    hardware: Hardware,
) -> list[Curve]:
    """What reading so many words once, and writing a quarter of them, takes in windows of every
    size, for each model.

    Args:
        tokens_per_word: None for what was measured on stories, by each model's own tokens.
    """
    curves = []
    for choice in choices:
        spec = catalog.find(choice.model)
        ratio = spec.ratio.likely if spec.ratio else Decimal(1)
        n_input = int(words * (tokens_per_word or TOKENS_PER_WORD * ratio))
        points = window_tradeoff(
            spec,
            input_tokens=n_input,
            output_tokens=int(n_input * WRITTEN_SHARE),
            prompt_tokens=PROMPT_TOKENS,
            as_of=as_of,
            hardware=hardware,
            sizes=FINE_SIZES,
            bits=choice.bits,
        )
        cliffs = price_cliffs(spec, as_of)
        local = not spec.leaves_machine
        curves.append(Curve(spec.name, choice.bits, local, cliffs, tuple(points)))
    return curves


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
    every cliff are added, so that a picture shows it. Where a window's reply would be over the
    model's limit there is no point, or locally one that knows its memory only.

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
        if size + min(reply, spec.output_cap) > spec.window:
            continue
        if reply > spec.output_cap:
            if spec.architecture is not None:
                points.append(_memory_only(spec, size, calls, hardware, bits))
            continue
        # The last window is shorter than the others: prices are summed over the real ones.
        shown = [min(room, input_tokens - i * room) + prompt_tokens for i in range(calls)]
        work = [(tokens, reply) for tokens in shown]
        model = spec.architecture
        time = None if model is None else generation_seconds(model, work, hardware, bits=bits)
        memory = model and _memory(model, size + reply, hardware, bits)
        points.append(
            Point(
                window=size,
                calls=calls,
                usd=total_usd(spec, [(Usage(*call), 1) for call in work], as_of),
                above_cliff=any(max(shown) > cliff for cliff in cliffs),
                seconds=time.likely if time else None,
                seconds_band=(time.low, time.high) if time else None,
                peak_memory_bytes=memory or None,
                eager_bytes=eager_score_bytes(model.heads, size) if model else None,
            )
        )
    return points


def _memory_only(spec: ModelSpec, size: int, calls: int, hardware: Hardware, bits: int) -> Point:
    """A window that would hold more than one reply can answer: only its memory is of interest."""
    model = spec.architecture
    assert model is not None
    return Point(
        window=size,
        calls=calls,
        usd=None,
        above_cliff=False,
        seconds=None,
        seconds_band=None,
        peak_memory_bytes=_memory(model, size + spec.output_cap, hardware, bits),
        eager_bytes=eager_score_bytes(model.heads, size),
    )


def _memory(model: Architecture, n_tokens: int, hardware: Hardware, bits: int) -> int:
    needs = peak_memory(
        model,
        n_tokens,
        bits=bits,
        runtime_bytes=hardware.runtime_bytes,
        spare=ENGINE_SPARE,
    )
    return needs.total
