"""A low-rank adapter put into a model's weights: W + scale · B·A, once, when it is loaded.

So an adapted model is decoded as every other, and needs no package for adapters. The sum is made
in 32 bits and rounded once to the type of the weights.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.weights.adapters import CONFIG, WEIGHTS, check_adapter
from pipeline.errors import EngineError

_PREFIX = "base_model.model."
#: Settings of an adapter that this engine does not know how to add up, with the value that is none.
_PLAIN = {
    "use_dora": False,
    "bias": "none",
    "modules_to_save": None,
    "fan_in_fan_out": False,
    "rank_pattern": {},
    "alpha_pattern": {},
    "trainable_token_indices": None,
    "lora_bias": False,
}


def add_adapter(model: Any, path: str) -> int:
    """Add an adapter to a model's weights in place.

    Returns:
        matrices that were changed.

    Raises:
        EngineError: it is missing, of a kind that cannot be added, or made for another model.
    """
    from safetensors.torch import load_file

    folder = check_adapter(path)
    scale = _scale(folder)
    tensors = load_file(folder / WEIGHTS)
    changed = 0
    for name, a in sorted(tensors.items()):
        if ".lora_A." not in name:
            continue
        b = tensors.get(name.replace(".lora_A.", ".lora_B."))
        weight = _weight(model, name.removeprefix(_PREFIX).partition(".lora_A.")[0])
        if b is None or weight is None or weight.shape != (b.shape[0], a.shape[1]):
            raise _other_model(folder, name)
        with torch.no_grad():
            delta = scale * (b.float() @ a.float())
            weight.copy_((weight.float() + delta.to(weight.device)).to(weight.dtype))
        changed += 1
    if not changed or len(tensors) != 2 * changed:
        raise _other_model(folder, next(iter(sorted(tensors)), "nothing"))
    return changed


def _scale(folder: Path) -> float:
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        rank, alpha = int(told["r"]), float(told["lora_alpha"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise EngineError(
            f"the adapter's configuration cannot be read ({type(exc).__name__}).",
            where=str(folder / CONFIG),
        ) from exc
    odd = [name for name, none in _PLAIN.items() if (told.get(name) or none) != none]
    if odd or str(told.get("peft_type", "LORA")) != "LORA":
        raise EngineError(
            f"this kind of adapter is not read here: {', '.join(odd) or told['peft_type']}.",
            where=str(folder),
            next="Merge it into its base with PEFT, save that, and name the folder.",
        )
    return alpha / (math.sqrt(rank) if told.get("use_rslora") else rank)


def _weight(model: Any, module: str) -> torch.Tensor | None:
    try:
        found = model.get_submodule(module).weight
    except AttributeError:
        return None
    return found if isinstance(found, torch.Tensor) else None


def _other_model(folder: Path, name: str) -> EngineError:
    return EngineError(
        f"this adapter was made for another model: {name} has no place in it.",
        where=str(folder),
        next="Name the base that it was trained on.",
    )
