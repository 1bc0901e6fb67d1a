"""Estimate against actual over many runs: a local model, the extractive one, and a server on this
machine that speaks the protocols of Claude, Gemini and OpenAI.

    python benchmarks/reconcile.py [PATH …] [--runs 30] [--out FILE]

Every run is the real command in a process of its own, all on one new database, so each is estimated
with what the earlier ones taught. Corpora: the stories of data/sample and of every PATH told again
by seed with overlaps, and, for models that judge, every PATH as it stands. Times are those of this
machine as busy as it is; what other processes took of it is shown and not corrected. Prints a
table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answering import answering
from load import Load, RealStories, tell, write

from pipeline.catalog import Catalog
from pipeline.tokens.token_counters import counter_for

ROOT = Path(__file__).parents[1]
LOCAL = "local/smollm2-135m"
CLOUDS = {"claude": "claude/claude-haiku-5-5", "gemini": "gemini/gemini-2.5-flash-lite"}
OPENAI = "openai/judge@{address}/v1"
QUANTITIES = ("input tokens", "output tokens", "price", "time", "peak memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1, help="of the local model")
    parser.add_argument("--out", type=Path, help="write every run and the summary as JSON")
    asked = parser.parse_args()
    catalog = Catalog(ROOT / "data" / "models.toml")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        specs = {name: catalog.find(model) for name, model in CLOUDS.items()}
        specs["openai"] = catalog.find("openai/judge@http://127.0.0.1/v1")
        counters = {name: counter_for(spec, cache=folder) for name, spec in specs.items()}
        with answering(counters) as address:
            runs = list(reconcile(asked.paths, asked.runs, asked.threads, folder, address))
    found = {
        "benchmark": "reconcile",
        "date": datetime.now(UTC).date().isoformat(),
        "runs": len(runs),
        "processors": os.cpu_count(),
        "threads": asked.threads,
        **summary(runs),
    }
    show(runs, found)
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(run) for run in runs]
        asked.out.write_text("\n".join([*lines, json.dumps(found)]) + "\n", encoding="utf-8")
    print(json.dumps(found))


def reconcile(
    paths: Sequence[Path], n_runs: int, threads: int, folder: Path, address: str
) -> Iterator[dict[str, Any]]:
    """Merge corpus after corpus, each by the next model, and compare."""
    models = [LOCAL, CLOUDS["claude"], LOCAL, CLOUDS["gemini"], OPENAI.format(address=address),
              "extractive"]  # fmt: skip
    sources = [ROOT / "data" / "sample", *paths]
    known = {source: stories for source in sources if (stories := _stories(source))}
    database = folder / "runs.sqlite"
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "STORYTRANSFORMER_THREADS": str(threads),
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": address,
        "GEMINI_API_KEY": "none",
        "GEMINI_BASE_URL": f"{address}/",
    }
    for number in range(n_runs):
        model, turn = models[number % len(models)], number // len(models)
        source = sources[(turn + number) % len(sources)]
        as_it_stands = model != LOCAL and turn % 2 == 1
        if as_it_stands or source not in known:
            source = source if as_it_stands else list(known)[turn % len(known)]
        if as_it_stands:
            corpus = source
        else:
            corpus = folder / f"corpus-{number}"
            n = 60 + 20 * (turn % 4)
            load = Load(n, 2, 20 * n + 200, overlapping=0.5, seed=number)
            write(tell(known[source], load), corpus)
        run = merge(corpus, model, database, folder / "out", environment)
        name = source.name + ("" if as_it_stands else " told again")
        yield {"model": model.partition("@")[0], "corpus": name, **run}
        print(f"{number + 1} of {n_runs}: {model}, {name}", file=sys.stderr, flush=True)


def _stories(source: Path) -> RealStories | None:
    """What can be told again; None where a source holds no story of that shape."""
    try:
        return RealStories([source])
    except SystemExit:
        return None


def merge(
    corpus: Path, model: str, database: Path, out: Path, environment: Mapping[str, str]
) -> dict[str, Any]:
    """One run of the command, and both sides of it from the database."""
    ask = () if model == "extractive" else ("--propose",)
    command = [sys.executable, "-m", "pipeline", "merge", str(corpus), "--judge", model, *ask,
               "--allow-cloud", "all", "--db", str(database), "--out", str(out), "--json",
               "--quiet"]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    run = json.loads(done.stdout)["run"]
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM v_estimate_vs_actual WHERE run = ?"
        sides = {row["quantity"]: dict(row) for row in connection.execute(query, [run])}
        head = dict(connection.execute(
            "SELECT v.stories, v.calls, v.reused, a.processor_seconds, a.model_seconds, "
            "v.plan_sha256 = v.estimated_plan_sha256 AS one_plan "
            "FROM v_runs v JOIN actual a ON a.run = v.run WHERE v.run = ?", [run]).fetchone()
        )  # fmt: skip
    kept = ("low", "likely", "high", "actual", "inside", "uncorrected", "past_runs")
    return head | {name: {key: sides[name][key] for key in kept} for name in QUANTITIES}


def summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares over the runs that asked their model for anything."""
    asking = [run for run in runs if run["calls"]]
    local = [run for run in asking if run["model"] == LOCAL]
    found: dict[str, Any] = {
        "asking": len(asking),
        "one_plan_behind_both": all(run["one_plan"] for run in runs),
        "local_input_equal_to_the_token": all(
            run["input tokens"]["actual"] == run["input tokens"]["likely"] for run in local
        ),
        "share_of_a_processor_local": _mean(
            [run["processor_seconds"] / run["model_seconds"] for run in local]
        ),
    }
    for name in QUANTITIES:
        sides = [run[name] for run in asking if run[name]["actual"] and run[name]["likely"]]
        banded = [side for side in sides if side["inside"] is not None]
        learned = [side for side in sides if side["past_runs"] >= 3]
        found[name] = {
            "n": len(sides),
            "banded_n": len(banded),
            "inside": _share(banded, lambda side: bool(side["inside"])),
            "uncorrected_within_10": _share(
                [s for s in sides if s["uncorrected"]],
                lambda side: _off(side, "uncorrected") <= 0.10,
            ),
            "uncorrected_within_20": _share(
                [s for s in sides if s["uncorrected"]],
                lambda side: _off(side, "uncorrected") <= 0.20,
            ),
            "after_3_runs_n": len(learned),
            "after_3_runs_inside": _share(
                [side for side in learned if side["inside"] is not None],
                lambda side: bool(side["inside"]),
            ),
            "after_3_runs_within_10": _share(learned, lambda side: _off(side) <= 0.10),
            "after_3_runs_mean_off": _mean([_off(side) for side in learned]),
        }
    return found


def _off(side: Mapping[str, float], of: str = "likely") -> float:
    return abs(side["actual"] / side[of] - 1)


def _share(sides: Sequence[Any], holds: Any) -> float | None:
    return round(sum(map(holds, sides)) / len(sides), 3) if sides else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def show(runs: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> None:
    """A line a run: actual ÷ likely, before and after what past runs taught; * outside its band."""
    head = ("model", "corpus", "stories", "calls", "past", *QUANTITIES)
    rows = [head]
    for run in runs:
        cells = [
            f"{_ratio(run[name], 'uncorrected')} → {_ratio(run[name], 'likely')}"
            + ("*" if run[name]["inside"] == 0 else "")
            for name in QUANTITIES
        ]
        past = run["output tokens"]["past_runs"]
        facts = (run["model"], run["corpus"], run["stories"], run["calls"], past, *cells)
        rows.append(tuple(str(fact) for fact in facts))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print("actual ÷ likely: as the plan said by itself → as it was estimated; * outside its band")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print()
    for name in QUANTITIES:
        print(f"{name:14} {found[name]}")


def _ratio(side: Mapping[str, float | None], of: str) -> str:
    actual, said = side["actual"], side[of]
    return f"{actual / said:.2f}" if actual and said else "–"


if __name__ == "__main__":
    main()
