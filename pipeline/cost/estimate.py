"""From a plan and a model to one line: dollars, tokens, time, memory, energy, and why not.

The plan is the one that ``merge`` sends; nothing here makes up calls of its own. Prices are those
of ``as_of``, feasibility is judged ``today``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from pipeline.amounts import gigabytes
from pipeline.calls import Band, Plan, TokenCount, Usage
from pipeline.columns import Kinds
from pipeline.cost.bare import bare_text_estimate
from pipeline.cost.bill import (
    Asked,
    asked,
    bill,
    n_likely,
    total_input,
    total_output,
    total_usd,
    worst_usage,
)
from pipeline.cost.formulas import (
    ENGINE_SPARE,
    USABLE_SHARE,
    eager_score_bytes,
    energy_kwh,
    peak_memory,
    rows_that_fit,
)
from pipeline.cost.hardware import ROWS, Hardware, generation_seconds, limit_seconds
from pipeline.cost.line import as_line, as_lines
from pipeline.cost.past_runs import NOTHING_LEARNED, Calibration, Ratio
from pipeline.cost.prices import price_is_dated
from pipeline.cost.remarks import (
    cache_note,
    effective_note,
    notes,
    obstacles,
    rate_note,
)
from pipeline.cost.window_limits import bits_held, usable_window, window_limits
from pipeline.estimates import Estimate
from pipeline.models import Architecture, ModelSpec

__all__ = [
    "as_line",
    "as_lines",
    "bare_text_estimate",
    "estimate",
    "formula_seconds",
    "infeasible",
    "window_limits",
    "worst_usage",
]

_MICRO = Decimal("0.000001")


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
    calibration: Calibration | None = None,
) -> Estimate:
    """What sending ``plan.to_send``, and what follows on its replies, costs on this model.

    Args:
        as_of: the date of the prices.
        today: the date on which it is judged whether the model still answers.
        allow_cloud: False makes a model that is not on this machine infeasible, None does not
            judge that.
        bits: of the weights of a local model.
        calibration: what past runs of this model and strategy taught.
    """
    learned = calibration or NOTHING_LEARNED
    by_itself = asked(spec, plan)
    counted = total_input(plan)
    requests = learned.applied_to(by_itself, exact=counted.exact)
    billed = bill(spec, requests, as_of)
    line = Estimate(
        model=spec.name,
        strategy=plan.strategy,
        feasible=True,
        reason="",
        plan_sha256=plan.sha256,
        calls=n_likely(plan),
        journalled_calls=len(plan.calls) - len(plan.sizes_to_send),
        input_tokens=_read(requests, counted) if learned.input.n else counted,
        output_tokens=total_output(requests),
        usd=billed.usd,
        usd_batch=billed.usd_batch,
        usd_worst=total_usd(spec, [(request.high, n) for request, n in by_itself.counted], as_of),
        price_date=as_of.isoformat(),
        price_source=billed.source,
        price_dated=price_is_dated(spec, as_of),
        notes=(
            *notes(spec, as_of, counted=_by_ratio(spec, counted)),
            *_said(plan, spec, requests, learned.said(exact=counted.exact)),
        ),
        learned=learned.learned,
    )
    if not spec.leaves_machine:
        held = bits_held(spec, bits)
        line = _on_this_machine(
            line, spec, plan, requests, hardware, usd_per_kwh, held, learned.seconds
        )
    reasons = [*obstacles(spec, today, allow_cloud), *_misfits(line, spec, plan, hardware)]
    return replace(line, feasible=not reasons, reason="; ".join(reasons))


def _said(plan: Plan, spec: ModelSpec, requests: Kinds[Asked], taught: str) -> Iterable[str]:
    """What is to be said of a plan's price, and what past runs taught of it."""
    said = (
        plan.remark,
        f"{spec.name}: {taught}" if taught else "",
        effective_note(spec, plan),
        cache_note(spec, plan),
        rate_note(spec, [(request.likely, n) for request, n in requests.counted]),
    )
    return filter(None, said)


def formula_seconds(
    plan: Plan, spec: ModelSpec, usages: Sequence[Usage], *, hardware: Hardware, bits: int = 16
) -> float | None:
    """What the formulas say of the time that a run's tokens took, had the machine been the one
    they were fitted on: what the time that really passed is compared with.

    Args:
        usages: tokens of the replies that came, in the order of the plan.

    Returns:
        None where they know nothing of this model or machine, or nothing was asked.
    """
    model = spec.architecture
    if model is None or spec.leaves_machine or not usages:
        return None
    bits = bits_held(spec, bits)
    longest = max(usage.prompt + usage.output for usage in usages)
    took = generation_seconds(
        model,
        [(usage.prompt, usage.output) for usage in usages],
        hardware,
        shared=max((call.shared_tokens for call in plan.calls), default=0),
        rows=_rows(model, longest, min(ROWS, len(usages)), hardware, bits),
        bits=bits,
    )
    return took.likely if took else None


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
        price_dated=price_is_dated(spec, as_of),
        notes=notes(spec, as_of),
    )


def _by_ratio(spec: ModelSpec, counted: TokenCount) -> bool:
    """Whether tokens were counted by the model's ratio, and not by a nearer counter."""
    return spec.ratio is None or counted.counter in ("", f"{spec.ratio.base}×{spec.ratio.likely}")


def _read(requests: Kinds[Asked], counted: TokenCount) -> TokenCount:
    """Prompt tokens of all requests, with what past runs taught of a tokenizer that is not here."""
    if counted.exact:
        return counted
    low, n, high = (
        sum(n * request[end].prompt for request, n in requests.counted) for end in range(3)
    )
    return counted._replace(n=n, low=low, high=high)


def _misfits(line: Estimate, spec: ModelSpec, plan: Plan, hardware: Hardware) -> list[str]:
    """Why this plan does not fit the model or the machine."""
    said = []
    longest = max((size.output.high for size, _ in plan.sizes_to_send.counted), default=0)
    if longest > spec.output_cap:
        said.append(f"a reply of {longest:,} tokens is over its limit of {spec.output_cap:,}")
    usable = int(hardware.device_bytes * USABLE_SHARE)
    if line.peak_memory_bytes is not None and line.peak_memory_bytes > usable:
        said.append(
            f"does not fit: needs {gigabytes(line.peak_memory_bytes)}, "
            f"{hardware} has {gigabytes(usable)} to use"
        )
    return said


def _on_this_machine(
    line: Estimate,
    spec: ModelSpec,
    plan: Plan,
    requests: Kinds[Asked],
    hardware: Hardware,
    usd_per_kwh: Decimal,
    bits: int,
    pace: Ratio,
) -> Estimate:
    """Time, memory, energy and rent of a local model; unknown where its configuration is."""
    model = spec.architecture
    if model is None:
        return line
    asked = [request for request, _ in requests.counted]
    longest = max((r.high.prompt + r.high.output for r in asked), default=0)
    wanted = min(ROWS, len(requests))
    rows = _rows(model, longest, wanted, hardware, bits)
    if rows < wanted:
        line = replace(
            line,
            notes=(
                *line.notes,
                f"{spec.name}: {rows} of {wanted} calls fit into memory side by side",
            ),
        )
    memory = peak_memory(
        model,
        longest,
        windows=rows,
        bits=bits,
        runtime_bytes=hardware.runtime_bytes,
        spare=ENGINE_SPARE,
    )
    line = replace(
        line,
        peak_memory_bytes=memory.total if asked else 0,
        bits=bits,
        longest_window=usable_window(
            spec,
            memory_bytes=hardware.device_bytes,
            runtime_bytes=hardware.runtime_bytes,
            bits=bits,
        ),
        eager_bytes=eager_score_bytes(model.heads, longest),
    )
    return _timed(line, model, plan, requests, hardware, rows, usd_per_kwh, bits, pace)


def _timed(
    line: Estimate,
    model: Architecture,
    plan: Plan,
    requests: Kinds[Asked],
    hardware: Hardware,
    rows: int,
    usd_per_kwh: Decimal,
    bits: int,
    pace: Ratio,
) -> Estimate:
    """Time, energy and rent, so many calls side by side; unknown where the machine's speed is."""
    shared = max((size.shared_tokens for size, _ in plan.sizes_to_send.counted), default=0)
    low, likely, high = (
        generation_seconds(
            model, _work(requests, end), hardware, shared=shared, rows=rows, bits=bits
        )
        for end in range(3)
    )
    limit = limit_seconds(model, _work(requests, 1), hardware, shared=shared, rows=rows, bits=bits)
    if low is None or likely is None or high is None or hardware.watts is None:
        return line
    seconds = likely.likely * pace.likely
    kwh = energy_kwh(seconds, hardware.watts)
    hours = Decimal(repr(seconds)) / 3600
    rent = hardware.gpu.usd_per_hour if hardware.gpu else None
    return replace(
        line,
        seconds=seconds,
        seconds_band=(low.likely * pace.low, high.likely * pace.high)
        if pace.n
        else (low.low, high.high),
        limit_share=None if limit is None or not seconds else limit / seconds,
        kwh=kwh,
        usd_energy=(Decimal(repr(kwh)) * usd_per_kwh).quantize(_MICRO),
        usd_rent=None if rent is None else (rent * hours).quantize(_MICRO),
    )


def _work(requests: Kinds[Asked], end: int) -> list[tuple[int, int]]:
    """(prompt, reply) tokens of every request at one end of its band, in order."""
    sizes = [(request[end].prompt, request[end].output) for request in requests.each]
    return [sizes[place] for place in requests.of]


def _rows(model: Architecture, longest: int, wanted: int, hardware: Hardware, bits: int) -> int:
    """How many calls are decoded side by side, by the memory there is."""
    fitting = rows_that_fit(
        model,
        longest,
        hardware.device_bytes,
        at_most=wanted,
        bits=bits,
        runtime_bytes=hardware.runtime_bytes,
        spare=ENGINE_SPARE,
    )
    return max(1, fitting)
