"""The configuration and weights of a GGUF, by transformers' own reader and the package ``gguf``.

What transformers leaves at a class's default (the size of a head, a window, how positions are
scaled) is read here; two architectures that its reader does not manage are read with the names that
``gguf`` has for them. Nothing is guessed: a number that nobody reads, a tensor that is not used and
one that is missing are errors, because the model would compute something else without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.loading.gguf_rope import SCALES, rope_of
from pipeline.engine.weights.gguf_fields import read_fields
from pipeline.errors import EngineError

#: Read by us: the file's architecture, transformers' name for it, and the architecture of which
#: transformers' table of numbers holds for it, too.
_OURS = {"smollm3": ("smollm3", "llama"), "gpt-oss": ("gpt_oss", "gpt_oss")}
#: Numbers that transformers' reader leaves out, and what they are called there.
_NUMBERS = {
    "attention.key_length": "head_dim",
    "attention.sliding_window": "sliding_window",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
    "expert_feed_forward_length": "moe_intermediate_size",
    "expert_shared_feed_forward_length": "shared_expert_intermediate_size",
}
#: Numbers that say again what others say, or nothing about what is computed.
_SAID = frozenset(
    ("vocab_size", "attention.value_length", "rope.dimension_count", "attention.causal",
     "tensor_data_layout", "rope.freq_base")
)  # fmt: skip
#: Layers of the one Gemma whose scores are scaled by another number than its head's size.
_GEMMA_27B = {"gemma2": 46, "gemma3": 62}


def read_model(path: Path) -> Any:
    """The model in a GGUF file, in bfloat16.

    Raises:
        EngineError: an architecture that is not known, or something in the file that would be left
            out.
    """
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    fields = read_fields(path)
    architecture = str(fields.get("general.architecture", ""))
    known = {name.replace("_", "-") for name in GGUF_SUPPORTED_ARCHITECTURES} | _new()
    known = (known - {"general", "tokenizer", "t5", "umt5"}) | {*_OURS, "qwen2moe", "qwen3moe"}
    if architecture not in known:
        raise EngineError(
            f"its architecture, {architecture!r}, cannot be read from a GGUF; these can: "
            f"{', '.join(sorted(known))}.",
            where=str(path),
            next="Use the model's Hugging Face folder instead.",
        )
    if architecture in _new():
        return _by_transformers(path, None, None)
    from gguf import GGUFReader

    tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    config = _config(path, fields, tensors)
    _check_numbers(architecture, fields, path)
    read = _by_names if architecture in _OURS else _by_transformers
    model = read(path, config, tensors)
    _tie(model)
    return model


def _new() -> set[str]:
    """What transformers reads by conversions that state everything themselves."""
    from transformers.integrations.gguf.gguf_conversion_mapping import GGUF_ARCHS

    return set(GGUF_ARCHS)


def _config(path: Path, fields: Mapping[str, Any], tensors: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig

    architecture = fields["general.architecture"]
    if architecture in _OURS:
        kind, alike = _OURS[architecture]
        named = {f"{architecture}.{key}": name for key, name in _table(alike).items()}
        numbers = {name: fields[key] for key, name in named.items() if name and key in fields}
        numbers |= {
            "vocab_size": len(fields["tokenizer.ggml.tokens"]),
            "tie_word_embeddings": "output.weight" not in tensors,
            "eos_token_id": fields.get("tokenizer.ggml.eos_token_id"),
            "bos_token_id": fields.get("tokenizer.ggml.bos_token_id"),
            "pad_token_id": fields.get("tokenizer.ggml.padding_token_id"),
        }
        if kind == "gpt_oss":
            numbers["intermediate_size"] = fields[f"{architecture}.expert_feed_forward_length"]
        config = AutoConfig.for_model(kind, **numbers)
    else:
        config = AutoConfig.from_pretrained(
            path.parent, gguf_file=path.name, local_files_only=True, trust_remote_code=False
        )
    for key, name in _NUMBERS.items():
        value = fields.get(f"{architecture}.{key}")
        if value is not None and (hasattr(config, name) or name == "head_dim"):
            setattr(config, name, value)
    if config.pad_token_id is not None and config.pad_token_id >= config.vocab_size:
        config.pad_token_id = None  # a class's default, of the vocabulary of another model
    if architecture in _GEMMA_27B:
        wide = config.num_hidden_layers == _GEMMA_27B[architecture]
        head = config.hidden_size // config.num_attention_heads if wide else config.head_dim
        config.query_pre_attn_scalar = head
    rope = rope_of(config, fields, tensors, path)
    kinds = config.rope_parameters
    if "full_attention" in kinds:
        config.rope_parameters = {**kinds, "full_attention": rope}
    else:
        config.rope_parameters = rope
    return config


def _table(architecture: str) -> dict[str, str | None]:
    """transformers' names of the numbers of an architecture."""
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    tables: Any = GGUF_CONFIG_MAPPING
    return dict(tables[architecture])


def _check_numbers(architecture: str, fields: Mapping[str, Any], path: Path) -> None:
    """Whether every number of the architecture is read by someone."""
    alike = {"qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe", "minimax-m2": "minimax_m2"}
    table = _OURS.get(architecture, ("", alike.get(architecture, architecture)))[1]
    read = {*_table(table), *_NUMBERS, *_SAID, *SCALES}
    begin = f"{architecture}."
    given = {key.removeprefix(begin) for key in fields if key.startswith(begin)}
    if unknown := sorted(given - read):
        raise EngineError(
            f"it says {', '.join(f'{key} = {fields[begin + key]}' for key in unknown[:3])}, which "
            f"is not known of {architecture!r} and would be left out.",
            where=str(path),
            next="Use the model's Hugging Face folder instead.",
        )


def _by_transformers(path: Path, config: Any, tensors: Mapping[str, Any] | None) -> Any:
    from transformers import AutoModelForCausalLM

    if tensors is not None:
        _check_used(path, config, tensors)
    kind: Any = AutoModelForCausalLM
    model, found = kind.from_pretrained(
        path.parent,
        gguf_file=path.name,
        config=config,
        dtype=torch.bfloat16,
        local_files_only=True,
        output_loading_info=True,
    )
    # transformers fills what is missing with random numbers and a warning
    _check_whole(sorted(found["missing_keys"]), sorted(found["unexpected_keys"]), path)
    return model


def _check_used(path: Path, config: Any, tensors: Mapping[str, Any]) -> None:
    """Whether transformers has a place for every tensor; it drops the others without a word."""
    from transformers import AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import (
        TENSOR_PROCESSORS,
        TensorProcessor,
        get_gguf_hf_weights_map,
    )

    architecture = str(read_fields(path)["general.architecture"])
    kind: Any = AutoModelForCausalLM
    with torch.device("meta"):
        empty = kind.from_config(config)
    make: Any = TENSOR_PROCESSORS.get(architecture, TensorProcessor)
    used: Any = get_gguf_hf_weights_map(empty, make(config=config.to_dict()))
    unused = [
        name for name in tensors if not {name, name.removesuffix(".weight")} & {*used, *_ROPE}
    ]
    _check_whole([], unused, path)


#: Tensors that say how positions are scaled, read into the configuration.
_ROPE = frozenset(("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"))


def _by_names(path: Path, config: Any, tensors: Mapping[str, Any]) -> Any:
    """A model whose tensors are found by the names that ``gguf`` has for the architecture."""
    from accelerate import init_empty_weights
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map
    from transformers import AutoModelForCausalLM

    architecture = next(name for name, (kind, _) in _OURS.items() if kind == config.model_type)
    number = next(k for k, v in MODEL_ARCH_NAMES.items() if v == architecture)
    names = get_tensor_name_map(number, config.num_hidden_layers)
    kind: Any = AutoModelForCausalLM
    with init_empty_weights(include_buffers=False):
        model = kind.from_config(config, dtype=torch.bfloat16)
    left = dict(tensors)

    def take(name: str) -> torch.Tensor | None:
        found = names.get_name(name, try_suffixes=(".weight", ".bias"))
        tensor = left.pop(found or "", None)
        return None if tensor is None else _values(tensor)

    wanted = set(model.state_dict())
    if config.tie_word_embeddings:
        wanted.discard("lm_head.weight")
    state = {key: value for key in wanted if (value := _stored(key, take, config)) is not None}
    _check_whole(sorted(wanted - set(state)), sorted(set(left) - _ROPE), path)
    model.load_state_dict(state, strict=False, assign=True)
    model.tie_weights()
    return model


def _values(tensor: Any) -> torch.Tensor:
    from gguf import dequantize

    return torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).bfloat16()


def _stored(
    key: str, take: Callable[[str], torch.Tensor | None], config: Any
) -> torch.Tensor | None:
    """A tensor as the model's own code wants it, from one or two of the file's."""
    if config.model_type == "gpt_oss" and ".experts." in key:
        bias = key.endswith("_bias")
        stem = key.removesuffix("_bias")
        end = ".bias" if bias else ".weight"
        if "gate_up_proj" in stem:
            gate, up = (take(stem.replace("gate_up", part) + end) for part in ("gate", "up"))
            if gate is None or up is None:
                return None
            value = torch.stack([gate, up], dim=2).flatten(1, 2)  # one behind the other
        else:
            found = take(stem + end)
            if found is None:
                return None
            value = found
        return value if bias else value.transpose(-1, -2).contiguous()
    value_ = take(f"{key}.weight" if key.endswith("sinks") else key)
    if value_ is None or config.model_type != "smollm3":
        return value_
    if not key.endswith(("q_proj.weight", "k_proj.weight")):
        return value_
    # llama.cpp turns neighbours in a pair, transformers one half of a head against the other
    queries = key.endswith("q_proj.weight")
    heads = config.num_attention_heads if queries else config.num_key_value_heads
    half = value_.shape[0] // heads // 2
    return value_.reshape(heads, half, 2, -1).swapaxes(1, 2).reshape(value_.shape)


def _check_whole(missing: list[str], unused: list[str], path: Path) -> None:
    for what, names in (("are missing", missing), ("would be left out", unused)):
        if names:
            raise EngineError(
                f"{len(names)} tensors {what}, {names[0]} first.",
                where=str(path),
                next="Download the file again, or use the model's Hugging Face folder.",
            )


def _tie(model: Any) -> None:
    """Hold the matrix that reads and writes words once where a file has it twice."""
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is table.weight or head.weight.shape != table.weight.shape:
        return
    if getattr(head, "bias", None) is None and torch.equal(head.weight, table.weight):
        model.config.tie_word_embeddings = True
        model.tie_weights()
