"""Whether driver, toolkit and packages fit one another, before a kernel fails on it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from pipeline.config.installer import how_to_add

#: What computes here, and whose stated needs are compared with what is installed.
PACKAGES = ("torch", "transformers", "accelerate", "tokenizers", "safetensors", "llguidance")


@dataclass(frozen=True)
class Seen:
    """What this machine and its torch say of graphics cards.

    Args:
        cards: makers whose driver is loaded: "NVIDIA", "AMD", "Intel".
        cuda, hip: toolkit that torch was built with, "" for none.
        driver_cuda: newest toolkit that the NVIDIA driver serves, (0, 0) when not known.
        usable: whether torch can compute on a card.
        flash_error: why the flash-attn package cannot be imported; None where it is not installed
            or can.
    """

    cards: tuple[str, ...] = ()
    cuda: str = ""
    hip: str = ""
    driver_cuda: tuple[int, int] = (0, 0)
    usable: bool = False
    flash_error: str | None = None


@dataclass(frozen=True)
class Finding:
    """One comparison: ``ok``, what was found, and what to do if not."""

    ok: bool
    detail: str
    next: str = ""


def look() -> Seen:
    """Ask torch, the drivers' files and the flash-attn package. Loads torch; starts no process."""
    import torch

    cards = []
    if Path("/proc/driver/nvidia/version").exists():
        cards.append("NVIDIA")
    if Path("/dev/kfd").exists():
        cards.append("AMD")
    if any(path.is_dir() for path in Path("/sys/module").glob("xe")):
        cards.append("Intel")
    driver = 0
    if torch.version.cuda and torch.cuda.is_available():
        ask: Any = getattr(torch._C, "_cuda_getDriverVersion", lambda: 0)
        driver = ask()  # 12080 for 12.8
    usable = torch.cuda.is_available() or (hasattr(torch, "xpu") and torch.xpu.is_available())
    return Seen(
        cards=tuple(cards),
        cuda=torch.version.cuda or "",
        hip=torch.version.hip or "",
        driver_cuda=(driver // 1000, driver % 1000 // 10),
        usable=usable,
        flash_error=_flash_error(),
    )


def judge(seen: Seen) -> list[Finding]:
    """What of it does not fit; one finding that it does where all does."""
    found = []
    built = f"CUDA {seen.cuda}" if seen.cuda else f"ROCm {seen.hip}" if seen.hip else "processors"
    if seen.cards and not seen.usable:
        cards = " and ".join(seen.cards)
        found.append(
            Finding(
                False,
                f"a driver for {cards} cards is loaded, but torch, built for {built}, sees none.",
                "Install torch's build for the card (https://pytorch.org/get-started/locally), or "
                "a driver as new as that build.",
            )
        )
    if seen.cuda and seen.driver_cuda != (0, 0):
        major = int(seen.cuda.split(".")[0])
        if seen.driver_cuda[0] < major:
            has = ".".join(map(str, seen.driver_cuda))
            found.append(
                Finding(
                    False,
                    f"torch was built with CUDA {seen.cuda}; the driver serves up to {has}.",
                    f"Update the driver, or install torch's build for CUDA {has}.",
                )
            )
    if seen.flash_error is not None:
        found.append(
            Finding(
                False,
                f"flash-attn is installed and cannot be loaded: {seen.flash_error}.",
                "Build it against this torch: "
                + how_to_add("--no-build-isolation", "flash-attn", again=True)
                + ".",
            )
        )
    where = f", computing on {' and '.join(seen.cards)}" if seen.cards else ", no graphics card"
    return found or [Finding(True, f"torch built for {built}{where}.")]


def conflicts(
    packages: Iterable[str] = PACKAGES,
    *,
    needs: Callable[[str], list[str] | None] = importlib.metadata.requires,
    version: Callable[[str], str] = importlib.metadata.version,
) -> list[str]:
    """What an installed package needs and another's installed version is not."""
    found = []
    for package in packages:
        try:
            stated = needs(package) or []
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} is not installed")
            continue
        for line in stated:
            need = Requirement(line)
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            try:
                has = version(need.name)
            except importlib.metadata.PackageNotFoundError:
                found.append(f"{package} needs {need.name}, which is not installed")
                continue
            if not need.specifier.contains(has, prereleases=True):
                found.append(f"{package} needs {need.name}{need.specifier}, installed is {has}")
    return found


def _flash_error() -> str | None:
    if importlib.util.find_spec("flash_attn") is None:
        return None
    try:
        importlib.import_module("flash_attn")
    except Exception as exc:  # a build for another torch fails in the linker, in many words
        return f"{type(exc).__name__}: {exc}"
    return None
