"""What the evals share that measure a grid: its run, its price, and how both are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.declared import Asked
from evals.result_tables import Table
from pipeline.amounts import counted, dollars

if TYPE_CHECKING:
    from evals.grids.grids import Grid


def run_grid(asked: Asked, grid: Grid) -> dict[str, Any]:
    """Measure a grid; see :func:`evals.grids.needle_run.run_needles`."""
    from evals.grids.needle_run import run_needles
    from pipeline.runtime import now

    chosen, settings = asked.chosen, asked.runtime.settings
    return run_needles(
        asked.spec,
        asked.model_options,
        asked.store,
        settings.prompts,
        grid=grid,
        kind=asked.task.name,
        as_of=now().date(),
        max_usd=chosen.max_cost,
        with_likelihood=chosen.likelihood,
        ask_again=chosen.ask_again,
        allow_cloud=chosen.allow_cloud,
        local_only=settings.local_only,
        say=asked.say,
        show=asked.show,
    )


def price_grid(asked: Asked, grid: Grid) -> dict[str, Any]:
    """Price a grid, also where no database can be opened; see
    :func:`evals.grids.needle_price.price_needles`."""
    from evals.grids.needle_price import price_needles
    from pipeline.runtime import now
    from pipeline.store.reading.reports import cells_by_key

    runtime, unusable = asked.runtime, not asked.chosen.ask_again
    store = runtime.store_if_possible(asked.say)
    known = cells_by_key(store, unusable=unusable) if store else {}
    return price_needles(
        asked.spec,
        runtime.settings.cache,
        runtime.settings.prompts,
        grid=grid,
        hardware=runtime.hardware(),
        as_of=now().date(),
        known=known.__contains__,
    )


def shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """The grid of each task, length across and depth down, then its figures."""
    for task, share in result["tasks"].items():
        yield _cells([c for c in result["cells"] if c["task"] == task], task, result["model"])
        yield (
            f"{task}: {share['mean']:.2f} [{share['low']:.2f}, {share['high']:.2f}] "
            f"of n = {share['n']}"
        )
    if (likely := result["likelihood"]) is not None:
        yield (
            f"log-likelihood of the right answer: {likely['mean']:.3f} nats a token "
            f"[{likely['low']:.3f}, {likely['high']:.3f}], n = {counted(likely['n'], 'cell')}"
        )
    for name, found in result["effective"].items():
        yield (
            f"effective length, {name.replace('_', ' ')}: {found['told']} "
            f"[95 %: {found['band']}], n = {found['n']}"
        )
    low, high = result["interval"]
    yield (
        f"{result['mean']:.2f} [{low:.2f}, {high:.2f}] of n = {result['n']}; "
        f"{counted(result['reused'], 'cell')} were measured before."
    )


def _cells(cells: Sequence[Mapping[str, Any]], task: str, model: str) -> Table:
    lengths = sorted({c["target_tokens"] for c in cells})
    depths = sorted({c["depth_target"] for c in cells})
    rows = []
    for depth in depths:
        row: list[object] = [f"{depth:g} %"]
        for length in lengths:
            found = [
                c for c in cells if c["target_tokens"] == length and c["depth_target"] == depth
            ]
            scored = [c["score"] for c in found if c["score"] is not None]
            odd = [c["status"] for c in found if c["status"] != "ok"]
            text = f"{sum(scored) / len(scored):.2f}" if scored else "–"
            row.append(text + (f" ({', '.join(sorted(set(odd)))})" if odd else ""))
        rows.append(row)
    return Table(
        ("depth", *(f"{n:,}" for n in lengths)),
        rows,
        title=f"{task} needle, {model}: share found by prompt tokens",
    )


def priced(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """What a grid would cost."""
    yield Table(
        ["", "low", "likely", "high"],
        [
            ["tokens in", f"{result['input_band']['low']:,}", f"{result['input_tokens']:,}",
             f"{result['input_band']['high']:,}"],
            ["tokens out", *(f"{n:,}" for n in result["output_tokens"].values())],
            ["dollars", *(("unknown",) * 3 if result["usd"] is None
                          else map(dollars, result["usd"].values()))],
            ["seconds", *(("unknown",) * 3 if result["seconds"] is None
                          else (f"{s:,.0f}" for s in result["seconds"].values()))],
        ],
        title=f"{result['asked']} of {counted(result['cells'], 'cell')} to ask {result['model']} "
        f"({result['known']} measured before, {result['skipped']} do not fit its window), "
        f"prices of {result['price_date']}",
    )  # fmt: skip
    if result["obstacle"]:
        yield result["obstacle"]


def told(result: Mapping[str, Any]) -> str:
    """How much was found, in one line."""
    low, high = result["interval"]
    return (
        f"{result['mean']:.0%} of {result['n']} found (95 % interval {low:.0%} to "
        f"{high:.0%}); {counted(result['reused'], 'cell')} measured before."
    )
