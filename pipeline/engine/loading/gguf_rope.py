"""How a GGUF file scales positions, as transformers writes it down (``rope_parameters``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pipeline.errors import EngineError

#: Keys behind ``ARCHITECTURE.`` that are read here.
SCALES = frozenset(
    f"rope.scaling.{name}"
    for name in (
        "type",
        "factor",
        "original_context_length",
        "attn_factor",
        "finetuned",
        "yarn_beta_fast",
        "yarn_beta_slow",
    )
)
#: Windows from which Llama 3's way of scaling may start.
_STARTS = tuple(2**n for n in range(5, 21))


def rope_of(
    config: Any, fields: Mapping[str, Any], tensors: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    """The parameters of a model's full attention.

    Args:
        config: as read so far, its base frequency included.
        tensors: of the file, by name; three of them say how positions are scaled.

    Raises:
        EngineError: a way of scaling that is not known.
    """
    architecture = fields["general.architecture"]

    def value(name: str, default: Any = None) -> Any:
        return fields.get(f"{architecture}.rope.{name}", default)

    stated = config.rope_parameters
    rope = dict(stated.get("full_attention", stated))
    if (base := value("freq_base")) is not None:
        rope["rope_theta"] = base
    size = _head(config)
    if "partial_rotary_factor" in rope and value("dimension_count"):
        rope["partial_rotary_factor"] = value("dimension_count") / size
    kind, factor = value("scaling.type", "none"), value("scaling.factor", 1.0)
    start = value("scaling.original_context_length", config.max_position_embeddings)
    long = "rope_factors_long.weight" in tensors
    if not long and value("scaling.attn_factor", 1.0) != 1:
        raise _unknown(f"attn_factor {value('scaling.attn_factor')}", path)
    if long:
        rope |= {"rope_type": "longrope", "original_max_position_embeddings": start}
        for name in ("long", "short"):
            rope[f"{name}_factor"] = _numbers(tensors[f"rope_factors_{name}.weight"])
        config.original_max_position_embeddings = start
    elif "rope_freqs.weight" in tensors:
        rope |= _like_llama3(_numbers(tensors["rope_freqs.weight"]), rope["rope_theta"], path)
    elif kind == "linear":
        rope |= {"rope_type": "linear", "factor": factor}
    elif kind == "yarn":
        rope |= {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": start,
                 "beta_fast": value("scaling.yarn_beta_fast", 32.0),
                 "beta_slow": value("scaling.yarn_beta_slow", 1.0)}  # fmt: skip
        if architecture == "gpt-oss":
            rope["truncate"] = False
    elif kind != "none":
        raise _unknown(f"{kind!r}", path)
    return rope


def _unknown(what: str, path: Path) -> EngineError:
    return EngineError(
        f"it scales positions in a way that is not known, {what}.",
        where=str(path),
        next="Use the model's Hugging Face folder instead.",
    )


def _head(config: Any) -> int:
    size = getattr(config, "head_dim", None)
    return int(size or config.hidden_size // config.num_attention_heads)


def _numbers(tensor: Any) -> list[float]:
    return [float(x) for x in tensor.data.reshape(-1)]


def _like_llama3(factors: list[float], theta: float, path: Path) -> dict[str, Any]:
    """Llama 3's parameters from what they come to: the factor of each frequency.

    Every release has the same two borders; the window that it was trained for is tried out.
    """
    given = torch.tensor(factors, dtype=torch.float64)
    n = len(factors)
    plain = theta ** (torch.arange(n, dtype=torch.float64) / n)  # periods / 2π
    waves, factor, low, high = 2 * torch.pi * plain, float(given.max()), 1.0, 4.0
    for start in _STARTS:
        share = ((start / waves - low) / (high - low)).clamp(0, 1)  # of the frequency as it was
        if torch.allclose(1 / ((1 - share) / factor + share), given, rtol=1e-4):
            return {
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low,
                "high_freq_factor": high,
                "original_max_position_embeddings": start,
            }
    if bool((given == 1).all()):
        return {}
    raise _unknown("by factors (rope_freqs) that are not Llama 3's", path)
