"""Merges killed with `kill -9` at random moments, then resumed: what is asked twice, what is lost.

    python benchmarks/kills.py [PATH …] [--kills N] [--seed N]      default: data/sample, 3 kills

The real command, in a process of its own, against a server on this machine that speaks the
protocols of Claude, Gemini and OpenAI in turn. A moment is drawn on the run's own clock, so that a
busy machine changes nothing: before the first request, at some request and a part of a reply's time
after it, or after the last reply. Then the same command runs again, and has to end with

- no request asked for whose good reply was in the journal when the process died;
- at most the requests asked twice that had been sent and were not in the journal (in flight);
- the document of a run that nobody killed, byte for byte, but for the run's name;
- one row of the ledger for every story, and every charge settled but those in flight.

Prints a table and, last, one JSON line; exits 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.providers import Provider, digest
from pipeline.models.cloud import THREADS

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "data/runs/storytransformer.sqlite"
MODELS = (
    "claude/claude-haiku-5-5",
    "gemini/gemini-2.5-flash-lite",
    "openai/served@{url}/v1",
)
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
    asked = parser.parse_args()
    found: list[Kill] = []
    print(f"{'model':30} {'killed':32} {'journal':>8} {'in flight':>10} {'again':>6}")
    for kill in kills(asked.paths, asked.kills, seed=asked.seed):
        found.append(kill)
        told = "ended before" if kill.ended else kill.moment
        print(
            f"{kill.model.partition('@')[0]:30} {told:32} {kill.journalled:8} {kill.in_flight:10} "
            f"{kill.again:6}  {'; '.join(kill.wrong)}",
            flush=True,
        )
    summary = {
        "benchmark": "kills",
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
    paths: Sequence[Path], n: int, *, seed: int, models: Sequence[str] = MODELS
) -> Iterator[Kill]:
    """Kill ``n`` merges of ``paths``, model after model."""
    drawn = random.Random(seed)
    wholes: dict[str, Whole] = {}
    with Provider(seconds=SECONDS) as server, tempfile.TemporaryDirectory() as scratch:
        for i in range(n):
            model = models[i % len(models)].format(url=server.url)
            if model not in wholes:
                wholes[model] = _whole(paths, model, server, Path(scratch) / f"whole-{i}")
            yield _killed(paths, model, server, Path(scratch) / f"kill-{i}", wholes[model], drawn)


def _start(
    paths: Sequence[Path], model: str, server: Provider, folder: Path
) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "STORYTRANSFORMER_CACHE": str(folder.parent / "cache"),
        **{f"{name}_BASE_URL": server.url for name in ("ANTHROPIC", "GEMINI")},
        **{f"{name}_API_KEY": "none" for name in ("ANTHROPIC", "GEMINI", "OPENAI")},
    }
    places = [str(path.resolve()) for path in paths]
    command = [sys.executable, "-m", "pipeline", "merge", *places, "--model", model,
               "--allow-cloud", "--json", "--quiet"]  # fmt: skip
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def _whole(paths: Sequence[Path], model: str, server: Provider, folder: Path) -> Whole:
    seen, started = len(server.asked), time.monotonic()
    process = _start(paths, model, server, folder)
    out, err = process.communicate()
    ended = time.monotonic()
    if process.returncode:
        raise SystemExit(f"the run that nobody kills fails: {out}{err}")
    asked = server.asked[seen:]
    if not asked:
        raise SystemExit("the run asks nothing: nothing can be killed.")
    return Whole(
        files=_files(folder, json.loads(out)),
        requests=len(asked),
        before=asked[0][1] - started,
        after=ended - max(moment for _, moment in server.answered),
    )


def _killed(
    paths: Sequence[Path],
    model: str,
    server: Provider,
    folder: Path,
    whole: Whole,
    drawn: random.Random,
) -> Kill:
    seen = len(server.asked)
    place, part = drawn.random(), drawn.random()
    process = _start(paths, model, server, folder)
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
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate()
    ended = process.returncode != -signal.SIGKILL
    time.sleep(4 * SECONDS)  # what it had sent may still be on its way
    before = Counter(key for key, _ in server.asked[seen:])
    journalled = _journalled(folder / DATABASE)
    in_flight = before - Counter(journalled)

    seen = len(server.asked)
    again = _start(paths, model, server, folder)
    out, err = again.communicate()
    after = Counter(key for key, _ in server.asked[seen:])
    wrong: list[str] = []
    if again.returncode:
        wrong.append(f"exit code {again.returncode}: {(out + err)[-300:]}")
    else:
        wrong += _unbalanced(folder / DATABASE, json.loads(out))
        wrong += [
            f"another {name}"
            for name, text in _files(folder, json.loads(out)).items()
            if text != whole.files[name]
        ]
    if paid := sum(after[key] for key in journalled):
        wrong.append(f"{paid} journalled replies asked for again")
    repeated = before & after
    if repeated - in_flight or max(after.values(), default=0) > 1:
        wrong.append("asked again without having been in flight")
    if sum(after.values()) + len(journalled) != whole.requests:
        wrong.append(f"{len(journalled)} + {sum(after.values())} of {whole.requests} requests")
    return Kill(
        model, moment, ended, len(journalled), in_flight.total(), repeated.total(), tuple(wrong)
    )


def _sleep(process: subprocess.Popen[str], seconds: float) -> None:
    """So long, or until the process has ended."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


def _files(folder: Path, result: dict[str, Any]) -> dict[str, bytes]:
    """The document without the run's name and, in JSON, without what the run took."""
    found = {}
    for kind, path in result["out"].items():
        text = (folder / path).read_text(encoding="utf-8").replace(result["run"], "RUN")
        if kind == "json":
            text = json.dumps(json.loads(text) | {"run": None})
        found[kind] = text.encode()
    return found


def _journalled(database: Path) -> set[str]:
    """Digests of the prompts whose good reply is in the journal."""
    if not database.exists():
        return set()
    with closing(sqlite3.connect(database)) as connection:
        try:
            rows = connection.execute(
                "select q.body from request q join reply r on r.request = q.key where r.good"
            ).fetchall()
        except sqlite3.OperationalError:
            return set()  # killed while the tables were made
    return {digest(json.loads(body)["messages"][-1][1]) for (body,) in rows}


def _unbalanced(database: Path, result: dict[str, Any]) -> list[str]:
    """What of the books does not add up."""
    wrong = []
    if sum(result["ledger"].values()) != result["stories"]:
        wrong.append("the ledger does not add up")
    with closing(sqlite3.connect(database)) as connection:
        rows, stories, open_charges, runs = (
            connection.execute(query, {"run": result["run"]}).fetchone()[0]
            for query in (
                "select count(*) from ledger where run = :run",
                "select count(distinct story) from ledger where run = :run",
                "select count(*) from charge where settled_micro_usd is null",
                "select count(*) from run where state <> 'completed'",
            )
        )
    if not rows == stories == result["stories"]:
        wrong.append(f"{rows} rows of the ledger for {result['stories']} stories")
    if open_charges > THREADS:
        wrong.append(f"{open_charges} charges open")
    if runs:
        wrong.append(f"{runs} runs not completed")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
