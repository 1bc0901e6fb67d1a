"""What runs on this machine and why, and what is missing for what: the facts behind ``doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.catalog import DEFAULT_LOCAL, Catalog
from pipeline.errors import EngineError
from pipeline.models.base import ModelOptions
from pipeline.models.generators import program_of
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


#: What a person may want of models, and the variable of a key that it needs.
WANTED: Mapping[str, str] = {
    "local": "",
    "gpu": "",
    "claude": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
}


def check(name: str, ok: bool, detail: str, next: str = "") -> dict[str, Any]:
    """One finding: what was looked at, whether it is as it should be, and what to do if not."""
    return {"name": name, "ok": ok, "detail": detail, "next": "" if ok else next}


def facts() -> dict[str, str]:
    """Versions and what the machine is; loads nothing."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "CPU cores": str(os.cpu_count()),
        **{name: _version(name) for name in _PACKAGES},
    }


def examine(
    catalog: Catalog,
    *,
    cache: Path,
    threads: int,
    keys: Mapping[str, bool],
    wanted: Collection[str] = tuple(WANTED),
) -> list[dict[str, Any]]:
    """Look at weights, kernels and keys. Loads torch where a local model is wanted; no network.

    Args:
        keys: provider → whether a key is set. The keys themselves never come here.
        wanted: of :data:`WANTED`.
    """
    found = []
    if "local" in wanted:
        found.append(_local_model(catalog, cache, threads))
        found.append(_memory_growth())
        found += _versions()
    if "gpu" in wanted:
        has_flash = find_spec("flash_attn") is not None
        found.append(
            check(
                "flash-attn",
                has_flash,
                "installed."
                if has_flash
                else "not installed; SDPA's flash kernel is used where the device has one.",
                "On an NVIDIA GPU: pip install 'storytransformer[gpu]'.",
            )
        )
        found.append(_vllm())
    for provider, variable in WANTED.items():
        if variable and provider in wanted:
            ok = keys.get(provider, False)
            told = "key set." if ok else "no key."
            found.append(check(f"{provider}/… models", ok, told, f"Set {variable} to use them."))
    return found


def _vllm() -> dict[str, Any]:
    """Whether vLLM would be found; a server or program that is named is looked at when asked."""
    command = program_of()
    told = f"found: {command[0]}." if command else "not here; our engine generates."
    step = (
        "In another environment: pip install vllm==0.33.0; then set STORYTRANSFORMER_VLLM to its "
        "program, or to a server's address."
    )
    return check("vLLM", bool(command), told, step)


def _memory_growth() -> dict[str, Any]:
    """Measure the kernel that runs here at two lengths: twice the tokens, twice the memory."""
    from pipeline.engine.probing import probe_here

    name = "attention's memory"
    try:
        probe = probe_here()
    except EngineError as error:
        return check(name, False, error.message, error.next)
    few, many = (f"{n / 2**20:.1f} MiB" for n in probe.n_bytes)
    told = (
        f"{probe.name} took {few} at {probe.lengths[0]:,} tokens and {many} at "
        f"{probe.lengths[1]:,}: {'linear' if probe.linear else 'quadratic'}."
    )
    return check(name, probe.linear, told, "Ask for another kernel: local/NAME@sdpa.")


def _versions() -> list[dict[str, Any]]:
    """Driver, toolkit and packages against each other."""
    from pipeline.engine import versions

    found = [
        check("driver and toolkit", one.ok, one.detail, one.next)
        for one in versions.judge(versions.look())
    ]
    wrong = versions.conflicts()
    told = "; ".join(wrong) + "." if wrong else "every need of the engine's packages is met."
    found.append(
        check("packages", not wrong, told, "Install them anew: make install, in a new environment.")
    )
    return found


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
        return check(name, False, error.message, error.next)
    return check(name, True, told)
