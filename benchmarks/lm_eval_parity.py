"""Whether a needle harness of other people's gives the same model the same score, prompt by prompt.

    python benchmarks/lm_eval_parity.py [--samples N] [--tokens N] [--model NAME]

Needs an environment with ``lm-eval[hf]==0.4.13``, ``wonderwords`` and ``nltk`` beside this project;
without them it says so and measures nothing. lm-evaluation-harness makes the prompts of its tasks
``niah_single_1`` and ``niah_multikey_2`` (no download), asks the local model with its own runner
and scores the replies; our runner is given the same prompts as bare text (style ``raw``), our
scorer both replies. Prints every sample and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evals.metrics.scoring import score
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.story_transformer import Asked, StoryTransformer
from pipeline.engine.weights.weight_files import locate_weights

TASKS = ("niah_single_1", "niah_multikey_2")
_NEEDED = ("lm_eval", "wonderwords", "nltk")
#: Both compute in it: in bfloat16, which our engine takes where the processor has it, one reply in
#: five differs somewhere from float32's.
_DTYPE = "float32"
#: Tokens of a reply, as lm-eval's tasks ask for.
_REPLY = 128


class Sample(NamedTuple):
    """One prompt with what lm-eval made of it."""

    task: str
    prompt: str
    expected: tuple[str, ...]
    reply: str
    score: float


def theirs(folder: Path, tokens: int, n: int) -> list[Sample]:
    """lm-eval's own run: its prompts, its runner, its scores."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=str(folder), device="cpu", dtype=_DTYPE, batch_size=1)
    found = lm_eval.simple_evaluate(
        model=model,
        tasks=list(TASKS),
        limit=n,
        bootstrap_iters=0,
        log_samples=True,
        metadata={"max_seq_lengths": [tokens], "pretrained": str(folder)},
    )
    return [
        Sample(
            task,
            row["arguments"][0][0],
            tuple(row["doc"]["outputs"]),
            row["filtered_resps"][0],
            float(row[str(tokens)]),
        )
        for task in TASKS
        for row in found["samples"][task]
    ]


def ours(engine: StoryTransformer, samples: Sequence[Sample]) -> list[tuple[str, float]]:
    """Our run of the same prompts as bare text: the reply of each and its score."""
    asked = [Asked(engine.ids([("text", s.prompt)]), max_tokens=_REPLY) for s in samples]
    replies = [next(iter(engine.answer([one]))).text for one in asked]
    return [(r, score(r, s.expected).value) for r, s in zip(replies, samples, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=4, help="of each task")
    parser.add_argument("--tokens", type=int, default=1024)
    parser.add_argument("--model", default="local/smollm2-135m")
    asked = parser.parse_args()
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"nothing measured: {', '.join(missing)} is not installed")
        print(json.dumps({"benchmark": "lm_eval_parity", "missing": missing}))
        return 0
    settings = read_settings({})
    spec = Catalog(settings.models_toml).find(asked.model)
    weights = locate_weights(spec.weights)
    folder = convert_gguf(weights, settings.cache) if weights.is_file() else weights
    samples = theirs(folder, asked.tokens, asked.samples)
    engine = StoryTransformer.load(
        folder, cache=settings.cache, threads=settings.threads, dtype=_DTYPE
    )
    answered = ours(engine, samples)
    print(f"{'task':16} {'theirs':>7} {'ours':>7} {'their reply, our scorer':>24}  same reply")
    rows: list[dict[str, Any]] = []
    for sample, (reply, value) in zip(samples, answered, strict=True):
        rescored = score(sample.reply, sample.expected).value
        same = sample.reply.strip() == reply.strip()
        print(f"{sample.task:16} {sample.score:7.2f} {value:7.2f} {rescored:24.2f}  {same}")
        rows.append({"theirs": sample.score, "ours": value, "rescored": rescored, "same": same})
    figures = {
        "n": len(rows),
        "equal_scores": sum(row["theirs"] == row["ours"] for row in rows),
        "equal_when_rescored": sum(row["theirs"] == row["rescored"] for row in rows),
        "same_replies": sum(row["same"] for row in rows),
    }
    print(json.dumps({"benchmark": "lm_eval_parity", "tokens": asked.tokens, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
