"""Weights into a model: a GGUF converted once into the cache, a Hugging Face folder read as it is.

Only safetensors are read, never pickles, and no code that comes with weights is ever run.
"""

from __future__ import annotations

import errno
import fcntl
import io
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.weights import new_folder, weights_sha256
from pipeline.errors import EngineError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Loaded:
    """A model on its device, with its tokenizer and what it is made of."""

    model: Any
    tokenizer: Tokenizer
    sha256: str
    device: torch.device
    dtype: torch.dtype
    encoder_decoder: bool

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together, by the model's configuration; of the prompt alone
        where an encoder reads it."""
        config = self.model.config.get_text_config(decoder=True)
        names = ["max_position_embeddings", "n_positions"]
        if self.encoder_decoder:
            names.insert(0, "max_encoder_position_embeddings")
        stated = next((n for name in names if (n := getattr(config, name, None))), None)
        return int(stated or self.tokenizer.chat.window or 2048)

    @property
    def reply_window(self) -> int:
        """Tokens that an encoder-decoder's reply may hold."""
        return int(getattr(self.model.config, "max_decoder_position_embeddings", self.window))

    @property
    def n_bytes(self) -> int:
        """Memory of the weights."""
        tensors = [*self.model.parameters(), *self.model.buffers()]
        return sum(
            t.numel() * t.element_size() for t in {t.data_ptr(): t for t in tensors}.values()
        )


def choose_device() -> torch.device:
    """The first accelerator, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return torch.device("xpu")
    return torch.device("cpu")


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """A dtype by name; "auto" is bfloat16 where the hardware multiplies it, else float32.

    Raises:
        EngineError: no such dtype.
    """
    if name == "auto":
        if device.type == "cpu":
            # Without these instructions a CPU emulates bfloat16, slower than float32.
            capable = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        else:
            capable = device.type != "cuda" or torch.cuda.is_bf16_supported()
        return torch.bfloat16 if capable else torch.float32
    if name not in DTYPES:
        raise EngineError(f"unknown dtype {name!r}.", next=f"Use auto, {', '.join(DTYPES)}.")
    return DTYPES[name]


def convert_gguf(gguf: Path, cache: Path) -> Path:
    """Convert a GGUF into a Hugging Face folder (bf16 safetensors, mended tokenizer), once.

    Two processes that want the same conversion wait for one another. The folder appears under its
    name only when it is whole.

    Returns:
        ``cache/models/SHA256``.

    Raises:
        EngineError: an architecture that transformers cannot read from GGUF, a damaged file, or
            no room.
    """
    sha256 = weights_sha256(gguf, cache)
    target = cache / "models" / sha256
    if target.is_dir():
        return target
    tokenizer = load_tokenizer(gguf, cache=cache, sha256=sha256)
    try:
        with _only_one(target), new_folder(target) as folder:
            if not target.is_dir():  # another process may have made it while we waited
                _write_folder(gguf, tokenizer, folder)
    except OSError as exc:
        raise _no_room(exc, target) from exc
    return target


def _write_folder(gguf: Path, tokenizer: Tokenizer, folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    try:
        # the GGUF reader draws a bar of its own, whatever transformers is told
        with quiet(), redirect_stderr(io.StringIO()):
            model: Any = AutoModelForCausalLM.from_pretrained(
                gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, local_files_only=True
            )
    except OSError:
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
            model.save_pretrained(folder)
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


def load(
    weights: Path,
    *,
    cache: Path,
    dtype: str = "auto",
    device: torch.device | None = None,
    yarn: float = 1.0,
) -> Loaded:
    """Load a GGUF file or a Hugging Face folder.

    Args:
        yarn: factor by which the window is stretched, 1 for none.

    Raises:
        EngineError: missing or damaged weights, no safetensors, a tokenizer that does not fit.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    sha256 = weights_sha256(weights, cache)
    device = device or choose_device()
    torch_dtype = choose_dtype(dtype, device)
    folder = convert_gguf(weights, cache) if weights.is_file() else weights
    if not any(folder.glob("*.safetensors")):
        raise EngineError(
            "the folder holds no safetensors; pickled weights are never read.",
            where=str(folder),
            next="Convert them with save_pretrained(folder) in a place you trust.",
        )
    tokenizer = load_tokenizer(weights, cache=cache, sha256=sha256)
    try:
        with quiet():
            config = AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            if yarn != 1.0:
                _stretch(config, yarn)
            kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            model: Any = kind.from_pretrained(
                folder,
                config=config,
                dtype=torch_dtype,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
    except EngineError:
        raise
    except Exception as exc:  # a damaged file surfaces as many kinds, by the layer that meets it
        raise EngineError(
            f"the weights cannot be loaded ({type(exc).__name__}: {exc}).",
            where=str(folder),
            next="If the folder is in our cache, delete it; it is converted again."
            if weights.is_file()
            else "Check that config.json and the safetensors belong together.",
        ) from exc
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise EngineError(
            f"the tokenizer has {len(tokenizer):,} tokens but the model only {rows:,}.",
            where=str(folder),
            next="Use the tokenizer that came with these weights.",
        )
    model = model.to(device).eval().requires_grad_(False)
    return Loaded(model, tokenizer, sha256, device, torch_dtype, bool(config.is_encoder_decoder))


def _stretch(config: Any, factor: float) -> None:
    """Set YaRN's rope scaling before the model is built."""
    text = config.get_text_config(decoder=True)
    rope = dict(getattr(text, "rope_parameters", None) or {})
    if factor < 1 or rope.get("rope_type", "default") != "default":
        raise EngineError(
            f"the window cannot be stretched by {factor}: rope is {rope.get('rope_type', 'none')}.",
            next="YaRN needs a factor above 1 and a model with plain rotary positions.",
        )
    trained = text.max_position_embeddings
    rope |= {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": trained,
    }
    text.rope_parameters = rope
    text.max_position_embeddings = int(trained * factor)


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
