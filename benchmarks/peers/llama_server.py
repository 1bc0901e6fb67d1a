"""One job of ``benchmarks/engine.py`` or ``engine_pairs.py`` by llama.cpp's own server, one prompt
at a time or several.

Imports nothing of this project and nothing that is not Python's. Reads a job as JSON from stdin,
prints its result as the last line. The server is started for the job, which is not timed, and
listens on this machine only.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

#: Likeliest tokens among which the answers' are looked for.
_ENOUGH = 4096


def main() -> None:
    job = json.loads(sys.stdin.read())
    at_once = job.get("at_once", 1)
    loading = time.perf_counter()
    if "rows" in job:
        print(json.dumps(questions(job, at_once)))
        return
    with serving(job, at_once) as (url, _):
        loading = time.perf_counter() - loading
        started = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            found = list(pool.map(lambda ids: written(url, ids, job, started), job["prompts"]))
        seconds = time.perf_counter() - started
    ids = [one for one, _ in found]
    print(
        json.dumps(
            {
                "ids": ids,
                "first": min(first for _, first in found),
                "tokens": sum(map(len, ids)),
                "seconds": seconds,
                "loading": loading,
            }
        )
    )


def questions(job: dict[str, Any], at_once: int) -> dict[str, Any]:
    """What closed questions take, and the log-probability of each token wanted, null where the
    server does not tell it: one token is asked for, with those likeliest in its place; few in the
    rounds that are timed, and in one more that is not, enough to find those wanted. The time of the
    processor is the server's own; the least of the rounds counts."""
    asked = [(row["ids"][: row["places"][0] + 1], row["wanted"][0]) for row in job["rows"]]
    job = job | {"prompts": [ids for ids, _ in asked], "max_tokens": 1}
    clock, work = [], []
    with serving(job, at_once) as (url, pid), ThreadPoolExecutor(at_once) as pool:
        for _ in range(job["rounds"]):
            started, spent = time.perf_counter(), processor(pid)
            list(pool.map(lambda one: likeliest(url, *one, n=len(one[1])), asked))
            clock.append(time.perf_counter() - started)
            work.append(processor(pid) - spent)
        logs = list(pool.map(lambda one: likeliest(url, *one, n=_ENOUGH), asked))
    return {"seconds": min(clock), "work": min(work), "logits": logs}


def likeliest(url: str, prompt: list[int], wanted: list[int], *, n: int) -> list[float | None]:
    body = {
        "prompt": prompt,
        "n_predict": 1,
        "n_probs": n,
        "temperature": 0.0,
        "cache_prompt": True,
    }
    request = urllib.request.Request(
        f"{url}/completion", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        told = json.load(answer)["completion_probabilities"][0]["top_logprobs"]
    logs = {one["id"]: one["logprob"] for one in told}
    return [logs.get(token) for token in wanted]


def processor(pid: int) -> float:
    """Seconds of the processor that a process took so far (Linux)."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written(
    url: str, prompt: list[int], job: dict[str, Any], start: float
) -> tuple[list[int], float]:
    """The tokens of a reply, and when the first of them came."""
    body = {
        "prompt": prompt,
        "n_predict": job["max_tokens"],
        "temperature": 0.0,
        "repeat_penalty": 1.0,
        "cache_prompt": True,
        "stream": True,
        "return_tokens": True,
        "ignore_eos": job["ends"] == [-1],
        "stop": job["stop"],
    }
    request = urllib.request.Request(
        f"{url}/completion", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    out: list[int] = []
    first = 0.0
    with urllib.request.urlopen(request, timeout=1800) as answer:
        for line in answer:
            if not line.startswith(b"data: "):
                continue
            tokens = json.loads(line.removeprefix(b"data: ")).get("tokens") or []
            first = first or time.perf_counter() - start
            out += tokens
    ended = next((n for n, token in enumerate(out) if token in job["ends"]), len(out))
    return out[:ended], first


@contextmanager
def serving(job: dict[str, Any], at_once: int) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    room = max(map(len, job["prompts"])) + job["max_tokens"] + 8
    threads = str(job["threads"])
    command = [job["server"], "-m", job["gguf"], "--host", "127.0.0.1", "--port", str(port)]
    command += ["-c", str(room * at_once), "-np", str(at_once), "-t", threads, "-tb", threads]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        while not healthy(url):
            if process.poll() is not None:
                raise SystemExit(f"{job['server']} ended with code {process.returncode}")
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.kill()
        process.wait()


def healthy(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


if __name__ == "__main__":
    main()
