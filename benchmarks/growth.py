"""How time, memory and the database grow with the corpus: extract, plan and merge without a model.

    python benchmarks/growth.py [PATH …] [--stories 1000 10000]      the whole: add 100000

The stories of PATH (default: data/sample) are told again with other words until there are enough
(``benchmarks/load.py``). Each size is merged by the real command, ``extractive``, with an empty
database, in a process of its own, whose time and peak memory are the operating system's figures.
Goals: at most 13 times the time for ten times the stories, at most 2 GB. At the end four processes
write into one SQLite file at once, and every row has to be there.

Prints a table and, last, one JSON line; exits 1 where a merge fails, books do not balance or a row
is lost. A goal that is missed is shown, not hidden: machines differ.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load import Load, RealStories, tell, write
from pipeline.calls import Message, Reply, Request, Usage
from pipeline.store.record import Store, StoreJournal, open_store

ROOT = Path(__file__).resolve().parents[1]
#: Times as long for ten times the stories, and the most memory.
GOAL, MEMORY = 13.0, 2_000_000_000
WRITERS = 4


@dataclass(frozen=True)
class Size:
    """One merge. ``seconds`` is its wall time, ``processor_seconds`` that of all its processes;
    ``peak_bytes`` is the largest of them; ``database_bytes`` what is left on the disk; ``standing``
    words that stand for each word of the stories."""

    stories: int
    words: int
    merged: int
    seconds: float
    processor_seconds: float
    peak_bytes: int
    database_bytes: int
    standing: float
    growth: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[ROOT / "data" / "sample"], type=Path)
    parser.add_argument("--stories", nargs="*", default=[1_000, 10_000], type=int)
    parser.add_argument("--writes", default=200, type=int, help="of each of four processes")
    asked = parser.parse_args()
    real = RealStories(asked.paths)
    rows: list[Size] = []
    print(
        f"{'stories':>9} {'words':>11} {'merged':>9} {'seconds':>9} {'processor':>10} "
        f"{'peak MB':>8} {'database MB':>12} {'standing':>9} {'growth':>7}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        for n in asked.stories:
            rows.append(measured(real, n, Path(scratch) / str(n), rows[-1] if rows else None))
            row = rows[-1]
            grown = "" if row.growth is None else f"{row.growth:.1f}x"
            print(
                f"{row.stories:9,} {row.words:11,} {row.merged:9,} {row.seconds:9.1f} "
                f"{row.processor_seconds:10.1f} {row.peak_bytes / 1e6:8,.0f} "
                f"{row.database_bytes / 1e6:12,.1f} {row.standing:9.3f} {grown:>7}",
                flush=True,
            )
        lost = lost_writes(Path(scratch) / "shared.sqlite", asked.writes)
    print(f"{WRITERS} processes, {asked.writes} replies each, one SQLite file: {lost} lost")
    slow = [row.stories for row in rows if row.growth and row.growth > GOAL]
    large = [row.stories for row in rows if row.peak_bytes > MEMORY]
    for what, sizes in ((f"more than {GOAL:g} times as long", slow), ("more than 2 GB", large)):
        if sizes:
            print(f"missed: {what} at {', '.join(f'{n:,}' for n in sizes)} stories")
    print(json.dumps({
        "benchmark": "growth", "rows": [asdict(row) for row in rows], "goal": GOAL, "slow": slow,
        "large": large, "writers": WRITERS, "writes": asked.writes, "lost": lost,
        "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
    }))  # fmt: skip
    return 1 if lost else 0


def measured(real: RealStories, n: int, folder: Path, smaller: Size | None) -> Size:
    """Write a corpus of so many stories and merge it.

    Growth is in processor time: the wall's hangs on what else runs, and on when work begins to be
    shared among processors.
    """
    load = Load()
    corpus = write(tell(real, load.scaled(n / (load.n_short + load.n_long))), folder / "corpus")
    command = [
        sys.executable, "-c", _MEASURED, "merge", str(folder / "corpus"),
        "--out", str(folder / "merged"), "--db", str(folder / "runs.sqlite"), "--json", "--quiet",
    ]  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{n} stories in {len(corpus)} files: {done.stdout}{done.stderr}"[-1000:])
    result, used = (json.loads(line) for line in done.stdout.splitlines())
    if sum(result["ledger"].values()) != result["stories"]:
        raise SystemExit(f"{n} stories: the books do not balance")
    processor = used["processor_seconds"]
    ten_times = None
    if smaller is not None:
        share = (result["stories"] / smaller.stories) / 10
        ten_times = round(processor / smaller.processor_seconds / share, 1)
    return Size(
        stories=result["stories"],
        words=load.scaled(n / (load.n_short + load.n_long)).n_words,
        merged=result["ledger"]["merged_into"] + result["ledger"]["duplicate_of"],
        seconds=round(seconds, 1),
        processor_seconds=round(processor, 1),
        peak_bytes=used["peak_bytes"],
        database_bytes=sum(path.stat().st_size for path in folder.glob("runs.sqlite*")),
        standing=round(result["standing_words"] / result["source_words"], 3),
        growth=ten_times,
    )


#: Runs the command and prints, last, what it took.
_MEASURED = """
import json, resource, sys
from pipeline.__main__ import main
try:
    main()
except SystemExit as ended:
    own = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({
        "processor_seconds": own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime,
        "peak_bytes": 1024 * max(own.ru_maxrss, theirs.ru_maxrss),
    }))
    sys.exit(ended.code)
"""


def lost_writes(database: Path, n: int) -> int:
    """Four processes journal ``n`` replies each at the same time; how many are not there."""
    url = f"sqlite:///{database}"
    _open(url).close()
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_journal, args=(url, w, n)) for w in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    keys = [_request(w, i).key for w in range(WRITERS) for i in range(n)]
    with _open(url) as store:
        found = StoreJournal(store, "").find(keys)
    failed = sum(writer.exitcode != 0 for writer in writers)
    return len(keys) - len(found) + failed


def _journal(url: str, writer: int, n: int) -> None:
    with _open(url) as store:
        journal = StoreJournal(store, "")
        for i in range(n):
            request = _request(writer, i)
            reply = Reply(request.key, f"reply {i}", "stop", Usage(10, 5), 0.1, "m")
            journal.put(request, reply, good=True)


def _request(writer: int, i: int) -> Request:
    words = (Message("user", f"story {i} of writer {writer}"),)
    return Request("openai/m", "m", "answer", "p.v1", "0" * 64, words, 100)


def _open(url: str) -> Store:
    return open_store(url, now=lambda: datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
