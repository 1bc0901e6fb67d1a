"""Memory, time and price of a training, by formula, before it starts.

    context + P·(weights + gradients + optimizer + 2 where precision is mixed)
            + batch·s·h·L·(66 + 9·a·s/h)·k

after Korthikanti et al. ("Reducing activation recomputation in large transformer models", 2022),
whose count is for 32 bits. Four constants were fitted to the published table of one model
(:data:`PUBLISHED`); each of its eight rows comes within 3 percent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import InputError
from pipeline.models import Architecture, ModelSpec

MIB = 1 << 20
#: What a card holds before a model is there: kernels and the allocator's rest.
CONTEXT = 1450 * MIB
#: Activations as they are, over activations as counted.
ACTIVATIONS = 1.266
#: The same in mixed precision: half of the tensors are half as long, and some are held twice.
MIXED = 0.803
#: With a gated feed-forward and an adapter at every matrix, whose inputs are kept in 32 bits:
#: measured on SmolLM2-135M, where a token held 2.3 MB.
GATED = 1.6
#: A process with torch, TRL and PEFT loaded on a processor: measured.
PROCESS = 950 * MIB
#: Bytes of a trained parameter's optimizer state, by the libraries' names.
OPTIMIZERS = {"adamw": 8.0, "adamw_8bit": 2.0, "adafactor": 0.0}


@dataclass(frozen=True, slots=True)
class Training:
    """What decides how much a training needs.

    Args:
        params: of the base. trained: of them or of the adapter, what is learned.
        tokens: of one sample, the longest. batch: samples of one pass.
        weight_bytes: of a parameter that is not learned.
        mixed: weights in 32 bits, computed in 16.
        flash: attention that keeps no scores.
    """

    params: int
    layers: int
    hidden: int
    heads: int
    trained: int
    tokens: int
    batch: int
    optimizer: str = "adamw"
    weight_bytes: int = 4
    mixed: bool = False
    checkpointing: bool = False
    flash: bool = False
    gated: bool = False
    context: int = CONTEXT


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes, by what holds them."""

    context: int
    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.context + self.weights + self.gradients + self.optimizer + self.activations


def needs(one: Training) -> Needs:
    """What a step holds at its highest."""
    frozen = one.params - one.trained if one.trained == one.params else one.params
    weights = frozen * one.weight_bytes + one.trained * 4
    if one.mixed:
        weights += 2 * one.trained
    return Needs(
        one.context,
        int(weights),
        4 * one.trained,
        int(OPTIMIZERS[one.optimizer] * one.trained),
        _activations(one),
    )


def _activations(one: Training) -> int:
    s, h = one.tokens, one.hidden
    scores = 0.0 if one.flash else 9 * one.heads * s / h
    factor = ACTIVATIONS * (MIXED if one.mixed else 1.0) * (GATED if one.gated else 1.0)
    a_layer = one.batch * s * h * (66 + scores) * factor
    if one.checkpointing:
        return int(one.batch * s * h * 4 * one.layers + a_layer)
    return int(a_layer * one.layers)


#: bert-large-uncased (335 M parameters, 24 layers), 512 tokens: what its source measured, in MiB.
#: Two rows are often quoted under other names: 7,275 is one sample, accumulated, in 16 bits and
#: with checkpointing, and 5,363 is that with 8-bit Adam as well.
PUBLISHED: tuple[tuple[str, Mapping[str, Any], int], ...] = (
    ("batch 4, AdamW", {}, 14_949),
    ("batch 4, 8-bit AdamW", {"optimizer": "adamw_8bit"}, 13_085),
    ("batch 4, Adafactor", {"optimizer": "adafactor"}, 12_295),
    ("batch 4, mixed precision", {"mixed": True}, 13_939),
    ("1 × 4 accumulated", {"batch": 1}, 8_681),
    ("1 × 4, checkpointing", {"batch": 1, "checkpointing": True}, 6_775),
    (
        "1 × 4, checkpointing, mixed precision",
        {"batch": 1, "checkpointing": True, "mixed": True},
        7_275,
    ),
    (
        "1 × 4, checkpointing, mixed precision, 8-bit AdamW",
        {"batch": 1, "checkpointing": True, "mixed": True, "optimizer": "adamw_8bit"},
        5_363,
    ),
)


def published() -> list[tuple[str, int, float]]:
    """Each row of the published table: its name, its MiB, and what the formula makes of it."""
    whole = Training(335_143_938, 24, 1024, 16, 335_143_938, 512, 4)
    return [(name, mib, needs(replace(whole, **said)).total / MIB) for name, said, mib in PUBLISHED]


def fitting(one: Training, available: int) -> tuple[dict[str, Any], Needs] | None:
    """The first setting that fits, under the libraries' names; None where none does."""
    batch = one.batch
    tried: list[tuple[dict[str, Any], Training]] = []
    while batch > 1:
        batch = -(-batch // 2)
        tried.append(({"per_device_train_batch_size": batch}, replace(one, batch=batch)))
    least = replace(one, batch=1, checkpointing=True)
    checked = {"per_device_train_batch_size": 1, "gradient_checkpointing": True}
    tried.append((checked, least))
    tried.append(({**checked, "optim": "adamw_8bit"}, replace(least, optimizer="adamw_8bit")))
    for said, training in tried:
        found = needs(training)
        if found.total <= available:
            return said, found
    return None


def work(one: Training, n_tokens: int) -> float:
    """Floating-point operations of a training on so many tokens: forward 2·P a token, backward as
    much again for what flows through, and where everything is learned, once more."""
    return n_tokens * one.params * (6 if one.trained == one.params else 4)


def shape_of(spec: ModelSpec, cache: Path) -> Architecture:
    """What the formulas are asked about a base.

    Raises:
        EngineError: its weights are not here.
        InputError: its configuration says too little.
    """
    if spec.architecture is not None:
        return spec.architecture
    folder = locate_weights(spec.weights)
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
