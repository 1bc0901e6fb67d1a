"""Who stands behind the seam: a model by its spec, its SDK or torch imported only now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.config.extras import lacking, missing_part
from pipeline.errors import EngineError, InputError, ModelError
from pipeline.models import ModelSpec
from pipeline.providers.base import Model, ModelOptions, OnlineModel
from pipeline.providers.provider_registry import module_of, providers

if TYPE_CHECKING:
    from pipeline.providers.remote.batches import BatchRegister


def revision_of(spec: ModelSpec, cache: Path) -> str:
    """What exactly would answer, without importing an SDK or torch.

    The sha256 of local weights, or their name where they are not here (see
    :func:`missing_weights`): such a plan can be priced and not run.
    """
    if not spec.provider.is_model:
        return "no model"
    if spec.provider.is_local:
        base, adapter = base_of(spec, cache), adapter_of(spec, cache)
        return f"{base}+{adapter}" if adapter else base
    return spec.model_id


def base_of(spec: ModelSpec, cache: Path) -> str:
    """The sha256 of a local model's weights, its adapter not counted."""
    from pipeline.engine.weights.weight_files import locate_weights, weights_sha256

    try:
        return weights_sha256(locate_weights(spec.weights), cache)
    except EngineError:
        return f"not here: {spec.weights}"


def adapter_of(spec: ModelSpec, cache: Path) -> str:
    """The sha256 of a local model's adapter, "" for none."""
    if not spec.setup.lora:
        return ""
    from pipeline.engine.weights.adapters import adapter_sha256

    try:
        return adapter_sha256(spec.setup.lora, cache)
    except EngineError:
        return f"not here: {spec.setup.lora}"


def missing_weights(spec: ModelSpec, cache: Path) -> EngineError | None:
    """Why a local model cannot run here, with the next step; None when its weights are here and
    whole."""
    if not spec.provider.is_local:
        return None
    from pipeline.engine.weights.weight_files import locate_weights, weights_sha256

    try:
        sha256 = weights_sha256(locate_weights(spec.weights), cache)
        if spec.setup.lora:
            from pipeline.engine.weights.adapters import check_adapter, check_base

            check_adapter(spec.setup.lora)
            check_base(spec.setup.lora, sha256)
    except EngineError as missing:
        return missing
    return None


def unanswerable(spec: ModelSpec) -> InputError | None:
    """That the part of the installation that asks this model is not here; None when it is."""
    provider = spec.provider
    if not provider.part:
        return None
    missing = lacking(provider.part)
    if provider.modules:  # one SDK of a part may be installed by itself
        missing = [module for module in missing if module in provider.modules]
    return missing_part(provider.part, missing[0], where=spec.name) if missing else None


def open_model(spec: ModelSpec, options: ModelOptions) -> Model:
    """Open a model; only now is its SDK or torch imported.

    Raises:
        InputError: it cannot be asked, or what asks it is not installed.
        ModelError: the key is missing.
        EngineError: the weights are missing or damaged.
    """
    if (lacks := unanswerable(spec)) is not None:
        raise lacks
    return module_of(spec.provider).open_model(spec, options)


def open_online(spec: ModelSpec, options: ModelOptions) -> OnlineModel:
    """Open a model that a server answers for, which may count tokens itself.

    Raises:
        InputError: its SDK is not installed.
        ModelError: the key is missing.
    """
    return cast(OnlineModel, open_model(spec, options))


def open_batched(
    spec: ModelSpec,
    options: ModelOptions,
    register: BatchRegister,
    say: Callable[[str], None],
) -> Model:
    """Open a model whose waves go through its provider's batch API.

    Args:
        register: where batches are written down before they are sent.
        say: told what a person who waits wants to know.

    Raises:
        InputError: its provider takes no batches, or its SDK is not installed.
        ModelError: the key is missing.
    """
    if not spec.provider.batches:
        raise no_batches(spec)
    from pipeline.providers.remote.batches import BatchedModel, BatchProvider

    return BatchedModel(cast(BatchProvider, open_model(spec, options)), register, say=say)


def no_batches(spec: ModelSpec) -> InputError:
    """What is said to who asks for batches where there are none."""
    taking = [f"{name}/…" for name, provider in providers().items() if provider.batches]
    return InputError(
        f"{spec.name} has no batch API.",
        where="--batch",
        next=f"Leave it out, or use a {' or '.join(taking)} model.",
    )


def missing_key(spec: ModelSpec) -> ModelError:
    """That there is none."""
    return ModelError(
        "no key for this provider.",
        where=spec.name,
        next=f"Set the environment variable {spec.provider.key[0]}.",
    )
