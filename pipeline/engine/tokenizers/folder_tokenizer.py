"""The tokenizer of a Hugging Face folder, read by the library that defines tokenizer.json; files of
before that format (a SentencePiece model, a vocabulary with merges) by transformers' conversion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend

from pipeline.engine.tokenizers.chat import PLAIN_TEMPLATE, TEXT_TEMPLATE, Chat
from pipeline.errors import EngineError

#: Where a vocabulary stands in a folder without tokenizer.json.
_VOCABULARIES = ("tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
#: What transformers reads a SentencePiece model with.
_READ_BY = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}
#: Classes that split a text in no way of their own.
_OF_ANY_MODEL = ("TokenizersBackend", "PreTrainedTokenizer", "PreTrainedTokenizerFast")
_SAVE = (
    "Save it with a fast tokenizer where it can be read: AutoTokenizer.from_pretrained(…)"
    ".save_pretrained(folder)."
)


def read_folder(folder: Path) -> tuple[Backend, Chat]:
    """A folder's tokenizer, template and special ids.

    Raises:
        EngineError: there is no tokenizer or none that can be read, or there are several templates
            and none of them is the default.
    """
    settings = _read_json(folder / "tokenizer_config.json")
    config = _read_json(folder / "config.json")
    file = folder / "tokenizer.json"
    if file.is_file():
        try:
            backend = Backend.from_file(str(file))
        except Exception as exc:  # the Rust side raises bare Exception
            raise EngineError(f"not a readable tokenizer: {exc}.", where=str(file)) from exc
    else:
        backend, told = _converted(folder, settings)
        settings = told | settings
    backend.no_truncation()
    backend.no_padding()
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


def _converted(folder: Path, settings: Mapping[str, Any]) -> tuple[Backend, dict[str, str]]:
    """What transformers makes of files without a tokenizer.json, and the special tokens that it
    knows of them. How a text is split stands in none of these files, only in the class that reads
    them, so that nothing is read without one.
    """
    files = [name for name in _VOCABULARIES if (folder / name).is_file()]
    if not files:
        raise EngineError("the folder has no tokenizer.json.", where=str(folder), next=_SAVE)
    named = str(settings.get("tokenizer_class") or "")
    if named in ("", *_OF_ANY_MODEL):
        raise EngineError(
            f"the folder has no tokenizer.json, and {files[0]} does not say how a text is split.",
            where=str(folder),
            next=f"Name its tokenizer_class in tokenizer_config.json. {_SAVE}",
        )
    if (folder / files[0]).suffix == ".model":
        lacking = [name for name, module in _READ_BY.items() if not _is_here(module)]
        if lacking:  # without these transformers would try to read it as another kind
            raise EngineError(
                f"the folder has no tokenizer.json, and reading {files[0]} needs "
                f"{' and '.join(lacking)}.",
                where=str(folder),
                next=f"`pip install {' '.join(lacking)}`. {_SAVE}",
            )
    # The class by its name: transformers' AutoTokenizer, which would find it, loads torch.
    import transformers
    from transformers.tokenization_utils_tokenizers import TokenizersBackend

    try:
        kind = getattr(transformers, named, None) or getattr(transformers, named + "Fast", None)
        if not (isinstance(kind, type) and issubclass(kind, TokenizersBackend)):
            raise ValueError(f"it has no fast {named}")
        made: Any = kind.from_pretrained(folder, local_files_only=True)
        backend = Backend.from_str(made.backend_tokenizer.to_str())
    except Exception as exc:  # each kind of file fails in its own way
        said = (str(exc).strip().splitlines() or [""])[0]
        raise EngineError(
            f"transformers cannot read {files[0]} ({type(exc).__name__}: {said}).",
            where=str(folder),
            next=_SAVE,
        ) from exc
    told = {name: getattr(made, name) for name in ("bos_token", "eos_token", "pad_token")}
    return backend, {name: str(token) for name, token in told.items() if token}


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor is what it would be part of
        return False


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
