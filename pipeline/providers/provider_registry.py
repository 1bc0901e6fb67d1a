"""Every provider there is: each module of this folder that defines a ``PROVIDER``.

A new one is a file beside this one, and nothing else: its ``PROVIDER`` says all that is special to
it (:class:`pipeline.models.Provider`), its ``open_model`` opens one of its models. Such a module
imports neither an SDK nor torch until a model is opened, because the settings, the command line and
every dry run ask what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

import pipeline.providers
from pipeline.models import Provider

if TYPE_CHECKING:
    from pipeline.models import ModelSpec
    from pipeline.providers.base import Model, ModelOptions


class ProviderModule(Protocol):
    """What a provider's file holds."""

    PROVIDER: Provider

    def open_model(self, spec: ModelSpec, options: ModelOptions) -> Model:
        """A model of this provider; only now is an SDK or torch imported.

        Raises:
            ModelError: the key is missing.
            EngineError: the weights are missing or damaged.
        """
        ...


@cache
def _modules() -> Mapping[str, ProviderModule]:
    room = pipeline.providers
    names = sorted(f"{room.__name__}.{entry.name}" for entry in iter_modules(room.__path__))
    modules = [import_module(name) for name in names]
    return MappingProxyType(
        {
            module.PROVIDER.name: cast(ProviderModule, module)
            for module in modules
            if isinstance(getattr(module, "PROVIDER", None), Provider)
        }
    )


@cache
def providers() -> Mapping[str, Provider]:
    """The providers by their names, in the order of their files."""
    return MappingProxyType({name: module.PROVIDER for name, module in _modules().items()})


def module_of(provider: Provider) -> ProviderModule:
    """The file of a provider."""
    return _modules()[provider.name]
