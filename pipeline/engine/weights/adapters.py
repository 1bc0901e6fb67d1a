"""Low-rank adapters behind a base's name: where one lies, which bytes it is, and its card.

No torch: names are read and keys of requests made without it. :mod:`pipeline.engine.loading.lora`
puts an adapter into a model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.engine.weights.hashes import combined_sha256
from pipeline.errors import EngineError

CONFIG, WEIGHTS, CARD = "adapter_config.json", "adapter_model.safetensors", "judge.json"


@dataclass(frozen=True, slots=True)
class Card:
    """What an adapter says of itself.

    Args:
        base, base_sha256: the model it was trained on, and its exact weights.
        prompt: the released prompt that it was trained with, "judge-brief.v1".
        told: everything else that stands in the file.
    """

    base: str
    base_sha256: str
    prompt: str
    told: Mapping[str, Any] = field(default_factory=dict)


def check_adapter(path: str) -> Path:
    """The folder of an adapter.

    Raises:
        EngineError: it holds none.
    """
    folder = Path(path).expanduser()
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise EngineError(
            f"no adapter is here: {' and '.join(missing)} missing.",
            where=path,
            next="Name the folder that `storytransformer train judge --out` wrote.",
        )
    return folder


def adapter_sha256(path: str, cache: Path) -> str:
    """Which bytes an adapter is, its card included.

    Raises:
        EngineError: it is not here.
    """
    folder = check_adapter(path)
    files = [folder / name for name in (CONFIG, WEIGHTS, CARD) if (folder / name).is_file()]
    return combined_sha256(files, cache)


def read_card(path: str) -> Card | None:
    """An adapter's card; None where it has none, as adapters of other trainers.

    Raises:
        EngineError: a card that cannot be read.
    """
    file = Path(path).expanduser() / CARD
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Card(str(told["base"]), str(told["base_sha256"]), str(told["prompt"]), told)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise EngineError(
            f"the card of the adapter cannot be read ({type(exc).__name__}: {exc}).",
            where=str(file),
            next="Train the adapter again, or restore the file.",
        ) from exc


def check_base(path: str, sha256: str) -> None:
    """Refuse an adapter that was trained on other weights than those it is put into.

    Raises:
        EngineError: it says that it was.
    """
    card = read_card(path)
    if card is not None and card.base_sha256 != sha256:
        raise EngineError(
            f"this adapter was trained on other weights: {card.base} of {card.base_sha256[:12]}…, "
            f"and these are {sha256[:12]}….",
            where=path,
            next="Name the base that its card names.",
        )
