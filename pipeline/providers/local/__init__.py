"""Models that run on this machine: our engine, or a vLLM server that is started for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.models import ModelSpec, Provider

if TYPE_CHECKING:
    from pipeline.providers.base import Model, ModelOptions


def _unlisted(name: str, path: str) -> ModelSpec:
    """A folder or a file."""
    return ModelSpec(
        name=name,
        provider=PROVIDER,
        model_id=path,
        window=8192,
        output_cap=8192,
        tokenizer="own",
        weights=path,
        notes=("not in the catalogue: its window is read from its configuration",),
    )


PROVIDER = Provider(name="local", place="here", part="local", unlisted=_unlisted)
#: The small one that comes along.
DEFAULT_LOCAL = f"{PROVIDER.name}/smollm2-135m"


def open_model(spec: ModelSpec, options: ModelOptions) -> Model:
    """A model of this machine, by vLLM where it can answer for it.

    Raises:
        EngineError: the weights are missing or damaged.
    """
    from pipeline.providers.local.vllm_model import open_local

    return open_local(spec, options)
