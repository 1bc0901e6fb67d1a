"""Runs of the evals that go over several stories, as their commands leave them."""

from __future__ import annotations

from dataclasses import dataclass

from evals.merges.rounds import Round, decay
from evals.merges.rounds import scores as round_scores
from evals.metrics.coverage_share import Covered
from evals.tasks.coverage import scores as coverage_scores
from pipeline.calls import Message, Request
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

AGGREGATING = "local/many"


@dataclass(frozen=True)
class Cell:
    key: str
    task: str
    model: str
    target_tokens: int
    prompt_tokens: int
    depth_target: float
    depth_actual: float
    seed: int
    status: str
    score: float | None
    reply: str
    request: Request
    expected: str = "4711"
    revision: str = "r1"
    style: str = "chat"
    haystack: str = "stories"
    finish: str = "stop"
    seconds: float = 1.0
    flags: tuple[str, ...] = ()


def further_measures(store: Store) -> dict[str, str]:
    """The ids of an aggregation grid, two round trips and a coverage."""
    found = {"aggregation": _aggregation(store)}
    for strategy, left in (("pairs", 0.0), ("tree", 0.02)):
        found[f"roundtrip_{strategy}"] = _round_trips(store, strategy, left)
    run = store.start_run(
        kind="coverage", corpus=None, model="code", strategy="",
        parameters={"reference": "insights.json", "document": "summary.md"},
    )  # fmt: skip
    told = [Covered(f"insight {n}", 0.2 * n, "", ()) for n in range(6)]
    store.save_scores(run, coverage_scores(told))
    store.finish_run(run, "completed")
    return found | {"coverage": run, "models": _advice(store)}


def _advice(store: Store) -> str:
    """Which model for which documents, as the command keeps it."""
    run = store.start_run(
        kind="models", corpus=None, model="extractive", strategy="",
        parameters={"paths": ["a.md"], "stories": 40, "words": 2000, "hardware": "CPU, 1 thread",
                    "as_of": "2026-11-16", "review": {"pairs": 57, "minutes": 15}},
    )  # fmt: skip
    usd, window = {"low": "0", "likely": "0.5", "high": "1"}, {"told": "below 1,024 tokens"}
    row = {
        "recommended": True, "why": "Nothing here has a record.", "decides": "proof",
        "windows": {"aggregation": None, "needle": None}, "usd": usd, "seconds": None,
        "seconds_band": None, "can_run": True, "reason": "", "record": None, "unmeasured": [],
    }  # fmt: skip
    command = "storytransformer exam --model local/many"
    other = row | {
        "recommended": False, "why": "", "decides": "nothing", "can_run": False,
        "windows": {"aggregation": window | {"band": "any length"}, "needle": None},
        "reason": "it does not fit", "unmeasured": [
            {"what": "what it may decide", "command": command, "usd": None, "seconds": 90.0}
        ],
    }  # fmt: skip
    store.save_scores(run, [
        Score("model", "extractive", 0.0, n=0, detail=row | {"place": 0}),
        Score("model", AGGREGATING, 0.0, n=103, detail=other | {"place": 1}),
        Score("not reached", "0", 1.0, detail={"why": "no key", "models": ["claude/x"]}),
    ])  # fmt: skip
    store.finish_run(run, "completed")
    return run


def _aggregation(store: Store) -> str:
    lengths = [1024, 2048, 4096]
    run = store.start_run(
        kind="aggregation", corpus=None, model=AGGREGATING, strategy="count,version",
        parameters={"tasks": ["count", "version"], "lengths": lengths, "depths": [0, 100],
                    "haystack": "stories:a.md;b c.md", "seeds": 1, "style": "chat"},
    )  # fmt: skip
    for task in ("count", "version"):
        for length in lengths:
            for depth in (0.0, 100.0):
                request = Request(
                    AGGREGATING, "r1", "answer", "needle.v1", "p",
                    (Message("user", f"{task} {length} {depth}"),), 16,
                )  # fmt: skip
                right = float(length < 4096)
                store.save_cell(
                    run,
                    Cell(request.key, task, AGGREGATING, length, length, depth, depth, 0,
                               "ok", right, "Three of them.", request),
                )  # fmt: skip
    for item in ("", "count"):
        store.save_scores(run, [
            Score("effective_relative", item, 2048.0, 1024.0, 4096.0, 12, {"lengths": lengths}),
            Score("effective_absolute", item, None, 0.0, 1024.0, 12, {"lengths": lengths}),
            Score("effective_every_depth", item, 4096.0, 0.0, 4096.0, 12, {"lengths": lengths}),
        ])  # fmt: skip
    store.finish_run(run, "completed")
    return run


def _round_trips(store: Store, strategy: str, left: float) -> str:
    """A merge that loses so much in every round."""
    run = store.start_run(
        kind="roundtrip", corpus=None, model="local/writer", strategy=strategy,
        parameters={"paths": ["a.md"], "by": "role", "rounds": 5, "parts": 4, "seed": 0},
    )  # fmt: skip
    rounds = [
        Round(n, 40, 200, 200, 1 - n * left, n * left / 2, n * left / 2, 0.0, 1.0, 1.0)
        for n in range(6)
    ]
    store.save_scores(run, round_scores(rounds, decay(rounds)))
    store.finish_run(run, "completed")
    return run
