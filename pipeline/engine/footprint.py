"""What a loaded model takes and where each part of it lies, in words for people and for the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch


def weight_bytes(model: Any) -> int:
    """Memory of the weights, tied ones once. What is offloaded to disk takes none."""
    return sum(n for _, _, n in _tensors(model))


def told_weights(model: Any) -> str:
    """Bytes of the weights by place and kind: "94 MB on cpu (66 MB uint8, 28 MB int8)"."""
    by_place: dict[str, Counter[str]] = {}
    for place, kind, n in _tensors(model):
        by_place.setdefault(place, Counter())[kind] += n
    parts = []
    for place, kinds in by_place.items():
        told = ", ".join(f"{_mega(n)} {kind}" for kind, n in kinds.most_common() if n >= 1e3)
        parts.append(f"{_mega(kinds.total())} on {place} ({told})")
    return "; ".join(parts)


def told_places(model: Any) -> str:
    """Which modules lie where, runs of layers together: "layers 0-3 cpu, layers 4-29 disk"; ""
    where everything is on one device."""
    spread: Mapping[str, Any] = getattr(model, "hf_device_map", None) or {}
    places = set(map(str, spread.values()))
    if len(places) < 2 and "disk" not in places:
        return ""
    runs: list[tuple[str, str, str, str]] = []  # what, first, last, place
    for name, place in spread.items():
        head, _, last = name.rpartition(".")
        what = (head.rpartition(".")[2], last) if last.isdigit() else (last, "")
        if runs and runs[-1][0] == what[0] and what[1] and runs[-1][3] == str(place):
            runs[-1] = (what[0], runs[-1][1], what[1], str(place))
        else:
            runs.append((what[0], what[1], what[1], str(place)))
    return ", ".join(f"{what} {_span(first, last)}{place}" for what, first, last, place in runs)


def cache_bytes_per_token(model: Any, dtype: torch.dtype, bits: int) -> int:
    """Keys and values of one token in all layers that keep them, by the configuration."""
    config = model.config.get_text_config(decoder=True)
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    layers = sum(kind in ("full_attention", "sliding_attention") for kind in kinds)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or getattr(config, "d_kv", None)
    size = size or config.hidden_size // config.num_attention_heads
    width = torch.finfo(dtype).bits // 8
    each = size + width if bits == 8 else size * width  # in 8 bits with a scale
    return int(2 * layers * heads * each)


def _span(first: str, last: str) -> str:
    return "" if not first else f"{first} " if first == last else f"{first}-{last} "


def _tensors(model: Any) -> Iterable[tuple[str, str, int]]:
    """(place, kind of number, bytes) of every tensor that is held, each once."""
    held = {id(t): t for t in (*model.parameters(), *model.buffers()) if t.device.type != "meta"}
    # reordered weights tell no address, and are not shared
    own = {id(t) if t.is_mkldnn else t.data_ptr(): t for t in held.values() if t.numel()}
    for tensor in own.values():
        kind = str(tensor.dtype).removeprefix("torch.") + " in blocks" * tensor.is_mkldnn
        yield str(tensor.device), kind, tensor.numel() * tensor.element_size()


def _mega(n: float) -> str:
    return f"{n / 1e6:,.0f} MB" if n >= 1e6 else f"{n / 1e3:,.0f} kB"
