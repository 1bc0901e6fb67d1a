"""Merges killed with `kill -9` at random moments, then resumed: what is asked twice, what is lost.

    python benchmarks/kills.py [PATH …] [--kills N] [--seed N]      default: data/sample, 3 kills
    python benchmarks/kills.py --minutes 20                         end then, and say how many
    python benchmarks/kills.py --ctrl-c                             Ctrl-C instead of kill -9

The real command, in a process of its own, against a server on this machine that speaks the
protocols of Claude, Gemini and OpenAI in turn. A moment is drawn on the run's own clock, so that a
busy machine changes nothing: before the first request, at some request and a part of a reply's time
after it, or after the last reply. Then the same command runs again, and has to end with

- no request asked for whose good reply was in the journal when the process died;
- at most the requests asked twice that had been sent and were not in the journal (in flight);
- the document of a run that nobody killed, byte for byte, but for the run's name;
- one row of the ledger for every story, and every charge settled but those in flight.

A Ctrl-C has to end the command with exit code 130 and one JSON object that says so.
Prints a table and, last, one JSON line; exits 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.breaking.merges import MODELS, ROOT, Ended, Merge, taken_up
from tests.support.providers import Provider

#: Seconds that the server takes for a reply, so that several are always in flight.
SECONDS = 0.05


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed.

    Args:
        files: the document's, without the run's name.
        requests: how many were sent.
        before, after: seconds until the first request and from the last reply to the end.
    """

    files: dict[str, bytes]
    requests: int
    before: float
    after: float


@dataclass(frozen=True)
class Kill:
    """One killed and resumed run. ``journalled`` and ``in_flight`` are requests at its death,
    ``again`` those sent twice; ``wrong`` says what does not hold."""

    model: str
    moment: str
    ended: bool
    journalled: int
    in_flight: int
    again: int
    wrong: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[ROOT / "data" / "sample"], type=Path)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so many")
    parser.add_argument("--ctrl-c", action="store_true", help="instead of kill -9")
    asked = parser.parse_args()
    found: list[Kill] = []
    end = time.monotonic() + 60 * asked.minutes
    print(f"{'model':30} {'killed':32} {'journal':>8} {'in flight':>10} {'again':>6}")
    sign = signal.SIGINT if asked.ctrl_c else signal.SIGKILL
    for kill in kills(asked.paths, asked.kills, seed=asked.seed, sign=sign):
        found.append(kill)
        told = "ended before" if kill.ended else kill.moment
        print(
            f"{kill.model.partition('@')[0]:30} {told:32} {kill.journalled:8} {kill.in_flight:10} "
            f"{kill.again:6}  {'; '.join(kill.wrong)}",
            flush=True,
        )
        if time.monotonic() > end:
            break
    summary = {
        "benchmark": "kills",
        "seed": asked.seed,
        "signal": sign.name,
        "kills": len(found),
        "ended_before": sum(kill.ended for kill in found),
        "journalled": sum(kill.journalled for kill in found),
        "in_flight": sum(kill.in_flight for kill in found),
        "most_in_flight": max(kill.in_flight for kill in found),
        "asked_again": sum(kill.again for kill in found),
        "wrong": [asdict(kill) for kill in found if kill.wrong],
    }
    print(json.dumps(summary))
    return 1 if summary["wrong"] else 0


def kills(
    paths: Sequence[Path],
    n: int,
    *,
    seed: int,
    models: Sequence[str] = MODELS,
    sign: signal.Signals = signal.SIGKILL,
    more: Sequence[str] = (),
) -> Generator[Kill]:
    """Break off ``n`` merges of ``paths``, model after model.

    Args:
        sign: how; the whole process group gets it, as from a terminal.
        more: further arguments of the command.
    """
    drawn = random.Random(seed)
    wholes: dict[str, Whole] = {}
    with Provider(seconds=SECONDS) as server, tempfile.TemporaryDirectory() as scratch:
        for i in range(n):
            model = models[i % len(models)].format(url=server.url)
            if model not in wholes:
                wholes[model] = whole(Merge(paths, model, server, Path(scratch) / f"whole-{i}"))
            merge = Merge(paths, model, server, Path(scratch) / f"kill-{i}", more)
            yield _killed(merge, wholes[model], drawn, sign)


def whole(merge: Merge) -> Whole:
    """Run a merge that nobody disturbs."""
    seen, started = len(merge.server.asked), time.monotonic()
    ended = merge.finish()
    moment = time.monotonic()
    if ended.code:
        raise SystemExit(f"the run that nobody disturbs fails: {ended.out}{ended.err}")
    asked = merge.server.asked[seen:]
    if not asked:
        raise SystemExit("the run asks nothing: nothing can be broken off.")
    return Whole(
        files=merge.document(ended.result),
        requests=len(asked),
        before=asked[0][1] - started,
        after=moment - max(moment for _, moment in merge.server.answered),
    )


def _killed(merge: Merge, whole: Whole, drawn: random.Random, sign: signal.Signals) -> Kill:
    server, seen = merge.server, len(merge.server.asked)
    place, part = drawn.random(), drawn.random()
    process = merge.start()
    if place < 0.1:
        moment = f"{part:.0%} of the way to the first request"
        _sleep(process, part * whole.before)
    else:
        # The tenth part of all moments is after the last request.
        n = min(whole.requests, 1 + int((place - 0.1) / 0.8 * whole.requests))
        while len(server.asked) - seen < n and process.poll() is None:
            time.sleep(0.001)
        wait = SECONDS if place < 0.9 else SECONDS + whole.after
        moment = f"{part * wait * 1000:.0f} ms after request {n} of {whole.requests}"
        _sleep(process, part * wait)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sign)
    broken_off = merge.finish(process)
    time.sleep(4 * SECONDS)  # what it had sent may still be on its way
    before = Counter(key for key, _ in server.asked[seen:])
    journalled = merge.journalled()
    in_flight = before - Counter(journalled)
    again = len(server.asked)
    _, wrong = taken_up(merge, seen, whole.files, journalled)
    after = Counter(key for key, _ in server.asked[again:])
    if sum(after.values()) + len(journalled) != whole.requests:
        wrong.append(f"{len(journalled)} + {sum(after.values())} of {whole.requests} requests")
    if sign != signal.SIGKILL:
        wrong += _ended_badly(broken_off)
    return Kill(
        model=merge.model,
        moment=moment,
        ended=broken_off.code == 0,
        journalled=len(journalled),
        in_flight=in_flight.total(),
        again=(before & after).total(),
        wrong=tuple(wrong),
    )


def _ended_badly(broken_off: Ended) -> list[str]:
    """What is wrong with how an interrupted command ended. It may just have ended by itself, or not
    yet have begun."""
    unbegun = broken_off.code in (130, -signal.SIGINT) and not broken_off.out
    return [] if broken_off.code == 0 or unbegun else broken_off.is_not(130, "interrupted")


def _sleep(process: subprocess.Popen[str], seconds: float) -> None:
    """So long, or until the process has ended."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


if __name__ == "__main__":
    sys.exit(main())
