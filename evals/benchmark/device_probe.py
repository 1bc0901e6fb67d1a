"""Kernel and memory of a model, measured in a process of its own: ``python -m
evals.benchmark.device_probe``, with a question as JSON on standard input and an answer on the last
line.

A process of its own begins with nothing loaded, so that its peak is the model's; and where memory
runs out, it alone is ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import EngineError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions

_SECONDS = 7200.0


def measured(spec: ModelSpec, options: ModelOptions, lengths: Sequence[int]) -> dict[str, Any]:
    """What the process finds: ``describe``, ``kernels`` by name, ``probe`` of growth, and ``peaks``
    by length.

    Raises:
        EngineError: it ended without an answer.
    """
    setup = spec.setup
    question = {
        "weights": spec.weights,
        "cache": str(options.cache),
        "lengths": list(lengths),
        "load": {
            "threads": options.threads,
            "dtype": setup.dtype,
            "attention": setup.attention,
            "yarn": setup.yarn,
            "bits": setup.bits,
            "cache_bits": setup.cache_bits,
            "device_map": "auto" if setup.spread else None,
            "lora": setup.lora,
        },
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "evals.benchmark.device_probe"],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired as exc:
        raise EngineError(f"no answer within {_SECONDS / 3600:.0f} h.") from exc
    except (IndexError, ValueError) as exc:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EngineError(
            f"the process that measures ended with {done.returncode}: {said[-300:]}",
            next="A signal (-9) is mostly memory that ran out: try shorter lengths.",
        ) from exc
    if "error" in answer:
        raise EngineError(answer["error"])
    return dict(answer)


def _measure(question: Mapping[str, Any]) -> dict[str, Any]:
    from pathlib import Path

    from pipeline.engine.decoding.prompt_rows import out_of_memory
    from pipeline.engine.loading.loader import choose_device
    from pipeline.engine.probing import kernels_seen, peak_bytes, probe_here, start_peak
    from pipeline.engine.story_transformer import Asked, StoryTransformer

    device = choose_device()
    weights, cache = question["weights"], Path(question["cache"])
    engine = StoryTransformer.load(weights, cache=cache, **question["load"])
    text = "As a reader I want to find what I asked for. "
    ids = engine.tokenizer.encode(text * (max(question["lengths"]) // 8 + 8))
    # The first pass packs weights and compiles; it is not part of a length.
    list(engine.answer([Asked(prompt=ids[:16], max_tokens=2)]))
    peaks = []
    for n in question["lengths"]:
        start_peak(device)
        row: dict[str, Any] = {"tokens": n + 2, "bytes": None, "why_not": ""}
        try:
            (done,) = engine.answer([Asked(prompt=ids[:n], max_tokens=2)])
            row |= {"bytes": peak_bytes(device), "seconds": done.seconds}
        except (RuntimeError, MemoryError) as exc:
            if not out_of_memory(exc):
                raise
            row["why_not"] = "out of memory"
        except EngineError as exc:
            row["why_not"] = exc.message
        peaks.append(row)
    probe_here()  # the first one makes room that the second finds made
    probe = probe_here()
    return {
        "describe": engine.describe(),
        "kernels": kernels_seen(engine, ids[: min(1024, engine.window - 2)]),
        "probe": {
            "name": probe.name,
            "lengths": probe.lengths,
            "bytes": probe.n_bytes,
            "linear": probe.linear,
        },
        "peaks": peaks,
    }


def main() -> None:
    """Read the question, measure, print the answer."""
    try:
        answer = _measure(json.load(sys.stdin))
    except EngineError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
