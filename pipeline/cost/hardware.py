"""What machine a local model would run on, and how long a plan takes there.

The machine is asked of the operating system and, where it answers, of ``nvidia-smi``; torch is
not needed. Times are bands: peak numbers of the device times the share that was measured.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pipeline.cost.formulas import cache_bytes, decode_bytes, prefill_flops
from pipeline.models import Architecture, Gpu

_MIB = 2**20
#: What Python, torch, transformers and this package hold beside a model: 0.59 GiB, measured on a
#: CPU; CUDA's context and libraries are taken for 1.5 GiB.
CPU_RUNTIME_BYTES = 600 * _MIB
GPU_RUNTIME_BYTES = 1536 * _MIB
#: Rows that the engine decodes side by side.
ROWS = 24
#: Calls of one wave: the engine reads their shared prefix once.
WAVE = 32
# Share of a card's bandwidth that decoding with plain `generate` reaches: it is bound by launching
# kernels (Qwen's published speed table: 19 % on an H20).
_DECODE_SHARE = (0.15, 0.20, 0.25)
_SMI_SECONDS = 5.0


class Seconds(NamedTuple):
    """Wall time: best, likely and worst case."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Cpu:
    """What one thread of a processor does, and how far other processors may be off.

    Args:
        gflops_per_thread: of prefill, 1e9 floating-point operations a second.
        weights_gb_per_s: weights read while decoding, all threads together.
        cache_gb_per_s: key-value cache read while decoding, all threads together.
        watts_per_thread: package power under load.
        start_seconds: importing the engine and opening converted weights.
        slow, fast: every rate times ``slow`` (below 1) to times ``fast`` is to be expected.
    """

    gflops_per_thread: float
    weights_gb_per_s: float
    cache_gb_per_s: float
    watts_per_thread: float
    start_seconds: float
    slow: float
    fast: float


#: Fitted on 2026-11-21 to our engine with SmolLM2-135M in bf16 on one thread of a server processor
#: with AVX-512, in processor time: prompts of 512 to 8,000 tokens at 0.16 to 0.08 TFLOP/s, a step
#: of decoding in 43 to 53 ms for one row, 70 ms for 8 and 108 ms for 24 rows of 256 tokens. The
#: power is an assumption. Processors without bf16 instructions are several times slower.
MEASURED_CPU = Cpu(
    gflops_per_thread=110.0,
    weights_gb_per_s=8.5,
    cache_gb_per_s=4.0,
    watts_per_thread=8.0,
    start_seconds=3.5,
    slow=0.3,
    fast=2.0,
)


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine.

    Args:
        threads: CPU threads that the engine would use.
        memory_bytes: main memory that this process may use.
        cpu: how fast a thread is.
        gpu: None when there is none; its numbers are the catalogue's, its memory its own.
        gpu_name: what the driver calls it, set even where the catalogue does not know the card
            (then no time can be told).
    """

    threads: int
    memory_bytes: int
    cpu: Cpu = MEASURED_CPU
    gpu: Gpu | None = None
    gpu_name: str = ""

    @property
    def device_bytes(self) -> int:
        """Memory of the device a model would run on."""
        return self.gpu.memory_bytes if self.gpu else self.memory_bytes

    @property
    def runtime_bytes(self) -> int:
        """What the framework holds on that device."""
        return GPU_RUNTIME_BYTES if self.gpu else CPU_RUNTIME_BYTES

    @property
    def watts(self) -> float | None:
        """Power of that device under load, None when not known."""
        if self.gpu:
            return float(self.gpu.watts)
        return None if self.gpu_name else self.cpu.watts_per_thread * self.threads

    def __str__(self) -> str:
        return self.gpu_name or f"CPU, {self.threads} thread{'s' * (self.threads > 1)}"


def detect_hardware(gpus: Mapping[str, Gpu] | None = None, *, threads: int = 0) -> Hardware:
    """This machine. Nothing is measured, so a busy machine looks like an idle one.

    Args:
        gpus: the cards of the catalogue; a card it does not know has a name but no speed.
        threads: of the engine; 0 for what it takes by itself: all cores but one.
    """
    found = Hardware(threads=threads or max(1, _cpu_cores() - 1), memory_bytes=_main_memory())
    card = ask_driver()
    if card is None:
        return found
    name, memory_bytes = card
    known = find_gpu(gpus or {}, name)
    gpu = replace(known, memory_bytes=memory_bytes) if known else None
    return replace(found, gpu=gpu, gpu_name=name)


def find_gpu(gpus: Mapping[str, Gpu], name: str) -> Gpu | None:
    """The card whose catalogue name is part of what a driver calls it, or has what a person typed
    ("4090") as a part; the longest name wins, so that "RTX PRO 6000" is not an "RTX 6000"."""
    wanted = _squeezed(name)
    known = [gpu for gpu in gpus.values() if _squeezed(gpu.name) in wanted]
    known = known or [gpu for gpu in gpus.values() if wanted in _squeezed(gpu.name)]
    return max(known, key=lambda gpu: len(gpu.name), default=None)


def nearest_gpus(gpus: Mapping[str, Gpu], name: str) -> list[str]:
    """The cards of the catalogue that a misspelt name may have meant, the likeliest first."""
    squeezed = {_squeezed(gpu.name): gpu.name for gpu in gpus.values()}
    # What a person types may lack the maker's prefix: "4900" is near to "4090", not to "rtx4090".
    squeezed |= {key.lstrip("rtxpo"): found for key, found in squeezed.items()}
    near = difflib.get_close_matches(_squeezed(name), squeezed, n=4, cutoff=0.6)
    return list(dict.fromkeys(squeezed[key] for key in near))[:2]


def generation_seconds(
    model: Architecture,
    work: Sequence[tuple[int, int]],
    hardware: Hardware,
    *,
    shared: int = 0,
    rows: int = ROWS,
    bits: int = 16,
) -> Seconds | None:
    """Time to answer every (prompt tokens, reply tokens) of ``work`` (F8 and F9).

    Args:
        shared: tokens at the head of every prompt that are the same, read once a wave.
        rows: calls decoded side by side.

    Returns:
        None when the device's speed is not known.
    """
    if hardware.gpu is None and hardware.gpu_name:
        return None
    flops = _flops(model, work, shared)
    weights, cache = _bytes_decoded(model, work, rows, bits)
    if hardware.gpu is not None:
        gpu = hardware.gpu
        bandwidth = float(gpu.tb_per_s) * 1e12
        worst, likely, best = (
            flops / (float(gpu.tflops) * 1e12 * float(mfu))
            + (weights + cache) / (bandwidth * share)
            for mfu, share in zip(gpu.mfu, _DECODE_SHARE, strict=True)
        )
        return Seconds(best, likely, worst)
    cpu = hardware.cpu
    likely = (
        flops / (cpu.gflops_per_thread * 1e9 * hardware.threads)
        + weights / (cpu.weights_gb_per_s * 1e9)
        + cache / (cpu.cache_gb_per_s * 1e9)
    )
    start = cpu.start_seconds if work else 0.0
    return Seconds(start + likely / cpu.fast, start + likely, start + likely / cpu.slow)


def limit_seconds(
    model: Architecture,
    work: Sequence[tuple[int, int]],
    hardware: Hardware,
    *,
    shared: int = 0,
    rows: int = ROWS,
    bits: int = 16,
) -> float | None:
    """The same work at the card's peak operations and bandwidth, which nothing can beat.

    Returns:
        None without a card of the catalogue: a processor's peak is not known here.
    """
    if hardware.gpu is None:
        return None
    weights, cache = _bytes_decoded(model, work, rows, bits)
    reading = _flops(model, work, shared) / (float(hardware.gpu.tflops) * 1e12)
    return reading + (weights + cache) / (float(hardware.gpu.tb_per_s) * 1e12)


def _flops(model: Architecture, work: Sequence[tuple[int, int]], shared: int) -> float:
    """Operations of reading every prompt, the shared head once a wave, and of every token
    written."""
    head = prefill_flops(model, shared) if shared else 0.0
    waves = -(-len(work) // WAVE)
    # Thousands of questions come in a few hundred lengths.
    lengths = Counter(max(prompt, shared) for prompt, _ in work)
    reading = sum(n * (prefill_flops(model, length) - head) for length, n in lengths.items())
    writing = 2.0 * model.active_params * sum(reply for _, reply in work)
    return waves * head + reading + writing


def _bytes_decoded(
    model: Architecture, work: Sequence[tuple[int, int]], side_by_side: int, bits: int
) -> tuple[float, float]:
    """Bytes of weights and of cache read while decoding: the weights once a step for all rows
    side by side, each row's cache once for each of its tokens."""
    weights = cache = 0.0
    for first in range(0, len(work), side_by_side):
        rows = work[first : first + side_by_side]
        weights += decode_bytes(model, bits=bits) * max(reply for _, reply in rows)
    for (prompt, reply), n in Counter(work).items():
        cache += n * reply * cache_bytes(model, prompt + reply // 2)
    return weights, cache


def _cpu_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _main_memory() -> int:
    """Main memory, or what this process' control group leaves of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def ask_driver() -> tuple[str, int] | None:
    """(name, bytes) of the first NVIDIA card, None where no driver answers."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return None
    try:
        answer = subprocess.run(
            [command, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_SMI_SECONDS,
            check=True,
        ).stdout
        name, mib = answer.splitlines()[0].rsplit(",", 1)
        return name.strip(), int(mib) * _MIB
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _squeezed(name: str) -> str:
    return name.casefold().replace(" ", "").replace("-", "")
