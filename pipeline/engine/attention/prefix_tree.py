"""Many texts in one pass, whatever several of them begin with read once: a prefix tree.

The texts are laid out as a tree, depth first: a node holds the tokens that all texts below it share
and that no larger set of them does. Each token stands once, so that every linear layer does exactly
the needed work. Attention is computed node by node: over its own tokens, causal, and over those of
its ancestors, which everything below a node sees whole; the parts are weighed by the sums of their
softmax. Nothing is stored: a tree is read for its logits, and no text is continued.

Shapes: T tokens in the pass, H query heads, K key-value heads, D head size, P tokens of the prefix
that was read before.

Source: Juravsky et al., "Hydragen" (2024); Zheng et al., "SGLang" (2023), prefixes as a radix tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pipeline.engine.attention.attention_kernels import Scoring, attend, attend_parts, has_sums
from pipeline.engine.attention.kv_cache import KeyValues

#: A node of its own is another call in each layer, which takes as long as a few tokens.
_WORTH = 4
#: Nodes above one another, at most.
_DEEPEST = 24


@dataclass(frozen=True)
class Node:
    """Tokens that one text has, or several share.

    Args:
        start: of its first token in the pass; ``n`` tokens.
        depth: tokens of its texts before it, without the prefix that was read before.
        above: its ancestors, from the first.
    """

    start: int
    n: int
    depth: int
    above: tuple[Node, ...]


class PrefixTree:
    """Texts laid out for one pass.

    Args:
        texts: token ids, in ascending order, none of them empty.
        cache: holds the prefix that was read before, which all of them follow.
    """

    def __init__(self, texts: Sequence[Sequence[int]], cache: KeyValues) -> None:
        self.cache = cache
        self.ids: list[int] = []
        self.nodes: list[Node] = []
        self._ends: dict[Node, int] = {}
        self._paths: list[tuple[Node, ...]] = [()] * len(texts)
        self._texts = texts
        self._grow(0, len(texts), 0, ())

    @property
    def positions(self) -> list[int]:
        """Where each token of the pass stands in its texts."""
        n_prefix = self.cache.n_prefix
        return [n_prefix + node.depth + i for node in self.nodes for i in range(node.n)]

    def place(self, text: int, at: int) -> int:
        """The token of the pass that is token ``at`` of a text."""
        node = next(node for node in self._paths[text] if at < node.depth + node.n)
        return node.start + at - node.depth

    def _grow(self, first: int, end: int, depth: int, above: tuple[Node, ...]) -> None:
        """Lay out the texts from ``first`` to ``end``, which share ``depth`` tokens."""
        texts = self._texts
        if end - first == 1 or len(above) == _DEEPEST:
            for i in range(first, end):
                self._leaf(i, depth, above)
            return
        shared = _common(texts[first], texts[end - 1])  # ascending: what these two share, all do
        node = None
        if (end - first - 1) * (shared - depth) >= _WORTH:
            node = self._add(texts[first][depth:shared], depth, above)
            depth, above = shared, (*above, node)
        while first < end and len(texts[first]) == shared:
            self._leaf(first, depth, above)
            first += 1
        while first < end:  # those that go on alike
            below = first + 1
            while below < end and texts[below][shared] == texts[first][shared]:
                below += 1
            self._grow(first, below, depth, above)
            first = below
        if node is not None:
            self._ends[node] = len(self.ids)

    def _leaf(self, text: int, depth: int, above: tuple[Node, ...]) -> None:
        """Lay out what one text has alone, if anything."""
        ids = self._texts[text][depth:]
        self._paths[text] = (*above, self._add(ids, depth, above)) if ids else above

    def _add(self, ids: Sequence[int], depth: int, above: tuple[Node, ...]) -> Node:
        node = Node(len(self.ids), len(ids), depth, above)
        self.nodes.append(node)
        self.ids += ids
        return node

    def on(self, device: torch.device) -> PrefixTree:
        """Itself: it holds no tensors."""
        return self

    def attend(
        self,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        how: Scoring,
    ) -> torch.Tensor:
        """Attention of one layer: [1, H, T, D], [1, K, T, D] twice → [T, H, D]."""
        prefix = self.cache.shared(layer)
        longest = self.cache.n_prefix + max(node.depth + node.n for node in self.nodes)
        if how.plain(longest) and has_sums(self.cache.kernel, query):
            parts = [(node.start, node.start + node.n, node, True) for node in self.nodes]
            parts += [(node.start + node.n, end, node, False) for node, end in self._ends.items()]
            seen = [
                (slice(first, end), key[:, :, span], value[:, :, span], causal)
                for first, end, node, causal in parts
                if end > first
                for span in [slice(node.start, node.start + node.n)]
            ]
            if prefix is not None:
                whole = slice(0, query.shape[2])
                seen.append((whole, prefix[0].unsqueeze(0), prefix[1].unsqueeze(0), False))
            return attend_parts(query, seen, how.scale)[0].transpose(0, 1)
        found = []
        for node in self.nodes:
            spans = [slice(part.start, part.start + part.n) for part in (*node.above, node)]
            k, v = (torch.cat([t[:, :, span] for span in spans], 2) for t in (key, value))
            if prefix is not None:
                k, v = (
                    torch.cat([held.unsqueeze(0), own], 2)
                    for held, own in zip(prefix, (k, v), strict=True)
                )
            out = attend(self.cache.kernel, query[:, :, spans[-1]], k, v, how)
            found.append(out[0].transpose(0, 1))
        return torch.cat(found)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    n = min(len(one), len(other))
    return next((i for i in range(n) if one[i] != other[i]), n)


def tokens_of(texts: Sequence[Sequence[int]], n_prefix: int) -> list[int]:
    """How many tokens each of some texts, in ascending order, adds to a tree at most, the first
    ``n_prefix`` of each not counted."""
    found, before = [], texts[0][:n_prefix]
    for text in texts:
        found.append(len(text) - max(n_prefix, _common(before, text)))
        before = text
    return found
