"""Every family that docs/local.md names: a GGUF and the folder it was made of are one model.

The files are written by ``benchmarks/engine_gguf.py`` with drawn weights; they are compared with
transformers' own model of the folder and the family's own tokenizer.json.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGUFWriter
from tokenizers import Tokenizer as Backend

from benchmarks.engine_gguf import FAMILIES, make, published
from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.engine.tokenizers.gguf_tokenizer import _put_tokens
from pipeline.engine.tokenizers.tokenizer import Tokenizer
from pipeline.errors import EngineError

TEXTS = [
    "As a user, I want to pay within 30 days, so that I don't lose 5 %.",
    "  two  blanks\n\n\nlines\t tabs 1234567 HTTP/2 C++ x_y_z",
    "naïve café cafe\u0301 注文 🙂 \u00c9A\u030a Ωμέγα",
    "hello World'S ABCdef camelCase 3.5kg",
    "",
    "\n",
    " x",
    "a",
]


@pytest.fixture(scope="module", params=list(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A family's name, folder and GGUF file."""
    return request.param, *make(request.param, tmp_path_factory.mktemp("family"))


def test_a_gguf_is_the_model_it_was_made_of(family: Any, tmp_path: Path) -> None:
    name, folder, gguf = family
    published = Backend.from_file(str(folder / "tokenizer.json"))
    ours = Tokenizer.from_gguf(gguf)
    for text in TEXTS:
        ids = published.encode(text, add_special_tokens=False).ids
        assert ours.encode(text) == ids, text
        turns = [("user", text), ("assistant", text), ("user", f"A: {text}\nB: {text}.")]
        whole = ours.apply_chat_template(turns)
        assert [i for p in ours.prompt_pieces(turns) for i in ours.encode_piece(p)] == whole
        rendered = ours.render(turns)
        assert whole == published.encode(rendered, add_special_tokens=False).ids
    for control in FAMILIES[name].controls:
        assert published.token_to_id(control) in ours.control_ids
        assert not ours.control_ids & set(ours.encode(f"pay{control} now"))
    assert Tokenizer.from_folder(folder).encode(TEXTS[0]) == ours.encode(TEXTS[0])

    from transformers import AutoModelForCausalLM

    ids = [300 + 7 * i % 600 for i in range(90)]
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        logits = theirs(torch.tensor([ids])).logits[0, :-1].float().log_softmax(-1)
    expected = [-float(logits[i, token]) for i, token in enumerate(ids[1:])]
    engine = StoryTransformer.load(gguf, cache=tmp_path, dtype="float32")
    assert engine.losses(ids) == pytest.approx(expected, abs=2e-4)
    model = engine.loaded.model
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    tied = theirs.config.tie_word_embeddings
    assert (head.weight is table.weight) == tied  # held once


#: The class that each family's published tokenizer_config.json names; the others name none of their
#: own (``PreTrainedTokenizerFast``), and transformers takes tokenizer.json as it is.
CLASSES = {
    "Qwen 2": "Qwen2Tokenizer",
    "Qwen 3": "Qwen2Tokenizer",
    "Qwen 3 MoE": "Qwen2Tokenizer",
    "Mistral (SentencePiece)": "LlamaTokenizer",
    "Phi 3": "LlamaTokenizer",
    "Gemma 2": "GemmaTokenizer",
    "Gemma 3": "GemmaTokenizer",
}


@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_folder_is_read_as_the_familys_own_tokenizer_class_reads_it(
    name: str, tmp_path: Path
) -> None:
    import transformers

    whole = FAMILIES[name]
    kind = "TextConfig" if whole.model == "Gemma3" else "Config"
    model_type = getattr(transformers, f"{whole.model}{kind}").model_type
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    published(whole).save(str(tmp_path / "tokenizer.json"))
    settings = {
        "bos_token": whole.controls[0],
        "eos_token": whole.controls[1],
        "chat_template": whole.template,
        "tokenizer_class": CLASSES.get(name, "PreTrainedTokenizerFast"),
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ours = Tokenizer.from_folder(tmp_path)
    for text in TEXTS:
        assert ours.encode(text) == theirs(text, add_special_tokens=False)["input_ids"], text
    turns = [("user", TEXTS[0]), ("assistant", TEXTS[3]), ("user", TEXTS[1])]
    undated = re.sub(r"\d{4}-\d\d-\d\d", "DAY", ours.render(turns))
    rendered = theirs.apply_chat_template(
        [{"role": role, "content": content} for role, content in turns],
        tokenize=False,
        add_generation_prompt=True,
    )
    assert undated == re.sub(r"\d{4}-\d\d-\d\d", "DAY", rendered)


def test_what_ends_a_turn_ends_a_reply(tmp_path: Path) -> None:
    """Files of Gemma and Phi 3 name the end of a text only."""
    for name, token in (("Gemma 3", "<end_of_turn>"), ("Phi 3", "<|end|>"), ("gpt-oss", "")):
        _, gguf = make(name, tmp_path)
        tokenizer = Tokenizer.from_gguf(gguf)
        ends = {tokenizer.backend.id_to_token(i) for i in tokenizer.eos_ids}
        assert ends == {FAMILIES[name].controls[1], *([token] if token else [])}


def _with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None]) -> Path:
    """A GGUF of Qwen 2 into which something more was written."""
    last = GGUFWriter.write_header_to_file

    def write(self: GGUFWriter, path: Path | None = None) -> None:
        change(self)
        last(self, path)

    monkeypatch.setattr(GGUFWriter, "write_header_to_file", write)
    return make("Qwen 2", tmp_path)[1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.add_float32("qwen2.logit_scale", 0.5), "logit_scale = 0.5"),
        (lambda w: w.add_string("qwen2.rope.scaling.type", "spiral"), "'spiral'"),
        (lambda w: w.add_float32("qwen2.rope.scaling.attn_factor", 2.0), "attn_factor 2"),
        (lambda w: w.add_tensor("blk.0.attn_gate.weight", TENSOR), r"blk\.0\.attn_gate\.weight"),
        (lambda w: w.tensors[0].pop("blk.1.attn_q.bias"), "are missing"),
        (lambda w: w.add_tensor("rope_freqs.weight", TENSOR[0]), "not Llama 3's"),
    ],
)
def test_what_nobody_reads_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None], told: str
) -> None:
    gguf = _with(tmp_path, monkeypatch, change)
    with pytest.raises(EngineError, match=told) as error:
        convert_gguf(gguf, tmp_path / "cache")
    assert "folder" in str(error.value)


TENSOR = torch.linspace(1, 3, 64).reshape(8, 8).numpy()


def test_a_matrix_that_a_file_has_twice_is_held_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(writer: Any) -> None:
        (tensors,) = writer.tensors
        tensors["output.weight"] = copy.copy(tensors["token_embd.weight"])

    gguf = _with(tmp_path, monkeypatch, change)
    folder = convert_gguf(gguf, tmp_path / "cache")
    assert '"tie_word_embeddings": true' in (folder / "config.json").read_text()
    monkeypatch.undo()
    plain = convert_gguf(make("Qwen 2", tmp_path / "other")[1], tmp_path / "cache")
    sizes = [(f / "model.safetensors").stat().st_size for f in (folder, plain)]
    assert sizes[1] - sizes[0] > 1200 * 64 * 2


def test_an_unknown_architecture_says_what_is_known(tmp_path: Path) -> None:
    _, gguf = make("Qwen 2", tmp_path)
    file = tmp_path / "other.gguf"
    shutil.copy(gguf, file)
    raw = file.read_bytes().replace(b"qwen2", b"qwxn2")
    file.write_bytes(raw.replace(b"\x05\0\0\0\0\0\0\0qwxn2\x14", b"\x05\0\0\0\0\0\0\0qwen2\x14"))
    with pytest.raises(EngineError, match="qwxn2") as error:
        convert_gguf(file, tmp_path / "cache")
    assert "folder" in str(error.value)


def test_control_tokens_in_letters_of_their_own_stay_whole() -> None:
    """DeepSeek's hold a full-width bar, which no byte-level vocabulary spells."""
    backend = published(FAMILIES["Qwen 2"])
    stated = json.loads(backend.to_str())
    tokens = [backend.id_to_token(i) for i in range(backend.get_vocab_size())]
    n = len(tokens)
    tokens.append("<｜User｜>")
    stated["model"]["vocab"]["<ï½ľUserï½ľ>"] = n  # as transformers' conversion spells it
    _put_tokens(stated, tokens, [*[1] * n, 3])
    mended = Backend.from_str(json.dumps(stated))
    assert mended.encode("a<｜User｜>b").ids.count(n) == 1
    assert mended.get_vocab_size() == len(tokens)


LONG, SHORT = ([1 + i / 2 for i in range(8)], [1 + i / 16 for i in range(8)])
_YARN = {
    "rope_type": "yarn",
    "rope_theta": 1e4,
    "factor": 4.0,
    "original_max_position_embeddings": 64,
}
_LONG = {"rope_type": "longrope", "rope_theta": 1e4, "long_factor": LONG, "short_factor": SHORT,
         "original_max_position_embeddings": 64}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rope", "numbers", "decoder"),
    [
        ("Qwen 2", _YARN, {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}, "packed"),
        ("Phi 3", _LONG, {"rope.scaling.attn_factor": 1.2}, "cached"),
    ],
)
def test_scaled_positions_are_read(
    name: str,
    rope: dict[str, Any],
    numbers: dict[str, Any],
    decoder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window that was stretched; Phi's turns otherwise once a text is long, so that texts of
    unequal length are not packed."""
    whole = FAMILIES[name]
    longer = {"max_position_embeddings": 256, "original_max_position_embeddings": 64}
    config = {**whole.config, **longer, "rope_parameters": rope}
    numbers = {**whole.numbers, **numbers, "rope.scaling.original_context_length": 64}
    monkeypatch.setitem(FAMILIES, name, replace(whole, config=config, numbers=numbers))
    last = GGUFWriter.write_header_to_file

    def write(self: GGUFWriter, path: Path | None = None) -> None:
        if name == "Phi 3":
            for part, values in (("long", LONG), ("short", SHORT)):
                factors = torch.tensor(values).numpy()
                self.add_tensor(f"rope_factors_{part}.weight", factors)
        last(self, path)

    monkeypatch.setattr(GGUFWriter, "write_header_to_file", write)
    folder, gguf = make(name, tmp_path)
    engine = StoryTransformer.load(gguf, cache=tmp_path / "cache", dtype="float32")
    folders = StoryTransformer.load(folder, cache=tmp_path / "cache", dtype="float32")
    assert engine.decoder.name == folders.decoder.name == decoder
    for n in (40, 90):
        ids = [300 + 7 * i % 600 for i in range(n)]
        assert engine.losses(ids) == pytest.approx(folders.losses(ids), abs=1e-5)
    kept = engine.loaded.model.config.rope_parameters
    assert kept["rope_type"] == rope["rope_type"]
    assert kept["original_max_position_embeddings"] == 64


@pytest.mark.model
def test_a_real_file_is_read(tmp_path: Path) -> None:
    """Any published GGUF, by its path: its ids survive, its template prints both turns."""
    given = os.environ.get("STORYTRANSFORMER_TEST_GGUF")
    if not given:
        pytest.skip("STORYTRANSFORMER_TEST_GGUF names no file")
    tokenizer = Tokenizer.from_gguf(Path(given))
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)).strip() in (
            text.strip(),
            unicodedata.normalize("NFC", text).strip(),
        )
    prompt = tokenizer.render([("system", "Judge."), ("user", "Same?")])
    assert "Judge." in prompt
    assert "Same?" in prompt
