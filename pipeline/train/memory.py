"""Memory, time and price of a training, by formula, before it starts.

    context + P·(weights + gradients + optimizer + 2 where precision is mixed)
            + batch·s·h·L·(66 + 9·a·s/h)·k

after Korthikanti et al. ("Reducing activation recomputation in large transformer models", 2022),
whose count is for 32 bits. Four constants were fitted to the published table of one model
(:data:`PUBLISHED`); each of its eight rows comes within 3 percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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
