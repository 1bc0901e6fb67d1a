"""The tokenizer of a Hugging Face folder, read by the library that defines tokenizer.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend

from pipeline.engine.tokenizers.chat import PLAIN_TEMPLATE, TEXT_TEMPLATE, Chat
from pipeline.errors import EngineError


def read_folder(folder: Path) -> tuple[Backend, Chat]:
    """A folder's tokenizer, template and special ids.

    Raises:
        EngineError: ``tokenizer.json`` is missing or damaged, or there are several templates and
            none of them is the default.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise EngineError(
            "the folder has no tokenizer.json.",
            where=str(folder),
            next="Save it with a fast tokenizer: AutoTokenizer.from_pretrained(…)"
            ".save_pretrained(folder).",
        )
    try:
        backend = Backend.from_file(str(file))
    except Exception as exc:  # the Rust side raises bare Exception
        raise EngineError(f"not a readable tokenizer: {exc}.", where=str(file)) from exc
    backend.no_truncation()
    backend.no_padding()
    settings = _read_json(folder / "tokenizer_config.json")
    config = _read_json(folder / "config.json")
    config = {**config, **(config.get("text_config") or {})}
    generation = _read_json(folder / "generation_config.json")
    template = _template(folder, settings)
    eos_token, pad_token = _token(settings, "eos_token"), _token(settings, "pad_token")
    eos = {i for i in (backend.token_to_id(eos_token) if eos_token else None,) if i is not None}
    for source in (generation, config):
        stated = source.get("eos_token_id")
        eos |= set(stated if isinstance(stated, list) else [stated]) - {None}
    pad = backend.token_to_id(pad_token) if pad_token else None
    kind, instead = ("plain", PLAIN_TEMPLATE)
    if config.get("is_encoder_decoder"):
        kind, instead = ("text", TEXT_TEMPLATE)
    windows = ("max_position_embeddings", "max_encoder_position_embeddings", "n_positions")
    chat = Chat(
        template=template or instead,
        template_name="own" if template else kind,
        bos_token=_token(settings, "bos_token"),
        eos_token=eos_token,
        eos=tuple(sorted(eos)),
        pad=pad if pad is not None else min(eos, default=0),
        window=next((int(n) for name in windows if (n := config.get(name))), 0),
    )
    return backend, chat


def _template(folder: Path, settings: Mapping[str, Any]) -> str:
    """The default template, from wherever transformers or an older release of it wrote it; "" for
    none."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    older = _read_json(folder / "chat_template.json")  # of models that see pictures, too
    found = settings.get("chat_template") or older.get("chat_template")
    if isinstance(found, list):  # several by name; the default is the plain chat
        found = {entry["name"]: entry["template"] for entry in found}
    if not isinstance(found, dict):
        return str(found or "")
    if "default" not in found and len(found) > 1:
        raise EngineError(
            f"it has chat templates named {', '.join(sorted(found))}, and none is the default.",
            where=str(folder),
            next="Save the one to use as chat_template.jinja in the folder.",
        )
    return str(found.get("default") or next(iter(found.values()), ""))


def _token(settings: Mapping[str, Any], name: str) -> str:
    """A special token's text; files write it as a string or as an object."""
    value = settings.get(name)
    return str(value.get("content", "") if isinstance(value, dict) else value or "")


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise EngineError(f"not valid JSON: {exc}.", where=str(path)) from exc
    return value if isinstance(value, dict) else {}
