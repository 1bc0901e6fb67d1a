"""The formulas for memory and time against models of the catalogue's configurations on a GPU.

    python benchmarks/memory_gpu.py [--models NAME,…] [--lengths 8192,…] [--reply 33] [--device …]

Weights are random: memory and time depend on the configuration only, so nothing is downloaded.
Dense models with full attention are built as Llamas with their numbers; what does not fit is left
out, and said to be. Each length is one prompt and a short reply through our engine. Memory is the
allocator's peak, without what the driver holds; beside it what the formulas say without it. Times
stand beside the band that `estimate` prints for the card, where the catalogue knows it. On a
processor (--rehearse) only a small configuration is measured, to see that the script runs.

Prints a table and, last, one JSON line with the device's name.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.formulas import ENGINE_SPARE, USABLE_SHARE, peak_memory
from pipeline.cost.hardware import Hardware, find_gpu, generation_seconds
from pipeline.engine.attention.attention_kernels import choose_attention
from pipeline.engine.attention.packed import register
from pipeline.engine.decoding.generate import decode
from pipeline.engine.decoding.prompt_rows import Limits, Row, out_of_memory
from pipeline.engine.probing import peak_bytes, start_peak
from pipeline.models import Architecture

LENGTHS = (8_192, 32_768, 65_536, 131_072)
TINY = Architecture(
    layers=4, heads=8, kv_heads=4, head_dim=64, hidden=512, intermediate=1536, vocab=32_000,
    params=30_000_000, active_params=30_000_000, tied=True,
)  # fmt: skip


def dense(catalog: Catalog) -> dict[str, Architecture]:
    """The local models that a plain Llama of the same numbers stands for."""
    return {
        spec.name.removeprefix("local/"): spec.architecture
        for spec in catalog
        if spec.provider.is_local
        and spec.architecture is not None
        and not (spec.architecture.window_layers or spec.architecture.state_layers)
        and spec.architecture.params == spec.architecture.active_params
    }


def build(shape: Architecture, device: torch.device, longest: int) -> Any:
    """A Llama with these numbers and random weights in bf16, made on the device."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=longest,
        tie_word_embeddings=shape.tied,
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    return model.eval().requires_grad_(False)


def ask(model: Any, n_prompt: int, n_reply: int, kernel: str, device: torch.device) -> list[float]:
    """Seconds to the first token, and from it to the last."""
    ids = torch.randint(10, 1000, (n_prompt,), generator=torch.Generator().manual_seed(n_prompt))
    row = Row(0, ids.tolist(), n_reply)
    arrived: list[float] = []

    def came(n: int) -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        arrived.extend([time.perf_counter()] * n)

    started = time.perf_counter()
    for _ in decode(
        model, [row], eos=frozenset(), limits=Limits(drafts=0), kernel=kernel, progress=came
    ):
        pass
    return [arrived[0] - started, arrived[-1] - arrived[0]]


def measure(
    name: str,
    shape: Architecture,
    lengths: Sequence[int],
    n_reply: int,
    device: torch.device,
    hardware: Hardware | None,
) -> Iterator[dict[str, Any]]:
    """One row a length, until one does not fit."""
    kernel = choose_attention(device, torch.bfloat16, shape.head_dim).name
    began = start_peak(device)
    model = build(shape, device, max(lengths) + n_reply)
    params = sum(p.numel() for p in model.parameters())
    ask(model, 512, 2, kernel, device)
    for n in lengths:
        start_peak(device)
        try:
            reading, writing = ask(model, n, n_reply, kernel, device)
        except (RuntimeError, MemoryError) as exc:
            if not out_of_memory(exc):
                raise
            yield {"model": name, "tokens": n, "left_out": "out of memory"}
            return
        took = peak_bytes(device) - began
        said = peak_memory(shape, n + n_reply, runtime_bytes=0, spare=ENGINE_SPARE).total
        band = hardware and generation_seconds(shape, [(n, n_reply)], hardware)
        yield {
            "model": name,
            "params": params,
            "params_in_catalogue": shape.params,
            "tokens": n,
            "kernel": kernel,
            "measured_bytes": took,
            "formula_bytes": said,
            "ratio": round(took / said, 3),
            "prefill_seconds": round(reading, 3),
            "decode_tokens_per_second": round((n_reply - 1) / writing, 1) if writing else None,
            "band_seconds": [round(s, 3) for s in band] if band else None,
            "inside": band.low <= reading + writing <= band.high if band else None,
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--models", default="", help="comma separated; all that fit when left out")
    options.add_argument("--lengths", default=",".join(map(str, LENGTHS)))
    options.add_argument("--reply", type=int, default=33)
    options.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options.add_argument("--rehearse", action="store_true", help="as --device cpu")
    chosen = options.parse_args()
    device = torch.device("cpu" if chosen.rehearse else chosen.device)
    register()
    torch.inference_mode().__enter__()
    catalog = Catalog(read_settings().models_toml)
    lengths = [int(n) for n in chosen.lengths.split(",")]
    hardware = None
    if device.type == "cuda":
        card, room = torch.cuda.get_device_name(device), torch.cuda.mem_get_info(device)[0]
        gpu = find_gpu(catalog.gpus, card)
        hardware = Hardware(1, room, gpu=gpu, gpu_name=card) if gpu else None
        shapes = dense(catalog)
    else:
        card, room, shapes, lengths = "cpu", 4 << 30, {"tiny": TINY}, [512, 1024]
        torch.set_num_threads(1)
    wanted = chosen.models.split(",") if chosen.models else list(shapes)
    rows: list[dict[str, Any]] = []
    for name in wanted:
        fitting = [
            n
            for n in lengths
            if peak_memory(shapes[name], n, runtime_bytes=0, spare=ENGINE_SPARE).total
            < room * USABLE_SHARE
        ]
        for n in set(lengths) - set(fitting):
            rows.append({"model": name, "tokens": n, "left_out": "does not fit"})
        if fitting:
            rows += measure(name, shapes[name], fitting, chosen.reply, device, hardware)
            if device.type == "cuda":
                torch.cuda.empty_cache()
    for row in rows:
        if "left_out" in row:
            print(f"{row['model']:28} {row['tokens']:>8,}  {row['left_out']}")
            continue
        print(
            f"{row['model']:28} {row['tokens']:>8,}  {row['measured_bytes'] / 2**30:7.2f} GiB  "
            f"{row['ratio']:.3f} of the formula  prefill {row['prefill_seconds']:.2f} s  "
            f"{row['decode_tokens_per_second']} tokens/s  band {row['band_seconds']}"
        )
    report = {"benchmark": "memory_gpu", "device": card, "torch": torch.__version__, "rows": rows}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
