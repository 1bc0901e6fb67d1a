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

from pipeline.engine.attention.attention_kernels import Scoring, attend
from pipeline.engine.attention.kv_cache import KeyValues, strides
from pipeline.engine.attention.prefix_tree import PrefixTree
from pipeline.errors import EngineError

#: The name under which transformers finds :func:`packed_attention`. It is registered without a
#: mask function, so transformers builds no mask: boundaries come with the :class:`Pack`.
PACKED = "storytransformer_packed"
#: What transformers' models hand to every attention function and this one has no use for.
_NO_USE = frozenset(
    """
    dropout position_ids use_cache output_attentions output_hidden_states output_router_logits
    cache_position return_dict position_embeddings past_key_values logits_to_keep
    """.split()  # noqa: SIM905 - a paragraph reads better than a dozen quoted words
)


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
        self.shortest = min((part.past for part in self.short), default=0)
        self.longest = max((part.n for part in self.short), default=0)
        self.uniform = all(part.n == self.longest for part in self.short)
        self._device, self._elsewhere = device, {device: self}
        if not self.short:
            return
        rows = [(part.slot, part.past + i) for part in self.short for i in range(part.n)]
        self.slots = torch.tensor([slot for slot, _ in rows], device=device)
        self.positions = torch.tensor([position for _, position in rows], device=device)
        self.whole = [part.slot for part in self.short] == list(range(cache.n_slots))
        past = torch.tensor([part.past for part in self.short], device=device)
        # Decoding rows are attended to over whole strides, hidden tokens at the end.
        self.n_keys = strides(max(part.past + part.n for part in self.short))
        # the own tokens that decoding rows attend to: an index of (slot, head, token)
        slots = torch.tensor([part.slot for part in self.short], device=device)
        self.seen = (slice(None) if self.whole else slots, slice(None), slice(self.n_keys))
        self.last = past[:, None] + torch.arange(self.longest, device=device)
        self._hidden: dict[int | None, torch.Tensor] = {}
        # packed token -> its place in a [B, Q] grid, and back
        grid = [b * self.longest + i for b, part in enumerate(self.short) for i in range(part.n)]
        self.grid = torch.tensor(grid, device=device)

    def on(self, device: torch.device) -> Pack:
        """The same pass with its index tensors elsewhere, for models spread over devices."""
        if device not in self._elsewhere:
            segments = [*self.short, *self.long]
            self._elsewhere[device] = Pack(self.cache, segments, len(self.short), device)
        return self._elsewhere[device]

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        how: Scoring,
    ) -> torch.Tensor:
        """Attention of one layer: [1, H, T, D], [1, K, T, D] twice → [T, H, D]."""
        self.cache.store(layer, self, key[0], value[0])
        parts = []
        if self.short:
            parts.append(_attend_short(self, layer, query[0, :, : self.n_single], how))
        for part in self.long:
            q = query[:, :, part.start : part.start + part.n]
            parts.append(_attend_long(self.cache, layer, part, q, key, value, how))
        return torch.cat(parts)

    def hidden(self, window: int | None) -> torch.Tensor:
        """Which of the last keys each query must not see, [B, 1, Q, N'].

        Keys are the prefix's, then own ones. Without a window the N' begin where the shortest row
        ends: everyone sees what is before.
        """
        if window not in self._hidden:
            first = self.shortest + 1 if window is None else -self.cache.n_prefix
            keys = torch.arange(first, self.n_keys, device=self._device)
            last = self.last[:, :, None]
            hidden = keys > last
            if window is not None:
                hidden |= keys <= last - window
            self._hidden[window] = hidden[:, None]
        return self._hidden[window]


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    pack: Pack | PrefixTree | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one packed row; the signature is that of transformers' attention functions.

    ``query`` is [1, H, T, D], ``key`` and ``value`` [1, K, T, D]; returns [1, T, H, D].

    Raises:
        EngineError: the model asks for something that would be left out silently.
    """
    assert pack is not None and attention_mask is None
    asked = [name for name, given in others.items() if not (given is None or given is False)]
    if unknown := set(asked) - _NO_USE:
        raise EngineError(
            f"{type(module).__name__} wants {', '.join(sorted(unknown))}, which packed attention "
            "would leave out."
        )
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    how = Scoring(scale, sliding_window, softcap, s_aux)
    out = pack.on(query.device).attend(module.layer_idx, query, key, value, how)
    return out.unsqueeze(0), None


def _attend_short(pack: Pack, layer: int, query: torch.Tensor, how: Scoring) -> torch.Tensor:
    """All decoding rows at once: [H, t, D] → [t, H, D].

    The prefix is scored by one product for all rows instead of one a row; softmax runs over prefix
    and own tokens together.
    """
    heads, _, size = query.shape
    keys, values = pack.cache.own(layer, pack.seen)
    n_rows, kv_heads, group = keys.shape[0], keys.shape[1], heads // keys.shape[1]
    tokens = query.transpose(0, 1)  # [t, H, D]
    if not pack.uniform:
        padded = tokens.new_zeros(n_rows * pack.longest, heads, size)
        padded[pack.grid] = tokens
        tokens = padded
    q = tokens.view(n_rows, pack.longest, kv_heads, group, size).permute(0, 2, 3, 1, 4)
    q = q.reshape(n_rows, kv_heads, group * pack.longest, size)
    shape = (n_rows, kv_heads, group, pack.longest, -1)
    scores = how.scores(q, keys).view(shape)
    prefix = pack.cache.shared(layer)
    if prefix is not None:
        q_all = q.transpose(0, 1).reshape(kv_heads, -1, size)  # [K, B·g·Q, D]
        shared = (
            how.scores(q_all, prefix[0])
            .view(kv_heads, n_rows, group, pack.longest, -1)
            .transpose(0, 1)
        )
        scores = torch.cat([shared, scores], dim=-1)
    # [B, K, g, Q, N] → [B, H, Q, N]: sinks are one a head
    weights = how.weigh(scores.flatten(1, 2), pack.hidden(how.window)).view(shape).to(values.dtype)
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
    how: Scoring,
) -> torch.Tensor:
    """One row being read, by the fused kernel: [1, H, n, D] → [n, H, D]."""
    k = key[:, :, part.start : part.start + part.n]
    v = value[:, :, part.start : part.start + part.n]
    if part.past:
        row = slice(part.slot, part.slot + 1)
        k, v = cache.own(layer, (row, slice(None), slice(part.past + part.n)))
    prefix = cache.shared(layer)
    if prefix is not None:
        k = torch.cat([prefix[0].unsqueeze(0), k], dim=2)
        v = torch.cat([prefix[1].unsqueeze(0), v], dim=2)
    return attend(cache.kernel, query, k, v, how)[0].transpose(0, 1)


def register() -> None:
    """Make :func:`packed_attention` known to transformers under :data:`PACKED`."""
    from transformers import AttentionInterface

    AttentionInterface.register(PACKED, packed_attention)
