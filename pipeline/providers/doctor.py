"""What runs on this machine and why, and what is missing for what: the facts behind ``doctor``."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.config.extras import LOCAL, PARTS, how_to_install, lacking
from pipeline.config.installer import how_to_add
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError
from pipeline.models import ModelSpec, Provider
from pipeline.providers.base import ModelOptions
from pipeline.providers.local.generators import program_of
from pipeline.providers.provider_registry import providers

#: What a person may want beside the models of a provider.
GPU, FLOWS = "gpu", "flows"


def wishes() -> tuple[str, ...]:
    """What a person may want of models: those of each provider, and a graphics card."""
    asked = (name for name, provider in providers().items() if provider.is_model)
    return (*asked, GPU)


def check(name: str, ok: bool, detail: str, next: str = "") -> dict[str, Any]:
    """One finding: what was looked at, whether it is as it should be, and what to do if not."""
    return {"name": name, "ok": ok, "detail": detail, "next": "" if ok else next}


def facts() -> dict[str, str]:
    """Versions and what the machine is; loads nothing."""
    sdks = (provider.package for provider in providers().values() if provider.package)
    packages = ("torch", "transformers", "flash_attn", *sdks, "prefect", "datasette")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "CPU cores": str(os.cpu_count()),
        **{name: _version(name) for name in packages},
    }


def examine(
    small: ModelSpec,
    *,
    cache: Path,
    threads: int,
    keys: Mapping[str, bool],
    wanted: Collection[str],
    probe: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """Look at parts, weights and keys, in a fraction of a second; no network.

    Args:
        small: the small model that comes along.
        keys: provider → whether a key is set. The keys themselves never come here.
        wanted: of :func:`wishes`, and ``flows``, of which only the part is looked at here.
        probe: load what would run, where a local model is wanted: its kernel, its memory, the
            versions of what it stands on. Takes seconds.
        say: told what is being tried.
    """
    asked = [provider for name, provider in providers().items() if name in wanted]
    parts = [provider.part for provider in asked if provider.part]
    parts += [part for wish, part in ((GPU, LOCAL), (FLOWS, FLOWS)) if wish in wanted]
    found = [_part(name) for name in sorted(set(parts), key=list(PARTS).index)]
    if any(provider.is_local for provider in asked):
        found.append(_weights(small, cache))
        if probe and not lacking(LOCAL):
            found.append(_local_model(small, cache, threads, say))
            found.append(_memory_growth())
            found += _versions()
    if GPU in wanted:
        has_flash = find_spec("flash_attn") is not None
        found.append(
            check(
                "flash-attn",
                has_flash,
                "installed."
                if has_flash
                else "not installed; SDPA's flash kernel is used where the device has one.",
                "On an NVIDIA GPU it can be built: "
                + how_to_add("flash-attn", "--no-build-isolation"),
            )
        )
        found.append(_vllm())
    return found + [_key(one, keys.get(one.name, False)) for one in asked if one.key]


def _key(provider: Provider, is_set: bool) -> dict[str, Any]:
    """Whether a provider's key is here; a server of one's own may do without."""
    told = "key set." if is_set else "no key."
    if not is_set and not provider.is_cloud:
        told = "no key, and a server on this machine needs none."
    step = f"Set {provider.key[0]} to use them."
    return check(f"{provider.name}/… models", is_set or not provider.is_cloud, told, step)


def _part(name: str) -> dict[str, Any]:
    missing = lacking(name)
    told = f"not installed: {', '.join(missing)}." if missing else "installed."
    step = f"Run: {how_to_install(name)}"
    return check(f"part [{name}], {PARTS[name].use}", not missing, told, step)


def _weights(small: ModelSpec, cache: Path) -> dict[str, Any]:
    """Whether the small model's weights lie here; they are not read."""
    name = f"{small.name}, weights"
    try:
        where = locate_weights(small.weights)
    except EngineError as error:
        return check(name, False, error.message, error.next)
    files = [where] if where.is_file() else [one for one in where.rglob("*") if one.is_file()]
    size = sum(one.stat().st_size for one in files)
    return check(name, True, f"{where.name}, {size / 1e6:,.0f} MB.")


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
    few, many = (f"{n / 1e6:.1f} MB" for n in probe.n_bytes)
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
    from importlib import metadata  # brings the whole of e-mail with it

    try:
        return metadata.version(package.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return "not installed"


def _local_model(
    small: ModelSpec, cache: Path, threads: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Open the small model and ask which kernel it runs and why."""
    from pipeline.providers.local.local_model import LocalModel

    name = f"{small.name}, opened"
    try:
        model = LocalModel(small, ModelOptions(cache=cache, threads=threads, say=say))
        try:
            model.engine()
            told = ", ".join(f"{k} {v}" for k, v in model.describe().items())
        finally:
            model.close()
    except EngineError as error:
        return check(name, False, error.message, error.next)
    return check(name, True, told)
