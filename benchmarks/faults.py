"""Every fault that a run has to survive, tried on the real thing: one table.

    python benchmarks/faults.py [PATH …] [--full] [--only NAME …]      default: data/sample

A merge is disturbed in the ways below, in a process of its own, against a server on this machine
that remembers what it was asked; then the same command runs again, once what was broken is mended.
Each time it has to end with the document of a run that nobody disturbed, byte for byte, every story
in exactly one row of the ledger, and no request asked again whose good reply was in the journal.
Where the run cannot go on by itself it has to say why and what to do, with the exit code that the
README promises. Each fault is tried once, at a moment drawn by a seed, those that take a minute (a
lock of 30 s, Prefect's worker and server) only when they are named; ``--full`` tries all of them,
up to a hundred times.

Prints a table and, last, one JSON line; exits 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.breaking import clocks, servers, storage
from benchmarks.breaking.flows import Prefect, prefect, server_killed, worker_killed
from benchmarks.breaking.merges import ROOT
from benchmarks.breaking.storage import Stage, stage
from benchmarks.kills import Kill, kills

#: Tries one fault with that seed; what is wrong.
Try = Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Fault:
    """A fault, how often it is tried in full, what tries it, and whether that takes a minute."""

    name: str
    times: int
    attempt: Try
    slow: bool = False


@dataclass(frozen=True)
class Found:
    """What came of a fault."""

    fault: str
    times: int
    held: int
    seconds: float
    wrong: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[ROOT / "data" / "sample"], type=Path)
    parser.add_argument("--full", action="store_true", help="all of them, often")
    parser.add_argument("--only", nargs="*", default=[], help="faults whose name has this in it")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = []
    print(f"{'fault':44} {'tried':>6} {'held':>6} {'seconds':>8}")
    with stage(asked.paths) as on, ExitStack() as held:
        for fault in faults(asked.paths, on, held):
            named = any(part in fault.name for part in asked.only)
            if not named and (asked.only or (fault.slow and not asked.full)):
                continue
            found.append(tried(fault, fault.times if asked.full else 1, asked.seed))
            row = found[-1]
            print(
                f"{row.fault:44} {row.times:6} {row.held:6} {row.seconds:8.1f}  "
                + "; ".join(row.wrong),
                flush=True,
            )
    wrong = [row.fault for row in found if row.wrong]
    print(json.dumps({"benchmark": "faults", "rows": [asdict(row) for row in found]}))
    return 1 if wrong else 0


def tried(fault: Fault, times: int, seed: int) -> Found:
    """Try a fault so often."""
    began, held = time.perf_counter(), 0
    wrong: list[str] = []
    for attempt in range(times):
        told = fault.attempt(seed + attempt)
        held += not told
        wrong += told
    seconds = round(time.perf_counter() - began, 1)
    return Found(fault.name, times, held, seconds, tuple(wrong))


def faults(paths: Sequence[Path], on: Stage, held: ExitStack) -> Iterator[Fault]:
    """All of them, those that need Prefect last: it is started when the first of them is tried."""

    def at(fault: Callable[..., list[str]]) -> Try:
        """At a request that the seed draws, not the first and not the last ones."""
        return lambda seed: fault(on, request=random.Random(seed).randrange(3, 35))

    def killed(sign: signal.Signals) -> Try:
        """One series of moments: the runs that nobody disturbs are made once."""
        series: list[Iterator[Kill]] = []

        def attempt(seed: int) -> list[str]:
            if not series:
                series.append(held.enter_context(closing(kills(paths, 1000, seed=seed, sign=sign))))
            kill = next(series[0])
            return [f"{told} ({kill.moment}, {kill.model})" for told in kill.wrong]

        return attempt

    yield Fault("killed at a random moment", 100, killed(signal.SIGKILL))
    yield Fault("Ctrl-C at a random moment", 50, killed(signal.SIGINT))
    yield Fault("database locked for 30 s", 2, lambda seed: storage.locked(on, seconds=30), True)
    yield Fault("database locked for longer", 3, lambda seed: storage.locked_too_long(on))
    yield Fault("disk full", 30, lambda seed: storage.full_disk(on, seed=seed))
    yield Fault(
        "two runs of the same corpus at once", 10, lambda s: storage.two_at_once(on, seed=s)
    )
    yield Fault("clock jumping both ways", 20, lambda seed: clocks.jumps(on, seed=seed))
    yield Fault("model server dies", 5, at(servers.dies))
    yield Fault("model server dies and is back in a second", 5, at(servers.comes_back))
    yield Fault("model server hangs", 5, at(servers.hangs))
    yield Fault("model server comes back with other weights", 5, at(servers.other_weights))
    yield Fault("replies come from another model", 5, at(servers.other_name))

    stacks: list[Prefect] = []

    def with_prefect(fault: Callable[..., list[str]], **how: float) -> Try:
        def attempt(seed: int) -> list[str]:
            if not stacks:
                stacks.append(held.enter_context(prefect(on.folder / "prefect")))
            request = random.Random(seed).randrange(3, 35)
            return fault(on, stacks[0], request=request, **how)

        return attempt

    yield Fault("Prefect worker killed in a run", 5, with_prefect(worker_killed), True)
    yield Fault("Prefect server restarted in a run", 5, with_prefect(server_killed, away=1.0), True)
    yield Fault(
        "Prefect server away for 20 s in a run", 3, with_prefect(server_killed, away=20.0), True
    )


if __name__ == "__main__":
    sys.exit(main())
