"""Which attention kernel runs, and why: flash_attention_2 › SDPA's flash kernel › SDPA › eager.

Names mean the same everywhere: ``flash_attention_2`` is the flash-attn package, ``sdpa_flash``
torch's own FlashAttention-2 kernel and nothing else, ``sdpa`` whichever fused kernel torch picks,
``eager`` the explicit score matrix, quadratic in memory, only ever by name.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right

from pipeline.errors import EngineError

NAMES = ("flash_attention_2", "sdpa_flash", "sdpa", "eager")

#: The largest head the flash kernels are built for.
_MAX_FLASH_HEAD = 256
#: Queries whose scores are written down together where no fused kernel computes them.
_BLOCK = 256
#: torch's flash kernel for processors with the sums of its softmax; None where torch has another.
_FLASH_WITH_SUMS: Any = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)


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


@dataclass(frozen=True)
class Scoring:
    """How a layer scores keys, beyond a plain causal softmax.

    Args:
        scale: of the products of queries and keys.
        window: a query sees this many tokens, its own included; None for all before it.
        softcap: scores are squeezed into ± this (Gemma 2); None for no cap.
        sinks: one more score a head that takes a share of the softmax and brings no value
            (gpt-oss), [H]; None for none.
    """

    scale: float
    window: int | None = None
    softcap: float | None = None
    sinks: torch.Tensor | None = None

    def plain(self, n_keys: int) -> bool:
        """Whether the fused kernels compute it, over so many keys."""
        reaches = self.window is None or n_keys <= self.window
        return reaches and self.softcap is None and self.sinks is None

    def scores(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Scaled scores of every pair, [..., n, D] and [..., N, D] to [..., n, N]."""
        scores = (query * self.scale) @ key.transpose(-1, -2)
        return scores if self.softcap is None and self.sinks is None else scores.float()

    def weigh(self, scores: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Scaled scores [..., H, n, N] to the shares of the keys; ``hidden`` are the last columns.

        Softmax sums in float32 whatever the dtype; a cap and sinks want float32 scores.
        """
        if self.softcap is not None:
            scores = (scores / self.softcap).tanh_().mul_(self.softcap)
        if hidden.shape[-1]:
            scores[..., -hidden.shape[-1] :].masked_fill_(hidden, float("-inf"))
        if self.sinks is None:
            return scores.softmax(-1)
        sinks = self.sinks.float().view(-1, 1, 1).expand(*scores.shape[:-1], 1)
        return torch.cat([scores, sinks], dim=-1).softmax(-1)[..., :-1]


def attend(
    name: str, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: Scoring
) -> torch.Tensor:
    """Causal attention of the last n of N tokens, by a kernel's name.

    ``query`` is [1, H, n, D], ``key`` and ``value`` [1, K, N, D] with H a multiple of K; every
    query sees the keys up to its own that its window reaches. Returns [1, H, n, D].
    """
    n, n_keys = query.shape[2], key.shape[2]
    if name == "eager":
        return _eager(query, key, value, how)
    if name == "flash_attention_2" and how.sinks is None:
        from flash_attn import flash_attn_func

        out: torch.Tensor = flash_attn_func(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),
            softmax_scale=how.scale,
            causal=True,  # aligned bottom-right since 2.1
            window_size=(-1, -1) if how.window is None else (how.window - 1, 0),
            softcap=how.softcap or 0.0,
        )
        return out.transpose(1, 2)
    if not how.plain(n_keys):
        return _in_blocks(query, key, value, how)
    if n < n_keys and has_sums(name, query):
        return _past_and_own(query, key, value, how.scale)
    # On GPUs this bias keeps the flash kernel where a mask tensor would leave it.
    bias = None if n == n_keys else causal_lower_right(n, n_keys)
    call: Callable[[], torch.Tensor] = lambda: F.scaled_dot_product_attention(  # noqa: E731
        query, key, value, attn_mask=bias, is_causal=bias is None, scale=how.scale, enable_gqa=True
    )
    if name == "sdpa_flash":
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # raises rather than fall back silently
            return call()
    return call()


def has_sums(name: str, query: torch.Tensor) -> bool:
    """Whether :func:`attend_parts` computes what a kernel would: the processor's flash kernel."""
    on_cpu = query.device.type == "cpu"
    return name == "sdpa_flash" and on_cpu and _FLASH_WITH_SUMS is not None


def attend_parts(
    query: torch.Tensor,
    parts: Sequence[tuple[slice, torch.Tensor, torch.Tensor, bool]],
    scale: float,
) -> torch.Tensor:
    """Attention of a pass whose queries see several sets of keys each: [1, H, T, D].

    Args:
        query: [1, H, T, D].
        parts: queries, keys and values that they see [1, K, N, D], and whether causally; every
            query is in one causal part, its own, that comes before all others of it.
    """
    out = query.new_empty(query.shape, dtype=torch.float32)
    sums = query.new_empty(query.shape[:3], dtype=torch.float32)
    for some, key, value, causal in parts:
        part, total = _FLASH_WITH_SUMS(query[:, :, some], key, value, 0.0, causal, scale=scale)
        if causal:
            out[:, :, some], sums[:, :, some] = part, total
            continue
        before = sums[:, :, some]
        share = (total - before).sigmoid().unsqueeze(-1)
        out[:, :, some] = torch.lerp(out[:, :, some], part.float(), share)
        sums[:, :, some] = torch.logaddexp(before, total)
    return out.to(query.dtype)


def _past_and_own(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
) -> torch.Tensor:
    """Causal attention of the last n of N tokens on a processor: over the past, which everyone
    sees whole, and over the own tokens, weighed by the sums of their softmax.

    The processor's kernel takes the bias of :func:`attend` for a mask: n × N numbers, and every
    hidden score computed. Two passes compute what is seen, and write no mask down.

    Source: Dao et al., "FlashAttention" (2022), the merging of softmax blocks.
    """
    n_past = key.shape[2] - query.shape[2]
    parts = [(slice(0, n_past), False), (slice(n_past, None), True)]
    (past, past_sum), (own, own_sum) = (
        _FLASH_WITH_SUMS(query, key[:, :, some], value[:, :, some], 0.0, causal, scale=scale)
        for some, causal in parts
    )
    share = (past_sum - own_sum).sigmoid_().unsqueeze(-1)  # of the past, [1, H, n, 1], float32
    out: torch.Tensor = torch.lerp(own.float(), past.float(), share).to(query.dtype)
    return out


def _in_blocks(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: Scoring
) -> torch.Tensor:
    """What no fused kernel computes (a window, capped scores, sinks), some queries at a time over
    the keys that they can see: memory stays linear, though scores are written down."""
    n, n_keys = query.shape[2], key.shape[2]
    parts = []
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        last = n_keys - n + end
        first = 0 if how.window is None else max(0, last - (end - start) - how.window + 1)
        keys, values = key[:, :, first:last], value[:, :, first:last]
        parts.append(_eager(query[:, :, start:end], keys, values, how))
    return torch.cat(parts, dim=2)


def _eager(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, how: Scoring
) -> torch.Tensor:
    n, n_keys = query.shape[2], key.shape[2]
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = how.scores(query, key)
    rows = torch.arange(n, device=query.device)[:, None] + (n_keys - n)
    columns = torch.arange(n_keys, device=query.device)[None]
    hidden = columns > rows
    if how.window is not None:
        hidden |= columns <= rows - how.window
    return how.weigh(scores, hidden).to(value.dtype) @ value
