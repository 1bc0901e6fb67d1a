"""vLLM on the same configuration, random weights and lengths as ``benchmarks/engine_gpu.py``.

A server of the program that is named (``--vllm``), or of the one that is found, with
``--load-format dummy``: it makes the weights up from the configuration, as we do.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from pipeline.models import Architecture
from pipeline.providers.local.generators import program_of, split_program
from pipeline.providers.local.vllm_server import Server


def write_folder(shape: Architecture, folder: Path, longest: int) -> None:
    """Configuration and a tokenizer with a word for every id; no weights."""
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
        "vocab_size": shape.vocab, "hidden_size": shape.hidden, "hidden_act": "silu",
        "intermediate_size": shape.intermediate, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim, "max_position_embeddings": longest, "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0, "tie_word_embeddings": shape.tied, "bos_token_id": 1,
        "eos_token_id": 2,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    words = WordLevel({f"t{i}": i for i in range(shape.vocab)}, unk_token="t0")
    Tokenizer(words).save(str(folder / "tokenizer.json"))
    told = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "t0", "eos_token": "t2"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))


@contextmanager
def serving(shape: Architecture, longest: int, program: str) -> Iterator[Server]:
    """A server of made-up weights, up.

    Raises:
        EngineError: it did not start.
    """
    named, *options = split_program(program or "auto")
    command = program_of(named)
    if not command:
        raise ImportError("there is no vLLM: name its program with --vllm")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        write_folder(shape, folder, longest)
        more = ["--load-format", "dummy", "--no-enable-prefix-caching", *options]
        server = Server(command, folder, "random", Path(scratch) / "log", dtype="bfloat16",
                        more=more)  # fmt: skip
        try:
            yield server
        finally:
            server.close()


class Way:
    """Asks a server as the other ways are asked: rows of ids, and a number of tokens."""

    def __init__(self, server: Server) -> None:
        headers = {"Authorization": f"Bearer {server.key}"}
        self._http = httpx2.Client(
            base_url=server.address, headers=headers, timeout=900.0, trust_env=False
        )

    def __call__(self, ids: list[list[int]], n_reply: int) -> None:
        def one(row: list[int]) -> None:
            body = {
                "model": "random", "prompt": row, "add_special_tokens": False, "temperature": 0.0,
                "max_tokens": n_reply, "min_tokens": n_reply, "ignore_eos": True,
            }  # fmt: skip
            answer = self._http.post("/completions", json=body)
            if answer.status_code != 200:
                raise RuntimeError(answer.text[:300])
            assert answer.json()["usage"]["completion_tokens"] == n_reply

        with ThreadPoolExecutor(len(ids)) as threads:
            list(threads.map(one, ids))
