"""One job of ``benchmarks/engine.py`` by vLLM's build for processors, in an environment of its own.

Imports nothing of this project. Reads a job as JSON from stdin, prints its result as the last line.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    job = json.loads(sys.stdin.read())
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("OMP_NUM_THREADS", str(job["threads"]))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from vllm import LLM, SamplingParams

    started = time.perf_counter()
    longest = max(map(len, job["prompts"])) + job["max_tokens"] + 8
    llm = LLM(job["folder"], dtype="bfloat16", max_model_len=longest, enable_prefix_caching=True)
    loading = time.perf_counter() - started
    how = SamplingParams(
        temperature=0.0, max_tokens=job["max_tokens"], stop_token_ids=job["ends"], ignore_eos=False
    )
    started = time.perf_counter()
    done = llm.generate([{"prompt_token_ids": ids} for ids in job["prompts"]], how, use_tqdm=False)
    seconds = time.perf_counter() - started
    found = [[t for t in one.outputs[0].token_ids if t not in job["ends"]] for one in done]
    result = {"first": None, "ids": found, "seconds": seconds, "loading": loading}
    print(json.dumps(result | {"tokens": sum(map(len, found))}))


if __name__ == "__main__":
    main()
