"""Several texts in one forward pass without a padded token: packed, with segment boundaries.

The tokens of all rows stand behind one another in one row of the model's input, so every linear
layer does exactly the needed work. Attention keeps them apart: each segment sees the shared prefix
(kept once), its own earlier tokens, and nothing of its neighbours. A row that decodes brings one
token (and drafts), a row that is being read brings many; both may share a pass.

Shapes: T tokens in the pass, B slots, H query heads, K key-value heads, D head size, P tokens of
the shared prefix, N tokens stored of a row. Keys and values are [B, K, N, D] a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.engine.attention import attend

#: The name under which transformers finds :func:`packed_attention`. It is registered without a
#: mask function, so transformers builds no mask: boundaries come with the :class:`Pack`.
PACKED = "storytransformer_packed"
#: Decoding rows are attended to over a multiple of so many tokens, hidden ones at the end. On CPUs
#: the matrix kernels are compiled for each shape and kept: one more token a step would be a new
#: kernel, and megabytes, every time.
_STRIDE = 64


@dataclass(frozen=True)
class Segment:
    """The tokens one row brings to a pass.

    Args:
        slot: where the row's keys and values are kept.
        start: first token in the pack.
        n: number of tokens.
        past: tokens of the row stored before (without the prefix).
    """

    slot: int
    start: int
    n: int
    past: int


class KeyValues:
    """Keys and values of every layer: the shared prefix once, and each slot's own tokens.

    Storage grows by a quarter at a time, so that a token is not paid with a copy of all before it.
    """

    def __init__(self, n_layers: int, n_slots: int, kernel: str = "sdpa") -> None:
        self.n_slots = n_slots
        self.kernel = kernel
        self.prefix: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * n_layers
        self._keys: list[torch.Tensor | None] = [None] * n_layers
        self._values: list[torch.Tensor | None] = [None] * n_layers
        self.n_prefix = 0

    def make_prefix(self, slot: int, n: int) -> None:
        """Turn the first ``n`` stored tokens of a slot into the prefix that every slot sees."""
        for layer, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            if keys is not None and values is not None:
                self.prefix[layer] = (keys[slot, :, :n].clone(), values[slot, :, :n].clone())
        self.n_prefix = n

    def share_prefix(self, n_slots: int) -> KeyValues:
        """Fresh storage for ``n_slots`` rows over the same prefix."""
        other = KeyValues(len(self.prefix), n_slots, self.kernel)
        other.prefix, other.n_prefix = self.prefix, self.n_prefix
        return other

    def store(self, layer: int, pack: Pack, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Keep the new tokens of a pass; ``keys`` and ``values`` are [K, T, D]."""
        own_keys, own_values = self._room(layer, pack.n_stored, keys)
        if pack.n_single:
            index = (pack.slots, slice(None), pack.positions)
            own_keys[index] = keys[:, : pack.n_single].transpose(0, 1)
            own_values[index] = values[:, : pack.n_single].transpose(0, 1)
        for part in pack.long:
            own_keys[part.slot, :, part.past : part.past + part.n] = keys[
                :, part.start : part.start + part.n
            ]
            own_values[part.slot, :, part.past : part.past + part.n] = values[
                :, part.start : part.start + part.n
            ]

    def own(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer's stored keys and values, [B, K, capacity, D]."""
        keys, values = self._keys[layer], self._values[layer]
        assert keys is not None and values is not None
        return keys, values

    def n_bytes(self) -> int:
        """Memory held."""
        pairs = [t for pair in self.prefix if pair for t in pair]
        own = [t for t in (*self._keys, *self._values) if t is not None]
        return sum(t.numel() * t.element_size() for t in (*pairs, *own))

    def _room(self, layer: int, n: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = self._keys[layer], self._values[layer]
        if keys is None or values is None or keys.shape[2] < n:
            have = 0 if keys is None else keys.shape[2]
            capacity = _strides(max(n, have * 5 // 4))
            grown = [
                like.new_zeros(self.n_slots, like.shape[0], capacity, like.shape[2])
                for _ in range(2)
            ]
            if keys is not None and values is not None:
                grown[0][:, :, :have], grown[1][:, :, :have] = keys, values
            self._keys[layer], self._values[layer] = keys, values = grown[0], grown[1]
        return keys, values


def _strides(n: int) -> int:
    return -(-n // _STRIDE) * _STRIDE


class Pack:
    """One pass: which tokens belong to which row, worked out once for all layers.

    Segments of few tokens (decoding rows) come first and are attended to together; long ones
    (rows being read) each on their own, with the fused kernel.

    Args:
        cache: where keys and values are kept.
        segments: in the order of their tokens, short ones before long ones.
        n_short: how many of them are short.
        device: where the index tensors belong.
    """

    def __init__(
        self, cache: KeyValues, segments: Sequence[Segment], n_short: int, device: torch.device
    ) -> None:
        self.cache = cache
        self.short, self.long = segments[:n_short], segments[n_short:]
        self.n_single = sum(part.n for part in self.short)
        self.n_stored = max(part.past + part.n for part in segments)
        self.longest = max((part.n for part in self.short), default=0)
        self.uniform = all(part.n == self.longest for part in self.short)
        if not self.short:
            return
        rows = [(part.slot, part.past + i) for part in self.short for i in range(part.n)]
        self.slots = torch.tensor([slot for slot, _ in rows], device=device)
        self.positions = torch.tensor([position for _, position in rows], device=device)
        self.short_slots = torch.tensor([part.slot for part in self.short], device=device)
        self.whole = [part.slot for part in self.short] == list(range(cache.n_slots))
        past = torch.tensor([part.past for part in self.short], device=device)
        n_keys = _strides(max(part.past + part.n for part in self.short))
        last = past[:, None] + torch.arange(self.longest, device=device)
        self.n_keys = n_keys
        # [B, 1, 1, Q, N]: which own tokens each query must not see
        self.hidden = (torch.arange(n_keys, device=device) > last[:, :, None])[:, None, None]
        # packed token -> its place in a [B, Q] grid, and back
        grid = [b * self.longest + i for b, part in enumerate(self.short) for i in range(part.n)]
        self.grid = torch.tensor(grid, device=device)


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    pack: Pack | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one packed row; the signature is that of transformers' attention functions.

    ``query`` is [1, H, T, D], ``key`` and ``value`` [1, K, T, D]; returns [1, T, H, D].
    """
    assert pack is not None and attention_mask is None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer = module.layer_idx
    pack.cache.store(layer, pack, key[0], value[0])
    parts = []
    if pack.short:
        parts.append(_attend_short(pack, layer, query[0, :, : pack.n_single], scale))
    for part in pack.long:
        q = query[:, :, part.start : part.start + part.n]
        parts.append(_attend_long(pack.cache, layer, part, q, key, value, scale))
    return torch.cat(parts).unsqueeze(0), None


def _attend_short(pack: Pack, layer: int, query: torch.Tensor, scale: float) -> torch.Tensor:
    """All decoding rows at once: [H, t, D] → [t, H, D].

    The prefix is scored by one product for all rows instead of one a row; softmax runs in float32
    over prefix and own tokens together.
    """
    heads, _, size = query.shape
    keys, values = pack.cache.own(layer)
    keys, values = keys[:, :, : pack.n_keys], values[:, :, : pack.n_keys]
    if not pack.whole:
        keys, values = keys[pack.short_slots], values[pack.short_slots]
    n_rows, kv_heads, group = keys.shape[0], keys.shape[1], heads // keys.shape[1]
    tokens = query.transpose(0, 1)  # [t, H, D]
    if not pack.uniform:
        padded = tokens.new_zeros(n_rows * pack.longest, heads, size)
        padded[pack.grid] = tokens
        tokens = padded
    q = tokens.view(n_rows, pack.longest, kv_heads, group, size).permute(0, 2, 3, 1, 4)
    q = q.reshape(n_rows, kv_heads, group * pack.longest, size)
    shape = (n_rows, kv_heads, group, pack.longest, -1)
    own = (q @ keys.transpose(-1, -2)).float().mul_(scale).view(shape)
    scores = own.masked_fill_(pack.hidden, float("-inf"))
    prefix = pack.cache.prefix[layer]
    if prefix is not None:
        q_all = q.transpose(0, 1).reshape(kv_heads, -1, size)  # [K, B·g·Q, D]
        shared = (q_all @ prefix[0].transpose(-1, -2)).float().mul_(scale)
        shared = shared.view(kv_heads, n_rows, group, pack.longest, -1).transpose(0, 1)
        scores = torch.cat([shared, scores], dim=-1)
    weights = scores.softmax(-1).to(values.dtype)
    n_prefix = pack.cache.n_prefix
    mine = weights[..., n_prefix:].reshape(n_rows, kv_heads, group * pack.longest, -1)
    out = mine @ values
    if prefix is not None:
        theirs = weights[..., :n_prefix].transpose(0, 1).reshape(kv_heads, -1, n_prefix)
        both = (theirs @ prefix[1]).view(kv_heads, n_rows, group * pack.longest, size)
        out = out + both.transpose(0, 1)
    out = out.view(n_rows, kv_heads, group, pack.longest, size).permute(0, 3, 1, 2, 4)
    out = out.reshape(n_rows * pack.longest, heads, size)
    return out if pack.uniform else out[pack.grid]


def _attend_long(
    cache: KeyValues,
    layer: int,
    part: Segment,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
) -> torch.Tensor:
    """One row being read, by the fused kernel: [1, H, n, D] → [n, H, D]."""
    prefix = cache.prefix[layer]
    k = key[:, :, part.start : part.start + part.n]
    v = value[:, :, part.start : part.start + part.n]
    if part.past:
        own_keys, own_values = cache.own(layer)
        end = part.past + part.n
        k, v = (
            own_keys[part.slot : part.slot + 1, :, :end],
            own_values[part.slot : part.slot + 1, :, :end],
        )
    if prefix is not None:
        k = torch.cat([prefix[0].unsqueeze(0), k], dim=2)
        v = torch.cat([prefix[1].unsqueeze(0), v], dim=2)
    return attend(cache.kernel, query, k, v, scale)[0].transpose(0, 1)


def register() -> None:
    """Make :func:`packed_attention` known to transformers under :data:`PACKED`."""
    from transformers import AttentionInterface

    AttentionInterface.register(PACKED, packed_attention)
