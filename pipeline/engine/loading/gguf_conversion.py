"""A GGUF into a Hugging Face folder in the cache, once: dequantized, or in 8 or 4 bits."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.loading.gguf_weights import read_model
from pipeline.engine.loading.quantized import quantize, saved_state
from pipeline.engine.tokenizers.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.weights.gguf_fields import READING
from pipeline.engine.weights.hashes import check_list, has_list, write_list
from pipeline.engine.weights.weight_files import new_folder, weights_sha256
from pipeline.errors import EngineError

#: Says that a folder's safetensors hold the codes and scales of
#: :mod:`pipeline.engine.loading.quantized`.
QUANTIZED = "quantized.json"


def convert_gguf(gguf: Path, cache: Path, *, bits: int = 16) -> Path:
    """Convert a GGUF into a Hugging Face folder (safetensors, mended tokenizer), once.

    Two processes that want the same conversion wait for one another. The folder appears under its
    name only when it is whole.

    Args:
        bits: of the weights: 16 for bfloat16, 8 or 4 for what a quantized file stays.

    Returns:
        ``cache/models/SHA256-READING``, with ``-8bit`` or ``-4bit`` behind it.

    Raises:
        EngineError: an architecture that transformers cannot read from GGUF, a damaged file (of
            the conversion, too), or no room.
    """
    sha256 = weights_sha256(gguf, cache)
    target = cache / "models" / f"{sha256}-{READING}{'' if bits == 16 else f'-{bits}bit'}"
    if has_list(target):
        check_list(target, cache, next=f"Delete {target}; it is converted again.")
    else:
        _convert(gguf, target, load_tokenizer(gguf, cache=cache, sha256=sha256), bits)
    return target


def _convert(gguf: Path, target: Path, tokenizer: Tokenizer, bits: int) -> None:
    """Make a folder, once."""
    try:
        with _only_one(target):
            if has_list(target):  # another process made it while we waited
                return
            # Of an earlier release, which kept no hashes: nobody knows whether it is whole.
            shutil.rmtree(target, ignore_errors=True)
            with new_folder(target) as folder:
                _write_folder(gguf, tokenizer, folder, bits)
                write_list(folder)
    except OSError as exc:
        raise _no_room(exc, target) from exc


def _write_folder(gguf: Path, tokenizer: Tokenizer, folder: Path, bits: int) -> None:
    try:
        # the GGUF reader draws a bar of its own, whatever transformers is told
        with quiet(), redirect_stderr(io.StringIO()):
            model = read_model(gguf)
    except (OSError, EngineError):
        raise
    except Exception as exc:  # transformers raises many kinds for what it cannot read
        raise EngineError(
            f"transformers cannot read this GGUF ({type(exc).__name__}: {exc}).",
            where=str(gguf),
            next="Use the model's Hugging Face folder instead.",
        ) from exc
    # Dequantized above, yet still marked as quantized, which refuses to be saved.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    try:
        with quiet():
            if bits == 16:
                model.save_pretrained(folder)
            else:
                quantize(model, bits)
                save_quantized(model, folder, bits)
    except Exception as exc:
        if isinstance(exc, OSError):
            raise
        # the safetensors writer reports a full disk as an error of its own
        raise _no_room(exc, folder) from exc
    tokenizer.save(folder)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokenizer.chat.bos_token,
        "eos_token": tokenizer.chat.eos_token,
        "pad_token": tokenizer.chat.eos_token,
        "chat_template": tokenizer.chat.template,
        "model_max_length": tokenizer.chat.window,
        "padding_side": "left",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _no_room(exc: BaseException, target: Path) -> EngineError:
    full = getattr(exc, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space" in str(exc)
    return EngineError(
        "no room left for the converted weights." if full else f"cannot be written: {exc}.",
        where=str(target.parent),
        next="Free some space there, or set STORYTRANSFORMER_CACHE to another folder.",
    )


@contextmanager
def _only_one(target: Path) -> Iterator[None]:
    """Wait until no other process converts the same weights; the lock dies with its process."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def save_quantized(model: Any, folder: Path, bits: int) -> None:
    """Write a quantized model's configuration, codes and scales into a folder."""
    from safetensors.torch import save_file

    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    save_file(saved_state(model), folder / "model.safetensors")
    (folder / QUANTIZED).write_text(json.dumps({"bits": bits}), encoding="utf-8")


def load_quantized(kind: Any, config: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Read what :func:`save_quantized` wrote; the weights are never expanded on the way."""
    from accelerate import init_empty_weights
    from safetensors.torch import load_file

    bits = int(json.loads((folder / QUANTIZED).read_text(encoding="utf-8"))["bits"])
    with init_empty_weights(include_buffers=False):
        model = kind.from_config(config, dtype=dtype)
    quantize(model, bits)
    state = load_file(folder / "model.safetensors")
    model.load_state_dict(
        {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}, assign=True
    )
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and advice off stderr, and restore both."""
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
