"""One job of ``benchmarks/engine.py`` by this engine or by transformers, in a process of its own.

Reads a job as JSON from stdin and prints its result as the last line: seconds, tokens written,
texts' ids, time to the first token, drafts, and the peak of memory above what stood before.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.decoding.prompt_rows import Limits
from pipeline.engine.probing import peak_bytes, start_peak
from pipeline.engine.story_transformer import Asked, StoryTransformer

CPU = torch.device("cpu")


def ours(engine: StoryTransformer, job: dict[str, Any]) -> dict[str, Any]:
    words = job.get("words") or [""] * len(job["prompts"])
    asked = [
        Asked(ids, job["max_tokens"], tuple(job["stop"]), vocabulary)
        for ids, vocabulary in zip(job["prompts"], words, strict=True)
    ]
    times: list[float] = []
    started = time.perf_counter()
    done = sorted(
        engine.answer(asked, progress=lambda n: times.append(time.perf_counter() - started)),
        key=lambda one: one.index,
    )
    drafted = sum(one.n_drafted for one in done)
    return {
        "first": times[0] if times else None,
        "ids": [list(one.ids) for one in done],
        "drafts_accepted": sum(one.n_accepted for one in done) / drafted if drafted else None,
    }


def stock(engine: StoryTransformer, job: dict[str, Any], batch: int) -> dict[str, Any]:
    """``transformers.generate``: padded on the left, all at once or a few at a time."""
    from transformers import LogitsProcessorList

    model, pad = engine.loaded.model, engine.tokenizer.pad_id
    times: list[float] = []
    started = time.perf_counter()

    def tick(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        times.append(time.perf_counter() - started)
        return scores

    found = []
    for at in range(0, len(job["prompts"]), batch):
        part = job["prompts"][at : at + batch]
        width = max(map(len, part))
        out = model.generate(
            torch.tensor([[pad] * (width - len(ids)) + ids for ids in part]),
            attention_mask=torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in part]),
            max_new_tokens=job["max_tokens"],
            do_sample=False,
            eos_token_id=job["ends"],
            pad_token_id=pad,
            logits_processor=LogitsProcessorList([tick]),
        )
        found += [until(row[width:].tolist(), job["ends"]) for row in out]
    return {"first": times[0], "ids": found}


def continuous(engine: StoryTransformer, job: dict[str, Any]) -> dict[str, Any]:
    """``transformers.generate_batch``: its own continuous batching."""
    from transformers import GenerationConfig

    config = GenerationConfig(
        max_new_tokens=job["max_tokens"],
        do_sample=False,
        eos_token_id=job["ends"],
        pad_token_id=engine.tokenizer.pad_id,
    )
    answers = engine.loaded.model.generate_batch(job["prompts"], generation_config=config)
    in_order = sorted(answers.values(), key=lambda one: int(str(one.request_id).rpartition("_")[2]))
    return {"first": None, "ids": [until(a.generated_tokens, job["ends"]) for a in in_order]}


def until(ids: list[int], ends: list[int]) -> list[int]:
    return ids[: next((i for i, token in enumerate(ids) if token in ends), len(ids))]


def reading(engine: StoryTransformer, job: dict[str, Any]) -> dict[str, Any]:
    """Likelihood of texts, in nats a token, read in passes of ``chunk`` tokens."""
    from pipeline.engine.decoding.losses import losses

    found = [loss for ids in job["prompts"] for loss in losses(engine, ids, chunk=job["chunk"])]
    return {"first": None, "ids": [], "loss": sum(found) / len(found)}


def main() -> None:
    job = json.loads(sys.stdin.read())
    torch.set_num_threads(job["threads"])
    theirs = {} if job["mode"] in ("ours", "losses") else {"blocked": False}
    options = {"dtype": "bfloat16", **theirs, **job.get("options", {})}
    if "limits" in options:
        options["limits"] = Limits(**options["limits"])
    started = time.perf_counter()
    engine = StoryTransformer.load(
        job["weights"], cache=Path(job["cache"]), threads=job["threads"], **options
    )
    loading = time.perf_counter() - started
    if job.get("compile"):
        engine.loaded.model.compile(dynamic=True)
    work = {
        "ours": lambda: ours(engine, job),
        "generate": lambda: stock(engine, job, 1),
        "batched": lambda: stock(engine, job, len(job["prompts"])),
        "generate_batch": lambda: continuous(engine, job),
        "losses": lambda: reading(engine, job),
    }[job["mode"]]
    if job["mode"] != "losses":  # the first pass makes what every later one reuses
        list(engine.answer([Asked(job["prompts"][0][:32], 2)]))
    before = start_peak(CPU)
    started = time.perf_counter()
    found = work()
    found["seconds"] = time.perf_counter() - started
    found["peak_bytes"] = peak_bytes(CPU) - before
    found["tokens"] = sum(map(len, found["ids"]))
    facts = engine.describe()
    found |= {"loading": loading, "weights_bytes": int(facts["weights_bytes"])}
    found["attention"] = facts["attention"]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
