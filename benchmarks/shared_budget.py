"""Two processes on one budget: whatever their turns, they never spend or set aside more than it.

    python benchmarks/shared_budget.py [PATH …] [--seeds N]      default: data/sample, 4 seeds

Two processes work on one run at once, as on two machines of a task runner: each sends all calls of
the plan to Claude's protocol, in an order of its own that the seed decides, through the journal
they share, until the budget refuses the next call. The budget is drawn between one and two calls
at their worst price, which is about what the plan costs in the end; one request in ten fails,
drops, is refused or cut. In every seed

- what is spent or set aside is never above the budget, looked at all the time, nor is what the
  replies cost in the end by their usage;
- nothing is asked for which nothing was set aside.

Prints a table and, last, one JSON line; exits 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.calls import Plan
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.bill import worst_usage
from pipeline.errors import BudgetError
from pipeline.providers.base import ModelOptions
from pipeline.providers.claude import ClaudeModel
from pipeline.providers.remote.retries import Retries
from pipeline.run import steps
from pipeline.run.corpus import Corpus, read
from pipeline.run.dispatch.waves import run_wave, waves
from pipeline.store.record import Store, StoreJournal, open_store
from tests.support.providers import Fault, Provider, chance

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = read_settings({})
SPEC = Catalog(SETTINGS.models_toml).find("claude/claude-haiku-5-5")
DAY = date(2026, 11, 21)
FAULTS: tuple[Fault, ...] = ("429", "500", "drop", "half", "refusal", "length", "garbage")
#: Calls of one wave: small, so that the two meet often.
TOGETHER = 4


@dataclass(frozen=True)
class Race:
    """One seed: dollars of the budget, the most that was ever charged, what the replies cost; how
    many of the two processes were refused; what does not hold."""

    seed: int
    budget: Decimal
    peak: Decimal
    billed: Decimal
    asked: int
    refused: int
    wrong: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[ROOT / "data" / "sample"], type=Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        return work(asked.paths, asked.worker)
    found: list[Race] = []
    print(f"{'seed':>4} {'budget':>10} {'peak':>10} {'billed':>10} {'asked':>6} {'refused':>8}")
    for race in races(asked.paths, asked.seeds):
        found.append(race)
        print(
            f"{race.seed:4} {race.budget:10.6f} {race.peak:10.6f} {race.billed:10.6f} "
            f"{race.asked:6} {race.refused:8}  {'; '.join(race.wrong)}",
            flush=True,
        )
    summary = {
        "benchmark": "shared_budget",
        "seeds": len(found),
        "both_refused": sum(race.refused == 2 for race in found),
        "asked": sum(race.asked for race in found),
        "highest_peak": max(round(float(race.peak / race.budget), 4) for race in found),
        "most_billed": max(round(float(race.billed / race.budget), 4) for race in found),
        "exceeded": [race.seed for race in found if race.wrong],
    }
    print(json.dumps(summary))
    return 1 if summary["exceeded"] else 0


def races(paths: Sequence[Path], seeds: int) -> Iterator[Race]:
    """One race a seed, each on a database of its own."""
    with tempfile.TemporaryDirectory() as scratch, Provider(seconds=0.002) as server:
        folder = Path(scratch)
        corpus, plan = planned(paths, folder)
        usd = steps.pricer(SPEC, DAY)
        worst = [usd(call.request, worst_usage(SPEC, call)) or Decimal(0) for call in plan.calls]
        empty = folder / "empty.sqlite"
        with opened(empty) as store:
            run = store.start_run(
                kind="merge", corpus=store.save_corpus(corpus.extractions), model=SPEC.name,
                strategy="pairs", plan_sha256=plan.sha256,
            )  # fmt: skip
        workers = [_worker(paths, server.url) for _ in range(2)]
        try:
            for seed in range(seeds):
                drawn = random.Random(seed)
                budget = max(worst) * Decimal(drawn.uniform(1, 2))
                budget = budget.quantize(Decimal("0.000001"))
                database = folder / f"{seed}.sqlite"
                shutil.copy(empty, database)
                server.fault = chance(0.1, FAULTS, seed=seed)
                seen = len(server.asked)
                order = {"database": str(database), "run": run, "budget": str(budget)}
                with watching(database) as looks:
                    for i, worker in enumerate(workers):
                        _tell(worker, order | {"seed": 2 * seed + i})
                    ends = [_hear(worker) for worker in workers]
                asked = server.asked[seen:]
                yield _race(seed, budget, max(looks), database, asked, ends.count("refused"))
        finally:
            for worker in workers:
                worker.communicate()


@contextmanager
def watching(database: Path) -> Iterator[list[Decimal]]:
    """Dollars spent or set aside, look after look, while others work on the database."""
    looks: list[Decimal] = []
    done = threading.Event()

    def look() -> None:
        query = (
            "select coalesce(sum(coalesce(settled_micro_usd, reserved_micro_usd)), 0) from charge"
        )
        with closing(sqlite3.connect(database, timeout=60)) as connection:
            while True:
                last = done.wait(0.0005)
                looks.append(Decimal(connection.execute(query).fetchone()[0]) / 10**6)
                if last:
                    return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        done.set()
        thread.join()


def _race(
    seed: int,
    budget: Decimal,
    peak: Decimal,
    database: Path,
    asked: Sequence[tuple[str, float]],
    refused: int,
) -> Race:
    with closing(sqlite3.connect(database)) as connection:
        ((charges,),) = connection.execute("select count(*) from charge")
        ((billed,),) = connection.execute("select coalesce(sum(micro_usd), 0) from reply")
    paid = Decimal(billed) / 10**6
    sent = len({key for key, _ in asked})
    wrong = []
    if peak > budget:
        wrong.append("charged more than the budget")
    if paid > budget:
        wrong.append("billed more than the budget")
    if sent > charges:
        wrong.append(f"{sent} requests for {charges} charges")
    return Race(seed, budget, peak, paid, len(asked), refused, tuple(wrong))


def planned(paths: Sequence[Path], cache: Path) -> tuple[Corpus, Plan]:
    """The documents and their plan, the same in every process."""
    corpus = read([str(path) for path in paths])
    terms = steps.Terms(SETTINGS.prompts, cache, DAY, DAY, strategy="pairs", allow_cloud=("all",))
    return corpus, steps.plan(corpus, SPEC, terms)


def opened(database: Path) -> Store:
    return open_store(f"sqlite:///{database}", now=lambda: datetime.now(UTC))


def work(paths: Sequence[Path], url: str) -> int:
    """A process of a race: orders come in line by line, and how they ended goes out."""
    with tempfile.TemporaryDirectory() as scratch:
        corpus, plan = planned(paths, Path(scratch))
        options = ModelOptions(Path(scratch), key="none", base_url=url)
        waits = Retries(4, first_wait=0.001, longest_wait=0.01)
        model = ClaudeModel(SPEC, options, retries=waits)
        for line in sys.stdin:
            print(_spend(json.loads(line), corpus, plan, model), flush=True)
    return 0


def _spend(order: dict[str, Any], corpus: Corpus, plan: Plan, model: ClaudeModel) -> str:
    """Send the plan in an order of our own until the budget refuses."""
    calls = list(plan.calls)
    random.Random(order["seed"]).shuffle(calls)
    with opened(Path(order["database"])) as store:
        journal = StoreJournal(store, order["run"], max_usd=Decimal(order["budget"]))
        try:
            for wave in waves(calls, TOGETHER):
                run_wave(
                    wave, model, journal, stories=corpus.by_id,
                    usd=steps.pricer(SPEC, DAY), allow_cloud=("all",),
                )  # fmt: skip
        except BudgetError:
            return "refused"
    return "done"


def _worker(paths: Sequence[Path], url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, paths), "--worker", url],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip


def _tell(worker: subprocess.Popen[str], order: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()


def _hear(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    said = worker.stdout.readline().strip()
    if not said:
        raise SystemExit("a process of the race died.")
    return said


if __name__ == "__main__":
    sys.exit(main())
