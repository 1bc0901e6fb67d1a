"""GGUF files of small random models with real-shaped tokenizers, one for each family.

Beside each the Hugging Face folder that it was made of, which its readers are compared with.

    python benchmarks/engine_gguf.py FOLDER [FAMILY …]

Weights are drawn; names, shapes, orders and metadata are those that llama.cpp's converter writes
(queries and keys of Llama permuted, Gemma's norms one more, gpt-oss's experts apart). Vocabularies
are trained on this repository's documents with the family's own way of splitting.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import MODEL_ARCH_NAMES, GGUFWriter, get_tensor_name_map
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

ROOT = Path(__file__).resolve().parent.parent
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + "
    "'<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}"
    "{{ '[INST] ' + m['content'] + ' [/INST]' }}{% elif m['role'] == 'assistant' %}"
    "{{ m['content'] + eos_token }}{% else %}"
    "{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not "
    "supported') }}{% endif %}{% for m in messages %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' + "
    "m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
PHI3 = (
    "{% for m in messages %}{% if m['role'] != 'system' %}{{ '<|' + m['role'] + '|>\n' + "
    "m['content'] + '<|end|>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|assistant|>\n' }}{% endif %}"
)
HARMONY = (
    "{{ '<|start|>system<|message|>Current date: ' + strftime_now('%Y-%m-%d') + '<|end|>' }}"
    "{% for m in messages %}"
    "{{ '<|start|>' + ('developer' if m['role'] == 'system' else m['role']) + '<|message|>' + "
    "m['content'] + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start|>assistant' }}{% endif %}"
)
_CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}NUMBER| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+SUFFIX"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*SUFFIX"
    r"|\p{N}NUMBER| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
#: How the published tokenizer.json of each family splits, by the name that a GGUF gives it.
SPLITS = {
    "llama-bpe": _CL100K.replace("NUMBER", "{1,3}"),
    "smaug-bpe": _CL100K.replace("NUMBER", "{1,3}"),
    "qwen2": _CL100K.replace("NUMBER", ""),
    "gpt-4o": _O200K.replace("NUMBER", "{1,3}").replace("SUFFIX", _SUFFIX),
    "tekken": _O200K.replace("NUMBER", "").replace("SUFFIX", ""),
}


@dataclass(frozen=True)
class Family:
    """How a family's files are written.

    Args:
        architecture: the file's own name for it.
        model: class of transformers; ``config`` what it is built with beside :data:`SIZE`.
        pre: the splitter's name; "" for SentencePiece.
        controls: control tokens, the first begins and the second ends a text.
        numbers: metadata beside the usual, by its key behind the architecture's name.
    """

    architecture: str
    model: str
    config: Mapping[str, Any]
    pre: str
    controls: tuple[str, ...]
    template: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


SIZE: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.3,
    "pad_token_id": None,
}  # fmt: skip
_THETA = {"rope_theta": 10000.0, "rope_type": "default"}
_SCALED = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
           "high_freq_factor": 4.0, "original_max_position_embeddings": 128}  # fmt: skip
_IM = ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
_HEADERS = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
_TURNS = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
FAMILIES: dict[str, Family] = {
    "Qwen 2": Family("qwen2", "Qwen2", {"rope_parameters": _THETA}, "qwen2", _IM, CHATML),
    "Qwen 3": Family(
        "qwen3", "Qwen3", {"head_dim": 32, "tie_word_embeddings": True, "rope_parameters": _THETA},
        "qwen2", _IM, CHATML, {"attention.key_length": 32, "attention.value_length": 32},
    ),
    "Qwen 3 MoE": Family(
        "qwen3moe", "Qwen3Moe",
        {"head_dim": 32, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
         "norm_topk_prob": True, "rope_parameters": _THETA},
        "qwen2", _IM, CHATML,
        {"attention.key_length": 32, "attention.value_length": 32, "expert_count": 4,
         "expert_used_count": 2, "expert_feed_forward_length": 32},
    ),
    "Llama 3": Family(
        "llama", "Llama", {"rope_parameters": _SCALED}, "llama-bpe", _HEADERS, LLAMA3,
        {"rope.dimension_count": 16},
    ),
    "Mistral (SentencePiece)": Family(
        "llama", "Mistral", {"rope_parameters": _THETA, "sliding_window": None}, "",
        ("<s>", "</s>", "[INST]", "[/INST]"), MISTRAL, {"rope.dimension_count": 16},
    ),
    "Mistral (Tekken)": Family(
        "llama", "Mistral", {"rope_parameters": _THETA, "head_dim": 32, "sliding_window": None},
        "tekken", ("<s>", "</s>", "[INST]", "[/INST]"), MISTRAL,
        {"rope.dimension_count": 32, "attention.key_length": 32, "attention.value_length": 32},
    ),
    "Phi 3": Family(
        "phi3", "Phi3", {"rope_parameters": _THETA, "sliding_window": 40}, "",
        ("<s>", "<|endoftext|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"), PHI3,
        {"rope.dimension_count": 16, "attention.sliding_window": 40},
    ),
    "Gemma 2": Family(
        "gemma2", "Gemma2",
        {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 24,
         "tie_word_embeddings": True, "rope_parameters": _THETA},
        "", _TURNS, GEMMA,
        {"attention.key_length": 16, "attention.value_length": 16, "attention.sliding_window": 24,
         "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
    ),
    "Gemma 3": Family(
        "gemma3", "Gemma3",
        {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 24,
         "num_hidden_layers": 7, "tie_word_embeddings": True,
         "rope_parameters": {
             "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
             "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}},
        "", _TURNS, GEMMA,
        {"attention.key_length": 16, "attention.value_length": 16, "attention.sliding_window": 24,
         "rope.scaling.type": "linear", "rope.scaling.factor": 8.0},
    ),
    "SmolLM 3": Family(
        "smollm3", "SmolLM3",
        {"rope_parameters": _THETA, "no_rope_layer_interval": 4, "tie_word_embeddings": True},
        "smaug-bpe", _IM, CHATML, {"rope.dimension_count": 16},
    ),
    "gpt-oss": Family(
        "gpt-oss", "GptOss",
        {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 32,
         "max_position_embeddings": 2048,
         "sliding_window": 24, "rope_parameters": {
             "rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "beta_fast": 32.0,
             "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 64}},
        "gpt-4o", ("<|startoftext|>", "<|return|>", "<|start|>", "<|message|>", "<|end|>"), HARMONY,
        {"attention.key_length": 16, "attention.value_length": 16, "attention.sliding_window": 24,
         "expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 32,
         "rope.scaling.type": "yarn", "rope.scaling.factor": 32.0,
         "rope.scaling.original_context_length": 64},
    ),
}  # fmt: skip


def published(family: Family) -> Tokenizer:
    """A small vocabulary, and all else as the family's own tokenizer.json has it."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]
    backend = _byte_level(family.pre, texts) if family.pre else _sentencepiece(family, texts)
    added = [AddedToken(name, special=True, normalized=False) for name in family.controls]
    backend.add_special_tokens(added)
    return backend


def _byte_level(pre: str, texts: list[str]) -> Tokenizer:
    split = pre_tokenizers.Split(Regex(SPLITS[pre]), behavior="isolated")
    backend = Tokenizer(BPE(ignore_merges=pre in ("llama-bpe", "smaug-bpe", "tekken")))
    alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([split, alone])
    backend.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=1200, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    if pre == "qwen2":
        backend.normalizer = normalizers.NFC()
    return backend


def _sentencepiece(family: Family, texts: list[str]) -> Tokenizer:
    """SentencePiece's BPE as transformers' converter writes it down, with bytes to fall back on."""
    first = ["<unk>", *(f"<0x{i:02X}>" for i in range(256))]
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    trained.train_from_iterator(texts, BpeTrainer(vocab_size=900, show_progress=False))
    model = json.loads(trained.to_str())["model"]
    vocab = {token: i for i, token in enumerate([*first, *model["vocab"]])}
    merges = [tuple(merge) for merge in model["merges"]]
    backend = Tokenizer(
        BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    fallback = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    blank = normalizers.Replace(" ", "▁")
    if family.architecture.startswith("gemma"):
        backend.normalizer = blank
    elif family.architecture == "phi3":
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), blank])
        fallback.append(decoders.Strip(" ", 1, 0))
    else:
        backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        fallback.append(decoders.Strip(" ", 1, 0))
    backend.decoder = decoders.Sequence(fallback)
    return backend


def make(name: str, folder: Path, *, seed: int = 0) -> tuple[Path, Path]:
    """Write a family's model.

    Returns:
        its Hugging Face folder and its GGUF file.
    """
    import transformers

    family = FAMILIES[name]
    backend = published(family)
    bos, eos = (backend.token_to_id(token) for token in family.controls[:2])
    n_vocab = -(-backend.get_vocab_size() // 64) * 64
    given = {**SIZE, "vocab_size": n_vocab, "bos_token_id": bos, "eos_token_id": eos}
    suffix = "TextConfig" if family.model == "Gemma3" else "Config"
    config = getattr(transformers, f"{family.model}{suffix}")(**given | dict(family.config))
    torch.manual_seed(seed)
    model = getattr(transformers, f"{family.model}ForCausalLM")(config).eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key or key.endswith(("bias", "sinks")):
                weight.add_(torch.randn_like(weight) * 0.2)
            weight.copy_(weight.bfloat16())  # so that nothing is lost where 16 bits are kept
    home = folder / re.sub(r"\W+", "-", name.lower()).strip("-")
    model.save_pretrained(home)
    backend.save(str(home / "tokenizer.json"))
    settings = {"bos_token": family.controls[0], "eos_token": family.controls[1],
                "chat_template": family.template,
                "tokenizer_class": "PreTrainedTokenizerFast"}  # fmt: skip
    (home / "tokenizer_config.json").write_text(json.dumps(settings))
    file = home.with_suffix(".gguf")
    write(file, name, model, backend)
    return home, file


def write(file: Path, name: str, model: Any, backend: Tokenizer) -> None:
    """A model and its tokenizer as llama.cpp's converter writes them."""
    family = FAMILIES[name]
    writer = GGUFWriter(file, family.architecture)
    writer.add_name(f"random {name}" if "Mistral" not in name else "random")
    _write_numbers(writer, model.config, family)
    _write_tokenizer(writer, family, backend, model.config.vocab_size)
    names = get_tensor_name_map(
        {v: k for k, v in MODEL_ARCH_NAMES.items()}[family.architecture],
        model.config.num_hidden_layers,
    )
    state = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight")
    for key, tensor in state.items():
        for ours, values in _as_stored(key, tensor, model.config, family.architecture):
            stored = names.get_name(ours, try_suffixes=(".weight", ".bias"))
            if stored is None:
                raise ValueError(f"{family.architecture}: no name for {ours}")
            writer.add_tensor(stored, np.ascontiguousarray(values.float().numpy()))
    if family.architecture == "llama" and model.config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", _factors(model))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_numbers(writer: GGUFWriter, config: Any, family: Family) -> None:
    rope = config.rope_parameters
    theta = rope.get("full_attention", rope)["rope_theta"]
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(theta)
    writer.add_vocab_size(config.vocab_size)
    for key, value in family.numbers.items():
        adds: dict[type, Callable[..., None]] = {
            int: writer.add_uint32, float: writer.add_float32, str: writer.add_string,
        }  # fmt: skip
        adds[type(value)](f"{family.architecture}.{key}", value)


def _write_tokenizer(writer: GGUFWriter, family: Family, backend: Tokenizer, n_vocab: int) -> None:
    spelled = {i: token for token, i in backend.get_vocab().items()}
    tokens = [spelled.get(i, f"[PAD{i}]") for i in range(n_vocab)]
    writer.add_tokenizer_model("gpt2" if family.pre else "llama")
    writer.add_tokenizer_pre(family.pre or "default")
    writer.add_token_list(tokens)
    kinds = [_kind(i, spelled, family.controls) for i in range(n_vocab)]
    writer.add_token_types(kinds)
    if family.pre:
        merges = json.loads(backend.to_str())["model"]["merges"]
        writer.add_token_merges([" ".join(merge) for merge in merges])
    else:  # a piece's score is its rank
        writer.add_token_scores([-float(i) if kind == 1 else 0.0 for i, kind in enumerate(kinds)])
        writer.add_unk_token_id(0)
    writer.add_bos_token_id(backend.token_to_id(family.controls[0]))
    writer.add_eos_token_id(backend.token_to_id(family.controls[1]))
    writer.add_add_bos_token(family.controls[0] not in ("<|endoftext|>", "<|startoftext|>"))
    if not family.pre:
        writer.add_add_space_prefix(not family.architecture.startswith("gemma"))
    writer.add_chat_template(family.template)


def _kind(i: int, spelled: Mapping[int, str], controls: tuple[str, ...]) -> int:
    token = spelled.get(i)
    if token is None:
        return 5
    if token == "<unk>":
        return 2
    return 3 if token in controls else 6 if re.fullmatch("<0x[0-9A-F]{2}>", token) else 1


def _as_stored(
    key: str, tensor: torch.Tensor, config: Any, architecture: str
) -> Iterator[tuple[str, torch.Tensor]]:
    """A tensor's name and values as llama.cpp's converter changes them before it writes them."""
    if architecture in ("llama", "smollm3") and re.search(r"\.[qk]_proj\.weight", key):
        queries = ".q_proj." in key
        n = config.num_attention_heads if queries else config.num_key_value_heads
        half = tensor.shape[0] // n // 2
        yield key, tensor.reshape(n, 2, half, -1).swapaxes(1, 2).reshape(tensor.shape)
    elif architecture.startswith("gemma") and key.endswith("norm.weight"):
        yield key, tensor + 1
    elif architecture == "gpt-oss" and "experts.gate_up_proj" in key:
        values = tensor if key.endswith("bias") else tensor.transpose(-1, -2)
        gate, up = (values[:, 0::2], values[:, 1::2])
        for part, half_ in (("gate_proj", gate), ("up_proj", up)):
            yield _expert(key.replace("gate_up_proj", part)), half_
    elif architecture == "gpt-oss" and "experts.down_proj" in key:
        yield _expert(key), tensor if key.endswith("bias") else tensor.transpose(-1, -2)
    elif architecture == "gpt-oss" and key.endswith("sinks"):
        yield f"{key}.weight", tensor
    elif architecture == "qwen3moe" and "experts.gate_up_proj" in key:
        for part, half_ in zip(("gate_proj", "up_proj"), tensor.chunk(2, dim=1), strict=True):
            yield f"{key.replace('gate_up_proj', part)}.weight", half_
    elif architecture == "qwen3moe" and key.endswith("experts.down_proj"):
        yield f"{key}.weight", tensor
    else:
        yield key, tensor


def _expert(key: str) -> str:
    return key.removesuffix("_bias") + (".bias" if key.endswith("_bias") else ".weight")


def _factors(model: Any) -> np.ndarray[Any, Any]:
    """By how much Llama 3's scaling slows each frequency down, [D/2]."""
    rope = model.config.rope_parameters
    size = model.config.hidden_size // model.config.num_attention_heads
    plain = 1.0 / rope["rope_theta"] ** (torch.arange(0, size, 2).float() / size)
    return np.asarray((plain / model.model.rotary_emb.inv_freq).numpy(), dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for name in chosen.families:
        print(name, *make(name, chosen.folder))


if __name__ == "__main__":
    main()
