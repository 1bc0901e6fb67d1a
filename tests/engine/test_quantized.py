"""Weights in 8 and 4 bits: what the codes stand for, and what a model made of them answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.loading.quantized import Linear4, Linear8, codes4, codes8
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError

SIZES = {"hidden_size": 64, "intermediate_size": 128, "initializer_range": 0.3}


@given(seed=st.integers(0, 2**20), n=st.sampled_from([64, 192]), k=st.sampled_from([32, 96]))
@settings(max_examples=20, deadline=None)
def test_codes_are_off_by_half_a_step_at_most(seed: int, n: int, k: int) -> None:
    weight = torch.randn(n, k, generator=torch.Generator().manual_seed(seed))
    eight = Linear8(*codes8(weight))
    step = weight.abs().amax(1, keepdim=True) / 127
    assert ((eight.weight - weight).abs() <= step * 0.501).all()
    four = Linear4(*codes4(weight))
    groups = weight.view(n, k // 32, 32)
    steps = (groups.amax(-1) - groups.amin(-1)).repeat_interleave(32, 1) / 15
    assert ((four.weight - weight).abs() <= steps * 0.501 + 1e-6).all()
    # laid out for the fused kernel the codes stand for the same, and are saved as before
    before, saved = four.weight.clone(), four.codes.clone()
    four.settle()
    assert torch.equal(four.weight, before)
    assert torch.equal(four.saved_codes(), saved)


@pytest.mark.parametrize("rows", [1, 5, 200])
@pytest.mark.parametrize("bias", [True, False])
def test_few_tokens_and_many_give_the_same(rows: int, bias: bool) -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(128, 64), torch.randn(2, rows, 64)
    extra = torch.nn.Parameter(torch.randn(128), requires_grad=False) if bias else None
    four, eight = Linear4(*codes4(weight), extra), Linear8(*codes8(weight), extra)
    four.settle()
    for layer in (four, eight):
        expected = torch.nn.functional.linear(x, layer.weight, extra)
        # the fused kernels multiply in bfloat16
        torch.testing.assert_close(layer(x), expected, rtol=0.02, atol=0.15)


@pytest.mark.parametrize("start", [0, 8, 40])
def test_codes_may_begin_anywhere(start: int) -> None:
    """As they do in a file that is mapped into memory."""
    torch.manual_seed(0)
    weight, x = torch.randn(128, 64), torch.randn(8, 64)
    codes, scales = codes8(weight)
    moved = torch.zeros(codes.numel() + 64, dtype=torch.int8)[start : start + codes.numel()]
    moved = moved.view_as(codes).copy_(codes)
    assert torch.equal(Linear8(moved, scales)(x), Linear8(codes, scales)(x))


def test_weights_quantized_before_lose_nothing_again() -> None:
    """A Q4_1 weight is a code times a scale plus a low end; both ends of a group occur."""
    rng = torch.Generator().manual_seed(2)
    codes = torch.randint(0, 16, (64, 4, 32), generator=rng)
    codes[..., 0], codes[..., 1] = 0, 15
    scale, low = torch.rand(64, 4, 1, generator=rng) / 8, torch.randn(64, 4, 1, generator=rng)
    weight = (codes * scale + low).view(64, 128)
    torch.testing.assert_close(Linear4(*codes4(weight)).weight, weight, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write_tiny_model: Callable[..., Path]) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("wide"), tie_word_embeddings=True, **SIZES)


def engine(folder: Path, **options: object) -> StoryTransformer:
    return StoryTransformer.load(
        folder, cache=folder / "cache", threads=1, dtype="float32", **options
    )


IDS = [i * i % 250 for i in range(120)]


@pytest.mark.parametrize(("bits", "share", "off"), [(8, 0.30, 0.02), (4, 0.26, 0.25)])
def test_a_model_in_fewer_bits(folder: Path, bits: int, share: float, off: float) -> None:
    whole, small = engine(folder), engine(folder, bits=bits)
    sizes = [int(one.describe()["weights_bytes"]) for one in (whole, small)]
    assert sizes[1] < sizes[0] * share
    losses = [sum(one.losses(IDS)) / len(IDS) for one in (whole, small)]
    assert losses[1] == pytest.approx(losses[0], abs=off)
    assert ("uint8" if bits == 4 else "int8") in small.describe()["footprint"]
    (done,) = small.generate([IDS[:9]], max_tokens=5)
    assert len(done.ids) == 5 or done.finish == "stop"


def test_other_bits_are_refused(folder: Path) -> None:
    with pytest.raises(EngineError, match="weights of 3 bits"):
        engine(folder, bits=3)
    with pytest.raises(EngineError, match="a cache of 4 bits"):
        engine(folder, cache_bits=4)
    with pytest.raises(EngineError, match="spread over several places"):
        engine(folder, bits=4, device_map="auto")


def test_a_cache_in_eight_bits(folder: Path) -> None:
    whole, small = engine(folder), engine(folder, cache_bits=8)
    per_token = [int(one.describe()["cache_bytes_per_token"]) for one in (whole, small)]
    assert per_token[1] < per_token[0] * 0.33  # float32 beside 8 bits and a scale
    from pipeline.engine.decoding.losses import losses

    means = [sum(losses(one, IDS, chunk=16)) / len(IDS) for one in (whole, small)]
    assert means[0] != means[1] == pytest.approx(means[0], abs=0.05)
