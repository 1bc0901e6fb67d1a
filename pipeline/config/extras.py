"""The parts that an installation may lack, and the command that brings one.

A part is an extra of the package. Which one a module belongs to is said here once; a command whose
module is not here ends with the part's name and the line that installs it, in the form in which
this installation was made: no index has to know the package.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.config.installer import PACKAGE, installer, is_here, made_by
from pipeline.errors import InputError


@dataclass(frozen=True, slots=True)
class Part:
    """An extra.

    Args:
        use: what it is for, behind "… needs".
        modules: those whose absence means that it is missing, as they are imported.
    """

    use: str
    modules: tuple[str, ...]


#: The part that runs models here.
LOCAL = "local"

PARTS: Mapping[str, Part] = {
    LOCAL: Part(
        "a model that runs on this machine",
        ("torch", "transformers", "accelerate", "safetensors", "tokenizers", "llguidance"),
    ),
    "cloud": Part(
        "a model behind a server", ("anthropic", "google.genai", "openai", "httpx2")
    ),
    "flows": Part("running as a Prefect flow", ("prefect", "fastapi")),
    "report": Part("drawing the figures of a report", ("altair", "vl_convert")),
    "postgres": Part("a PostgreSQL database", ("psycopg",)),
    "train": Part("training a judge", ("trl", "peft", "datasets")),
    "dask": Part("reading with Dask", ("prefect_dask", "distributed")),
    "ray": Part("reading with Ray", ("prefect_ray", "ray")),
}  # fmt: skip


def part_of(module: str) -> str | None:
    """The part that a module comes with, None where it is none's."""
    for name, part in PARTS.items():
        if any(f"{module}.".startswith(f"{one}.") for one in part.modules):
            return name
        # `google` itself is missing where none of its packages is here.
        if any(one.startswith(f"{module}.") for one in part.modules):
            return name
    return None


def lacking(name: str) -> list[str]:
    """The modules of a part that are not here; nothing is imported."""
    return [module for module in PARTS[name].modules if not is_here(module)]


def require(name: str, *, where: str = "") -> None:
    """Nothing where a part is here.

    Args:
        where: what needs it, such as a model's name.

    Raises:
        InputError: it is not, or not whole; the next step installs it.
    """
    if missing := lacking(name):
        raise missing_part(name, missing[0], where=where)


def missing_part(name: str, module: str, *, where: str = "") -> InputError:
    """That a command needs a part whose ``module`` is not here."""
    return InputError(
        f"{PARTS[name].use} needs the part [{name}], which is not installed ({module} is missing).",
        where=where,
        next=f"Run: {how_to_install(name)}",
    )


def how_to_install(name: str) -> str:
    """The line that adds a part to this installation, and takes none from it: uv and pipx make the
    environment of a tool anew, so that every part that is here is named."""
    here = [part for part in PARTS if made_by() and part != name and not lacking(part)]
    package = f"{PACKAGE}[{','.join(sorted([*here, name]))}]"
    source = _source()
    if source is None:
        wanted = f"'{package} @ SOURCE'"
        return f"{installer()} {wanted}, where SOURCE is the wheel or the repository's address."
    address, editable = source
    if editable:
        extras = package.removeprefix(PACKAGE)
        return f"{installer()} -e {shlex.quote(f'{address}{extras}')}"
    return f"{installer()} {shlex.quote(f'{package} @ {address}')}"


def _source() -> tuple[str, bool] | None:
    """Where this was installed from: an address that an installer takes, and whether it is a
    folder that is edited; None where nobody wrote it down, or it is gone."""
    import importlib.metadata  # brings the whole of e-mail with it

    try:
        written = importlib.metadata.distribution(PACKAGE).read_text("direct_url.json")
        said = json.loads(written or "{}")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None
    url = str(said.get("url", ""))
    if version := said.get("vcs_info"):
        return f"{version['vcs']}+{url}", False
    if not url.startswith("file:"):
        return (url, False) if url else None
    path = Path(unquote(urlsplit(url).path))
    if not path.exists():
        return None
    if said.get("dir_info", {}).get("editable"):
        return str(path), True
    return url, False
