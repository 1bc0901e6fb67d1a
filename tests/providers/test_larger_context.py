"""A cut prompt is told from another tokenizer by what a server says it read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.providers.remote.served_model import (
    CUT,
    CUT_KNOWN,
    OPTIONS,
    PromptSizes,
    larger_context,
)

sizes = st.lists(st.integers(50, 50_000), min_size=1, max_size=30)


@given(sizes, st.floats(0.9, 2.0), st.randoms(use_true_random=False))
def test_a_tokenizer_that_counts_evenly_is_never_mistaken(ours, ratio, random) -> None:
    """Whatever its ratio, and seven percent to either side."""
    server = PromptSizes()
    for n in ours:
        reported = round(n * ratio * random.uniform(0.93, 1.07))
        assert not server.were_cut(ours=n, low=n, reported=reported)


@given(sizes, st.floats(0.9, 1.6))
def test_a_context_shows_in_every_prompt_well_above_it(ours, ratio) -> None:
    """However many that were cut by less had been taken for whole."""
    server, context = PromptSizes(), 4096
    whole = context / ratio
    for n in (200, 300, 400, *sorted(ours)):
        cut = server.were_cut(ours=n, low=n, reported=min(context, round(n * ratio)))
        assert not (cut and n <= whole)
        assert cut or n < 1.4 * whole
    fresh = PromptSizes()
    for n in (200, 300, 400):
        fresh.were_cut(ours=n, low=n, reported=round(n * ratio))
    longer = round(whole / CUT_KNOWN) + 50
    assert fresh.were_cut(ours=longer, low=longer, reported=context)


def test_the_very_first_prompt_is_judged_by_our_lowest_count() -> None:
    assert PromptSizes().were_cut(ours=1000, low=900, reported=int(CUT * 900) - 1)
    assert not PromptSizes().were_cut(ours=1000, low=900, reported=int(CUT * 900) + 1)


@pytest.mark.parametrize(
    ("fingerprint", "server"),
    [
        ("fp_ollama", "Ollama"),
        ("b0-unknown", "llama.cpp"),
        ("b11434-3f2e1d0", "llama.cpp"),
        ("vllm-0.33.0-tp1", "vLLM"),
        ("3.3.6-sha-169178b", "TGI"),
        ("3.0.0-native", "TGI"),
    ],
)
def test_a_reply_tells_which_server_it_is(fingerprint: str, server: str) -> None:
    said = larger_context(fingerprint=fingerprint)
    assert said == f"Start {server} with a larger context: {OPTIONS[server]}."


def test_an_unknown_server_gets_all_options() -> None:
    said = larger_context(fingerprint="fp_44709d6fcb")
    assert all(f"{server}: {option}" in said for server, option in OPTIONS.items())
