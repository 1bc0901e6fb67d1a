"""No model: proof by code alone, which needs nothing, costs nothing and is the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from pipeline.errors import InputError
from pipeline.models import Provider

if TYPE_CHECKING:
    from pipeline.models import ModelSpec
    from pipeline.providers.base import ModelOptions

PROVIDER = Provider(name="extractive", place="nowhere")
#: The name where that of a model stands otherwise.
EXTRACTIVE = PROVIDER.name


def open_model(spec: ModelSpec, options: ModelOptions) -> NoReturn:
    """Nobody can be asked.

    Raises:
        InputError: always.
    """
    raise InputError(
        f"{spec.name} is no model that could be asked.",
        next="Name one, such as local/smollm2-135m.",
    )
