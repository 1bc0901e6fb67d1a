"""The program that made this environment, and the line with which it takes one more package."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from pathlib import Path

PACKAGE = "storytransformer"


def how_to_add(*words: str, again: bool = False) -> str:
    """The line that puts a package into this environment, wherever it is started.

    Args:
        words: behind "install": its name, and options that pip and uv share.
        again: over one that is there.
    """
    by_uv = made_by() == "uv tool" or (not made_by() and not is_here("pip"))
    if by_uv:
        start = f"uv pip install --python {shlex.quote(sys.executable)}"
    else:
        start = f"pipx runpip {PACKAGE} install" if made_by() else "pip install"
    anew = [("--reinstall" if by_uv else "--force-reinstall")] if again else []
    return " ".join((start, *anew, *words))


def made_by() -> str:
    """The program that made this environment for this tool alone, and makes it anew where a part is
    added; "" where none did."""
    here = Path(sys.prefix)
    if (here / "pipx_metadata.json").is_file():
        return "pipx"
    return "uv tool" if (here / "uv-receipt.toml").is_file() else ""


def installer() -> str:
    """The program that made this environment, as far as it left a mark."""
    made = {"pipx": "pipx install --force", "uv tool": "uv tool install"}.get(made_by())
    return made or ("pip install" if is_here("pip") else "uv pip install")


def is_here(module: str) -> bool:
    """Whether a module can be imported; nothing is."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # no package above it; half an import
        return False
