"""A new provider: Mistral's API, which speaks OpenAI's protocol under a key of its own.

This file is all of it: copied to ``pipeline/providers/mistral.py`` it is found by the registry, and
settings, ``doctor``, prices, what may leave the machine and ``mistral/…`` names follow from it.
"""

from __future__ import annotations

from pipeline.models import ModelSpec, Provider
from pipeline.providers.openai import OpenAIModel


def _unlisted(name: str, model_id: str) -> ModelSpec:
    """A model without a row in ``data/models.toml``: window and reply are guessed with care."""
    return ModelSpec(
        name=name,
        provider=PROVIDER,
        model_id=model_id,
        window=32_768,
        output_cap=8192,
        tokenizer="o200k_base",
        notes=("not in the catalogue: a window of 32,768 tokens is assumed",),
    )


PROVIDER = Provider(
    name="mistral",
    place="elsewhere",
    part="cloud",
    modules=("openai", "httpx2"),
    package="openai",
    key=("MISTRAL_API_KEY",),
    address="https://api.mistral.ai/v1",
    price_id="mistral",
    unlisted=_unlisted,
)
open_model = OpenAIModel
