"""The entailment model: a real classifier with random weights, made here, through the real path."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from pipeline.engine.entailment import Entailment
from pipeline.errors import EngineError

WORDS = ["a", "can", "desk", "lends", "loan", "member", "renew", "the", "tools"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("nli"), {0: "contradiction", 1: "neutral", 2: "ENTAILMENT"})


def make(folder: Path, labels: dict[int, str]) -> Path:
    torch.manual_seed(5)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=32)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32, id2label=labels,
        label2id={name: i for i, name in labels.items()},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_chances_are_those_of_the_model(weights: Path, tmp_path: Path) -> None:
    pairs = [("a member can renew a loan", "renew the loan"), ("the desk lends tools", "book")]
    found = Entailment.load(str(weights), cache=tmp_path).chances(pairs)
    model = BertForSequenceClassification.from_pretrained(weights).eval()
    tokenizer = BertTokenizerFast.from_pretrained(weights)
    for pair, chance in zip(pairs, found, strict=True):
        with torch.inference_mode():
            logits = model(**tokenizer(*pair, return_tensors="pt")).logits
        assert chance == pytest.approx(logits.softmax(-1)[0, 2].item(), abs=0.02)


def test_a_pair_beyond_the_window_gets_no_chance_and_disturbs_no_other(
    weights: Path, tmp_path: Path
) -> None:
    model = Entailment.load(str(weights), cache=tmp_path)
    short = ("a member can renew a loan", "renew the loan")
    (alone,) = model.chances([short])
    long, beside = model.chances([("renew " * 40, "renew"), short])
    assert long is None
    assert beside == pytest.approx(alone, abs=0.01)


def test_a_model_without_the_label_and_missing_weights_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    make(folder, {0: "good", 1: "bad"})
    with pytest.raises(EngineError, match="no label for entailment"):
        Entailment.load(str(folder), cache=tmp_path)
    with pytest.raises(EngineError):
        Entailment.load(str(tmp_path / "nowhere"), cache=tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(EngineError, match="cannot be loaded"):
        Entailment.load(str(folder), cache=tmp_path)
