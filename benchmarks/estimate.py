"""The estimator against numbers that can be checked: a first user's table, published memory,
price cliffs; and, for a folder of documents, every strategy's plan and its price.

    python benchmarks/estimate.py [PATH …] [--as-of 2026-11-21] [--gpu "RTX 4090"]

Nothing here is a price or a size: those come from the dated catalogue. Prints tables and, last,
one JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.compare.measures import stem_weights
from pipeline.cost.estimate import as_line, bare_text_estimate, estimate, window_limits
from pipeline.cost.formulas import cache_bytes, eager_score_bytes, weight_bytes
from pipeline.cost.hardware import detect_hardware, find_gpu
from pipeline.cost.prices import price
from pipeline.cost.ranking import rank_local
from pipeline.cost.tradeoff import window_tradeoff
from pipeline.extract.extraction import extract
from pipeline.plan.near.similarity import cluster, nearest, similar_pairs
from pipeline.plan.pairs import NEAREST
from pipeline.plan.strategies import STRATEGIES, make_plan
from pipeline.tokens.token_counters import counter_for

ROOT = Path(__file__).parents[1]
THEN = date(2024, 3, 9)
SEED_MODELS = (
    "claude/claude-3-opus-20240229",
    "claude/claude-3-sonnet-20240229",
    "claude/claude-3-haiku-20240307",
    "gemini/gemini-1.0-pro",
)
CLIFFS = (
    ("claude/claude-haiku-5-5", (99_999, 100_000, 100_001)),
    ("gemini/gemini-3.1-pro-preview", (199_999, 200_000, 200_001)),
)
PLANNED = (
    "local/smollm2-135m",
    "claude/claude-haiku-5-5",
    "claude/claude-opus-5-5",
    "gemini/gemini-2.5-flash-lite",
    "gemini/gemini-3.1-pro-preview",
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("paths", nargs="*", type=Path)
    arguments.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 21))
    arguments.add_argument("--gpu", default="RTX 4090")
    asked = arguments.parse_args()
    catalog = Catalog(ROOT / "data" / "models.toml")
    found: dict[str, Any] = {
        "first_user": first_user(catalog, asked.as_of),
        "scores": score_matrices(),
        "memory": memory(catalog),
        "cliffs": cliffs(catalog, asked.as_of),
        "windows": windows(catalog, asked.as_of),
        "ranking": ranking(catalog, asked.gpu),
    }
    if asked.paths:
        found["plans"] = plans(catalog, asked.paths, asked.as_of)
    print(json.dumps({"benchmark": "estimate", **found}))


def first_user(catalog: Catalog, today: date) -> dict[str, Any]:
    """440,000 words at two tokens a word, in March 2024."""
    lines = [
        as_line(
            bare_text_estimate(440_000, Decimal("2.0"), catalog.find(n), as_of=THEN, today=today)
        )
        for n in SEED_MODELS
    ]
    table(
        "440,000 words at 2.0 tokens a word, prices of 2024-03-09",
        ("model", "input only", "+ 25 %", "+ 100 %", "windows", "can run"),
        [
            (n["model"], *(f"${usd}" for usd in n["usd"].values()), n["calls"], n["reason"])
            for n in lines
        ],
    )
    return {line["model"]: line["usd"] | {"windows": line["calls"]} for line in lines}


def score_matrices() -> dict[int, int]:
    """What attention without a fused kernel writes out, for 40 heads."""
    sizes = {n: eager_score_bytes(40, n) for n in (1_000, 16_000, 100_000)}
    rows = [(f"{n:,}", gigabytes(b), f"{b / 2**30:.3f} GiB") for n, b in sizes.items()]
    table("Score matrix of one layer, 40 heads, bf16", ("tokens", "GB", "GiB"), rows)
    return sizes


def memory(catalog: Catalog) -> dict[str, Any]:
    """Weights and cache of the local models; Qwen3-8B against its published growth."""
    rows = []
    for spec in catalog:
        model = spec.architecture
        if model is not None:
            cache = cache_bytes(model, 100_000)
            rows.append(
                (spec.name, *(f"{weight_bytes(model, bits=b) / 2**30:.1f}" for b in (16, 8, 4)),
                 f"{cache / 2**30:.1f}", spec.effective or "not measured")
            )  # fmt: skip
    table(
        "Weights and cache of 100,000 tokens, GiB",
        ("model", "bf16", "8 bit", "4 bit", "cache", "effective context"),
        rows,
    )
    qwen = catalog.find("local/qwen3-8b").architecture
    assert qwen is not None
    grown = (cache_bytes(qwen, 30_720) - cache_bytes(qwen, 1)) / 2**20
    print(f"Qwen3-8B from 1 to 30,720 tokens: +{grown:,.0f} MiB; published: +4,320\n")
    return {"qwen3_8b_growth_mib": round(grown), "published_mib": 4_320}


def cliffs(catalog: Catalog, as_of: date) -> dict[str, dict[int, str]]:
    """One request below, at and above a price cliff, 10,000 tokens written."""
    rows, found = [], {}
    for name, lengths in CLIFFS:
        found[name] = {}
        for n in lengths:
            one = price(catalog.find(name), Usage(n, 10_000), as_of=as_of)
            found[name][n] = "unknown" if one is None else str(one.usd)
            rows.append((name, f"{n:,}", f"${found[name][n]}"))
    table("Price cliffs", ("model", "prompt tokens", "one request"), rows)
    return found


def windows(catalog: Catalog, as_of: date) -> dict[str, list[Any]]:
    """The same job in windows of every size: 526,000 tokens in, 131,500 out."""
    found: dict[str, list[Any]] = {}
    machine = detect_hardware(catalog.gpus)
    for name, _ in CLIFFS:
        points = window_tradeoff(
            catalog.find(name), input_tokens=526_000, output_tokens=131_500, prompt_tokens=900,
            as_of=as_of, hardware=machine,
        )  # fmt: skip
        found[name] = [[p.window, p.calls, str(p.usd)] for p in points]
        rows = [
            (f"{p.window:,}", p.calls, f"${p.usd:.2f}", "above the cliff" if p.above_cliff else "")
            for p in points
            if p.usd is not None
        ]
        table(f"Window size against dollars: {name}", ("window", "calls", "dollars", ""), rows)
    return found


def ranking(catalog: Catalog, gpu_name: str) -> list[list[Any]]:
    """What fits a card, for 511,000 tokens in and 132,000 out."""
    gpu = find_gpu(catalog.gpus, gpu_name)
    if gpu is None:
        print(f"{gpu_name}: not in the catalogue\n")
        return []
    fits = rank_local(catalog, gpu, input_tokens=511_000, output_tokens=132_000)
    rows = [
        (f.model, f.bits, f"{f.window:,}", f.limit, f.windows_needed, f.rows,
         f"{(f.seconds or 0) / 60:.0f} min", f"${f.usd_rent}")
        for f in fits
        if f.fits
    ]  # fmt: skip
    table(
        f"What fits {gpu.name}",
        ("model", "bits", "window", "limited by", "windows", "rows", "time", "rent"),
        rows,
    )
    return [[f.model, f.bits, f.window, f.seconds] for f in fits if f.fits]


def plans(catalog: Catalog, paths: Sequence[Path], as_of: date) -> list[dict[str, Any]]:
    """Every strategy on every model for real documents, with the time each step takes."""
    clock = time.perf_counter
    start = clock()
    stories = [story for e in extract(paths) for story in e.stories]
    read = clock()
    weights = stem_weights(stories)
    pairs = similar_pairs(stories, weights=weights)
    print(f"{len(stories)} stories read in {read - start:.2f} s, {len(pairs)} pairs measured in "
          f"{clock() - read:.2f} s\n")  # fmt: skip
    machine = detect_hardware(catalog.gpus)
    found, rows = [], []
    with tempfile.TemporaryDirectory() as cache:
        for name in PLANNED:
            spec = catalog.find(name)
            clusters = cluster(stories, pairs)
            counter = counter_for(spec, cache=Path(cache))
            for strategy in sorted(STRATEGIES):
                began = clock()
                plan = make_plan(
                    strategy, stories, clusters, spec, window_limits(spec, as_of=as_of), counter,
                    ROOT / "prompts", revision="benchmark", pairs=list(nearest(pairs, NEAREST)),
                )  # fmt: skip
                line = as_line(estimate(plan, spec, as_of=as_of, today=as_of, hardware=machine))
                took = clock() - began
                found.append(line | {"planning_seconds": round(took, 3)})
                rows.append(
                    (name, strategy, line["calls"], f"{line['input_tokens']:,}",
                     f"{line['output_tokens']['likely']:,}", f"${line['usd']['likely']}",
                     f"{took:.2f} s", line["reason"])
                )  # fmt: skip
    table(
        "Strategies",
        ("model", "strategy", "calls", "in", "out", "likely", "planned in", "cannot run because"),
        rows,
    )
    return found


def gigabytes(n_bytes: int) -> str:
    """Bytes in decimal gigabytes."""
    return f"{n_bytes / 1e9:,.2f} GB"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table with columns as wide as they need to be."""
    lines = [tuple(str(cell) for cell in row) for row in [head, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    print(title)
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    print()


if __name__ == "__main__":
    main()
