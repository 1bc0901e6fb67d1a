"""Memory as it is used: the peak of a piece of work, and a kernel's growth at two lengths."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from pipeline.engine.attention.attention_kernels import Scoring, attend, choose_attention
from pipeline.engine.loading.loader import choose_device, choose_dtype
from pipeline.errors import EngineError

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import StoryTransformer


@dataclass(frozen=True)
class Probe:
    """Memory that one attention call took above its inputs, at a length and at twice of it.

    ``growth`` near 2 is linear: a flash kernel. Near 4 is quadratic: a score matrix was made.
    """

    name: str
    lengths: tuple[int, int]
    n_bytes: tuple[int, int]

    @property
    def growth(self) -> float:
        return self.n_bytes[1] / max(self.n_bytes[0], 1)

    @property
    def linear(self) -> bool:
        return self.growth < 3


def probe_attention(
    name: str,
    *,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    heads: int = 8,
    kv_heads: int = 8,
    head_dim: int = 64,
    lengths: tuple[int, int] = (2048, 4096),
) -> Probe:
    """Measure a kernel's memory at two lengths. Takes about a second on a CPU.

    On a GPU the allocator is asked; on a CPU the process's peak resident memory, which Linux
    resets on request. Nothing else should run in this process meanwhile.

    Raises:
        EngineError: the peak cannot be measured here.
    """
    device = device or torch.device("cpu")
    taken = []
    for n in lengths:
        shape = (1, heads, n, head_dim), (1, kv_heads, n, head_dim), (1, kv_heads, n, head_dim)
        q, k, v = (torch.zeros(s, dtype=dtype, device=device).normal_() for s in shape)
        before = start_peak(device)
        with torch.inference_mode():
            out = attend(name, q, k, v, Scoring(head_dim**-0.5))
        taken.append(max(peak_bytes(device) - before, out.numel() * out.element_size()))
        del out
    return Probe(name, lengths, (taken[0], taken[1]))


def probe_here() -> Probe:
    """:func:`probe_attention` with the device, the numbers and the kernel that a model would get.

    Raises:
        EngineError: it cannot be measured here.
    """
    device = choose_device()
    dtype = choose_dtype("auto", device)
    kernel = choose_attention(device, dtype, 64).name
    try:
        return probe_attention(kernel, device=device, dtype=dtype)
    except torch.OutOfMemoryError as exc:
        raise EngineError("no memory is left to measure attention's.") from exc


def start_peak(device: torch.device) -> int:
    """Start measuring; returns bytes in use now, without what waits to be collected: given back
    while measuring, it would hide as much of the peak."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as exc:
        raise EngineError(
            "peak memory cannot be measured on this system.",
            next="The probe needs Linux or a CUDA device.",
        ) from exc
    return _status("VmRSS")


def peak_bytes(device: torch.device) -> int:
    """Most bytes in use since :func:`start_peak`."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device)
    return _status("VmHWM")


def _status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise EngineError(f"the system does not report {field}.")


#: Parts of the names of kernels that keep no score matrix: torch's, flash-attn's, and the CPU's.
FLASH = ("flash", "fmha", "cutlassf")


def kernels_seen(engine: StoryTransformer, ids: Sequence[int]) -> dict[str, Any]:
    """Which attention kernels the profiler sees while one prompt is read.

    Returns:
        ``asked``, the kernel that was chosen, ``seen``, the names of those that ran, and ``flash``,
        whether one of them keeps no score matrix.
    """
    from torch.profiler import ProfilerActivity, profile

    from pipeline.engine.story_transformer import Asked

    kinds = [ProfilerActivity.CPU]
    if engine.loaded.device.type == "cuda":
        kinds.append(ProfilerActivity.CUDA)
    with profile(activities=kinds) as seen:
        list(engine.answer([Asked(prompt=list(ids), max_tokens=1)]))
    names = sorted({str(event.key) for event in seen.key_averages()})
    attention = [n for n in names if any(part in n.lower() for part in (*FLASH, "attention"))]
    flash = [n for n in attention if any(part in n.lower() for part in FLASH)]
    return {"asked": engine.attention.name, "seen": attention[:8], "flash": bool(flash)}
