from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.loading.loader import choose_dtype, load
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError

WriteModel = Callable[..., Path]


def test_dtypes() -> None:
    cpu = torch.device("cpu")
    assert choose_dtype("float16", cpu) == torch.float16
    assert choose_dtype("auto", cpu) in (torch.bfloat16, torch.float32)
    with pytest.raises(EngineError, match="unknown dtype 'int3'"):
        choose_dtype("int3", cpu)


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(EngineError, match="pickled weights are never read"):
        load(tmp_path, cache=tmp_path / "cache")


def test_a_damaged_file_is_said(tmp_path: Path, write_tiny_model: WriteModel) -> None:
    folder = write_tiny_model(tmp_path / "m")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(EngineError, match="cannot be loaded") as caught:
        load(folder, cache=tmp_path / "cache")
    assert caught.value.where == str(folder)


def test_a_missing_tensor_is_said(tmp_path: Path, write_tiny_model: WriteModel) -> None:
    """transformers would fill it with random numbers."""
    from safetensors.torch import load_file, save_file

    folder = write_tiny_model(tmp_path / "m")
    state = load_file(folder / "model.safetensors")
    del state["model.layers.1.mlp.up_proj.weight"]
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        EngineError, match=r"1 tensors are missing, model.layers.1.mlp.up"
    ) as caught:
        load(folder, cache=tmp_path / "cache")
    assert caught.value.where == str(folder)


@pytest.mark.parametrize("memory", [{"cpu": "120kB"}, {"cpu": "1GB"}])
def test_what_does_not_fit_lies_on_disk(
    tmp_path: Path, write_tiny_model: WriteModel, memory: dict[str | int, str | int]
) -> None:
    """Spread by accelerate over main memory and disk it answers as it does in one place."""
    folder = write_tiny_model(tmp_path / "m", num_hidden_layers=6)
    options = {"cache": tmp_path / "cache", "threads": 1, "dtype": "float32"}
    whole = StoryTransformer.load(folder, **options)
    spread = StoryTransformer.load(folder, device_map="auto", max_memory=memory, **options)
    told = spread.describe()
    assert ("disk" in told.get("places", "")) is (memory["cpu"] == "120kB")
    if "places" in told:
        assert int(told["weights_bytes"]) < int(whole.describe()["weights_bytes"]) / 2
    prompts = [[i % 200 for i in range(n)] for n in (40, 30)]
    texts = [
        sorted((d.index, d.ids) for d in e.generate(prompts, max_tokens=6)) for e in (whole, spread)
    ]
    assert texts[0] == texts[1]


def test_yarn_reaches_full_attention_only(
    tmp_path: Path, write_tiny_tokenizer: Callable[..., Path]
) -> None:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config, GPT2LMHeadModel

    sizes = {"vocab_size": 260, "hidden_size": 32, "intermediate_size": 32, "head_dim": 8}
    kinds = ["sliding_attention", "full_attention"]
    config = Gemma3TextConfig(
        **sizes, num_hidden_layers=2, layer_types=kinds, max_position_embeddings=64
    )
    folder = write_tiny_tokenizer(tmp_path / "gemma")
    Gemma3ForCausalLM(config).save_pretrained(folder)
    loaded = load(folder, cache=tmp_path / "cache", yarn=4)
    ropes = loaded.model.config.rope_parameters
    assert ropes["full_attention"]["rope_type"] == "yarn" and loaded.window == 256
    assert ropes["sliding_attention"]["rope_type"] == "default"
    other = write_tiny_tokenizer(tmp_path / "gpt2")
    GPT2LMHeadModel(GPT2Config(vocab_size=260, n_embd=32, n_layer=1, n_head=4)).save_pretrained(
        other
    )
    with pytest.raises(EngineError, match="rope is none"):
        load(other, cache=tmp_path / "cache", yarn=4)


def test_a_tokenizer_that_does_not_fit_is_refused(
    tmp_path: Path, write_tiny_model: WriteModel
) -> None:
    folder = write_tiny_model(tmp_path / "m", vocab_size=100)
    with pytest.raises(EngineError, match="260 tokens but the model only 100"):
        load(folder, cache=tmp_path / "cache")


def test_code_in_a_folder_is_not_run(tmp_path: Path, write_tiny_model: WriteModel) -> None:
    folder = write_tiny_model(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "own"
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    trace = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(trace)!r}, 'w')")
    with pytest.raises(EngineError):
        load(folder, cache=tmp_path / "cache")
    assert not trace.exists()


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of one layer as a GGUF, in float32."""
    from gguf import GGUFWriter

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    rng = np.random.default_rng(0)
    vocabulary, hidden, inner, kv = 64, 64, 128, 32
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    tokens = [chr(33 + i) for i in range(vocabulary - 2)] + ["AB", "<|end|>"]
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (vocabulary - 1) + [3])
    writer.add_token_merges(["A B"])
    writer.add_bos_token_id(vocabulary - 1)
    writer.add_eos_token_id(vocabulary - 1)
    block = "blk.0."
    shapes = {
        "token_embd.weight": (vocabulary, hidden),
        "output_norm.weight": (hidden,),
        block + "attn_norm.weight": (hidden,),
        block + "ffn_norm.weight": (hidden,),
        block + "attn_q.weight": (hidden, hidden),
        block + "attn_k.weight": (kv, hidden),
        block + "attn_v.weight": (kv, hidden),
        block + "attn_output.weight": (hidden, hidden),
        block + "ffn_gate.weight": (inner, hidden),
        block + "ffn_up.weight": (inner, hidden),
        block + "ffn_down.weight": (hidden, inner),
    }
    for name, shape in shapes.items():
        writer.add_tensor(name, rng.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_is_converted_once(tiny_gguf: Path, tmp_path: Path) -> None:
    folder = convert_gguf(tiny_gguf, tmp_path)
    stamp = (folder / "model.safetensors").stat().st_mtime_ns
    assert convert_gguf(tiny_gguf, tmp_path) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == stamp
    loaded = load(tiny_gguf, cache=tmp_path, dtype="float32")
    assert loaded.window == 128
    assert loaded.tokenizer.encode("AB1") == [62, 16]
    # transformers reads the folder too, with the mended tokenizer
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert theirs.encode("AB123", add_special_tokens=False) == loaded.tokenizer.encode("AB123")


_CONVERT = """
import resource, sys
from pathlib import Path
from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.errors import EngineError
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
try:
    convert_gguf(Path(sys.argv[1]), Path(sys.argv[2]))
except EngineError as exc:
    print(exc.next)
"""


def test_a_quantized_gguf_stays_quantized(tiny_gguf: Path, tmp_path: Path) -> None:
    """What lies in the cache is small, and is what quantizing after loading gives."""
    converted = {bits: convert_gguf(tiny_gguf, tmp_path, bits=bits) for bits in (16, 8, 4)}
    sizes = {
        n: sum(f.stat().st_size for f in p.glob("*.safetensors")) for n, p in converted.items()
    }
    assert sizes[4] < sizes[8] < sizes[16] * 0.8
    for bits in (8, 4):
        loaded = load(tiny_gguf, cache=tmp_path, dtype="bfloat16", bits=bits)
        after = load(converted[16], cache=tmp_path, dtype="bfloat16", bits=bits)
        ids = torch.tensor([[5, 6, 7, 8]])
        with torch.inference_mode():
            assert torch.equal(loaded.model(ids).logits, after.model(ids).logits)


def test_a_full_disk_leaves_no_half_written_cache(tiny_gguf: Path, tmp_path: Path) -> None:
    """A real limit on file size stands in for the full disk: the weights do not fit in it."""
    done = subprocess.run(
        [sys.executable, "-c", _CONVERT, str(tiny_gguf), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Free some space" in done.stdout, done.stderr
    left = [p.name for p in (tmp_path / "models").iterdir() if not p.name.endswith(".lock")]
    assert left == []


def test_two_processes_convert_without_clashing(tiny_gguf: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from pipeline.engine.loading.gguf_conversion import convert_gguf;"
        "print(convert_gguf(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(tiny_gguf), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folders = {process.communicate()[0].strip() for process in both}
    assert all(process.returncode == 0 for process in both)
    assert len(folders) == 1
    assert (Path(folders.pop()) / "model.safetensors").is_file()


def test_an_unsupported_architecture_is_said(tmp_path: Path) -> None:
    from gguf import GGUFWriter

    path = tmp_path / "odd.gguf"
    writer = GGUFWriter(path, "martian")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(["a", "b"])
    writer.add_token_types([1, 3])
    writer.add_token_merges([])
    writer.add_eos_token_id(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(EngineError, match="martian") as caught:
        convert_gguf(path, tmp_path / "cache")
    assert caught.value.where == str(path)
