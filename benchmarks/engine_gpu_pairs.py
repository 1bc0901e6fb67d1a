"""Pair questions a second on a card, with random weights: one prefix, many questions, one pass.

Part of ``benchmarks/engine_gpu.py``; run by itself it rehearses on a processor.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from pipeline.cost.formulas import prefill_flops
from pipeline.engine.attention.attention_kernels import choose_attention
from pipeline.engine.loading.loader import Loaded
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.engine.tokenizers.tokenizer import load_tokenizer
from pipeline.models import Architecture, Gpu

#: Tokens that every question begins with, of each question, and the answers.
PREFIX, QUESTION = 300, 80
ANSWERS = ("one", "overlap", "against", "differ")


def bytes_tokenizer(folder: Path) -> Any:
    """A tokenizer that reads bytes: what random weights are asked means nothing to them."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([AddedToken("<|end|>", special=True)])
    backend.save(str(folder / "tokenizer.json"))
    template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    told = {"eos_token": {"content": "<|end|>"}, "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    (folder / "config.json").write_text(json.dumps({"eos_token_id": 256}))
    return load_tokenizer(folder, cache=folder, sha256="")


def pair_questions(
    model: Any, shape: Architecture, device: torch.device, gpu: Gpu | None, n: int, clock: Any
) -> dict[str, Any]:
    """Questions a second, and the share of the card's bf16 peak that reading them reaches.

    Args:
        clock: takes the time of a call on the device: ``clock(function) -> (seconds, result)``.
    """
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = bytes_tokenizer(Path(folder))
        kernel = choose_attention(device, torch.bfloat16, shape.head_dim)
        loaded = Loaded(model, tokenizer, "", device, torch.bfloat16, False)
        engine = StoryTransformer(loaded, kernel)
        drawn = torch.Generator().manual_seed(7)
        head = torch.randint(10, 250, (PREFIX,), generator=drawn).tolist()
        tails = torch.randint(10, 250, (n, QUESTION), generator=drawn).tolist()
        prompts = [head + tail for tail in tails]
        list(engine.choose(prompts[:4], ANSWERS))  # what the first pass sets up is not counted
        took, chosen = clock(lambda: list(engine.choose(prompts, ANSWERS)))
    assert len(chosen) == n
    row: dict[str, Any] = {"questions": n, "prefix": PREFIX, "tokens": QUESTION,
                           "per_second": n / took}  # fmt: skip
    if gpu is not None:
        each = prefill_flops(shape, PREFIX + QUESTION) - prefill_flops(shape, PREFIX)
        row["share_of_limit"] = (
            (prefill_flops(shape, PREFIX) + n * each) / took / (float(gpu.tflops) * 1e12)
        )
    return row
