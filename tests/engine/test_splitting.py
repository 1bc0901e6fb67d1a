"""Words encoded one by one give the ids of the whole, for every splitter that is cut at words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend
from tokenizers.models import BPE, WordPiece
from tokenizers.trainers import BpeTrainer

from pipeline.engine.tokenizers.gguf_tokenizer import PRE_TOKENIZERS
from pipeline.engine.tokenizers.splitting import (
    _AS_CL100K,
    _WORDS,
    _WORDS_AND_LINES,
    cut,
    word_border,
)

SIGNS = ["\n", "\n\n", "\r\n", "\r", " ", "  ", "    ", "\t", "\u2028", "\u00a0", "\x1c", "\x0b",
         "/", ".", "!?", "-", "S1 (", "goal:", "It's", "'s", "42", "²", "٣", "7", "é", "ß", "漢字",
         "🙂", "_", "ABC", "x", "  - "]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join), st.text(max_size=30))


def split_like_cl100k(pattern: str) -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([split, bytes_only])


SPLITTERS = {name: make() for name, make in PRE_TOKENIZERS.items()}
SPLITTERS["bytes alone"] = pre_tokenizers.ByteLevel(add_prefix_space=False)
SPLITTERS |= {f"cl100k {i}": split_like_cl100k(p) for i, p in enumerate(sorted(_AS_CL100K))}


def trained(splitter: pre_tokenizers.PreTokenizer) -> Backend:
    """A tokenizer that has learned to join whatever its splitter lets it join."""
    backend = Backend(BPE())
    backend.pre_tokenizer = splitter
    texts = [a + b + c for a in SIGNS for b in SIGNS for c in SIGNS]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=1500, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(texts, trainer)
    return backend


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_ids_of_words_are_the_ids_of_the_text(name: str):
    backend = trained(SPLITTERS[name])
    border = word_border(backend)
    assert border is not None
    assert len(border.split("a story\nof some words")) > 3

    @settings(max_examples=800, deadline=None)
    @given(TEXTS)
    def check(text: str) -> None:
        words = border.split(text)
        assert "".join(words) == text
        assert [i for word in words for i in backend.encode(word).ids] == backend.encode(text).ids

    check()


def test_other_tokenizers_are_not_cut():
    plain = trained(pre_tokenizers.ByteLevel(add_prefix_space=False))
    assert word_border(plain) is not None
    prefixed = trained(pre_tokenizers.ByteLevel(add_prefix_space=True))
    assert word_border(prefixed) is None
    assert word_border(trained(pre_tokenizers.Metaspace())) is None
    assert word_border(trained(split_like_cl100k(r"\s+|\S+"))) is None
    assert word_border(Backend(BPE())) is None
    assert word_border(Backend(WordPiece(vocab={"a": 0}, unk_token="a"))) is None
    plain.normalizer = normalizers.Lowercase()
    assert word_border(plain) is None
    plain.normalizer = None
    plain.add_tokens([AddedToken("two words", normalized=False)])
    assert word_border(plain) is None


@given(TEXTS, st.sampled_from([_WORDS, _WORDS_AND_LINES]))
def test_a_text_is_cut_without_a_pattern_where_the_pattern_cuts_it(text, border):
    assert cut(border, text) == border.split(text)
    assert cut(border, f"{text} one two") == border.split(f"{text} one two")
    assert cut(border, "one \0 two") == border.split("one \0 two")
