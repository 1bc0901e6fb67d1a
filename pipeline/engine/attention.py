"""Which attention kernel runs, and why: flash_attention_2 › SDPA's flash kernel › SDPA › eager.

Names mean the same everywhere: ``flash_attention_2`` is the flash-attn package, ``sdpa_flash``
torch's own FlashAttention-2 kernel and nothing else, ``sdpa`` whichever fused kernel torch picks,
``eager`` the explicit score matrix, quadratic in memory, only ever by name.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right

from pipeline.errors import EngineError

NAMES = ("flash_attention_2", "sdpa_flash", "sdpa", "eager")

#: The largest head the flash kernels are built for.
_MAX_FLASH_HEAD = 256


@dataclass(frozen=True)
class Attention:
    """A kernel and why it was chosen, in words that are stored with the run."""

    name: str
    reason: str


def choose_attention(
    device: torch.device, dtype: torch.dtype, head_dim: int, wanted: str | None = None
) -> Attention:
    """The fastest kernel that can run here, or the one asked for.

    Args:
        wanted: one of :data:`NAMES`; None for the best.

    Raises:
        EngineError: an unknown name, or a kernel that cannot run here, with the reason.
    """
    if wanted is not None and wanted not in NAMES:
        raise EngineError(f"unknown attention {wanted!r}.", next=f"Use one of {', '.join(NAMES)}.")
    refused = {
        "flash_attention_2": _why_no_flash_package(device, dtype, head_dim),
        "sdpa_flash": _why_no_sdpa_flash(device, dtype, head_dim),
    }
    if wanted is not None:
        if why := refused.get(wanted):
            raise EngineError(
                f"{wanted} cannot run here: {why}.",
                next="Leave the choice to the engine, or ask for 'sdpa'.",
            )
        return Attention(wanted, "asked for by name")
    if not refused["flash_attention_2"]:
        version = importlib.metadata.version("flash-attn")
        return Attention("flash_attention_2", f"flash-attn {version} on {_card(device)}")
    if not refused["sdpa_flash"]:
        where = "torch's flash kernel for CPUs" if device.type == "cpu" else "torch's flash kernel"
        return Attention("sdpa_flash", f"{where}; no flash-attn: {refused['flash_attention_2']}")
    return Attention("sdpa", f"no flash kernel: {refused['sdpa_flash']}")


def _why_no_flash_package(device: torch.device, dtype: torch.dtype, head_dim: int) -> str:
    """Why the flash-attn package cannot run; "" when it can."""
    if device.type != "cuda":
        return f"it needs a GPU, this is {device.type}"
    if importlib.util.find_spec("flash_attn") is None:
        return "the package is not installed"
    if dtype not in (torch.float16, torch.bfloat16):
        return f"it needs 16-bit numbers, these are {_plain(dtype)}"
    if head_dim > _MAX_FLASH_HEAD:
        return f"heads of {head_dim} are larger than {_MAX_FLASH_HEAD}"
    if torch.version.hip is None and torch.cuda.get_device_capability(device) < (8, 0):
        return f"it needs an Ampere card or newer, this is {_card(device)}"
    return ""


def _why_no_sdpa_flash(device: torch.device, dtype: torch.dtype, head_dim: int) -> str:
    if device.type == "cpu":
        return ""  # torch has a flash kernel for CPUs, in every float dtype
    if device.type != "cuda":
        return f"torch has none for {device.type}"
    if dtype not in (torch.float16, torch.bfloat16):
        return f"it needs 16-bit numbers, these are {_plain(dtype)}"
    if head_dim > _MAX_FLASH_HEAD:
        return f"heads of {head_dim} are larger than {_MAX_FLASH_HEAD}"
    if torch.version.hip is None and torch.cuda.get_device_capability(device) < (8, 0):
        return f"it needs an Ampere card or newer, this is {_card(device)}"
    return ""


def _card(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def attend(
    name: str, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Causal attention of the last n of N tokens, by a kernel's name.

    ``query`` is [1, H, n, D], ``key`` and ``value`` [1, K, N, D] with H a multiple of K; every
    query sees all keys up to its own. Returns [1, H, n, D].
    """
    n, n_keys = query.shape[2], key.shape[2]
    if name == "eager":
        return _eager(query, key, value, scale)
    if name == "flash_attention_2":
        from flash_attn import flash_attn_func

        out: torch.Tensor = flash_attn_func(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),
            softmax_scale=scale,
            causal=True,  # aligned bottom-right since 2.1
        )
        return out.transpose(1, 2)
    # On GPUs this bias keeps the flash kernel where a mask tensor would leave it.
    bias = None if n == n_keys else causal_lower_right(n, n_keys)
    call: Callable[[], torch.Tensor] = lambda: F.scaled_dot_product_attention(  # noqa: E731
        query, key, value, attn_mask=bias, is_causal=bias is None, scale=scale, enable_gqa=True
    )
    if name == "sdpa_flash":
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # raises rather than fall back silently
            return call()
    return call()


def _eager(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    n, n_keys = query.shape[2], key.shape[2]
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = (query @ key.transpose(-1, -2)).float() * scale
    rows = torch.arange(n, device=query.device)[:, None] + (n_keys - n)
    hidden = torch.arange(n_keys, device=query.device)[None] > rows
    weights = scores.masked_fill_(hidden, float("-inf")).softmax(-1)
    return weights.to(value.dtype) @ value


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
            out = attend(name, q, k, v, head_dim**-0.5)
        taken.append(max(peak_bytes(device) - before, out.numel() * out.element_size()))
        del out
    return Probe(name, lengths, (taken[0], taken[1]))


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
