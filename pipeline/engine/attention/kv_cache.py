"""Keys and values of every layer: a shared prefix once, and each slot's own tokens behind it.

Kept as they are, or in 8 bits with one scale a token and head: half of bf16's memory, for a loss
that ``benchmarks/engine.py`` shows beside it.

Shapes: B slots, K key-value heads, N tokens stored of a row, D head size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pipeline.engine.attention.packed import Pack

#: Storage grows to a multiple of so many tokens. On CPUs the matrix kernels are compiled for each
#: shape and kept: one more token a step would be a new kernel, and megabytes, every time.
STRIDE = 64


def strides(n: int) -> int:
    """``n`` rounded up to whole strides."""
    return -(-n // STRIDE) * STRIDE


class Held:
    """The keys (or the values) of one layer, [B, K, capacity, D].

    Storage grows by a quarter at a time, so that a token is not paid with a copy of all before it.
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.data: torch.Tensor | None = None
        self.scales: torch.Tensor | None = None  # [B, K, capacity, 1], for 8 bits
        self._dtype = torch.float32

    def make_room(self, n_slots: int, n: int, like: torch.Tensor) -> None:
        """Hold at least ``n`` tokens a slot, shaped and placed as ``like`` [K, T, D]."""
        have = 0 if self.data is None else self.data.shape[2]
        if have >= n:
            return
        self._dtype = like.dtype
        shape = (n_slots, like.shape[0], strides(max(n, have * 5 // 4)))
        dtype = torch.int8 if self.bits == 8 else like.dtype
        self.data = _grown(self.data, like.new_zeros(*shape, like.shape[2], dtype=dtype))
        if self.bits == 8:
            self.scales = _grown(self.scales, like.new_zeros(*shape, 1))

    def put(self, index: Any, new: torch.Tensor) -> None:
        """Store tokens at an index of the first three dimensions."""
        assert self.data is not None
        if self.scales is None:
            self.data[index] = new
            return
        scales = (new.abs().amax(-1, keepdim=True) / 127).clamp_min(1e-8)
        self.data[index] = (new / scales).round().clamp(-127, 127).to(torch.int8)
        self.scales[index] = scales

    def get(self, index: Any) -> torch.Tensor:
        """What is stored there, in the model's dtype."""
        assert self.data is not None
        if self.scales is None:
            return self.data[index]
        return self.data[index].to(self._dtype) * self.scales[index]

    def first(self, slot: int, n: int) -> Held:
        """A copy of a slot's first tokens, [K, n, D]."""
        other = Held(self.bits)
        other._dtype = self._dtype
        if self.data is not None:
            other.data = self.data[slot, :, :n].clone()
        if self.scales is not None:
            other.scales = self.scales[slot, :, :n].clone()
        return other

    def n_bytes(self) -> int:
        """Memory held."""
        return sum(t.numel() * t.element_size() for t in (self.data, self.scales) if t is not None)


def _grown(old: torch.Tensor | None, new: torch.Tensor) -> torch.Tensor:
    if old is not None:
        new[:, :, : old.shape[2]] = old
    return new


class KeyValues:
    """What every layer keeps of the tokens read so far.

    Args:
        kernel: the attention for rows being read, by its name.
        bits: 16 for keys and values as the model makes them, 8 for a quarter to a half of that.
    """

    def __init__(self, n_layers: int, n_slots: int, kernel: str = "sdpa", bits: int = 16) -> None:
        self.n_slots, self.kernel, self.bits = n_slots, kernel, bits
        self.prefix: list[tuple[Held, Held] | None] = [None] * n_layers
        self._own = [(Held(bits), Held(bits)) for _ in range(n_layers)]
        self.n_prefix = 0

    def make_prefix(self, slot: int, n: int) -> None:
        """Turn the first ``n`` stored tokens of a slot into the prefix that every slot sees."""
        self.prefix = [(keys.first(slot, n), values.first(slot, n)) for keys, values in self._own]
        self.n_prefix = n

    def share_prefix(self, n_slots: int) -> KeyValues:
        """Fresh storage for ``n_slots`` rows over the same prefix."""
        other = KeyValues(len(self.prefix), n_slots, self.kernel, self.bits)
        other.prefix, other.n_prefix = self.prefix, self.n_prefix
        return other

    def store(self, layer: int, pack: Pack, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Keep the new tokens of a pass; ``keys`` and ``values`` are [K, T, D]."""
        for held, new in zip(self._own[layer], (keys, values), strict=True):
            held.make_room(self.n_slots, pack.n_stored, new)
            if pack.n_single:
                tokens = (pack.slots, slice(None), pack.positions)
                held.put(tokens, new[:, : pack.n_single].transpose(0, 1))
            for part in pack.long:
                where = (part.slot, slice(None), slice(part.past, part.past + part.n))
                held.put(where, new[:, part.start : part.start + part.n])

    def own(self, layer: int, index: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer's stored keys and values at an index of (slot, head, token)."""
        keys, values = self._own[layer]
        return keys.get(index), values.get(index)

    def shared(self, layer: int) -> tuple[torch.Tensor, torch.Tensor] | None:
        """A layer's keys and values of the prefix, [K, P, D]."""
        prefix = self.prefix[layer]
        return None if prefix is None else (prefix[0].get(...), prefix[1].get(...))

    def n_bytes(self) -> int:
        """Memory held."""
        pairs = [*self._own, *(pair for pair in self.prefix if pair is not None)]
        return sum(held.n_bytes() for pair in pairs for held in pair)


class LastRead:
    """The keys and values of the text read last, for whoever reads on from it: a prompt that was
    just answered need not be read again to learn how likely another answer was.

    Held until :meth:`forget`, which comes before anything else is decoded: two caches at once
    might not fit.
    """

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._cache: KeyValues | None = None

    def forget(self) -> None:
        """Let go of the memory."""
        self._ids, self._cache = [], None

    def keep(self, ids: Sequence[int], cache: KeyValues) -> None:
        """``ids`` are what slot 0 of ``cache`` holds, from its first token on."""
        self._ids, self._cache = list(ids), cache

    def take(self, ids: Sequence[int], kernel: str, bits: int) -> tuple[int, KeyValues | None]:
        """How many leading tokens of ``ids`` are held, and where; the caller has it alone then."""
        known, cache = self._ids, self._cache
        self.forget()
        if cache is None or (cache.kernel, cache.bits) != (kernel, bits):
            return 0, None
        return sum(1 for _ in takewhile(bool, map(eq, known, ids))), cache
