"""Peak memory of the real local model on this machine's CPU against the formula that `estimate`
uses, for prompts of several lengths, each in a process of its own.

    python benchmarks/memory.py [--lengths 1024,4096,8000] [--threads 1]

Memory hardly depends on how busy the machine is; time does, and is not looked at. Prints a table
and, last, one JSON line. Without arguments the two shortest lengths are measured: seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.catalog import Catalog
from pipeline.cost.formulas import ENGINE_SPARE, peak_memory
from pipeline.cost.hardware import CPU_RUNTIME_BYTES
from pipeline.providers.local import DEFAULT_LOCAL

ROOT = Path(__file__).parents[1]
REPLY = 8
_ONE = """
import json, sys
from pathlib import Path
from pipeline.engine.story_transformer import Asked, StoryTransformer
from pipeline.run.dispatch.usage import peak_memory_bytes
weights, cache, n, reply, threads = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
engine = StoryTransformer.load(weights, cache=cache, threads=threads, dtype="auto")
ids = engine.tokenizer.encode("As a reader I want to find what I asked for. " * n)[:n]
loaded = peak_memory_bytes()
(done,) = engine.answer([Asked(prompt=ids, max_tokens=reply)])
print(json.dumps([done.n_prompt, len(done.ids), loaded, peak_memory_bytes()]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", default="512,1024")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    spec = Catalog(ROOT / "data" / "models.toml").find(DEFAULT_LOCAL)
    assert spec.architecture is not None
    found = []
    with tempfile.TemporaryDirectory() as cache:
        # The first load converts the weights, which takes memory of its own.
        measure(spec.weights, cache, 16, asked.threads)
        for length in map(int, asked.lengths.split(",")):
            n_prompt, n_reply, measured = measure(spec.weights, cache, length, asked.threads)
            said = peak_memory(
                spec.architecture,
                n_prompt + n_reply,
                runtime_bytes=CPU_RUNTIME_BYTES,
                spare=ENGINE_SPARE,
            ).total
            found.append({"tokens": n_prompt, "measured": measured, "formula": said,
                          "ratio": round(measured / said, 3)})  # fmt: skip
    print(f"{spec.name}, {asked.threads} thread(s): peak memory of one prompt")
    print(f"{'tokens':>8} {'measured MB':>12} {'formula MB':>12} {'ratio':>6}")
    for row in found:
        print(f"{row['tokens']:8,} {row['measured'] / 1e6:12,.0f} {row['formula'] / 1e6:12,.0f} "
              f"{row['ratio']:6.3f}")  # fmt: skip
    print(json.dumps({"benchmark": "memory", "model": spec.name, "rows": found}))


def measure(weights: str, cache: str, n_tokens: int, threads: int) -> tuple[int, int, int]:
    """Prompt tokens, reply tokens and peak resident bytes of one process."""
    done = subprocess.run(
        [sys.executable, "-c", _ONE, weights, cache, str(n_tokens), str(REPLY), str(threads)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    n_prompt, n_reply, _, peak = json.loads(done.stdout.splitlines()[-1])
    return n_prompt, n_reply, peak


if __name__ == "__main__":
    main()
