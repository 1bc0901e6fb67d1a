"""Who stands behind the seam: a model by its spec, its SDK or torch imported only now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.catalog import ModelSpec
from pipeline.config.extras import lacking, missing_part
from pipeline.errors import EngineError, InputError, ModelError
from pipeline.providers.base import Model, ModelOptions, OnlineModel

if TYPE_CHECKING:
    from pipeline.providers.batches import BatchRegister


def revision_of(spec: ModelSpec, cache: Path) -> str:
    """What exactly would answer, without importing an SDK or torch.

    The sha256 of local weights, or their name where they are not here (see
    :func:`missing_weights`): such a plan can be priced and not run.
    """
    if spec.provider == "extractive":
        return "no model"
    if spec.provider == "local":
        base, adapter = base_of(spec, cache), adapter_of(spec, cache)
        return f"{base}+{adapter}" if adapter else base
    return spec.model_id


def base_of(spec: ModelSpec, cache: Path) -> str:
    """The sha256 of a local model's weights, its adapter not counted."""
    from pipeline.engine.weights.weight_files import locate_weights, weights_sha256

    try:
        return weights_sha256(locate_weights(spec.weights, cache=cache), cache)
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
    if spec.provider != "local":
        return None
    from pipeline.engine.weights.weight_files import locate_weights, weights_sha256

    try:
        sha256 = weights_sha256(locate_weights(spec.weights, cache=cache), cache)
        if spec.setup.lora:
            from pipeline.engine.weights.adapters import check_adapter, check_base

            check_adapter(spec.setup.lora)
            check_base(spec.setup.lora, sha256)
    except EngineError as missing:
        return missing
    return None


#: The part of the installation that each provider's models need.
_PARTS = {"local": "local", "claude": "cloud", "gemini": "cloud", "openai": "cloud"}
#: Of the part ``cloud``, what each provider takes: one of them may be installed by itself.
_SDKS = {"claude": "anthropic", "gemini": "google.genai", "openai": "openai"}


def unanswerable(spec: ModelSpec) -> InputError | None:
    """That the part of the installation that asks this model is not here; None when it is."""
    part = _PARTS.get(spec.provider)
    if part is None:
        return None
    missing = lacking(part)
    if sdk := _SDKS.get(spec.provider):
        missing = [module for module in missing if module in (sdk, "httpx2")]
    return missing_part(part, missing[0], where=spec.name) if missing else None


def takes_batches(spec: ModelSpec) -> bool:
    """Whether its provider answers batches within a day at a lower price."""
    return spec.provider in ("claude", "gemini")


def counts_online(spec: ModelSpec) -> bool:
    """Whether a server stands behind it that may count tokens itself."""
    return spec.provider in ("claude", "gemini", "openai")


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
    _check_part(spec)
    from pipeline.providers.batches import BatchedModel

    if spec.provider == "claude":
        from pipeline.providers.claude import ClaudeModel

        return BatchedModel(ClaudeModel(spec, options), register, say=say)
    if spec.provider == "gemini":
        from pipeline.providers.gemini import GeminiModel

        return BatchedModel(GeminiModel(spec, options), register, say=say)
    raise no_batches(spec)


def no_batches(spec: ModelSpec) -> InputError:
    """What is said to who asks for batches where there are none."""
    return InputError(
        f"{spec.name} has no batch API.",
        where="--batch",
        next="Leave it out, or use a claude/… or gemini/… model.",
    )


def _check_part(spec: ModelSpec) -> None:
    if (lacks := unanswerable(spec)) is not None:
        raise lacks


def open_model(spec: ModelSpec, options: ModelOptions) -> Model:
    """Open a model; only now is its SDK or torch imported.

    Raises:
        InputError: it cannot be asked, or what asks it is not installed.
        ModelError: the key is missing.
        EngineError: the weights are missing or damaged.
    """
    if spec.provider == "extractive":
        raise InputError(
            f"{spec.name} is no model that could be asked.",
            next="Name one, such as local/smollm2-135m.",
        )
    _check_part(spec)
    if spec.provider == "local":
        from pipeline.providers.local.vllm_model import open_local

        return open_local(spec, options)
    return open_online(spec, options)


def open_online(spec: ModelSpec, options: ModelOptions) -> OnlineModel:
    """Open a model that a server answers for.

    Raises:
        InputError: its SDK is not installed.
        ModelError: the key is missing.
    """
    _check_part(spec)
    if spec.provider == "claude":
        from pipeline.providers.claude import ClaudeModel

        return ClaudeModel(spec, options)
    if spec.provider == "gemini":
        from pipeline.providers.gemini import GeminiModel

        return GeminiModel(spec, options)
    from pipeline.providers.openai import OpenAIModel

    return OpenAIModel(spec, options)


#: Where the key of each provider stands.
_KEYS = {
    "claude": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openai": "OPENAI_API_KEY",
}


def needs_key(spec: ModelSpec) -> bool:
    """Whether a model cannot be asked without a key."""
    return spec.provider in _KEYS and (spec.provider != "openai" or spec.leaves_machine)


def missing_key(spec: ModelSpec) -> ModelError:
    """That there is none."""
    return ModelError(
        "no key for this provider.",
        where=spec.name,
        next=f"Set the environment variable {_KEYS[spec.provider]}.",
    )
