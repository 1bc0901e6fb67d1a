"""The price of so many words, before there are documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from pipeline.calls import Band, TokenCount, Usage, WindowLimits
from pipeline.columns import kinds_of
from pipeline.cost.bill import Asked, bill
from pipeline.cost.formulas import energy_kwh, rows_that_fit
from pipeline.cost.hardware import ROWS, Hardware, generation_seconds
from pipeline.cost.model_choice import TOKENS_PER_WORD, WRITTEN_SHARE
from pipeline.cost.prices import price_is_dated
from pipeline.cost.remarks import notes, obstacles
from pipeline.cost.window_limits import bits_held, usable_window, window_limits
from pipeline.estimates import Estimate
from pipeline.models import ModelSpec

#: Output of a bare-text price as shares of the input: low, likely, high.
OUTPUT_SHARES = (Decimal(0), WRITTEN_SHARE, Decimal(1))
_MICRO = Decimal("0.000001")


def bare_text_estimate(
    words: int,
    tokens_per_word: Decimal | None,
    spec: ModelSpec,
    *,
    as_of: date,
    today: date,
    hardware: Hardware | None = None,
    bits: int = 16,
    usd_per_kwh: Decimal = Decimal("0.17"),
) -> Estimate:
    """The price of so many words without a plan: no prompt overhead, output 0, 25 and 100 % of
    the input, cut into as few windows as the model allows.

    Args:
        tokens_per_word: the asker's assumption, which is not corrected by the model's tokenizer;
            None for :data:`~pipeline.cost.model_choice.TOKENS_PER_WORD` times the model's ratio.
        hardware: the machine of a local model; None leaves time and memory unknown.
    """
    bits = bits_held(spec, bits)
    counted = _count(words, tokens_per_word, spec)
    limits = _limits(spec, as_of, hardware, bits)
    windows = -(-counted.n // limits.input_tokens) if limits.input_tokens else 0
    outputs = Band(*(int((counted.n * share).to_integral_value()) for share in OUTPUT_SHARES))
    requests = _requests(counted, outputs, windows)
    billed = bill(spec, kinds_of(requests), as_of)
    ceiling = windows * limits.output_tokens
    reasons = obstacles(spec, today, None)
    line = Estimate(
        model=spec.name,
        strategy="bare text",
        feasible=not reasons,
        reason="; ".join(reasons),
        plan_sha256="",
        calls=windows,
        journalled_calls=0,
        input_tokens=counted,
        output_tokens=outputs,
        usd=billed.usd,
        usd_batch=billed.usd_batch,
        usd_worst=billed.usd[2] if billed.usd else None,
        price_date=as_of.isoformat(),
        price_source=billed.source,
        price_dated=price_is_dated(spec, as_of),
        notes=(
            f"{spec.name}: {windows} window{'s' * (windows != 1)} ({limits.reason}); one pass "
            f"writes at most {ceiling:,} tokens"
            + (", less than the likely output" if outputs.likely > ceiling else ""),
            *notes(spec, as_of, counted=tokens_per_word is None),
        ),
    )
    if hardware is None or spec.leaves_machine:
        return line
    return _on_this_machine(line, spec, requests, hardware, bits, usd_per_kwh)


def _count(words: int, tokens_per_word: Decimal | None, spec: ModelSpec) -> TokenCount:
    if tokens_per_word is not None:
        n = int((words * tokens_per_word).to_integral_value())
        return TokenCount(n, f"{tokens_per_word} tokens a word, as given", False, n, n)
    base, ratio = words * TOKENS_PER_WORD, spec.ratio
    low, likely, high = (ratio.low, ratio.likely, ratio.high) if ratio else (Decimal(1),) * 3
    return TokenCount(
        int((base * likely).to_integral_value()),
        f"{(TOKENS_PER_WORD * likely).normalize():f} tokens a word, as measured on user stories",
        False,
        int((base * low).to_integral_value(ROUND_FLOOR)),
        int((base * high).to_integral_value(ROUND_CEILING)),
    )


def _on_this_machine(
    line: Estimate,
    spec: ModelSpec,
    requests: Sequence[Asked],
    hardware: Hardware,
    bits: int,
    usd_per_kwh: Decimal,
) -> Estimate:
    """Time and energy if the likely output is written, as many windows side by side as fit."""
    model = spec.architecture
    if model is None:
        return line
    window = usable_window(
        spec, memory_bytes=hardware.device_bytes, runtime_bytes=hardware.runtime_bytes, bits=bits
    )
    line = replace(line, bits=bits, longest_window=window)
    if not window:
        reason = f"does not fit: the weights in {bits} bit are too much for {hardware}"
        return replace(line, feasible=False, reason="; ".join(filter(None, [line.reason, reason])))
    work = [(request.likely.input, request.likely.output) for request in requests]
    rows = rows_that_fit(
        model,
        max(map(sum, work), default=0),
        hardware.device_bytes,
        at_most=min(ROWS, len(work)),
        bits=bits,
        runtime_bytes=hardware.runtime_bytes,
    )
    took = generation_seconds(model, work, hardware, rows=max(1, rows), bits=bits)
    if took is None or hardware.watts is None:
        return line
    kwh = energy_kwh(took.likely, hardware.watts)
    rent = hardware.gpu.usd_per_hour if hardware.gpu else None
    hours = Decimal(repr(took.likely)) / 3600
    return replace(
        line,
        seconds=took.likely,
        seconds_band=(took.low, took.high),
        kwh=kwh,
        usd_energy=(Decimal(repr(kwh)) * usd_per_kwh).quantize(_MICRO),
        usd_rent=None if rent is None else (rent * hours).quantize(_MICRO),
    )


def _requests(counted: TokenCount, outputs: Band, windows: int) -> list[Asked]:
    """The words as requests, one a window, as even as whole tokens allow."""
    sizes = list(zip((counted.low, counted.n, counted.high), outputs, strict=True))
    return [
        Asked(*(Usage(_part(n, i, windows), _part(out, i, windows)) for n, out in sizes))
        for i in range(windows)
    ]


def _limits(spec: ModelSpec, as_of: date, hardware: Hardware | None, bits: int) -> WindowLimits:
    """The windows of a model; of a local one those that fit this machine, where any does."""
    limits = window_limits(spec, as_of=as_of)
    if hardware is None or spec.leaves_machine:
        return limits
    here = window_limits(
        spec,
        as_of=as_of,
        memory_bytes=hardware.device_bytes,
        runtime_bytes=hardware.runtime_bytes,
        bits=bits,
    )
    return here if here.input_tokens else limits


def _part(total: int, index: int, parts: int) -> int:
    """The tokens of one window when they are spread as evenly as whole numbers allow."""
    return total * (index + 1) // parts - total * index // parts
