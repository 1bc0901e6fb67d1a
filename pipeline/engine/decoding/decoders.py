"""Which of three ways a model's architecture is decoded, and why.

``packed`` is ours: many rows in one pass, no padding, the prefix once. ``cached`` is for causal
models it would compute wrongly: one row at a time over transformers' own cache, which knows every
layer's state. ``seq2seq`` is for encoder-decoders: rows of similar length padded and masked.
"""

from __future__ import annotations

import importlib.util
import inspect
from dataclasses import dataclass
from typing import Any, Literal

import torch

from pipeline.engine.attention.attention_kernels import NAMES, Attention, choose_attention
from pipeline.engine.decoding.cached import reads_in_pieces
from pipeline.errors import EngineError

#: Layers that packed attention computes; any other keeps a state of its own.
_PACKED_LAYERS = {"full_attention", "sliding_attention"}


@dataclass(frozen=True)
class Decoder:
    """How a model is decoded.

    Args:
        reason: why not packed; "" when it is.
        in_pieces: whether a prompt may be read in several passes, and a prefix be shared.
    """

    name: Literal["packed", "cached", "seq2seq"]
    reason: str = ""
    in_pieces: bool = True


def choose_decoder(model: Any) -> Decoder:
    """Packed where that computes what the model's own code does, else the way that does."""
    config = model.config.get_text_config(decoder=True)
    name = type(model).__name__
    if model.config.is_encoder_decoder:
        return Decoder("seq2seq", f"{name} is an encoder-decoder: padded batches, masked")
    other = {*(getattr(config, "layer_types", None) or ())} - _PACKED_LAYERS
    why = ""
    if other or getattr(model, "_is_stateful", False):
        what = ", ".join(sorted(other)) or "state"
        why = f"{name} has layers that keep another state ({what.replace('_', ' ')})"
    elif not getattr(model, "_supports_attention_backend", False):
        why = f"{name}'s attention cannot be exchanged"
    elif getattr(config, "num_kv_shared_layers", 0):
        why = f"{name} shares keys and values between layers"
    elif getattr(config, "kv_lora_rank", None):
        why = f"{name} keeps its keys compressed"
    elif getattr(config, "use_bidirectional_attention", False):
        why = f"{name} attends to what comes after, too"
    elif _rope_kinds(config) & {"longrope", "dynamic"}:
        why = f"{name} turns positions by another angle once a text is long"
    elif "logits_to_keep" not in inspect.signature(model.forward).parameters:
        why = f"{name} computes the logits of every token"
    if not why:
        return Decoder("packed")
    in_pieces = reads_in_pieces(model)
    how = "one prompt at a time" if in_pieces else "one prompt at a time, each read whole"
    return Decoder("cached", f"{why}: {how}", in_pieces)


def _rope_kinds(config: Any) -> set[str]:
    rope = getattr(config, "rope_parameters", None) or {}
    parts = [part for part in rope.values() if isinstance(part, dict)] or [rope]
    return {str(part.get("rope_type", "default")) for part in parts}


def choose_kernel(
    model: Any,
    decoder: Decoder,
    device: torch.device,
    dtype: torch.dtype,
    wanted: str | None = None,
) -> Attention:
    """The fastest kernel that this architecture knows and that can run here, and why.

    Where it is not packed, the model's own attention code runs, and is set to the kernel chosen.

    Raises:
        EngineError: a kernel asked for that cannot run here, or that the architecture lacks.
    """
    if decoder.name == "packed":
        return _packed_kernel(model, device, dtype, wanted)
    name = type(model).__name__
    known = ["eager"]
    if getattr(model, "_supports_sdpa", False):
        known.append("sdpa")
    if getattr(model, "_supports_flash_attn", False):
        known.append("flash_attention_2")
    if wanted is not None:
        if wanted in NAMES and wanted not in known:
            raise EngineError(
                f"{wanted} cannot run here: {name} knows only {' and '.join(known)}.",
                next=f"Leave the choice to the engine, or ask for {known[-1]!r}.",
            )
        chosen = choose_attention(device, dtype, head_size(model), wanted)
    elif known == ["eager"]:
        chosen = Attention("eager", f"{name} knows only eager: memory grows with the square")
    else:
        flash = "flash_attention_2" in known and importlib.util.find_spec("flash_attn") is not None
        best = choose_attention(device, dtype, head_size(model)) if flash else None
        if best is not None and best.name == "flash_attention_2":
            chosen = best
        else:
            chosen = Attention("sdpa", "its masks and biases leave the flash kernel")
    model.set_attn_implementation(chosen.name)
    return Attention(chosen.name, f"{chosen.reason}; {decoder.reason}")


def _packed_kernel(
    model: Any, device: torch.device, dtype: torch.dtype, wanted: str | None
) -> Attention:
    chosen = choose_attention(device, dtype, head_size(model), wanted)
    if chosen.name in ("eager", "flash_attention_2"):
        return chosen
    config = model.config.get_text_config(decoder=True)
    extra = []
    window = getattr(config, "sliding_window", None)
    kinds = {*(getattr(config, "layer_types", None) or ())}
    if window and kinds != {"full_attention"}:
        extra.append(f"beyond their window of {window:,} tokens, sliding layers")
    if getattr(config, "attn_logit_softcapping", None):
        extra.append("capped scores")
    if config.model_type == "gpt_oss":
        extra.append("attention sinks")
    if not extra:
        return chosen
    told = f"{' and '.join(extra)} leave it and are computed in blocks, linear in memory"
    return Attention(chosen.name, f"{chosen.reason}; {told}")


def head_size(model: Any) -> int:
    """Size of one attention head."""
    config = model.config.get_text_config(decoder=True)
    size = getattr(config, "head_dim", None) or getattr(config, "d_kv", None)
    return int(size or config.hidden_size // config.num_attention_heads)
