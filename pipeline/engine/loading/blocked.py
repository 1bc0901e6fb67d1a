"""16-bit weights in the order in which a processor's matrix kernels read them.

A product with a plain weight reorders it every time, for as long as the product itself takes when
few tokens are multiplied, as in decoding. Reordered once, the same kernels give the same numbers:
1.2 to 1.8 times as fast for up to 33 tokens, 1.0 to 1.05 for a thousand
(``benchmarks/engine.py`` has a line without it).

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
    """Reorder every 16-bit linear weight of a model on this processor, in place.

    Returns:
        how many; 0 where the processor or torch has no kernels for it.
    """
    if not supported():
        return 0
    table = model.get_input_embeddings().weight
    n = 0
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            # other kinds of linear layers do something else, too
            if type(layer) is not nn.Linear or layer.weight is table:
                continue
            if layer.weight.device.type == "cpu" and layer.weight.dtype == torch.bfloat16:
                setattr(parent, name, BlockedLinear(layer))
                n += 1
    return n


def supported() -> bool:
    """Whether this processor multiplies bfloat16 in oneDNN, and torch offers its layouts."""
    ops = torch.ops.mkldnn
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and all(hasattr(ops, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
        and hasattr(ops, "_is_mkldnn_bf16_supported")
        and bool(ops._is_mkldnn_bf16_supported())
    )
