"""One job of ``benchmarks/engine_pairs.py`` by llama.cpp: logits behind prompts.

Imports nothing of this project. Reads a job as JSON from stdin, prints its result as the last line.
What prompts share is kept, as a server keeps the prompt before; without the HTTP around it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def main() -> None:
    import numpy as np
    from llama_cpp import Llama

    job = json.loads(sys.stdin.read())
    threads = job["threads"]
    longest = max(len(row["ids"]) for row in job["rows"])
    llama: Any = Llama(
        job["gguf"], n_ctx=longest + 8, n_threads=threads, n_threads_batch=threads,
        n_batch=2048, logits_all=False, verbose=False,
    )  # fmt: skip
    found: list[list[list[float]]] = []
    wall, work = [], []
    for _ in range(job["rounds"]):
        llama.reset()
        held: list[int] = []
        started, spent = time.perf_counter(), time.process_time()
        found = []
        for row in job["rows"]:
            ids, logits = row["ids"], []
            at = next((i for i, (a, b) in enumerate(zip(held, ids, strict=False)) if a != b),
                      min(len(held), len(ids)))  # fmt: skip
            for place, wanted in zip(row["places"], row["wanted"], strict=True):
                at = min(at, place)
                llama.n_tokens = at
                llama.eval(ids[at : place + 1])
                raw = llama._ctx.get_logits_ith(-1)
                scores = np.ctypeslib.as_array(raw, shape=(llama.n_vocab(),))
                logits.append([float(scores[token]) for token in wanted])
                at = place + 1
            held = ids[:at]
            found.append(logits)
        wall.append(time.perf_counter() - started)
        work.append(time.process_time() - spent)
    print(json.dumps({"seconds": min(wall), "work": min(work), "logits": found}))


if __name__ == "__main__":
    main()
