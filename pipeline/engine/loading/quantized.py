"""Weights in 8 or 4 bits, activations as they are: layers that hold codes and scales.

8 bits: one scale a row, symmetric. 4 bits: a scale and a zero for every 32 weights of a row, as in
GGUF's Q4_1, so that weights quantized that way lose next to nothing again. Embeddings and the
head they are tied to stay in 8 bits. For a few tokens a fused kernel reads the codes; for many,
the weights are expanded for the moment of one layer's product, which costs less than it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from pipeline.errors import EngineError

#: Weights of a row that share a scale and a zero, in 4 bits.
GROUP = 32
#: Up to so many tokens the fused kernels beat expanding the weights. Measured on AVX-512: 8 bits
#: 0.20 against 0.21 ms at 24 rows of 576 × 576, 4 bits 0.50 against 0.55 ms at 64.
_FEW_8, _FEW_4 = 24, 64


class Linear8(nn.Module):
    """A linear layer of [N, K] codes and [N] scales."""

    def __init__(self, codes: torch.Tensor, scales: torch.Tensor, bias: Any = None) -> None:
        super().__init__()
        self.codes: torch.Tensor
        self.scales: torch.Tensor
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)
        self.bias = bias

    @property
    def weight(self) -> torch.Tensor:
        """The weights these codes stand for, [N, K]."""
        return self.codes.to(self.scales.dtype) * self.scales[:, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return times8(x, self.codes, self.scales, self.bias)


class Head8(nn.Module):
    """The head of a model that reads and writes words with one matrix: the embedding's."""

    def __init__(self, table: Embedding8) -> None:
        super().__init__()
        self._table = (table,)  # in a tuple: it is the embedding's to save and to move

    @property
    def weight(self) -> torch.Tensor:
        """As the embedding's."""
        return self._table[0].weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return times8(x, self._table[0].codes, self._table[0].scales)


class Embedding8(nn.Module):
    """An embedding of [V, D] codes and [V] scales."""

    def __init__(self, codes: torch.Tensor, scales: torch.Tensor) -> None:
        super().__init__()
        self.codes: torch.Tensor
        self.scales: torch.Tensor
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)

    @property
    def weight(self) -> torch.Tensor:
        """The weights these codes stand for, [V, D]."""
        return self.codes.to(self.scales.dtype) * self.scales[:, None]

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.codes[ids].to(self.scales.dtype) * self.scales[ids].unsqueeze(-1)


class Linear4(nn.Module):
    """A linear layer of [N, K/2] bytes (two codes each) and [K/32, N, 2] scales and middles.

    A weight is (code − 8) × scale + middle. On a CPU the codes lie as torch's fused kernel wants
    them; saved, and on other devices, two neighbours of a row share a byte.
    """

    def __init__(self, codes: torch.Tensor, scales: torch.Tensor, bias: Any = None) -> None:
        super().__init__()
        self.codes: torch.Tensor
        self.scales: torch.Tensor
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)
        self.bias = bias
        self.fused = False

    @property
    def weight(self) -> torch.Tensor:
        """The weights these codes stand for, [N, K]."""
        n, k = self.codes.shape[0], self.codes.shape[1] * 2
        codes = _unlaid(self.codes) if self.fused else _spread(self.codes)
        grouped = codes.view(n, k // GROUP, GROUP).to(self.scales.dtype) - 8
        scale, middle = self.scales.permute(2, 1, 0).contiguous().unsqueeze(-1)  # [N, K/32, 1]
        return torch.addcmul(middle, grouped, scale).view(n, k)

    def settle(self) -> None:
        """Lay the codes out for the fused kernel where this device has one."""
        if self.fused or self.codes.device.type != "cpu" or layout() is None:
            return
        wide = _spread(self.codes).to(torch.int32)
        self.codes = torch.ops.aten._convert_weight_to_int4pack_for_cpu(wide, 1)
        self.fused = True

    def saved_codes(self) -> torch.Tensor:
        """The codes as they are saved."""
        return _paired(_unlaid(self.codes)) if self.fused else self.codes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
        if not self.fused or len(rows) > _FEW_4:
            return F.linear(x, self.weight.to(x.dtype), self.bias)
        out = torch.ops.aten._weight_int4pack_mm_for_cpu(
            aligned(rows.bfloat16()), self.codes, GROUP, self.scales.bfloat16()
        )
        out = out.to(x.dtype).view(*x.shape[:-1], -1)
        result: torch.Tensor = out if self.bias is None else out + self.bias
        return result


def times8(
    x: torch.Tensor, codes: torch.Tensor, scales: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """A linear layer in 8 bits: [..., K] times codes [N, K]."""
    rows = x.reshape(-1, x.shape[-1])
    if x.device.type != "cpu" or len(rows) > _FEW_8 or not hasattr(torch, "_weight_int8pack_mm"):
        return F.linear(x, codes.to(x.dtype) * scales[:, None].to(x.dtype), bias)
    rows, codes = aligned(rows.bfloat16()), aligned(codes)
    out = torch._weight_int8pack_mm(rows, codes, scales.bfloat16())
    out = out.to(x.dtype).view(*x.shape[:-1], -1)
    return out if bias is None else out + bias


def aligned(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, or a copy where it begins at no multiple of 64 bytes: what is read from
    a safetensors file begins anywhere, and torch's fused kernels then crash the process."""
    return tensor.clone() if tensor.data_ptr() % 64 else tensor


def codes8(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and scales of [N, K] weights in 8 bits."""
    scales = (weight.float().abs().amax(1) / 127).clamp_min(1e-12)
    codes = (weight.float() / scales[:, None]).round().to(torch.int8)
    return codes, scales.to(weight.dtype)


def codes4(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes (two a byte) and scales of [N, K] weights in 4 bits."""
    n, k = weight.shape
    groups = weight.float().view(n, k // GROUP, GROUP)
    low = groups.amin(-1)
    scale = ((groups.amax(-1) - low) / 15).clamp_min(1e-8)
    codes = ((groups - low[..., None]) / scale[..., None]).round().clamp(0, 15)
    scales = torch.stack([scale, low + 8 * scale], -1).permute(1, 0, 2).contiguous()
    return _paired(codes.view(n, k).to(torch.uint8)), scales.to(weight.dtype)


def _paired(codes: torch.Tensor) -> torch.Tensor:
    return codes[:, ::2] | (codes[:, 1::2] << 4)


def _spread(pairs: torch.Tensor) -> torch.Tensor:
    return torch.stack([pairs & 15, pairs >> 4], -1).view(len(pairs), -1)


@lru_cache(maxsize=1)
def layout() -> tuple[int, torch.Tensor] | None:
    """How torch's fused kernel lays 4-bit codes out on this CPU: rows of a block, and their order
    among the low halves of its bytes and then the high ones. Read off a matrix whose codes say
    their row, because it differs between processors and is documented nowhere. None where there
    is no such kernel, or it is laid out in another way."""
    pack = getattr(torch.ops.aten, "_convert_weight_to_int4pack_for_cpu", None)
    if pack is None or not hasattr(torch.ops.aten, "_weight_int4pack_mm_for_cpu"):
        return None
    row = torch.arange(64, dtype=torch.int32)[:, None].expand(64, GROUP).contiguous()
    low, high = (pack(part.contiguous(), 1) for part in (row % 16, row // 16))
    for block in (64, 32, 16):
        halves = [p.view(64 // block, GROUP, block // 2) for p in (low, high)]
        digits = [torch.cat([p & 15, p >> 4], -1).long() for p in halves]
        rows = digits[0] + 16 * digits[1]  # [blocks, K, block]: the row each place holds
        order = rows[0, 0]
        expected = order + torch.arange(64 // block)[:, None, None] * block
        if (rows == expected).all() and order.sort().values.equal(torch.arange(block)):
            return block, order.argsort()
    return None


def _unlaid(codes: torch.Tensor) -> torch.Tensor:
    """Codes [N, K], one a byte, from the fused kernel's layout."""
    found = layout()
    assert found is not None
    block, order = found
    n, half = codes.shape
    bytes_ = codes.view(n // block, 2 * half, block // 2)
    nibbles = torch.cat([bytes_ & 15, bytes_ >> 4], -1)[:, :, order]
    return nibbles.transpose(1, 2).reshape(n, 2 * half)


def quantize(model: Any, bits: int) -> None:
    """Replace every linear layer and plain embedding of a model, in place.

    What is neither (norms, experts in one tensor, convolutions) stays as it is; a layer whose
    shape 4 bits do not fit gets 8. On a model without weights (meta) only the shapes are made.

    Raises:
        EngineError: neither 8 nor 4 bits.
    """
    if bits not in (8, 4):
        raise EngineError(f"weights of {bits} bits are not known.", next="Use 16, 8 or 4.")
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    tied = head is not None and (head.weight is table.weight or model.config.tie_word_embeddings)
    tables: dict[int, Embedding8] = {}
    for parent, name, layer in _children(model):
        if type(layer) is nn.Embedding:
            if id(layer.weight) not in tables:
                tables[id(layer.weight)] = Embedding8(*codes8(layer.weight.data))
            setattr(parent, name, tables[id(layer.weight)])
    table = model.get_input_embeddings()
    for parent, name, layer in _children(model):
        if type(layer) is not nn.Linear:
            continue
        if layer is head and tied and isinstance(table, Embedding8):
            made: nn.Module = Head8(table)
        elif bits == 4 and layer.in_features % GROUP == 0 and layer.out_features % 64 == 0:
            made = Linear4(*codes4(layer.weight.data), layer.bias)
        else:
            made = Linear8(*codes8(layer.weight.data), layer.bias)
        setattr(parent, name, made)


def _children(model: nn.Module) -> list[tuple[nn.Module, str, nn.Module]]:
    """(parent, name, child) of everything in a model, listed before anything is replaced."""
    parents = list(model.modules())
    return [(parent, *child) for parent in parents for child in parent.named_children()]


def settle(model: nn.Module) -> None:
    """Lay all codes out for the kernels of the device they are on."""
    for layer in model.modules():
        if isinstance(layer, Linear4):
            layer.settle()
        elif isinstance(layer, Linear8 | Embedding8):
            layer.codes = aligned(layer.codes)


def saved_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Everything of a quantized model that a file must hold."""
    state = dict(model.state_dict())
    for name, layer in model.named_modules():
        if isinstance(layer, Linear4):
            state[f"{name}.codes"] = layer.saved_codes()
    return {name: tensor.contiguous() for name, tensor in state.items()}
