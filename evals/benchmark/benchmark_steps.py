"""The steps of a benchmark, the most useful first: what each is told to take, and its work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals import declared
from evals.benchmark.benchmark_values import Context, Done, Step, Told
from evals.benchmark.device_probe import measured
from evals.benchmark.judge_steps import TRAIN, TRAINED, examination, examined
from evals.grids.grids import (
    Grid,
    GridOptions,
    NeedleOptions,
    aggregation_grid,
    aggregation_lengths,
    needle_grid,
)
from evals.grids.needle_price import price_needles
from evals.grids.needle_run import run_needles
from evals.recorded import recorded
from evals.tasks import kernels
from pipeline.amounts import counted, gigabytes, outcomes, told_length
from pipeline.config.options import MergeOptions
from pipeline.cost.formulas import (
    ENGINE_SPARE,
    eager_score_bytes,
    logit_bytes,
    longest_window,
    peak_memory,
    weight_bytes,
)
from pipeline.cost.hardware import generation_seconds
from pipeline.providers import doctor
from pipeline.providers.local import DEFAULT_LOCAL, PROVIDER
from pipeline.providers.opening import revision_of
from pipeline.run import corpus as corpora
from pipeline.run.job import run
from pipeline.run.pricing import estimate_corpus
from pipeline.runtime import now
from pipeline.store.reading.reports import cells_by_key
from pipeline.store.reading.spending import time_spent
from pipeline.store.rows.eval_rows import Score

#: The longest prompt that an evening is spent on, and what is left for the reply.
LONGEST, REPLY = 32_768, 512
#: Tokens of the text on which the kernels are compared, and how often it is read.
_PARITY, _READINGS = 1024, 10
#: Bytes of weights that a disk gives in a second, and seconds that imports take.
_DISK, _IMPORTS = 1e9, 5.0


def lengths_of(ctx: Context) -> tuple[int, ...]:
    """Prompt lengths to the model's window, :data:`LONGEST` and what fits, the shortest first."""
    if ctx.options.lengths:
        return tuple(sorted(ctx.options.lengths))
    fits = longest_window(
        ctx.shape,
        ctx.hardware.device_bytes,
        bits=ctx.spec.setup.bits,
        runtime_bytes=ctx.hardware.runtime_bytes,
        spare=ENGINE_SPARE,
    )
    return aggregation_lengths(min(ctx.spec.window, fits, LONGEST + REPLY))


def memory_of(ctx: Context, tokens: int) -> int:
    """Peak bytes by the formula, for one prompt at a time."""
    return peak_memory(
        ctx.shape,
        tokens,
        bits=ctx.spec.setup.bits,
        runtime_bytes=ctx.hardware.runtime_bytes,
        spare=ENGINE_SPARE,
    ).total


def _loading(ctx: Context) -> float:
    return _IMPORTS + weight_bytes(ctx.shape, bits=ctx.spec.setup.bits) / _DISK


def _reading(ctx: Context, work: Sequence[tuple[int, int]]) -> float | None:
    """Seconds for (prompt, reply) tokens one after the other, with the loading."""
    took = generation_seconds(ctx.shape, work, ctx.hardware, rows=1, bits=ctx.spec.setup.bits)
    return None if took is None else _loading(ctx) + took.likely


def _tell_doctor(ctx: Context) -> Told:
    return Told("versions, driver, kernels and what is missing", _loading(ctx), memory_of(ctx, 16))


def _doctor(ctx: Context) -> Done:
    settings = ctx.runtime.settings
    checks = doctor.examine(
        ctx.runtime.catalog.find(DEFAULT_LOCAL),
        cache=settings.cache,
        threads=settings.threads,
        keys={},
        wanted=(PROVIDER.name, doctor.GPU) if ctx.hardware.gpu_name else (PROVIDER.name,),
    )
    lines = [
        f"{'ok' if one['ok'] else 'missing'}: {one['name']}: {one['detail']}" for one in checks
    ]
    return Done(tuple(lines), {"facts": doctor.facts(), "checks": checks})


def _tell_kernels(ctx: Context) -> Told:
    # The score matrix's logits of every place are kept, and two more are compared with them.
    logits = 3 * logit_bytes(ctx.shape, positions=_PARITY)
    scores = eager_score_bytes(ctx.shape.heads, _PARITY, softmax_in_fp32=True)
    return Told(
        f"every attention kernel on {_PARITY:,} tokens, beside the score matrix",
        _reading(ctx, [(_PARITY, 0)] * _READINGS),
        memory_of(ctx, _PARITY) + scores + logits,
    )


def _kernels(ctx: Context) -> Done:
    found = declared.measured(
        kernels.EVAL,
        ctx.runtime,
        opened=ctx.store,
        given={"paths": ctx.options.paths},
        chosen=kernels.KernelsOptions(tokens=_PARITY),
        model=ctx.spec.name,
    )
    lines = [
        f"{row['name']}: {row['why_not']}"
        if row["why_not"]
        else f"{row['name']}: loss {row['loss']:.4f} nats, largest gap of a logit "
        f"{row['largest_gap']:.2g}, same choice at {row['same_choice']:.1%} of the places"
        for row in found["kernels"]
    ]
    return Done(tuple(lines), {"kernels": found["kernels"]}, (found["run"],))


def _tell_memory(ctx: Context) -> Told:
    lengths = lengths_of(ctx)
    return Told(
        f"peak memory of prompts of {_told(lengths)} tokens, and the kernels by their names",
        _reading(ctx, [(n, 2) for n in (*lengths, _PARITY)]),
        memory_of(ctx, lengths[-1] + 2),
    )


def _memory(ctx: Context) -> Done:
    spec, lengths = ctx.spec, lengths_of(ctx)
    options = ctx.runtime.options(spec)
    with recorded(
        ctx.store,
        kind="memory",
        model=spec.name,
        strategy="peak",
        revision=revision_of(spec, options.cache),
        parameters={"lengths": list(lengths)},
    ) as run_id:
        found = measured(spec, options, lengths)
        ctx.store.update_run(run_id, describe=found["describe"])
        # An allocator's peak on a card holds no libraries; a process's peak does.
        libraries = ctx.hardware.runtime_bytes if ctx.hardware.gpu_name else 0
        told = {row["tokens"]: memory_of(ctx, row["tokens"]) - libraries for row in found["peaks"]}
        ctx.store.save_scores(
            run_id,
            [
                Score("peak_bytes", f"{row['tokens']:07}", row["bytes"],
                      detail={"formula": told[row["tokens"]], "why_not": row["why_not"]})
                for row in found["peaks"]
            ],
        )  # fmt: skip
    kernels, probe = found["kernels"], found["probe"]
    lines = [
        f"{kernels['asked']} was chosen; seen by the profiler: {', '.join(kernels['seen'])}",
        f"twice the tokens took {probe['bytes'][1] / max(probe['bytes'][0], 1):.1f} times the "
        f"memory of one attention: {'linear' if probe['linear'] else 'quadratic'}",
        *(
            f"{row['tokens']:,} tokens: {row['why_not']}"
            if row["why_not"]
            else f"{row['tokens']:,} tokens: {gigabytes(row['bytes'])} of "
            f"{gigabytes(told[row['tokens']])} by the formula "
            f"({row['bytes'] / told[row['tokens']]:.2f})"
            for row in found["peaks"]
        ),
    ]
    peaks = [row["bytes"] for row in found["peaks"] if row["bytes"]]
    return Done(
        tuple(lines), found, (run_id,), memory_bytes=max(peaks) + libraries if peaks else None
    )


def _tell_exam(ctx: Context) -> Told:
    return examination(ctx, ctx.spec)


def _exam(ctx: Context) -> Done:
    return examined(ctx, ctx.spec.name)


def _tell_merge(ctx: Context) -> Told:
    corpus = corpora.read(list(ctx.options.paths), cache=ctx.store)
    terms = ctx.runtime.terms(pairs=ctx.options.pairs, propose=True)
    found = estimate_corpus(
        corpus, [ctx.spec.name], ["pairs"], terms, catalog=ctx.runtime.catalog, store=ctx.store
    )
    line = found["lines"][0]
    return Told(
        f"{counted(len(corpus.stories), 'story', 'stories')}, {line['calls']:,} pair questions",
        line["seconds"],
        line["peak_memory_bytes"],
        "" if line["feasible"] else line["reason"],
    )


def _merge(ctx: Context) -> Done:
    left = ctx.left()
    job = ctx.runtime.merge_job(
        ctx.options.paths,
        ctx.spec.name,
        MergeOptions(
            out=str(ctx.out / "merged"),
            propose=True,
            pairs=ctx.options.pairs,
            max_seconds=None if left is None else max(1, int(left)),
        ),
        store=ctx.store,
        say=ctx.say,
        show=ctx.show,
    )
    told = run(job)
    _, seconds, _ = time_spent(ctx.store, told["run"])
    kept = told["kept"]
    lines = [
        f"{counted(told['stories'], 'story', 'stories')} in "
        f"{counted(told['entries'], 'entry', 'entries')}; {outcomes(told['ledger'])}",
        f"{kept['units'] - len(kept['missing'])} of {kept['units']} sentences kept; "
        f"{counted(told['calls'], 'question')} asked, {told['reused_replies']} answered before, "
        f"{told['failed_calls']} failed",
        f"the document: {told['out']['markdown']}",
    ]
    unasked = told["not_asked"]
    left_out = f"{unasked} pair questions were not asked" if unasked else ""
    figures = {name: told[name] for name in _MERGED}
    return Done(tuple(lines), figures, (told["run"],), seconds, left=left_out)


#: Of what a merge prints, the figures: its report holds no text of a story.
_MERGED = (
    "stories", "entries", "ledger", "conflicts", "possible_conflicts", "proposals", "calls",
    "input_tokens", "output_tokens", "failed_calls", "not_asked", "reused_replies", "out",
)  # fmt: skip


def _needle_grid(ctx: Context, lengths: Sequence[int]) -> Grid:
    return needle_grid(
        NeedleOptions(
            tasks=("single", "multikey"), lengths=tuple(lengths), depths=ctx.options.depths, seeds=1
        )
    )


def _aggregation_grid(ctx: Context, lengths: Sequence[int]) -> Grid:
    chosen = GridOptions(lengths=tuple(lengths), depths=ctx.options.depths)
    return aggregation_grid(ctx.spec.window, ctx.options.paths, chosen)


_GRIDS = {"needle": _needle_grid, "aggregation": _aggregation_grid}


def _priced(ctx: Context, kind: str, lengths: Sequence[int]) -> dict[str, Any]:
    return price_needles(
        ctx.spec,
        ctx.runtime.settings.cache,
        ctx.runtime.settings.prompts,
        grid=_GRIDS[kind](ctx, lengths),
        hardware=ctx.hardware,
        as_of=now().date(),
        known=cells_by_key(ctx.store).__contains__,
    )


def _tell_grid(ctx: Context, kind: str) -> Told:
    lengths = lengths_of(ctx)
    found = _priced(ctx, kind, lengths)
    seconds = found["seconds"]
    return Told(
        f"{found['cells']} cells at {_told(lengths)} tokens"
        + (f", {found['known']} measured before" if found["known"] else ""),
        None if seconds is None else seconds["likely"] + _loading(ctx) * len(lengths),
        memory_of(ctx, lengths[-1] + REPLY),
        found["obstacle"],
    )


def _measure_grid(ctx: Context, kind: str) -> Done:
    """Length by length, the shortest first, while there is time; then all of them together, which
    asks nothing again."""
    spec, reached, left = ctx.spec, [], ""

    def grid(lengths: Sequence[int]) -> dict[str, Any]:
        return run_needles(
            spec,
            ctx.runtime.options(spec),
            ctx.store,
            ctx.runtime.settings.prompts,
            grid=_GRIDS[kind](ctx, lengths),
            kind=kind,
            as_of=now().date(),
            say=ctx.say,
            show=ctx.show,
        )

    runs = []
    for length in lengths_of(ctx):
        seconds = _priced(ctx, kind, [length])["seconds"]
        if not ctx.has_time_for(seconds and seconds["likely"]):
            left = f"{length:,} tokens and longer were not measured"
            break
        runs.append(grid([length])["run"])
        reached.append(length)
    if not reached:
        return Done(left=left)
    whole = grid(reached)
    low, high = whole["interval"]
    lines = [
        f"{whole['mean']:.0%} of {whole['n']} found (95 % interval {low:.0%} to {high:.0%})",
        *(f"{name}: {one['mean']:.0%} of {one['n']}" for name, one in whole["tasks"].items()),
        *(
            f"effective, {name.replace('_', ' ')}: {told_length(one['tokens'], one['below'])}"
            for name, one in whole["effective"].items()
        ),
    ]
    kept: Mapping[str, Any] = {name: whole[name] for name in ("mean", "n", "interval", "tasks",
                                                               "effective")}  # fmt: skip
    return Done(tuple(lines), kept, (*runs, whole["run"]), left=left)


def _told(lengths: Sequence[int]) -> str:
    return ", ".join(f"{n:,}" for n in lengths)


#: The most useful first: where time is short, the last are left.
STEPS: tuple[Step, ...] = (
    Step("doctor", "Doctor", _tell_doctor, _doctor),
    Step("kernels", "Kernels agree", _tell_kernels, _kernels),
    Step("memory", "Kernel and memory", _tell_memory, _memory),
    Step("exam", "Exam", _tell_exam, _exam),
    Step("merge", "Merge", _tell_merge, _merge),
    Step("needles", "Needles", lambda c: _tell_grid(c, "needle"),
         lambda c: _measure_grid(c, "needle")),
    Step("aggregation", "Aggregation", lambda c: _tell_grid(c, "aggregation"),
         lambda c: _measure_grid(c, "aggregation")),
    TRAIN,
    TRAINED,
)  # fmt: skip
