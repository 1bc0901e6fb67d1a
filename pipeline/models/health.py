"""What runs on this machine and why, and what is missing: the facts behind ``doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.catalog import DEFAULT_LOCAL, Catalog
from pipeline.errors import EngineError
from pipeline.models.base import ModelOptions
from pipeline.models.local import LocalModel

_PACKAGES = (
    "torch",
    "transformers",
    "flash_attn",
    "anthropic",
    "google-genai",
    "openai",
    "prefect",
    "datasette",
)


def examine(
    catalog: Catalog, *, cache: Path, threads: int, keys: Mapping[str, bool]
) -> dict[str, Any]:
    """Look at packages, weights, kernels and keys. Loads torch; uses no network.

    Args:
        keys: provider → whether a key is set. The keys themselves never come here.

    Returns:
        ``facts`` (name → text) and ``checks`` (name, ok, detail, next).
    """
    facts = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "CPU cores": str(os.cpu_count()),
        **{name: _version(name) for name in _PACKAGES},
    }
    checks = [_local_model(catalog, cache, threads)]
    has_flash = find_spec("flash_attn") is not None
    checks.append(
        {
            "name": "flash-attn",
            "ok": has_flash,
            "detail": "installed."
            if has_flash
            else "not installed; SDPA's flash kernel is used where the device has one.",
            "next": "" if has_flash else "On an NVIDIA GPU: pip install 'storytransformer[gpu]'.",
        }
    )
    for provider, variable in (("claude", "ANTHROPIC_API_KEY"), ("gemini", "GEMINI_API_KEY")):
        ok = keys.get(provider, False)
        checks.append(
            {
                "name": f"{provider}/… models",
                "ok": ok,
                "detail": "key set." if ok else "no key.",
                "next": "" if ok else f"Set {variable} to use them.",
            }
        )
    return {"facts": facts, "checks": checks}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _local_model(catalog: Catalog, cache: Path, threads: int) -> dict[str, Any]:
    """Open the small model and ask which kernel it runs and why."""
    name = DEFAULT_LOCAL
    try:
        model = LocalModel(catalog.find(name), ModelOptions(cache=cache, threads=threads))
        try:
            model.engine()
            told = ", ".join(f"{k} {v}" for k, v in model.describe().items())
        finally:
            model.close()
    except EngineError as error:
        return {"name": name, "ok": False, "detail": error.message, "next": error.next}
    return {"name": name, "ok": True, "detail": told, "next": ""}
