"""Counting piece by piece gives the count of the whole, on texts made to be cut wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.tokenizers.splitting import words
from pipeline.tokens.token_cache import Counts, tiktoken_lines
from pipeline.tokens.token_counters import load_encoding

SIGNS = ["\n", "\n\n", "\r\n", "\r", " ", "  ", "\t", "\u2028", "\u00a0", "\x1c", "\x0b", "/", "//",
         ".", "!?", "-", "S1", "goal:", "It's", "'s", "42", "1234567", "é", "ß", "漢字", "🙂",
         "<|im_end|>", "_", "(", "ABC", "x"]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join), st.text(max_size=30))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabularies")


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
def test_lines_add_up(name: str, cache: Path):
    encoding = load_encoding(name, cache)
    counts = Counts(encoding.encode_ordinary, lines=tiktoken_lines, words=words)

    @settings(max_examples=500)
    @given(TEXTS)
    def check(text: str) -> None:
        lines = tiktoken_lines(text)
        assert "".join(lines) == text == "".join(words(text))
        assert counts.of(text) == len(encoding.encode_ordinary(text))

    check()


def test_a_word_is_encoded_once():
    asked: list[str] = []

    def encode(text: str) -> list[int]:
        asked.append(text)
        return [ord(c) for c in text]

    counts = Counts(encode, words=words)
    for text in ("a story of a story", "of a story", "of a story"):
        assert counts.of(text) == len(text)
    assert sorted(asked) == [" a", " of", " story", "a", "of"]


def test_a_line_is_encoded_once():
    asked: list[str] = []

    def encode(text: str) -> list[int]:
        asked.append(text)
        return [ord(c) for c in text]

    counts = Counts(encode, lines=tiktoken_lines)
    text = "a story\nits goal\na story\nits goal\n"
    assert counts.of(text) == len(text)
    assert counts.of(text + text) == 2 * len(text)
    assert sorted(asked) == ["a story\n", "its goal\n"]
