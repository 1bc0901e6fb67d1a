"""Weights into a model: a GGUF converted once into the cache, a Hugging Face folder read as it is.

Only safetensors are read, never pickles, and no code that comes with weights is ever run.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.decoding.prompt_rows import device_of, out_of_memory
from pipeline.engine.loading.gguf_conversion import QUANTIZED, convert_gguf, load_quantized, quiet
from pipeline.engine.loading.lora import add_adapter
from pipeline.engine.loading.quantized import quantize, settle
from pipeline.engine.tokenizers.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.weights.adapters import check_base
from pipeline.engine.weights.weight_files import weights_sha256
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


def load(
    weights: Path,
    *,
    cache: Path,
    dtype: str = "auto",
    device: torch.device | None = None,
    yarn: float = 1.0,
    bits: int = 16,
    device_map: str | Mapping[str, Any] | None = None,
    max_memory: Mapping[str | int, str | int] | None = None,
    lora: str = "",
) -> Loaded:
    """Load a GGUF file or a Hugging Face folder.

    Args:
        yarn: factor by which the window is stretched, 1 for none.
        bits: of the weights: 16 for ``dtype``, or 8 or 4.
        device_map: "auto" to spread the model over all devices and, where they are too small,
            main memory and disk; or a place for each module. By accelerate.
        max_memory: what each device may take, by its number, "cpu" or "disk".
        lora: folder of an adapter that is added to the weights before they are held in fewer bits.

    Raises:
        EngineError: missing or damaged weights, no safetensors, a tokenizer or an adapter that
            does not fit.
    """
    sha256 = weights_sha256(weights, cache)
    device = device or choose_device()
    torch_dtype = choose_dtype(dtype, device)
    if bits != 16 and device_map is not None:
        raise EngineError(
            f"weights in {bits} bits cannot be spread over several places.",
            next="Leave out one of the two.",
        )
    if lora:
        if device_map is not None:
            raise EngineError(
                "an adapter cannot be added to weights that are spread over several places.",
                next="Leave out one of the two.",
            )
        check_base(lora, sha256)
    folder = weights
    if weights.is_file():
        folder = convert_gguf(weights, cache, bits=16 if lora else bits)
    if not any(folder.glob("*.safetensors")):
        raise EngineError(
            "the folder holds no safetensors; pickled weights are never read.",
            where=str(folder),
            next="Convert them with save_pretrained(folder) in a place you trust.",
        )
    tokenizer = load_tokenizer(weights, cache=cache, sha256=sha256)
    places: dict[str, Any] = {}
    if device_map is not None:
        places = {
            "device_map": device_map,
            "max_memory": dict(max_memory) if max_memory else None,
            "offload_folder": cache / "offload" / sha256,
        }
    try:
        with quiet():
            model = _read_model(folder, torch_dtype, yarn, places)
    except EngineError:
        raise
    except (MemoryError, RuntimeError) as exc:
        if not out_of_memory(exc):
            raise _not_loaded(exc, weights, folder) from exc
        raise EngineError(
            "there is not enough memory for these weights.",
            where=str(folder),
            next="Hold them in fewer bits (local/NAME@4bit), or over devices, memory and disk "
            "(local/NAME@spread).",
        ) from exc
    except Exception as exc:  # a damaged file surfaces as many kinds, by the layer that meets it
        raise _not_loaded(exc, weights, folder) from exc
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        raise EngineError(
            f"the tokenizer has {len(tokenizer):,} tokens but the model only {rows:,}.",
            where=str(folder),
            next="Use the tokenizer that came with these weights.",
        )
    if lora:
        add_adapter(model, lora)
    if bits != 16 and not (folder / QUANTIZED).is_file():
        quantize(model, bits)
    if device_map is None:
        model = model.to(device)
    settle(model)
    model = model.eval().requires_grad_(False)
    encoder_decoder = bool(model.config.is_encoder_decoder)
    return Loaded(model, tokenizer, sha256, device_of(model), torch_dtype, encoder_decoder)


def _not_loaded(exc: Exception, weights: Path, folder: Path) -> EngineError:
    return EngineError(
        f"the weights cannot be loaded ({type(exc).__name__}: {exc}).",
        where=str(folder),
        next="If the folder is in our cache, delete it; it is converted again."
        if weights.is_file()
        else "Check that config.json and the safetensors belong together.",
    )


def _read_model(folder: Path, dtype: torch.dtype, yarn: float, places: Mapping[str, Any]) -> Any:
    """The model of a folder, every tensor of it read from there."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if yarn != 1.0:
        _stretch(config, yarn)
    kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    if (folder / QUANTIZED).is_file():
        return load_quantized(kind, config, folder, dtype)
    model, found = kind.from_pretrained(
        folder,
        config=config,
        dtype=dtype,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
        **places,
    )
    # transformers fills what is missing with random numbers and a warning
    if missing := sorted(found["missing_keys"]):
        raise EngineError(
            f"the weights are incomplete: {len(missing)} tensors are missing, {missing[0]} first.",
            where=str(folder),
            next="Copy or download the folder again, all its safetensors.",
        )
    return model


def _stretch(config: Any, factor: float) -> None:
    """Set YaRN's rope scaling before the model is built."""
    text = config.get_text_config(decoder=True)
    rope = dict(getattr(text, "rope_parameters", None) or {})
    # models with sliding layers have a rope for each kind; only full attention reaches further
    part = dict(rope["full_attention"]) if "full_attention" in rope else rope
    kind = part.get("rope_type", "default") if part else "none"
    if factor < 1 or kind != "default":
        raise EngineError(
            f"the window cannot be stretched by {factor}: rope is {kind}.",
            next="YaRN needs a factor above 1 and a model with plain rotary positions.",
        )
    trained = text.max_position_embeddings
    part |= {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": trained,
    }
    text.rope_parameters = {**rope, "full_attention": part} if "full_attention" in rope else part
    text.max_position_embeddings = int(trained * factor)


def use_threads(threads: int) -> None:
    """So many threads of the processor; 0 for one less than there are.

    One core is left to the rest of the machine: where every core computes, one busy neighbour makes
    each of thousands of parallel loops wait for a thread that was put aside. Measured on two: 2.5 s
    (two threads) against 3.3 s (one) when idle, 85 s against 2.8 s when busy.
    """
    torch.set_num_threads(threads or max(1, len(os.sched_getaffinity(0)) - 1))


def warn_of_no_template(loaded: Loaded, weights: str | Path) -> None:
    """Say that a model's prompts have no template of its own."""
    if loaded.tokenizer.chat.template_name == "plain":
        warnings.warn(
            f"{weights} brings no chat template: its prompts are written as headed turns "
            "(### User: …), the template named plain.",
            stacklevel=3,
        )
