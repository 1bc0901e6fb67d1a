"""One job of ``benchmarks/engine.py`` by llama-cpp-python, in an environment of its own.

Imports nothing of this project. Reads a job as JSON from stdin, prints its result as the last line.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

from llama_cpp import Llama


def write(llm: Llama, job: dict[str, Any]) -> dict[str, Any]:
    """One prompt after the other; what a prompt shares with the last one is not read again."""
    first, found = None, []
    started = time.perf_counter()
    for ids in job["prompts"]:
        out: list[int] = []
        for token in llm.generate(ids, temp=0.0, repeat_penalty=1.0):
            first = first or time.perf_counter() - started
            if token in job["ends"] or len(out) == job["max_tokens"]:
                break
            out.append(token)
            if len(out) == job["max_tokens"]:
                break
        found.append(out)
    return {"first": first, "ids": found}


def read(llm: Llama, job: dict[str, Any]) -> dict[str, Any]:
    """Likelihood of texts, in nats a token."""
    losses = []
    for ids in job["prompts"]:
        llm.reset()
        llm.eval(ids)
        for i in range(len(ids) - 1):
            scores = llm.scores[i]
            top = float(scores.max())
            total = top + math.log(float(sum(math.exp(float(s) - top) for s in scores)))
            losses.append(total - float(scores[ids[i + 1]]))
    return {"first": None, "ids": [], "loss": sum(losses) / len(losses)}


def main() -> None:
    job = json.loads(sys.stdin.read())
    started = time.perf_counter()
    llm = Llama(
        job["gguf"],
        n_ctx=max(map(len, job["prompts"])) + job.get("max_tokens", 0) + 8,
        n_threads=job["threads"],
        n_threads_batch=job["threads"],
        logits_all=job["mode"] == "losses",
        verbose=False,
    )
    loading = time.perf_counter() - started
    started = time.perf_counter()
    found = read(llm, job) if job["mode"] == "losses" else write(llm, job)
    found["seconds"] = time.perf_counter() - started
    found |= {"loading": loading, "tokens": sum(map(len, found["ids"]))}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
