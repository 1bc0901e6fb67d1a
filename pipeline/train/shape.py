"""The configuration of a base that the catalogue does not know, read from its folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

from pipeline.catalog import Architecture, ModelSpec
from pipeline.engine.weights import locate_weights
from pipeline.errors import InputError


def shape_of(spec: ModelSpec, cache: Path) -> Architecture:
    """What the formulas are asked about a base.

    Raises:
        EngineError: its weights are not here.
        InputError: its configuration says too little.
    """
    if spec.architecture is not None:
        return spec.architecture
    folder = locate_weights(spec.weights, cache=cache)
    if not folder.is_dir():
        raise InputError(
            f"the configuration of {spec.name} is not known, so no memory can be told.",
            where=str(folder),
            next="Name the model's folder, or add the file to data/models.toml.",
        )
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        told = told.get("text_config", told)
        heads, hidden = int(told["num_attention_heads"]), int(told["hidden_size"])
        params = sum(map(_parameters, sorted(folder.glob("*.safetensors"))))
        return Architecture(
            layers=int(told["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(told.get("num_key_value_heads") or heads),
            head_dim=int(told.get("head_dim") or hidden // heads),
            hidden=hidden,
            intermediate=int(told["intermediate_size"]),
            vocab=int(told["vocab_size"]),
            params=params,
            active_params=params,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InputError(
            f"the configuration says too little to tell the memory ({exc!r}).",
            where=str(folder / "config.json"),
            next="Add the model to data/models.toml.",
        ) from exc


def _parameters(file: Path) -> int:
    """Numbers in a file of safetensors, by its head."""
    with file.open("rb") as stream:
        head = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return sum(math.prod(each["shape"]) for name, each in head.items() if name != "__metadata__")
