"""Weights in the order in which a processor's matrix kernels read them.

A product with a plain weight reorders it every time, for as long as the product itself takes when
few tokens are multiplied, as in decoding. Reordered once, the same kernels give the same numbers in
16 bits: 1.2 to 1.8 times as fast for up to 33 tokens, 1.0 to 1.05 for a thousand
(``benchmarks/engine.py`` has a line without it). In 32 bits torch multiplies plain weights by MKL
and reordered ones by oneDNN, whose sums differ in the last digits.

The weights are held once, in the new order. A head that shares the embeddings' table stays plain:
looking up needs the old one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class BlockedLinear(nn.Module):
    """``nn.Linear`` over a reordered weight: [.., K] to [.., N]."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = plain.in_features, plain.out_features
        weight = torch.ops.mkldnn._reorder_linear_weight(plain.weight.detach())
        self.register_buffer("weight", weight, persistent=False)
        bias = plain.bias
        self.register_buffer("bias", None if bias is None else bias.detach(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self.weight, self.bias, "none", [], ""
        )
        return out


def block(model: Any) -> int:
    """Reorder every linear weight of a model on this processor, in place: bfloat16 and float32.

    Returns:
        how many; 0 where the processor or torch has no kernels for it.
    """
    kinds = {kind for kind in (torch.bfloat16, torch.float32) if supported(kind)}
    if not kinds:
        return 0
    table = model.get_input_embeddings().weight
    n = 0
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            # other kinds of linear layers do something else, too
            if type(layer) is not nn.Linear or layer.weight is table:
                continue
            if layer.weight.device.type == "cpu" and layer.weight.dtype in kinds:
                setattr(parent, name, BlockedLinear(layer))
                n += 1
    return n


def supported(kind: torch.dtype = torch.bfloat16) -> bool:
    """Whether this processor multiplies such numbers in oneDNN, and torch offers its layouts."""
    ops = torch.ops.mkldnn
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and all(hasattr(ops, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
        and (kind is torch.float32 or _multiplies_bfloat16(ops))
    )


def _multiplies_bfloat16(ops: Any) -> bool:
    return hasattr(ops, "_is_mkldnn_bf16_supported") and bool(ops._is_mkldnn_bf16_supported())
