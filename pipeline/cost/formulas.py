"""Memory, time and energy of a transformer, from its configuration: formulas F1 to F11.

Plain arithmetic over :class:`pipeline.models.Architecture`, in bytes, floating-point operations,
seconds and kilowatt-hours. Nothing here measures or loads anything.

Symbols: N tokens in the window, B windows held together, L layers, h query heads, k key-value
heads, d head dimension, D hidden size, V vocabulary, P parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.models import Architecture

#: Bytes of a parameter by bits a weight; 4 and 8 bit include the scales of their groups.
BYTES_PER_PARAMETER = {32: 4.0, 16: 2.0, 8: 1.03, 4: 0.56}
#: Tokens that prefill processes at once: bounds the activations of long prompts.
PREFILL_CHUNK = 2048
#: Share of a card's memory that may be filled: the allocator needs the rest.
USABLE_SHARE = 0.92
#: Share of its cache that our engine holds ready: storage grows by a quarter at a time.
ENGINE_SPARE = 0.25
_CACHE_BYTES = 2  # bf16


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that one wave of windows needs, by what they hold."""

    weights: int
    cache: int
    activations: int
    logits: int
    runtime: int

    @property
    def total(self) -> int:
        """Peak bytes (F6)."""
        held = self.weights + self.cache + self.activations
        return held + self.logits + self.runtime


def weight_bytes(model: Architecture, *, bits: int = 16) -> int:
    """F1: parameters times the bytes of one."""
    return round(model.params * BYTES_PER_PARAMETER[bits])


def cache_bytes(model: Architecture, n_tokens: int, *, windows: int = 1) -> int:
    """F2: keys and values of ``windows`` sequences of ``n_tokens`` each, in bf16.

    Layers with a sliding window hold no more than it; layers with a constant state are left out.
    """
    full = 2 * model.layers * model.kv_heads * model.head_dim * n_tokens
    kv_heads = model.window_kv_heads or model.kv_heads
    head_dim = model.window_head_dim or model.head_dim
    sliding = 2 * model.window_layers * kv_heads * head_dim * min(n_tokens, model.window)
    return windows * _CACHE_BYTES * (full + sliding)


def cache_bytes_per_token(model: Architecture) -> int:
    """What one more token costs once every sliding window is full."""
    return _CACHE_BYTES * 2 * model.layers * model.kv_heads * model.head_dim


def eager_score_bytes(heads: int, n_tokens: int, *, softmax_in_fp32: bool = False) -> int:
    """F3: the score matrix of one layer that attention without a fused kernel writes out.

    ``heads``·N²·2 bytes in bf16, and twice that again where the softmax runs in fp32.
    """
    scores = heads * n_tokens * n_tokens * 2
    return scores * 3 if softmax_in_fp32 else scores


def activation_bytes(model: Architecture, n_tokens: int) -> int:
    """F4: the widest layer over one chunk of the prompt, and the residual stream over all of it."""
    widest = max(3 * model.intermediate, (model.heads + 2 * model.kv_heads) * model.head_dim)
    chunk = min(n_tokens, PREFILL_CHUNK)
    return 2 * (widest * chunk + 2 * model.hidden * n_tokens)


def logit_bytes(model: Architecture, *, positions: int = 1) -> int:
    """F5: fp32 logits of the positions that are kept: one a window while generating."""
    return 4 * model.vocab * positions


def peak_memory(
    model: Architecture,
    n_tokens: int,
    *,
    windows: int = 1,
    bits: int = 16,
    runtime_bytes: int,
    spare: float = 0.0,
) -> Memory:
    """F6: what ``windows`` sequences of ``n_tokens`` (prompt and reply) need together.

    Args:
        runtime_bytes: what the framework takes before any model (CUDA context, libraries).
        spare: share of the cache that is held ready for growth; :data:`ENGINE_SPARE` for ours.
    """
    return Memory(
        weights=weight_bytes(model, bits=bits),
        cache=round(cache_bytes(model, n_tokens, windows=windows) * (1 + spare)),
        activations=activation_bytes(model, n_tokens) * windows,
        logits=logit_bytes(model, positions=windows),
        runtime=runtime_bytes,
    )


def longest_window(
    model: Architecture,
    memory_bytes: int,
    *,
    windows: int = 1,
    bits: int = 16,
    runtime_bytes: int,
    spare: float = 0.0,
) -> int:
    """F7: the longest window that fits into ``USABLE_SHARE`` of the memory, 0 when none does.

    The sum of F6 grows with N, so the answer is found by bisection rather than by an inverse
    that would leave terms out.
    """
    usable = int(memory_bytes * USABLE_SHARE)

    def needs(n_tokens: int) -> int:
        return peak_memory(
            model,
            n_tokens,
            windows=windows,
            bits=bits,
            runtime_bytes=runtime_bytes,
            spare=spare,
        ).total

    low, high = 0, 1 << 24
    if needs(1) > usable:
        return 0
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if needs(middle) <= usable else (low, middle)
    return low


def rows_that_fit(
    model: Architecture,
    n_tokens: int,
    memory_bytes: int,
    *,
    at_most: int,
    bits: int = 16,
    runtime_bytes: int,
    spare: float = 0.0,
) -> int:
    """How many windows of ``n_tokens`` fit side by side, 0 when not even one does."""
    usable = int(memory_bytes * USABLE_SHARE)
    for rows in range(at_most, 0, -1):
        needs = peak_memory(
            model, n_tokens, windows=rows, bits=bits, runtime_bytes=runtime_bytes, spare=spare
        )
        if needs.total <= usable:
            return rows
    return 0


def prefill_flops(model: Architecture, n_tokens: int) -> float:
    """F8: operations to read a prompt of ``n_tokens``.

    2·(P_active − V·D)·N for the layers, 2·h·d·N² a full layer for causal attention, 4·h·d·N·w a
    sliding layer, 2·V·D for the one position whose word is wanted.
    """
    embeddings = model.vocab * model.hidden * (1 if model.tied else 2)
    linear = 2.0 * (model.active_params - embeddings) * n_tokens
    full = 2.0 * model.heads * model.head_dim * n_tokens**2 * model.layers
    head_dim = model.window_head_dim or model.head_dim
    reach = min(n_tokens, model.window)
    sliding = 4.0 * model.heads * head_dim * n_tokens * reach * model.window_layers
    return linear + full + sliding + 2.0 * model.vocab * model.hidden


def decode_bytes(model: Architecture, *, bits: int = 16) -> float:
    """F9: bytes of weights read for one step of decoding, however many windows share it."""
    return model.active_params * BYTES_PER_PARAMETER[bits]


def energy_kwh(seconds: float, watts: float, *, load: float = 0.8) -> float:
    """F11: energy at ``load`` times the power limit. 0.8 is a usual load, not a measurement."""
    return seconds * watts * load / 3.6e6
