"""From a plan and a model to one line: dollars, tokens, time, memory, energy, and why not.

The plan is the one that ``merge`` sends; nothing here makes up calls of its own. Prices are those
of ``as_of``, feasibility is judged ``today``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from pipeline.calls import Band, Estimate, Plan, TokenCount
from pipeline.catalog import ModelSpec
from pipeline.cost.bare import bare_text_estimate
from pipeline.cost.bill import Asked, asked, bill, total_input, total_output, worst_usage
from pipeline.cost.calibration import NOTHING_LEARNED, Calibration
from pipeline.cost.formulas import (
    ENGINE_SPARE,
    USABLE_SHARE,
    energy_kwh,
    peak_memory,
    rows_that_fit,
)
from pipeline.cost.hardware import ROWS, Hardware, generation_seconds
from pipeline.cost.limits import window_limits
from pipeline.cost.line import as_line
from pipeline.cost.remarks import cache_note, notes, obstacles, rate_note

__all__ = [
    "as_line",
    "bare_text_estimate",
    "estimate",
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
    requests = learned.applied_to(asked(spec, plan))
    billed = bill(spec, requests, as_of)
    said = (cache_note(spec, plan), rate_note(spec, [request.likely for request in requests]))
    line = Estimate(
        model=spec.name,
        strategy=plan.strategy,
        feasible=True,
        reason="",
        plan_sha256=plan.sha256,
        calls=len(requests),
        journalled_calls=len(plan.calls) - len(plan.to_send),
        input_tokens=total_input(plan),
        output_tokens=total_output(requests),
        usd=billed.usd,
        usd_batch=billed.usd_batch,
        usd_worst=billed.usd[2] if billed.usd else None,
        price_date=as_of.isoformat(),
        price_source=billed.source,
        notes=(*notes(spec, as_of), *filter(None, said)),
    )
    if not spec.leaves_machine:
        line = _on_this_machine(line, spec, plan, requests, hardware, usd_per_kwh, bits)
        line = learned.timed(line)
    reasons = [*obstacles(spec, today, allow_cloud), *_misfits(line, spec, plan, hardware)]
    return replace(line, feasible=not reasons, reason="; ".join(reasons))


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
        notes=notes(spec, as_of),
    )


def _misfits(line: Estimate, spec: ModelSpec, plan: Plan, hardware: Hardware) -> list[str]:
    """Why this plan does not fit the model or the machine."""
    said = [plan.obstacle] if plan.obstacle else []
    longest = max((call.output.high for call in plan.to_send), default=0)
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
    plan: Plan,
    requests: list[Asked],
    hardware: Hardware,
    usd_per_kwh: Decimal,
    bits: int,
) -> Estimate:
    """Time, memory, energy and rent of a local model; unknown where its configuration is."""
    model = spec.architecture
    if model is None:
        return line
    longest = max((r.high.prompt + r.high.output for r in requests), default=0)
    wanted = min(ROWS, len(requests))
    rows = max(
        1,
        rows_that_fit(
            model,
            longest,
            hardware.device_bytes,
            at_most=wanted,
            bits=bits,
            runtime_bytes=hardware.runtime_bytes,
            spare=ENGINE_SPARE,
        ),
    )
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
    line = replace(line, peak_memory_bytes=memory.total if requests else 0)
    shared = max((call.shared_tokens for call in plan.to_send), default=0)
    low, likely, high = (
        generation_seconds(
            model,
            [(usage.prompt, usage.output) for usage in usages],
            hardware,
            shared=shared,
            rows=rows,
            bits=bits,
        )
        for usages in (
            [request.low for request in requests],
            [request.likely for request in requests],
            [request.high for request in requests],
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
        usd_energy=(Decimal(repr(kwh)) * usd_per_kwh).quantize(_MICRO),
        usd_rent=None if rent is None else (rent * hours).quantize(_MICRO),
    )
