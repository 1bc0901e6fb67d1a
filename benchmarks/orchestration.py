"""What Prefect costs: the same merge with and without the flow, at 200 calls.

    python benchmarks/orchestration.py [--calls 200] [--seconds 0.5] [--repeats 1]

A server on this machine speaks OpenAI's protocol and answers every call after a fixed delay, four
at once, as a provider would. Both ways run in this process, by turns, on new databases, against a
real Prefect server; starting that server and importing Prefect are shown apart. Of several
repeats the fastest counts. Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.config.options import MergeOptions
from tests.support.providers import Provider

GOAL = 0.10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=0.5, help="a reply takes")
    parser.add_argument("--repeats", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_pairs(folder / "corpus.md", asked.calls)
        began = time.perf_counter()
        with prefect_server(folder), Provider(seconds=asked.seconds) as provider:
            starting = time.perf_counter() - began
            os.environ["OPENAI_API_KEY"] = "none"
            began = time.perf_counter()
            from pipeline.flows.flows import merge_stories

            importing = time.perf_counter() - began
            ways: dict[str, Callable[..., dict[str, Any]]] = {
                "plain": plainly, "flow": merge_stories,
            }  # fmt: skip
            took: dict[str, list[float]] = {way: [] for way in ways}
            warm_up = folder / "warm-up.sqlite"
            plainly([str(folder / "corpus.md")], "extractive", str(warm_up), str(folder / "out"))
            for number in range(asked.repeats):
                for way, merge in list(ways.items())[:: -1 if number % 2 else 1]:
                    began = time.perf_counter()
                    result = merge(
                        paths=[str(folder / "corpus.md")],
                        model=f"openai/judge@{provider.url}/v1",
                        propose=True,
                        db=str(folder / f"{way}-{number}.sqlite"),
                        out=str(folder / way),
                    )
                    took[way].append(time.perf_counter() - began)
                    if result["calls"] != asked.calls:
                        raise SystemExit(f"{result['calls']} calls instead of {asked.calls}")
    plain, flow = min(took["plain"]), min(took["flow"])  # what else runs here only adds
    found = {
        "benchmark": "orchestration",
        "calls": asked.calls,
        "reply_seconds": asked.seconds,
        "repeats": asked.repeats,
        "plain_seconds": round(plain, 2),
        "flow_seconds": round(flow, 2),
        "overhead": round(flow / plain - 1, 3),
        "goal": GOAL,
        "server_start_seconds": round(starting, 1),
        "import_seconds": round(importing, 1),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    print(f"{asked.calls} calls of {asked.seconds} s, four at once")
    for name, value in (("plain", plain), ("as a flow", flow), ("more", flow - plain)):
        print(f"  {name:10} {value:8.2f} s")
    print(f"  overhead   {flow / plain - 1:8.1%}   (goal: at most {GOAL:.0%})")
    print(f"apart: server {starting:.1f} s, import {importing:.1f} s")
    print(json.dumps(found))


def plainly(
    paths: list[str], model: str, db: str, out: str, propose: bool = False
) -> dict[str, Any]:
    """The merge as the command line runs it."""
    from pipeline.run.job import run
    from pipeline.runtime import Runtime

    runtime = Runtime.read(db)
    with runtime.store() as store:
        return run(
            runtime.merge_job(paths, model, MergeOptions(out=out, propose=propose), store=store)
        )


def write_pairs(file: Path, n: int, seed: int = 0) -> None:
    """So many pairs of stories about made-up things, each pair a cluster of its own."""
    drawn = random.Random(seed)

    def word() -> str:
        return "".join(drawn.choice("bdfglmnprstvz") + drawn.choice("aeiou") for _ in range(4))

    stories = []
    for _ in range(n):
        who, what, part, why = (word() for _ in range(4))
        stories += [
            f"As a {who} keeper, I want to print the {what} of the {part} so that the {why} fits.",
            f"As a {who} keeper, I want to print every {what} of the {part} so that {why} fits.",
        ]
    file.write_text("\n\n".join(stories), encoding="utf-8")


@contextmanager
def prefect_server(home: Path) -> Iterator[None]:
    """A Prefect server in a home of its own, which this process and its children talk to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    url = f"http://127.0.0.1:{port}/api"
    os.environ |= {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port,
         "--no-ui"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            raise SystemExit("the Prefect server did not come up")
        yield
    finally:
        server.terminate()
        server.wait(60)


if __name__ == "__main__":
    main()
