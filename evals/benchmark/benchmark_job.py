"""A benchmark from the first step to the report, resumable: the one sequence that the command and
the Prefect flow both run.

What is known of each step is told and stored before the first begins. A step that fails is said,
and the others go on. A second start with the same options goes on where the first ended: steps that
are done stay done, the one that was interrupted goes on by its own journal, and what failed or had
no time is tried again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from evals.benchmark.benchmark_report import write_report
from evals.benchmark.benchmark_steps import STEPS
from evals.benchmark.benchmark_values import Context, Done, Options, State, Step, Told
from pipeline.config.extras import LOCAL, require
from pipeline.errors import EngineError, InputError, StoreError, StoryTransformerError
from pipeline.progress import Show, show_nothing
from pipeline.providers.opening import missing_weights, revision_of
from pipeline.run.dispatch.usage import machine_name
from pipeline.run.job import plainly
from pipeline.runtime import Runtime
from pipeline.store.reading.reports import scores
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score
from pipeline.train.training_memory import shape_of

KIND = "benchmark"


def benchmark(
    runtime: Runtime,
    store: Store,
    options: Options,
    *,
    hours: float | None = None,
    gpu: str | None = None,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
    show: Show = show_nothing,
    step: Callable[..., Any] = plainly,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Tell all steps, run them while there is time, and write the report.

    Args:
        hours: of this start; None for no limit.
        gpu: a card of the catalogue to tell it for, with ``dry_run``.
        step: calls a step's work under a name; the flow makes it a task.

    Returns:
        What ``benchmark --json`` prints.

    Raises:
        InputError: no local model. EngineError: its weights are not here; or steps failed, after
            the report is written.
    """
    ctx = _context(runtime, store, options, hours, gpu, say, show, clock)
    if dry_run:
        told = {one.name: _tell(one, ctx) for one in STEPS}
        return _result(ctx, "", told, {}, runtime, hours)
    run = _begun(ctx)
    try:
        return _run(ctx, run, runtime, hours, step)
    except BaseException as error:
        with suppress(StoreError):
            store.finish_run(
                run,
                "failed" if isinstance(error, Exception) else "interrupted",
                error=str(error) or type(error).__name__,
            )
        raise


def _context(
    runtime: Runtime,
    store: Store,
    options: Options,
    hours: float | None,
    gpu: str | None,
    say: Callable[[str], None],
    show: Show,
    clock: Callable[[], float],
) -> Context:
    require(LOCAL, where=options.model)
    spec = runtime.find(options.model)
    if not spec.provider.is_local:
        raise InputError(
            f"{spec.name} does not run on this machine, which is what is measured.",
            where="--model",
            next="Name a local/… model; `storytransformer estimate` prices the others.",
        )
    if (missing := missing_weights(spec, runtime.settings.cache)) is not None and gpu is None:
        raise missing
    until = None if hours is None else clock() + 3600 * hours
    shape = shape_of(spec, runtime.settings.cache)
    return Context(
        runtime,
        store,
        replace(spec, architecture=shape),  # by which times of any folder can be told
        shape,
        runtime.hardware(gpu),
        options,
        say,
        show,
        lambda: None if until is None else until - clock(),
    )


def _tell(one: Step, ctx: Context) -> Told:
    """What is known of a step; why it cannot be run, where that is all that is known."""
    try:
        return one.tell(ctx)
    except StoryTransformerError as error:
        return Told(one.title.lower(), why_not=str(error))


def _begun(ctx: Context) -> str:
    """The run of these options that did not come to its end, or a new one."""
    options, store = ctx.options, ctx.store
    revision = revision_of(ctx.spec, ctx.runtime.settings.cache)
    key = hashlib.sha256(f"{revision} {options.text}".encode()).hexdigest()
    found = store.find_resumable(kind=KIND, plan_sha256=key, model=ctx.spec.name)
    if found is not None and store.resume_run(found):
        ctx.say(f"going on with {found}")
        return found
    return store.start_run(
        kind=KIND,
        corpus=None,
        model=ctx.spec.name,
        strategy="",
        revision=revision,
        plan_sha256=key,
        parameters=asdict(options),
    )


def _run(
    ctx: Context, run: str, runtime: Runtime, hours: float | None, step: Callable[..., Any]
) -> dict[str, Any]:
    stored = {(row["name"], row["item"]): row for row in scores(ctx.store, run)}
    told = {one.name: _told(one, ctx, stored, run) for one in STEPS}
    for line in _lines(told, ctx):
        ctx.say(line)
    kept = {item: row["detail"] for (name, item), row in stored.items() if name == "step"}
    errors: list[StoryTransformerError] = []
    for one in STEPS:
        if kept.get(one.name, {}).get("state") == "done":
            ctx.say(f"{one.title}: done before")
            continue
        before = float(kept.get(one.name, {}).get("seconds") or 0.0)
        kept[one.name] = _worked(one, told[one.name], ctx, before, step, errors)
        ctx.store.save_scores(
            run, [Score("step", one.name, kept[one.name]["seconds"], detail=kept[one.name])]
        )
        write_report(ctx.out, _result(ctx, run, told, kept, runtime, hours))
    result = _result(ctx, run, told, kept, runtime, hours)
    result["out"] = write_report(ctx.out, result)
    failed = [row["title"] for row in result["steps"] if row["state"] == "failed"]
    left = [row["title"] for row in result["steps"] if row["state"] == "later"]
    if failed:
        raise EngineError(
            f"{len(failed)} of {len(STEPS)} steps failed: {', '.join(failed)}; the others are in "
            f"{result['out']['markdown']}.",
            where=run,
            next=f"{errors[0]} The same command tries them again." if errors else "",
        )
    if left:
        ctx.store.finish_run(run, "interrupted", error=f"no time was left for {', '.join(left)}")
    else:
        ctx.store.finish_run(run, "completed")
    return result


def _told(one: Step, ctx: Context, stored: Mapping[tuple[str, str], Any], run: str) -> Told:
    """What is known of a step, as it was before anything of it was done."""
    before = stored.get(("told", one.name))
    if before is None:
        told = _tell(one, ctx)
        ctx.store.save_scores(run, [Score("told", one.name, told.seconds, detail=asdict(told))])
        return told
    told = Told(**before["detail"])
    # What stood in its way may be there by now.
    return replace(told, why_not=_tell(one, ctx).why_not) if told.why_not else told


def _worked(
    one: Step,
    told: Told,
    ctx: Context,
    before: float,
    step: Callable[..., Any],
    errors: list[StoryTransformerError],
) -> dict[str, Any]:
    """What came of a step: its state and all that the report shows of it."""
    if told.why_not:
        return _row("not run", why=told.why_not)
    if not ctx.has_time_for(told.seconds if one.name not in _IN_PIECES else 0.0):
        return _row("later", seconds=before, why="no time was left")
    ctx.say(f"{one.title}: {told.what}")
    began, peak = time.monotonic(), _start_peak()
    try:
        done: Done = step(one.title, one.work, ctx)
    except StoryTransformerError as error:
        errors.append(error)
        ctx.say(f"warning: {one.title} failed: {error}")
        return _row("failed", seconds=before + time.monotonic() - began, why=str(error))
    except Exception as error:  # a library's: the other steps are worth having all the same
        ctx.say(f"warning: {one.title} failed: {type(error).__name__}: {error}")
        why = f"{type(error).__name__}: {str(error)[:500]}"
        return _row("failed", seconds=before + time.monotonic() - began, why=why)
    took = before + time.monotonic() - began if done.seconds is None else done.seconds
    return _row(
        "later" if done.left else "done",
        seconds=took,
        memory_bytes=done.memory_bytes or peak(),
        lines=list(done.lines),
        figures=dict(done.figures),
        runs=list(done.runs),
        why=done.left,
    )


#: Steps that look at the clock themselves, and do what there is time for.
_IN_PIECES = ("needles", "aggregation", "merge")


def _row(
    state: State,
    *,
    seconds: float | None = None,
    memory_bytes: int | None = None,
    lines: Sequence[str] = (),
    figures: Mapping[str, Any] | None = None,
    runs: Sequence[str] = (),
    why: str = "",
) -> dict[str, Any]:
    return {
        "state": state,
        "seconds": seconds,
        "memory_bytes": memory_bytes,
        "lines": list(lines),
        "figures": figures or {},
        "runs": list(runs),
        "why": why,
    }


def _start_peak() -> Callable[[], int | None]:
    """Measure the device's memory from here on; where the system cannot tell, nothing is told."""
    from pipeline.engine.loading.loader import choose_device
    from pipeline.engine.probing import peak_bytes, start_peak

    device = choose_device()
    try:
        start_peak(device)
    except EngineError:
        return lambda: None
    return partial(peak_bytes, device)


def _result(
    ctx: Context,
    run: str,
    told: Mapping[str, Told],
    kept: Mapping[str, Mapping[str, Any]],
    runtime: Runtime,
    hours: float | None,
) -> dict[str, Any]:
    rows = []
    for one in STEPS:
        before, after = told[one.name], kept.get(one.name) or _row("later" if run else "not run")
        rows.append({
            "name": one.name,
            "title": one.title,
            "what": before.what,
            **after,
            "why": after["why"] or ("" if run else before.why_not),
            "told": {"seconds": before.seconds, "memory_bytes": before.memory_bytes, "usd": "0"},
        })  # fmt: skip
    known = [row["told"]["seconds"] for row in rows if not told[row["name"]].why_not]
    seconds = sum(row["seconds"] or 0.0 for row in rows)
    watts, price = ctx.hardware.watts, float(runtime.settings.usd_per_kwh)
    kwh = None if watts is None else watts * seconds / 3.6e6
    return {
        "run": run or None,
        "model": ctx.spec.name,
        "revision": revision_of(ctx.spec, runtime.settings.cache),
        "machine": machine_name(ctx.hardware),
        "memory_bytes": ctx.hardware.device_bytes,
        "paths": list(ctx.options.paths),
        "hours": hours,
        "usd": "0",
        "told_seconds": None if None in known else sum(known),
        "seconds": seconds,
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "kwh": kwh,
        "usd_energy": None if kwh is None else f"{kwh * price:.4f}",
        "steps": rows,
    }


def _lines(told: Mapping[str, Told], ctx: Context) -> list[str]:
    """What is told before the first step."""
    from pipeline.amounts import duration, gigabytes

    lines = [f"{ctx.spec.name} on {ctx.hardware}: price $0, nothing leaves this machine"]
    for one in STEPS:
        said = told[one.name]
        what = f"not run: {said.why_not}" if said.why_not else said.what
        time_told, memory = duration(said.seconds), gigabytes(said.memory_bytes) or "–"
        lines.append(f"  {one.title}: about {time_told}, {memory}; {what}")
    return lines
