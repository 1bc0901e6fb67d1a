"""From a plan and a model to one line: dollars, tokens, time, memory, energy, and why not.

The plan is the one that ``merge`` sends; nothing here makes up calls of its own. Prices are those
of ``as_of``, feasibility is judged ``today``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.calls import Band, Call, Estimate, Plan, TokenCount, Usage, WindowLimits
from pipeline.catalog import ModelSpec
from pipeline.cost.formulas import USABLE_SHARE, energy_kwh, longest_window, peak_memory
from pipeline.cost.hardware import CPU_RUNTIME_BYTES, Hardware, generation_seconds
from pipeline.cost.prices import price, price_cliffs, price_note, retirement_note

#: Output of a bare-text price as shares of the input: low, likely, high.
BARE_OUTPUT_SHARES = (Decimal(0), Decimal("0.25"), Decimal(1))
#: Local calls that the engine decodes side by side.
DECODED_TOGETHER = 8


def window_limits(
    spec: ModelSpec,
    *,
    as_of: date | None = None,
    memory_bytes: int | None = None,
    runtime_bytes: int = CPU_RUNTIME_BYTES,
    bits: int = 16,
) -> WindowLimits:
    """How much one call of this model may hold, and which limit decides.

    The smallest of: the window less the longest reply, the measured effective context, the first
    price cliff at that date, and, locally, what fits into memory.

    Args:
        as_of: the date whose price cliffs count; None takes those of the catalogue's spec.
        memory_bytes: of the device a local model would run on; None leaves memory out.
    """
    output = min(spec.output_cap, spec.window // 2)
    choices = [(spec.window - output, f"window of {spec.window:,} tokens less the longest reply")]
    if spec.effective is not None:
        choices.append((spec.effective, f"measured effective context of {spec.effective:,} tokens"))
    cliffs = price_cliffs(spec, as_of)
    if cliffs:
        choices.append((cliffs[0], f"price cliff at {cliffs[0]:,} tokens"))
    if memory_bytes is not None and spec.architecture is not None:
        fits = longest_window(
            spec.architecture, memory_bytes, bits=bits, runtime_bytes=runtime_bytes
        )
        choices.append((max(0, fits - output), f"memory for {fits:,} tokens"))
    tokens, reason = min(choices, key=lambda choice: choice[0])
    return WindowLimits(input_tokens=tokens, output_tokens=output, reason=reason)


def estimate(
    plan: Plan,
    spec: ModelSpec,
    *,
    as_of: date,
    today: date,
    hardware: Hardware,
    allow_cloud: bool | None = None,
    usd_per_kwh: Decimal = Decimal("0.17"),
    bits: int = 16,
) -> Estimate:
    """What sending ``plan.to_send`` costs on this model.

    Args:
        as_of: the date of the prices.
        today: the date on which it is judged whether the model still answers.
        allow_cloud: False makes a model that is not on this machine infeasible, None does not
            judge that.
        bits: of the weights of a local model.
    """
    calls = plan.to_send
    tokens = total_tokens([call.input for call in calls])
    replies = _total_band(call.output for call in calls)
    usd, usd_batch, source = _dollars(spec, calls, as_of)
    line = Estimate(
        model=spec.name,
        strategy=plan.strategy,
        feasible=True,
        reason="",
        plan_sha256=plan.sha256,
        calls=len(calls),
        journalled_calls=len(plan.calls) - len(calls),
        input_tokens=tokens,
        output_tokens=replies,
        usd=usd,
        usd_batch=usd_batch,
        usd_worst=usd[2] if usd else None,
        price_date=as_of.isoformat(),
        price_source=source,
        notes=_notes(spec, as_of),
    )
    if not spec.leaves_machine:
        line = _on_this_machine(line, spec, calls, hardware, usd_per_kwh, bits)
    reasons = [*_obstacles(spec, today, allow_cloud), *_misfits(line, spec, plan, hardware)]
    return replace(line, feasible=not reasons, reason="; ".join(reasons))


def bare_text_estimate(
    words: int, tokens_per_word: Decimal, spec: ModelSpec, *, as_of: date, today: date
) -> Estimate:
    """The price of so many words without a plan: no prompt overhead, output 0, 25 and 100 % of
    the input, cut into as few windows as the model allows.

    Args:
        tokens_per_word: the asker's assumption; it is not corrected by the model's tokenizer.
    """
    limits = window_limits(spec, as_of=as_of)
    n_tokens = int((words * tokens_per_word).to_integral_value())
    windows = -(-n_tokens // limits.input_tokens) if limits.input_tokens else 0
    outputs = [int((n_tokens * share).to_integral_value()) for share in BARE_OUTPUT_SHARES]
    usd = [_sum_of(spec, _even(n_tokens, out, windows), as_of) for out in outputs]
    obstacles = _obstacles(spec, today, None)
    ceiling = windows * limits.output_tokens
    band = None if usd[0] is None or usd[1] is None or usd[2] is None else (usd[0], usd[1], usd[2])
    return Estimate(
        model=spec.name,
        strategy="bare text",
        feasible=not obstacles,
        reason="; ".join(obstacles),
        plan_sha256="",
        calls=windows,
        journalled_calls=0,
        input_tokens=TokenCount(
            n_tokens, f"{tokens_per_word} tokens a word, assumed", False, n_tokens, n_tokens
        ),
        output_tokens=Band(*outputs),
        usd=band,
        usd_batch=_sum_of(spec, _even(n_tokens, outputs[1], windows), as_of, batch=True),
        usd_worst=usd[2],
        price_date=as_of.isoformat(),
        price_source=_source(spec, as_of),
        notes=(
            f"{spec.name}: {windows} windows ({limits.reason}); one pass writes at most "
            f"{ceiling:,} tokens",
            *_notes(spec, as_of),
        ),
    )


def infeasible(spec: ModelSpec, strategy: str, reason: str, *, as_of: date) -> Estimate:
    """The line of a model that cannot even be planned for (its tokenizer or weights are missing):
    everything about it is unknown but the reason."""
    return Estimate(
        model=spec.name,
        strategy=strategy,
        feasible=False,
        reason=reason,
        plan_sha256="",
        calls=0,
        journalled_calls=0,
        input_tokens=TokenCount(0, "", False, 0, 0),
        output_tokens=Band(0, 0, 0),
        usd=None,
        usd_batch=None,
        usd_worst=None,
        price_date=as_of.isoformat(),
        notes=_notes(spec, as_of),
    )


def as_line(line: Estimate) -> dict[str, Any]:
    """One line of ``estimate --json``: money as decimal strings, unknown as null."""
    unplanned = not line.plan_sha256 and not line.calls
    return {
        "model": line.model,
        "strategy": line.strategy,
        "feasible": line.feasible,
        "reason": line.reason,
        "calls": None if unplanned else line.calls,
        "journalled_calls": line.journalled_calls,
        "input_tokens": None if unplanned else line.input_tokens.n,
        "input_band": {"low": line.input_tokens.low, "high": line.input_tokens.high},
        "exact": line.input_tokens.exact,
        "counter": line.input_tokens.counter,
        "output_tokens": line.output_tokens._asdict(),
        "usd": None
        if line.usd is None
        else dict(zip(("low", "likely", "high"), map(_money, line.usd), strict=True)),
        "usd_batch": _money(line.usd_batch),
        "usd_worst": _money(line.usd_worst),
        "usd_energy": _money(line.usd_energy),
        "usd_rent": _money(line.usd_rent),
        "seconds": line.seconds,
        "seconds_band": line.seconds_band
        and dict(zip(("low", "high"), line.seconds_band, strict=True)),
        "peak_memory_bytes": line.peak_memory_bytes,
        "kwh": line.kwh,
        "price_date": line.price_date,
        "price_source": line.price_source,
        "plan": line.plan_sha256,
        "notes": list(line.notes),
    }


def total_tokens(counts: Sequence[TokenCount]) -> TokenCount:
    """The sum of counts: exact when every one of them is."""
    return TokenCount(
        n=sum(count.n for count in counts),
        counter=counts[0].counter if counts else "",
        exact=all(count.exact for count in counts),
        low=sum(count.low for count in counts),
        high=sum(count.high for count in counts),
    )


def _total_band(bands: Iterable[Band]) -> Band:
    low = likely = high = 0
    for band in bands:
        low, likely, high = low + band.low, likely + band.likely, high + band.high
    return Band(low, likely, high)


def _dollars(
    spec: ModelSpec, calls: Sequence[Call], as_of: date
) -> tuple[tuple[Decimal, Decimal, Decimal] | None, Decimal | None, str]:
    """Low, likely and high dollars, likely dollars through the batch API, and where they are
    from: sums of the prices of single requests."""
    low = _sum_of(spec, [Usage(c.input.low, c.output.low) for c in calls], as_of)
    likely_usage = [Usage(c.input.n, c.output.likely) for c in calls]
    likely = _sum_of(spec, likely_usage, as_of)
    high = _sum_of(spec, [Usage(c.input.high, c.output.high) for c in calls], as_of)
    batch = _sum_of(spec, likely_usage, as_of, batch=True) if spec.leaves_machine else None
    band = None if low is None or likely is None or high is None else (low, likely, high)
    return band, batch, _source(spec, as_of)


def _sum_of(
    spec: ModelSpec, requests: Sequence[Usage], as_of: date, *, batch: bool = False
) -> Decimal | None:
    """The sum of single prices, None as soon as one is not known. No request costs nothing only
    where a request would have a price at all."""
    if price(spec, Usage(input=1), as_of=as_of, batch=batch) is None:
        return None
    total = Decimal(0)
    for usage in requests:
        found = price(spec, usage, as_of=as_of, batch=batch)
        if found is None:
            return None
        total += found.usd
    return total


def _source(spec: ModelSpec, as_of: date) -> str:
    found = price(spec, Usage(input=1), as_of=as_of)
    return found.source if found else "unknown"


def _even(n_input: int, n_output: int, windows: int) -> list[Usage]:
    """Tokens spread over windows as evenly as whole numbers allow, none lost."""
    return [
        Usage(
            n_input * (i + 1) // windows - n_input * i // windows,
            n_output * (i + 1) // windows - n_output * i // windows,
        )
        for i in range(windows)
    ]


def _notes(spec: ModelSpec, as_of: date) -> tuple[str, ...]:
    said = []
    change = price_note(replace(spec, retired=None), as_of)
    if change:
        said.append(f"{spec.name}: the price {change}")
    if spec.ratio is not None and spec.leaves_machine:
        said.append(
            f"{spec.name}: tokens are counted with {spec.ratio.base} times {spec.ratio.likely} "
            f"({spec.ratio.low} to {spec.ratio.high}, checked {spec.ratio.checked.isoformat()})"
        )
    return (*said, *(f"{spec.name}: {note}" for note in spec.notes))


def _obstacles(spec: ModelSpec, today: date, allow_cloud: bool | None) -> list[str]:
    """Why this model may not be asked at all."""
    said = []
    if spec.retired is not None and spec.retired <= today:
        said.append(retirement_note(spec, today))
    if spec.leaves_machine and allow_cloud is False:
        said.append("the text would leave this machine: needs --allow-cloud")
    return said


def _misfits(line: Estimate, spec: ModelSpec, plan: Plan, hardware: Hardware) -> list[str]:
    """Why this plan does not fit the model or the machine."""
    said = []
    longest = max((call.request.max_tokens for call in plan.to_send), default=0)
    if longest > spec.output_cap:
        said.append(f"a reply of {longest:,} tokens is over its limit of {spec.output_cap:,}")
    usable = int(hardware.device_bytes * USABLE_SHARE)
    if line.peak_memory_bytes is not None and line.peak_memory_bytes > usable:
        said.append(
            f"does not fit: needs {line.peak_memory_bytes / 2**30:.1f} GiB, "
            f"{hardware} has {usable / 2**30:.1f} GiB to use"
        )
    return said


def _on_this_machine(
    line: Estimate,
    spec: ModelSpec,
    calls: Sequence[Call],
    hardware: Hardware,
    usd_per_kwh: Decimal,
    bits: int,
) -> Estimate:
    """Time, memory, energy and rent of a local model; unknown where its configuration is."""
    model = spec.architecture
    if model is None:
        return line
    together = min(DECODED_TOGETHER, max(1, len(calls)))
    longest = max((call.input.high + call.output.high for call in calls), default=0)
    memory = peak_memory(
        model, longest, windows=together, bits=bits, runtime_bytes=hardware.runtime_bytes
    )
    line = replace(line, peak_memory_bytes=memory.total if calls else 0)
    low, likely, high = (
        generation_seconds(model, work, hardware, together=together, bits=bits)
        for work in (
            [(call.input.low, call.output.low) for call in calls],
            [(call.input.n, call.output.likely) for call in calls],
            [(call.input.high, call.output.high) for call in calls],
        )
    )
    if low is None or likely is None or high is None or hardware.watts is None:
        return line
    kwh = energy_kwh(likely.likely, hardware.watts)
    hours = Decimal(repr(likely.likely)) / 3600
    rent = hardware.gpu.usd_per_hour if hardware.gpu else None
    return replace(
        line,
        seconds=likely.likely,
        seconds_band=(low.low, high.high),
        kwh=kwh,
        usd_energy=(Decimal(repr(kwh)) * usd_per_kwh).quantize(Decimal("0.000001")),
        usd_rent=None if rent is None else (rent * hours).quantize(Decimal("0.000001")),
    )


def _money(usd: Decimal | None) -> str | None:
    """A decimal string without an exponent or trailing zeros: "0", "13.2"."""
    if usd is None:
        return None
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
